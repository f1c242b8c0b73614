// Any text as a regular expression and as a wildcard: refused, or an automaton that takes any text.
#include <cstdint>
#include <string_view>

#include "engine/query/char_automaton.hpp"
#include "engine/query/regexp_parser.hpp"
#include "tests/fuzz/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  gyre::engine::RegexpOptions options;
  options.max_states = 500;
  options.folds_case = size % 2 == 1;
  const auto automaton = gyre::engine::parseRegexp(text, options);
  if (automaton.isOk()) {
    (void)automaton.value().accepts(text);
  } else {
    gyre::fuzz::require(!automaton.status().message().empty(), "a refusal says why");
  }
  if (size > 200) return 0;
  if (const auto wildcard = gyre::engine::wildcardAutomaton(text, false)) (void)wildcard->accepts("aabb");
  return 0;
}
