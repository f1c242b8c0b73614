#include "engine/codec/stored_fields.hpp"

#include <zstd.h>

#include <array>
#include <atomic>
#include <memory>

namespace gyre::engine {
namespace {

// Level 1 compresses these blocks about twice as fast as the default for a tenth more bytes.
constexpr int kLevel = 1;
// No block is larger than one document of the largest size, and none of ours comes near; refuses absurd claims.
constexpr std::uint64_t kLargestBlock = 1u << 30;
constexpr std::size_t kHeaderSize = 8;

ZSTD_CCtx* compressor() {
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  static thread_local const std::unique_ptr<ZSTD_CCtx, Free> context = [] {
    std::unique_ptr<ZSTD_CCtx, Free> made(ZSTD_createCCtx());
    ZSTD_CCtx_setParameter(made.get(), ZSTD_c_compressionLevel, kLevel);
    ZSTD_CCtx_setParameter(made.get(), ZSTD_c_checksumFlag, 1);
    return made;
  }();
  return context.get();
}

ZSTD_DCtx* decompressor() {
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  static thread_local const std::unique_ptr<ZSTD_DCtx, Free> context(ZSTD_createDCtx());
  return context.get();
}

}  // namespace

Status StoredFieldsWriter::add(std::string_view source) {
  base::appendVarint(lengths_, source.size());
  sources_ += source;
  ++pending_;
  ++doc_count_;
  return sources_.size() >= kStoredBlockBytes ? flush() : Status();
}

Status StoredFieldsWriter::addBlock(base::ByteView compressed, std::uint32_t doc_count) {
  GYRE_TRY(flush());
  block_starts_.push_back(written_);
  first_docs_.push_back(doc_count_);
  data_.append(compressed);
  written_ += compressed.size();
  doc_count_ += doc_count;
  return {};
}

Status StoredFieldsWriter::flush() {
  if (pending_ == 0) return {};
  lengths_ += sources_;
  compressed_.resize(ZSTD_compressBound(lengths_.size()));
  const std::size_t size =
      ZSTD_compress2(compressor(), compressed_.data(), compressed_.size(), lengths_.data(), lengths_.size());
  if (ZSTD_isError(size) != 0) return internalError(std::string("stored documents: zstd: ") + ZSTD_getErrorName(size));
  block_starts_.push_back(written_);
  first_docs_.push_back(doc_count_ - pending_);
  data_.append(base::asBytes(std::string_view(compressed_).substr(0, size)));
  written_ += size;
  pending_ = 0;
  lengths_.clear();
  sources_.clear();
  return {};
}

Status StoredFieldsWriter::finish(std::string& index) {
  GYRE_TRY(flush());
  base::appendLittle(index, doc_count_);
  base::appendLittle(index, static_cast<std::uint32_t>(block_starts_.size()));
  block_starts_.push_back(written_);
  first_docs_.push_back(doc_count_);
  for (const std::uint64_t start : block_starts_) base::appendLittle(index, start);
  for (const DocId doc : first_docs_) base::appendLittle(index, doc);
  return {};
}

Result<StoredFieldsReader> StoredFieldsReader::open(base::ByteView data, base::ByteView index,
                                                    std::uint32_t doc_count) {
  static std::atomic<std::uint64_t> next_identity{1};
  StoredFieldsReader reader;
  reader.data_ = data;
  reader.index_ = index;
  reader.identity_ = next_identity.fetch_add(1, std::memory_order_relaxed);
  base::ByteReader header(index);
  const auto stored_docs = header.little<std::uint32_t>();
  reader.block_count_ = header.little<std::uint32_t>();
  if (!header.isValid() || stored_docs != doc_count ||
      header.remaining() != (std::uint64_t{reader.block_count_} + 1) * 12)
    return corruption("stored documents: index does not fit the segment");
  std::uint64_t last_start = 0;
  DocId last_doc = 0;
  for (std::uint32_t i = 0; i <= reader.block_count_; ++i) {
    if (reader.blockStart(i) < last_start || reader.firstDoc(i) < last_doc || (i == 0 && reader.firstDoc(0) != 0))
      return corruption("stored documents: block " + std::to_string(i) + " out of order");
    last_start = reader.blockStart(i);
    last_doc = reader.firstDoc(i);
  }
  if (last_start != data.size() || last_doc != doc_count)
    return corruption("stored documents: blocks do not cover the section");
  return reader;
}

std::uint64_t StoredFieldsReader::blockStart(std::uint32_t number) const {
  return base::loadLittle<std::uint64_t>(index_.data() + kHeaderSize + std::size_t{number} * 8);
}
DocId StoredFieldsReader::firstDoc(std::uint32_t number) const {
  return base::loadLittle<std::uint32_t>(index_.data() + kHeaderSize + (std::size_t{block_count_} + 1) * 8 +
                                         std::size_t{number} * 4);
}

StoredFieldsReader::Block StoredFieldsReader::block(std::uint32_t number) const {
  const std::uint64_t start = blockStart(number);
  const base::ByteView bytes = data_.subspan(start, blockStart(number + 1) - start);
  const unsigned long long size = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  const bool is_sound = size != ZSTD_CONTENTSIZE_ERROR && size != ZSTD_CONTENTSIZE_UNKNOWN && size <= kLargestBlock;
  return {bytes, firstDoc(number), firstDoc(number + 1) - firstDoc(number), is_sound ? size : 0};
}

std::uint32_t StoredFieldsReader::blockOf(DocId doc) const {
  std::uint32_t low = 0, high = block_count_;
  while (high - low > 1) {
    const std::uint32_t middle = low + (high - low) / 2;
    (firstDoc(middle) <= doc ? low : high) = middle;
  }
  return low;
}

Result<StoredFieldsReader::Unpacked> StoredFieldsReader::unpackBlock(std::uint32_t number) const {
  const Block each = block(number);
  const auto damaged = [&](std::string_view what) {
    return corruption("stored documents: block " + std::to_string(number) + ": " + std::string(what));
  };
  const std::uint64_t size = each.unpacked_size;
  if (size == 0) return damaged("no zstd frame");
  Unpacked unpacked;
  unpacked.bytes.resize(size);
  const std::size_t got = ZSTD_decompressDCtx(decompressor(), unpacked.bytes.data(), unpacked.bytes.size(),
                                              each.compressed.data(), each.compressed.size());
  if (ZSTD_isError(got) != 0 || got != size) return damaged("does not decompress");
  base::ByteReader lengths(base::asBytes(unpacked.bytes));
  std::uint64_t end = 0;
  unpacked.ends.reserve(each.doc_count + 1);
  unpacked.ends.push_back(0);
  for (std::uint32_t i = 0; i < each.doc_count && lengths.isValid() && end <= size; ++i) {
    end += lengths.varint();
    unpacked.ends.push_back(static_cast<std::uint32_t>(end));
  }
  if (!lengths.isValid() || end != lengths.remaining()) return damaged("lengths contradict its size");
  for (std::uint32_t& each_end : unpacked.ends) each_end += static_cast<std::uint32_t>(lengths.position());
  return unpacked;
}

// The last blocks this thread read. Hits of one page often lie in few blocks, and a get follows a search.
struct StoredFieldsReader::Cache {
  struct Slot {
    std::uint64_t identity = 0;
    std::uint32_t number = 0;
    Unpacked unpacked;
  };
  // About 1 MiB: what many searches show, such as the heaviest completions, stays unpacked.
  std::array<Slot, 64> slots;
  std::size_t next = 0;

  static Cache& ofThread() {
    static thread_local Cache cache;
    return cache;
  }
};

Result<std::string> StoredFieldsReader::read(DocId doc) const {
  const std::uint32_t number = blockOf(doc);
  Cache& cache = Cache::ofThread();
  for (const Cache::Slot& slot : cache.slots)
    if (slot.identity == identity_ && slot.number == number)
      return std::string(slot.unpacked.source(doc - firstDoc(number)));
  GYRE_TRY_ASSIGN(Unpacked unpacked, unpackBlock(number));
  std::string source(unpacked.source(doc - firstDoc(number)));
  // A document of many megabytes would only sit there.
  if (unpacked.bytes.size() <= 16 * kStoredBlockBytes) {
    cache.slots[cache.next] = {identity_, number, std::move(unpacked)};
    cache.next = (cache.next + 1) % cache.slots.size();
  }
  return source;
}

}  // namespace gyre::engine
