#include "engine/codec/stored_fields.hpp"

#include <algorithm>
#include <array>
#include <atomic>

#include "engine/codec/column_codec.hpp"

namespace gyre::engine {
namespace {

constexpr std::size_t kIndexHeader = 8;    // u32 documents, u32 blocks
constexpr std::size_t kBlocksHeader = 16;  // u32 documents, u32 blocks, u64 size of the first column
constexpr std::uint32_t kPlain = 0xffff'ffffu;
const DictionaryPtr kNoDictionary;
// Records are a third of their documents, and who shows one mostly shows its neighbours: a log line takes 1.5 bytes
// less than in blocks of 1 KiB, and is unpacked in 4 µs instead of 2.
constexpr std::size_t kRecordBlockBytes = 4u << 10;

template <class Values>
std::string columnOf(const Values& values) {
  ColumnWriter column(ColumnContent::kWhole);
  for (std::size_t i = 0; i < values.size(); ++i)
    column.add(static_cast<DocId>(i), static_cast<std::int64_t>(values[i]));
  std::string bytes;
  column.finish(static_cast<std::uint32_t>(values.size()), bytes);
  return bytes;
}

std::uint64_t at(const ColumnReader& column, std::uint32_t number) {
  std::int64_t value = 0;
  column.readOne(number, value);
  return static_cast<std::uint64_t>(value);
}

}  // namespace

// ---- writing
// ---------------------------------------------------------------------------------------------------------

Status StoredFieldsWriter::add(std::string_view source) {
  base::appendVarint(lengths_, source.size());
  sources_ += source;
  ++pending_;
  ++doc_count_;
  return isFull() ? flush() : Status();
}

bool StoredFieldsWriter::isFull() const {
  if (dictionary_ == nullptr) return sources_.size() >= kPlainBlockBytes;
  if (dictionary_->shapes() != nullptr) return sources_.size() >= kRecordBlockBytes;
  return isFullBlock(pending_, sources_.size());
}

Status StoredFieldsWriter::addBlock(base::ByteView compressed, std::uint32_t doc_count,
                                    const DictionaryPtr& dictionary) {
  GYRE_TRY(flush());
  beginBlock(0, dictionary);
  data_.append(compressed);
  written_ += compressed.size();
  doc_count_ += doc_count;
  return {};
}

// A block whose documents are `doc_count` of those added already.
void StoredFieldsWriter::beginBlock(std::uint32_t doc_count, const DictionaryPtr& dictionary) {
  std::uint32_t number = kPlain;
  if (dictionary != nullptr) {
    const auto known = std::find_if(dictionaries_.rbegin(), dictionaries_.rend(),
                                    [&](const DictionaryPtr& each) { return isSame(each, dictionary); });
    number = static_cast<std::uint32_t>(dictionaries_.rend() - known);
    if (number == 0) {
      dictionaries_.push_back(dictionary);
      number = static_cast<std::uint32_t>(dictionaries_.size());
    }
    --number;
  }
  const auto block = static_cast<std::uint32_t>(block_starts_.size());
  if (ranges_.empty() || ranges_.back().dictionary != number) ranges_.push_back({block, number});
  block_starts_.push_back(written_);
  first_docs_.push_back(doc_count_ - doc_count);
}

Status StoredFieldsWriter::flush() {
  if (pending_ == 0) return {};
  lengths_ += sources_;
  compressed_.clear();
  GYRE_TRY(dictionary_ == nullptr ? compressPlain(lengths_, compressed_)
                                  : dictionary_->compress(lengths_, compressed_));
  beginBlock(pending_, dictionary_);
  data_.append(base::asBytes(compressed_));
  written_ += compressed_.size();
  pending_ = 0;
  lengths_.clear();
  sources_.clear();
  return {};
}

Status StoredFieldsWriter::finish(std::string& blocks, std::string& dictionaries) {
  GYRE_TRY(flush());
  base::appendLittle(blocks, doc_count_);
  base::appendLittle(blocks, static_cast<std::uint32_t>(block_starts_.size()));
  block_starts_.push_back(written_);
  first_docs_.push_back(doc_count_);
  const std::string starts = columnOf(block_starts_);
  base::appendLittle(blocks, std::uint64_t{starts.size()});
  blocks += starts;
  blocks += columnOf(first_docs_);
  if (dictionaries_.empty()) return {};
  base::appendLittle(dictionaries, static_cast<std::uint32_t>(ranges_.size()));
  for (const Range& range : ranges_) {
    base::appendLittle(dictionaries, range.first_block);
    base::appendLittle(dictionaries, range.dictionary);
  }
  base::appendLittle(dictionaries, static_cast<std::uint32_t>(dictionaries_.size()));
  for (const DictionaryPtr& dictionary : dictionaries_) {
    base::appendLittle(dictionaries, dictionary->promisedPermille());
    base::appendLittle(dictionaries, static_cast<std::uint32_t>(dictionary->bytes().size()));
    dictionaries += base::asText(dictionary->bytes());
  }
  return {};
}

std::string StoredFieldsWriter::shapes() const {
  std::string section;
  bool has_any = false;
  for (const DictionaryPtr& dictionary : dictionaries_) {
    const std::string_view bytes = dictionary->shapes() ? std::string_view(dictionary->shapes()->bytes()) : "";
    has_any = has_any || !bytes.empty();
    base::appendVarint(section, bytes.size());
    section += bytes;
  }
  return has_any ? section : std::string();
}

// ---- reading
// ---------------------------------------------------------------------------------------------------------

Result<StoredFieldsReader> StoredFieldsReader::open(const StoredSections& sections, std::uint32_t doc_count) {
  static std::atomic<std::uint64_t> next_identity{1};
  StoredFieldsReader reader;
  reader.data_ = sections.data;
  reader.identity_ = next_identity.fetch_add(1, std::memory_order_relaxed);
  const bool is_old = sections.blocks.empty();
  GYRE_TRY(is_old ? reader.openIndex(sections.index, doc_count) : reader.openBlocks(sections.blocks, doc_count));
  if (!sections.dictionaries.empty()) GYRE_TRY(reader.openDictionaries(sections.dictionaries, sections.shapes));
  std::uint64_t last_start = 0;
  DocId last_doc = 0;
  for (std::uint32_t i = 0; i <= reader.block_count_; ++i) {
    if (reader.blockStart(i) < last_start || reader.firstDoc(i) < last_doc || (i == 0 && reader.firstDoc(0) != 0))
      return corruption("stored documents: block " + std::to_string(i) + " out of order");
    last_start = reader.blockStart(i);
    last_doc = reader.firstDoc(i);
  }
  if (last_start != sections.data.size() || last_doc != doc_count)
    return corruption("stored documents: blocks do not cover the section");
  return reader;
}

Status StoredFieldsReader::openIndex(base::ByteView index, std::uint32_t doc_count) {
  base::ByteReader header(index);
  const auto stored_docs = header.little<std::uint32_t>();
  block_count_ = header.little<std::uint32_t>();
  index_ = index;
  const bool is_sound =
      header.isValid() && stored_docs == doc_count && header.remaining() == (std::uint64_t{block_count_} + 1) * 12;
  return is_sound ? Status() : corruption("stored documents: index does not fit the segment");
}

Status StoredFieldsReader::openBlocks(base::ByteView blocks, std::uint32_t doc_count) {
  base::ByteReader header(blocks);
  const auto stored_docs = header.little<std::uint32_t>();
  block_count_ = header.little<std::uint32_t>();
  const auto size = header.little<std::uint64_t>();
  if (!header.isValid() || stored_docs != doc_count || block_count_ == kNoMoreDocs || size > header.remaining())
    return corruption("stored documents: blocks do not fit the segment");
  GYRE_TRY_ASSIGN(auto starts, openColumn(blocks.subspan(kBlocksHeader, size), block_count_ + 1));
  GYRE_TRY_ASSIGN(auto first_docs, openColumn(blocks.subspan(kBlocksHeader + size), block_count_ + 1));
  starts_ = std::move(starts);
  first_docs_ = std::move(first_docs);
  return {};
}

Status StoredFieldsReader::openDictionaries(base::ByteView section, base::ByteView shapes) {
  base::ByteReader reader(section);
  base::ByteReader shapes_reader(shapes);
  const auto damaged = [] { return corruption("stored documents: dictionaries do not fit the segment"); };
  struct Numbered {
    std::uint32_t first_block, dictionary;
  };
  std::vector<Numbered> ranges;
  const auto range_count = reader.little<std::uint32_t>();
  if (range_count > block_count_) return damaged();
  for (std::uint32_t i = 0; i < range_count && reader.isValid(); ++i) {
    const auto first_block = reader.little<std::uint32_t>(), dictionary = reader.little<std::uint32_t>();
    if (i == 0 ? first_block != 0 : first_block <= ranges.back().first_block) return damaged();
    ranges.push_back({first_block, dictionary});
  }
  const auto count = reader.little<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && reader.isValid(); ++i) {
    const auto promised_permille = reader.little<std::uint32_t>();
    const std::string_view shape_bytes = shapes.empty() ? std::string_view() : shapes_reader.text();
    std::shared_ptr<const SourceShapes> its_shapes;
    if (!shape_bytes.empty()) {
      GYRE_TRY_ASSIGN(its_shapes, SourceShapes::parse(shape_bytes));
    }
    GYRE_TRY_ASSIGN(auto dictionary, BlockDictionary::open(reader.bytes(reader.little<std::uint32_t>()),
                                                           promised_permille, std::move(its_shapes)));
    dictionaries_.push_back(std::move(dictionary));
  }
  if (!reader.isValid() || reader.remaining() != 0) return damaged();
  if (!shapes_reader.isValid() || shapes_reader.remaining() != 0) return damaged();
  for (const Numbered& range : ranges) {
    if (range.dictionary != kPlain && range.dictionary >= dictionaries_.size()) return damaged();
    ranges_.push_back(
        {range.first_block, range.dictionary == kPlain ? kNoDictionary : dictionaries_[range.dictionary]});
  }
  return {};
}

