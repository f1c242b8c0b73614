// Which analyzers does the dialect bring along, and how are they set?
//
// THREADS: free functions.
#pragma once

#include <string_view>

#include "engine/analysis/analysis_settings.hpp"
#include "engine/analysis/analyzer.hpp"
#include "engine/analysis/component_kinds.hpp"

namespace gyre::engine {

// An analyzer of a built-in type ("standard", "english", …) with its own settings; null for an unknown type.
Result<AnalyzerPtr> makeAnalyzerOfType(std::string_view type, ComponentSettings& settings);

}  // namespace gyre::engine
