// Which objects of a nested field match within one hit?
//
// THREADS: free function; borrows the plan.
#pragma once

#include <string_view>

#include "engine/query/query.hpp"
#include "engine/search/collector.hpp"
#include "engine/search/search_plan.hpp"
#include "engine/search/search_run.hpp"

namespace gyre::engine {

// Objects of `path` in the document of `within`, a root or itself an object, that `weight` matches: counted, and the
// best as the plan's request asks. REQUIRES: plan was made by makeOfObjects; weight is asked for scores.
Result<SearchOutcome> runNestedHits(const SearchPlan& plan, const Weight& weight, std::string_view path,
                                    const Hit& within);

}  // namespace gyre::engine
