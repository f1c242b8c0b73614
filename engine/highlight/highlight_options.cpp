#include "engine/highlight/highlight_options.hpp"

#include <charconv>
#include <limits>
#include <utility>

#include "engine/highlight/text_marks.hpp"
#include "engine/mapping/failure_cause.hpp"

namespace gyre::engine {

namespace {

Status badMember(json::Value member, const std::string& why) {
  return {Code::kInvalidArgument, "x_content_parse_exception",
          "[highlight] failed to parse field [" + std::string(member.key()) + "]: " + why};
}

Result<std::int64_t> readWhole(json::Value member) {
  const std::string_view text = member.isString() ? member.string() : member.numberText();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() ||
      number > std::numeric_limits<std::int32_t>::max() || number < std::numeric_limits<std::int32_t>::min())
    return badMember(member, "expected a whole number, found " + std::string(member.raw()));
  return number;
}

Status readCount(json::Value member, std::uint32_t& target) {
  GYRE_TRY_ASSIGN(const std::int64_t number, readWhole(member));
  if (number < 0) return badMember(member, "expected a number from 0, found " + std::to_string(number));
  target = static_cast<std::uint32_t>(number);
  return {};
}

Status readFlag(json::Value member, bool& target) {
  if (!member.isBoolean() && member.string() != "true" && member.string() != "false")
    return badMember(member, "expected true or false, found " + std::string(member.raw()));
  target = member.boolean() || member.string() == "true";
  return {};
}

Result<std::string> readText(json::Value member) {
  if (!member.isString()) return badMember(member, "expected a string, found " + std::string(member.raw()));
  return std::string(member.string());
}

Status readTexts(json::Value member, std::vector<std::string>& target) {
  target.clear();
  if (member.isString()) {
    target.emplace_back(member.string());
    return {};
  }
  if (!member.isArray()) return badMember(member, "expected strings, found " + std::string(member.raw()));
  for (const json::Value element : member) {
    GYRE_TRY_ASSIGN(target.emplace_back(), readText(element));
  }
  return {};
}

}  // namespace

Result<bool> HighlightOptions::read(json::Value member, ParseContext& context) {
  const std::string_view key = member.key();
  if (key == "type") {
    GYRE_TRY_ASSIGN(const std::string name, readText(member));
    unknown_type = name != "unified" && name != "plain" && name != "fvh" ? name : std::string();
    type = name == "plain" ? Type::kPlain : name == "fvh" ? Type::kVector : Type::kUnified;
  } else if (key == "pre_tags") {
    GYRE_TRY(readTexts(member, pre_tags));
    if (pre_tags.empty()) pre_tags = {"<em>"};
  } else if (key == "post_tags") {
    GYRE_TRY(readTexts(member, post_tags));
    if (post_tags.empty()) post_tags = {"</em>"};
  } else if (key == "fragment_size") {
    GYRE_TRY(readCount(member, fragment_size));
  } else if (key == "number_of_fragments") {
    GYRE_TRY(readCount(member, fragment_count));
  } else if (key == "fragment_offset") {
    GYRE_TRY_ASSIGN(const std::int64_t margin, readWhole(member));
    fragment_margin = margin < 0 ? 6 : static_cast<std::uint32_t>(margin);
  } else if (key == "no_match_size") {
    GYRE_TRY(readCount(member, no_match_size));
  } else if (key == "max_analyzer_offset" || key == "max_analyzed_offset") {
    GYRE_TRY(readCount(member, max_analyzed));
  } else if (key == "order") {
    GYRE_TRY_ASSIGN(const std::string order, readText(member));
    is_by_score = order == "score";
    if (order != "score" && order != "none")
      return illegalArgument("No enum constant org.opensearch.search.fetch.subphase.highlight.HighlightBuilder.Order." +
                             order);
  } else if (key == "require_field_match") {
    GYRE_TRY(readFlag(member, requires_field_match));
  } else if (key == "boundary_scanner") {
    GYRE_TRY_ASSIGN(const std::string name, readText(member));
    if (name != "chars" && name != "word" && name != "sentence")
      return illegalArgument(
          "No enum constant org.opensearch.search.fetch.subphase.highlight.HighlightBuilder.BoundaryScannerType." +
          name);
    scanner = name == "chars" ? Scanner::kChars : name == "word" ? Scanner::kWord : Scanner::kSentence;
  } else if (key == "boundary_scanner_locale") {
    // Sentences and words end alike in all languages that need no dictionary.
    GYRE_TRY(readText(member).status());
  } else if (key == "boundary_max_scan") {
    GYRE_TRY(readCount(member, boundary_max_scan));
  } else if (key == "boundary_chars") {
    GYRE_TRY_ASSIGN(const std::string chars, readText(member));
    boundary_chars = toUtf16(chars);
  } else if (key == "fragmenter") {
    GYRE_TRY_ASSIGN(const std::string name, readText(member));
    if (name != "simple" && name != "span") return illegalArgument("unknown fragmenter option [" + name + "]");
    cuts_evenly = name == "simple";
  } else if (key == "matched_fields") {
    GYRE_TRY(readTexts(member, matched_fields));
  } else if (key == "highlight_query") {
    if (!member.isObject()) return badMember(member, "expected a query");
    // Its names are none of the search's.
    ParseContext own{context.mapping, context.now_millis, 0, 0, {}};
    auto parsed = parseQuery(member, own);
    if (!parsed.isOk()) return within("[highlight_field] failed to parse field [highlight_query]", parsed.status());
    query = std::shared_ptr<const Query>(std::move(parsed).value());
  } else if (key == "force_source" || key == "highlight_filter") {
    // Everything is read from the source, and filters are shown as they match.
    bool is_asked = false;
    GYRE_TRY(readFlag(member, is_asked));
  } else if (key == "phrase_limit") {
    // A bound on the dialect's effort; phrases are found in linear time here.
    GYRE_TRY(readWhole(member).status());
  } else {
    return false;
  }
  return true;
}

}  // namespace gyre::engine
