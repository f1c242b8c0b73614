// Which documents match, and how well? The three faces of a query.
//
// A Query is what was asked, checked against the mapping. Its Weight is the query on one snapshot, with statistics of
// all segments. A Scorer works through one segment in windows of 4,096 documents, from front to back, each window once.
//
// THREADS: a Query is immutable; a Weight and its Scorers belong to one request on one thread.
// OWNS: a Query borrows the mapping, a Weight its Query and snapshot, a Scorer its Weight and run.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/query/explanation.hpp"
#include "engine/query/segment_run.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// Which matches of a window are looked for by a search that has a full page already?
struct FloorRequest {
  std::uint32_t window = 0;
  const std::uint64_t* within = nullptr;  // of these documents; null: of all
  float floor = 0;                        // what scores no more is no hit
  bool needs_all = true;                  // matches that score no more are wanted too, to be counted
};

class Scorer {
 public:
  virtual ~Scorer() = default;
  // About how many documents match; used to take the most selective clause first.
  virtual std::uint64_t cost() const = 0;
  // No document in [from, result) matches. REQUIRES: documents never go back. A window is evaluated or narrowed
  // once, and before any later one.
  virtual DocId nextCandidate(DocId from) { return from; }
  // Sets `bits` to the window's matches. When `scores` is not null, adds to scores[i] of each match, and only of those.
  virtual void evaluate(std::uint32_t window, std::uint64_t* bits, float* scores) = 0;
  // Clears the bits that do not match, and adds the scores of those that stay. May read just what is still set.
  virtual void narrow(std::uint32_t window, std::uint64_t* bits, float* scores);
  // Narrows `within`, which may be `bits`, or evaluates where it is null.
  void matchWithin(std::uint32_t window, const std::uint64_t* within, std::uint64_t* bits, float* scores);
  // No document of the window scores above this.
  virtual float maxScore(std::uint32_t) { return std::numeric_limits<float>::infinity(); }
  // Sets the bits of the window's matches within `within` (null: of all of them) beside those that are set, and adds
  // the scores of these matches to `sums`. For scorers whose scores are added up: Lucene does that in double precision.
  virtual void addTo(std::uint32_t window, const std::uint64_t* within, std::uint64_t* bits, double* sums);
  // The same, but adds the scores of those matches alone that are `scored`.
  virtual void addSome(std::uint32_t window, const std::uint64_t* within, const std::uint64_t* scored,
                       std::uint64_t* bits, double* sums);
  // For a search to which only scores above a floor matter. Sets `bits` to the window's matches, or at least to those
  // of them that score above the floor; `above` to a part of `bits` that holds all that score above it; and scores[i]
  // of those in `above` alone. REQUIRES: scores are 0. This one sets them all.
  virtual void findAbove(const FloorRequest& request, std::uint64_t* bits, std::uint64_t* above, float* scores);
  // About how many lists or columns a look at one document takes.
  virtual std::uint64_t partCount() const { return 1; }

 private:
  // All 0 between calls. On the heap, so that deep nesting takes little stack.
  std::vector<float> narrow_scores_;
  std::vector<float> added_scores_;
};

class Weight {
 public:
  virtual ~Weight() = default;
  // Null when nothing in the segment can match. `run` outlives the scorer.
  virtual std::unique_ptr<Scorer> scorer(SegmentRun& run) const = 0;
  // Why the document scores what it does. This one asks the scorer and shows no parts. REQUIRES: a weight made with
  // scores, and a run that has read no window beyond the document's.
  virtual Explanation explain(SegmentRun& run, DocId doc) const;

 protected:
  // What stands in an explanation without parts.
  virtual std::string describe() const { return "score of the query"; }
};

// The document's score; nothing when it does not match.
std::optional<float> scoreOf(const Weight& weight, SegmentRun& run, DocId doc);

class TermVisitor;

class Query {
 public:
  virtual ~Query() = default;
  // Tells the terms that are looked for, but for clauses that must not match; see term_visitor.hpp.
  virtual void visitTerms(TermVisitor&) const {}
  // `boost` is the product of all boosts around this query; the query's own comes on top. Without `needs_scores` every
  // scorer may be asked with null scores only.
  virtual Result<std::unique_ptr<Weight>> weight(const Snapshot& snapshot, float boost, bool needs_scores) const = 0;
  // In Lucene's notation, as _validate/query and explanations show it: "+user:kimchy", "(title:a | body:a)~0.3".
  virtual std::string describe() const { return "query"; }
  // The same as a part of another query: a bool is put in brackets.
  virtual std::string describeClause() const { return describe(); }
};

// "(t:a)^2.0", or the description alone for a boost of 1.
std::string describeBoosted(std::string description, float boost);

using QueryPtr = std::unique_ptr<Query>;
using WeightPtr = std::unique_ptr<Weight>;
using ScorerPtr = std::unique_ptr<Scorer>;

}  // namespace gyre::engine
