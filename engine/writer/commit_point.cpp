#include "engine/writer/commit_point.hpp"

#include <xxhash.h>

namespace gyre::engine {
namespace {

constexpr std::string_view kMagic = "GYRECMT1";
constexpr std::size_t kChecksumSize = 8;

Status damaged(std::uint64_t offset, std::string_view what) {
  return corruption(std::string(kCommitFile) + ": byte " + std::to_string(offset) + ": " + std::string(what));
}

void appendText(std::string& out, std::string_view text) {
  base::appendVarint(out, text.size());
  out += text;
}

}  // namespace

std::string encodeCommit(const CommitPoint& commit) {
  std::string out(kMagic);
  base::appendVarint(out, commit.sequence);
  base::appendVarint(out, commit.generation);
  base::appendVarint(out, commit.next_segment);
  appendText(out, commit.definition);
  base::appendVarint(out, commit.segments.size());
  for (const CommittedSegment& segment : commit.segments) {
    appendText(out, segment.name);
    base::appendVarint(out, segment.size);
    base::appendLittle(out, segment.checksum);
    base::appendVarint(out, segment.doc_count);
    appendText(out, segment.live);
  }
  base::appendLittle<std::uint64_t>(out, XXH3_64bits(out.data(), out.size()));
  return out;
}

Result<CommitPoint> decodeCommit(base::ByteView file) {
  if (file.size() < kMagic.size() + kChecksumSize) return damaged(file.size(), "shorter than any commit");
  if (base::asText(file.first(kMagic.size())) != kMagic) return damaged(0, "no commit header, or of a later format");
  const base::ByteView body = file.first(file.size() - kChecksumSize);
  if (base::loadLittle<std::uint64_t>(file.data() + body.size()) != XXH3_64bits(body.data(), body.size()))
    return damaged(body.size(), "checksum does not match");
  base::ByteReader reader(body);
  reader.bytes(kMagic.size());
  CommitPoint commit;
  commit.sequence = reader.varint();
  commit.generation = reader.varint();
  commit.next_segment = reader.varint();
  commit.definition = reader.text();
  const std::uint64_t count = reader.varint();
  for (std::uint64_t i = 0; i < count && reader.isValid(); ++i) {
    CommittedSegment segment;
    segment.name = reader.text();
    segment.size = reader.varint();
    segment.checksum = reader.little<std::uint64_t>();
    segment.doc_count = static_cast<std::uint32_t>(reader.varint());
    segment.live = reader.text();
    commit.segments.push_back(std::move(segment));
  }
  if (!reader.isValid() || reader.remaining() != 0) return damaged(reader.position(), "makes no sense");
  return commit;
}

}  // namespace gyre::engine
