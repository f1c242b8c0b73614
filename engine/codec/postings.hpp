// Which documents hold a term, how often, and where?
//
// Blocks of 128 documents, bit-packed deltas and frequencies, each with its last document and the data for an upper
// bound of its BM25 score (block-max): the pairs (frequency, norm) that no other pair in the block dominates, reduced to
// the largest frequency and the smallest norm. Terms of one document keep it inline in the dictionary entry.
// FORMAT: see docs/INDEX_FORMAT.md, "Postings".
//
// THREADS: a cursor belongs to one thread. OWNS: borrows the segment's bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "engine/codec/doc_id.hpp"
#include "engine/codec/term_dictionary.hpp"

namespace gyre::engine {

inline constexpr std::uint32_t kPostingsBlock = 128;

class PostingsCursor {
 public:
  virtual ~PostingsCursor() = default;
  // Decodes the block that holds the first document >= target (later blocks only; never goes back). False when there is
  // none. After it, docs() are ascending, and those below target may still be in front.
  virtual bool advanceBlock(DocId target) = 0;
  virtual std::span<const DocId> docs() const = 0;
  // Occurrences in each document of the block, decoded on first use. All 1 where the field keeps no frequencies (keyword).
  virtual std::span<const std::uint32_t> freqs() = 0;
  // Positions of the i-th document of the block, for phrases; empty where the field keeps none.
  virtual std::span<const std::uint32_t> positions(std::uint32_t i) = 0;

  // Without decoding: of the block that holds the first document >= target, its last document and score bounds.
  struct Bound {
    DocId last_doc;
    std::uint32_t max_freq;
    std::uint8_t min_norm;
  };
  virtual Bound boundAt(DocId target) = 0;
};

class PostingsReader {
 public:
  virtual ~PostingsReader() = default;
  virtual std::unique_ptr<PostingsCursor> cursor(const TermInfo& term) const = 0;
};

}  // namespace gyre::engine
