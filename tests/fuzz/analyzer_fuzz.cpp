// Every analyzer on any text: tokens are text, not empty, in order, and no longer than a token may be.
#include <cstdint>
#include <string_view>

#include <simdjson.h>

#include "engine/analysis/analyzer.hpp"
#include "engine/analysis/tokenizer.hpp"
#include "engine/analysis/utf8.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using gyre::fuzz::require;

class CheckingSink final : public gyre::engine::TermSink {
 public:
  explicit CheckingSink(bool is_cut) : is_cut_(is_cut) {}
  void term(std::string_view term, std::uint32_t position) override {
    require((!term.empty() || !is_cut_) && simdjson::validate_utf8(term.data(), term.size()), "a term is text");
    require(position == next_, "positions follow each other");
    require(!is_cut_ || gyre::engine::utf16Length(term) <= gyre::engine::kMaxTokenLength, "a term is not too long");
    ++next_;
  }
  std::uint32_t next() const { return next_; }

 private:
  bool is_cut_;
  std::uint32_t next_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!simdjson::validate_utf8(text.data(), text.size())) return 0;
  for (const char* name : {"standard", "simple", "whitespace", "keyword"}) {
    CheckingSink sink(std::string_view(name) != "keyword");
    require(gyre::engine::findAnalyzer(name)->analyze(text, sink) == sink.next(), "the end is behind the last token");
  }
  return 0;
}
