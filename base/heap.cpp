#include "base/heap.hpp"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace gyre::base {

#if defined(__GLIBC__)

void useFewArenas() {
  // As many as processors of a small machine; more threads share them.
  constexpr int kArenas = 4;
  // Mapping and clearing a block of this size costs little beside filling it.
  constexpr int kMappedBytes = 8 << 20;
  (void)::mallopt(M_ARENA_MAX, kArenas);
  (void)::mallopt(M_MMAP_THRESHOLD, kMappedBytes);
  (void)::mallopt(M_TRIM_THRESHOLD, 2 * kMappedBytes);
}

void returnFreedPages() { (void)::malloc_trim(0); }

#else

void useFewArenas() {}
void returnFreedPages() {}

#endif

}  // namespace gyre::base
