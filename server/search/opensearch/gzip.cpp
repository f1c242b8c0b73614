#include "server/search/opensearch/gzip.hpp"

#include <Poco/DeflatingStream.h>
#include <Poco/Exception.h>
#include <Poco/InflatingStream.h>
#include <Poco/MemoryStream.h>

#include <memory>
#include <sstream>

namespace gyre::search {
namespace {

constexpr int kLevel = 1;  // more effort costs more time than it saves on any network between servers
constexpr std::size_t kPiece = 64u << 10;

Status damaged(const std::string& why) {
  return {Code::kUnavailable, "malformed_response", "the packed response " + why};
}

}  // namespace

std::string packGzip(std::string_view plain) {
  std::ostringstream packed;
  Poco::DeflatingOutputStream stream(packed, Poco::DeflatingStreamBuf::STREAM_GZIP, kLevel);
  stream.write(plain.data(), static_cast<std::streamsize>(plain.size()));
  stream.close();
  return std::move(packed).str();
}

Result<std::string> unpackGzip(std::string_view packed, std::size_t limit) {
  std::string plain;
  const std::unique_ptr<char[]> piece(new char[kPiece]);
  try {
    Poco::MemoryInputStream source(packed.data(), static_cast<std::streamsize>(packed.size()));
    Poco::InflatingInputStream stream(source, Poco::InflatingStreamBuf::STREAM_GZIP);
    while (stream.read(piece.get(), kPiece), stream.gcount() > 0) {
      plain.append(piece.get(), static_cast<std::size_t>(stream.gcount()));
      if (plain.size() > limit) return damaged("is larger than " + std::to_string(limit) + " bytes");
    }
    if (stream.bad()) return damaged("is damaged");
  } catch (const Poco::Exception& error) {
    return damaged("is damaged: " + error.displayText());
  }
  // The last four bytes are the plain size: a body that was cut short ends without them.
  std::uint32_t size = 0;
  for (std::size_t i = 0; i < 4 && packed.size() >= 18; ++i)
    size |= std::uint32_t{static_cast<unsigned char>(packed[packed.size() - 4 + i])} << (8 * i);
  if (packed.size() < 18 || size != static_cast<std::uint32_t>(plain.size())) return damaged("was cut short");
  return plain;
}

}  // namespace gyre::search
