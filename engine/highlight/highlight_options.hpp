// How is a field's text to be shown with what was found in it?
//
// THREADS: immutable once parsed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/query/query.hpp"
#include "engine/query/query_parser.hpp"
#include "gyre/json.hpp"

namespace gyre::engine {

struct HighlightOptions {
  enum class Type : std::uint8_t { kUnified, kPlain, kVector };
  enum class Scanner : std::uint8_t { kDefault, kSentence, kWord, kChars };
  Type type = Type::kUnified;
  std::string unknown_type{};  // not one of them: refused once there is something to show
  std::vector<std::string> pre_tags = {"<em>"};
  std::vector<std::string> post_tags = {"</em>"};
  std::uint32_t fragment_size = 100;
  std::uint32_t fragment_count = 5;   // number_of_fragments; 0 shows the whole text
  std::uint32_t fragment_margin = 6;  // fragment_offset
  std::uint32_t no_match_size = 0;
  std::uint32_t max_analyzed = 0;  // max_analyzer_offset; 0 for none
  std::uint32_t boundary_max_scan = 20;
  std::u16string boundary_chars = u".,!? \t\n";
  Scanner scanner = Scanner::kDefault;
  bool is_by_score = false;
  bool requires_field_match = true;
  bool encodes_html = false;
  bool cuts_evenly = false;                 // plain: the fragmenter "simple"
  std::shared_ptr<const Query> query;       // highlight_query; null for the search's own
  std::vector<std::string> matched_fields;  // besides the field itself; its own rules when empty

  // Takes one member; false when it is none of these.
  Result<bool> read(json::Value member, ParseContext& context);
};

}  // namespace gyre::engine
