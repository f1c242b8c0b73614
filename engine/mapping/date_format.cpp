#include "engine/mapping/date_format.hpp"

#include <array>
#include <charconv>
#include <utility>

#include "engine/analysis/utf8.hpp"
#include "engine/mapping/civil_time.hpp"
#include "gyre/schema.hpp"

namespace gyre::engine {

namespace {

enum class Part : std::uint8_t {
  kLiteral,
  kYear,
  kMonth,
  kMonthName,  // width 3: Jan, 4: January; English, as the dialect's root locale
  kDay,
  kHour,
  kHour12,   // 1 to 12, with kHalfDay
  kHalfDay,  // AM or PM
  kMinute,
  kSecond,
  kFraction,      // exactly `width` digits
  kAnyFraction,   // '.' or ',' and one to nine digits; written as .SSS, with width 9 as long as it takes
  kOffset,        // width 1 +02[00], 2 +0200, 3 +02:00; Z for zero
  kNumberOffset,  // the same, zero written in digits
  kAnyOffset,     // Z, +02, +0200 or +02:00; written as width 3
  kWeekday,       // width 3: Mon, 4: Monday
  kQuarter,       // width 1 or 2: digits, 3: Q1, 4: 1st quarter
  kOptionalBegin,
  kOptionalEnd,
  kEpochMillis,
  kEpochSecond,
};

struct Element {
  Part part = Part::kLiteral;
  std::uint8_t width = 0;
  char literal = 0;
  std::uint8_t written = 0;  // digits at least when it is written; named formats read single ones and write none
};

constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 4> kQuarters = {"1st quarter", "2nd quarter", "3rd quarter", "4th quarter"};
constexpr std::array<std::string_view, 7> kWeekdays = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                       "Friday", "Saturday", "Sunday"};

// The dialect's names as patterns of our own letters: f is kAnyFraction (ff writes nanoseconds), z is kAnyOffset, # and
// ## the epochs. The
// strict form has fixed widths, the plain one takes single digits.
struct NamedFormat {
  std::string_view name;
  std::string_view pattern;
};
constexpr NamedFormat kNamedFormats[] = {
    {"strict_date_optional_time", "yyyy[-MM[-dd['T'[HH[:mm[:ss[f]]][z]]]]]"},
    {"strict_date_optional_time_nanos", "yyyy[-MM[-dd['T'[HH[:mm[:ss[ff]]][z]]]]]"},
    {"iso8601", "yyyy[-MM[-dd['T'[HH[:mm[:ss[f]]][z]]]]]"},
    {"date_optional_time", "y[-M[-d['T'[H[:m[:s[f]]][z]]]]]"},
    {"epoch_millis", "#"},
    {"epoch_second", "##"},
    {"strict_date", "yyyy-MM-dd"},
    {"date", "y-M-d"},
    {"strict_date_time", "yyyy-MM-dd'T'HH:mm:ssfz"},
    {"date_time", "y-M-d'T'H:m:sfz"},
    {"strict_date_time_no_millis", "yyyy-MM-dd'T'HH:mm:ssz"},
    {"date_time_no_millis", "y-M-d'T'H:m:sz"},
    {"strict_date_hour", "yyyy-MM-dd'T'HH"},
    {"date_hour", "y-M-d'T'H"},
    {"strict_date_hour_minute", "yyyy-MM-dd'T'HH:mm"},
    {"date_hour_minute", "y-M-d'T'H:m"},
    {"strict_date_hour_minute_second", "yyyy-MM-dd'T'HH:mm:ss"},
    {"date_hour_minute_second", "y-M-d'T'H:m:s"},
    {"strict_date_hour_minute_second_millis", "yyyy-MM-dd'T'HH:mm:ssf"},
    {"date_hour_minute_second_millis", "y-M-d'T'H:m:sf"},
    {"strict_date_hour_minute_second_fraction", "yyyy-MM-dd'T'HH:mm:ssf"},
    {"date_hour_minute_second_fraction", "y-M-d'T'H:m:sf"},
    {"strict_hour", "HH"},
    {"hour", "H"},
    {"strict_hour_minute", "HH:mm"},
    {"hour_minute", "H:m"},
    {"strict_hour_minute_second", "HH:mm:ss"},
    {"hour_minute_second", "H:m:s"},
    {"strict_hour_minute_second_millis", "HH:mm:ssf"},
    {"hour_minute_second_millis", "H:m:sf"},
    {"strict_time", "HH:mm:ssfz"},
    {"time", "H:m:sfz"},
    {"strict_time_no_millis", "HH:mm:ssz"},
    {"time_no_millis", "H:m:sz"},
    {"strict_t_time", "'T'HH:mm:ssfz"},
    {"t_time", "'T'H:m:sfz"},
    {"strict_t_time_no_millis", "'T'HH:mm:ssz"},
    {"t_time_no_millis", "'T'H:m:sz"},
    {"strict_year", "yyyy"},
    {"year", "y"},
    {"strict_year_month", "yyyy-MM"},
    {"year_month", "y-M"},
    {"strict_year_month_day", "yyyy-MM-dd"},
    {"year_month_day", "y-M-d"},
    {"basic_date", "yyyyMMdd"},
    {"basic_date_time", "yyyyMMdd'T'HHmmssfz"},
    {"basic_date_time_no_millis", "yyyyMMdd'T'HHmmssz"},
    {"basic_time", "HHmmssfz"},
    {"basic_time_no_millis", "HHmmssz"},
    {"basic_t_time", "'T'HHmmssfz"},
    {"basic_t_time_no_millis", "'T'HHmmssz"},
};

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Pattern text to elements. `is_ours` admits the private letters of kNamedFormats.
class PatternCompiler {
 public:
  PatternCompiler(std::string_view pattern, bool is_ours) : pattern_(pattern), is_ours_(is_ours) {}

