#include "engine/codec/id_index.hpp"

#include <xxhash.h>

#include <bit>
#include <span>

#include "engine/codec/bit_packing.hpp"
#include "engine/codec/column_codec.hpp"

namespace gyre::engine {
namespace {

// 0 marks a free slot.
std::uint8_t fingerprint(std::uint64_t hash) {
  const auto top = static_cast<std::uint8_t>(hash >> 56);
  return top == 0 ? std::uint8_t{1} : top;
}

std::uint64_t capacityFor(std::uint64_t docs) { return docs + docs / 3 + 1; }
// The low half of the hash, spread over the slots; the fingerprint is of the other half.
std::uint64_t slotFor(std::uint64_t hash, std::uint64_t capacity) { return (hash & 0xffff'ffffu) * capacity >> 32; }

// Of a packed document; at least 1, which tells slots from a table.
unsigned widthFor(std::uint32_t docs) { return bitWidth(docs); }

std::uint64_t tableCapacityFor(std::uint64_t docs) { return std::bit_ceil(docs + docs / 2 + 1); }

}  // namespace

std::uint64_t hashId(std::string_view id) { return XXH3_64bits(id.data(), id.size()); }

void IdIndexWriter::add(std::string_view id) {
  bytes_ += id;
  ends_.push_back(bytes_.size());
  if (id.empty()) return;
  docs_.push_back(static_cast<DocId>(ends_.size() - 1));
  hashes_.push_back(hashId(id));
}

void IdIndexWriter::finish(std::string& bytes, std::string& ends, std::string& slots) {
  bytes += bytes_;
  ColumnWriter column(ColumnContent::kWhole);
  for (std::size_t doc = 0; doc < ends_.size(); ++doc)
    column.add(static_cast<DocId>(doc), static_cast<std::int64_t>(ends_[doc]));
  column.finish(static_cast<std::uint32_t>(ends_.size()), ends);

  const std::uint64_t capacity = capacityFor(hashes_.size());
  const std::size_t start = slots.size();
  slots.resize(start + capacity, '\0');
  std::vector<std::uint32_t> docs(capacity, 0);
  for (std::size_t i = 0; i < hashes_.size(); ++i) {
    std::uint64_t slot = slotFor(hashes_[i], capacity);
    while (slots[start + slot] != '\0') slot = slot + 1 == capacity ? 0 : slot + 1;
    slots[start + slot] = static_cast<char>(fingerprint(hashes_[i]));
    docs[slot] = docs_[i];
  }
  appendPacked(slots, std::span<const std::uint32_t>(docs), widthFor(static_cast<std::uint32_t>(ends_.size())));
  slots.append(kUnpackSlack, '\0');
}

Result<IdIndexReader> IdIndexReader::open(const Sections& sections, std::uint32_t doc_count, std::uint32_t id_count) {
  IdIndexReader reader;
  reader.bytes_ = sections.bytes;
  reader.doc_count_ = doc_count;
  GYRE_TRY_ASSIGN(reader.ends_, openColumn(sections.ends, doc_count));
  if (reader.ends_->stats().doc_count != doc_count || reader.ends_->isMultiValued())
    return corruption("ids: a document has no id");
  const bool is_table = sections.slots.empty();
  const base::ByteView slots = is_table ? sections.table : sections.slots;
  const std::uint64_t capacity = is_table ? tableCapacityFor(id_count) : capacityFor(id_count);
  reader.width_ = is_table ? 0 : widthFor(doc_count);
  const std::uint64_t expected =
      is_table ? capacity * 5 : capacity + packedBytes(capacity, reader.width_) + kUnpackSlack;
  if (slots.size() != expected) return corruption("ids: slots do not fit the segment");
  reader.fingerprints_ = slots.first(capacity);
  reader.docs_ = slots.subspan(capacity);
  return reader;
}

std::string_view IdIndexReader::id(DocId doc) const {
  std::int64_t end = 0, start = 0;
  ends_->readOne(doc, end);
  if (doc > 0) ends_->readOne(doc - 1, start);
  if (start < 0 || end < start || static_cast<std::uint64_t>(end) > bytes_.size()) return {};
  return base::asText(bytes_).substr(static_cast<std::size_t>(start), static_cast<std::size_t>(end - start));
}

std::uint64_t IdIndexReader::firstSlot(std::uint64_t hash) const {
  return width_ == 0 ? hash & (fingerprints_.size() - 1) : slotFor(hash, fingerprints_.size());
}

std::optional<DocId> IdIndexReader::find(std::string_view wanted, std::uint64_t hash) const {
  const std::uint64_t capacity = fingerprints_.size();
  const std::uint8_t print = fingerprint(hash);
  std::uint64_t slot = firstSlot(hash);
  // The bound ends the search even in slots that somebody filled to the last one.
  for (std::uint64_t probes = 0; probes < capacity && fingerprints_[slot] != 0; ++probes) {
    if (fingerprints_[slot] == print) {
      const std::uint64_t doc = width_ == 0 ? base::loadLittle<std::uint32_t>(docs_.data() + slot * 4)
                                            : unpackOne(docs_.data(), slot, width_);
      if (doc < doc_count_ && id(static_cast<DocId>(doc)) == wanted) return static_cast<DocId>(doc);
    }
    slot = slot + 1 == capacity ? 0 : slot + 1;
  }
  return std::nullopt;
}

}  // namespace gyre::engine
