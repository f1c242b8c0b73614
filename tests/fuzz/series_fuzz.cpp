// Any bytes as samples, as chunks, as a block file and as a commit file of a series store, the latter two with
// checksums that hold: samples come back bit for bit, and bytes are refused as corruption or read within bounds.
#include <xxhash.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include "engine/directory/ram_directory.hpp"
#include "engine/series/block.hpp"
#include "engine/series/chunk.hpp"
#include "engine/series/store_commit.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using gyre::fuzz::require;
using namespace gyre::engine;
using namespace gyre::engine::series;
namespace base = gyre::base;

constexpr std::int64_t kFrom = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kTo = std::numeric_limits<std::int64_t>::max();

void writeSamples(std::string_view bytes) {
  SampleColumns samples;
  for (; bytes.size() >= 10; bytes.remove_prefix(10)) {
    std::uint16_t step = 0;
    double value = 0;
    std::memcpy(&step, bytes.data(), 2);
    std::memcpy(&value, bytes.data() + 2, 8);
    samples.add((samples.size() == 0 ? -1'000 : samples.times.back()) + 1 + step, value);
  }
  std::string chunks;
  appendChunks(chunks, samples);
  SampleColumns read;
  require(readChunks(base::asBytes(chunks), kFrom, kTo, read), "what was written is read");
  require(read.times == samples.times, "times come back");
  require(read.values.empty() ||
              std::memcmp(read.values.data(), samples.values.data(), read.values.size() * sizeof(double)) == 0,
          "values come back");
}

void readBytes(std::string_view bytes) {
  SampleColumns samples;
  RollUps roll_ups;
  (void)readChunks(base::asBytes(bytes), kFrom, kTo, samples);
  require(samples.times.size() == samples.values.size(), "columns are of one length");
  (void)readRollUpChunks(base::asBytes(bytes), kFrom, kTo, roll_ups);
}

void readBlock(std::string_view index) {
  std::string file("GYRETSB1");
  const std::uint64_t split = index.empty() ? 0 : static_cast<std::uint8_t>(index[0]) % index.size();
  file += index.substr(0, split);
  const std::uint64_t offset = file.size();
  const std::string_view rest = index.substr(split);
  file += rest;
  base::appendLittle(file, offset);
  base::appendLittle<std::uint64_t>(file, rest.size());
  base::appendLittle<std::uint64_t>(file, XXH3_64bits(rest.data(), rest.size()));
  file += "GYRETSE1";
  RamDirectory directory;
  const auto writer = directory.create("blk_0000000001");
  require(writer.isOk() && writer.value()->append(base::asBytes(file)).isOk() && writer.value()->finish().isOk(),
          "a file in memory is written");
  const auto block = Block::open(directory, "blk_0000000001");
  if (!block.isOk()) {
    require(block.status().code() == gyre::Code::kCorruption, "a refusal is corruption");
    return;
  }
  LabelViews labels;
  for (std::uint32_t i = 0; i < std::min<std::uint32_t>(block.value()->seriesCount(), 100); ++i)
    block.value()->labelsOf(i, labels);
  block.value()->visitNames([&](std::string_view name) {
    block.value()->visitValues(name,
                               [&](std::string_view value, std::uint32_t) { (void)block.value()->find(name, value); });
  });
  (void)block.value()->check();
}

void readCommit(std::string file) {
  base::appendLittle<std::uint64_t>(file, XXH3_64bits(file.data(), file.size()));
  const auto commit = decodeStoreCommit(base::asBytes(file));
  if (!commit.isOk()) {
    require(commit.status().code() == gyre::Code::kCorruption, "a refusal is corruption");
    return;
  }
  require(decodeStoreCommit(base::asBytes(encodeStoreCommit(commit.value()))).isOk(), "a commit is written whole");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0: writeSamples(rest); break;
    case 1: readBytes(rest); break;
    case 2: readBlock(rest); break;
    default: readCommit(std::string(rest)); break;
  }
  return 0;
}
