#include "flat_scanner.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace gyre::logs {

namespace {

// What ends the run of characters that stand for themselves in a JSON string.
constexpr std::array<bool, 256> kEndsRun = [] {
  std::array<bool, 256> ends{};
  for (unsigned c = 0; c < 0x20; ++c) ends[c] = true;
  ends['"'] = ends['\\'] = true;
  return ends;
}();

constexpr std::uint64_t kOnes = 0x0101010101010101u;
constexpr std::uint64_t kHighs = 0x8080808080808080u;

// Eight bytes at a time: whether any of them is a quote, a backslash or below a blank.
bool endsRun(std::uint64_t bytes) {
  const auto zeros = [](std::uint64_t v) { return (v - kOnes) & ~v & kHighs; };
  return (zeros(bytes ^ (kOnes * '"')) | zeros(bytes ^ (kOnes * '\\')) | ((bytes - kOnes * 0x20) & ~bytes & kHighs)) !=
         0;
}

class Scan {
 public:
  explicit Scan(std::string_view line) : at_(line.data()), end_(line.data() + line.size()) {}

  void skipSpace() {
    while (at_ < end_ && json::detail::isSpace(*at_)) ++at_;
  }
  bool take(char c) {
    skipSpace();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool isAtEnd() {
    skipSpace();
    return at_ == end_;
  }
  char next() {
    skipSpace();
    return at_ == end_ ? '\0' : *at_;
  }

  // A string whose opening quote is next. False also for what only a decoder can tell.
  bool string(Datum& datum) {
    const char* const begin = at_++;
    for (;;) {
      std::uint64_t bytes = 0;
      while (end_ - at_ >= 8) {
        std::memcpy(&bytes, at_, 8);
        if (endsRun(bytes)) break;
        at_ += 8;
      }
      while (at_ < end_ && !kEndsRun[static_cast<unsigned char>(*at_)]) ++at_;
      if (at_ == end_ || (*at_ != '"' && *at_ != '\\')) return false;
      if (*at_ == '"') break;
      if (end_ - at_ < 2 || std::string_view("\"\\/bfnrt").find(at_[1]) == std::string_view::npos) return false;
      datum.has_escapes = true;
      at_ += 2;
    }
    ++at_;
    datum.raw = {begin, static_cast<std::size_t>(at_ - begin)};
    if (!datum.has_escapes) datum.text = datum.raw.substr(1, datum.raw.size() - 2);
    datum.kind = json::Kind::kString;
    return true;
  }
  // A number, true, false or null.
  bool scalar(Datum& datum) {
    const char* const begin = at_;
    while (at_ < end_ && *at_ != ',' && *at_ != '}' && !json::detail::isSpace(*at_)) ++at_;
    datum.raw = datum.text = {begin, static_cast<std::size_t>(at_ - begin)};
    datum.kind = datum.raw == "true" || datum.raw == "false" ? json::Kind::kBoolean
                 : datum.raw == "null"                       ? json::Kind::kNull
                 : json::detail::isNumber(datum.raw)         ? json::Kind::kNumber
                                                             : json::Kind::kMissing;
    return datum.kind != json::Kind::kMissing;
  }

 private:
  const char* at_;
  const char* end_;
};

}  // namespace

std::size_t scanFlatObject(std::string_view line, Datum (&members)[kMaxFlatMembers]) {
  Scan scan(line);
  if (!scan.take('{')) return kNotFlat;
  if (scan.take('}')) return scan.isAtEnd() ? 0 : kNotFlat;
  for (std::size_t count = 0; count < kMaxFlatMembers; ++count) {
    Datum name;
    if (scan.next() != '"' || !scan.string(name) || name.has_escapes || name.text.empty()) return kNotFlat;
    for (std::size_t i = 0; i < count; ++i)
      if (members[i].key == name.text) return kNotFlat;
    Datum& member = members[count];
    member = {};
    member.key = name.text;
    if (!scan.take(':')) return kNotFlat;
    const char first = scan.next();
    if (first == '{' || first == '[' || !(first == '"' ? scan.string(member) : scan.scalar(member))) return kNotFlat;
    if (scan.take(',')) continue;
    return scan.take('}') && scan.isAtEnd() ? count + 1 : kNotFlat;
  }
  return kNotFlat;
}

}  // namespace gyre::logs
