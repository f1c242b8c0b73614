// Which loops are compiled for several generations of processors?
//
// GYRE_CPU_CLONES before a function that is one tight loop makes the compiler emit it for the baseline, for AVX2 and for
// AVX-512, and the loader pick what the machine has: one binary for every x86-64. What it calls is cloned only as far as
// it is inlined. Without effect elsewhere: other processors, other compilers, and thread sanitizer, which is not ready yet
// when the loader asks.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__) && \
    !defined(__SANITIZE_ADDRESS__) && defined(__OPTIMIZE__)
#define GYRE_CPU_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define GYRE_CPU_CLONES
#endif
