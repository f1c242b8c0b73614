// Which address does this text name, and how is an address written?
//
// An address is 16 bytes in network order, IPv4 within ::ffff:0:0/96, so that addresses of both kinds sort as bytes.
//
// THREADS: free functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gyre::engine {

inline constexpr std::size_t kIpBytes = 16;

// IPv4 with four decimal parts, or IPv6 in any of its forms (no zone); nothing for any other text.
std::optional<std::string> parseIp(std::string_view text);

// IPv4 as dotted decimals, IPv6 in its shortest form. REQUIRES: 16 bytes.
std::string formatIp(std::string_view bytes);

// The first and last address of a block ("192.168.0.0/16", "2001:db8::/32").
struct IpBlock {
  std::string first;
  std::string last;
};
std::optional<IpBlock> parseIpBlock(std::string_view text);

// The next address up or down; nothing beyond the ends. REQUIRES: 16 bytes.
std::optional<std::string> nextIp(std::string bytes);
std::optional<std::string> previousIp(std::string bytes);

}  // namespace gyre::engine
