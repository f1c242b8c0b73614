#include "engine/codec/live_docs.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "engine/codec/count_ones.hpp"
namespace gyre::engine {
namespace {

constexpr char kRuns = 0;
constexpr char kBits = 1;

// The first document from `from` on that is live (or not), doc_count when there is none.
DocId nextDoc(const LiveBits& live, DocId from, DocId doc_count, bool wanted) {
  while (from < doc_count) {
    const std::uint64_t word = (wanted ? live[from / 64] : ~live[from / 64]) >> (from % 64);
    if (word != 0) return std::min<DocId>(doc_count, from + static_cast<DocId>(std::countr_zero(word)));
    from = from / 64 * 64 + 64;
  }
  return doc_count;
}

std::optional<LiveBits> parseRuns(base::ByteReader& reader, std::uint32_t doc_count) {
  LiveBits live = allLive(doc_count);
  std::uint64_t doc = 0;
  while (reader.remaining() > 0) {
    const std::uint64_t skipped = reader.varint(), deleted = reader.varint();
    if (!reader.isValid() || deleted == 0 || skipped > doc_count - doc || deleted > doc_count - doc - skipped)
      return std::nullopt;
    doc += skipped;
    for (const std::uint64_t end = doc + deleted; doc < end; ++doc) clearLive(live, static_cast<DocId>(doc));
  }
  return live;
}

}  // namespace

LiveBits allLive(std::uint32_t doc_count) {
  const std::size_t windows = (std::size_t{doc_count} + kWindowDocs - 1) / kWindowDocs;
  LiveBits live(windows * kWindowWords, 0);
  for (std::size_t word = 0; word < doc_count / 64; ++word) live[word] = ~std::uint64_t{0};
  if (doc_count % 64 != 0) live[doc_count / 64] = (std::uint64_t{1} << (doc_count % 64)) - 1;
  return live;
}

std::uint32_t countLive(const LiveBits& live) {
  std::uint32_t count = 0;
  for (const std::uint64_t word : live) count += countOnes(word);
  return count;
}

std::string serializeLive(const LiveBits& live, std::uint32_t doc_count) {
  const std::size_t bitmap_size = (std::size_t{doc_count} + 7) / 8;
  std::string bytes(1, kRuns);
  for (DocId doc = 0; bytes.size() <= bitmap_size;) {
    const DocId deleted = nextDoc(live, doc, doc_count, false);
    if (deleted == doc_count) return bytes;
    const DocId end = nextDoc(live, deleted, doc_count, true);
    base::appendVarint(bytes, deleted - doc);
    base::appendVarint(bytes, end - deleted);
    doc = end;
  }
  bytes.assign(1, kBits);
  bytes.append(reinterpret_cast<const char*>(live.data()), bitmap_size);
  return bytes;
}

std::optional<LiveBits> parseLive(base::ByteView bytes, std::uint32_t doc_count) {
  base::ByteReader reader(bytes);
  const auto form = static_cast<char>(reader.little<std::uint8_t>());
  if (!reader.isValid()) return std::nullopt;
  if (form == kRuns) return parseRuns(reader, doc_count);
  const std::size_t bitmap_size = (std::size_t{doc_count} + 7) / 8;
  if (form != kBits || reader.remaining() != bitmap_size) return std::nullopt;
  LiveBits live = allLive(doc_count);
  const LiveBits mask = live;
  if (bitmap_size > 0) std::memcpy(live.data(), reader.bytes(bitmap_size).data(), bitmap_size);
  for (std::size_t word = 0; word < live.size(); ++word)
    if ((live[word] & ~mask[word]) != 0) return std::nullopt;
  return live;
}

}  // namespace gyre::engine
