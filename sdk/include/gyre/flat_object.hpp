// Is this a flat JSON object, as nearly every log record is? Then its members are told at once, in one pass and without
// a copy; whatever else a text may be is for json::Document.
//
// THREADS: a reader belongs to one thread. OWNS: the names of the text before; members borrow from the text.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "gyre/json.hpp"

namespace gyre::json {

// A member of an object. Of a string with escapes, `text` is empty and `has_escapes` says so.
struct FlatMember {
  std::string_view key;
  std::string_view raw;   // the value's JSON
  std::string_view text;  // a string's characters, a number as written
  Kind kind = Kind::kMissing;
  bool has_escapes = false;

  bool isMissing() const { return kind == Kind::kMissing; }
  bool isString() const { return kind == Kind::kString; }
  bool isNumber() const { return kind == Kind::kNumber; }
};

inline constexpr std::size_t kMaxFlatMembers = 32;
// What FlatReader gives when it tells nothing.
inline constexpr std::size_t kNotFlat = static_cast<std::size_t>(-1);

namespace detail {

// What ends the run of characters that stand for themselves in a JSON string.
inline constexpr std::array<bool, 256> kEndsRun = [] {
  std::array<bool, 256> ends{};
  for (unsigned c = 0; c < 0x20; ++c) ends[c] = true;
  ends['"'] = ends['\\'] = true;
  return ends;
}();

class FlatScan {
 public:
  explicit FlatScan(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

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

  // The bytes of `expected`, which are no white space, if they are next.
  bool takeAll(std::string_view expected) {
    skipSpace();
    if (static_cast<std::size_t>(end_ - at_) < expected.size() ||
        std::memcmp(at_, expected.data(), expected.size()) != 0)
      return false;
    at_ += expected.size();
    return true;
  }
  const char* at() const { return at_; }

  // A string whose opening quote is next. False also for what only a decoder can tell.
  bool string(FlatMember& member) {
    const char* const begin = at_++;
    for (;;) {
      skipRun();
      if (at_ == end_ || (*at_ != '"' && *at_ != '\\')) return false;
      if (*at_ == '"') break;
      if (end_ - at_ < 2 || std::string_view("\"\\/bfnrt").find(at_[1]) == std::string_view::npos) return false;
      member.has_escapes = true;
      at_ += 2;
    }
    ++at_;
    const std::size_t size = static_cast<std::size_t>(at_ - begin);
    member.raw = {begin, size};
    if (!member.has_escapes) member.text = {begin + 1, size - 2};
    member.kind = Kind::kString;
    return true;
  }
  // A number, true, false or null.
  bool scalar(FlatMember& member) {
    const char* const begin = at_;
    while (at_ < end_ && *at_ != ',' && *at_ != '}' && !isSpace(*at_)) ++at_;
    // Not copied out of the member: two halves just written are no whole that can be read at once.
    const std::string_view text(begin, static_cast<std::size_t>(at_ - begin));
    member.raw = text;
    member.text = text;
    member.kind = isNumber(text)                      ? Kind::kNumber
                  : text == "true" || text == "false" ? Kind::kBoolean
                  : text == "null"                    ? Kind::kNull
                                                      : Kind::kMissing;
    return member.kind != Kind::kMissing;
  }

 private:
  // To what ends the run of characters that stand for themselves, eight bytes at a time.
  void skipRun() {
    constexpr std::uint64_t kOnes = 0x0101010101010101u;
    constexpr std::uint64_t kHighs = 0x8080808080808080u;
    const auto zeros = [](std::uint64_t v) { return (v - kOnes) & ~v & kHighs; };
    for (; end_ - at_ >= 8; at_ += 8) {
      std::uint64_t bytes = 0;
      std::memcpy(&bytes, at_, 8);
      const std::uint64_t ends =
          zeros(bytes ^ (kOnes * '"')) | zeros(bytes ^ (kOnes * '\\')) | ((bytes - kOnes * 0x20) & ~bytes & kHighs);
      if (ends == 0) continue;
      // A borrow may mark bytes above the first, never below: the first is right where it is the lowest.
      if constexpr (std::endian::native == std::endian::little) {
        at_ += std::countr_zero(ends) / 8;
        return;
      }
      break;
    }
    while (at_ < end_ && !kEndsRun[static_cast<unsigned char>(*at_)]) ++at_;
  }
  void skipSpace() {
    while (at_ < end_ && isSpace(*at_)) ++at_;
  }

  const char* at_;
  const char* end_;
};

}  // namespace detail

// Reads one object after another. Those of one sender mostly have the same members in the same order: then names are
// only compared, and what a caller found out about them holds on.
class FlatReader {
 public:
  // The number of members, or nothing of value (kNotFlat) when the text is no object of at most kMaxFlatMembers scalars
  // with plain, distinct names, or is malformed in any way. REQUIRES: `text` is valid UTF-8.
  std::size_t read(std::string_view text, FlatMember (&members)[kMaxFlatMembers]) {
    const std::size_t count = scan(text, members);
    if (count != kNotFlat && !is_same_) keepNames(members, count);
    return count;
  }
  // Whether the last object, which was flat, has the names of the last flat one before it, in the same order.
  bool isSameShape() const { return is_same_; }

 private:
  std::size_t scan(std::string_view text, FlatMember (&members)[kMaxFlatMembers]) {
    detail::FlatScan scan(text);
    is_same_ = count_ > 0;
    if (!scan.take('{')) return kNotFlat;
    if (scan.take('}')) {
      is_same_ = false;
      return scan.isAtEnd() ? 0 : kNotFlat;
    }
    std::size_t name_begin = 0;
    for (std::size_t count = 0; count < kMaxFlatMembers; ++count) {
      FlatMember& member = members[count];
      member = {};
      is_same_ = is_same_ && count < count_ &&
                 scan.takeAll(std::string_view(names_).substr(name_begin, ends_[count] - name_begin));
      if (is_same_) {
        member.key = {scan.at() - (ends_[count] - name_begin) + 1, ends_[count] - name_begin - 2};
        name_begin = ends_[count];
      } else if (!name(scan, members, count)) {
        return kNotFlat;
      }
      if (!scan.take(':')) return kNotFlat;
      const char first = scan.next();
      if (first == '{' || first == '[' || !(first == '"' ? scan.string(member) : scan.scalar(member))) return kNotFlat;
      if (scan.take(',')) continue;
      if (!scan.take('}') || !scan.isAtEnd()) return kNotFlat;
      is_same_ = is_same_ && count + 1 == count_;
      return count + 1;
    }
    return kNotFlat;
  }

  static bool name(detail::FlatScan& scan, FlatMember (&members)[kMaxFlatMembers], std::size_t count) {
    FlatMember name;
    if (scan.next() != '"' || !scan.string(name) || name.has_escapes || name.text.empty()) return false;
    for (std::size_t i = 0; i < count; ++i)
      if (members[i].key == name.text) return false;
    members[count].key = name.text;
    return true;
  }

  void keepNames(const FlatMember (&members)[kMaxFlatMembers], std::size_t count) {
    names_.clear();
    for (std::size_t i = 0; i < count; ++i) {
      names_.append(1, '"').append(members[i].key).append(1, '"');
      ends_[i] = names_.size();
    }
    count_ = count;
  }

  std::string names_;  // in quotes
  std::size_t ends_[kMaxFlatMembers] = {};
  std::size_t count_ = 0;
  bool is_same_ = false;
};

}  // namespace gyre::json
