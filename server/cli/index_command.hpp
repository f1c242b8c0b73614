// gyre index check DIR: is what the embedded engine has on disk what it wrote?
//
// THREADS: one.
#pragma once

#include <string>

namespace gyre::cli {

// Checks every checksum and invariant of the index or store of series in `folder`, or of all below it, and prints what
// it finds. 0 when all are sound, 1 when one is not. Changes nothing; an index that a server has open is not read.
int runIndexCheck(const std::string& folder);

}  // namespace gyre::cli