std::uint64_t StoredFieldsReader::blockStart(std::uint32_t number) const {
  if (starts_ != nullptr) return at(*starts_, number);
  return base::loadLittle<std::uint64_t>(index_.data() + kIndexHeader + std::size_t{number} * 8);
}
DocId StoredFieldsReader::firstDoc(std::uint32_t number) const {
  if (first_docs_ != nullptr) return static_cast<DocId>(at(*first_docs_, number));
  return base::loadLittle<std::uint32_t>(index_.data() + kIndexHeader + (std::size_t{block_count_} + 1) * 8 +
                                         std::size_t{number} * 4);
}

const DictionaryPtr& StoredFieldsReader::dictionaryOf(std::uint32_t number) const {
  const auto after =
      std::upper_bound(ranges_.begin(), ranges_.end(), number,
                       [](std::uint32_t block, const Range& range) { return block < range.first_block; });
  return after == ranges_.begin() ? kNoDictionary : std::prev(after)->dictionary;
}

void StoredFieldsReader::fetchAhead(DocId doc) const {
  const std::uint32_t number = blockOf(doc);
  constexpr std::uint64_t kLine = 64, kMostLines = 16;
  const std::uint64_t start = blockStart(number);
  const std::uint64_t end = std::min(blockStart(number + 1), start + kMostLines * kLine);
  for (std::uint64_t at = start; at < end; at += kLine) __builtin_prefetch(data_.data() + at);
}

