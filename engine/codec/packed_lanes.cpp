#include "engine/codec/packed_lanes.hpp"

#include <algorithm>
#include <array>

#include "engine/codec/bit_packing.hpp"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define GYRE_HAS_LANES 1
#define GYRE_LANES __attribute__((target("avx2")))
#endif

namespace gyre::engine {
namespace {

std::uint64_t withinWord(const std::uint8_t* from, std::size_t first, std::size_t count, unsigned width,
                         std::uint64_t lowest, std::uint64_t span) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < count; ++i)
    word |= std::uint64_t{unpackOne(from, first + i, width) - lowest <= span} << i;
  return word;
}

#ifdef GYRE_HAS_LANES

bool hasLanes() {
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
}

// How eight values reach their lanes: lane by lane of 128 bits, where its bytes are loaded from, which byte goes where,
// and by how much each value is shifted down.
struct NarrowPlan {
  std::uint32_t second_half;  // byte at which value 4 begins
  alignas(32) std::array<std::uint8_t, 32> bytes;
  alignas(32) std::array<std::uint32_t, 8> shifts;
};
struct WidePlan {
  std::array<std::uint32_t, 4> begins;  // of values 0, 2, 4, 6
  alignas(32) std::array<std::uint8_t, 64> bytes;
  alignas(32) std::array<std::uint64_t, 8> shifts;
};

constexpr NarrowPlan narrowPlan(unsigned width) {
  NarrowPlan plan{};
  plan.second_half = 4 * width / 8;
  for (unsigned i = 0; i < 8; ++i) {
    const unsigned bit = i * width - (i < 4 ? 0 : plan.second_half * 8);
    plan.shifts[i] = bit % 8;
    for (unsigned byte = 0; byte < 4; ++byte) plan.bytes[i * 4 + byte] = static_cast<std::uint8_t>(bit / 8 + byte);
  }
  return plan;
}

constexpr WidePlan widePlan(unsigned width) {
  WidePlan plan{};
  for (unsigned lane = 0; lane < 4; ++lane) plan.begins[lane] = 2 * lane * width / 8;
  for (unsigned i = 0; i < 8; ++i) {
    const unsigned bit = i * width - plan.begins[i / 2] * 8;
    plan.shifts[i] = bit % 8;
    for (unsigned byte = 0; byte < 8; ++byte) plan.bytes[i * 8 + byte] = static_cast<std::uint8_t>(bit / 8 + byte);
  }
  return plan;
}

template <class Plan, unsigned kCount>
constexpr std::array<Plan, kCount> plansOf(Plan (*make)(unsigned)) {
  std::array<Plan, kCount> plans{};
  for (unsigned width = 0; width < kCount; ++width) plans[width] = make(width);
  return plans;
}

constexpr auto kNarrowPlans = plansOf<NarrowPlan, kNarrowLaneBits + 1>(narrowPlan);
constexpr auto kWidePlans = plansOf<WidePlan, kWideLaneBits + 1>(widePlan);

GYRE_LANES inline __m256i twoLoads(const std::uint8_t* low, const std::uint8_t* high) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(low))),
                                 _mm_loadu_si128(reinterpret_cast<const __m128i*>(high)), 1);
}
GYRE_LANES inline __m256i loadPlan(const void* from) { return _mm256_load_si256(static_cast<const __m256i*>(from)); }

// Eight values of up to 25 bits in lanes of 32.
struct NarrowLanes {
  __m256i bytes, shifts, mask;
  std::uint32_t second_half;
};
GYRE_LANES inline NarrowLanes narrowLanes(unsigned width) {
  const NarrowPlan& plan = kNarrowPlans[width];
  return {loadPlan(plan.bytes.data()), loadPlan(plan.shifts.data()),
          _mm256_set1_epi32(static_cast<int>((1u << width) - 1)), plan.second_half};
}
GYRE_LANES inline __m256i eightNarrow(const NarrowLanes& lanes, const std::uint8_t* from) {
  const __m256i moved = _mm256_shuffle_epi8(twoLoads(from, from + lanes.second_half), lanes.bytes);
  return _mm256_and_si256(_mm256_srlv_epi32(moved, lanes.shifts), lanes.mask);
}

// Four values of up to 57 bits in lanes of 64: the first or the second half of eight.
struct WideLanes {
  __m256i bytes[2], shifts[2], mask;
  std::array<std::uint32_t, 4> begins;
};
GYRE_LANES inline WideLanes wideLanes(unsigned width) {
  const WidePlan& plan = kWidePlans[width];
  return {{loadPlan(plan.bytes.data()), loadPlan(plan.bytes.data() + 32)},
          {loadPlan(plan.shifts.data()), loadPlan(plan.shifts.data() + 4)},
          _mm256_set1_epi64x(static_cast<long long>((std::uint64_t{1} << width) - 1)),
          plan.begins};
}
GYRE_LANES inline __m256i fourWide(const WideLanes& lanes, unsigned half, const std::uint8_t* from) {
  const __m256i loaded = twoLoads(from + lanes.begins[half * 2], from + lanes.begins[half * 2 + 1]);
  const __m256i moved = _mm256_shuffle_epi8(loaded, lanes.bytes[half]);
  return _mm256_and_si256(_mm256_srlv_epi64(moved, lanes.shifts[half]), lanes.mask);
}

