// What frames a block file? Shared by its writer and its reader.
//
// FORMAT: docs/SERIES_FORMAT.md, "Block file".
#pragma once

#include <cstddef>
#include <string_view>

namespace gyre::engine::series::block_layout {

inline constexpr std::string_view kHeader = "GYRETSB1";
inline constexpr std::string_view kFooter = "GYRETSE1";
inline constexpr std::size_t kFooterSize = 32;  // u64 offset of the index, u64 its size, u64 its xxh3, magic

}  // namespace gyre::engine::series::block_layout
