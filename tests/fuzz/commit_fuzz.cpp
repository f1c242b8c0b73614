// Any bytes as a commit file, as the live documents in it, and as an operation log, with checksums that hold: refused
// as corruption, or read and written again as they were.
#include <xxhash.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "engine/codec/live_docs.hpp"
#include "engine/directory/ram_directory.hpp"
#include "engine/writer/commit_point.hpp"
#include "engine/writer/operation_log.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using gyre::fuzz::require;
namespace base = gyre::base;

void readCommit(std::string file) {
  if (file.size() >= 8) {
    const std::uint64_t checksum = XXH3_64bits(file.data(), file.size() - 8);
    std::memcpy(file.data() + file.size() - 8, &checksum, 8);
  }
  const auto commit = gyre::engine::decodeCommit(base::asBytes(file));
  if (!commit.isOk()) {
    require(commit.status().code() == gyre::Code::kCorruption, "a refusal is corruption");
    return;
  }
  const auto again = gyre::engine::decodeCommit(base::asBytes(gyre::engine::encodeCommit(commit.value())));
  require(again.isOk() && again.value().segments.size() == commit.value().segments.size(), "a commit is written whole");
}

void readLive(std::string_view bytes) {
  if (bytes.size() < 2) return;
  const std::uint32_t docs = 1 + static_cast<std::uint8_t>(bytes[0]) * 37u;
  const auto live = gyre::engine::parseLive(base::asBytes(bytes.substr(1)), docs);
  if (!live) return;
  require(gyre::engine::countLive(*live) <= docs, "no more live documents than there are");
  const std::string written = gyre::engine::serializeLive(*live, docs);
  const auto again = gyre::engine::parseLive(base::asBytes(written), docs);
  require(again && *again == *live, "live documents are written whole");
}

// Each record's checksums as they must be.
void readLog(std::string file) {
  for (std::size_t at = 0; at + 24 <= file.size();) {
    std::uint32_t size = 0;
    std::memcpy(&size, file.data() + at + 4, 4);
    if (size > file.size() - at - 24) break;
    std::uint64_t checksum = XXH3_64bits(file.data() + at + 24, size);
    std::memcpy(file.data() + at + 8, &checksum, 8);
    checksum = XXH3_64bits(file.data() + at, 16);
    std::memcpy(file.data() + at + 16, &checksum, 8);
    at += 24 + std::size_t{size};
  }
  gyre::engine::RamDirectory directory;
  const auto writer = directory.create("log_0000000001");
  require(writer.isOk() && writer.value()->append(base::asBytes(file)).isOk() && writer.value()->finish().isOk(),
          "a file in memory is written");
  std::size_t bytes = 0;
  const auto log = gyre::engine::OperationLog::open(directory, 0, [&](const gyre::engine::LoggedOperation& logged) {
    bytes += logged.id.size() + logged.source.size() + logged.routing.size();
    require(bytes <= file.size(), "operations are no longer than their file");
    return gyre::Status();
  });
  require(log.isOk() || log.status().code() == gyre::Code::kCorruption, "a refusal is corruption");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0: readCommit(rest); break;
    case 1: readLive(rest); break;
    default: readLog(rest); break;
  }
  return 0;
}
