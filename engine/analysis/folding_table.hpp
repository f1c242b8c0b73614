// What is a character without its accent?
//
// THREADS: constants.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gyre::engine {

namespace detail {
struct Folding {
  std::uint16_t code;
  char text[5];  // ASCII, ended by NUL
};
extern const Folding kFoldings[];
extern const std::size_t kFoldingCount;
}  // namespace detail

// The ASCII that stands for the character; "" when nothing does.
inline std::string_view foldToAscii(std::uint32_t code) {
  const detail::Folding* const end = detail::kFoldings + detail::kFoldingCount;
  const detail::Folding* const found =
      std::lower_bound(detail::kFoldings, end, code,
                       [](const detail::Folding& each, std::uint32_t wanted) { return each.code < wanted; });
  return found != end && found->code == code ? std::string_view(found->text) : std::string_view();
}

}  // namespace gyre::engine