  Result<std::vector<Element>> compile() {
    while (at_ < pattern_.size()) GYRE_TRY(next());
    if (open_ != 0) return refusal("an optional part is not closed");
    if (elements_.empty()) return refusal("it is empty");
    return std::move(elements_);
  }

 private:
  Status refusal(std::string_view why) const {
    return invalidArgument("invalid date format [" + std::string(pattern_) + "]: " + std::string(why));
  }
  void add(Part part, std::size_t width = 0, char literal = 0) {
    const std::size_t written = !is_ours_ || width != 1 ? width : part == Part::kYear ? 4 : 2;
    elements_.push_back({part, static_cast<std::uint8_t>(width), literal, static_cast<std::uint8_t>(written)});
  }

  Status next() {
    const char c = pattern_[at_];
    if (c == '\'') return quoted();
    if (c == '[' || c == ']') {
      if (c == ']' && open_ == 0) return refusal("an optional part is closed that was not opened");
      open_ += c == '[' ? 1 : -1;
      if (open_ > 16) return refusal("too many optional parts inside each other");
      add(c == '[' ? Part::kOptionalBegin : Part::kOptionalEnd);
      ++at_;
      return {};
    }
    std::size_t width = 1;
    while (at_ + width < pattern_.size() && pattern_[at_ + width] == c) ++width;
    if (isLetter(c) || (is_ours_ && c == '#')) {
      at_ += width;
      return letter(c, width);
    }
    if (c == '{' || c == '}' || c == '#') return refusal(std::string("[") + c + "] is reserved");
    ++at_;
    add(Part::kLiteral, 0, c);
    return {};
  }

  // A quote stands for itself when doubled, within quotes and outside.
  Status quoted() {
    const std::size_t first = ++at_;
    for (;; ++at_) {
      if (at_ == pattern_.size()) return refusal("a quote is not closed");
      if (pattern_[at_] != '\'') {
        add(Part::kLiteral, 0, pattern_[at_]);
      } else if (at_ > first && at_ + 1 < pattern_.size() && pattern_[at_ + 1] == '\'') {
        add(Part::kLiteral, 0, '\'');
        ++at_;
      } else {
        break;
      }
    }
    if (at_ == first) add(Part::kLiteral, 0, '\'');
    ++at_;
    return {};
  }

