// Can a field's values be read as a column, and if not, why?
//
// THREADS: free functions.
#pragma once

#include "engine/mapping/field.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// Refuses a field without a column, in the dialect's words.
Status checkColumn(const Field& field);
// And one whose column has no order: places and binaries.
Status checkSortable(const Field& field);

}  // namespace gyre::engine
