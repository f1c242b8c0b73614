#include "engine/search/collector.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

namespace gyre::engine {

namespace {

class ScoreCollector final : public Collector {
 public:
  ScoreCollector(std::size_t size, std::optional<ScorePosition> after) : size_(size), after_(after) {
    heap_.reserve(std::min<std::size_t>(size, 10'000));
  }

  void beginSegment(SegmentRun& run) override { segment_ = run.ordinal(); }
  void endSegment() override {}

  void collect(std::uint32_t window, const std::uint64_t* bits, const float* scores) override {
    if (size_ == 0) return;
    const DocId base = windowBegin(window);
    forEachBit(bits, [&](std::uint32_t i) {
      const float score = scores == nullptr ? 0 : scores[i];
      if (after_ && !isBetter({after_->segment, after_->doc, after_->score}, {segment_, base + i, score})) return;
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
    for (const Entry& entry : heap_) hits.push_back({entry.segment, entry.doc, entry.score, {}, {}});
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
  std::optional<ScorePosition> after_;
  std::uint32_t segment_ = 0;
  std::vector<Entry> heap_;  // the worst in front
};

class SortCollector final : public Collector {
 public:
  SortCollector(std::size_t size, std::span<const SortKey> keys, SortPosition after)
      : size_(size), keys_(keys), after_(std::move(after)), read_keys_(kWindowDocs), row_(keys.size()) {}

  void beginSegment(SegmentRun& run) override {
    run_ = &run;
    columns_.clear();
    for (const SortKey& key : keys_) columns_.push_back(std::make_unique<SortColumn>(key, run));
    after_numbers_.clear();
    for (std::size_t k = 0; k < after_.values.size(); ++k)
      after_numbers_.push_back(columns_[k]->numberOf(after_.values[k]));
    heap_.clear();
    slots_.clear();
    is_in_order_ = true;
    // What earlier segments hold bounds this one too.
    bound_ = hits_.size() == size_ && size_ > 0 ? columns_[0]->numberOf(hits_.back().values[0]) : INT64_MAX;
  }

  Status status() const override {
    for (const auto& column : columns_)
      if (Status status = column->status(); !status.isOk()) return status;
    return {};
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
      if (!after_numbers_.empty() && !isAfter(windowBegin(window) + docs_[i])) continue;
      offer(windowBegin(window) + docs_[i], scores == nullptr ? 0 : scores[docs_[i]]);
      worst = worstFirstKey();
    }
  }

  // Merges the segment's best into the hits, now with values that mean the same everywhere.
  void endSegment() override {
    std::vector<Hit> found;
    for (const Entry& entry : heap_) {
      Hit hit{run_->ordinal(), entry.doc, entry.score, {}, {}};
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
    const bool loses_equal = is_in_order_ && keys_.size() == 1 && heap_.size() == size_;
    if (smallest > worst || (loses_equal && smallest == worst)) return true;
    return !after_numbers_.empty() && columns_[0]->largestIn(window) < after_numbers_[0];
  }

  // Worth it only where keys follow the order of documents, so that few windows overlap the best one.
  std::vector<std::uint32_t> promisingWindows() override {
    constexpr std::size_t kFewWindows = 4;
    constexpr std::size_t kMostOverlapping = 4;  // one in so many
    const std::uint32_t windows = (run_->docCount() + kWindowDocs - 1) / kWindowDocs;
    if (size_ == 0 || windows < kFewWindows || run_->segment().field(keys_[0].path) == nullptr) return {};
    std::vector<std::pair<std::int64_t, std::uint32_t>> order;
    for (std::uint32_t window = 0; window < windows; ++window)
      if (!canSkip(window, 0)) order.emplace_back(columns_[0]->smallestIn(window), window);
    std::sort(order.begin(), order.end());
    std::vector<std::uint32_t> promising;
    if (order.empty()) return promising;
    const std::int64_t reach = columns_[0]->largestIn(order.front().second);
    const auto overlapping = std::upper_bound(order.begin(), order.end(), std::pair(reach, UINT32_MAX)) - order.begin();
    if (static_cast<std::size_t>(overlapping) * kMostOverlapping > std::max<std::size_t>(order.size(), windows / 2))
      return promising;
    is_in_order_ = false;
    for (const auto& entry : order) promising.push_back(entry.second);
    return promising;
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
  bool isAfter(DocId doc) const {
    const int order = compare(row_.data(), after_numbers_.data());
    if (order != 0 || !after_.has_document) return order > 0;
    return run_->ordinal() != after_.segment ? run_->ordinal() > after_.segment : doc > after_.doc;
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
    const int order = compare(row_.data(), &slots_[slot * keys_.size()]);
    if (order > 0 || (order == 0 && doc > heap_.front().doc)) return;
    std::pop_heap(heap_.begin(), heap_.end(), better);
    std::copy(row_.begin(), row_.end(), slots_.begin() + static_cast<std::ptrdiff_t>(slot * keys_.size()));
    heap_.back() = {slot, doc, score};
    std::push_heap(heap_.begin(), heap_.end(), better);
  }

  std::size_t size_;
  std::span<const SortKey> keys_;
  SortPosition after_;
  SegmentRun* run_ = nullptr;
  std::vector<std::unique_ptr<SortColumn>> columns_;
  std::vector<std::int64_t> after_numbers_;  // in this segment's terms
  std::int64_t bound_ = INT64_MAX;
  bool is_in_order_ = true;          // windows of the segment come from front to back
  std::vector<Entry> heap_;          // of this segment, the worst in front
  std::vector<std::int64_t> slots_;  // keys of the entries
  std::vector<Hit> hits_;            // of the segments before, best first
  std::array<std::uint16_t, kWindowDocs> docs_{};
  std::vector<std::int64_t> read_keys_;
  std::vector<std::int64_t> row_;
};

class GroupCollector final : public Collector {
 public:
  GroupCollector(std::size_t size, std::span<const SortKey> keys, std::string path)
      : size_(size), is_sorted_(!keys.empty()), keys_(keys.begin(), keys.end()), path_(std::move(path)), best_(keys_) {
    if (keys_.empty()) {
      keys_.emplace_back();
      keys_.front().is_descending = true;
    }
    row_.resize(keys_.size());
    read_keys_.resize(kWindowDocs);
  }

  void beginSegment(SegmentRun& run) override {
    run_ = &run;
    columns_.clear();
    for (const SortKey& key : keys_) columns_.push_back(std::make_unique<SortColumn>(key, run));
    const FieldReader* const field = run.segment().field(path_);
    group_column_ = field == nullptr ? nullptr : field->column;
    terms_ = field == nullptr || field->terms == nullptr ? nullptr : field->terms->cursor();
    setBound();
  }
  void endSegment() override {}

  void collect(std::uint32_t window, const std::uint64_t* bits, const float* scores) override {
    if (size_ == 0) return;
    std::size_t count = 0;
    forEachBit(bits, [&](std::uint32_t i) { docs_[count++] = static_cast<std::uint16_t>(i); });
    columns_[0]->read(window, {docs_.data(), count}, scores, read_keys_.data());
    for (std::size_t i = 0; i < count && status_.isOk(); ++i) {
      if (read_keys_[i] > bound_) continue;
      row_[0] = read_keys_[i];
      for (std::size_t k = 1; k < keys_.size(); ++k) columns_[k]->read(window, {&docs_[i], 1}, scores, &row_[k]);
      offer(windowBegin(window) + docs_[i], scores == nullptr ? 0 : scores[docs_[i]]);
    }
  }

  bool canSkip(std::uint32_t window, float max_score) const override {
    if (size_ == 0) return true;
    if (!is_sorted_) return ~scoreKey(max_score) > bound_;
    return columns_[0]->smallestIn(window) > bound_;
  }
  bool usesScoreBound() const override { return !is_sorted_ && best_.size() == size_; }
  Status status() const override { return status_; }

  std::vector<Hit> take() override {
    std::vector<Hit> hits;
    for (const auto& entry : best_) hits.push_back(entry.second);
    if (!is_sorted_)
      for (Hit& hit : hits) hit.values.clear();
    return hits;
  }

 private:
  struct Before {
    explicit Before(const std::vector<SortKey>& sort_keys) : keys(sort_keys) {}
    bool operator()(const Hit& a, const Hit& b) const {
      const int order = compareSortValues(keys, a.values, b.values);
      if (order != 0) return order < 0;
      return a.segment != b.segment ? a.segment < b.segment : a.doc < b.doc;
    }
    const std::vector<SortKey>& keys;
  };
  // A set whose elements are looked at as hits.
  class Best {
   public:
    explicit Best(const std::vector<SortKey>& keys) : hits_(Before(keys)) {}
    using Hits = std::map<Hit, Hit, Before>;
    Hits::iterator insert(Hit hit) {
      Hit key{hit.segment, hit.doc, 0, hit.values, {}};
      return hits_.emplace(std::move(key), std::move(hit)).first;
    }
    void erase(Hits::iterator at) { hits_.erase(at); }
    Hits::iterator last() { return std::prev(hits_.end()); }
    std::size_t size() const { return hits_.size(); }
    Hits::const_iterator begin() const { return hits_.begin(); }
    Hits::const_iterator end() const { return hits_.end(); }
    bool isBefore(const Hit& a, const Hit& b) const { return hits_.key_comp()(a, b); }

   private:
    Hits hits_;
  };

  void setBound() {
    bound_ = best_.size() == size_ && size_ > 0 ? columns_[0]->numberOf(best_.last()->second.values[0]) : INT64_MAX;
  }

  void offer(DocId doc, float score) {
    Hit hit{run_->ordinal(), doc, score, {}, {}};
    for (std::size_t k = 0; k < keys_.size(); ++k) hit.values.push_back(columns_[k]->valueOf(row_[k]));
    if (!readGroup(doc, hit.group)) return;
    const std::string name = hit.group.is_missing ? std::string()
                             : terms_ != nullptr  ? "t" + hit.group.text
                                                  : "n" + std::to_string(hit.group.number);
    const auto known = groups_.find(name);
    if (known != groups_.end()) {
      if (!best_.isBefore(hit, known->second->second)) return;
      best_.erase(known->second);
      known->second = best_.insert(std::move(hit));
    } else {
      if (best_.size() == size_) {
        const auto worst = best_.last();
        if (!best_.isBefore(hit, worst->second)) return;
        std::erase_if(groups_, [&](const auto& entry) { return entry.second == worst; });
        best_.erase(worst);
      }
      groups_.emplace(name, best_.insert(std::move(hit)));
    }
    setBound();
  }

  bool readGroup(DocId doc, GroupKey& group) {
    if (group_column_ == nullptr) return true;
    group_column_->readAll(doc, values_);
    if (values_.empty()) return true;
    if (values_.size() > 1) {
      status_ = {Code::kInvalidArgument, "illegal_state_exception",
                 "failed to collapse " + std::to_string(doc) + ", the collapse field must be single valued"};
      return false;
    }
    group.is_missing = false;
    group.number = values_.front();
    if (terms_ != nullptr && terms_->seekOrdinal(static_cast<std::uint32_t>(group.number))) group.text = terms_->term();
    return true;
  }

  std::size_t size_;
  bool is_sorted_;
  std::vector<SortKey> keys_;  // by score when none were given
  std::string path_;
  SegmentRun* run_ = nullptr;
  std::vector<std::unique_ptr<SortColumn>> columns_;
  const ColumnReader* group_column_ = nullptr;
  std::unique_ptr<TermCursor> terms_;
  std::int64_t bound_ = INT64_MAX;
  Best best_;
  std::unordered_map<std::string, Best::Hits::iterator> groups_;
  std::array<std::uint16_t, kWindowDocs> docs_{};
  std::vector<std::int64_t> read_keys_;
  std::vector<std::int64_t> row_;
  std::vector<std::int64_t> values_;
  Status status_;
};

}  // namespace

std::unique_ptr<Collector> makeScoreCollector(std::size_t size, std::optional<ScorePosition> after) {
  return std::make_unique<ScoreCollector>(size, after);
}

std::unique_ptr<Collector> makeSortCollector(std::size_t size, std::span<const SortKey> keys, SortPosition after) {
  return std::make_unique<SortCollector>(size, keys, std::move(after));
}

std::unique_ptr<Collector> makeGroupCollector(std::size_t size, std::span<const SortKey> keys, std::string path) {
  return std::make_unique<GroupCollector>(size, keys, std::move(path));
}

}  // namespace gyre::engine
