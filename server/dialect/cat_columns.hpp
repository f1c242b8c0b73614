// Which columns has a _cat table?
//
// THREADS: the tables are constant.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace gyre::dialect {

struct CatColumn {
  std::string_view name;
  std::string_view aliases;  // separated by commas
  std::string_view help;
  bool is_right;  // aligned to the right
  bool is_shown;  // unless the request names others
};

enum class CatTableKind : std::uint8_t {
  kIndices,
  kHealth,
  kAliases,
  kShards,
  kSegments,
  kTemplates,
  kNodes,
  kClusterManager,
  kAllocation,
  kPlugins,
  kTasks,
  kPendingTasks,
  kThreadPool,
  kCount,
  kNodeattrs,
  kFielddata,
  kRecovery,
  kRepositories,
};
std::span<const CatColumn> catColumns(CatTableKind kind);

}  // namespace gyre::dialect
