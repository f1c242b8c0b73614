#include "server/dialect/document_id.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <random>
#include <string_view>

namespace gyre::dialect {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::uint64_t randomBits() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace

// 120 bits: when (48), a number that grows (24), the process (48). The number starts anywhere, so that two processes
// of one millisecond differ in more than their own bits.
std::string makeDocumentId() {
  static const std::uint64_t process = randomBits() & 0xffff'ffff'ffff;
  static std::atomic<std::uint32_t> next{static_cast<std::uint32_t>(randomBits())};
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto millis = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  const std::uint32_t number = next.fetch_add(1, std::memory_order_relaxed) & 0xff'ffff;
  std::array<unsigned char, 15> bytes{};
  for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<unsigned char>(millis >> (40 - 8 * i));
  for (std::size_t i = 0; i < 6; ++i) bytes[6 + i] = static_cast<unsigned char>(process >> (40 - 8 * i));
  for (std::size_t i = 0; i < 3; ++i) bytes[12 + i] = static_cast<unsigned char>(number >> (16 - 8 * i));
  std::string id;
  id.reserve(20);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t three = std::uint32_t{bytes[i]} << 16 | std::uint32_t{bytes[i + 1]} << 8 | bytes[i + 2];
    for (int shift = 18; shift >= 0; shift -= 6) id += kAlphabet[three >> shift & 63];
  }
  return id;
}

}  // namespace gyre::dialect
