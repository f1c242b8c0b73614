#include "engine/query/scorers.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <type_traits>

#include "engine/codec/column_filter.hpp"
#include "engine/codec/count_ones.hpp"
#include "engine/query/postings_walk.hpp"
#include "engine/query/scorer_lists.hpp"
#include "engine/query/uniform_scorer.hpp"
#include "engine/query/window_range.hpp"

namespace gyre::engine {

namespace {

// Up to so many values are picked out of a packed window one by one; for more, all of it is compared as it lies.
constexpr std::uint32_t kFewPicked = 300;
// The same where what is compared is a stretch of numbers, which takes 0.12 ns a value.
constexpr std::uint32_t kFewCompared = 96;
// A union of more terms than this is collected once into a bit set over the segment.
constexpr std::size_t kMaxWalks = 16;

void addConstant(const std::uint64_t* bits, float score, float* scores) {
  if (scores == nullptr || score == 0) return;
  forEachBit(bits, [&](std::uint32_t i) { scores[i] += score; });
}

// Takes the documents out of `bits`; which of them have a value, and that value. REQUIRES: no more than kFewPicked.
std::uint32_t gatherFew(const ColumnReader& column, std::uint32_t window, std::uint64_t* bits,
                        std::array<std::uint16_t, kFewPicked>& docs, std::array<std::int64_t, kFewPicked>& values) {
  std::array<std::uint32_t, kFewPicked> places;
  std::uint32_t size = 0;
  forEachBit(bits, [&](std::uint32_t i) { docs[size++] = static_cast<std::uint16_t>(i); });
  const std::uint32_t found = column.gather(window, {docs.data(), size}, values.data(), places.data());
  clearBits(bits);
  if (found < size)
    for (std::uint32_t i = 0; i < found; ++i) docs[i] = docs[places[i]];  // places ascend
  return found;
}

// A scorer that gives every match the same score.
class ConstantScorer : public Scorer, public UniformScorer {
 public:
  explicit ConstantScorer(float score) : score_(score) {}
  void evaluate(std::uint32_t window, std::uint64_t* bits, float* scores) final {
    match(window, bits);
    addConstant(bits, score_, scores);
  }
  void narrow(std::uint32_t window, std::uint64_t* bits, float* scores) final {
    keep(window, bits);
    addConstant(bits, score_, scores);
  }
  float maxScore(std::uint32_t) final { return score_; }
  std::optional<float> uniformScore() const final { return score_; }

 protected:
  virtual void match(std::uint32_t window, std::uint64_t* bits) = 0;
  virtual void keep(std::uint32_t window, std::uint64_t* bits) {
    WindowBits own;
    match(window, own.data());
    andBits(bits, own.data());
  }

 private:
  float score_;
};

class AllScorer final : public ConstantScorer {
 public:
  AllScorer(std::uint32_t doc_count, float score) : ConstantScorer(score), doc_count_(doc_count) {}
  std::uint64_t cost() const override { return doc_count_; }

 private:
  void match(std::uint32_t window, std::uint64_t* bits) override { fillBits(bits, windowSize(window, doc_count_)); }
  void keep(std::uint32_t, std::uint64_t*) override {}

  std::uint32_t doc_count_;
};

class ListScorer final : public ConstantScorer {
 public:
  ListScorer(std::vector<DocId> docs, float score) : ConstantScorer(score), docs_(std::move(docs)) {}
  std::uint64_t cost() const override { return docs_.size(); }
  DocId nextCandidate(DocId from) override {
    const auto at = std::lower_bound(docs_.begin(), docs_.end(), from);
    return at == docs_.end() ? kNoMoreDocs : *at;
  }

 private:
  void match(std::uint32_t window, std::uint64_t* bits) override {
    clearBits(bits);
    const DocId base = windowBegin(window);
    for (auto at = std::lower_bound(docs_.begin(), docs_.end(), base); at != docs_.end() && *at - base < kWindowDocs;
         ++at)
      setBit(bits, *at - base);
  }

