#include "engine/codec/block_dictionary.hpp"

#include <xxhash.h>
#include <zdict.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace gyre::engine {
namespace {

// Level 1 compresses these blocks about twice as fast as the default for a few more bytes.
constexpr int kLevel = 1;
// More content saves little: 64 KiB one byte of 123 a payment.
constexpr std::size_t kContentBytes = 32u << 10;
// And of few documents less, so that the dictionary stays small beside them.
constexpr std::size_t kContentShare = 16;
// Room for zstd's tables before the content.
constexpr std::size_t kTablesBytes = 4u << 10;
// Dictionaries come from files: no larger ones are believed.
constexpr std::size_t kLargestDictionary = 1u << 20;
// One block of samples in so many becomes content; the others tell frequencies.
constexpr std::size_t kContentStride = 9;
constexpr std::size_t kRecordStride = 5;
// One block of samples in so many is compressed to see how well it goes.
constexpr std::size_t kTrialStride = 8;
// Compressing a tenth worse than promised is worth a dictionary of one's own.
constexpr std::uint64_t kWorsePermille = 1'100;
// No block is larger than one document of the largest size, and none of ours comes near; refuses absurd claims.
constexpr std::uint64_t kLargestBlock = 1u << 30;
constexpr std::array<std::uint8_t, 4> kMagic{0x28, 0xb5, 0x2f, 0xfd};
constexpr std::size_t kLargestHeader = 18;  // of a frame

struct Free {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  void operator()(ZSTD_CDict* dictionary) const { ZSTD_freeCDict(dictionary); }
  void operator()(ZSTD_DDict* dictionary) const { ZSTD_freeDDict(dictionary); }
};

ZSTD_CCtx* compressor() {
  static thread_local const std::unique_ptr<ZSTD_CCtx, Free> context = [] {
    std::unique_ptr<ZSTD_CCtx, Free> made(ZSTD_createCCtx());
    ZSTD_CCtx_setParameter(made.get(), ZSTD_c_compressionLevel, kLevel);
    ZSTD_CCtx_setParameter(made.get(), ZSTD_c_checksumFlag, 1);
    ZSTD_CCtx_setParameter(made.get(), ZSTD_c_dictIDFlag, 0);
    return made;
  }();
  return context.get();
}

ZSTD_DCtx* decompressor() {
  static thread_local const std::unique_ptr<ZSTD_DCtx, Free> context(ZSTD_createDCtx());
  return context.get();
}

// Appends the frame with its magic number.
Status compressWith(const ZSTD_CDict* dictionary, std::string_view block, std::string& out) {
  const std::size_t begin = out.size();
  out.resize(begin + ZSTD_compressBound(block.size()));
  ZSTD_CCtx_refCDict(compressor(), dictionary);
  const std::size_t size =
      ZSTD_compress2(compressor(), out.data() + begin, out.size() - begin, block.data(), block.size());
  if (ZSTD_isError(size) != 0) return internalError(std::string("stored documents: zstd: ") + ZSTD_getErrorName(size));
  out.resize(begin + size);
  return {};
}

// Cuts the samples into blocks as documents are stored: `visit(block)`.
template <class Visit>
void eachBlock(std::span<const std::string_view> samples, Visit&& visit) {
  std::string block;
  std::size_t doc_count = 0;
  for (const std::string_view sample : samples) {
    block += sample;
    if (!isFullBlock(++doc_count, block.size())) continue;
    visit(std::string_view(block));
    block.clear();
    doc_count = 0;
  }
}

// Thousandths that are left of every kTrialStride-th of the blocks, but for those that `skips` says.
template <class Skips>
std::uint32_t trial(const BlockDictionary& dictionary, std::span<const std::string_view> samples,
                    std::uint64_t source_bytes, Skips&& skips) {
  std::string compressed;
  std::size_t number = 0;
  std::uint64_t whole = 0;
  eachBlock(samples, [&](std::string_view block) {
    if (++number % kTrialStride != 0 || skips(number)) return;
    whole += block.size();
    if (!dictionary.compress(block, compressed).isOk()) compressed.append(block);
  });
  if (source_bytes != 0) {
    // What the documents would have been, of which the trial saw the records of some.
    std::uint64_t all = 0;
    for (const std::string_view sample : samples) all += sample.size();
    whole = all == 0 ? 0 : whole * source_bytes / all;
  }
  return whole == 0 ? 1'000 : static_cast<std::uint32_t>(std::uint64_t{compressed.size()} * 1'000 / whole);
}

}  // namespace

struct BlockDictionary::Tables {
  explicit Tables(std::string_view dictionary)
      : bytes(dictionary),
        reading(ZSTD_createDDict(bytes.data(), bytes.size())),
        writing(ZSTD_createCDict(bytes.data(), bytes.size(), kLevel)) {}

  std::string bytes;
  std::unique_ptr<ZSTD_DDict, Free> reading;
  std::unique_ptr<ZSTD_CDict, Free> writing;
};

// Segments of one index mostly have the same dictionary. Its tables are some hundred KiB: one copy of them stays in the
// processor's cache while a page of hits from many segments is unpacked.
std::shared_ptr<const BlockDictionary::Tables> BlockDictionary::tablesOf(std::string_view bytes) {
  static std::mutex mutex;
  static std::unordered_multimap<std::uint64_t, std::weak_ptr<const Tables>> all;
  const std::uint64_t hash = XXH3_64bits(bytes.data(), bytes.size());
  const std::lock_guard lock(mutex);
  for (auto [at, end] = all.equal_range(hash); at != end; ++at)
    if (auto known = at->second.lock(); known != nullptr && known->bytes == bytes) return known;
  std::erase_if(all, [](const auto& each) { return each.second.expired(); });
  auto made = std::make_shared<const Tables>(bytes);
  all.emplace(hash, made);
  return made;
}

