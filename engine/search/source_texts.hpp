// Which texts does a document's source give a field?
//
// THREADS: free functions.
#pragma once

#include <string>
#include <vector>

#include "engine/mapping/mapping.hpp"
#include "gyre/json.hpp"

namespace gyre::engine {

// The field's values as texts, as far as they are indexed: a multi-field's are those of the field that it hangs under,
// a null is what stands in for it, a keyword is as its normalizer makes it.
std::vector<std::string> textsOf(const Field& field, const Mapping& mapping, json::Value source);

}  // namespace gyre::engine
