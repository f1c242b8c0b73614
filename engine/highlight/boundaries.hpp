// Where may a text be cut into fragments?
//
// THREADS: immutable. OWNS: borrows the text, in UTF-16 units.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace gyre::engine {

// Stands between the values of a field, and ends a sentence.
inline constexpr char16_t kValueSeparator = 0x2029;

// Places between the beginning and the end of a text, both included.
class Boundaries {
 public:
  static Boundaries ofWords(std::u16string_view text);
  static Boundaries ofSentences(std::u16string_view text);
  // After each separator only.
  static Boundaries ofValues(std::u16string_view text);

  // The last one before `offset`, -1 when there is none; the first one behind it, -1 when there is none.
  std::int64_t preceding(std::int64_t offset) const;
  std::int64_t following(std::int64_t offset) const;

 private:
  std::vector<std::uint32_t> places_;
};

}  // namespace gyre::engine
