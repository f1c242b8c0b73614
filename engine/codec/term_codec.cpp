#include "engine/codec/term_codec.hpp"

#include <algorithm>

namespace gyre::engine {
namespace {

// A look-up reads half a block on average; the block index costs eight bytes a block.
constexpr std::uint32_t kTermsPerBlock = 16;
constexpr std::size_t kHeaderSize = 8;

std::size_t sharedPrefix(std::string_view a, std::string_view b) {
  const std::size_t limit = std::min(a.size(), b.size());
  std::size_t i = 0;
  while (i < limit && a[i] == b[i]) ++i;
  return i;
}

}  // namespace

void TermDictionaryWriter::add(std::string_view term, const TermInfo& info) {
  std::size_t shared = 0;
  if (count_ % kTermsPerBlock == 0) {
    block_starts_.push_back(blocks_.size());
    last_offset_ = 0;
  } else {
    shared = sharedPrefix(last_, term);
    base::appendVarint(blocks_, shared);
  }
  base::appendVarint(blocks_, term.size() - shared);
  blocks_ += term.substr(shared);
  last_.assign(term);
  ++count_;
  if (detail_ == TermDetail::kBare) return;
  base::appendVarint(blocks_, info.doc_freq);
  if (detail_ == TermDetail::kPositions) base::appendVarint(blocks_, info.total_term_freq - info.doc_freq);
  if (isInlineTerm(info)) {
    base::appendVarint(blocks_, info.postings_offset & 0xffff'ffff);
    if (detail_ == TermDetail::kPositions) base::appendVarint(blocks_, info.postings_offset >> 32);
  } else {
    base::appendVarint(blocks_, info.postings_offset - last_offset_);
    last_offset_ = info.postings_offset;
  }
}

void TermDictionaryWriter::finish(std::string& out) {
  base::appendLittle(out, count_);
  base::appendLittle(out, static_cast<std::uint32_t>(detail_));
  const std::uint64_t data_start = kHeaderSize + (block_starts_.size() + 1) * 8;
  for (const std::uint64_t start : block_starts_) base::appendLittle(out, data_start + start);
  base::appendLittle<std::uint64_t>(out, data_start + blocks_.size());
  out += blocks_;
}

namespace {

class PrefixCodedTerms final : public TermDictionaryReader {
 public:
  explicit PrefixCodedTerms(base::ByteView section) : section_(section) {}

  Status check() {
    base::ByteReader reader(section_);
    count_ = reader.little<std::uint32_t>();
    const auto detail = reader.little<std::uint32_t>();
    block_count_ = static_cast<std::uint32_t>((std::uint64_t{count_} + kTermsPerBlock - 1) / kTermsPerBlock);
    const std::uint64_t data_start = kHeaderSize + (std::uint64_t{block_count_} + 1) * 8;
    if (!reader.isValid() || detail > static_cast<std::uint32_t>(TermDetail::kPositions) ||
        data_start > section_.size())
      return corruption("term dictionary: header does not fit the section");
    detail_ = static_cast<TermDetail>(detail);
    std::uint64_t last = data_start;
    for (std::uint32_t block = 0; block <= block_count_; ++block) {
      const std::uint64_t start = blockStart(block);
      if (start < last || start > section_.size())
        return corruption("term dictionary: block " + std::to_string(block) + " lies outside the section");
      last = start;
    }
    return last == section_.size() ? Status() : corruption("term dictionary: bytes after the last block");
  }

  std::uint32_t size() const override { return count_; }
  std::unique_ptr<TermCursor> cursor() const override;
  std::optional<Found> find(std::string_view term) const override;

 private:
  friend class PrefixCodedCursor;

  std::uint64_t blockStart(std::uint32_t block) const {
    return base::loadLittle<std::uint64_t>(section_.data() + kHeaderSize + std::size_t{block} * 8);
  }
  std::string_view firstTerm(std::uint32_t block) const {
    const std::uint64_t start = blockStart(block);
    return base::ByteReader(section_.subspan(start, blockStart(block + 1) - start)).text();
  }
  // The last block whose first term is not above `target`; the first one when there is none.
  std::uint32_t blockFor(std::string_view target) const {
    std::uint32_t low = 0, high = block_count_;
    while (high - low > 1) {
      const std::uint32_t middle = low + (high - low) / 2;
      (firstTerm(middle) <= target ? low : high) = middle;
    }
    return low;
  }

  base::ByteView section_;
  std::uint32_t count_ = 0;
  std::uint32_t block_count_ = 0;
  TermDetail detail_ = TermDetail::kBare;
};

class PrefixCodedCursor final : public TermCursor {
 public:
  explicit PrefixCodedCursor(const PrefixCodedTerms& terms) : terms_(terms), reader_(base::ByteView()) {}

  bool seekCeil(std::string_view target) override {
    if (terms_.count_ == 0) return false;
    openBlock(terms_.blockFor(target));
    while (next())
      if (term_ >= target) return true;
    return false;
  }
  bool seekOrdinal(std::uint32_t ordinal) override {
    if (ordinal >= terms_.count_) return false;
    // Going on inside the block saves decoding it again: ordinals are mostly asked for in ascending order.
    const bool is_ahead = next_ > 0 && ordinal >= next_ && ordinal / kTermsPerBlock == (next_ - 1) / kTermsPerBlock;
    if (next_ == ordinal + 1) return true;
    if (!is_ahead) openBlock(ordinal / kTermsPerBlock);
    while (next())
      if (next_ == ordinal + 1) return true;
    return false;
  }
  bool next() override {
    if (next_ >= terms_.count_) return false;
    if (next_ % kTermsPerBlock == 0) openBlock(next_ / kTermsPerBlock);
    decode();
    // Only a file that was made to deceive gets here; ending is the safe answer.
    if (!reader_.isValid()) {
      next_ = terms_.count_;
      return false;
    }
    ++next_;
    return true;
  }
  std::string_view term() const override { return term_; }
  std::uint32_t ordinal() const override { return next_ - 1; }
  TermInfo info() const override { return info_; }

 private:
  void openBlock(std::uint32_t block) {
    const std::uint64_t start = terms_.blockStart(block);
    reader_ = base::ByteReader(terms_.section_.subspan(start, terms_.blockStart(block + 1) - start));
    next_ = block * kTermsPerBlock;
    term_.clear();
    offset_ = 0;
  }
  void decode() {
    const std::uint64_t shared = next_ % kTermsPerBlock == 0 ? 0 : reader_.varint();
    term_.resize(std::min<std::uint64_t>(shared, term_.size()));
    term_ += reader_.text();
    if (terms_.detail_ == TermDetail::kBare) return;
    info_.doc_freq = static_cast<std::uint32_t>(reader_.varint());
    info_.total_term_freq = info_.doc_freq;
    if (terms_.detail_ == TermDetail::kPositions) info_.total_term_freq += reader_.varint();
    if (isInlineTerm(info_)) {
      const auto doc = static_cast<std::uint32_t>(reader_.varint());
      const auto position =
          terms_.detail_ == TermDetail::kPositions ? static_cast<std::uint32_t>(reader_.varint()) : 0u;
      info_.postings_offset = inlinePosting(doc, position);
    } else {
      offset_ += reader_.varint();
      info_.postings_offset = offset_;
    }
  }

  const PrefixCodedTerms& terms_;
  base::ByteReader reader_;
  std::uint32_t next_ = 0;  // ordinal that next() goes to
  std::string term_;
  std::uint64_t offset_ = 0;
  TermInfo info_;
};

std::unique_ptr<TermCursor> PrefixCodedTerms::cursor() const { return std::make_unique<PrefixCodedCursor>(*this); }

std::optional<TermDictionaryReader::Found> PrefixCodedTerms::find(std::string_view term) const {
  PrefixCodedCursor cursor(*this);
  if (!cursor.seekCeil(term) || cursor.term() != term) return std::nullopt;
  return Found{cursor.ordinal(), cursor.info()};
}

}  // namespace

Result<std::unique_ptr<TermDictionaryReader>> openTerms(base::ByteView section) {
  auto terms = std::make_unique<PrefixCodedTerms>(section);
  GYRE_TRY(terms->check());
  return std::unique_ptr<TermDictionaryReader>(std::move(terms));
}

}  // namespace gyre::engine
