// Token filters that regular expressions define.
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "engine/analysis/component_kinds.hpp"
#include "engine/analysis/java_pattern.hpp"
#include "engine/analysis/utf8.hpp"

namespace gyre::engine {

namespace {

Result<TokenFilterPtr> makePatternReplace(ComponentSettings& settings, const FilterContext&) {
  if (!settings.has("pattern"))
    return analysisRefusal("pattern is missing for [" + settings.name() + "] token filter of type 'pattern_replace'");
  GYRE_TRY_ASSIGN(auto pattern, compileJavaPattern(settings.text("pattern"), settings.text("flags")));
  GYRE_TRY_ASSIGN(const std::string rewrite, rewriteOfJava(settings.text("replacement"), *pattern));
  const bool is_all = settings.boolean("all", true);
  return makeTextFilter([pattern, rewrite, is_all](std::string& text) {
    if (is_all)
      RE2::GlobalReplace(&text, *pattern, rewrite);
    else
      RE2::Replace(&text, *pattern, rewrite);
  });
}

// Every group of every match as a token of its own, in the order in which they begin.
class CaptureFilter final : public TokenFilter {
 public:
  CaptureFilter(std::vector<PatternPtr> patterns, bool keeps_original)
      : patterns_(std::move(patterns)), keeps_original_(keeps_original) {}

  void apply(TokenList& list) const override {
    std::vector<Token> out;
    for (Token& token : list.tokens) {
      const std::vector<Capture> captures = capturesOf(token.text);
      Token part = token;
      if (keeps_original_ || captures.empty()) {
        out.push_back(token);
        part.increment = 0;
      }
      for (const Capture& capture : captures) {
        part.text = capture.text;
        out.push_back(part);
        part.increment = 0;
      }
    }
    list.tokens = std::move(out);
  }

 private:
  struct Capture {
    std::size_t start;
    std::string text;
  };

  std::vector<Capture> capturesOf(std::string_view text) const {
    std::vector<Capture> captures;
    for (const PatternPtr& pattern : patterns_) {
      std::array<re2::StringPiece, 10> groups;
      const int count = std::min(9, pattern->NumberOfCapturingGroups()) + 1;
      for (std::size_t at = 0; at <= text.size() && pattern->Match({text.data(), text.size()}, at, text.size(),
                                                                   RE2::UNANCHORED, groups.data(), count);) {
        for (int g = 1; g < count; ++g) {
          const re2::StringPiece& group = groups[static_cast<std::size_t>(g)];
          if (group.data() == nullptr || group.empty() || (keeps_original_ && group.size() == text.size())) continue;
          captures.push_back({static_cast<std::size_t>(group.data() - text.data()), std::string(group)});
        }
        at = static_cast<std::size_t>(groups[0].data() - text.data()) + groups[0].size();
        if (groups[0].empty()) at += at < text.size() ? decodeUtf8(text, at).size : 1;
      }
    }
    std::stable_sort(captures.begin(), captures.end(),
                     [](const Capture& a, const Capture& b) { return a.start < b.start; });
    return captures;
  }

  std::vector<PatternPtr> patterns_;
  bool keeps_original_;
};

Result<TokenFilterPtr> makePatternCapture(ComponentSettings& settings, const FilterContext&) {
  if (!settings.has("patterns"))
    return analysisRefusal("required setting 'patterns' is missing for token filter [" + settings.name() + "]");
  std::vector<PatternPtr> patterns;
  for (const std::string& pattern : settings.list("patterns")) {
    GYRE_TRY_ASSIGN(auto compiled, compileJavaPattern(pattern));
    patterns.push_back(std::move(compiled));
  }
  const bool keeps_original = settings.boolean("preserve_original", true);
  return TokenFilterPtr(std::make_shared<CaptureFilter>(std::move(patterns), keeps_original));
}

constexpr FilterKind kPatternFilters[] = {
    {"pattern_replace", makePatternReplace, true},
    {"pattern_capture", makePatternCapture, false},
};

}  // namespace

std::span<const FilterKind> patternFilterKinds() { return kPatternFilters; }

}  // namespace gyre::engine
