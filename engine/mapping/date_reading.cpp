#include "engine/mapping/date_reading.hpp"

#include <array>
#include <cstddef>

#include "engine/mapping/civil_time.hpp"

namespace gyre::engine {

namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }

// What a text said; a part it left out is absent.
struct Fields {
  std::optional<std::int64_t> year;
  std::optional<int> month, day, hour, hour12, minute, second, nanos;
  std::optional<bool> is_afternoon;
  std::optional<std::int64_t> offset;
  std::optional<Instant> instant;  // an epoch
  std::optional<int> weekday, quarter;
};

// One alternative against one text. Each step consumes what it takes; an optional part that fails is undone.
class Matcher {
 public:
  Matcher(const std::vector<DateElement>& elements, std::string_view text, RoundUp round)
      : elements_(elements), text_(text), round_(round) {}

  std::optional<Fields> run() {
    std::size_t element = 0;
    if (!match(element, elements_.size()) || at_ != text_.size()) return std::nullopt;
    return fields_;
  }

 private:
  bool match(std::size_t& element, std::size_t end) {
    for (; element < end; ++element) {
      if (elements_[element].part == DatePart::kOptionalBegin) {
        const std::size_t close = closing(element);
        const std::size_t at = at_;
        const Fields fields = fields_;
        std::size_t inner = element + 1;
        if (!match(inner, close)) {
          at_ = at;
          fields_ = fields;
        }
        element = close;
      } else if (!step(elements_[element], element)) {
        return false;
      }
    }
    return true;
  }

  std::size_t closing(std::size_t element) const {
    int open = 0;
    for (;; ++element) {
      if (elements_[element].part == DatePart::kOptionalBegin) ++open;
      if (elements_[element].part == DatePart::kOptionalEnd && --open == 0) return element;
    }
  }

