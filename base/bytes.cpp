#include "base/bytes.hpp"

namespace gyre::base {

void appendVarint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

std::uint64_t ByteReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (!has(1)) return 0;
    const std::uint8_t byte = bytes_[position_++];
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  is_valid_ = false;  // more than ten bytes: not something we wrote
  return 0;
}

ByteView ByteReader::bytes(std::uint64_t size) {
  if (!has(size)) return {};
  const ByteView run = bytes_.subspan(position_, size);
  position_ += size;
  return run;
}

}  // namespace gyre::base
