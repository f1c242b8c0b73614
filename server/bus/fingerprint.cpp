#include "server/bus/fingerprint.hpp"

#include <xxhash.h>

namespace gyre::bus {

std::string fingerprint(std::string_view name, json::Value body) {
  std::string text(name);
  text += '\n';  // no name contains one
  JsonWriter writer(text);
  json::writeCanonical(body, writer);
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, XXH3_128bits(text.data(), text.size()));
  return {reinterpret_cast<const char*>(bytes.digest), sizeof bytes.digest};
}

}  // namespace gyre::bus