GYRE_LANES void unpackNarrow(const std::uint8_t* from, std::size_t count, unsigned width, std::uint32_t* to) {
  const NarrowLanes lanes = narrowLanes(width);
  for (std::size_t i = 0; i < count; i += 8, from += width)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), eightNarrow(lanes, from));
}

GYRE_LANES void unpackNarrow(const std::uint8_t* from, std::size_t count, unsigned width, std::uint64_t* to) {
  const NarrowLanes lanes = narrowLanes(width);
  for (std::size_t i = 0; i < count; i += 8, from += width) {
    const __m256i eight = eightNarrow(lanes, from);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), _mm256_cvtepu32_epi64(_mm256_castsi256_si128(eight)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i + 4),
                        _mm256_cvtepu32_epi64(_mm256_extracti128_si256(eight, 1)));
  }
}

GYRE_LANES void unpackWide(const std::uint8_t* from, std::size_t count, unsigned width, std::uint64_t* to) {
  const WideLanes lanes = wideLanes(width);
  for (std::size_t i = 0; i < count; i += 8, from += width) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), fourWide(lanes, 0, from));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i + 4), fourWide(lanes, 1, from));
  }
}

GYRE_LANES void withinNarrow(const std::uint8_t* from, std::size_t words, unsigned width, std::uint32_t lowest,
                             std::uint32_t highest, std::uint64_t* bits) {
  const NarrowLanes lanes = narrowLanes(width);
  // Values of up to 25 bits compare as signed ones.
  const __m256i below = _mm256_set1_epi32(static_cast<int>(lowest) - 1);
  const __m256i above = _mm256_set1_epi32(static_cast<int>(highest) + 1);
  for (std::size_t w = 0; w < words; ++w) {
    std::uint64_t word = 0;
    for (unsigned group = 0; group < 8; ++group, from += width) {
      const __m256i eight = eightNarrow(lanes, from);
      const __m256i is_within = _mm256_and_si256(_mm256_cmpgt_epi32(eight, below), _mm256_cmpgt_epi32(above, eight));
      const auto mask = static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(is_within)));
      word |= std::uint64_t{mask} << (group * 8);
    }
    bits[w] = word;
  }
}

GYRE_LANES inline unsigned withinMask(__m256i four, __m256i below, __m256i above) {
  const __m256i is_within = _mm256_and_si256(_mm256_cmpgt_epi64(four, below), _mm256_cmpgt_epi64(above, four));
  return static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(is_within)));
}

GYRE_LANES void withinWide(const std::uint8_t* from, std::size_t words, unsigned width, std::uint64_t lowest,
                           std::uint64_t highest, std::uint64_t* bits) {
  const WideLanes lanes = wideLanes(width);
  const __m256i below = _mm256_set1_epi64x(static_cast<long long>(lowest) - 1);
  const __m256i above = _mm256_set1_epi64x(static_cast<long long>(highest) + 1);
  for (std::size_t w = 0; w < words; ++w) {
    std::uint64_t word = 0;
    for (unsigned group = 0; group < 8; ++group, from += width) {
      const unsigned mask =
          withinMask(fourWide(lanes, 0, from), below, above) | withinMask(fourWide(lanes, 1, from), below, above) << 4;
      word |= std::uint64_t{mask} << (group * 8);
    }
    bits[w] = word;
  }
}

#endif

}  // namespace

#ifdef GYRE_HAS_LANES

std::size_t unpackLanes(const std::uint8_t* from, std::size_t count, unsigned width, std::uint32_t* to) {
  if (width == 0 || width > kNarrowLaneBits || !hasLanes()) return 0;
  count -= count % 8;
  unpackNarrow(from, count, width, to);
  return count;
}

std::size_t unpackLanes(const std::uint8_t* from, std::size_t count, unsigned width, std::uint64_t* to) {
  if (width == 0 || width > kWideLaneBits || !hasLanes()) return 0;
  count -= count % 8;
  if (width <= kNarrowLaneBits) {
    unpackNarrow(from, count, width, to);
  } else {
    unpackWide(from, count, width, to);
  }
  return count;
}

#else

std::size_t unpackLanes(const std::uint8_t*, std::size_t, unsigned, std::uint32_t*) { return 0; }
std::size_t unpackLanes(const std::uint8_t*, std::size_t, unsigned, std::uint64_t*) { return 0; }

#endif

void packedWithin(const std::uint8_t* from, std::size_t count, unsigned width, std::uint64_t lowest,
                  std::uint64_t highest, std::uint64_t* bits) {
  const std::size_t words = (count + 63) / 64;
  if (width < 64) {
    const std::uint64_t largest = (std::uint64_t{1} << width) - 1;
    highest = std::min(highest, largest);
    if (lowest > highest) return void(std::fill_n(bits, words, 0));
  }
  std::size_t done = 0;
#ifdef GYRE_HAS_LANES
  if (width > 0 && width <= kWideLaneBits && hasLanes()) {
    done = count / 64;
    if (width <= kNarrowLaneBits) {
      withinNarrow(from, done, width, static_cast<std::uint32_t>(lowest), static_cast<std::uint32_t>(highest), bits);
    } else {
      withinWide(from, done, width, lowest, highest, bits);
    }
  }
#endif
  for (; done < words; ++done)
    bits[done] =
        withinWord(from, done * 64, std::min<std::size_t>(64, count - done * 64), width, lowest, highest - lowest);
}

}  // namespace gyre::engine
