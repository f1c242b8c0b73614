// How are bodies packed and unpacked? (Content-Encoding, Accept-Encoding; RFC 9110, 8.4 and 12.5)
//
// Request bodies may be gzip (one member or several), deflate (zlib's wrapping, or none, as some clients send it), zstd
// (one frame or several) or snappy (one block, as Prometheus and Loki send it);
// answers are packed with gzip alone. A body that would unpack beyond its limit is refused, and no more memory than
// that limit is ever taken.
//
// THREADS: free functions; each thread that packs or unpacks keeps one libdeflate state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/http/http_server.hpp"
#include "server/http/refusal.hpp"

namespace gyre::http {

enum class ContentCoding : std::uint8_t { kIdentity, kGzip, kDeflate, kZstd, kSnappy };

// The coding that a Content-Encoding value names; nothing for one we do not know, or for several.
std::optional<ContentCoding> parseContentCoding(std::string_view value);

// Unpacks `body` in place: 413 when it would be larger than `limit`, 400 when it is damaged. Nothing on success.
// REQUIRES: coding is not kIdentity.
std::optional<Refusal> unpackBody(ContentCoding coding, std::size_t limit, std::string& body);

// True when an Accept-Encoding value allows gzip and does not prefer the plain body. "" allows none.
bool allowsGzip(std::string_view accept_encoding);

// Packs the body of a textual answer of at least a kibibyte, when `is_allowed` and when that makes it smaller, and sets
// Content-Encoding and Vary. Event streams and bodies that have a coding already stay as they are.
void packBody(Response& response, bool is_allowed);

}  // namespace gyre::http
