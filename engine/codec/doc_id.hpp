// How is a document named inside a segment, and in what portions is it worked on?
#pragma once

#include <cstdint>

namespace gyre::engine {

using DocId = std::uint32_t;  // 0 … docCount()-1 within one segment, in order of arrival
inline constexpr DocId kNoMoreDocs = 0xffff'ffffu;

// Everything from columns to collectors works on windows of 4,096 consecutive documents: 64 words of a bit set, a score
// array of 16 KiB that stays in the first-level cache, and few enough calls that virtual dispatch costs nothing.
inline constexpr std::uint32_t kWindowDocs = 4096;
inline constexpr std::uint32_t kWindowWords = kWindowDocs / 64;

}  // namespace gyre::engine
