// The merging half of IndexWriter: choosing, building without locks, swapping in.
#include <algorithm>
#include <functional>
#include <limits>

#include "base/heap.hpp"
#include "engine/search/index_sort.hpp"
#include "engine/writer/index_writer.hpp"

namespace gyre::engine {
namespace {

// Merges of less than this stay in memory until the next commit; larger ones stream to their file.
constexpr std::uint64_t kMemoryMergeBytes = 8u << 20;
// More segments than this slow every search down: who refreshes then helps, with segments that are merged in about a
// millisecond. Large merges may keep the background thread for minutes.
constexpr std::size_t kMostSegments = 32;
// From here on merges are behind, and do not wait for the budget.
constexpr std::size_t kManySegments = kMostSegments / 2;
// And from here on who refreshes helps whatever it costs: the count is bounded even when the background thread is kept
// from running.
constexpr std::size_t kTooManySegments = 2 * kMostSegments;
constexpr std::uint64_t kSmallBytes = 256u << 10;
// A merge of larger segments takes many seconds. Those of segments up to here, which become due meanwhile, are done in
// between.
constexpr std::uint64_t kQuickBytes = 32u << 20;
// How much a long merge writes before it looks whether such a one is due.
constexpr std::uint64_t kPauseBytes = 1u << 20;
// Documents that are appended never change, and there may be very many: writing them all once more, to have a few large
// segments instead of ten, saves searches less than it costs. Wide tiers are few: what a full buffer makes is merged
// twice until it is at the ceiling, not three times.
constexpr MergePolicy kAppendedPolicy{
    .segments_per_tier = 16, .tier_factor = 16, .ceiling_bytes = std::uint64_t{1} << 30};

// Passes on what is written, and pauses from time to time.
class PausingWriter final : public FileWriter {
 public:
  PausingWriter(FileWriter& file, std::function<void()> pause) : file_(file), pause_(std::move(pause)) {}

  Status append(base::ByteView bytes) override {
    GYRE_TRY(file_.append(bytes));
    written_ += bytes.size();
    if (written_ < kPauseBytes) return {};
    written_ = 0;
    pause_();
    return {};
  }
  Status sync() override { return file_.sync(); }
  Status finish() override { return file_.finish(); }

