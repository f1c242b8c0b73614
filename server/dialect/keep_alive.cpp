#include "server/dialect/keep_alive.hpp"

#include <iterator>

#include "server/dialect/duration.hpp"
#include "server/dialect/failure.hpp"

namespace gyre::dialect {

namespace {

constexpr std::int64_t kDay = 86'400'000;

std::int64_t clusterMillis(const CatalogState& state, std::string_view name, std::int64_t otherwise) {
  auto text = state.transient_settings.text(name);
  if (!text) text = state.persistent_settings.text(name);
  if (!text) return otherwise;
  const auto parsed = parseDuration(*text);
  return parsed.isOk() && parsed.value() >= 0 ? parsed.value() : otherwise;
}

Result<std::int64_t> read(std::string_view parameter, std::string_view text, std::int64_t usual, std::int64_t longest,
                          std::string_view setting) {
  const auto parsed = parseDuration(text);
  if (!parsed.isOk())
    return illegalArgument("failed to parse setting [" + std::string(parameter) + "] with value [" + std::string(text) +
                           "] as a time value: unit is missing or unrecognized");
  const std::int64_t millis = parsed.value() < 0 ? usual : parsed.value();
  if (millis > longest)
    return illegalArgument("Keep alive for request (" + durationText(millis) +
                           ") is too large. It must be less than (" + durationText(longest) +
                           "). This limit can be set by changing the [" + std::string(setting) +
                           "] cluster level setting.");
  return millis;
}

}  // namespace

std::string durationText(std::int64_t millis) {
  struct Unit {
    std::string_view name;
    std::int64_t millis;
  };
  constexpr Unit kUnits[] = {{"d", kDay}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};
  for (const Unit& unit : kUnits) {
    if (millis < unit.millis) continue;
    const std::int64_t tenths = millis / unit.millis * 10 + millis % unit.millis * 10 / unit.millis;
    std::string text = std::to_string(tenths / 10);
    if (tenths % 10 != 0) text += "." + std::to_string(tenths % 10);
    return text + std::string(unit.name);
  }
  return "0s";
}

Result<std::int64_t> readScrollKeepAlive(const CatalogState& state, std::string_view text) {
  constexpr std::string_view kLongest = "search.max_keep_alive";
  return read("scroll", text, clusterMillis(state, "search.default_keep_alive", 300'000),
              clusterMillis(state, kLongest, kDay), kLongest);
}

Result<std::int64_t> readPointInTimeKeepAlive(const CatalogState& state, std::string_view text) {
  constexpr std::string_view kLongest = "point_in_time.max_keep_alive";
  return read("keep_alive", text, 30'000, clusterMillis(state, kLongest, kDay), kLongest);
}

}  // namespace gyre::dialect
