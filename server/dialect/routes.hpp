// Which groups of routes are there? Each is a table in a file of its own.
//
// THREADS: constants.
#pragma once

#include <array>
#include <span>

#include "server/dialect/route_table.hpp"

namespace gyre::dialect {

std::span<const Route> bulkRoutes();
std::span<const Route> documentRoutes();
std::span<const Route> indexRoutes();
std::span<const Route> infoRoutes();
std::span<const Route> multiGetRoutes();
std::span<const Route> searchRoutes();

inline std::array<std::span<const Route>, 6> routeGroups() {
  return {bulkRoutes(), documentRoutes(), indexRoutes(), infoRoutes(), multiGetRoutes(), searchRoutes()};
}

}  // namespace gyre::dialect
