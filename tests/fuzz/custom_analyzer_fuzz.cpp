// An analyzer of any settings on any text: it is refused, or its tokens are text within the text, in order.
#include <cstdint>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "engine/analysis/analysis_registry.hpp"
#include "engine/analysis/utf8.hpp"
#include "gyre/json.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using gyre::fuzz::require;

class CheckingSink final : public gyre::engine::TermSink {
 public:
  void term(std::string_view term, std::uint32_t position) override {
    require(simdjson::validate_utf8(term.data(), term.size()), "a term is text");
    require(position >= last_, "positions do not fall");
    last_ = position;
    ++count_;
  }
  std::uint32_t last() const { return last_; }
  std::size_t count() const { return count_; }

 private:
  std::uint32_t last_ = 0;
  std::size_t count_ = 0;
};

}  // namespace

// The first line is the definition of the index's analysis, the rest the text; the analyzer "a" is asked.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (!simdjson::validate_utf8(input.data(), input.size())) return 0;
  const std::size_t line = input.find('\n');
  if (line == std::string_view::npos) return 0;
  const auto settings = gyre::json::Document::parse(input.substr(0, line));
  if (!settings.isOk()) return 0;
  const auto registry = gyre::engine::AnalysisRegistry::parse(settings.value().root());
  if (!registry.isOk()) return 0;
  const gyre::engine::Analyzer* const analyzer = registry.value()->analyzer("a");
  if (analyzer == nullptr) return 0;
  const std::string_view text = input.substr(line + 1);
  CheckingSink sink;
  const std::uint32_t end = analyzer->analyze(text, sink);
  require(sink.count() == 0 || end > sink.last(), "the end is behind the last token");
  gyre::engine::TokenList list;
  analyzer->tokenize(text, list);
  require(list.tokens.size() == sink.count(), "tokens and terms are as many");
  const std::size_t units = gyre::engine::utf16Length(text);
  for (const gyre::engine::Token& token : list.tokens) {
    require(token.start <= token.end && token.end <= units, "a token stands within the text");
    require(token.length > 0, "a token covers a position");
  }
  return 0;
}
