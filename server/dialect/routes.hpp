// Which groups of routes are there? Each is a table in a file of its own.
//
// THREADS: constants.
#pragma once

#include <array>
#include <span>

#include "server/dialect/route_table.hpp"

namespace gyre::dialect {

std::span<const Route> aliasRoutes();
std::span<const Route> analyzeRoutes();
std::span<const Route> bulkRoutes();
std::span<const Route> byQueryRoutes();
std::span<const Route> catRoutes();
std::span<const Route> clusterRoutes();
std::span<const Route> documentRoutes();
std::span<const Route> explainRoutes();
std::span<const Route> fieldCapsRoutes();
std::span<const Route> indexRoutes();
std::span<const Route> indexSettingRoutes();
std::span<const Route> infoRoutes();
std::span<const Route> ingestRoutes();
std::span<const Route> mappingRoutes();
std::span<const Route> multiGetRoutes();
std::span<const Route> nodeRoutes();
std::span<const Route> rolloverRoutes();
std::span<const Route> scrollRoutes();
std::span<const Route> searchRoutes();
std::span<const Route> statsRoutes();
std::span<const Route> taskRoutes();
std::span<const Route> templateRoutes();
std::span<const Route> upkeepRoutes();

inline auto routeGroups() {
  return std::to_array<std::span<const Route>>({
      aliasRoutes(),    analyzeRoutes(), bulkRoutes(),      byQueryRoutes(),  catRoutes(),          clusterRoutes(),
      documentRoutes(), explainRoutes(), fieldCapsRoutes(), indexRoutes(),    indexSettingRoutes(), infoRoutes(),
      ingestRoutes(),   mappingRoutes(), multiGetRoutes(),  nodeRoutes(),     rolloverRoutes(),     scrollRoutes(),
      searchRoutes(),   statsRoutes(),   taskRoutes(),      templateRoutes(), upkeepRoutes(),
  });
}

}  // namespace gyre::dialect
