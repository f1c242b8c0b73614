#include "engine/mapping/ip_address.hpp"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstdint>

namespace gyre::engine {

namespace {

constexpr std::string_view kMappedPrefix{"\0\0\0\0\0\0\0\0\0\0\xff\xff", 12};
constexpr std::size_t kLongestText = 45;  // of IPv6 with an IPv4 tail

// Four decimal parts without leading zeros beyond the first digit's; inet_pton takes no others either.
std::optional<std::string> parseV4(const char* text) {
  std::array<char, 4> bytes{};
  if (inet_pton(AF_INET, text, bytes.data()) != 1) return std::nullopt;
  std::string address(kMappedPrefix);
  address.append(bytes.data(), bytes.size());
  return address;
}

}  // namespace

std::optional<std::string> parseIp(std::string_view text) {
  if (text.empty() || text.size() > kLongestText || text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string terminated(text);
  if (text.find(':') == std::string_view::npos) return parseV4(terminated.c_str());
  std::array<char, kIpBytes> bytes{};
  if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) != 1) return std::nullopt;
  return std::string(bytes.data(), bytes.size());
}

std::string formatIp(std::string_view bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool is_v4 = bytes.starts_with(kMappedPrefix);
  const char* const written =
      inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? bytes.data() + kMappedPrefix.size() : bytes.data(), text.data(),
                static_cast<socklen_t>(text.size()));
  return written == nullptr ? std::string() : std::string(written);
}

std::optional<IpBlock> parseIpBlock(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  auto address = parseIp(text.substr(0, slash));
  const std::string_view length = text.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (!address || length.empty() || error != std::errc() || end != length.data() + length.size()) return std::nullopt;
  const bool is_v4 = text.find(':') == std::string_view::npos;
  if (bits > (is_v4 ? 32u : 128u)) return std::nullopt;
  if (is_v4) bits += 96;
  IpBlock block{*address, *address};
  for (unsigned bit = bits; bit < 128; ++bit) {
    const auto mask = static_cast<unsigned char>(0x80u >> (bit % 8));
    block.first[bit / 8] = static_cast<char>(static_cast<unsigned char>(block.first[bit / 8]) & ~mask);
    block.last[bit / 8] = static_cast<char>(static_cast<unsigned char>(block.last[bit / 8]) | mask);
  }
  return block;
}

std::optional<std::string> nextIp(std::string bytes) {
  for (std::size_t i = bytes.size(); i-- > 0;) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    bytes[i] = static_cast<char>(byte + 1);
    if (byte != 0xff) return bytes;
  }
  return std::nullopt;
}

std::optional<std::string> previousIp(std::string bytes) {
  for (std::size_t i = bytes.size(); i-- > 0;) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    bytes[i] = static_cast<char>(byte - 1);
    if (byte != 0) return bytes;
  }
  return std::nullopt;
}

}  // namespace gyre::engine