 private:
  FileWriter& file_;
  std::function<void()> pause_;
  std::uint64_t written_ = 0;
};

bool isLong(std::span<const MergeSource> sources) {
  return std::any_of(sources.begin(), sources.end(),
                     [](const MergeSource& source) { return source.segment->sizeBytes() > kQuickBytes; });
}

// What chooseMerge finds among segments of at most so many bytes.
std::vector<std::size_t> chooseSmallMerge(const MergePolicy& policy, std::span<const MergeCandidate> segments,
                                          std::uint64_t most_bytes) {
  std::vector<MergeCandidate> small(segments.begin(), segments.end());
  for (MergeCandidate& each : small) each.is_taken = each.is_taken || each.bytes > most_bytes;
  return chooseMerge(policy, small);
}

// Clears in `merged` what was deleted from a source since the merge began: `now` are its live documents (null: all), or
// the source is gone and `is_gone` says that nothing of it lives.
void carryDeletes(const MergeSource& source, const DocMap& map, const LiveBits* now, bool is_gone,
                  LiveSegment& merged) {
  // A snapshot's bits never change: the same object means that nothing was deleted.
  if (!is_gone && now == source.live.get()) return;
  for (DocId doc = 0; doc < source.segment->docCount(); ++doc)
    if (const DocId number = map(doc); number != kNoMoreDocs && (is_gone || !isLive(now, doc)))
      merged.removeOne(number);
}

}  // namespace

const MergePolicy& IndexWriter::policy() const { return is_appended_ ? kAppendedPolicy : policy_; }

std::optional<IndexWriter::MergeJob> IndexWriter::takeJob(const Choose& choose) {
  const std::lock_guard lock(merge_mutex_);
  const auto current = snapshot();
  std::vector<MergeCandidate> candidates;
  for (const SegmentView& view : current->segments)
    candidates.push_back(
        {view.segment->sizeBytes(), view.segment->docCount(), view.live_count, busy_.contains(view.segment->name())});
  const std::vector<std::size_t> chosen = choose(candidates);
  if (chosen.empty()) return std::nullopt;
  MergeJob job;
  job.name = files_.newName();
  busy_.insert(job.name);
  for (const std::size_t i : chosen) {
    const SegmentView& view = current->segments[i];
    job.sources.push_back({std::static_pointer_cast<const OpenSegment>(view.segment), view.live});
    job.bytes += view.segment->sizeBytes();
    busy_.emplace(view.segment->name());
  }
  return job;
}

void IndexWriter::releaseJob(const MergeJob& job) {
  const std::lock_guard lock(merge_mutex_);
  busy_.erase(job.name);
  for (const MergeSource& source : job.sources) busy_.erase(std::string(source.segment->name()));
}

Result<bool> IndexWriter::mergeOnce(const Choose& choose, Haste haste) {
  if (is_closed_) return unavailable("index is closed");
  const auto job = takeJob(choose);
  if (!job) return false;
  const Status merged = runJob(*job, haste);
  releaseJob(*job);
  if (!merged.isOk()) return merged;
  return true;
}

Status IndexWriter::runJob(const MergeJob& job, Haste haste) {
  GYRE_TRY_ASSIGN(const std::vector<std::uint16_t> order, mergeOrder(sort_, job.sources, stop_merging_));
  if (job.bytes < kMemoryMergeBytes) {
    MemoryFileWriter file;
    GYRE_TRY_ASSIGN(const MergeResult result,
                    mergeSegments(job.sources, file, stop_merging_, is_appended_.load(), {}, order));
    GYRE_TRY_ASSIGN(auto merged, OpenSegment::open(job.name, std::make_unique<MemoryFile>(file.take()), false));
    swap(job, result, std::move(merged));
    return {};
  }
  // Who came to help must not wait for another index' merge.
  MergeBudget::Place place;
  const bool is_long = isLong(job.sources);
  if (haste != Haste::kRelief) {
    GYRE_TRY_ASSIGN(place,
                    budget_->enter(is_long ? MergeBudget::Length::kLong : MergeBudget::Length::kQuick, stop_merging_));
  }
  GYRE_TRY_ASSIGN(std::unique_ptr<FileWriter> begun, files_.begin(job.name));
  const bool is_urgent = haste != Haste::kNone || snapshot()->segments.size() > kManySegments;
  const auto file = makeThrottledWriter(std::move(begun), *budget_, is_urgent, stop_merging_);
  PausingWriter pausing(*file, [this, is_long] {
    if (is_long) mergeInPassing(kQuickBytes);
  });
  auto result =
      mergeSegments(job.sources, pausing, stop_merging_, is_appended_.load(), files_.directory().describe(), order);
  const Status written = result.isOk() ? file->finish() : result.status();
  if (!written.isOk()) {
    files_.discard(job.name);
    return written;
  }
  GYRE_TRY_ASSIGN(auto merged, files_.finish(job.name));
  swap(job, result.value(), std::move(merged));
  rewritten_bytes_ += job.bytes;
  return {};
}

void IndexWriter::swap(const MergeJob& job, const MergeResult& result, std::shared_ptr<const OpenSegment> merged) {
  const std::lock_guard lock(writer_mutex_);
  const std::lock_guard state_lock(state_mutex_);
  const auto current = snapshot();
  LiveSegment published{merged, nullptr, result.doc_count, false};
  LiveSegment held{merged, nullptr, result.doc_count, false};
  const auto isSource = [&](std::string_view name) {
    return std::any_of(job.sources.begin(), job.sources.end(),
                       [&](const MergeSource& source) { return source.segment->name() == name; });
  };
  for (std::size_t i = 0; i < job.sources.size(); ++i) {
    const MergeSource& source = job.sources[i];
    const auto view = std::find_if(current->segments.begin(), current->segments.end(), [&](const SegmentView& each) {
      return each.segment->name() == source.segment->name();
    });
    const bool is_unpublished = view == current->segments.end();
    carryDeletes(source, result.maps[i], is_unpublished ? nullptr : view->live.get(), is_unpublished, published);
    const LiveSegment* const now = segments_.find(source.segment->name());
    carryDeletes(source, result.maps[i], now ? now->live.get() : nullptr, now == nullptr, held);
  }
  // What the writer holds is never more than what is published, so equal counts are equal bits: one copy does.
  if (held.live_count == published.live_count) held.live = published.live;

  auto next = std::make_shared<Snapshot>(*current);
  const auto place_in = [&](auto& list, auto&& nameOf) {
    const auto first = std::find_if(list.begin(), list.end(), [&](const auto& each) { return isSource(nameOf(each)); });
    const auto place = first - list.begin();
    list.erase(std::remove_if(first, list.end(), [&](const auto& each) { return isSource(nameOf(each)); }), list.end());
    return list.begin() + place;
  };
  const auto place = place_in(next->segments, [](const SegmentView& each) { return each.segment->name(); });
  if (published.live_count > 0) next->segments.insert(place, published.view());
  const auto held_place = place_in(segments_.all(), [](const LiveSegment& each) { return each.segment->name(); });
  held.is_shared = held.live != nullptr && held.live == published.live;
  if (held.live_count > 0) segments_.all().insert(held_place, std::move(held));
  setSnapshot(std::move(next));
}

Status IndexWriter::merge() {
  const std::uint64_t rewritten = rewritten_bytes_;
  while (true) {
    GYRE_TRY_ASSIGN(const bool has_merged,
                    mergeOnce([&](std::span<const MergeCandidate> segments) { return chooseMerge(policy(), segments); },
                              Haste::kNone));
    if (!has_merged) break;
  }
  if (rewritten_bytes_ == rewritten) return {};
  GYRE_TRY(commitPublished());
  base::returnFreedPages();
  return {};
}

Status IndexWriter::forceMerge(std::uint32_t max_segments) {
  GYRE_TRY(refresh());
  while (true) {
    GYRE_TRY_ASSIGN(
        const bool has_merged,
        mergeOnce([&](std::span<const MergeCandidate> segments) { return chooseForcedMerge(segments, max_segments); },
                  Haste::kForced));
    if (!has_merged) return {};
  }
}

void IndexWriter::mergeInBackground() {
  if (stop_merging_) return;
  const Status merged = merge();
  // A merge that failed is tried again after the next refresh; until then there are only more segments than one would
  // like.
  if (!merged.isOk() && !stop_merging_)
    observer_.log(base::Level::kWarning, "engine", "merge: " + std::string(merged.message()));
}

void IndexWriter::relieve() {
  const std::size_t count = snapshot()->segments.size();
  if (!merge_thread_ || count <= kMostSegments) return;
  mergeInPassing(count <= kTooManySegments ? kSmallBytes : std::numeric_limits<std::uint64_t>::max());
}

// One merge of segments of at most so many bytes, by who has something else to do: a failure is told, and is not his.
void IndexWriter::mergeInPassing(std::uint64_t most_bytes) {
  const auto merged = mergeOnce(
      [&](std::span<const MergeCandidate> segments) { return chooseSmallMerge(policy(), segments, most_bytes); },
      Haste::kRelief);
  if (!merged.isOk() && !stop_merging_)
    observer_.log(base::Level::kWarning, "engine", "merge: " + std::string(merged.status().message()));
}

void IndexWriter::startMerging() {
  if (options_.merge_in_background) merge_thread_ = std::make_unique<MergeThread>([this] { mergeInBackground(); });
}

}  // namespace gyre::engine
