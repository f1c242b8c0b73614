// What can be done with each field of a mapping?
//
// What the dialect's field capabilities say of one index, before several are put together.
//
// THREADS: free function.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/mapping/mapping.hpp"

namespace gyre::engine {

struct FieldCapability {
  std::string path;
  std::string_view type;  // the dialect's name: "keyword", "object", "_id"
  bool is_searchable = true;
  bool is_aggregatable = true;
  std::vector<std::pair<std::string, std::string>> meta;  // by name
};

// Fields, multi-fields, aliases (as what they stand for) and objects, by path; then the metadata fields.
std::vector<FieldCapability> fieldCapabilities(const Mapping& mapping);

}  // namespace gyre::engine