  std::vector<DocId> docs_;
};

class BitsScorer final : public ConstantScorer {
 public:
  BitsScorer(std::vector<std::uint64_t> bits, std::uint64_t count, float score)
      : ConstantScorer(score), bits_(std::move(bits)), count_(count) {}
  std::uint64_t cost() const override { return count_; }
  DocId nextCandidate(DocId from) override {
    std::size_t word = from / 64;
    if (word >= bits_.size()) return kNoMoreDocs;
    std::uint64_t rest = bits_[word] >> (from % 64) << (from % 64);
    while (rest == 0)
      if (++word >= bits_.size())
        return kNoMoreDocs;
      else
        rest = bits_[word];
    return static_cast<DocId>(word * 64 + static_cast<std::size_t>(std::countr_zero(rest)));
  }

 private:
  void match(std::uint32_t window, std::uint64_t* bits) override {
    std::copy_n(bits_.data() + std::size_t{window} * kWindowWords, kWindowWords, bits);
  }
  void keep(std::uint32_t window, std::uint64_t* bits) override {
    andBits(bits, bits_.data() + std::size_t{window} * kWindowWords);
  }

  std::vector<std::uint64_t> bits_;
  std::uint64_t count_;
};

class PresentScorer final : public ConstantScorer {
 public:
  PresentScorer(std::uint32_t doc_count, const std::uint64_t* present, std::uint64_t count, float score)
      : ConstantScorer(score), doc_count_(doc_count), present_(present), count_(count) {}
  std::uint64_t cost() const override { return count_; }

 private:
  void match(std::uint32_t window, std::uint64_t* bits) override {
    // The last window may have fewer words in the segment than we keep.
    const std::uint32_t size = windowSize(window, doc_count_);
    clearBits(bits);
    std::copy_n(present_ + std::size_t{window} * kWindowWords, (size + 63) / 64, bits);
    WindowBits existing;
    fillBits(existing.data(), size);
    andBits(bits, existing.data());
  }

  std::uint32_t doc_count_;
  const std::uint64_t* present_;
  std::uint64_t count_;
};

class HasValueScorer final : public ConstantScorer {
 public:
  HasValueScorer(SegmentRun& run, const ColumnReader& column, float score)
      : ConstantScorer(score), run_(run), column_(column) {}
  std::uint64_t cost() const override { return column_.stats().doc_count; }

 private:
  void match(std::uint32_t window, std::uint64_t* bits) override {
    const ColumnBlockStats stats = column_.blockStats(window);
    const std::uint32_t size = windowSize(window, run_.docCount());
    if (stats.doc_count == 0 || stats.doc_count == size) {
      fillBits(bits, stats.doc_count);
      return;
    }
    std::copy_n(run_.read(column_, window).present.data(), kWindowWords, bits);
  }

  SegmentRun& run_;
  const ColumnReader& column_;
};

struct ValueRange {
  std::int64_t lowest;
  std::int64_t highest;
  bool accepts(std::int64_t value) const {
    // One comparison: values below `lowest` wrap to very large ones.
    return static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(lowest) <=
           static_cast<std::uint64_t>(highest) - static_cast<std::uint64_t>(lowest);
  }
  // Bits of the window's documents that have such a value.
  void match(const std::int64_t* values, const std::uint64_t* present, std::uint64_t* bits) const {
    matchRange(values, lowest, highest, present, bits);
  }
  bool mayOverlap(std::int64_t min, std::int64_t max) const { return min <= highest && max >= lowest; }
  bool covers(std::int64_t min, std::int64_t max) const { return min >= lowest && max <= highest; }
  // Of the column's values, as if they were spread evenly.
  double share(const ColumnBlockStats& stats) const {
    if (stats.value_count == 0 || !mayOverlap(stats.min, stats.max)) return 0;
    const double width = static_cast<double>(stats.max) - static_cast<double>(stats.min) + 1;
    const double part =
        static_cast<double>(std::min(stats.max, highest)) - static_cast<double>(std::max(stats.min, lowest)) + 1;
    return part / width;
  }
};

// Documents with a value that `Values` accepts: accepts(value), and mayOverlap / covers of a block's minimum and
// maximum.
template <class Values>
class ColumnScorer final : public ConstantScorer {
 public:
  ColumnScorer(SegmentRun& run, const ColumnReader& column, Values values, float score)
      : ConstantScorer(score),
        run_(run),
        column_(column),
        values_(std::move(values)),
        is_multi_(column.isMultiValued()) {
    const ColumnBlockStats stats = column.stats();
    cost_ = static_cast<std::uint64_t>(values_.share(stats) * stats.doc_count) + 1;
  }
  std::uint64_t cost() const override { return cost_; }

