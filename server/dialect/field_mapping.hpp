// What do the mappings of single fields look like?
//
// THREADS: free function.
#pragma once

#include <string_view>
#include <vector>

#include "engine/mapping/mapping.hpp"
#include "gyre/json_writer.hpp"

namespace gyre::dialect {

// {"obj.name": {"full_name": "obj.name", "mapping": {"name": {…}}}, …} of the fields of a mapping that match a pattern;
// `has_defaults` adds the parameters that were not given.
void writeFieldMappings(const engine::Mapping& mapping, const std::vector<std::string_view>& patterns,
                        bool has_defaults, JsonWriter& writer);

}  // namespace gyre::dialect
