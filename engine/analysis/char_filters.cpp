// The char filters that settings may name, but for html_strip.
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "engine/analysis/component_kinds.hpp"
#include "engine/analysis/html_strip.hpp"
#include "engine/analysis/java_pattern.hpp"
#include "engine/analysis/utf8.hpp"

namespace gyre::engine {

namespace {

using Replacements = std::unordered_map<std::string, std::string, TextHash, std::equal_to<>>;

// The longest key that stands at a place is replaced.
class MappingFilter final : public CharFilter {
 public:
  explicit MappingFilter(Replacements replacements) : replacements_(std::move(replacements)) {
    for (const auto& [key, value] : replacements_) {
      longest_ = std::max(longest_, key.size());
      begins_[static_cast<unsigned char>(key[0])] = true;
    }
  }
  void apply(std::string_view text, std::string& out, OffsetMap& offsets) const override {
    TextEditor editor(out, offsets);
    std::size_t from = 0;
    for (std::size_t at = 0; at < text.size();) {
      const auto found =
          begins_[static_cast<unsigned char>(text[at])] ? longestAt(text.substr(at)) : replacements_.end();
      if (found == replacements_.end()) {
        at += decodeUtf8(text, at).size;
        continue;
      }
      editor.copy(text.substr(from, at - from));
      editor.replace(text.substr(at, found->first.size()), found->second);
      from = at += found->first.size();
    }
    editor.copy(text.substr(from));
  }

 private:
  Replacements::const_iterator longestAt(std::string_view rest) const {
    for (std::size_t size = std::min(longest_, rest.size()); size > 0; --size)
      if (const auto found = replacements_.find(rest.substr(0, size)); found != replacements_.end()) return found;
    return replacements_.end();
  }

  Replacements replacements_;
  std::size_t longest_ = 0;
  std::array<bool, 256> begins_{};
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

// Undoes \n, \t, \u0041 and their like.
Result<std::string> unescaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      out += text[at];
      continue;
    }
    const char next = ++at < text.size() ? text[at] : '\0';
    constexpr std::string_view kNames = "\\ntrbf";
    constexpr std::string_view kMeanings = "\\\n\t\r\b\f";
    if (const std::size_t known = kNames.find(next); next != '\0' && known != std::string_view::npos) {
      out += kMeanings[known];
    } else if (next == 'u' && at + 4 < text.size()) {
      char bytes[4];
      const auto code =
          static_cast<std::uint32_t>(std::strtoul(std::string(text.substr(at + 1, 4)).c_str(), nullptr, 16));
      if (code >= 0xd800 && code < 0xe000)
        return analysisRefusal("Invalid escaped char in [" + std::string(text) + "]");
      out.append(bytes, encodeUtf8(code, bytes));
      at += 4;
    } else {
      return analysisRefusal("Invalid escaped char in [" + std::string(text) + "]");
    }
  }
  return out;
}

Result<CharFilterPtr> makeMapping(ComponentSettings& settings) {
  if (!settings.has("mappings"))
    return analysisRefusal("mapping requires either `mappings` or `mappings_path` to be configured");
  Replacements replacements;
  std::size_t line = 0;
  for (const std::string& rule : settings.list("mappings")) {
    ++line;
    const std::size_t arrow = rule.rfind("=>");
    if (arrow == std::string::npos)
      return analysisRefusal("Line [" + std::to_string(line) + "]: Invalid mapping rule : [" + rule + "]");
    GYRE_TRY_ASSIGN(std::string key, unescaped(trimmed(std::string_view(rule).substr(0, arrow))));
    GYRE_TRY_ASSIGN(std::string value, unescaped(trimmed(std::string_view(rule).substr(arrow + 2))));
    if (key.empty()) return analysisRefusal("cannot match the empty string");
    if (!replacements.emplace(std::move(key), std::move(value)).second)
      return analysisRefusal("match \"" + rule.substr(0, arrow) + "\" was already added");
  }
  return CharFilterPtr(std::make_shared<MappingFilter>(std::move(replacements)));
}

class PatternReplaceFilter final : public CharFilter {
 public:
  PatternReplaceFilter(PatternPtr pattern, std::string rewrite)
      : pattern_(std::move(pattern)), rewrite_(std::move(rewrite)) {}
  void apply(std::string_view text, std::string& out, OffsetMap& offsets) const override {
    TextEditor editor(out, offsets);
    std::array<re2::StringPiece, 10> groups;
    const int count = std::min(9, pattern_->NumberOfCapturingGroups()) + 1;
    std::size_t from = 0;
    std::string replacement;
    for (std::size_t at = 0; at <= text.size() && pattern_->Match({text.data(), text.size()}, at, text.size(),
                                                                  RE2::UNANCHORED, groups.data(), count);) {
      const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
      replacement.clear();
      pattern_->Rewrite(&replacement, rewrite_, groups.data(), count);
      editor.copy(text.substr(from, begin - from));
      editor.replace(text.substr(begin, groups[0].size()), replacement);
      from = at = begin + groups[0].size();
      if (groups[0].empty()) at += at < text.size() ? decodeUtf8(text, at).size : 1;
    }
    editor.copy(text.substr(from));
  }

 private:
  PatternPtr pattern_;
  std::string rewrite_;
};

Result<CharFilterPtr> makePatternReplace(ComponentSettings& settings) {
  const std::string pattern = settings.text("pattern");
  if (pattern.empty())
    return analysisRefusal("pattern is missing for [" + settings.name() + "] char filter of type 'pattern_replace'");
  GYRE_TRY_ASSIGN(auto compiled, compileJavaPattern(pattern, settings.text("flags")));
  GYRE_TRY_ASSIGN(std::string rewrite, rewriteOfJava(settings.text("replacement"), *compiled));
  return CharFilterPtr(std::make_shared<PatternReplaceFilter>(std::move(compiled), std::move(rewrite)));
}

Result<CharFilterPtr> makeHtmlStrip(ComponentSettings& settings) {
  settings.ignore("read_ahead");  // of older versions
  return makeHtmlStripFilter(settings.list("escaped_tags"));
}

constexpr CharFilterKind kCharFilters[] = {
    {"html_strip", makeHtmlStrip, false},
    {"mapping", makeMapping, true},
    {"pattern_replace", makePatternReplace, true},
};

}  // namespace

std::span<const CharFilterKind> charFilterKinds() { return kCharFilters; }

}  // namespace gyre::engine
