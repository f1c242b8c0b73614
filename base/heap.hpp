// How does memory that was freed get back to the machine?
//
// The allocator keeps what was freed for the next request, and what threads freed lies scattered over their arenas. A
// server whose work comes in bursts (a segment is made and freed, a merge ends) would hold its largest burst for ever.
//
// THREADS: free functions. Without effect where the C library is another than glibc.
#pragma once

namespace gyre::base {

// Once, when a server starts: few arenas, and large blocks are mapped one by one, so that freeing returns them at once.
void useFewArenas();

// Returns every free page. Takes milliseconds when much was freed: for the end of a burst.
void returnFreedPages();

}  // namespace gyre::base
