// How does a mapping come to be, and how does it grow?
//
// Starts from a mapping, perhaps an empty one, merges definitions into a copy of it, and hands out the copy once it has
// been checked as a whole. A definition of a field that is there already must agree with it.
//
// THREADS: one thread; a builder that failed is thrown away.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/mapping/mapping.hpp"
#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

class MappingBuilder {
 public:
  explicit MappingBuilder(const Mapping& base);

  // {"properties":…, "dynamic":…, …}
  Status mergeRoot(json::Value mappings);
  // One field by its full path; the objects above it are made as needed.
  Status mergeField(std::string_view path, json::Value definition);
  // Null when there is none (yet).
  const Field* find(std::string_view path) const;
  const Mapping& mapping() const { return *mapping_; }
  // How many times something was added or changed.
  std::size_t changes() const { return changes_; }

  // Checks limits and whatever fields say about each other.
  Result<std::shared_ptr<const Mapping>> finish();

 private:
  using Parent = std::optional<std::uint16_t>;

  Status mergeRootMember(json::Value member);
  Status mergeSource(json::Value value);
  Status mergeTemplates(json::Value value);
  Status mergeProperties(json::Value properties, Parent parent);
  Status mergeDefinition(json::Value definition, Parent parent, std::string_view name);
  Status mergeObject(json::Value definition, Parent parent, std::string_view name, const std::string& path);
  Status mergeLeaf(json::Value definition, Parent parent, std::string_view name, const std::string& path,
                   bool is_multi_field);
  Status mergeMultiFields(json::Value fields, std::uint16_t parent);
  // The parent of a dotted name's last part.
  Result<Parent> openObjects(Parent parent, std::string_view& name);
  Result<std::uint16_t> append(Field field, Parent parent, bool is_multi_field);
  Status appendLeavesOf(std::uint16_t flat_object);
  Status appendShinglesOf(std::uint16_t text);
  Result<std::string_view> typeOf(json::Value definition, std::string_view name) const;
  std::string pathOf(Parent parent, std::string_view name) const;
  Field* found(std::string_view path);

  void inherit(const std::vector<std::uint16_t>& children, Dynamic dynamic);
  Status checkLimits() const;
  Status checkReferences() const;

  std::shared_ptr<Mapping> mapping_;
  std::unordered_map<std::string, std::uint16_t> by_path_;
  std::size_t changes_ = 0;
};

}  // namespace gyre::engine
