// How do postings get to disk and back? Writes and reads what postings.hpp describes.
//
// FORMAT: docs/INDEX_FORMAT.md, "Postings".
//
// THREADS: a writer belongs to one thread. OWNS: a reader borrows the section's bytes and the norms.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "engine/codec/byte_sink.hpp"
#include "engine/codec/postings.hpp"
#include "engine/codec/spool.hpp"

namespace gyre::engine {

class PostingsWriter {
 public:
  // With positions (text) `norms` holds one byte a document, or is null: each is one; without (keyword) it is unused.
  // The blocks of a term stand behind what tells where each begins: those of one in very many documents wait in a Spool
  // in the folder `scratch`.
  PostingsWriter(ByteSink& out, bool has_positions, const std::uint8_t* norms, std::string scratch = {})
      : out_(out), has_positions_(has_positions), norms_(norms), scratch_(std::move(scratch)) {}

  // Documents of the current term, ascending; positions ascending, at least one where the field keeps them.
  void add(DocId doc, std::span<const std::uint32_t> positions);
  // Several of them, each `shift` higher than it says. With positions: `freqs` of each, and of each in turn its first
  // position and then the distances of the others; without, both are empty.
  void addRun(std::span<const DocId> docs, DocId shift, std::span<const std::uint32_t> freqs,
              std::span<const std::uint32_t> positions);
  // Ends the current term. doc_freq is 0 when nothing was added since the last one.
  TermInfo finishTerm();
  // Writes what every section ends with. Nothing may be added afterwards.
  void finish();
  // Fails as Spool does: the section is not whole then. Without a scratch folder it does not fail.
  const Status& status() const { return status_; }

 private:
  struct Skip {
    DocId last_doc;
    std::uint32_t max_freq;
    std::uint64_t offset;  // of the block, from the end of the skip table
    std::uint8_t min_norm;
  };
  void clearBlock();
  void writeBlock();
  void writeBlocks();
  std::uint64_t blockBytes() const { return (spooled_ ? spooled_->size() : 0) + blocks_.size(); }
  void writeSkips(std::string& out) const;
  void put(const std::string& bytes);

  ByteSink& out_;
  bool has_positions_;
  std::uint8_t normOf(DocId doc) const { return norms_ != nullptr ? norms_[doc] : std::uint8_t{1}; }

  const std::uint8_t* norms_;
  std::string scratch_;
  std::uint64_t written_ = 0;
  Status status_;

  std::uint32_t count_ = 0;                          // documents of the block being filled
  std::array<std::uint32_t, kPostingsBlock> docs_;   // as deltas
  std::array<std::uint32_t, kPostingsBlock> freqs_;  // with positions
  std::vector<std::uint32_t> positions_;             // as deltas
  DocId last_doc_ = kNoMoreDocs;
  std::uint8_t min_norm_ = 0xff;

  std::uint32_t doc_freq_ = 0;
  std::uint64_t total_term_freq_ = 0;
  std::uint32_t first_position_ = 0;
  std::vector<Skip> skips_;
  std::optional<Spool> spooled_;  // the term's blocks before those in blocks_
  std::string blocks_;
  std::string buffer_;
};

// Adds all postings of the term, with documents that are `shift` higher, to a writer that keeps positions if the reader
// does: what a merge does with nearly all of them. False, and then some may be missing, when they cannot be read.
// REQUIRES: `from` was opened by openPostings().
bool copyPostings(const PostingsReader& from, const TermInfo& term, DocId shift, PostingsWriter& to);

std::unique_ptr<PostingsReader> openPostings(base::ByteView section, bool has_positions, const std::uint8_t* norms,
                                             std::uint32_t doc_count);

}  // namespace gyre::engine
