#include "engine/series/store_commit.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cstdio>

#include "engine/series/integer_codec.hpp"

namespace gyre::engine::series {
namespace {

constexpr std::string_view kMagic = "GYRETSC1";
constexpr std::size_t kChecksumSize = 8;
constexpr std::string_view kPrefix = "blk_";

Status damaged(std::uint64_t offset, std::string_view what) {
  return corruption(std::string(kStoreCommitFile) + ": byte " + std::to_string(offset) + ": " + std::string(what));
}

void appendText(std::string& out, std::string_view text) {
  base::appendVarint(out, text.size());
  out += text;
}

}  // namespace

std::string blockName(std::uint64_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < 10) digits.insert(0, 10 - digits.size(), '0');
  std::string name(kPrefix);
  name += digits;
  return name;
}

bool isBlockName(std::string_view name) {
  return name.size() >= kPrefix.size() + 10 && name.starts_with(kPrefix) &&
         std::all_of(name.begin() + kPrefix.size(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string encodeStoreCommit(const StoreCommit& commit) {
  std::string out(kMagic);
  base::appendVarint(out, commit.sequence);
  base::appendVarint(out, commit.next_block);
  base::appendVarint(out, commit.next_unit);
  base::appendVarint(out, zigzag(commit.newest_ms));
  base::appendVarint(out, zigzag(commit.floor_ms));
  base::appendVarint(out, commit.blocks.size());
  for (const CommittedBlock& block : commit.blocks) {
    appendText(out, block.name);
    base::appendVarint(out, block.size);
    base::appendLittle(out, block.checksum);
    base::appendVarint(out, static_cast<std::uint64_t>(block.resolution_ms));
    base::appendVarint(out, block.unit);
    base::appendVarint(out, block.recency);
    base::appendVarint(out, zigzag(block.min_ms));
    base::appendVarint(out, zigzag(block.max_ms));
    base::appendVarint(out, block.samples);
    base::appendVarint(out, block.series);
  }
  base::appendVarint(out, commit.metadata.size());
  for (const MetricMetadata& metadata : commit.metadata) {
    appendText(out, metadata.name);
    appendText(out, metadata.type);
    appendText(out, metadata.help);
    appendText(out, metadata.unit);
  }
  base::appendLittle<std::uint64_t>(out, XXH3_64bits(out.data(), out.size()));
  return out;
}

Result<StoreCommit> decodeStoreCommit(base::ByteView file) {
  if (file.size() < kMagic.size() + kChecksumSize) return damaged(file.size(), "shorter than any commit");
  if (base::asText(file.first(kMagic.size())) != kMagic) return damaged(0, "no commit header, or of a later format");
  const base::ByteView body = file.first(file.size() - kChecksumSize);
  if (base::loadLittle<std::uint64_t>(file.data() + body.size()) != XXH3_64bits(body.data(), body.size()))
    return damaged(body.size(), "checksum does not match");
  base::ByteReader reader(body);
  reader.bytes(kMagic.size());
  StoreCommit commit;
  commit.sequence = reader.varint();
  commit.next_block = reader.varint();
  commit.next_unit = reader.varint();
  commit.newest_ms = unzigzag(reader.varint());
  commit.floor_ms = unzigzag(reader.varint());
  const std::uint64_t blocks = reader.varint();
  for (std::uint64_t i = 0; i < blocks && reader.isValid(); ++i) {
    CommittedBlock block;
    block.name = reader.text();
    block.size = reader.varint();
    block.checksum = reader.little<std::uint64_t>();
    block.resolution_ms = static_cast<std::int64_t>(reader.varint());
    block.unit = reader.varint();
    block.recency = reader.varint();
    block.min_ms = unzigzag(reader.varint());
    block.max_ms = unzigzag(reader.varint());
    block.samples = reader.varint();
    block.series = reader.varint();
    if (!isBlockName(block.name)) return damaged(reader.position(), "no name of a block");
    commit.blocks.push_back(std::move(block));
  }
  const std::uint64_t metadata = reader.varint();
  for (std::uint64_t i = 0; i < metadata && reader.isValid(); ++i) {
    MetricMetadata each;
    each.name = reader.text();
    each.type = reader.text();
    each.help = reader.text();
    each.unit = reader.text();
    commit.metadata.push_back(std::move(each));
  }
  if (!reader.isValid() || reader.remaining() != 0) return damaged(reader.position(), "makes no sense");
  return commit;
}

}  // namespace gyre::engine::series
