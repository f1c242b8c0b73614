// How are a few documents compressed as well as many? With a dictionary of what documents of their index have in
// common.
//
// A dictionary is made from runs of neighbouring documents: some are its content, the others tell how often what comes
// up. Frames lack what is the same in all of them: zstd's magic number and the dictionary's id. They carry zstd's own
// checksum, so bytes that rot after the segment was opened are seen.
// FORMAT: docs/INDEX_FORMAT.md, "Stored documents".
//
// THREADS: a dictionary is immutable, and shares what zstd makes of its bytes with others of the same bytes; the free
// functions keep zstd's working memory by thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "engine/codec/source_shapes.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// Documents of a block with a dictionary, and of one without. Measured on payments (350 bytes each) and log lines
// (235), bytes stored a document, and microseconds to unpack the block of one: without a dictionary, 16 KiB: 124, 54,
// 15; with one, 16 KiB: 114, 45, 13; 2 KiB: 119, 49, 3; 1 KiB: 123, 52, 2. A whole page of hits from different blocks
// is unpacked for what a single one took, in no more space.
//
// Two documents of more than kPairBytes are a block too: of payments 125 bytes a document instead of 120.5, unpacked in
// 1.7 µs instead of 2.4. Of smaller ones, such as log lines, a block of 1 KiB saves more.
inline constexpr std::size_t kDictionaryBlockBytes = 1u << 10;
inline constexpr std::size_t kPairBytes = 640;
inline constexpr std::size_t kPlainBlockBytes = 16u << 10;
// Whether so many documents of so many bytes are a block with a dictionary.
constexpr bool isFullBlock(std::size_t doc_count, std::size_t bytes) {
  return bytes >= kDictionaryBlockBytes || (doc_count == 2 && bytes >= kPairBytes);
}

class BlockDictionary {
 public:
  // Below this many bytes of documents a dictionary costs more than it saves.
  static constexpr std::size_t kFewestBytes = 256u << 10;
  // What train() makes use of: this many runs, of about this many bytes each.
  static constexpr std::size_t kSampleRuns = 64;
  static constexpr std::size_t kSampleRunBytes = 4608;

  // `samples`: runs of neighbours from all over the documents, one run after the other. Null when zstd finds nothing
  // that they have in common. With `shapes` the samples are records of documents of `source_bytes`.
  static std::shared_ptr<const BlockDictionary> train(std::span<const std::string_view> samples,
                                                      std::shared_ptr<const SourceShapes> shapes = nullptr,
                                                      std::uint64_t source_bytes = 0);
  // corruption when these bytes are no dictionary.
  static Result<std::shared_ptr<const BlockDictionary>> open(base::ByteView bytes, std::uint32_t promised_permille,
                                                             std::shared_ptr<const SourceShapes> shapes = nullptr);
  ~BlockDictionary();
  BlockDictionary(const BlockDictionary&) = delete;
  BlockDictionary& operator=(const BlockDictionary&) = delete;

  base::ByteView bytes() const;
  // To how many thousandths the documents it was made for were compressed.
  std::uint32_t promisedPermille() const { return promised_permille_; }
  // Whether these documents are enough like the ones it was made for. With shapes as train().
  bool fits(std::span<const std::string_view> samples, std::uint64_t source_bytes = 0) const;
  // What stands in its blocks is records of these; null for documents as they are.
  const std::shared_ptr<const SourceShapes>& shapes() const { return shapes_; }

  // Appends a frame.
  Status compress(std::string_view block, std::string& out) const;
  // False when the frame is damaged. `block` has the size that unpackedSize() tells.
  bool decompress(base::ByteView frame, std::string& block) const;

 private:
  struct Tables;
  BlockDictionary(std::string_view bytes, std::uint32_t promised_permille);
  // Shared by all dictionaries of these bytes.
  static std::shared_ptr<const Tables> tablesOf(std::string_view bytes);

  std::uint32_t promised_permille_;
  std::shared_ptr<const SourceShapes> shapes_;
  std::shared_ptr<const Tables> tables_;
};

// The samples that train() wants, of `count` documents that `source(i)` gives as views.
template <class Source>
std::vector<std::string_view> sampleRuns(std::uint32_t count, Source&& source) {
  std::vector<std::string_view> samples;
  std::uint32_t next = 0;
  for (std::size_t run = 0; run < BlockDictionary::kSampleRuns; ++run) {
    const auto begin = static_cast<std::uint32_t>(std::uint64_t{count} * run / BlockDictionary::kSampleRuns);
    if (begin > next) next = begin;
    for (std::size_t bytes = 0; next < count && bytes < BlockDictionary::kSampleRunBytes; ++next) {
      samples.push_back(source(next));
      bytes += samples.back().size();
    }
  }
  return samples;
}

// The same for blocks without a dictionary; these frames are whole.
Status compressPlain(std::string_view block, std::string& out);
bool decompressPlain(base::ByteView frame, std::string& block);

// What the frame unpacks to; 0 when it is damaged.
std::uint64_t unpackedSize(base::ByteView frame, bool has_dictionary);

}  // namespace gyre::engine