BlockDictionary::BlockDictionary(std::string_view bytes, std::uint32_t promised_permille)
    : promised_permille_(promised_permille), tables_(tablesOf(bytes)) {}
base::ByteView BlockDictionary::bytes() const { return base::asBytes(tables_->bytes); }
BlockDictionary::~BlockDictionary() = default;

std::shared_ptr<const BlockDictionary> BlockDictionary::train(std::span<const std::string_view> samples,
                                                              std::shared_ptr<const SourceShapes> shapes,
                                                              std::uint64_t source_bytes) {
  std::size_t all = 0;
  for (const std::string_view sample : samples) all += sample.size();
  const std::size_t limit = std::min(kContentBytes, std::max<std::size_t>(all, source_bytes) / kContentShare);
  // Of records there are fewer bytes among the samples.
  const std::size_t stride = source_bytes == 0 ? kContentStride : kRecordStride;
  std::string content, frequent;
  std::vector<std::size_t> sizes;
  std::size_t number = 0;
  const auto isContent = [stride](std::size_t block) { return block % stride == 0; };
  eachBlock(samples, [&](std::string_view block) {
    // A document of megabytes is a block by itself, and would be the whole dictionary.
    block = block.substr(0, kContentBytes);
    if (isContent(++number) && content.size() < limit) {
      content += block;
    } else {
      frequent += block;
      sizes.push_back(block.size());
    }
  });
  std::string bytes(content.size() + kTablesBytes, '\0');
  ZDICT_params_t parameters{};
  parameters.compressionLevel = kLevel;
  const std::size_t size =
      ZDICT_finalizeDictionary(bytes.data(), bytes.size(), content.data(), content.size(), frequent.data(),
                               sizes.data(), static_cast<unsigned>(sizes.size()), parameters);
  // Documents that have nothing in common, or are all the same, are stored without.
  if (ZDICT_isError(size) != 0) return nullptr;
  bytes.resize(size);
  std::shared_ptr<BlockDictionary> made(new BlockDictionary(bytes, 0));
  if (made->tables_->reading == nullptr || made->tables_->writing == nullptr) return nullptr;
  made->promised_permille_ = trial(*made, samples, source_bytes, isContent);
  made->shapes_ = std::move(shapes);
  return made;
}

Result<std::shared_ptr<const BlockDictionary>> BlockDictionary::open(base::ByteView bytes,
                                                                     std::uint32_t promised_permille,
                                                                     std::shared_ptr<const SourceShapes> shapes) {
  if (bytes.size() > kLargestDictionary || ZDICT_getDictID(bytes.data(), bytes.size()) == 0)
    return corruption("stored documents: no zstd dictionary");
  std::shared_ptr<BlockDictionary> opened(new BlockDictionary(base::asText(bytes), promised_permille));
  opened->shapes_ = std::move(shapes);
  if (opened->tables_->reading == nullptr || opened->tables_->writing == nullptr)
    return corruption("stored documents: damaged zstd dictionary");
  return std::shared_ptr<const BlockDictionary>(std::move(opened));
}

bool BlockDictionary::fits(std::span<const std::string_view> samples, std::uint64_t source_bytes) const {
  const std::uint64_t reached = trial(*this, samples, source_bytes, [](std::size_t) { return false; });
  return reached * 1'000 <= promised_permille_ * kWorsePermille;
}

Status BlockDictionary::compress(std::string_view block, std::string& out) const {
  const std::size_t begin = out.size();
  GYRE_TRY(compressWith(tables_->writing.get(), block, out));
  out.erase(begin, kMagic.size());
  return {};
}

bool BlockDictionary::decompress(base::ByteView frame, std::string& block) const {
  static thread_local std::vector<std::uint8_t> whole;
  whole.assign(kMagic.begin(), kMagic.end());
  whole.insert(whole.end(), frame.begin(), frame.end());
  return ZSTD_decompress_usingDDict(decompressor(), block.data(), block.size(), whole.data(), whole.size(),
                                    tables_->reading.get()) == block.size();
}

Status compressPlain(std::string_view block, std::string& out) { return compressWith(nullptr, block, out); }

bool decompressPlain(base::ByteView frame, std::string& block) {
  return ZSTD_decompressDCtx(decompressor(), block.data(), block.size(), frame.data(), frame.size()) == block.size();
}

std::uint64_t unpackedSize(base::ByteView frame, bool has_dictionary) {
  std::array<std::uint8_t, kLargestHeader> header{};
  const std::size_t skipped = has_dictionary ? kMagic.size() : 0;
  if (has_dictionary) std::copy(kMagic.begin(), kMagic.end(), header.begin());
  const std::size_t taken = std::min(frame.size(), header.size() - skipped);
  std::copy_n(frame.data(), taken, header.begin() + static_cast<std::ptrdiff_t>(skipped));
  const unsigned long long size = ZSTD_getFrameContentSize(header.data(), skipped + taken);
  const bool is_sound = size != ZSTD_CONTENTSIZE_ERROR && size != ZSTD_CONTENTSIZE_UNKNOWN && size <= kLargestBlock;
  return is_sound ? size : 0;
}

}  // namespace gyre::engine
