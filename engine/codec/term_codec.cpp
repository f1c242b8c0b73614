#include "engine/codec/term_codec.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <mutex>
#include <span>
#include <vector>

#include "engine/codec/term_signatures.hpp"

namespace gyre::engine {
namespace {

// A look-up reads half a block on average; the block index costs eight bytes a block.
constexpr std::uint32_t kTermsPerBlock = 16;
constexpr std::size_t kHeaderSize = 8;

std::uint64_t eightBytes(std::string_view text, std::size_t at) {
  return base::loadLittle<std::uint64_t>(reinterpret_cast<const std::uint8_t*>(text.data()) + at);
}

std::size_t sharedPrefix(std::string_view a, std::string_view b) {
  const std::size_t limit = std::min(a.size(), b.size());
  std::size_t i = 0;
  for (; i + 8 <= limit; i += 8)
    if (const std::uint64_t differs = eightBytes(a, i) ^ eightBytes(b, i); differs != 0)
      return i + static_cast<std::size_t>(std::countr_zero(differs)) / 8;
  while (i < limit && a[i] == b[i]) ++i;
  return i;
}

// Most are a byte, and a dictionary is written as little else.
void appendVarint(std::string& out, std::uint64_t value) {
  value < 0x80 ? out.push_back(static_cast<char>(value)) : base::appendVarint(out, value);
}

// A length that fills its byte means that many characters or more.
constexpr std::size_t kMostCharacters = 255;

std::uint8_t countCharacters(std::string_view term) {
  std::size_t count = 0, i = 0;
  for (; i + 8 <= term.size() && (eightBytes(term, i) & 0x8080808080808080u) == 0; i += 8) count += 8;  // ASCII
  for (; i < term.size(); ++i) count += (static_cast<unsigned char>(term[i]) & 0xc0) != 0x80 ? 1u : 0u;
  return static_cast<std::uint8_t>(std::min(count, kMostCharacters));
}

// A block's start, and the lengths of its shortest and longest term above it.
constexpr unsigned kShortestShift = 48;
constexpr unsigned kLongestShift = 56;
constexpr std::uint64_t kStartMask = (std::uint64_t{1} << kShortestShift) - 1;

// Set beside the detail when a block holds all its terms first and what is known of them behind.
constexpr std::uint32_t kIsSplit = 4;
// And when characters are packed and occurrences are told only where there are several.
constexpr std::uint32_t kIsPacked = 8;

// Of hexadecimal digits, and so of decimal ones; 16 for other characters.
constexpr std::array<std::uint8_t, 256> kDigits = [] {
  std::array<std::uint8_t, 256> digits{};
  for (unsigned c = 0; c < 256; ++c)
    digits[c] = static_cast<std::uint8_t>(c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16);
  return digits;
}();

bool isHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return kDigits[static_cast<unsigned char>(c)] < 16; });
}

// What a term has beyond the term before: two hexadecimal digits a byte where there are no other characters. Ids of
// traces and numbers are most of the terms of logs.
void appendRest(std::string_view rest, std::string& out) {
  const bool is_hex = rest.size() > 1 && isHex(rest);
  appendVarint(out, rest.size() * 2 + (is_hex ? 1 : 0));
  if (!is_hex) {
    out += rest;
    return;
  }
  const std::size_t at = out.size();
  out.resize(at + (rest.size() + 1) / 2);
  char* to = out.data() + at;
  for (std::size_t i = 0; i < rest.size(); i += 2) {
    const unsigned high = kDigits[static_cast<unsigned char>(rest[i])];
    const unsigned low = i + 1 < rest.size() ? kDigits[static_cast<unsigned char>(rest[i + 1])] : 0u;
    *to++ = static_cast<char>(high << 4 | low);
  }
}

}  // namespace

