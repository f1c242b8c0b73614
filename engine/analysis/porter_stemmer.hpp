// Which stem has an English word by Porter's first algorithm, as its author's own program has it?
//
// That program leaves words of one or two letters alone, and takes -bli and -logi where the paper has -abli and
// nothing. M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980; the departures are told at
// tartarus.org/martin/PorterStemmer.
//
// THREADS: a free function.
#pragma once

#include <string>

namespace gyre::engine {

// Replaces the word, in lower case, by its stem.
void stemByPorter(std::string& word);

}  // namespace gyre::engine
