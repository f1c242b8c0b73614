// How far is local time from UTC, at which instant?
//
// A zone is a fixed offset ("Z", "+02:00", "-0530", "+2") or a name of the system's time zone database
// ("Europe/Paris"). All times are milliseconds: UTC ones since the epoch, local ones as if the local clock showed UTC.
//
// THREADS: a value; the database behind it is immutable and shared.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gyre/status.hpp"

namespace date {
class time_zone;
}

namespace gyre::engine {

class TimeZone {
 public:
  TimeZone() = default;  // UTC
  // invalid_argument for an unknown name.
  static Result<TimeZone> parse(std::string_view name);

  // A stretch of instants [begin, end) through which the offset does not change; keep it to ask less often.
  struct Span {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::int64_t offset = 0;  // local minus UTC
  };
  Span spanAt(std::int64_t utc) const;
  std::int64_t offsetAt(std::int64_t utc) const { return zone_ == nullptr ? offset_ : spanAt(utc).offset; }
  // Saturates at the ends of the 64 bits, as toUtc does.
  std::int64_t toLocal(std::int64_t utc) const;
  // A local time that occurs twice means its first occurrence; one that a clock change skips moves on by the change.
  std::int64_t toUtc(std::int64_t local) const;

  bool isFixed() const { return zone_ == nullptr; }
  // As given; "UTC" for the default.
  const std::string& name() const { return name_; }

 private:
  const date::time_zone* zone_ = nullptr;  // null: the fixed offset
  std::int64_t offset_ = 0;
  std::string name_ = "UTC";
};

}  // namespace gyre::engine
