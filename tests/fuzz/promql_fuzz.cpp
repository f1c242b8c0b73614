// Any text as a query: refused with a reason and a place, or an expression that a small store answers.
#include <cstdint>
#include <string_view>

#include "engine/promql/query.hpp"
#include "engine/series/memory_source.hpp"
#include "gyre/json.hpp"
#include "tests/fuzz/require.hpp"

namespace {

gyre::engine::series::MemorySource smallStore() {
  gyre::engine::series::MemorySource source;
  for (int i = 0; i < 20; ++i) {
    source.add({{"__name__", "m"}, {"a", "1"}}, i * 15'000, i % 7);
    source.add({{"__name__", "m"}, {"a", "2"}, {"le", "+Inf"}}, i * 20'000, -i);
    source.add({{"__name__", "up"}, {"a", "1"}}, i * 30'000, 1);
  }
  return source;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const gyre::engine::series::MemorySource source = smallStore();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  gyre::engine::promql::QueryOptions options;
  options.evaluation_limits.max_samples = 20'000;
  options.parse_limits.max_depth = 50;
  const gyre::engine::promql::QueryTime time = size % 2 == 0 ? gyre::engine::promql::QueryTime{60'000, 0, 0}
                                                             : gyre::engine::promql::QueryTime{0, 300'000, 15'000};
  const auto answer = gyre::engine::promql::answerQuery(source, text, time, options);
  if (answer.isOk()) {
    gyre::fuzz::require(gyre::json::Document::parse(*answer).isOk(), "an answer is JSON");
  } else {
    gyre::fuzz::require(!answer.status().message().empty(), "a refusal says why");
    const auto reason = answer.status().reason();
    gyre::fuzz::require(reason == "bad_data" || reason == "execution", "a refusal is of the query or of the data");
  }
  return 0;
}
