#include "engine/aggs/date_rounding.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/cpu_clones.hpp"
#include "engine/mapping/civil_time.hpp"

namespace gyre::engine {

namespace {
// Cells of a layout: 1 MiB of them at most.
constexpr std::int64_t kMaxCells = 1 << 18;
}  // namespace

DateRounding DateRounding::calendar(CalendarUnit unit, TimeZone zone, std::int64_t offset) {
  DateRounding rounding;
  rounding.is_calendar_ = true;
  rounding.unit_ = unit;
  rounding.zone_ = std::move(zone);
  rounding.offset_ = offset;
  return rounding;
}

DateRounding DateRounding::fixed(std::int64_t millis, TimeZone zone, std::int64_t offset) {
  DateRounding rounding;
  rounding.millis_ = millis;
  rounding.zone_ = std::move(zone);
  rounding.offset_ = offset;
  return rounding;
}

std::int64_t DateRounding::floorUnmoved(std::int64_t utc) const {
  if (is_calendar_) return startOfUnit(unit_, utc, zone_);
  const std::int64_t local = zone_.toLocal(utc);
  const std::int64_t rounded = floorDivide(local, millis_) * millis_;
  if (zone_.isFixed()) return rounded - zone_.offsetAt(utc);
  // In the hour that a clock change repeats, the second occurrence keeps its own offset.
  const std::int64_t with_same_offset = rounded - zone_.offsetAt(utc);
  if (zone_.offsetAt(with_same_offset) == zone_.offsetAt(utc)) return with_same_offset;
  const std::int64_t start = zone_.toUtc(rounded);
  return start <= utc ? start : zone_.spanAt(utc).begin;
}

std::int64_t DateRounding::floor(std::int64_t utc) const { return floorUnmoved(utc - offset_) + offset_; }

std::int64_t DateRounding::next(std::int64_t start) const {
  const std::int64_t unmoved = start - offset_;
  if (is_calendar_) {
    const auto after = addUnits(unit_, 1, unmoved, zone_);
    if (!after) return INT64_MAX;
    const std::int64_t rounded = startOfUnit(unit_, *after, zone_);
    return (rounded > unmoved ? rounded : *after) + offset_;
  }
  if (zone_.isFixed()) return start + millis_;
  // Clock changes make stretches longer or shorter; the next one begins where rounding first gives another start.
  std::int64_t candidate = floorUnmoved(unmoved + millis_);
  if (candidate > unmoved) {
    const std::int64_t change = zone_.spanAt(unmoved).end;
    if (change < candidate && floorUnmoved(change) > unmoved) candidate = std::min(candidate, floorUnmoved(change));
    return candidate + offset_;
  }
  // A clock set back makes the stretch longer by as much as a day, mostly by an hour.
  for (std::int64_t at = unmoved + millis_; candidate <= unmoved; at += std::min(millis_, kHourMillis / 4))
    candidate = floorUnmoved(at);
  return candidate + offset_;
}

bool DateRounding::isWhole(std::int64_t start, std::int64_t next) const {
  if (is_calendar_ || zone_.isFixed()) return true;
  const auto span = zone_.spanAt(start - offset_);
  // Of the clock's time, far from where sums overflow.
  const std::int64_t begin = std::max(span.begin, INT64_MIN / 2) + offset_;
  const std::int64_t end = std::min(span.end, INT64_MAX / 2) + offset_;
  if (start - begin >= millis_ + kDayMillis && end >= next) return true;
  if (floor(start) != start || floor(next - 1) != start) return false;
  return end >= next || (floor(end - 1) == start && floor(end) == start);
}

std::int64_t DateRounding::shortest() const {
  if (!is_calendar_) return zone_.isFixed() ? millis_ : std::max<std::int64_t>(1, std::min(millis_, millis_ / 2));
  switch (unit_) {
    case CalendarUnit::kSecond: return kSecondMillis;
    case CalendarUnit::kMinute: return kMinuteMillis;
    case CalendarUnit::kHour: return zone_.isFixed() ? kHourMillis : kHourMillis / 4;
    case CalendarUnit::kDay: return zone_.isFixed() ? kDayMillis : kDayMillis / 2;
    case CalendarUnit::kWeek: return 6 * kDayMillis;
    case CalendarUnit::kMonth: return 27 * kDayMillis;
    case CalendarUnit::kQuarter: return 89 * kDayMillis;
    case CalendarUnit::kYear: return 364 * kDayMillis;
  }
  return kSecondMillis;
}

std::optional<std::int64_t> DateRounding::uniform() const {
  if (!zone_.isFixed()) return std::nullopt;
  if (!is_calendar_) return millis_;
  switch (unit_) {
    case CalendarUnit::kSecond:
    case CalendarUnit::kMinute:
    case CalendarUnit::kHour:
    case CalendarUnit::kDay: return shortest();
    case CalendarUnit::kWeek: return 7 * kDayMillis;
    default: return std::nullopt;
  }
}

void DateSlots::layOut(std::int64_t min, std::int64_t max) {
  base_ = rounding_.floor(min);
  if (base_ > min || layOutEvenly(max)) return;
  const std::int64_t shortest = rounding_.shortest();
  shift_ = std::bit_width(static_cast<std::uint64_t>(shortest)) - 1;
  const std::uint64_t span = static_cast<std::uint64_t>(max) - static_cast<std::uint64_t>(base_);
  if ((span >> shift_) >= static_cast<std::uint64_t>(kMaxCells)) return;
  std::vector<std::int64_t> starts;
  for (std::int64_t start = base_; start <= max; start = rounding_.next(start)) {
    // A stretch that a clock change cut below the cell size would break the one comparison: do without a layout.
    if (!starts.empty() &&
        (start - starts.back() < (std::int64_t{1} << shift_) || !rounding_.isWhole(starts.back(), start)))
      return;
    starts.push_back(start);
  }
  if (max == INT64_MAX || !rounding_.isWhole(starts.back(), max + 1)) return;
  cells_.resize((span >> shift_) + 1);
  std::uint32_t slot = 0;
  for (std::size_t cell = 0; cell < cells_.size(); ++cell) {
    const std::int64_t begin = base_ + (static_cast<std::int64_t>(cell) << shift_);
    while (slot + 1 < starts.size() && starts[slot + 1] <= begin) ++slot;
    cells_[cell] = slot;
  }
  starts_ = std::move(starts);
  limit_ = static_cast<std::uint32_t>(starts_.size());
}

// Division by an invariant: with d = length >> shift odd and 2^(e-1) < d <= 2^e, x / d is (x * (2^(31+e) / d + 1)) >>
// (31+e) for every x below 2^31 (Granlund and Montgomery, theorem 4.2).
bool DateSlots::layOutEvenly(std::int64_t max) {
  const auto length = rounding_.uniform();
  if (!length) return false;
  const int shift = std::countr_zero(static_cast<std::uint64_t>(*length));
  const std::uint64_t divisor = static_cast<std::uint64_t>(*length) >> shift;
  const std::uint64_t span = static_cast<std::uint64_t>(max) - static_cast<std::uint64_t>(base_);
  if ((span >> shift) >= (std::uint64_t{1} << 31) || divisor >= (std::uint64_t{1} << 31) ||
      (span >> shift) / divisor >= static_cast<std::uint64_t>(kMaxCells))
    return false;
  const int exponent = std::bit_width(divisor - 1);
  shift_ = shift;
  end_shift_ = 31 + exponent;
  multiplier_ = static_cast<std::uint32_t>((std::uint64_t{1} << end_shift_) / divisor + 1);
  length_ = *length;
  limit_ = static_cast<std::uint32_t>((span >> shift) / divisor) + 1;
  return true;
}

namespace {

GYRE_CPU_CLONES void divideAll(const std::int64_t* values, std::uint32_t size, std::int64_t base, int shift,
                               std::uint32_t multiplier, int end_shift, std::uint32_t* slots) {
  for (std::uint32_t i = 0; i < size; ++i) {
    const std::uint64_t above = static_cast<std::uint64_t>(values[i]) - static_cast<std::uint64_t>(base);
    slots[i] = static_cast<std::uint32_t>(((above >> shift) * multiplier) >> end_shift);
  }
}

}  // namespace

void DateSlots::map(const std::int64_t* values, std::uint32_t size, std::uint32_t* slots) {
  if (limit_ == 0) {
    for (std::uint32_t i = 0; i < size; ++i)
      slots[i] = i > 0 && values[i] == values[i - 1] ? slots[i - 1] : slotOf(values[i]);
    return;
  }
  if (length_ > 0) return divideAll(values, size, base_, shift_, multiplier_, end_shift_, slots);
  const std::uint32_t last = limit_ - 1;
  for (std::uint32_t i = 0; i < size; ++i) {
    const std::uint32_t slot = cells_[static_cast<std::size_t>((values[i] - base_) >> shift_)];
    const std::uint32_t following = std::min(slot + 1, last);
    // Without a branch, which dates in no order would have guessed wrong.
    slots[i] = slot + static_cast<std::uint32_t>(values[i] >= starts_[following]) * (following - slot);
  }
}

std::uint32_t DateSlots::slotOf(std::int64_t value) {
  const std::int64_t start = rounding_.floor(value);
  const auto next = static_cast<std::uint32_t>(starts_.size());
  const std::uint32_t slot = others_.findOrAdd(static_cast<std::uint64_t>(start), next);
  if (slot == next) starts_.push_back(start);
  return slot;
}

}  // namespace gyre::engine
