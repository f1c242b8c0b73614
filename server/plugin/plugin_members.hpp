// Which lists does a plugin's table have? Those that did not exist in 1.0 are there only when the table is large
// enough.
//
// THREADS: free functions. The lists live as long as the library.
#pragma once

#include <cstddef>
#include <cstdint>

#include "gyre/abi.h"

namespace gyre::plugin {

// What every 1.x table has.
inline constexpr std::size_t kTableSize10 = offsetof(gyre_plugin, subscriptions);
inline constexpr std::size_t kTableSize11 = offsetof(gyre_plugin, activity_count) + sizeof(gyre_plugin::activity_count);

inline bool hasMinor1(const gyre_plugin& table) { return table.struct_size >= kTableSize11; }
// Null for a domain of entities.
inline const gyre_stream* streamOf(const gyre_plugin& table) {
  return table.struct_size >= offsetof(gyre_plugin, stream) + sizeof(gyre_plugin::stream) ? table.stream : nullptr;
}
inline std::uint64_t endpointCount(const gyre_stream& stream) {
  return stream.struct_size >= offsetof(gyre_stream, endpoint_count) + sizeof(gyre_stream::endpoint_count)
             ? stream.endpoint_count
             : 0;
}
inline std::uint64_t subscriptionCount(const gyre_plugin& table) {
  return hasMinor1(table) ? table.subscription_count : 0;
}
inline std::uint64_t activityCount(const gyre_plugin& table) { return hasMinor1(table) ? table.activity_count : 0; }

}  // namespace gyre::plugin
