#include "engine/mapping/date_pattern.hpp"

#include <cstddef>
#include <string>
#include <utility>

#include "gyre/schema.hpp"

namespace gyre::engine {

namespace {

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

bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Pattern text to elements. `is_ours` admits the private letters of kNamedFormats.
class PatternCompiler {
 public:
  PatternCompiler(std::string_view pattern, bool is_ours) : pattern_(pattern), is_ours_(is_ours) {}

  Result<std::vector<DateElement>> compile() {
    while (at_ < pattern_.size()) GYRE_TRY(next());
    if (open_ != 0) return refusal("an optional part is not closed");
    if (elements_.empty()) return refusal("it is empty");
    return std::move(elements_);
  }

 private:
  Status refusal(std::string_view why) const {
    return invalidArgument("invalid date format [" + std::string(pattern_) + "]: " + std::string(why));
  }
  void add(DatePart part, std::size_t width = 0, char literal = 0) {
    const std::size_t written = !is_ours_ || width != 1 ? width : part == DatePart::kYear ? 4 : 2;
    elements_.push_back({part, static_cast<std::uint8_t>(width), literal, static_cast<std::uint8_t>(written)});
  }

  Status next() {
    const char c = pattern_[at_];
    if (c == '\'') return quoted();
    if (c == '[' || c == ']') {
      if (c == ']' && open_ == 0) return refusal("an optional part is closed that was not opened");
      open_ += c == '[' ? 1 : -1;
      if (open_ > 16) return refusal("too many optional parts inside each other");
      add(c == '[' ? DatePart::kOptionalBegin : DatePart::kOptionalEnd);
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
    add(DatePart::kLiteral, 0, c);
    return {};
  }

  // A quote stands for itself when doubled, within quotes and outside.
  Status quoted() {
    const std::size_t first = ++at_;
    for (;; ++at_) {
      if (at_ == pattern_.size()) return refusal("a quote is not closed");
      if (pattern_[at_] != '\'') {
        add(DatePart::kLiteral, 0, pattern_[at_]);
      } else if (at_ > first && at_ + 1 < pattern_.size() && pattern_[at_ + 1] == '\'') {
        add(DatePart::kLiteral, 0, '\'');
        ++at_;
      } else {
        break;
      }
    }
    if (at_ == first) add(DatePart::kLiteral, 0, '\'');
    ++at_;
    return {};
  }

  Status letter(char c, std::size_t width) {
    const auto number = [&](DatePart part) {
      if (width > 2) return refusal(std::string("too many letters ") + c);
      add(part, width);
      return Status();
    };
    switch (c) {
      case 'u':
      case 'y':
        if (width == 3 || width > 4) return refusal("a year is y, yy or yyyy");
        add(DatePart::kYear, width);
        return {};
      case 'M':
      case 'L':
        if (width <= 2) return number(DatePart::kMonth);
        if (width > 4) return refusal("too many letters M");
        add(DatePart::kMonthName, width);
        return {};
      case 'd': return number(DatePart::kDay);
      case 'H': return number(DatePart::kHour);
      case 'h': return number(DatePart::kHour12);
      case 'm': return number(DatePart::kMinute);
      case 's': return number(DatePart::kSecond);
      case 'S':
        if (width > 9) return refusal("too many letters S");
        add(DatePart::kFraction, width);
        return {};
      case 'a': add(DatePart::kHalfDay); return {};
      case 'E':
        if (width > 4) return refusal("too many letters E");
        add(DatePart::kWeekday, width < 4 ? 3 : 4);
        return {};
      case 'Q':
      case 'q':
        if (width > 4) return refusal(std::string("too many letters ") + c);
        add(DatePart::kQuarter, width);
        return {};
      case 'X':
      case 'x':
        if (width > 3) return refusal(std::string("too many letters ") + c);
        add(c == 'X' ? DatePart::kOffset : DatePart::kNumberOffset, width);
        return {};
      case 'Z':
        if (width > 3) return refusal("too many letters Z");
        add(DatePart::kNumberOffset, 2);
        return {};
      default: break;
    }
    if (is_ours_ && c == 'f')
      add(DatePart::kAnyFraction, width == 1 ? 3 : 9);
    else if (is_ours_ && c == 'z')
      add(DatePart::kAnyOffset, 3);
    else if (is_ours_ && c == '#')
      add(width == 1 ? DatePart::kEpochMillis : DatePart::kEpochSecond);
    else
      return refusal(std::string("unknown or unsupported pattern letter: ") + c);
    return {};
  }

  std::string_view pattern_;
  bool is_ours_;
  std::size_t at_ = 0;
  int open_ = 0;
  std::vector<DateElement> elements_;
};

}  // namespace

Result<std::vector<DateElement>> compileDateAlternative(std::string_view text) {
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

}  // namespace gyre::engine
