#include "engine/writer/version_map.hpp"

#include <utility>

namespace gyre::engine {

void VersionMap::erase(Versions& versions, std::string_view id) {
  if (const auto found = versions.find(id); found != versions.end()) versions.erase(found);
}

void VersionMap::add(std::string_view id, Tombstone tombstone) {
  erase(old_, id);
  young_[std::string(id)] = tombstone;
}

void VersionMap::remove(std::string_view id) {
  // Nearly every write comes here, and nearly always there is nothing.
  if (!young_.empty()) erase(young_, id);
  if (!old_.empty()) erase(old_, id);
}

std::optional<VersionMap::Tombstone> VersionMap::find(std::string_view id) const {
  for (const Versions* versions : {&young_, &old_}) {
    if (versions->empty()) continue;
    if (const auto found = versions->find(id); found != versions->end()) return found->second;
  }
  return std::nullopt;
}

void VersionMap::age() {
  old_ = std::move(young_);
  young_.clear();
}

}  // namespace gyre::engine
