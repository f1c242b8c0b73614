#include "engine/codec/postings_codec.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "engine/codec/bit_packing.hpp"
#include "engine/codec/term_codec.hpp"

namespace gyre::engine {
namespace {

constexpr std::size_t kKeywordSkip = 12;  // u32 last doc, u64 offset
constexpr std::size_t kTextSkip = 16;     // u32 last doc, u32 max freq, u64 offset with the norm in the top byte
constexpr unsigned kNormShift = 56;
constexpr std::uint64_t kOffsetMask = (std::uint64_t{1} << kNormShift) - 1;
// Terms are handed on in portions: a merge must not hold a whole field in memory.
constexpr std::size_t kWriteBytes = 1u << 18;

void appendPackedRun(std::string& out, std::span<const std::uint32_t> values, std::uint32_t below) {
  std::uint32_t all = 0;
  for (const std::uint32_t value : values) all |= value - below;
  const unsigned width = bitWidth(all);
  out += static_cast<char>(width);
  if (below == 0) {
    appendPacked(out, values, width);
    return;
  }
  std::array<std::uint32_t, kPostingsBlock> shifted;
  for (std::size_t i = 0; i < values.size(); ++i) shifted[i] = values[i] - below;
  appendPacked(out, std::span<const std::uint32_t>(shifted.data(), values.size()), width);
}

}  // namespace

// ---- writing
// ---------------------------------------------------------------------------------------------------------

void PostingsWriter::add(DocId doc, std::span<const std::uint32_t> positions) {
  // The first delta of a term is the document itself: last_doc_ starts one below 0.
  docs_[count_] = doc - last_doc_ - 1;
  last_doc_ = doc;
  if (has_positions_) {
    freqs_[count_] = static_cast<std::uint32_t>(positions.size());
    std::uint32_t last = 0;
    for (const std::uint32_t position : positions) {
      positions_.push_back(position - last);
      last = position;
    }
    if (doc_freq_ == 0) first_position_ = positions.front();
    min_norm_ = std::min(min_norm_, normOf(doc));
    total_term_freq_ += positions.size();
  } else {
    ++total_term_freq_;
  }
  ++doc_freq_;
  if (++count_ == kPostingsBlock) writeBlock();
}

void PostingsWriter::addRun(std::span<const DocId> docs, DocId shift, std::span<const std::uint32_t> freqs,
                            std::span<const std::uint32_t> positions) {
  if (docs.empty()) return;
  if (has_positions_ && doc_freq_ == 0) first_position_ = positions.front();
  doc_freq_ += static_cast<std::uint32_t>(docs.size());
  total_term_freq_ += has_positions_ ? positions.size() : docs.size();
  while (!docs.empty()) {
    const std::size_t taken = std::min<std::size_t>(docs.size(), kPostingsBlock - count_);
    std::uint32_t* const deltas = docs_.data() + count_;
    deltas[0] = docs[0] + shift - last_doc_ - 1;
    for (std::size_t i = 1; i < taken; ++i) deltas[i] = docs[i] - docs[i - 1] - 1;
    last_doc_ = docs[taken - 1] + shift;
    if (has_positions_) {
      std::size_t count = 0;
      for (std::size_t i = 0; i < taken; ++i) {
        freqs_[count_ + i] = freqs[i];
        count += freqs[i];
        min_norm_ = std::min(min_norm_, normOf(docs[i] + shift));
      }
      positions_.insert(positions_.end(), positions.begin(), positions.begin() + static_cast<std::ptrdiff_t>(count));
      positions = positions.subspan(count);
      freqs = freqs.subspan(taken);
    }
    docs = docs.subspan(taken);
    count_ += static_cast<std::uint32_t>(taken);
    if (count_ == kPostingsBlock) writeBlock();
  }
}

void PostingsWriter::clearBlock() {
  count_ = 0;
  positions_.clear();
  min_norm_ = 0xff;
}

void PostingsWriter::writeBlock() {
  const std::span<const std::uint32_t> docs(docs_.data(), count_), freqs(freqs_.data(), count_);
  const std::uint32_t max_freq = has_positions_ ? *std::max_element(freqs.begin(), freqs.end()) : 1;
  skips_.push_back({last_doc_, max_freq, blockBytes(), min_norm_});
  appendPackedRun(blocks_, docs, 0);
  if (has_positions_) {
    appendPackedRun(blocks_, freqs, 1);
    appendPackedRun(blocks_, positions_, 0);
  }
  clearBlock();
  if (blocks_.size() < kWriteBytes) return;
  if (!spooled_) spooled_.emplace(scratch_);
  spooled_->append(base::asBytes(blocks_));
  blocks_.clear();
}

// Of the term, behind its skips.
void PostingsWriter::writeBlocks() {
  if (spooled_) {
    put(buffer_);
    spooled_->copyTo(out_);
    written_ += spooled_->size();
    if (status_.isOk()) status_ = spooled_->status();
    spooled_.reset();
  }
  buffer_ += blocks_;
  if (buffer_.size() >= kWriteBytes) put(buffer_);
}

void PostingsWriter::writeSkips(std::string& out) const {
  if (skips_.size() == 1) {
    base::appendVarint(out, skips_[0].last_doc);
    if (!has_positions_) return;
    base::appendVarint(out, skips_[0].max_freq);
    out += static_cast<char>(skips_[0].min_norm);
    return;
  }
  for (const Skip& skip : skips_) {
    base::appendLittle(out, skip.last_doc);
    if (has_positions_) base::appendLittle(out, skip.max_freq);
    base::appendLittle(out, skip.offset | static_cast<std::uint64_t>(has_positions_ ? skip.min_norm : 0) << kNormShift);
  }
}

TermInfo PostingsWriter::finishTerm() {
  TermInfo info{doc_freq_, total_term_freq_, 0};
  if (isInlineTerm(info)) {
    info.postings_offset = inlinePosting(last_doc_, has_positions_ ? first_position_ : 0);
    clearBlock();
  } else if (doc_freq_ > 0) {
    if (count_ > 0) writeBlock();
    info.postings_offset = written_ + buffer_.size();
    writeSkips(buffer_);
    writeBlocks();
  }
  skips_.clear();
  blocks_.clear();
  last_doc_ = kNoMoreDocs;
  doc_freq_ = 0;
  total_term_freq_ = 0;
  return info;
}

void PostingsWriter::put(const std::string& bytes) {
  out_.append(base::asBytes(bytes));
  written_ += bytes.size();
  buffer_.clear();
}

void PostingsWriter::finish() {
  buffer_.append(kUnpackSlack, '\0');
  put(buffer_);
}

// ---- reading
// ---------------------------------------------------------------------------------------------------------

namespace {

// Checksums say that bytes are as written; these checks only keep a file made to deceive from reading outside.
class PackedCursor final : public PostingsCursor {
 public:
  PackedCursor(base::ByteView section, bool has_positions, const std::uint8_t* norms, std::uint32_t doc_count,
               const TermInfo& term)
      : section_(section), has_positions_(has_positions), norms_(norms), doc_count_(doc_count), term_(term) {
    if (term.doc_freq == 0 || term.doc_freq > doc_count) return;
    block_count_ = (term.doc_freq + kPostingsBlock - 1) / kPostingsBlock;
    if (isInlineTerm(term)) {
      last_doc_ = static_cast<DocId>(term.postings_offset);
      is_inline_ = true;
    } else {
      openTerm();
    }
  }

