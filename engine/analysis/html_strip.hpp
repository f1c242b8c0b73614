// What does a text say without its HTML?
//
// Tags go, entities become their characters. A tag that breaks the line leaves a line break; one that stands within a
// line (b, em, a, span …) leaves nothing.
//
// THREADS: immutable and shared.
#pragma once

#include <string>
#include <vector>

#include "engine/analysis/char_filter.hpp"

namespace gyre::engine {

// `kept_tags` stay as they are.
CharFilterPtr makeHtmlStripFilter(std::vector<std::string> kept_tags);

}  // namespace gyre::engine