  Status letter(char c, std::size_t width) {
    const auto number = [&](Part part) {
      if (width > 2) return refusal(std::string("too many letters ") + c);
      add(part, width);
      return Status();
    };
    switch (c) {
      case 'u':
      case 'y':
        if (width == 3 || width > 4) return refusal("a year is y, yy or yyyy");
        add(Part::kYear, width);
        return {};
      case 'M':
      case 'L':
        if (width <= 2) return number(Part::kMonth);
        if (width > 4) return refusal("too many letters M");
        add(Part::kMonthName, width);
        return {};
      case 'd': return number(Part::kDay);
      case 'H': return number(Part::kHour);
      case 'h': return number(Part::kHour12);
      case 'm': return number(Part::kMinute);
      case 's': return number(Part::kSecond);
      case 'S':
        if (width > 9) return refusal("too many letters S");
        add(Part::kFraction, width);
        return {};
      case 'a': add(Part::kHalfDay); return {};
      case 'E':
        if (width > 4) return refusal("too many letters E");
        add(Part::kWeekday, width < 4 ? 3 : 4);
        return {};
      case 'Q':
      case 'q':
        if (width > 4) return refusal(std::string("too many letters ") + c);
        add(Part::kQuarter, width);
        return {};
      case 'X':
      case 'x':
        if (width > 3) return refusal(std::string("too many letters ") + c);
        add(c == 'X' ? Part::kOffset : Part::kNumberOffset, width);
        return {};
      case 'Z':
        if (width > 3) return refusal("too many letters Z");
        add(Part::kNumberOffset, 2);
        return {};
      default: break;
    }
    if (is_ours_ && c == 'f')
      add(Part::kAnyFraction, width == 1 ? 3 : 9);
    else if (is_ours_ && c == 'z')
      add(Part::kAnyOffset, 3);
    else if (is_ours_ && c == '#')
      add(width == 1 ? Part::kEpochMillis : Part::kEpochSecond);
    else
      return refusal(std::string("unknown or unsupported pattern letter: ") + c);
    return {};
  }

  std::string_view pattern_;
  bool is_ours_;
  std::size_t at_ = 0;
  int open_ = 0;
  std::vector<Element> elements_;
};

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
  Matcher(const std::vector<Element>& elements, std::string_view text, RoundUp round)
      : elements_(elements), text_(text), round_(round) {}

  std::optional<Fields> run() {
    std::size_t element = 0;
    if (!match(element, elements_.size()) || at_ != text_.size()) return std::nullopt;
    return fields_;
  }

