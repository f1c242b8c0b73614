// Which terms does a field have, and where are their postings?
//
// Terms are sorted by bytes and numbered from 0 (the ordinal), stored in prefix-compressed blocks with an index of first
// terms over them. A keyword field's ordinals are what its column stores.
// FORMAT: see docs/INDEX_FORMAT.md, "Term dictionary".
//
// THREADS: a reader is immutable; a cursor belongs to one thread. OWNS: a reader borrows the segment's bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

struct TermInfo {
  std::uint32_t doc_freq = 0;         // documents that hold the term, deleted ones included until merged away
  std::uint64_t total_term_freq = 0;  // occurrences
  std::uint64_t postings_offset = 0;  // into the field's postings; meaning private to postings.hpp
};

class TermCursor {
 public:
  virtual ~TermCursor() = default;
  // Goes to the first term that is not below `target`; false when there is none.
  virtual bool seekCeil(std::string_view target) = 0;
  virtual bool seekOrdinal(std::uint32_t ordinal) = 0;
  // Goes to the following term (the first one on a fresh cursor); false at the end.
  virtual bool next() = 0;
  // REQUIRES for the rest: the last move returned true. term() is valid until the next move.
  virtual std::string_view term() const = 0;
  virtual std::uint32_t ordinal() const = 0;
  virtual TermInfo info() const = 0;
  // After a next(): how many bytes the term begins with that the term before the move began with too.
  virtual std::size_t sharedBytes() const = 0;
  // From now on next() and seekCeil() may pass over terms of fewer or more characters. For who looks for none of those.
  virtual void ignoreOtherLengths(std::size_t shortest, std::size_t longest) = 0;
  // Goes to the first following term that does not begin with the first `bytes` bytes of this one; false when there is
  // none. sharedBytes() is then of this term and that. REQUIRES: 0 < bytes <= term().size().
  virtual bool skip(std::size_t bytes) {
    while (next())
      if (sharedBytes() < bytes) return true;
    return false;
  }
};

class TermDictionaryReader {
 public:
  virtual ~TermDictionaryReader() = default;
  virtual std::uint32_t size() const = 0;  // number of terms
  virtual std::unique_ptr<TermCursor> cursor() const = 0;
  // Exact look-up without a cursor: the ordinal and the info.
  struct Found {
    std::uint32_t ordinal;
    TermInfo info;
  };
  virtual std::optional<Found> find(std::string_view term) const = 0;
  // A hash of each term by ordinal, made when first asked for and kept as long as the reader, so that whoever counts
  // terms of several segments need not read their texts. Empty when they are not kept: there are more than
  // kMaxHashedTerms, which take 8 MB.
  static constexpr std::uint32_t kMaxHashedTerms = 1u << 20;
  virtual std::span<const std::uint64_t> hashes() const { return {}; }
  static std::uint64_t hash(std::string_view term);
};

}  // namespace gyre::engine
