// Where is a node? "http://host:9200", "https://[::1]:9200/behind/a/proxy".
//
// THREADS: values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gyre/status.hpp"

namespace gyre::search {

struct NodeAddress {
  bool is_secure = false;  // https
  std::string host;        // without brackets
  std::uint16_t port = 0;
  std::string path;  // "" or "/behind/a/proxy": stands before every target

  // "host:9200" or "[::1]:9200", for the Host header.
  std::string authority() const;
  std::string text() const;
  bool operator==(const NodeAddress&) const = default;
};

// invalid_argument for anything else than a scheme, a host, a port (9200 when there is none) and a path. Credentials do
// not belong there: addresses are logged.
Result<NodeAddress> parseNodeAddress(std::string_view text);

}  // namespace gyre::search