  DocId nextCandidate(DocId from) override {
    const std::uint32_t windows = (run_.docCount() + kWindowDocs - 1) / kWindowDocs;
    for (std::uint32_t window = windowOf(from); window < windows; ++window) {
      const ColumnBlockStats stats = column_.blockStats(window);
      if (stats.value_count != 0 && values_.mayOverlap(stats.min, stats.max))
        return std::max(from, windowBegin(window));
    }
    return kNoMoreDocs;
  }

 private:
  enum class Answer : std::uint8_t { kNone, kAllWithValue, kMixed };

  Answer answerFromStats(const ColumnBlockStats& stats) const {
    if (stats.value_count == 0 || !values_.mayOverlap(stats.min, stats.max)) return Answer::kNone;
    return values_.covers(stats.min, stats.max) ? Answer::kAllWithValue : Answer::kMixed;
  }

  void match(std::uint32_t window, std::uint64_t* bits) override {
    const ColumnBlockStats stats = column_.blockStats(window);
    const Answer answer = answerFromStats(stats);
    if (answer == Answer::kNone) return clearBits(bits);
    const std::uint32_t size = windowSize(window, run_.docCount());
    if (answer == Answer::kAllWithValue) {
      if (stats.doc_count == size) return fillBits(bits, size);
      std::copy_n(run_.read(column_, window).present.data(), kWindowWords, bits);
      return;
    }
    if (is_multi_) return matchMulti(window, size, bits);
    if constexpr (std::is_same_v<Values, ValueRange>)
      if (!run_.hasRead(column_, window) && matchPacked(column_, window, values_.lowest, values_.highest, bits)) return;
    const ColumnWindow& decoded = run_.read(column_, window);
    values_.match(decoded.values.data(), decoded.present.data(), bits);
  }

  void matchMulti(std::uint32_t window, std::uint32_t size, std::uint64_t* bits) {
    clearBits(bits);
    const ColumnWindow& decoded = run_.readMulti(column_, window);
    for (std::uint32_t i = 0; i < size; ++i)
      for (std::uint32_t at = decoded.offsets[i]; at < decoded.offsets[i + 1]; ++at)
        if (values_.accepts(decoded.multi_values[at])) {
          setBit(bits, i);
          break;
        }
  }

  void keep(std::uint32_t window, std::uint64_t* bits) override {
    const ColumnBlockStats stats = column_.blockStats(window);
    const Answer answer = answerFromStats(stats);
    if (answer == Answer::kNone) return clearBits(bits);
    if (answer == Answer::kAllWithValue && stats.doc_count == windowSize(window, run_.docCount())) return;
    const std::uint32_t count = countBits(bits);
    constexpr std::uint32_t kFew = std::is_same_v<Values, ValueRange> ? kFewCompared : kFewPicked;
    if (is_multi_ || count > kFew || run_.hasRead(column_, window)) {
      WindowBits own;
      match(window, own.data());
      return andBits(bits, own.data());
    }
    std::array<std::uint16_t, kFewPicked> docs;
    std::array<std::int64_t, kFewPicked> values;
    const std::uint32_t found = gatherFew(column_, window, bits, docs, values);
    for (std::uint32_t i = 0; i < found; ++i)
      if (values_.accepts(values[i])) setBit(bits, docs[i]);
  }