void TermDictionaryWriter::add(std::string_view term, const TermInfo& info) {
  const std::uint8_t length = countCharacters(term);
  if (count_ % kTermsPerBlock == 0) {
    finishBlock();
    ++block_count_;
    block_start_ = blocks_.size();
    last_offset_ = 0;
    shortest_ = longest_ = length;
    appendVarint(terms_, term.size());
    terms_ += term;
  } else {
    const std::size_t shared = sharedPrefix(last_, term);
    appendVarint(terms_, shared);
    appendRest(term.substr(shared), terms_);
    shortest_ = std::min(shortest_, length);
    longest_ = std::max(longest_, length);
  }
  last_.assign(term);
  ++count_;
  if (detail_ == TermDetail::kBare) return;
  if (detail_ == TermDetail::kPositions) {
    const std::uint64_t more = info.total_term_freq - info.doc_freq;
    appendVarint(infos_, std::uint64_t{info.doc_freq} * 2 + (more > 0 ? 1 : 0));
    if (more > 0) appendVarint(infos_, more);
  } else {
    appendVarint(infos_, info.doc_freq);
  }
  if (isInlineTerm(info)) {
    appendVarint(infos_, info.postings_offset & 0xffff'ffff);
    if (detail_ == TermDetail::kPositions) appendVarint(infos_, info.postings_offset >> 32);
  } else {
    appendVarint(infos_, info.postings_offset - last_offset_);
    last_offset_ = info.postings_offset;
  }
}

void TermDictionaryWriter::finishBlock() {
  if (block_count_ == 0) return;
  std::string start;
  base::appendLittle(
      start, block_start_ | std::uint64_t{shortest_} << kShortestShift | std::uint64_t{longest_} << kLongestShift);
  starts_.append(base::asBytes(start));
  start.clear();
  base::appendVarint(start, terms_.size());
  blocks_.append(base::asBytes(start));
  blocks_.append(base::asBytes(terms_));
  blocks_.append(base::asBytes(infos_));
  terms_.clear();
  infos_.clear();
}

namespace {

// Where each block begins in the section: what was counted before its head was known.
class ShiftedStarts final : public ByteSink {
 public:
  ShiftedStarts(std::uint64_t shift, ByteSink& out) : shift_(shift), out_(out) {}
  void append(base::ByteView starts) override {
    std::string shifted;
    shifted.reserve(starts.size());
    for (std::size_t at = 0; at < starts.size(); at += sizeof shift_)
      base::appendLittle(shifted, base::loadLittle<std::uint64_t>(starts.data() + at) + shift_);
    out_.append(base::asBytes(shifted));
  }

 private:
  std::uint64_t shift_;
  ByteSink& out_;
};

}  // namespace

Status TermDictionaryWriter::finish(ByteSink& out) {
  finishBlock();
  const std::uint64_t data_start = kHeaderSize + (std::uint64_t{block_count_} + 1) * 8;
  std::string bytes;
  base::appendLittle(bytes, count_);
  base::appendLittle(bytes, static_cast<std::uint32_t>(detail_) | kIsSplit | kIsPacked);
  out.append(base::asBytes(bytes));
  ShiftedStarts starts(data_start, out);
  starts_.copyTo(starts);
  bytes.clear();
  base::appendLittle<std::uint64_t>(bytes, data_start + blocks_.size());
  out.append(base::asBytes(bytes));
  blocks_.copyTo(out);
  GYRE_TRY(starts_.status());
  return blocks_.status();
}

void TermDictionaryWriter::finish(std::string& out) {
  StringSink sink(out);
  (void)finish(sink);  // without a folder nothing can fail
}

namespace {

// Reads forward through a block. Inlined, unlike ByteReader: a walk over a dictionary is little else.
class BlockReader {
 public:
  BlockReader() = default;
  explicit BlockReader(base::ByteView bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  std::uint64_t varint() {
    if (at_ < end_ && *at_ < 0x80) return *at_++;
    return longVarint();
  }
  std::string_view text(std::uint64_t size) {
    if (size > remaining()) {
      is_valid_ = false;
      return {};
    }
    const auto* const from = reinterpret_cast<const char*>(at_);
    at_ += size;
    return {from, static_cast<std::size_t>(size)};
  }
  base::ByteView rest() const { return {at_, end_}; }
  std::uint64_t remaining() const { return static_cast<std::uint64_t>(end_ - at_); }
  bool isValid() const { return is_valid_; }

 private:
  std::uint64_t longVarint() {
    base::ByteReader reader(rest());
    const std::uint64_t value = reader.varint();
    is_valid_ = is_valid_ && reader.isValid();
    at_ += reader.position();
    return value;
  }
  const std::uint8_t* at_ = nullptr;
  const std::uint8_t* end_ = nullptr;
  bool is_valid_ = true;
};

class PrefixCodedTerms final : public TermDictionaryReader, public SignedTerms {
 public:
  explicit PrefixCodedTerms(base::ByteView section) : section_(section) {}

  Status check() {
    base::ByteReader reader(section_);
    count_ = reader.little<std::uint32_t>();
    const auto detail = reader.little<std::uint32_t>();
    is_split_ = (detail & kIsSplit) != 0;
    is_packed_ = (detail & kIsPacked) != 0;
    block_count_ = static_cast<std::uint32_t>((std::uint64_t{count_} + kTermsPerBlock - 1) / kTermsPerBlock);
    const std::uint64_t data_start = kHeaderSize + (std::uint64_t{block_count_} + 1) * 8;
    if (!reader.isValid() || (detail & ~(kIsSplit | kIsPacked)) > static_cast<std::uint32_t>(TermDetail::kPositions) ||
        (is_packed_ && !is_split_) || data_start > section_.size())
      return corruption("term dictionary: header does not fit the section");
    detail_ = static_cast<TermDetail>(detail & ~(kIsSplit | kIsPacked));
    std::uint64_t last = data_start;
    for (std::uint32_t block = 0; block <= block_count_; ++block) {
      const std::uint64_t start = blockStart(block);
      if (start < last || start > section_.size())
        return corruption("term dictionary: block " + std::to_string(block) + " lies outside the section");
      last = start;
      if (block == block_count_) break;
      shortest_ = std::min(shortest_, shortestOf(block));
      longest_ = std::max(longest_, longestOf(block));
    }
    return last == section_.size() ? Status() : corruption("term dictionary: bytes after the last block");
  }

  std::uint32_t size() const override { return count_; }
  std::unique_ptr<TermCursor> cursor() const override;
  std::span<const std::uint64_t> hashes() const override;
  std::span<const std::uint64_t> signatures() const override;
  bool mayHaveLength(std::size_t shortest, std::size_t longest) const override {
    return shortest <= longest_ && longest >= shortest_;
  }
  std::optional<Found> find(std::string_view term) const override;

 private:
  friend class PrefixCodedCursor;

  std::uint64_t entry(std::uint32_t block) const {
    return base::loadLittle<std::uint64_t>(section_.data() + kHeaderSize + std::size_t{block} * 8);
  }
  std::uint64_t blockStart(std::uint32_t block) const { return is_split_ ? entry(block) & kStartMask : entry(block); }
  base::ByteView block(std::uint32_t number) const {
    const std::uint64_t start = blockStart(number);
    return section_.subspan(start, blockStart(number + 1) - start);
  }
  std::size_t shortestOf(std::uint32_t block) const {
    return is_split_ ? entry(block) >> kShortestShift & kMostCharacters : 0;
  }
  std::size_t longestOf(std::uint32_t block) const {
    const std::size_t longest = is_split_ ? entry(block) >> kLongestShift : kMostCharacters;
    return longest == kMostCharacters ? SIZE_MAX : longest;
  }
  std::string_view firstTerm(std::uint32_t number) const {
    BlockReader reader(block(number));
    if (is_split_) reader.varint();
    return reader.text(reader.varint());
  }
  // The last block within [low, high) whose first term is not above `target`; `low` when there is none.
  std::uint32_t blockWithin(std::uint32_t low, std::uint32_t high, std::string_view target) const {
    while (high - low > 1) {
      const std::uint32_t middle = low + (high - low) / 2;
      (firstTerm(middle) <= target ? low : high) = middle;
    }
    return low;
  }
  std::uint32_t blockFor(std::string_view target) const { return blockWithin(0, block_count_, target); }
  // The same from a block on whose first term is not above `target`: near ones are found in few steps.
  std::uint32_t blockFrom(std::uint32_t low, std::string_view target) const {
    for (std::uint32_t step = 1;; step *= 2) {
      if (step >= block_count_ - low) return blockWithin(low, block_count_, target);
      if (firstTerm(low + step) > target) return blockWithin(low, low + step, target);
      low += step;
    }
  }

  // The last block whose first term begins so. REQUIRES: that of `low` does.
  std::uint32_t lastBlockWith(std::uint32_t low, std::string_view beginning) const {
    std::uint32_t high = low + 1;
    for (std::uint32_t step = 1; high < block_count_ && firstTerm(high).starts_with(beginning); step *= 2) {
      low = high;
      high += std::min(block_count_ - high, step);
    }
    while (high - low > 1) {
      const std::uint32_t middle = low + (high - low) / 2;
      (firstTerm(middle).starts_with(beginning) ? low : high) = middle;
    }
    return low;
  }

  base::ByteView section_;
  std::uint32_t count_ = 0;
  std::uint32_t block_count_ = 0;
  std::size_t shortest_ = SIZE_MAX, longest_ = 0;  // characters of any term
  TermDetail detail_ = TermDetail::kBare;
  bool is_split_ = true;   // false in dictionaries written before blocks were split
  bool is_packed_ = true;  // false in those written before characters were packed
  mutable std::once_flag hashed_, signed_;
  mutable std::vector<std::uint64_t> hashes_;      // set under hashed_
  mutable std::vector<std::uint64_t> signatures_;  // set under signed_
};

class PrefixCodedCursor final : public TermCursor {
 public:
  explicit PrefixCodedCursor(const PrefixCodedTerms& terms) : terms_(terms) {}

  bool seekCeil(std::string_view target) override {
    if (terms_.count_ == 0) return false;
    const bool is_ahead = next_ > 0 && next_ < terms_.count_ && term_ < target;
    const std::uint32_t here = is_ahead ? (next_ - 1) / kTermsPerBlock : 0;
    const std::uint32_t block = is_ahead ? terms_.blockFrom(here, target) : terms_.blockFor(target);
    if (!is_ahead || block != here) openBlock(block);
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
    while (step())
      if (next_ == ordinal + 1) return true;
    return false;
  }
  bool next() override {
    if (next_ % kTermsPerBlock == 0 && ignores_lengths_ && !skipBlocks()) return false;
    return step();
  }
  bool skip(std::size_t bytes) override {
    if (!terms_.is_split_) return TermCursor::skip(bytes);
    if (skipInBlock(bytes)) return true;
    while (next_ < terms_.count_ && (!ignores_lengths_ || skipBlocks())) {
      const std::string_view passed = std::string_view(term_).substr(0, bytes);
      const std::uint32_t block = next_ / kTermsPerBlock;
      if (!terms_.firstTerm(block).starts_with(passed)) return step();
      openBlock(terms_.lastBlockWith(block, passed));
      reader_.text(reader_.varint());
      ++next_;
      if (skipInBlock(bytes)) return true;
    }
    return false;
  }
  std::string_view term() const override { return term_; }
  std::uint32_t ordinal() const override { return next_ - 1; }
  TermInfo info() const override {
    if (terms_.is_split_) {
      const std::uint32_t wanted = (next_ - 1) % kTermsPerBlock + 1;
      for (; infos_read_ < wanted; ++infos_read_) decodeInfo(infos_);
    }
    return info_;
  }
  std::size_t sharedBytes() const override { return shared_; }
  void ignoreOtherLengths(std::size_t shortest, std::size_t longest) override {
    shortest_ = shortest;
    longest_ = longest;
    ignores_lengths_ = true;
  }

 private:
  bool isWanted(std::size_t shortest, std::size_t longest) const {
    return shortest <= longest_ && longest >= shortest_;
  }
  // Goes to the next block with a term of a wanted length.
  bool skipBlocks() {
    std::uint32_t block = next_ / kTermsPerBlock;
    if (!terms_.mayHaveLength(shortest_, longest_)) block = terms_.block_count_;
    while (block < terms_.block_count_ && !isWanted(terms_.shortestOf(block), terms_.longestOf(block))) ++block;
    next_ = block < terms_.block_count_ ? block * kTermsPerBlock : terms_.count_;
    return next_ < terms_.count_;
  }
  // Goes to the first term of the rest of the block that does not begin as those passed do. Terms need not be put
  // together to be passed: what this one shares with the one before, it shares with the one that was current as well.
  // False at the block's end.
  bool skipInBlock(std::size_t bytes) {
    for (; next_ % kTermsPerBlock != 0 && next_ < terms_.count_; ++next_) {
      const std::uint64_t shared = reader_.varint();
      const Rest rest = readRest();
      if (!reader_.isValid()) break;
      if (shared >= bytes) continue;
      shared_ = std::min<std::uint64_t>(shared, term_.size());
      term_.resize(shared_);
      append(rest);
      ++next_;
      return true;
    }
    if (!reader_.isValid()) next_ = terms_.count_;
    return false;
  }
  bool step() {
    if (next_ >= terms_.count_) return false;
    if (next_ % kTermsPerBlock == 0) openBlock(next_ / kTermsPerBlock);
    decodeTerm();
    if (!terms_.is_split_) decodeInfo(reader_);
    // Only a file that was made to deceive gets here; ending is the safe answer.
    if (!reader_.isValid()) {
      next_ = terms_.count_;
      return false;
    }
    ++next_;
    return true;
  }
  void openBlock(std::uint32_t block) {
    reader_ = BlockReader(terms_.block(block));
    if (terms_.is_split_) {
      const std::uint64_t size = reader_.varint();
      BlockReader rest = reader_;
      const std::string_view terms = rest.text(size);
      infos_ = BlockReader(rest.rest());
      reader_ = BlockReader(base::asBytes(terms));
    }
    next_ = block * kTermsPerBlock;
    offset_ = 0;
    infos_read_ = 0;
  }
  void decodeTerm() {
    if (next_ % kTermsPerBlock == 0) {
      // The first of a block says nothing of the term before, which may be of another block altogether.
      const std::string_view first = reader_.text(reader_.varint());
      shared_ = sharedPrefix(term_, first);
      term_.assign(first);
      return;
    }
    shared_ = std::min<std::uint64_t>(reader_.varint(), term_.size());
    const Rest rest = readRest();
    term_.resize(shared_);
    append(rest);
  }
  // What a term has beyond the term before.
  struct Rest {
    std::string_view bytes;
    std::uint64_t digits = 0;  // that the bytes stand for; 0: they are the characters
  };
  Rest readRest() {
    const std::uint64_t size = reader_.varint();
    if (!terms_.is_packed_) return {reader_.text(size)};
    if (size % 2 == 0) return {reader_.text(size / 2)};
    return {reader_.text(size / 4 + size / 2 % 2), size / 2};
  }
  void append(const Rest& rest) {
    if (rest.digits == 0 || rest.bytes.empty()) {
      term_ += rest.bytes;
      return;
    }
    constexpr char kHex[] = "0123456789abcdef";
    const std::size_t at = term_.size();
    term_.resize(at + rest.digits);
    for (std::size_t i = 0; i < rest.digits; ++i) {
      const auto byte = static_cast<unsigned char>(rest.bytes[i / 2]);
      term_[at + i] = kHex[i % 2 == 0 ? byte >> 4 : byte & 15];
    }
  }
  void decodeInfo(BlockReader& from) const {
    if (terms_.detail_ == TermDetail::kBare) return;
    const bool has_positions = terms_.detail_ == TermDetail::kPositions;
    std::uint64_t docs = from.varint();
    std::uint64_t more = 0;
    if (has_positions && terms_.is_packed_) {
      more = docs % 2 != 0 ? from.varint() : 0;
      docs /= 2;
    } else if (has_positions) {
      more = from.varint();
    }
    info_.doc_freq = static_cast<std::uint32_t>(docs);
    info_.total_term_freq = info_.doc_freq + more;
    if (isInlineTerm(info_)) {
      const auto doc = static_cast<std::uint32_t>(from.varint());
      const auto position = has_positions ? static_cast<std::uint32_t>(from.varint()) : 0u;
      info_.postings_offset = inlinePosting(doc, position);
    } else {
      offset_ += from.varint();
      info_.postings_offset = offset_;
    }
  }

  const PrefixCodedTerms& terms_;
  BlockReader reader_;
  std::uint32_t next_ = 0;  // ordinal that next() goes to
  std::string term_;
  std::size_t shared_ = 0;
  std::size_t shortest_ = 0, longest_ = SIZE_MAX;
  bool ignores_lengths_ = false;
  // Read only when asked for; all but the last belong to terms that were passed.
  mutable BlockReader infos_;
  mutable std::uint32_t infos_read_ = 0;  // of the block
  mutable std::uint64_t offset_ = 0;
  mutable TermInfo info_;
};

std::span<const std::uint64_t> PrefixCodedTerms::hashes() const {
  if (count_ > kMaxHashedTerms) return {};
  std::call_once(hashed_, [this] {
    hashes_.reserve(count_);
    PrefixCodedCursor cursor(*this);
    while (cursor.next()) hashes_.push_back(hash(cursor.term()));
    hashes_.resize(count_);  // shorter only in a file that was made to deceive
  });
  return hashes_;
}

std::span<const std::uint64_t> PrefixCodedTerms::signatures() const {
  if (count_ > kMostSigned) return {};
  std::call_once(signed_, [this] {
    signatures_.reserve(count_);
    PrefixCodedCursor cursor(*this);
    while (cursor.next()) signatures_.push_back(signatureOf(cursor.term()));
    signatures_.resize(count_);  // shorter only in a file that was made to deceive
  });
  return signatures_;
}

std::unique_ptr<TermCursor> PrefixCodedTerms::cursor() const { return std::make_unique<PrefixCodedCursor>(*this); }

std::optional<TermDictionaryReader::Found> PrefixCodedTerms::find(std::string_view term) const {
  PrefixCodedCursor cursor(*this);
  if (!cursor.seekCeil(term) || cursor.term() != term) return std::nullopt;
  return Found{cursor.ordinal(), cursor.info()};
}

}  // namespace

std::uint64_t TermDictionaryReader::hash(std::string_view term) { return XXH3_64bits(term.data(), term.size()); }

Result<std::unique_ptr<TermDictionaryReader>> openTerms(base::ByteView section) {
  auto terms = std::make_unique<PrefixCodedTerms>(section);
  GYRE_TRY(terms->check());
  return std::unique_ptr<TermDictionaryReader>(std::move(terms));
}

}  // namespace gyre::engine
