// How are a term's postings read a window at a time, without decoding a block twice?
//
// THREADS: belongs to one scorer. OWNS: its cursor.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "engine/codec/postings.hpp"
#include "engine/query/window_bits.hpp"

namespace gyre::engine {

// Sets the bits of documents that ascend, counted from `base`. Neighbours share words, and each would wait for the
// store before: four places of the list take turns.
inline void setBitsInTurns(std::span<const DocId> docs, DocId base, std::uint64_t* bits) {
  const std::size_t quarter = docs.size() / 4;
  for (std::size_t i = 0; i < quarter; ++i) {
    setBit(bits, docs[i] - base);
    setBit(bits, docs[i + quarter] - base);
    setBit(bits, docs[i + 2 * quarter] - base);
    setBit(bits, docs[i + 3 * quarter] - base);
  }
  for (std::size_t i = 4 * quarter; i < docs.size(); ++i) setBit(bits, docs[i] - base);
}

class PostingsWalk {
 public:
  PostingsWalk(std::unique_ptr<PostingsCursor> cursor, std::uint32_t doc_freq)
      : cursor_(std::move(cursor)), doc_freq_(doc_freq) {}

  std::uint32_t docFreq() const { return doc_freq_; }
  PostingsCursor& cursor() { return *cursor_; }
  // Of the current block.
  std::span<const DocId> docs() const { return docs_; }

  // Stands on the block with the first document >= target; false when there is none.
  bool seek(DocId target) {
    if (!docs_.empty() && docs_.back() >= target) return true;
    if (is_exhausted_) return false;
    is_exhausted_ = !cursor_->advanceBlock(target);
    docs_ = is_exhausted_ ? std::span<const DocId>() : cursor_->docs();
    at_ = 0;
    return !is_exhausted_;
  }

  // The first document >= target.
  DocId next(DocId target) {
    if (!seek(target)) return kNoMoreDocs;
    return docs_[placeOf(target)];
  }

  // Position of `doc` in the current block, or -1. REQUIRES: seek(doc) returned true.
  int indexOf(DocId doc) const {
    const std::size_t at = placeOf(doc);
    return docs_[at] == doc ? static_cast<int>(at) : -1;
  }
  // The first document >= target, kNoMoreDocs for none; its position in the current block is at(). For targets that
  // never go back: looks from the last one on.
  DocId reach(DocId target) {
    if (!seek(target)) return kNoMoreDocs;
    if (docs_[at_] < target) {
      // Mostly one of the next few.
      constexpr std::size_t kSteps = 4;
      std::size_t step = 0;
      while (step < kSteps && docs_[at_] < target) ++at_, ++step;
      if (docs_[at_] < target) at_ = placeOf(target);
    }
    return docs_[at_];
  }
  std::size_t at() const { return at_; }
  // Position of a document, by the same way, or -1 when the term is not in it.
  int find(DocId doc) { return reach(doc) == doc ? static_cast<int>(at_) : -1; }

  // Calls visit(first, last) for each run of the current block's positions that lies in the window.
  template <class Visit>
  void forEachBlock(std::uint32_t window, Visit&& visit) {
    forEachBlockIf(
        window, [](DocId) { return DocId{0}; }, std::forward<Visit>(visit));
  }

  // The same, but leaves blocks out: passOver(from) is asked before each, and answers the first document behind the
  // block of `from` to leave that out, else 0.
  template <class PassOver, class Visit>
  void forEachBlockIf(std::uint32_t window, PassOver&& passOver, Visit&& visit) {
    DocId from = windowBegin(window);
    const DocId last = from + (kWindowDocs - 1);
    while (true) {
      if (const DocId behind = passOver(from); behind != 0) {
        if (behind > last) return;
        from = behind;
        continue;
      }
      if (!seek(from)) return;
      const std::size_t begin = placeOf(from);
      const std::size_t end =
          docs_.back() <= last
              ? docs_.size()
              : static_cast<std::size_t>(
                    std::upper_bound(docs_.begin() + static_cast<std::ptrdiff_t>(begin), docs_.end(), last) -
                    docs_.begin());
      at_ = std::min(end, docs_.size() - 1);
      if (begin != end) visit(begin, end);
      if (docs_.back() >= last) return;
      from = docs_.back() + 1;
    }
  }

  // Sets the bits of the window's documents.
  void addBits(std::uint32_t window, std::uint64_t* bits) {
    const DocId base = windowBegin(window);
    forEachBlock(window, [&](std::size_t first, std::size_t last) {
      setBitsInTurns(docs_.subspan(first, last - first), base, bits);
    });
  }

 private:
  // Of the first document >= target in the current block. REQUIRES: there is one.
  std::size_t placeOf(DocId target) const {
    // Mostly where the last search ended, or behind it.
    if (docs_[at_] >= target && (at_ == 0 || docs_[at_ - 1] < target)) return at_;
    const std::size_t low = docs_[at_] < target ? at_ : 0;
    // Halves without a branch: which way it goes cannot be guessed.
    const DocId* place = docs_.data() + low;
    for (std::size_t length = docs_.size() - low; length > 1;) {
      const std::size_t half = length / 2;
      place += static_cast<std::size_t>(place[half - 1] < target) * half;
      length -= half;
    }
    return static_cast<std::size_t>(place - docs_.data());
  }

  std::unique_ptr<PostingsCursor> cursor_;
  std::uint32_t doc_freq_;
  bool is_exhausted_ = false;
  std::span<const DocId> docs_;  // of the current block; empty before the first and after the last
  std::size_t at_ = 0;           // where the last search in the block ended
};

}  // namespace gyre::engine
