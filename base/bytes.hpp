// How are integers and byte runs laid out in memory and on disk?
//
// Everything on disk is little-endian. Varints are LEB128: seven bits a byte, low bits first, the top bit says that
// more follow; at most ten bytes.
//
// THREADS: free functions and values.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "gyre/status.hpp"

namespace gyre::base {

using ByteView = std::span<const std::uint8_t>;

static_assert(std::endian::native == std::endian::little, "the on-disk formats are read in place");

template <class T>
T loadLittle(const std::uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class T>
void appendLittle(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void appendVarint(std::string& out, std::uint64_t value);

inline ByteView asBytes(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }
inline std::string_view asText(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// Reads forward through bytes that may be damaged: every read checks the bounds, and after the first one that fails all
// later reads give zero and isValid() is false. So a parser may read a whole record and check once.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : bytes_(bytes) {}

  template <class T>
  T little() {
    if (!has(sizeof(T))) return T{};
    const T value = loadLittle<T>(bytes_.data() + position_);
    position_ += sizeof(T);
    return value;
  }
  std::uint64_t varint();
  // A run of `size` bytes; empty when fewer are left.
  ByteView bytes(std::uint64_t size);
  // A varint length, then that many bytes.
  std::string_view text() { return asText(bytes(varint())); }

  bool isValid() const { return is_valid_; }
  std::size_t position() const { return position_; }
  std::size_t remaining() const { return bytes_.size() - position_; }

 private:
  bool has(std::uint64_t size) {
    if (size > remaining()) is_valid_ = false;
    return is_valid_;
  }
  ByteView bytes_;
  std::size_t position_ = 0;
  bool is_valid_ = true;
};

}  // namespace gyre::base
