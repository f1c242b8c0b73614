#include "engine/search/collector.hpp"

#include <algorithm>
#include <array>
#include <cmath>
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
      if (heap_.size() == size_ && !(score > heap_.front().score)) return;
      if (after_ && !isBetter({after_->segment, after_->doc, after_->score}, {segment_, base + i, score})) return;
      // Documents come in index order, so an equal score loses against one that is in already.
      if (heap_.size() == size_) {
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
  float scoreFloor() const override {
    return usesScoreBound() ? heap_.front().score : -std::numeric_limits<float>::infinity();
  }

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
    columns_ = all_columns_.emplace_back(std::make_unique<Columns>()).get();
    for (const SortKey& key : keys_) columns_->push_back(std::make_unique<SortColumn>(key, run));
    after_numbers_.clear();
    for (std::size_t k = 0; k < after_.values.size(); ++k)
      after_numbers_.push_back(column(k).numberOf(after_.values[k]));
    heap_.clear();
    slots_.clear();
    is_in_order_ = true;
    // What earlier segments hold bounds this one too.
    bound_ = INT64_MAX;
    if (hits_.size() == size_ && size_ > 0) {
      Found& worst = hits_.back();
      if (keys_[0].kind == SortKey::Kind::kKeyword) resolve(worst);
      bound_ = worst.columns == nullptr ? column(0).numberOf(worst.values[0]) : rowOf(worst)[0];
    }
  }

  Status status() const override {
    if (columns_ == nullptr) return {};
    for (const auto& each : *columns_)
      if (Status status = each->status(); !status.isOk()) return status;
    return {};
  }

  void collect(std::uint32_t window, const std::uint64_t* bits, const float* scores) override {
    if (size_ == 0) return;
    // Many documents of which few can win are first cut down as a whole.
    constexpr std::uint32_t kFewDocs = 96;
    WindowBits left;
    if (countBits(bits) > kFewDocs) {
      std::copy_n(bits, kWindowWords, left.begin());
      if (keepCandidates(window, left.data())) bits = left.data();
    }
    std::size_t count = 0;
    forEachBit(bits, [&](std::uint32_t i) { docs_[count++] = static_cast<std::uint16_t>(i); });
    column(0).read(window, {docs_.data(), count}, scores, read_keys_.data());
    const std::int64_t first = after_numbers_.empty() ? INT64_MIN : after_numbers_[0];
    std::int64_t worst = worstFirstKey();
    for (std::size_t i = 0; i < count; ++i) {
      if (read_keys_[i] > worst || read_keys_[i] < first) continue;
      row_[0] = read_keys_[i];
      for (std::size_t k = 1; k < keys_.size(); ++k) column(k).read(window, {&docs_[i], 1}, scores, &row_[k]);
      if (!after_numbers_.empty() && !isAfter(windowBegin(window) + docs_[i])) continue;
      offer(windowBegin(window) + docs_[i], scores == nullptr ? 0 : scores[docs_[i]]);
      worst = worstFirstKey();
    }
  }

  bool keepCandidates(std::uint32_t window, std::uint64_t* bits) override {
    if (size_ == 0 || !column(0).tellsCheaply()) return false;
    const std::int64_t first = after_numbers_.empty() ? INT64_MIN : after_numbers_[0];
    const std::int64_t worst = worstFirstKey();
    if (first == INT64_MIN && worst == INT64_MAX) return false;
    if (first > worst) {
      clearBits(bits);
    } else {
      column(0).keepWithin(window, first, worst, bits);
    }
    return true;
  }

  // Merges the segment's best into the hits. Texts are looked up only where they decide, or are shown in the end.
  void endSegment() override {
    std::sort(heap_.begin(), heap_.end(), [this](const Entry& a, const Entry& b) { return isBetter(a, b); });
    if (heap_.empty()) return;
    std::vector<Found> merged;
    std::vector<std::int64_t> merged_rows;
    merged.reserve(std::min(size_, hits_.size() + heap_.size()));
    merged_rows.reserve(merged.capacity() * keys_.size());
    // The segment's rows stand behind those of the segments before.
    const std::size_t known_rows = rows_.size() / keys_.size();
    rows_.insert(rows_.end(), slots_.begin(), slots_.end());
    auto next_new = heap_.begin();
    const auto take_new = [&](Found& found) {
      if (next_new == heap_.end()) return false;
      found = {run_->ordinal(), next_new->doc, next_new->score, known_rows + next_new->slot, columns_, {}};
      ++next_new;
      return true;
    };
    auto old = hits_.begin();
    Found fresh;
    bool has_fresh = take_new(fresh);
    while (merged.size() < size_ && (old != hits_.end() || has_fresh)) {
      const bool is_old = !has_fresh || (old != hits_.end() && isBefore(*old, fresh));
      Found& taken = merged.emplace_back(std::move(is_old ? *old : fresh));
      const std::int64_t* const row = rowOf(taken);
      taken.row = merged_rows.size() / keys_.size();
      merged_rows.insert(merged_rows.end(), row, row + keys_.size());
      if (is_old) {
        ++old;
      } else {
        has_fresh = take_new(fresh);
      }
    }
    hits_ = std::move(merged);
    rows_ = std::move(merged_rows);
  }

  bool canSkip(std::uint32_t window, float max_score) const override {
    if (size_ == 0 || max_score <= scoreFloor()) return true;
    const std::int64_t smallest = column(0).smallestIn(window);
    const std::int64_t worst = worstFirstKey();
    // With one key alone an equal value loses against the earlier document.
    const bool loses_equal = is_in_order_ && keys_.size() == 1 && heap_.size() == size_;
    if (smallest > worst || (loses_equal && smallest == worst)) return true;
    return !after_numbers_.empty() && column(0).largestIn(window) < after_numbers_[0];
  }

  // Worth it only where keys follow the order of documents, so that few windows overlap the best one.
  std::vector<std::uint32_t> promisingWindows() override {
    constexpr std::size_t kFewWindows = 4;
    constexpr std::size_t kMostOverlapping = 4;  // one in so many
    const std::uint32_t windows = (run_->docCount() + kWindowDocs - 1) / kWindowDocs;
    if (size_ == 0 || windows < kFewWindows || run_->segment().field(keys_[0].path) == nullptr) return {};
    std::vector<std::pair<std::int64_t, std::uint32_t>> order;
    for (std::uint32_t window = 0; window < windows; ++window)
      if (!canSkip(window, 0)) order.emplace_back(column(0).smallestIn(window), window);
    std::sort(order.begin(), order.end());
    std::vector<std::uint32_t> promising;
    if (order.empty()) return promising;
    const std::int64_t reach = column(0).largestIn(order.front().second);
    const auto overlapping = std::upper_bound(order.begin(), order.end(), std::pair(reach, UINT32_MAX)) - order.begin();
    if (static_cast<std::size_t>(overlapping) * kMostOverlapping > std::max<std::size_t>(order.size(), windows / 2))
      return promising;
    is_in_order_ = false;
    for (const auto& entry : order) promising.push_back(entry.second);
    return promising;
  }
  bool usesScoreBound() const override { return isByScore() && worstFirstKey() != INT64_MAX; }
  // An equal score may still win by the next key.
  float scoreFloor() const override {
    constexpr float kNone = -std::numeric_limits<float>::infinity();
    return usesScoreBound() ? std::nextafter(scoreOfKey(~worstFirstKey()), kNone) : kNone;
  }

  std::vector<Hit> take() override {
    std::vector<Hit> hits;
    hits.reserve(hits_.size());
    for (Found& each : hits_) {
      resolve(each);
      hits.push_back({each.segment, each.doc, each.score, std::move(each.values), {}});
    }
    return hits;
  }

 private:
  using Columns = std::vector<std::unique_ptr<SortColumn>>;
  // A hit whose values are still its segment's own numbers, in a row of its own, while it has columns.
  struct Found {
    std::uint32_t segment = 0;
    DocId doc = 0;
    float score = 0;
    std::size_t row = 0;
    const Columns* columns = nullptr;
    std::vector<SortValue> values{};
  };
  struct Entry {
    std::int64_t first;  // of its keys, which mostly decides
    std::uint32_t slot;
    DocId doc;
    float score;
  };

  SortColumn& column(std::size_t key) const { return *(*columns_)[key]; }
  bool isByScore() const { return keys_[0].kind == SortKey::Kind::kScore && keys_[0].is_descending; }

  const std::int64_t* rowOf(const Found& found) const { return &rows_[found.row * keys_.size()]; }

  void resolve(Found& found) const {
    if (found.columns == nullptr) return;
    found.values.reserve(keys_.size());
    for (std::size_t k = 0; k < keys_.size(); ++k)
      found.values.push_back((*found.columns)[k]->valueOf(rowOf(found)[k]));
    found.columns = nullptr;
  }
  // Of hits from different segments.
  bool isBefore(Found& a, Found& b) const {
    const std::int64_t *const x = rowOf(a), *const y = rowOf(b);
    std::size_t decided = 0;
    while (decided < keys_.size() && keys_[decided].kind != SortKey::Kind::kKeyword && x[decided] == y[decided])
      ++decided;
    if (decided < keys_.size() && keys_[decided].kind != SortKey::Kind::kKeyword) return x[decided] < y[decided];
    resolve(a);
    resolve(b);
    const int order = compareSortValues(keys_, a.values, b.values);
    return order != 0 ? order < 0 : a.segment < b.segment;
  }

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
    if (a.first != b.first) return a.first < b.first;
    const int order = compare(&slots_[a.slot * keys_.size()], &slots_[b.slot * keys_.size()]);
    return order != 0 ? order < 0 : a.doc < b.doc;
  }
  std::int64_t worstFirstKey() const {
    const bool is_full = size_ > 0 && heap_.size() == size_;
    return is_full ? std::min(bound_, heap_.front().first) : bound_;
  }

  void offer(DocId doc, float score) {
    const auto better = [this](const Entry& a, const Entry& b) { return isBetter(a, b); };
    if (heap_.size() < size_) {
      slots_.insert(slots_.end(), row_.begin(), row_.end());
      heap_.push_back({row_[0], static_cast<std::uint32_t>(heap_.size()), doc, score});
      std::push_heap(heap_.begin(), heap_.end(), better);
      return;
    }
    const std::uint32_t slot = heap_.front().slot;
    const int order = compare(row_.data(), &slots_[slot * keys_.size()]);
    if (order > 0 || (order == 0 && doc > heap_.front().doc)) return;
    std::pop_heap(heap_.begin(), heap_.end(), better);
    std::copy(row_.begin(), row_.end(), slots_.begin() + static_cast<std::ptrdiff_t>(slot * keys_.size()));
    heap_.back() = {row_[0], slot, doc, score};
    std::push_heap(heap_.begin(), heap_.end(), better);
  }

  std::size_t size_;
  std::span<const SortKey> keys_;
  SortPosition after_;
  SegmentRun* run_ = nullptr;
  std::vector<std::unique_ptr<Columns>> all_columns_;  // of the segments so far
  Columns* columns_ = nullptr;                         // of this one
  std::vector<std::int64_t> after_numbers_;            // in this segment's terms
  std::int64_t bound_ = INT64_MAX;
  bool is_in_order_ = true;          // windows of the segment come from front to back
  std::vector<Entry> heap_;          // of this segment, the worst in front
  std::vector<std::int64_t> slots_;  // keys of the entries
  std::vector<Found> hits_;          // of the segments before, best first
  std::vector<std::int64_t> rows_;   // their keys
  std::array<std::uint16_t, kWindowDocs> docs_{};
  std::vector<std::int64_t> read_keys_;
  std::vector<std::int64_t> row_;
};

class GroupCollector final : public Collector {
 public:
  GroupCollector(std::size_t size, std::span<const SortKey> keys, GroupPath path_of)
      : size_(size),
        is_sorted_(!keys.empty()),
        keys_(keys.begin(), keys.end()),
        path_of_(std::move(path_of)),
        best_(keys_) {
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
    const FieldReader* const field = run.segment().field(path_of_(run.ordinal()));
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
  GroupPath path_of_;
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

std::unique_ptr<Collector> makeGroupCollector(std::size_t size, std::span<const SortKey> keys, GroupPath path_of) {
  return std::make_unique<GroupCollector>(size, keys, std::move(path_of));
}

}  // namespace gyre::engine
