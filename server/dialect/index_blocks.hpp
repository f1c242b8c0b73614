// May this be done to an index, or is it blocked? The settings index.blocks.*.
//
// THREADS: free functions.
#pragma once

#include <array>
#include <string_view>

#include "gyre/status.hpp"
#include "server/dialect/settings.hpp"

namespace gyre::dialect {

enum class BlockedAction { kRead, kWrite, kMetadataRead, kMetadataWrite, kDelete };

struct IndexBlock {
  std::string_view name;     // as in PUT /{index}/_block/{name}
  std::string_view setting;  // "index.blocks.write"
  int id;
  std::string_view description;
  bool blocks_read, blocks_write, blocks_metadata_read, blocks_metadata_write;
};

// Every block there is.
inline constexpr std::array<IndexBlock, 5> kIndexBlocks{{
    {"read_only", "index.blocks.read_only", 5, "index read-only (api)", false, true, false, true},
    {"read", "index.blocks.read", 7, "index read (api)", true, false, false, false},
    {"write", "index.blocks.write", 8, "index write (api)", false, true, false, false},
    {"metadata", "index.blocks.metadata", 9, "index metadata (api)", false, false, true, true},
    {"read_only_allow_delete", "index.blocks.read_only_allow_delete", 12, "index read-only / allow delete (api)", false,
     true, false, true},
}};

// Ok, or cluster_block_exception naming every block in the way.
Status checkBlocks(std::string_view index, const Settings& settings, BlockedAction action);

}  // namespace gyre::dialect