  bool step(const DateElement& e, std::size_t index) {
    switch (e.part) {
      case DatePart::kLiteral: return character(e.literal);
      case DatePart::kYear: return year(e.width, index);
      case DatePart::kMonth: return number(fields_.month, e.width, 1, 12);
      case DatePart::kMonthName: return name(kMonths, fields_.month, e.width, 1);
      case DatePart::kDay: return number(fields_.day, e.width, 1, 31);
      case DatePart::kHour: return number(fields_.hour, e.width, 0, 23);
      case DatePart::kHour12: return number(fields_.hour12, e.width, 1, 12);
      case DatePart::kHalfDay: return halfDay();
      case DatePart::kMinute: return number(fields_.minute, e.width, 0, 59);
      case DatePart::kSecond: return number(fields_.second, e.width, 0, 59);
      case DatePart::kFraction: return fraction(e.width, e.width);
      case DatePart::kAnyFraction: return (character('.') || character(',')) && fraction(1, 9);
      case DatePart::kOffset: return (character('Z') && setOffset(0)) || offset(e.width == 3, e.width == 1);
      case DatePart::kNumberOffset: return offset(e.width == 3, e.width == 1);
      case DatePart::kAnyOffset: return (character('Z') && setOffset(0)) || anyOffset();
      case DatePart::kWeekday: return name(kWeekdays, fields_.weekday, e.width, 0);
      case DatePart::kQuarter: return quarter(e.width);
      case DatePart::kEpochMillis: return epoch(1);
      case DatePart::kEpochSecond: return epoch(1000);
      case DatePart::kOptionalBegin:
      case DatePart::kOptionalEnd: return true;
    }
    return false;
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool character(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  // Between `least` and `most` digits.
  std::optional<std::int64_t> digits(std::size_t least, std::size_t most) {
    std::int64_t value = 0;
    std::size_t count = 0;
    for (; count < most && isDigit(peek()); ++count, ++at_) value = value * 10 + (peek() - '0');
    if (count < least) return std::nullopt;
    return value;
  }

  bool number(std::optional<int>& into, std::size_t width, int least, int most) {
    const auto value = digits(width, 2);
    if (!value || *value < least || *value > most) return false;
    into = static_cast<int>(*value);
    return true;
  }

  // yyyy: four digits, more only after a plus (and, unless digits follow in the pattern, a minus for the years before
  // 0).
  bool year(std::size_t width, std::size_t index) {
    if (width == 2) {
      const auto value = digits(2, 2);
      if (value) fields_.year = 2000 + *value;
      return value.has_value();
    }
    const bool is_next_digit = index + 1 < elements_.size() && elements_[index + 1].part == DatePart::kMonth;
    const bool is_negative = character('-');
    const bool is_long = !is_negative && width == 4 && !is_next_digit && character('+');
    const std::size_t least = width == 1 ? 1 : is_long ? 5 : 4;
    const std::size_t most = width == 1 ? 5 : is_long || (is_negative && !is_next_digit) ? 9 : 4;
    const auto value = digits(least, most);
    if (!value || *value > 200'000'000) return false;
    fields_.year = is_negative ? -*value : *value;
    return true;
  }

  template <std::size_t n>
  bool name(const std::array<std::string_view, n>& names, std::optional<int>& into, std::size_t width, int first) {
    for (std::size_t i = 0; i < n; ++i) {
      const std::string_view wanted = width == 3 ? names[i].substr(0, 3) : names[i];
      if (!text_.substr(at_).starts_with(wanted)) continue;
      at_ += wanted.size();
      into = static_cast<int>(i) + first;
      return true;
    }
    return false;
  }

  bool quarter(std::size_t width) {
    if (width == 4) return name(kQuarters, fields_.quarter, width, 1);
    return (width < 3 || character('Q')) && number(fields_.quarter, width == 3 ? 1 : width, 1, 4);
  }

  bool halfDay() {
    const std::string_view two = text_.substr(at_, 2);
    if (two != "AM" && two != "PM") return false;
    at_ += 2;
    fields_.is_afternoon = two == "PM";
    return true;
  }

  bool fraction(std::size_t least, std::size_t most) {
    int nanos = 0;
    std::size_t count = 0;
    for (; count < most && isDigit(peek()); ++count, ++at_) nanos = nanos * 10 + (peek() - '0');
    if (count < least) return false;
    for (std::size_t scale = count; scale < 9; ++scale) nanos *= 10;
    fields_.nanos = nanos;
    return true;
  }

  bool setOffset(std::int64_t millis) {
    fields_.offset = millis;
    return true;
  }
  bool offset(bool has_colon, bool is_minute_optional) {
    const char sign = peek();
    if (sign != '+' && sign != '-') return false;
    ++at_;
    const auto hours = digits(2, 2);
    if (!hours) return false;
    std::optional<std::int64_t> minutes = 0;
    if (!is_minute_optional || isDigit(peek())) {
      if (has_colon && !character(':')) return false;
      minutes = digits(2, 2);
    }
    if (!minutes || *minutes > 59 || *hours * 60 + *minutes > 18 * 60) return false;
    const std::int64_t millis = *hours * kHourMillis + *minutes * kMinuteMillis;
    return setOffset(sign == '-' ? -millis : millis);
  }
  bool anyOffset() {
    const std::size_t at = at_;
    if (offset(true, false)) return true;
    at_ = at;
    return offset(false, true);
  }

  // A whole number of the unit and perhaps a fraction of it.
  bool epoch(std::int64_t unit) {
    const bool is_negative = character('-');
    std::int64_t value = 0;
    std::size_t count = 0;
    for (; isDigit(peek()); ++count, ++at_)
      if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, peek() - '0', &value))
        return false;
    if (count == 0 || __builtin_mul_overflow(value, unit, &value)) return false;
    // Billionths of the unit. What the dialect makes of a negative number of milliseconds misses the millisecond
    // itself.
    std::int64_t rest = round_ == RoundUp::kYes && (!is_negative || unit > 1) ? kSecondNanos - 1 : 0;
    if (character('.')) {
      if (!fraction(1, 9)) return false;
      rest = *fields_.nanos;
    }
    fields_.nanos.reset();
    rest = rest * unit / 1000;  // nanoseconds
    std::int64_t millis = rest / kMilliNanos;
    if (__builtin_add_overflow(value, millis, &millis)) return false;
    const auto nanos = static_cast<std::int32_t>(rest % kMilliNanos);
    if (!is_negative) {
      fields_.instant = {millis, nanos};
    } else {
      fields_.instant = nanos == 0 ? Instant{-millis, 0} : Instant{-millis - 1, static_cast<int>(kMilliNanos) - nanos};
    }
    return true;
  }