StoredFieldsReader::Block StoredFieldsReader::block(std::uint32_t number) const {
  const std::uint64_t start = blockStart(number);
  const base::ByteView bytes = data_.subspan(start, blockStart(number + 1) - start);
  const DictionaryPtr& dictionary = dictionaryOf(number);
  return {bytes, firstDoc(number), firstDoc(number + 1) - firstDoc(number), dictionary,
          unpackedSize(bytes, dictionary != nullptr)};
}

// Blocks hold about as many documents each, so the first guess is near.
std::uint32_t StoredFieldsReader::blockOf(DocId doc) const {
  const DocId doc_count = firstDoc(block_count_);
  const auto guess = static_cast<std::uint32_t>(std::uint64_t{doc} * block_count_ / std::max(doc_count, 1u));
  std::uint32_t low = guess, high = guess + 1;
  for (std::uint32_t step = 1; low > 0 && firstDoc(low) > doc; step *= 2) {
    high = low;
    low -= std::min(low, step);
  }
  for (std::uint32_t step = 1; high < block_count_ && firstDoc(high) <= doc; step *= 2) {
    low = high;
    high += std::min(block_count_ - high, step);
  }
  while (high - low > 1) {
    const std::uint32_t middle = low + (high - low) / 2;
    (firstDoc(middle) <= doc ? low : high) = middle;
  }
  return low;
}