  SegmentRun& run_;
  const ColumnReader& column_;
  Values values_;
  bool is_multi_;
  std::uint64_t cost_ = 0;
};

struct ValueSet {
  std::vector<std::int64_t> values;  // ascending
  bool accepts(std::int64_t value) const { return std::binary_search(values.begin(), values.end(), value); }
  void match(const std::int64_t* window, const std::uint64_t* present, std::uint64_t* bits) const {
    clearBits(bits);
    forEachBit(present, [&](std::uint32_t i) {
      if (accepts(window[i])) setBit(bits, i);
    });
  }
  bool mayOverlap(std::int64_t min, std::int64_t max) const {
    const auto at = std::lower_bound(values.begin(), values.end(), min);
    return at != values.end() && *at <= max;
  }
  bool covers(std::int64_t min, std::int64_t max) const { return min == max && accepts(min); }
  double share(const ColumnBlockStats& stats) const {
    const double width = static_cast<double>(stats.max) - static_cast<double>(stats.min) + 1;
    return std::min(1.0, static_cast<double>(values.size()) / width);
  }
};

class TermSetScorer final : public ConstantScorer {
 public:
  TermSetScorer(SegmentRun& run, const FieldReader& field, const std::vector<TermInfo>& terms,
                std::vector<std::uint32_t> ordinals, float score)
      : ConstantScorer(score), run_(run), column_(field.column), ordinals_(std::move(ordinals)) {
    std::sort(ordinals_.begin(), ordinals_.end());
    for (const TermInfo& term : terms) {
      walks_.emplace_back(field.postings->cursor(term), term.doc_freq);
      cost_ += term.doc_freq;
    }
    can_ask_column_ = column_ != nullptr && !ordinals_.empty() && !column_->isMultiValued();
  }
  std::uint64_t cost() const override { return std::min<std::uint64_t>(cost_, run_.docCount()); }
  std::uint64_t partCount() const override { return can_ask_column_ ? 1 : walks_.size(); }
  DocId nextCandidate(DocId from) override {
    DocId first = kNoMoreDocs;
    for (PostingsWalk& walk : walks_) {
      first = std::min(first, walk.next(from));
      if (first == from) break;
    }
    return first;
  }

 private:
  void match(std::uint32_t window, std::uint64_t* bits) override {
    clearBits(bits);
    for (PostingsWalk& walk : walks_) walk.addBits(window, bits);
  }
  void keep(std::uint32_t window, std::uint64_t* bits) override {
    if (!can_ask_column_ || countBits(bits) > kFewPicked) return ConstantScorer::keep(window, bits);
    std::array<std::uint16_t, kFewPicked> docs;
    std::array<std::int64_t, kFewPicked> values;
    const std::uint32_t found = gatherFew(*column_, window, bits, docs, values);
    for (std::uint32_t i = 0; i < found; ++i)
      if (std::binary_search(ordinals_.begin(), ordinals_.end(), static_cast<std::uint32_t>(values[i])))
        setBit(bits, docs[i]);
  }

  SegmentRun& run_;
  const ColumnReader* column_;
  std::vector<std::uint32_t> ordinals_;
  std::vector<PostingsWalk> walks_;
  std::uint64_t cost_ = 0;
  bool can_ask_column_ = false;
};

class AnyScorer final : public ConstantScorer {
 public:
  AnyScorer(std::vector<ScorerPtr> scorers, float score) : ConstantScorer(score), scorers_(std::move(scorers)) {}
  std::uint64_t cost() const override { return sumOfCosts(scorers_); }
  std::uint64_t partCount() const override { return sumOfParts(scorers_); }
  DocId nextCandidate(DocId from) override { return firstCandidate(scorers_, from); }

 private:
  void match(std::uint32_t window, std::uint64_t* bits) override {
    clearBits(bits);
    for (const ScorerPtr& scorer : scorers_) scorer->addTo(window, nullptr, bits, nullptr);
  }
  void keep(std::uint32_t window, std::uint64_t* bits) override {
    WindowBits found{};
    for (const ScorerPtr& scorer : scorers_) scorer->addTo(window, bits, found.data(), nullptr);
    std::copy(found.begin(), found.end(), bits);
  }

