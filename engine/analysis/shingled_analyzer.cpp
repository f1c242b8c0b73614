#include "engine/analysis/shingled_analyzer.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/analysis/token_filter.hpp"

namespace gyre::engine {

namespace {

class FixedShingleFilter final : public TokenFilter {
 public:
  explicit FixedShingleFilter(std::size_t size) : size_(size) {}

  void apply(TokenList& list) const override {
    const std::vector<Token> words = filled(list.tokens);
    list.tokens.clear();
    for (std::size_t first = 0; first + size_ <= words.size(); ++first) {
      Token shingle = words[first];
      for (std::size_t i = 1; i < size_; ++i) shingle.text.append(1, ' ').append(words[first + i].text);
      shingle.end = words[first + size_ - 1].end;
      shingle.type = "shingle";
      list.tokens.push_back(std::move(shingle));
    }
  }

 private:
  // One word a position: of several the first, of none "_".
  static std::vector<Token> filled(std::vector<Token>& tokens) {
    std::vector<Token> words;
    for (Token& token : tokens) {
      if (token.increment == 0 && !words.empty()) continue;
      for (std::uint32_t gap = 1; gap < token.increment && !words.empty(); ++gap) {
        words.push_back(words.back());
        words.back().text.assign(1, '_');
        words.back().increment = 1;
      }
      words.push_back(std::move(token));
      words.back().increment = 1;
      words.back().length = 1;
    }
    return words;
  }

  std::size_t size_;
};

}  // namespace

AnalyzerPtr makeShingledAnalyzer(const Analyzer& base, std::size_t size) {
  AnalyzerParts parts = base.parts();
  parts.filters.push_back({"fixed_shingle", std::make_shared<FixedShingleFilter>(size), false});
  return makeAnalyzer(std::move(parts), {base.isCustom(), base.positionGap()});
}

}  // namespace gyre::engine
