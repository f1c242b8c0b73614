// Into which stretch of time does an instant fall?
//
// A calendar unit or a fixed length, on a zone's clock, moved by an offset. Over a known span of instants all stretches
// are laid out once, and an instant finds its own with a multiplication where all are equally long, else with a shift,
// a load and a comparison.
//
// THREADS: DateRounding is immutable; a DateSlots belongs to one aggregator.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/aggs/bucket_table.hpp"
#include "engine/mapping/date_format.hpp"
#include "engine/mapping/time_zone.hpp"

namespace gyre::engine {

class DateRounding {
 public:
  static DateRounding calendar(CalendarUnit unit, TimeZone zone, std::int64_t offset);
  // REQUIRES: millis > 0.
  static DateRounding fixed(std::int64_t millis, TimeZone zone, std::int64_t offset);

  // The first instant of the stretch that holds `utc`.
  std::int64_t floor(std::int64_t utc) const;
  // The first instant after the stretch that begins at `start`.
  std::int64_t next(std::int64_t start) const;
  // No stretch is shorter, clock changes aside.
  std::int64_t shortest() const;
  // The length when all stretches are equally long, counted from one of their beginnings.
  std::optional<std::int64_t> uniform() const;
  const TimeZone& zone() const { return zone_; }
  // How far stretches are moved, and where they would begin without that.
  std::int64_t offset() const { return offset_; }
  // Whether all that lies from `start` up to `next` is rounded to `start`. Odd lengths leave crumbs where a clock is
  // set.
  bool isWhole(std::int64_t start, std::int64_t next) const;

  std::int64_t floorUnmoved(std::int64_t utc) const;

 private:
  bool is_calendar_ = false;
  CalendarUnit unit_ = CalendarUnit::kDay;
  std::int64_t millis_ = 0;
  TimeZone zone_;
  std::int64_t offset_ = 0;
};

// Numbers the stretches of one aggregation from 0: in order when the span is laid out, else as they are met.
class DateSlots {
 public:
  explicit DateSlots(const DateRounding& rounding) : rounding_(rounding) {}
  // Lays out the stretches from the one of `min` to the one of `max`, if they are not too many. Before the first map().
  void layOut(std::int64_t min, std::int64_t max);

  void map(const std::int64_t* values, std::uint32_t size, std::uint32_t* slots);
  std::int64_t start(std::uint32_t slot) const {
    return length_ > 0 ? base_ + static_cast<std::int64_t>(slot) * length_ : starts_[slot];
  }
  // One above the largest slot, when all instants lie in the span; else 0.
  std::uint32_t limit() const { return limit_; }

 private:
  bool layOutEvenly(std::int64_t max);
  std::uint32_t slotOf(std::int64_t value);

  const DateRounding& rounding_;
  std::uint32_t limit_ = 0;
  std::int64_t base_ = 0;  // the first stretch of the layout
  int shift_ = 0;
  // Of stretches that are equally long: x / length is ((x >> shift_) * multiplier_) >> end_shift_.
  std::int64_t length_ = 0;  // 0: they are not
  std::uint32_t multiplier_ = 0;
  int end_shift_ = 0;
  std::vector<std::int64_t> starts_;
  // The span in cells of 2^shift_ milliseconds, none longer than the shortest stretch: a cell's first instant is in
  // stretch cells_[i], and at most one more begins within it.
  std::vector<std::uint32_t> cells_;
  KeyMap others_;  // by start, when nothing is laid out
};

}  // namespace gyre::engine
