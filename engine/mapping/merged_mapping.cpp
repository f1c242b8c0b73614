#include "engine/mapping/mapping.hpp"

#include <algorithm>

namespace gyre::engine {

std::shared_ptr<const Mapping> Mapping::merge(std::span<const std::shared_ptr<const Mapping>> mappings) {
  auto merged = std::make_shared<Mapping>(*mappings.front());
  const auto find = [&](const std::string& path) -> Field* {
    const Field* const found = merged->find(path);
    return found == nullptr ? nullptr : &merged->fields_[found->ordinal];
  };
  for (const auto& other : mappings.subspan(1)) {
    if (other == mappings.front()) continue;
    const std::size_t known = merged->fields_.size();
    for (const Field& field : other->fields_) {
      if (find(field.path) != nullptr || merged->fields_.size() > UINT16_MAX - 1u) continue;
      Field added = field;
      added.ordinal = static_cast<std::uint16_t>(merged->fields_.size());
      added.multi_fields.clear();
      added.children.clear();
      merged->fields_.push_back(std::move(added));
      // Later fields of the same index find this one by its path.
      const std::pair<std::string, std::uint16_t> entry{merged->fields_.back().path, merged->fields_.back().ordinal};
      merged->by_path_.insert(std::lower_bound(merged->by_path_.begin(), merged->by_path_.end(), entry), entry);
    }
    if (merged->fields_.size() == known) continue;
    // Whatever came new hangs where it hung before, if there is still such a place.
    const auto adopt = [&](const std::vector<std::uint16_t>& theirs, std::vector<std::uint16_t>& ours) {
      for (const std::uint16_t ordinal : theirs)
        if (const Field* const child = find(other->fields_[ordinal].path); child != nullptr && child->ordinal >= known)
          ours.push_back(child->ordinal);
    };
    adopt(other->roots_, merged->roots_);
    for (const Field& field : other->fields_) {
      Field* const parent = find(field.path);
      if (parent == nullptr || parent->type != field.type) continue;
      adopt(field.children, parent->children);
      adopt(field.multi_fields, parent->multi_fields);
    }
  }
  return merged;
}

}  // namespace gyre::engine
