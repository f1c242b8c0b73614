// Where in a text do words stand together? The family of span queries.
//
// A span is a stretch of positions. A SpanSource finds those of one document, in the order of their starts; a SpanQuery
// asks for the documents that have any and scores them as Lucene's SpanWeight does: by how many there are, each
// counting 1 / (1 + width), and by how rare all terms of the query are.
//
// THREADS: as query.hpp says; a SpanCursor belongs to one scorer.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/query/query.hpp"
#include "engine/query/term_visitor.hpp"
#include "engine/query/window_bits.hpp"

namespace gyre::engine {

struct Span {
  std::uint32_t start = 0;
  std::uint32_t end = 0;    // behind the last position
  std::uint32_t width = 0;  // how far it is spread, for its score
};

// A source on one segment.
class SpanCursor {
 public:
  virtual ~SpanCursor() = default;
  // Sets the bits of the window's documents that may have spans; windows do not go back.
  virtual void candidates(std::uint32_t window, std::uint64_t* bits) = 0;
  // Replaces `spans` by those of the document; documents do not go back.
  virtual void spansOf(DocId doc, std::vector<Span>& spans) = 0;
  virtual std::uint64_t cost() const = 0;
};

class SpanSource {
 public:
  virtual ~SpanSource() = default;
  // Null when nothing in the segment can match. `path` is the field that the whole query asks.
  virtual std::unique_ptr<SpanCursor> cursor(const SegmentReader& segment, const std::string& path) const = 0;
  // Adds the terms that count for the score.
  virtual void addTerms(const Snapshot& snapshot, const std::string& path,
                        std::map<std::string, std::uint64_t>& doc_freqs) const = 0;
  virtual void visitTerms(const std::string& path, TermVisitor& visitor) const = 0;
  // The one word that it stands for; "" when it is not one.
  virtual std::string word() const { return {}; }
  virtual std::string describe(const std::string& path) const = 0;
};
using SpanSourcePtr = std::unique_ptr<SpanSource>;
using SpanSources = std::vector<SpanSourcePtr>;

SpanSourcePtr makeTermSpans(std::string term);
// Each term that the pattern stands for.
SpanSourcePtr makePatternSpans(TermVisitor::ExpandTerms expand, std::string description);
SpanSourcePtr makeAnySpans(SpanSources sources);
// One of each, with no more than `slop` positions between them in all. REQUIRES: not empty.
SpanSourcePtr makeNearSpans(SpanSources sources, std::int64_t slop, bool is_ordered);
// Those that end at or before a position.
SpanSourcePtr makeFirstSpans(SpanSourcePtr inner, std::uint32_t end);
// Those with none of `exclude` in them, nor within `before` positions before and `after` behind them.
SpanSourcePtr makeSpansWithout(SpanSourcePtr include, SpanSourcePtr exclude, std::int64_t before, std::int64_t after);
// Those of `big` that hold one of `little`, or with `shows_little` the held ones.
SpanSourcePtr makeHeldSpans(SpanSourcePtr big, SpanSourcePtr little, bool shows_little);
// Those of `inner` in the field `path`, whatever field the whole query asks.
SpanSourcePtr makeMaskedSpans(std::string path, SpanSourcePtr inner);

// Kept by the parser until it is known which field a whole query asks.
struct FieldSpans {
  std::string path;
  SpanSourcePtr source;
  float boost = 1;
};
QueryPtr makeSpanQuery(FieldSpans spans);

}  // namespace gyre::engine
