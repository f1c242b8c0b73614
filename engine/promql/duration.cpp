#include "engine/promql/duration.hpp"

#include "gyre/excerpt.hpp"

#include <string>

namespace gyre::engine::promql {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t ms;
};
constexpr Unit kUnits[] = {{"y", 365LL * 86'400'000},
                           {"w", 7LL * 86'400'000},
                           {"d", 86'400'000},
                           {"h", 3'600'000},
                           {"m", 60'000},
                           {"s", 1'000},
                           {"ms", 1}};
// Prometheus holds durations as nanoseconds in 64 bits.
constexpr std::int64_t kMaxMs = 9'223'372'036'854;

}  // namespace

Result<std::int64_t> parseDuration(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    std::string message("not a valid duration: \"");
    message.append(excerpt(text, 40)).append("\": ").append(why);
    return invalidArgument(std::move(message));
  };
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  std::size_t at = 0;
  if (text.empty()) return refuse("it is empty");
  while (at < text.size()) {
    std::int64_t count = 0;
    const std::size_t digits_from = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      if (count > kMaxMs) return refuse("it is out of range");
      count = count * 10 + (text[at] - '0');
    }
    if (at == digits_from) return refuse("expected a number");
    const std::size_t unit_from = at;
    while (at < text.size() && (text[at] < '0' || text[at] > '9')) ++at;
    const std::string_view name = text.substr(unit_from, at - unit_from);
    while (next_unit < std::size(kUnits) && kUnits[next_unit].name != name) ++next_unit;
    if (next_unit == std::size(kUnits)) return refuse("expected the units y, w, d, h, m, s, ms, in this order");
    if (count > kMaxMs / kUnits[next_unit].ms) return refuse("it is out of range");
    total += count * kUnits[next_unit].ms;
    if (total > kMaxMs) return refuse("it is out of range");
    ++next_unit;
  }
  if (total == 0) return refuse("it must be greater than 0");
  return total;
}

}  // namespace gyre::engine::promql
