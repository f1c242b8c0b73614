#include "server/dialect/duration.hpp"

#include <charconv>
#include <string>

#include "server/dialect/failure.hpp"

namespace gyre::dialect {

Result<std::int64_t> parseDuration(std::string_view text) {
  struct Unit {
    std::string_view name;
    double millis;
  };
  // The longer names first, since "nanos" ends with "s".
  constexpr Unit kUnits[] = {{"nanos", 1e-6}, {"micros", 1e-3}, {"ms", 1},   {"s", 1e3},
                             {"m", 6e4},      {"h", 36e5},      {"d", 864e5}};
  if (text == "-1" || text == "0") return std::int64_t{text == "0" ? 0 : -1};
  for (const Unit& unit : kUnits) {
    if (!text.ends_with(unit.name)) continue;
    const std::string_view digits = text.substr(0, text.size() - unit.name.size());
    double number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) break;
    if (number == -1) return std::int64_t{-1};
    if (number < 0 || number * unit.millis > 9e15) break;
    return static_cast<std::int64_t>(number * unit.millis);
  }
  return illegalArgument("failed to parse [" + std::string(text) +
                         "] as a time value: a number and one of nanos, micros, ms, s, m, h, d is expected");
}

}  // namespace gyre::dialect
