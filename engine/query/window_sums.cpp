#include "engine/query/window_sums.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace gyre::engine {

namespace {

// From so many on, a pass over all documents of the window, whose cost does not depend on the bits, is cheaper than one
// over the bits.
constexpr std::uint32_t kManyDocs = kWindowDocs / 8;

// Whether to visit the bits one by one costs less. Mostly few words have any, which is told without counting bits.
bool areFew(const std::uint64_t* bits) {
  std::uint32_t words = 0;
  for (std::uint32_t w = 0; w < kWindowWords; ++w) words += static_cast<std::uint32_t>(bits[w] != 0);
  return words * 64 < kManyDocs || countBits(bits) < kManyDocs;
}

// All bits of a lane set where the four bits of the index are.
template <class Lane>
struct LaneMasks {
  std::array<std::array<Lane, 4>, 16> rows{};
  constexpr LaneMasks() {
    for (unsigned bits = 0; bits < rows.size(); ++bits)
      for (unsigned lane = 0; lane < 4; ++lane) rows[bits][lane] = (bits >> lane & 1) != 0 ? ~Lane{0} : Lane{0};
  }
};
constexpr LaneMasks<std::uint32_t> kMasks32;
constexpr LaneMasks<std::uint64_t> kMasks64;

const std::array<std::uint32_t, 4>& masksFor(unsigned bits, const float*) { return kMasks32.rows[bits]; }
const std::array<std::uint64_t, 4>& masksFor(unsigned bits, const double*) { return kMasks64.rows[bits]; }

template <class From, class To>
void addMasked(const std::uint64_t* bits, const From* from, To* to) {
  for (std::uint32_t w = 0; w < kWindowWords; ++w) {
    std::uint64_t word = bits[w];
    const From* source = from + std::size_t{w} * 64;
    To* target = to + std::size_t{w} * 64;
    for (; word != 0; word >>= 4, source += 4, target += 4) {
      const auto& masks = masksFor(static_cast<unsigned>(word & 15), source);
      using Lane = std::decay_t<decltype(masks[0])>;
      for (unsigned lane = 0; lane < 4; ++lane)
        target[lane] +=
            static_cast<To>(std::bit_cast<From>(static_cast<Lane>(std::bit_cast<Lane>(source[lane]) & masks[lane])));
    }
  }
}

template <class From, class To>
void move(const std::uint64_t* bits, const std::uint64_t* written, From* from, To* to) {
  if (areFew(bits)) {
    forEachBit(bits, [&](std::uint32_t i) { to[i] += static_cast<To>(from[i]); });
  } else {
    addMasked(bits, from, to);
  }
  if (areFew(written)) {
    forEachBit(written, [&](std::uint32_t i) { from[i] = 0; });
  } else {
    std::fill_n(from, kWindowDocs, From{0});
  }
}

}  // namespace

void moveSums(const std::uint64_t* bits, const std::uint64_t* written, float* from, float* to) {
  move(bits, written, from, to);
}
void moveSums(const std::uint64_t* bits, const std::uint64_t* written, float* from, double* to) {
  move(bits, written, from, to);
}
void moveSums(const std::uint64_t* bits, const std::uint64_t* written, double* from, float* to) {
  move(bits, written, from, to);
}

void moveRounded(const std::uint64_t* bits, double* from, double* to) {
  if (areFew(bits)) {
    forEachBit(bits, [&](std::uint32_t i) {
      to[i] += static_cast<double>(static_cast<float>(from[i]));
      from[i] = 0;
    });
    return;
  }
  for (std::uint32_t i = 0; i < kWindowDocs; ++i) {
    to[i] += static_cast<double>(static_cast<float>(from[i]));
    from[i] = 0;
  }
}

void addBoth(const std::uint64_t* bits, const double* first, const double* second, float* to) {
  if (areFew(bits)) {
    forEachBit(bits, [&](std::uint32_t i) { to[i] += static_cast<float>(first[i]) + static_cast<float>(second[i]); });
    return;
  }
  for (std::uint32_t w = 0; w < kWindowWords; ++w) {
    std::uint64_t word = bits[w];
    for (std::size_t i = std::size_t{w} * 64; word != 0; word >>= 4, i += 4) {
      const auto& masks = kMasks32.rows[word & 15];
      for (unsigned lane = 0; lane < 4; ++lane) {
        const float sum = static_cast<float>(first[i + lane]) + static_cast<float>(second[i + lane]);
        to[i + lane] += std::bit_cast<float>(std::bit_cast<std::uint32_t>(sum) & masks[lane]);
      }
    }
  }
}

void clearSums(const std::uint64_t* bits, double* sums) {
  if (areFew(bits)) {
    forEachBit(bits, [&](std::uint32_t i) { sums[i] = 0; });
  } else {
    std::fill_n(sums, kWindowDocs, 0.0);
  }
}

}  // namespace gyre::engine