  std::vector<ScorerPtr> scorers_;
};

}  // namespace

ScorerPtr makeAnyScorer(std::vector<ScorerPtr> scorers, float score) {
  if (scorers.empty()) return nullptr;
  return std::make_unique<AnyScorer>(std::move(scorers), score);
}

ScorerPtr makeAllScorer(SegmentRun& run, float score) { return std::make_unique<AllScorer>(run.docCount(), score); }

ScorerPtr makeListScorer(std::vector<DocId> docs, float score) {
  if (docs.empty()) return nullptr;
  return std::make_unique<ListScorer>(std::move(docs), score);
}

ScorerPtr makeBitsScorer(std::vector<std::uint64_t> bits, std::uint64_t count, float score) {
  if (count == 0) return nullptr;
  return std::make_unique<BitsScorer>(std::move(bits), count, score);
}

ScorerPtr makePresentScorer(SegmentRun& run, const std::uint64_t* present, std::uint64_t count, float score) {
  return std::make_unique<PresentScorer>(run.docCount(), present, count, score);
}

ScorerPtr makeHasValueScorer(SegmentRun& run, const ColumnReader& column, float score) {
  return std::make_unique<HasValueScorer>(run, column, score);
}

ScorerPtr makeColumnRangeScorer(SegmentRun& run, const ColumnReader& column, std::int64_t lowest, std::int64_t highest,
                                float score) {
  const ValueRange range{lowest, highest};
  const ColumnBlockStats stats = column.stats();
  if (stats.value_count == 0 || !range.mayOverlap(stats.min, stats.max)) return nullptr;
  return std::make_unique<ColumnScorer<ValueRange>>(run, column, range, score);
}

ScorerPtr makeColumnSetScorer(SegmentRun& run, const ColumnReader& column, std::vector<std::int64_t> values,
                              float score) {
  if (values.size() == 1) return makeColumnRangeScorer(run, column, values.front(), values.front(), score);
  ValueSet set{std::move(values)};
  const ColumnBlockStats stats = column.stats();
  if (stats.value_count == 0 || !set.mayOverlap(stats.min, stats.max)) return nullptr;
  return std::make_unique<ColumnScorer<ValueSet>>(run, column, std::move(set), score);
}

ScorerPtr makeTermSetScorer(SegmentRun& run, const FieldReader& field, const std::vector<TermInfo>& terms,
                            std::vector<std::uint32_t> ordinals, float score) {
  if (terms.empty() || field.postings == nullptr) return nullptr;
  if (terms.size() <= kMaxWalks) return std::make_unique<TermSetScorer>(run, field, terms, std::move(ordinals), score);
  TermUnion all(run, field);
  for (const TermInfo& term : terms) all.add(term, 0);
  return all.scorer(score);
}

void TermUnion::add(const TermInfo& term, std::uint32_t ordinal) {
  if (field_.postings == nullptr) {
    ordinals_.push_back(ordinal);
    return;
  }
  if (bits_.empty() && terms_.size() < kMaxWalks) {
    terms_.push_back(term);
    if (field_.column != nullptr) ordinals_.push_back(ordinal);
    return;
  }
  if (bits_.empty()) {
    const std::uint32_t windows = (run_.docCount() + kWindowDocs - 1) / kWindowDocs;
    bits_.resize(std::size_t{windows} * kWindowWords);
    for (const TermInfo& kept : terms_) addBits(kept);
  }
  addBits(term);
}

void TermUnion::addBits(const TermInfo& term) {
  const auto cursor = field_.postings->cursor(term);
  for (DocId from = 0; cursor->advanceBlock(from); from = cursor->docs().back() + 1)
    for (const DocId doc : cursor->docs()) bits_[doc / 64] |= std::uint64_t{1} << (doc % 64);
}

ScorerPtr TermUnion::scorer(float score) {
  if (field_.postings == nullptr) {
    if (field_.column == nullptr || ordinals_.empty()) return nullptr;
    std::sort(ordinals_.begin(), ordinals_.end());
    return makeColumnSetScorer(run_, *field_.column, {ordinals_.begin(), ordinals_.end()}, score);
  }
  if (bits_.empty())
    return terms_.empty() ? nullptr
                          : std::make_unique<TermSetScorer>(run_, field_, terms_, std::move(ordinals_), score);
  std::uint64_t count = 0;
  for (const std::uint64_t word : bits_) count += countOnes(word);
  return makeBitsScorer(std::move(bits_), count, score);
}

namespace {

class NoneWeight final : public Weight {
 public:
  explicit NoneWeight(std::string description) : description_(std::move(description)) {}
  ScorerPtr scorer(SegmentRun&) const override { return nullptr; }
  Explanation explain(SegmentRun&, DocId) const override { return Explanation::noMatch(description_); }

 private:
  std::string description_;
};

}  // namespace

WeightPtr makeNoneWeight(std::string description) { return std::make_unique<NoneWeight>(std::move(description)); }

std::string describeConstant(const std::string& description, float score) {
  return score == 1 ? description : description + "^" + describeFloat(score);
}

}  // namespace gyre::engine
