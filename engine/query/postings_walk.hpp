// How are a term's postings read a window at a time, without decoding a block twice?
//
// THREADS: belongs to one scorer. OWNS: its cursor.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "engine/codec/postings.hpp"
#include "engine/query/window_bits.hpp"

namespace gyre::engine {

class PostingsWalk {
 public:
  PostingsWalk(std::unique_ptr<PostingsCursor> cursor, std::uint32_t doc_freq)
      : cursor_(std::move(cursor)), doc_freq_(doc_freq) {}

  std::uint32_t docFreq() const { return doc_freq_; }
  PostingsCursor& cursor() { return *cursor_; }

  // Stands on the block with the first document >= target; false when there is none.
  bool seek(DocId target) {
    if (is_exhausted_) return false;
    if (is_open_ && cursor_->docs().back() >= target) return true;
    is_open_ = true;
    is_exhausted_ = !cursor_->advanceBlock(target);
    return !is_exhausted_;
  }

  // The first document >= target.
  DocId next(DocId target) {
    if (!seek(target)) return kNoMoreDocs;
    const auto docs = cursor_->docs();
    return *std::lower_bound(docs.begin(), docs.end(), target);
  }

  // Position of `doc` in the current block, or -1. REQUIRES: seek(doc) returned true.
  int indexOf(DocId doc) const {
    const auto docs = cursor_->docs();
    const auto at = std::lower_bound(docs.begin(), docs.end(), doc);
    return at != docs.end() && *at == doc ? static_cast<int>(at - docs.begin()) : -1;
  }

  // Calls visit(first, last) for each run of the current block's positions that lies in the window.
  template <class Visit>
  void forEachBlock(std::uint32_t window, Visit&& visit) {
    DocId from = windowBegin(window);
    const DocId last = from + (kWindowDocs - 1);
    while (seek(from)) {
      const auto docs = cursor_->docs();
      const auto begin = docs.front() >= from ? docs.begin() : std::lower_bound(docs.begin(), docs.end(), from);
      const auto end = docs.back() <= last ? docs.end() : std::upper_bound(begin, docs.end(), last);
      if (begin != end)
        visit(static_cast<std::size_t>(begin - docs.begin()), static_cast<std::size_t>(end - docs.begin()));
      if (docs.back() >= last) return;
      from = docs.back() + 1;
    }
  }

  // Sets the bits of the window's documents.
  void addBits(std::uint32_t window, std::uint64_t* bits) {
    const DocId base = windowBegin(window);
    forEachBlock(window, [&](std::size_t first, std::size_t last) {
      const auto docs = cursor_->docs();
      for (std::size_t i = first; i < last; ++i) setBit(bits, docs[i] - base);
    });
  }

 private:
  std::unique_ptr<PostingsCursor> cursor_;
  std::uint32_t doc_freq_;
  bool is_open_ = false;
  bool is_exhausted_ = false;
};

}  // namespace gyre::engine
