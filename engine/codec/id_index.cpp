#include "engine/codec/id_index.hpp"

#include <xxhash.h>

#include <bit>

#include "engine/codec/column_codec.hpp"

namespace gyre::engine {
namespace {

// 0 marks a free slot.
std::uint8_t fingerprint(std::uint64_t hash) {
  const auto top = static_cast<std::uint8_t>(hash >> 56);
  return top == 0 ? std::uint8_t{1} : top;
}

std::uint64_t capacityFor(std::uint64_t docs) { return std::bit_ceil(docs + docs / 2 + 1); }

}  // namespace

std::uint64_t hashId(std::string_view id) { return XXH3_64bits(id.data(), id.size()); }

void IdIndexWriter::add(std::string_view id) {
  bytes_ += id;
  ends_.push_back(bytes_.size());
  if (id.empty()) return;
  docs_.push_back(static_cast<DocId>(ends_.size() - 1));
  hashes_.push_back(hashId(id));
}

void IdIndexWriter::finish(std::string& bytes, std::string& ends, std::string& table) {
  bytes += bytes_;
  ColumnWriter column(ColumnContent::kWhole);
  for (std::size_t doc = 0; doc < ends_.size(); ++doc)
    column.add(static_cast<DocId>(doc), static_cast<std::int64_t>(ends_[doc]));
  column.finish(static_cast<std::uint32_t>(ends_.size()), ends);

  const std::uint64_t capacity = capacityFor(hashes_.size());
  const std::size_t start = table.size();
  table.resize(start + capacity * 5, '\0');
  char* const fingerprints = table.data() + start;
  char* const docs = fingerprints + capacity;
  for (std::size_t i = 0; i < hashes_.size(); ++i) {
    std::uint64_t slot = hashes_[i] & (capacity - 1);
    while (fingerprints[slot] != '\0') slot = (slot + 1) & (capacity - 1);
    fingerprints[slot] = static_cast<char>(fingerprint(hashes_[i]));
    std::memcpy(docs + slot * 4, &docs_[i], 4);
  }
}

Result<IdIndexReader> IdIndexReader::open(base::ByteView bytes, base::ByteView ends, base::ByteView table,
                                          std::uint32_t doc_count, std::uint32_t id_count) {
  IdIndexReader reader;
  reader.bytes_ = bytes;
  reader.doc_count_ = doc_count;
  GYRE_TRY_ASSIGN(reader.ends_, openColumn(ends, doc_count));
  const std::uint64_t capacity = capacityFor(id_count);
  if (table.size() != capacity * 5) return corruption("ids: table does not fit the segment");
  if (reader.ends_->stats().doc_count != doc_count || reader.ends_->isMultiValued())
    return corruption("ids: a document has no id");
  reader.fingerprints_ = table.first(capacity);
  reader.docs_ = table.subspan(capacity);
  return reader;
}

std::string_view IdIndexReader::id(DocId doc) const {
  std::int64_t end = 0, start = 0;
  ends_->readOne(doc, end);
  if (doc > 0) ends_->readOne(doc - 1, start);
  if (start < 0 || end < start || static_cast<std::uint64_t>(end) > bytes_.size()) return {};
  return base::asText(bytes_).substr(static_cast<std::size_t>(start), static_cast<std::size_t>(end - start));
}

std::optional<DocId> IdIndexReader::find(std::string_view wanted, std::uint64_t hash) const {
  const std::uint64_t mask = fingerprints_.size() - 1;
  const std::uint8_t print = fingerprint(hash);
  std::uint64_t slot = hash & mask;
  // The bound ends the search even in a table that somebody filled to the last slot.
  for (std::uint64_t probes = 0; probes <= mask && fingerprints_[slot] != 0; ++probes, slot = (slot + 1) & mask) {
    if (fingerprints_[slot] != print) continue;
    const auto doc = base::loadLittle<std::uint32_t>(docs_.data() + slot * 4);
    if (doc < doc_count_ && id(doc) == wanted) return doc;
  }
  return std::nullopt;
}

}  // namespace gyre::engine
