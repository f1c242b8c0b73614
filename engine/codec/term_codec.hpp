// How does a term dictionary get to disk and back? Writes and reads what term_dictionary.hpp describes.
//
// FORMAT: docs/INDEX_FORMAT.md, "Term dictionary".
//
// THREADS: a writer belongs to one thread. OWNS: a reader borrows the section's bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "engine/codec/byte_sink.hpp"
#include "engine/codec/spool.hpp"
#include "engine/codec/term_dictionary.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// What stands beside each term.
enum class TermDetail : std::uint8_t {
  kBare,       // nothing: a keyword field that is not searchable keeps terms for its column alone
  kDocuments,  // document count and postings (keyword)
  kPositions,  // and occurrences (text)
};

// A term of one document that it holds once has no postings: the document, and the position for text, take their place.
constexpr bool isInlineTerm(const TermInfo& info) { return info.doc_freq == 1 && info.total_term_freq == 1; }
constexpr std::uint64_t inlinePosting(std::uint32_t doc, std::uint32_t position) {
  return doc | static_cast<std::uint64_t>(position) << 32;
}

class TermDictionaryWriter {
 public:
  // `scratch`: a folder for what waits to be written when there is much of it; "" keeps it in memory.
  explicit TermDictionaryWriter(TermDetail detail, std::string scratch = {})
      : detail_(detail), starts_(scratch), blocks_(std::move(scratch)) {}
  // REQUIRES: terms ascending by bytes, no two equal.
  void add(std::string_view term, const TermInfo& info);
  std::uint32_t size() const { return count_; }
  // Appends the section, in pieces; fails as Spool does.
  Status finish(ByteSink& out);
  void finish(std::string& out);

 private:
  void finishBlock();

  TermDetail detail_;
  std::uint32_t count_ = 0;
  std::string last_;
  std::uint64_t last_offset_ = 0;
  std::uint8_t shortest_ = 0, longest_ = 0;  // of the block, in characters
  std::string terms_, infos_;                // of the block
  std::uint32_t block_count_ = 0;
  std::uint64_t block_start_ = 0;  // in blocks_
  Spool starts_;                   // of each block, with lengths in the high bits
  Spool blocks_;
};

Result<std::unique_ptr<TermDictionaryReader>> openTerms(base::ByteView section);

}  // namespace gyre::engine
