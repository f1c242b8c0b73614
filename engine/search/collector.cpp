#include "engine/search/collector.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace gyre::engine {

namespace {

class ScoreCollector final : public Collector {
 public:
  explicit ScoreCollector(std::size_t size) : size_(size) { heap_.reserve(std::min<std::size_t>(size, 10'000)); }

  void beginSegment(SegmentRun& run) override { segment_ = run.ordinal(); }
  void endSegment() override {}

  void collect(std::uint32_t window, const std::uint64_t* bits, const float* scores) override {
    if (size_ == 0) return;
    const DocId base = windowBegin(window);
    forEachBit(bits, [&](std::uint32_t i) {
      const float score = scores == nullptr ? 0 : scores[i];
      // Documents come in index order, so an equal score loses against one that is in already.
      if (heap_.size() == size_) {
        if (!(score > heap_.front().score)) return;
        std::pop_heap(heap_.begin(), heap_.end(), isBetter);
        heap_.back() = {segment_, base + i, score};
      } else {
        heap_.push_back({segment_, base + i, score});
      }
      std::push_heap(heap_.begin(), heap_.end(), isBetter);
    });
  }

  bool canSkip(std::uint32_t, float max_score) const override {
    return size_ == 0 || (heap_.size() == size_ && max_score <= heap_.front().score);
  }
  bool usesScoreBound() const override { return heap_.size() == size_ && size_ > 0; }

  std::vector<Hit> take() override {
    std::sort(heap_.begin(), heap_.end(), isBetter);
    std::vector<Hit> hits;
    hits.reserve(heap_.size());
    for (const Entry& entry : heap_) hits.push_back({entry.segment, entry.doc, entry.score, {}});
    return hits;
  }

 private:
  struct Entry {
    std::uint32_t segment;
    DocId doc;
    float score;
  };
  static bool isBetter(const Entry& a, const Entry& b) {
    if (a.score != b.score) return a.score > b.score;
    return a.segment != b.segment ? a.segment < b.segment : a.doc < b.doc;
  }

  std::size_t size_;
  std::uint32_t segment_ = 0;
  std::vector<Entry> heap_;  // the worst in front
};

class SortCollector final : public Collector {
 public:
  SortCollector(std::size_t size, std::span<const SortKey> keys, std::vector<SortValue> after)
      : size_(size), keys_(keys), after_(std::move(after)), read_keys_(kWindowDocs), row_(keys.size()) {}

  void beginSegment(SegmentRun& run) override {
    run_ = &run;
    columns_.clear();
    for (const SortKey& key : keys_) columns_.push_back(std::make_unique<SortColumn>(key, run));
    after_numbers_.clear();
    for (std::size_t k = 0; k < after_.size(); ++k) after_numbers_.push_back(columns_[k]->numberOf(after_[k]));
    heap_.clear();
    slots_.clear();
    // What earlier segments hold bounds this one too.
    bound_ = hits_.size() == size_ && size_ > 0 ? columns_[0]->numberOf(hits_.back().values[0]) : INT64_MAX;
  }

  void collect(std::uint32_t window, const std::uint64_t* bits, const float* scores) override {
    if (size_ == 0) return;
    std::size_t count = 0;
    forEachBit(bits, [&](std::uint32_t i) { docs_[count++] = static_cast<std::uint16_t>(i); });
    columns_[0]->read(window, {docs_.data(), count}, scores, read_keys_.data());
    std::int64_t worst = worstFirstKey();
    for (std::size_t i = 0; i < count; ++i) {
      if (read_keys_[i] > worst) continue;
      row_[0] = read_keys_[i];
      for (std::size_t k = 1; k < keys_.size(); ++k) columns_[k]->read(window, {&docs_[i], 1}, scores, &row_[k]);
      if (!after_numbers_.empty() && compare(row_.data(), after_numbers_.data()) <= 0) continue;
      offer(windowBegin(window) + docs_[i], scores == nullptr ? 0 : scores[docs_[i]]);
      worst = worstFirstKey();
    }
  }

  // Merges the segment's best into the hits, now with values that mean the same everywhere.
  void endSegment() override {
    std::vector<Hit> found;
    for (const Entry& entry : heap_) {
      Hit hit{run_->ordinal(), entry.doc, entry.score, {}};
      for (std::size_t k = 0; k < keys_.size(); ++k)
        hit.values.push_back(columns_[k]->valueOf(slots_[entry.slot * keys_.size() + k]));
      found.push_back(std::move(hit));
    }
    const auto isBefore = [&](const Hit& a, const Hit& b) {
      const int order = compareSortValues(keys_, a.values, b.values);
      if (order != 0) return order < 0;
      return a.segment != b.segment ? a.segment < b.segment : a.doc < b.doc;
    };
    std::sort(found.begin(), found.end(), isBefore);
    std::vector<Hit> merged;
    merged.reserve(hits_.size() + found.size());
    std::merge(std::make_move_iterator(hits_.begin()), std::make_move_iterator(hits_.end()),
               std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()), std::back_inserter(merged),
               isBefore);
    if (merged.size() > size_) merged.erase(merged.begin() + static_cast<std::ptrdiff_t>(size_), merged.end());
    hits_ = std::move(merged);
  }

  bool canSkip(std::uint32_t window, float) const override {
    if (size_ == 0) return true;
    const std::int64_t smallest = columns_[0]->smallestIn(window);
    const std::int64_t worst = worstFirstKey();
    // With one key alone an equal value loses against the earlier document.
    return smallest > worst || (keys_.size() == 1 && heap_.size() == size_ && smallest == worst);
  }
  bool usesScoreBound() const override { return false; }

  std::vector<Hit> take() override { return std::move(hits_); }

 private:
  struct Entry {
    std::size_t slot;
    DocId doc;
    float score;
  };

  int compare(const std::int64_t* a, const std::int64_t* b) const {
    for (std::size_t k = 0; k < keys_.size(); ++k)
      if (a[k] != b[k]) return a[k] < b[k] ? -1 : 1;
    return 0;
  }
  bool isBetter(const Entry& a, const Entry& b) const {
    const int order = compare(&slots_[a.slot * keys_.size()], &slots_[b.slot * keys_.size()]);
    return order != 0 ? order < 0 : a.doc < b.doc;
  }
  std::int64_t worstFirstKey() const {
    return heap_.size() == size_ ? std::min(bound_, slots_[heap_.front().slot * keys_.size()]) : bound_;
  }

  void offer(DocId doc, float score) {
    const auto better = [this](const Entry& a, const Entry& b) { return isBetter(a, b); };
    if (heap_.size() < size_) {
      slots_.insert(slots_.end(), row_.begin(), row_.end());
      heap_.push_back({heap_.size(), doc, score});
      std::push_heap(heap_.begin(), heap_.end(), better);
      return;
    }
    const std::size_t slot = heap_.front().slot;
    if (compare(row_.data(), &slots_[slot * keys_.size()]) >= 0) return;
    std::pop_heap(heap_.begin(), heap_.end(), better);
    std::copy(row_.begin(), row_.end(), slots_.begin() + static_cast<std::ptrdiff_t>(slot * keys_.size()));
    heap_.back() = {slot, doc, score};
    std::push_heap(heap_.begin(), heap_.end(), better);
  }

  std::size_t size_;
  std::span<const SortKey> keys_;
  std::vector<SortValue> after_;
  SegmentRun* run_ = nullptr;
  std::vector<std::unique_ptr<SortColumn>> columns_;
  std::vector<std::int64_t> after_numbers_;  // in this segment's terms
  std::int64_t bound_ = INT64_MAX;
  std::vector<Entry> heap_;          // of this segment, the worst in front
  std::vector<std::int64_t> slots_;  // keys of the entries
  std::vector<Hit> hits_;            // of the segments before, best first
  std::array<std::uint16_t, kWindowDocs> docs_{};
  std::vector<std::int64_t> read_keys_;
  std::vector<std::int64_t> row_;
};

}  // namespace

std::unique_ptr<Collector> makeScoreCollector(std::size_t size) { return std::make_unique<ScoreCollector>(size); }

std::unique_ptr<Collector> makeSortCollector(std::size_t size, std::span<const SortKey> keys,
                                             std::vector<SortValue> after) {
  return std::make_unique<SortCollector>(size, keys, std::move(after));
}

}  // namespace gyre::engine
