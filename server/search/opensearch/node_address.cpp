#include "server/search/opensearch/node_address.hpp"

#include <Poco/Exception.h>
#include <Poco/URI.h>

namespace gyre::search {
namespace {

constexpr std::uint16_t kDefaultPort = 9200;

Status refused(std::string_view text) {
  return invalidArgument(
      "search.urls: expected an address like http://127.0.0.1:9200 or https://search.example:9200, found \"" +
      std::string(text) + "\"");
}

bool hasPort(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  return colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
}

}  // namespace

std::string NodeAddress::authority() const {
  const bool is_version_6 = host.find(':') != std::string::npos;
  return (is_version_6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string NodeAddress::text() const { return (is_secure ? "https://" : "http://") + authority() + path; }

Result<NodeAddress> parseNodeAddress(std::string_view text) {
  try {
    const Poco::URI uri{std::string(text)};
    const bool is_plain = uri.getUserInfo().empty() && uri.getRawQuery().empty() && uri.getFragment().empty();
    if (!is_plain) {
      // What may be a password is not repeated.
      return invalidArgument(
          "search.urls: expected a scheme, a host, a port and a path alone; credentials are given by "
          "search.username and search.password");
    }
    if ((uri.getScheme() != "http" && uri.getScheme() != "https") || uri.getHost().empty()) return refused(text);
    NodeAddress address;
    address.is_secure = uri.getScheme() == "https";
    address.host = uri.getHost();
    address.port =
        hasPort(uri.getAuthority()) || text.ends_with(":80") || text.ends_with(":443") ? uri.getPort() : kDefaultPort;
    address.path = uri.getPath();
    while (address.path.ends_with('/')) address.path.pop_back();
    if (address.port == 0) return refused(text);
    return address;
  } catch (const Poco::Exception&) {
    return refused(text);
  }
}

}  // namespace gyre::search