Status StoredFieldsReader::unpackBlock(std::uint32_t number, Unpacked& unpacked) const {
  const Block each = block(number);
  const auto damaged = [&](std::string_view what) {
    return corruption("stored documents: block " + std::to_string(number) + ": " + std::string(what));
  };
  const std::uint64_t size = each.unpacked_size;
  if (size == 0) return damaged("no zstd frame");
  unpacked.bytes.resize(size);
  const bool is_whole = each.dictionary == nullptr ? decompressPlain(each.compressed, unpacked.bytes)
                                                   : each.dictionary->decompress(each.compressed, unpacked.bytes);
  if (!is_whole) return damaged("does not decompress");
  base::ByteReader lengths(base::asBytes(unpacked.bytes));
  std::uint64_t end = 0;
  unpacked.ends.clear();
  unpacked.ends.reserve(each.doc_count + 1);
  unpacked.ends.push_back(0);
  for (std::uint32_t i = 0; i < each.doc_count && lengths.isValid() && end <= size; ++i) {
    end += lengths.varint();
    unpacked.ends.push_back(static_cast<std::uint32_t>(end));
  }
  if (!lengths.isValid() || end != lengths.remaining()) return damaged("lengths contradict its size");
  for (std::uint32_t& each_end : unpacked.ends) each_end += static_cast<std::uint32_t>(lengths.position());
  return {};
}

// The last blocks this thread read. Hits of one page often lie in few blocks, and a get follows a search.
struct StoredFieldsReader::Cache {
  struct Slot {
    std::uint64_t identity = 0;
    std::uint32_t number = 0;
    Unpacked unpacked;
  };
  // Some 500 KiB when full: what many searches show, such as the heaviest completions, stays unpacked.
  std::array<Slot, 256> slots;

  static Cache& ofThread() {
    static thread_local Cache cache;
    return cache;
  }
  // Neighbouring blocks have slots of their own.
  Slot& slot(std::uint64_t identity, std::uint32_t number) {
    return slots[(identity * 0x9e37'79b9'7f4a'7c15u + number) % slots.size()];
  }
};

Result<std::string> StoredFieldsReader::read(DocId doc, const SourceShapes** shapes) const {
  const std::uint32_t number = blockOf(doc);
  if (shapes != nullptr) {
    const DictionaryPtr& dictionary = dictionaryOf(number);
    *shapes = dictionary ? dictionary->shapes().get() : nullptr;
  }
  Cache::Slot& slot = Cache::ofThread().slot(identity_, number);
  if (slot.identity != identity_ || slot.number != number) {
    slot.identity = 0;
    GYRE_TRY(unpackBlock(number, slot.unpacked));
    slot.identity = identity_;
    slot.number = number;
  }
  std::string source(slot.unpacked.source(doc - firstDoc(number)));
  // A document of many megabytes would only sit there, and the room it took.
  if (slot.unpacked.bytes.capacity() > 2 * kPlainBlockBytes) slot = {};
  return source;
}

}  // namespace gyre::engine
