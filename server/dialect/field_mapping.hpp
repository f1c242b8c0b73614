// How is a single field's mapping shown?
//
// THREADS: free functions.
#pragma once

#include <string_view>
#include <vector>

#include "gyre/json_writer.hpp"
#include "gyre/status.hpp"

namespace gyre::dialect {

// {"obj.name": {"full_name": "obj.name", "mapping": {"name": {…}}}, …} of the fields of a mapping (its JSON) that match
// a pattern; `has_defaults` adds the parameters that were not given.
Status writeFieldMappings(std::string_view mappings, const std::vector<std::string_view>& patterns, bool has_defaults,
                          JsonWriter& writer);

}  // namespace gyre::dialect
