// What does an update ask for, and what does it make of the document there is?
//
// THREADS: values. OWNS: its copy of the request's JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/search/source_filter.hpp"
#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace gyre::dialect {

struct DocumentUpdate {
  std::optional<json::Document> body;  // doc and upsert point into it
  json::Value doc;                     // missing when not given
  json::Value upsert;
  bool has_script = false;
  bool is_doc_upsert = false;  // doc_as_upsert
  bool detects_noop = true;
  std::optional<engine::SourceFilter> shows;  // _source: the part of the result that the answer shows
  std::optional<std::int64_t> if_seq_no;
  std::optional<std::int64_t> if_term;

  // x_content_parse_exception says what is not understood, and where.
  static Result<DocumentUpdate> parse(std::string_view body);
};

// The document with what `doc` changes: objects are merged, anything else is replaced. Nothing when that is what is
// there, unless `detects_noop` is false.
Result<std::optional<std::string>> mergeSource(std::string_view held, json::Value doc, bool detects_noop);

}  // namespace gyre::dialect
