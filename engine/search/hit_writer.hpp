// What does a hit show?
//
// Written for search hits, and for the hits inside aggregations, groups and suggestions alike.
//
// THREADS: one writer, one thread. OWNS: borrows the request and the output.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/highlight/highlight.hpp"
#include "engine/query/query.hpp"
#include "engine/search/field_values.hpp"
#include "engine/search/source_filter.hpp"
#include "engine/segment/segment_reader.hpp"
#include "gyre/json_writer.hpp"

namespace gyre::engine {

// The members of a request that say what hits show.
struct FetchRequest {
  SourceFilter source;
  bool shows_metadata = true;  // stored_fields: _none_ hides ids and sources
  bool shows_version = false;
  bool shows_sequence = false;  // seq_no_primary_term
  FieldValues fields;
  Highlight highlight;

  // Takes the member when it is one of these; false when it is none.
  Result<bool> read(json::Value member, const Mapping& mapping);
  // Whether the stored document is read.
  bool readsSource() const { return !source.isHidden() || fields.readsSource() || !highlight.isEmpty(); }
  // After the last member.
  void finish();

 private:
  Status readStoredFields(json::Value member);

  bool has_source_ = false;
  bool hides_source_ = false;  // stored fields are asked for, and the source is not one of them
};

// What is known of a hit beside the document.
struct HitExtras {
  const std::string* source = nullptr;  // the stored document, when it has been read
  const Field* also = nullptr;          // a field whose column is shown besides
};

class HitWriter {
 public:
  // `query` is what highlights show the finds of; null for hits without a query of their own.
  HitWriter(const FetchRequest& request, JsonWriter& writer, const Query* query = nullptr)
      : request_(request), writer_(writer), query_(query) {}

  // "_id" and what else identifies the document, up to its score.
  Status writeIdentity(const SegmentReader& segment, DocId doc);
  // What the document holds.
  Status writeContent(const SegmentReader& segment, DocId doc, const HitExtras& extras = {});

 private:
  const FetchRequest& request_;
  JsonWriter& writer_;
  const Query* query_;
};

// true, false, or either as text; in the words of a search's own members.
Result<bool> parseFlag(json::Value value);

// The shortest text of the float itself, with a fraction: 0.2876821, 1.0; null when it is no number.
void writeScore(float score, JsonWriter& writer);

}  // namespace gyre::engine