  const std::vector<DateElement>& elements_;
  std::string_view text_;
  RoundUp round_;
  std::size_t at_ = 0;
  Fields fields_;
};

// Nothing for a day that its month does not have.
std::optional<Instant> resolve(const Fields& f, RoundUp round, const TimeZone& zone) {
  // The dialect reads an epoch as what a clock in the zone would show.
  if (f.instant) return Instant{zone.toUtc(f.instant->millis), f.instant->nanos};
  const bool is_up = round == RoundUp::kYes;
  CivilTime t;
  t.year = f.year.value_or(1970);
  t.month = f.month.value_or(1);
  t.day = f.day.value_or(1);
  if (t.day > daysInMonth(t.year, t.month)) return std::nullopt;
  if (f.weekday && *f.weekday != weekdayOf(daysFromCivil(t.year, t.month, t.day))) return std::nullopt;
  if (f.quarter && (!f.month || *f.quarter != (t.month + 2) / 3)) return std::nullopt;
  if (f.hour12) {
    t.hour = *f.hour12 % 12 + (f.is_afternoon.value_or(false) ? 12 : 0);
  } else {
    t.hour = f.hour.value_or(is_up ? 23 : 0);
  }
  t.minute = f.minute.value_or(is_up ? 59 : 0);
  t.second = f.second.value_or(is_up ? 59 : 0);
  const int nanos = f.nanos.value_or(is_up ? static_cast<int>(kSecondNanos) - 1 : 0);
  t.millis = nanos / static_cast<int>(kMilliNanos);
  const std::int64_t local = millisFromCivil(t);
  return Instant{f.offset ? local - *f.offset : zone.toUtc(local), nanos % static_cast<int>(kMilliNanos)};
}

}  // namespace

std::optional<Instant> readInstant(const std::vector<DateElement>& elements, std::string_view text, RoundUp round,
                                   const TimeZone& zone) {
  const auto fields = Matcher(elements, text, round).run();
  return fields ? resolve(*fields, round, zone) : std::nullopt;
}

// 20 or 24 characters, no choice anywhere.
std::optional<std::int64_t> readCommonForm(std::string_view text, RoundUp round) {
  if ((text.size() != 20 && text.size() != 24) || text.back() != 'Z') return std::nullopt;
  if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':') return std::nullopt;
  if (text.size() == 24 && text[19] != '.') return std::nullopt;
  bool is_valid = true;
  const auto number = [&](std::size_t at, std::size_t count) {
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
      is_valid = is_valid && isDigit(text[i]);
      value = value * 10 + (text[i] - '0');
    }
    return value;
  };
  CivilTime t;
  t.year = number(0, 4);
  t.month = number(5, 2);
  t.day = number(8, 2);
  t.hour = number(11, 2);
  t.minute = number(14, 2);
  t.second = number(17, 2);
  t.millis = text.size() == 24 ? number(20, 3) : round == RoundUp::kYes ? 999 : 0;
  if (!is_valid || t.month < 1 || t.month > 12 || t.day < 1 || t.day > daysInMonth(t.year, t.month))
    return std::nullopt;
  if (t.hour > 23 || t.minute > 59 || t.second > 59) return std::nullopt;
  return millisFromCivil(t);
}

}  // namespace gyre::engine
