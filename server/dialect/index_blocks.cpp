#include "server/dialect/index_blocks.hpp"

#include <string>

namespace gyre::dialect {

namespace {

// The one block that asks the client to wait, since space may become free.
constexpr int kAllowsDelete = 12;

bool isBlocked(const IndexBlock& block, BlockedAction action) {
  switch (action) {
    case BlockedAction::kRead: return block.blocks_read;
    case BlockedAction::kWrite: return block.blocks_write;
    case BlockedAction::kMetadataRead: return block.blocks_metadata_read;
    case BlockedAction::kMetadataWrite: return block.blocks_metadata_write;
    case BlockedAction::kDelete: return block.blocks_metadata_write && block.id != kAllowsDelete;
  }
  return false;
}

}  // namespace

Status checkBlocks(std::string_view index, const Settings& settings, BlockedAction action) {
  std::string blocks;
  Code code = Code::kResourceExhausted;
  for (const IndexBlock& block : kIndexBlocks) {
    if (!isBlocked(block, action) || settings.text(block.setting) != "true") continue;
    const bool is_wait = block.id == kAllowsDelete;
    if (!is_wait) code = Code::kPermissionDenied;
    blocks += std::string("[") + (is_wait ? "TOO_MANY_REQUESTS" : "FORBIDDEN") + "/" + std::to_string(block.id) + "/" +
              std::string(block.description) + "];";
  }
  if (blocks.empty()) return {};
  return {code, "cluster_block_exception", "index [" + std::string(index) + "] blocked by: " + blocks};
}

}  // namespace gyre::dialect