  bool advanceBlock(DocId target) override {
    const std::uint32_t block = blockFor(target);
    if (block >= block_count_) return false;
    return static_cast<std::int64_t>(block) == decoded_ || decode(block);
  }
  std::span<const DocId> docs() const override { return {docs_.data(), count_}; }

  std::span<const std::uint32_t> freqs() override {
    if (!has_freqs_) decodeFreqs();
    return {freqs_.data(), count_};
  }

  std::span<const std::uint32_t> positions(std::uint32_t i) override {
    if (!has_positions_ || i >= count_) return {};
    if (!has_starts_) decodePositions();
    return std::span<const std::uint32_t>(positions_).subspan(starts_[i], starts_[i + 1] - starts_[i]);
  }

  Bound boundAt(DocId target) override {
    const std::uint32_t block = blockFor(target);
    if (block >= block_count_) return {kNoMoreDocs, 0, 0};
    if (is_inline_)
      return {last_doc_, 1,
              !has_positions_     ? std::uint8_t{0}
              : norms_ != nullptr ? norms_[last_doc_]
                                  : std::uint8_t{1}};
    if (block_count_ == 1) return {last_doc_, max_freq_, min_norm_};
    const std::uint8_t* const entry = skips_ + block * skipSize();
    if (!has_positions_) return {base::loadLittle<std::uint32_t>(entry), 1, 0};
    return {base::loadLittle<std::uint32_t>(entry), base::loadLittle<std::uint32_t>(entry + 4),
            static_cast<std::uint8_t>(base::loadLittle<std::uint64_t>(entry + 8) >> kNormShift)};
  }

