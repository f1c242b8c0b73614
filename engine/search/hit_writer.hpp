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
#include "engine/search/stored_values.hpp"
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
  StoredValues stored;
  Highlight highlight;
  SourceFilter kept;                    // what the mapping keeps of sources
  const Mapping* may_ignore = nullptr;  // the mapping, when documents may have `_ignored`

  // Takes the member when it is one of these; false when it is none.
  Result<bool> read(json::Value member, const ParseContext& context);
  // Whether the stored document is read.
  bool readsSource() const {
    return !source.isHidden() || fields.readsSource() || !stored.isEmpty() || !highlight.isEmpty();
  }
  // After the last member.
  Status finish(const ParseContext& context);
  // Refuses what the hits of an index cannot show because its mapping keeps no sources.
  Status checkSources(std::string_view index) const;

 private:
  Status readStoredFields(json::Value member, const Mapping& mapping);

  bool wants_parts_ = false;  // of the source
  bool has_source_ = false;
  bool hides_source_ = false;  // stored fields are asked for, and the source is not one of them
};

// What is known of a hit beside the document.
struct HitExtras {
  const std::string* source = nullptr;  // the stored document, when it has been read
  const Field* also = nullptr;          // a field whose column is shown besides
  std::string_view also_name = {};      // under this name
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
  Status writeFields(const SegmentReader& segment, DocId doc, std::string_view stored, json::Value source,
                     const HitExtras& extras);

  const FetchRequest& request_;
  JsonWriter& writer_;
  const Query* query_;
};

// true, false, or either as text; in the words of a search's own members.
Result<bool> parseFlag(json::Value value);

// The shortest text of the float itself, with a fraction: 0.2876821, 1.0; null when it is no number.
void writeScore(float score, JsonWriter& writer);

}  // namespace gyre::engine
