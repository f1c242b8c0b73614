// Where does one setting stand among those of an index?
//
// Settings come nested, with dotted names, or both: {"index":{"sort.field":…}}; "index." may be left out.
//
// THREADS: free function.
#pragma once

#include <string_view>

#include "gyre/json.hpp"

namespace gyre::engine {

// The setting "index.NAME"; missing when there is none.
json::Value indexSetting(json::Value settings, std::string_view name);

}  // namespace gyre::engine