  // See copyPostings. REQUIRES: nothing was asked for before.
  bool copyTo(DocId shift, PostingsWriter& to) {
    std::uint32_t copied = 0;
    for (DocId next = 0; advanceBlock(next); next = docs_[count_ - 1] + 1) {
      if (has_positions_ && !readDistances()) return false;
      to.addRun(docs(), shift, has_positions_ ? freqs() : std::span<const std::uint32_t>(), positions_);
      copied += count_;
    }
    return copied == term_.doc_freq;
  }

 private:
  std::size_t skipSize() const { return has_positions_ ? kTextSkip : kKeywordSkip; }

  void openTerm() {
    const std::uint64_t limit = section_.size() < kUnpackSlack ? 0 : section_.size() - kUnpackSlack;
    bool is_sound = term_.postings_offset < limit;
    std::uint64_t header = 0;
    if (is_sound && block_count_ == 1) {
      base::ByteReader reader(section_.subspan(term_.postings_offset, limit - term_.postings_offset));
      last_doc_ = static_cast<DocId>(reader.varint());
      if (has_positions_) {
        max_freq_ = static_cast<std::uint32_t>(reader.varint());
        min_norm_ = reader.little<std::uint8_t>();
      }
      header = reader.position();
      is_sound = reader.isValid();
    } else if (is_sound) {
      header = block_count_ * skipSize();
      is_sound = header <= limit - term_.postings_offset;
      skips_ = section_.data() + term_.postings_offset;
      if (is_sound) last_doc_ = lastDocOf(block_count_ - 1);
    }
    if (!is_sound) {
      block_count_ = 0;
      return;
    }
    blocks_ = section_.data() + term_.postings_offset + header;
    blocks_size_ = limit - term_.postings_offset - header;
  }

  DocId lastDocOf(std::uint32_t block) const { return base::loadLittle<std::uint32_t>(skips_ + block * skipSize()); }

  // The block that holds the first document >= target, from the decoded one on; block_count_ when there is none.
  std::uint32_t blockFor(DocId target) {
    if (block_count_ == 0 || last_doc_ >= doc_count_ || target > last_doc_) return block_count_;
    if (block_count_ == 1) return 0;
    auto low = static_cast<std::uint32_t>(std::max<std::int64_t>(decoded_, 0));
    if (lastDocOf(low) >= target) return low;
    // Gallop: the next block is by far the likeliest.
    std::uint32_t step = 1;
    while (low + step < block_count_ && lastDocOf(low + step) < target) {
      low += step;
      step *= 2;
    }
    std::uint32_t high = std::min(low + step, block_count_ - 1);
    while (high - low > 1) {
      const std::uint32_t middle = low + (high - low) / 2;
      (lastDocOf(middle) < target ? low : high) = middle;
    }
    return high;
  }

  bool decode(std::uint32_t block) {
    decoded_ = block;
    has_freqs_ = has_starts_ = false;
    if (is_inline_) {
      count_ = 1;
      docs_[0] = last_doc_;
      return true;
    }
    count_ = std::min(kPostingsBlock, term_.doc_freq - block * kPostingsBlock);
    std::uint64_t offset = 0;
    DocId last = kNoMoreDocs;
    if (block_count_ > 1) {
      offset = base::loadLittle<std::uint64_t>(skips_ + block * skipSize() + skipSize() - 8) & kOffsetMask;
      if (block > 0) last = lastDocOf(block - 1);
    }
    rest_ = {};
    if (offset < blocks_size_) rest_ = {blocks_ + offset, blocks_size_ - offset};
    // Narrower differences cannot add up to a number that wraps.
    const bool may_wrap = !rest_.empty() && rest_[0] > 24;
    if (!unpackRun(count_, docs_.data())) return fail();
    for (std::uint32_t i = 0; i < count_; ++i) docs_[i] = last += docs_[i] + 1;
    if (last != (block_count_ > 1 ? lastDocOf(block) : last_doc_) || last >= doc_count_) return fail();
    if (may_wrap && !std::is_sorted(docs_.begin(), docs_.begin() + count_)) return fail();
    return true;
  }