 private:
  bool match(std::size_t& element, std::size_t end) {
    for (; element < end; ++element) {
      if (elements_[element].part == Part::kOptionalBegin) {
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
      if (elements_[element].part == Part::kOptionalBegin) ++open;
      if (elements_[element].part == Part::kOptionalEnd && --open == 0) return element;
    }
  }

  bool step(const Element& e, std::size_t index) {
    switch (e.part) {
      case Part::kLiteral: return character(e.literal);
      case Part::kYear: return year(e.width, index);
      case Part::kMonth: return number(fields_.month, e.width, 1, 12);
      case Part::kMonthName: return name(kMonths, fields_.month, e.width, 1);
      case Part::kDay: return number(fields_.day, e.width, 1, 31);
      case Part::kHour: return number(fields_.hour, e.width, 0, 23);
      case Part::kHour12: return number(fields_.hour12, e.width, 1, 12);
      case Part::kHalfDay: return halfDay();
      case Part::kMinute: return number(fields_.minute, e.width, 0, 59);
      case Part::kSecond: return number(fields_.second, e.width, 0, 59);
      case Part::kFraction: return fraction(e.width, e.width);
      case Part::kAnyFraction: return (character('.') || character(',')) && fraction(1, 9);
      case Part::kOffset: return (character('Z') && setOffset(0)) || offset(e.width == 3, e.width == 1);
      case Part::kNumberOffset: return offset(e.width == 3, e.width == 1);
      case Part::kAnyOffset: return (character('Z') && setOffset(0)) || anyOffset();
      case Part::kWeekday: return name(kWeekdays, fields_.weekday, e.width, 0);
      case Part::kQuarter: return quarter(e.width);
      case Part::kEpochMillis: return epoch(1);
      case Part::kEpochSecond: return epoch(1000);
      case Part::kOptionalBegin:
      case Part::kOptionalEnd: return true;
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
    const bool is_next_digit = index + 1 < elements_.size() && elements_[index + 1].part == Part::kMonth;
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

  const std::vector<Element>& elements_;
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

// "2024-02-29T12:00:00[.000]Z", the form that nearly every document holds: 20 or 24 characters, no choice anywhere.
std::optional<std::int64_t> parseCommonForm(std::string_view text, RoundUp round) {
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

}  // namespace

struct DateFormat::Alternative {
  std::vector<Element> elements;
};

namespace {

Result<std::vector<Element>> compileAlternative(std::string_view text) {
  for (const NamedFormat& named : kNamedFormats)
    if (named.name == text) return PatternCompiler(named.pattern, true).compile();
  // Words joined by underscores are meant as a name; as a pattern their letters would give a puzzling refusal.
  const std::string_view near = nearestName(text, kNamedFormats, [](const NamedFormat& named) { return named.name; });
  if (text.find('_') != std::string_view::npos ||
      (!near.empty() && text.size() > 3 && text.find_first_of("-/:. ") == text.npos))
    return invalidArgument("unknown date format [" + std::string(text) + "]" +
                           (near.empty() ? std::string() : ", did you mean [" + std::string(near) + "]?"));
  return PatternCompiler(text, false).compile();
}

// A histogram's answer writes thousands of these.
void appendNumber(std::string& out, std::int64_t value, std::size_t width) {
  const auto bits = static_cast<std::uint64_t>(value);
  std::array<char, 20> digits;
  const char* const end = std::to_chars(digits.begin(), digits.end(), value < 0 ? ~bits + 1 : bits).ptr;
  const auto size = static_cast<std::size_t>(end - digits.data());
  const std::size_t sign = value < 0 ? 1 : 0;
  out.append(sign, '-');
  if (sign + size < width) out.append(width - sign - size, '0');
  out.append(digits.data(), size);
}

void appendYear(std::string& out, std::int64_t year, std::size_t width) {
  if (width == 2) return appendNumber(out, (year % 100 + 100) % 100, 2);
  if (year > 9999 && width == 4) out += '+';
  if (year < 0) out += '-';
  appendNumber(out, year < 0 ? -year : year, width);
}

void appendOffset(std::string& out, std::int64_t offset, std::size_t width, bool is_zero_z) {
  if (offset == 0 && is_zero_z) {
    out += 'Z';
    return;
  }
  const std::int64_t minutes = (offset < 0 ? -offset : offset) / kMinuteMillis;
  out += offset < 0 ? '-' : '+';
  appendNumber(out, minutes / 60, 2);
  if (width == 1 && minutes % 60 == 0) return;
  if (width == 3) out += ':';
  appendNumber(out, minutes % 60, 2);
}

// As many of a second's nanoseconds as `width` has places for.
void appendFraction(std::string& out, std::int64_t nanos, std::size_t width) {
  std::string digits;
  appendNumber(digits, nanos, 9);
  out += digits.substr(0, width);
}

void dropZeros(std::string& out, std::size_t least) {
  while (out.size() > least && out.back() == '0') out.pop_back();
}

// A whole number of the unit (in milliseconds), and the fraction where there is one.
void appendEpoch(std::string& out, const Instant& instant, std::int64_t unit) {
  std::int64_t millis = instant.millis;
  std::int64_t nanos = instant.nanos;
  const bool is_negative = millis < 0;
  if (is_negative && nanos != 0) {
    ++millis;
    nanos = kMilliNanos - nanos;
  }
  std::int64_t rest = millis % unit;
  if (is_negative) rest = -rest;
  rest = rest * kMilliNanos + nanos;
  if (is_negative && millis / unit == 0) out += '-';
  appendNumber(out, millis / unit, 1);
  if (rest == 0) return;
  out += '.';
  appendNumber(out, rest, unit == 1 ? 6 : 9);
  dropZeros(out, 0);
}

void appendElement(std::string& out, const Element& e, const CivilTime& t, const Instant& instant,
                   std::int64_t offset) {
  const std::int64_t nanos = t.millis * kMilliNanos + instant.nanos;  // of the second
  switch (e.part) {
    case Part::kLiteral: out += e.literal; return;
    case Part::kYear: return appendYear(out, t.year, e.written);
    case Part::kMonth: return appendNumber(out, t.month, e.written);
    case Part::kMonthName: {
      const std::string_view name = kMonths[static_cast<std::size_t>(t.month - 1)];
      out += e.width == 3 ? name.substr(0, 3) : name;
      return;
    }
    case Part::kDay: return appendNumber(out, t.day, e.written);
    case Part::kHour: return appendNumber(out, t.hour, e.written);
    case Part::kHour12: return appendNumber(out, t.hour % 12 == 0 ? 12 : t.hour % 12, e.width);
    case Part::kHalfDay: out += t.hour < 12 ? "AM" : "PM"; return;
    case Part::kMinute: return appendNumber(out, t.minute, e.written);
    case Part::kSecond: return appendNumber(out, t.second, e.written);
    case Part::kFraction: return appendFraction(out, nanos, e.width);
    case Part::kAnyFraction:
      out += '.';
      appendFraction(out, nanos, e.width);
      return dropZeros(out, out.size() + 3 - e.width);
    case Part::kOffset:
    case Part::kAnyOffset: return appendOffset(out, offset, e.width, true);
    case Part::kNumberOffset: return appendOffset(out, offset, e.width, false);
    case Part::kQuarter: {
      const int quarter = (t.month + 2) / 3;
      if (e.width < 3) return appendNumber(out, quarter, e.width);
      out +=
          e.width == 3 ? "Q" + std::to_string(quarter) : std::string(kQuarters[static_cast<std::size_t>(quarter - 1)]);
      return;
    }
    case Part::kWeekday: {
      const auto day = static_cast<std::size_t>(weekdayOf(daysFromCivil(t.year, t.month, t.day)));
      out += e.width == 3 ? kWeekdays[day].substr(0, 3) : kWeekdays[day];
      return;
    }
    case Part::kEpochMillis: return appendEpoch(out, instant, 1);
    case Part::kEpochSecond: return appendEpoch(out, instant, 1000);
    case Part::kOptionalBegin:
    case Part::kOptionalEnd: return;
  }
}

}  // namespace

DateFormat::DateFormat() {
  static const DateFormat shared = std::move(parse(kDefaultDateFormat)).value();
  *this = shared;
}

Result<DateFormat> DateFormat::parse(std::string_view format) {
  if (format.empty()) return DateFormat();
  DateFormat parsed{nullptr};
  parsed.name_ = std::string(format);
  auto alternatives = std::make_shared<std::vector<Alternative>>();
  for (std::string_view rest = format;;) {
    const std::size_t bar = rest.find("||");
    const std::string_view part = rest.substr(0, bar);
    GYRE_TRY_ASSIGN(auto elements, compileAlternative(part));
    if (alternatives->empty()) parsed.is_default_first_ = part == "strict_date_optional_time";
    alternatives->push_back({std::move(elements)});
    if (bar == std::string_view::npos) break;
    rest.remove_prefix(bar + 2);
  }
  parsed.alternatives_ = std::move(alternatives);
  return parsed;
}

std::optional<Instant> tryParseInstant(std::string_view text, const DateFormat& format, RoundUp round,
                                       const TimeZone& zone) {
  for (const DateFormat::Alternative& alternative : *format.alternatives_) {
    const auto fields = Matcher(alternative.elements, text, round).run();
    if (!fields) continue;
    if (const auto instant = resolve(*fields, round, zone)) return instant;
  }
  return std::nullopt;
}

std::optional<std::int64_t> tryParseDate(std::string_view text, const DateFormat& format, RoundUp round,
                                         const TimeZone& zone) {
  if (format.is_default_first_)
    if (const auto common = parseCommonForm(text, round)) return common;
  const auto instant = tryParseInstant(text, format, round, zone);
  return instant ? std::optional(instant->millis) : std::nullopt;
}

namespace {
Status unreadable(std::string_view text, const DateFormat& format) {
  return {Code::kInvalidArgument, "parse_exception",
          "failed to parse date [" + std::string(utf16Prefix(text, 100)) + "] with format [" + format.name() + "]"};
}
}  // namespace

Result<Instant> parseInstant(std::string_view text, const DateFormat& format, RoundUp round, const TimeZone& zone) {
  if (const auto instant = tryParseInstant(text, format, round, zone)) return *instant;
  return unreadable(text, format);
}

Result<std::int64_t> parseDate(std::string_view text, const DateFormat& format, RoundUp round, const TimeZone& zone) {
  if (const auto millis = tryParseDate(text, format, round, zone)) return *millis;
  return unreadable(text, format);
}

std::string formatInstant(const Instant& instant, const DateFormat& format, const TimeZone& zone) {
  const std::int64_t local = zone.toLocal(instant.millis);
  const CivilTime civil = civilFromMillis(local);
  std::string out;
  for (const Element& e : format.alternatives_->front().elements)
    appendElement(out, e, civil, instant, zone.offsetAt(instant.millis));
  return out;
}

}  // namespace gyre::engine
