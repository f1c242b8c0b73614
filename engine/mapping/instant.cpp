// Instants to the nanosecond, as date_nanos keeps them.
#include <cstdio>
#include <string>
#include <string_view>

#include "engine/mapping/civil_time.hpp"
#include "engine/mapping/date_format.hpp"

namespace gyre::engine {

namespace {

// As the dialect names an instant in a refusal: ISO 8601, the fraction in groups of three digits.
std::string isoText(const Instant& instant) {
  const CivilTime t = civilFromMillis(instant.millis);
  const std::int64_t nanos = t.millis * kMilliNanos + instant.nanos;
  char text[80];
  std::snprintf(text, sizeof text, "%s%04lld-%02d-%02dT%02d:%02d:%02d", t.year > 9999 ? "+" : "",
                static_cast<long long>(t.year), t.month, t.day, t.hour, t.minute, t.second);
  std::string out = text;
  if (nanos != 0) {
    std::snprintf(text, sizeof text, ".%09lld", static_cast<long long>(nanos));
    const std::size_t digits = nanos % kMilliNanos == 0 ? 3 : nanos % 1000 == 0 ? 6 : 9;
    out.append(text, digits + 1);
  }
  return out + 'Z';
}

}  // namespace

Result<std::int64_t> toNanos(const Instant& instant) {
  const auto refused = [&](std::string_view why) {
    return Status(
        Code::kInvalidArgument, "illegal_argument_exception",
        "date[" + isoText(instant) + "] is " + std::string(why) + " and cannot be stored in nanosecond resolution");
  };
  if (instant.millis < 0) return refused("before the epoch in 1970");
  std::int64_t nanos = 0;
  if (__builtin_mul_overflow(instant.millis, kMilliNanos, &nanos) ||
      __builtin_add_overflow(nanos, instant.nanos, &nanos))
    return refused("after 2262-04-11T23:47:16.854775807");
  return nanos;
}

Instant fromNanos(std::int64_t nanos) {
  return {floorDivide(nanos, kMilliNanos), static_cast<std::int32_t>(floorModulo(nanos, kMilliNanos))};
}

}  // namespace gyre::engine