  bool fail() {
    block_count_ = 0;
    count_ = 0;
    return false;
  }

  // Reads one width byte and the packed values behind it, and leaves rest_ after them.
  bool unpackRun(std::uint64_t count, std::uint32_t* to) {
    if (rest_.empty()) return false;
    const unsigned width = rest_[0];
    const std::uint64_t size = 1 + packedBytes(count, width);
    if (width > 32 || size > rest_.size()) return false;
    unpack(rest_.data() + 1, count, width, to);
    rest_ = rest_.subspan(size);
    return true;
  }

  void decodeFreqs() {
    has_freqs_ = true;
    if (is_inline_ || !has_positions_ || !unpackRun(count_, freqs_.data())) {
      freqs_.fill(1);
      if (!is_inline_) rest_ = {};
      return;
    }
    for (std::uint32_t i = 0; i < count_; ++i) ++freqs_[i];
  }

  // Of each document of the block its first position and then the distances of the others. False, and none, when they
  // are not there.
  bool readDistances() {
    freqs();
    if (is_inline_) {
      positions_.assign(1, static_cast<std::uint32_t>(term_.postings_offset >> 32));
      return true;
    }
    std::uint64_t total = 0;
    for (std::uint32_t i = 0; i < count_; ++i) total += freqs_[i];
    // No term can occur more often than its dictionary entry says; checked before memory is asked for.
    if (total <= term_.total_term_freq && total < kNoMoreDocs) {
      positions_.resize(total);
      if (unpackRun(total, positions_.data())) return true;
    }
    positions_.clear();
    return false;
  }

  void decodePositions() {
    has_starts_ = true;
    starts_[0] = 0;
    if (!readDistances()) {
      starts_.fill(0);
      return;
    }
    for (std::uint32_t i = 0; i < count_; ++i) {
      starts_[i + 1] = starts_[i] + freqs_[i];
      std::partial_sum(positions_.begin() + starts_[i], positions_.begin() + starts_[i + 1],
                       positions_.begin() + starts_[i]);
    }
  }

  base::ByteView section_;
  bool has_positions_;
  const std::uint8_t* norms_;
  std::uint32_t doc_count_;
  TermInfo term_;

  std::uint32_t block_count_ = 0;
  bool is_inline_ = false;
  DocId last_doc_ = 0;          // of the term
  std::uint32_t max_freq_ = 1;  // one block: of the term
  std::uint8_t min_norm_ = 0;
  const std::uint8_t* skips_ = nullptr;  // several blocks
  const std::uint8_t* blocks_ = nullptr;
  std::uint64_t blocks_size_ = 0;

  std::int64_t decoded_ = -1;  // block in docs_
  std::uint32_t count_ = 0;
  bool has_freqs_ = false;
  bool has_starts_ = false;
  base::ByteView rest_;  // of the decoded block: what is not decoded yet
  std::array<DocId, kPostingsBlock> docs_;
  std::array<std::uint32_t, kPostingsBlock> freqs_;
  std::array<std::uint32_t, kPostingsBlock + 1> starts_;
  std::vector<std::uint32_t> positions_;
};

class PackedPostings final : public PostingsReader {
 public:
  PackedPostings(base::ByteView section, bool has_positions, const std::uint8_t* norms, std::uint32_t doc_count)
      : section_(section), has_positions_(has_positions), norms_(norms), doc_count_(doc_count) {}

  std::unique_ptr<PostingsCursor> cursor(const TermInfo& term) const override {
    return std::make_unique<PackedCursor>(section_, has_positions_, norms_, doc_count_, term);
  }
  bool copy(const TermInfo& term, DocId shift, PostingsWriter& to) const {
    return PackedCursor(section_, has_positions_, norms_, doc_count_, term).copyTo(shift, to);
  }

 private:
  base::ByteView section_;
  bool has_positions_;
  const std::uint8_t* norms_;
  std::uint32_t doc_count_;
};

}  // namespace

bool copyPostings(const PostingsReader& from, const TermInfo& term, DocId shift, PostingsWriter& to) {
  return static_cast<const PackedPostings&>(from).copy(term, shift, to);
}

std::unique_ptr<PostingsReader> openPostings(base::ByteView section, bool has_positions, const std::uint8_t* norms,
                                             std::uint32_t doc_count) {
  return std::make_unique<PackedPostings>(section, has_positions, norms, doc_count);
}

}  // namespace gyre::engine
