#include "server/stream/document_index.hpp"

#include <algorithm>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>

#include "base/durable_file.hpp"
#include "engine/search/searcher.hpp"
#include "engine/writer/merge_budget.hpp"
#include "server/stream/record_document.hpp"

namespace gyre::stream {

namespace {

// Documents handed to the engine at once: their sources lie in memory a second time, and best in a cache.
constexpr std::size_t kPortion = 512;

void removeUnlisted(const std::string& folder, const std::vector<GenerationEntry>& entries, base::Observer& observer) {
  std::error_code error;
  std::vector<std::filesystem::path> unlisted;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const bool is_number = !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
    const bool is_listed = std::any_of(entries.begin(), entries.end(), [&](const GenerationEntry& listed) {
      return std::to_string(listed.number) == name;
    });
    if (entry.is_directory() && is_number && !is_listed) unlisted.push_back(entry.path());
  }
  for (const auto& path : unlisted) {
    observer.log(base::Level::kInformation, "stream", path.string() + ": belongs to no generation and is removed");
    std::filesystem::remove_all(path, error);
  }
}

}  // namespace

Result<std::unique_ptr<DocumentIndex>> DocumentIndex::open(DocumentIndexOptions options, std::uint64_t last_sequence,
                                                           const base::Clock& clock, base::Observer& observer) {
  std::unique_ptr<DocumentIndex> index(new DocumentIndex(std::move(options), clock, observer));
  GYRE_TRY(index->load(last_sequence));
  return index;
}

Generation::Options DocumentIndex::generationOptions() const {
  return {options_.folder, options_.name, options_.buffer_bytes, merge_budget_};
}

Status DocumentIndex::load(std::uint64_t last_sequence) {
  std::error_code error;
  std::filesystem::create_directories(options_.folder, error);
  if (error) return unavailable(options_.folder + ": cannot be created: " + error.message());
  merge_budget_ = std::make_shared<engine::MergeBudget>();
  GYRE_TRY_ASSIGN(const std::vector<GenerationEntry> entries, readGenerations(options_.folder));
  removeUnlisted(options_.folder, entries, observer_);
  GYRE_TRY_ASSIGN(Generations opened, openListed(entries));
  publish(std::move(opened));
  if (entries.empty()) {
    if (options_.first_sequence > 1)
      observer_.log(base::Level::kWarning, "stream",
                    options_.folder + ": there is no index, and the log begins at sequence " +
                        std::to_string(options_.first_sequence) + ": earlier records are lost");
    return add({1, options_.first_sequence, clock_.nowMillis(), {}, options_.definition});
  }
  if (const auto aside = damaged(); !aside.empty() && aside.back().entry.number == entries.back().number) {
    // What the log still has of it is indexed again.
    const std::uint64_t first = std::max(entries.back().first_sequence, options_.first_sequence);
    return add({entries.back().number + 1, first, clock_.nowMillis(), {}, options_.definition});
  }
  if (const std::uint64_t applied = progress().applied; applied > last_sequence)
    return {Code::kUnavailable, "index_ahead",
            options_.folder + ": holds records up to sequence " + std::to_string(applied) + " but the log ends at " +
                std::to_string(last_sequence) + ": the store is older than the index"};
  if (current().definition() == options_.definition) return {};
  observer_.log(base::Level::kInformation, "stream",
                options_.name + ": the mapping has changed; records go to a new generation from now on");
  return rollOver();
}

std::string DocumentIndex::pathOf(const GenerationEntry& entry) const {
  return options_.folder + "/" + std::to_string(entry.number);
}

Result<DocumentIndex::Generations> DocumentIndex::openListed(const std::vector<GenerationEntry>& entries) {
  Generations opened;
  for (const GenerationEntry& entry : entries) {
    auto generation = Generation::open(generationOptions(), entry, observer_);
    if (generation.isOk()) {
      opened.push_back(std::move(generation).value());
      saved_ranges_.push_back(entry.range);
      continue;
    }
    const Status& why = generation.status();
    if (why.code() != Code::kCorruption) return why;
    observer_.log(base::Level::kError, "stream",
                  pathOf(entry) + ": is damaged and set aside, with its records from sequence " +
                      std::to_string(entry.first_sequence) + " on; the rest is served: " + std::string(why.message()));
    const std::lock_guard lock(mutex_);
    damaged_.push_back({entry, std::string(why.message())});
  }
  return opened;
}

std::vector<DocumentIndex::Damaged> DocumentIndex::damaged() const {
  const std::lock_guard lock(mutex_);
  return damaged_;
}

// All that there are, those that are set aside too.
std::vector<GenerationEntry> DocumentIndex::listed(const Generations& generations) const {
  std::vector<GenerationEntry> entries;
  for (const Damaged& one : damaged()) entries.push_back(one.entry);
  for (const auto& generation : generations) entries.push_back(generation->entry());
  std::sort(entries.begin(), entries.end(),
            [](const GenerationEntry& a, const GenerationEntry& b) { return a.number < b.number; });
  return entries;
}

std::shared_ptr<const DocumentIndex::Generations> DocumentIndex::generations() const {
  const std::lock_guard lock(mutex_);
  return generations_;
}

void DocumentIndex::publish(Generations generations, std::uint64_t past) {
  auto next = std::make_shared<const Generations>(std::move(generations));
  const std::lock_guard lock(mutex_);
  past_generations_ += past;
  generations_ = std::move(next);
}

void DocumentIndex::onChanged(std::function<void()> call) {
  const std::lock_guard lock(mutex_);
  on_changed_ = std::move(call);
}

void DocumentIndex::tellChanged() const {
  std::function<void()> call;
  {
    const std::lock_guard lock(mutex_);
    call = on_changed_;
  }
  if (call) call();
}

// The ranges are listed as they are now.
Status DocumentIndex::save(const Generations& generations) {
  std::vector<GenerationRange> ranges;
  for (const auto& generation : generations) ranges.push_back(generation->range());
  GYRE_TRY(writeGenerations(options_.folder, listed(generations)));
  saved_ranges_ = std::move(ranges);
  return {};
}

// Listed before it is made: a start makes what is listed and not there.
Status DocumentIndex::add(GenerationEntry entry) {
  Generations next = *generations();
  std::vector<GenerationEntry> entries = listed(next);
  entries.push_back(entry);
  GYRE_TRY(writeGenerations(options_.folder, entries));
  GYRE_TRY_ASSIGN(next.emplace_back(), Generation::open(generationOptions(), std::move(entry), observer_));
  saved_ranges_.clear();
  for (const auto& generation : next) saved_ranges_.push_back(generation->range());
  publish(std::move(next));
  GYRE_TRY(base::syncFolder(options_.folder));
  tellChanged();
  return {};
}

Status DocumentIndex::rollOver() {
  GYRE_TRY(commit());
  const std::uint64_t applied = progress().applied;
  return add({current().number() + 1, applied + 1, clock_.nowMillis(), {}, options_.definition});
}

Status DocumentIndex::rollOverWhenDue() {
  const Generation& generation = current();
  if (generation.range().isEmpty()) return {};
  const engine::IndexStats stats = generation.index().stats();
  const bool is_old = clock_.nowMillis() - generation.createdMillis() >= options_.generation_age_ms;
  if (!is_old && stats.size_bytes + stats.buffered_bytes < options_.generation_bytes) return {};
  return rollOver();
}

Result<std::vector<RefusedRecord>> DocumentIndex::apply(const RecordBatch& batch, std::uint64_t first_sequence,
                                                        std::uint64_t after, std::int64_t arrived_millis) {
  GYRE_TRY(rollOverWhenDue());
  Generation& generation = current();
  const std::size_t skipped = after >= first_sequence ? after - first_sequence + 1 : 0;
  for (std::size_t begin = skipped; begin < batch.size(); begin += kPortion) {
    const std::size_t end = std::min(batch.size(), begin + kPortion);
    std::vector<engine::Operation> operations(end - begin);
    std::vector<std::size_t> ends(2 * operations.size());
    GenerationRange range;
    sources_.clear();
    for (std::size_t i = begin; i < end; ++i) {
      const std::uint64_t sequence = first_sequence + i;
      sources_ += batch.id(i);
      ends[2 * (i - begin)] = sources_.size();
      appendDocumentSource(batch.record(i), sequence, sources_);
      ends[2 * (i - begin) + 1] = sources_.size();
      range.add(batch.timeMillis(i), arrived_millis);
    }
    std::size_t at = 0;
    const auto taken = [&](std::size_t to) {
      return std::string_view(sources_).substr(std::exchange(at, to), to - at);
    };
    for (std::size_t k = 0; k < operations.size(); ++k) {
      operations[k].id = taken(ends[2 * k]);
      operations[k].source = taken(ends[2 * k + 1]);
      operations[k].version = first_sequence + begin + k;
      if (!operations[k].id.empty()) continue;
      // The sequence makes the id new.
      operations[k].versioning = engine::Operation::Versioning::kAppended;
      operations[k].id_number = batch.timeMillis(begin + k);
    }
    generation.widen(range);  // first: no commit may hold what the range does not
    GYRE_TRY_ASSIGN(const auto outcomes, generation.index().apply(operations, first_sequence + end - 1));
    for (std::size_t k = 0; k < outcomes.size(); ++k) {
      if (outcomes[k].verdict != engine::OperationOutcome::Verdict::kRefused) continue;
      refused_.push_back(
          {operations[k].version, batch.timeMillis(begin + k), std::string(batch.record(begin + k)),
           std::string(outcomes[k].refusal.reason()) + ": " + std::string(outcomes[k].refusal.message())});
    }
  }
  if (sources_.capacity() > (16u << 20)) sources_ = std::string();
  return std::exchange(refused_, {});
}

Result<RetainResult> DocumentIndex::retain(std::int64_t oldest_millis) {
  if (const GenerationRange range = current().range(); !range.isEmpty() && range.newest < oldest_millis)
    GYRE_TRY(rollOver());
  const auto all = generations();
  Generations kept;
  Generations dropped;
  for (const auto& generation : *all) {
    const bool is_old = generation != all->back() && generation->range().newest < oldest_millis;
    (is_old ? dropped : kept).push_back(generation);
  }
  RetainResult result;
  std::vector<Damaged> gone;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(damaged_, [&](const Damaged& one) {
      const bool is_old = one.entry.range.newest < oldest_millis;
      if (is_old) gone.push_back(one);
      return is_old;
    });
  }
  if (dropped.empty() && gone.empty()) return result;
  GYRE_TRY(save(kept));
  result.deleted_generations += gone.size();  // of how many records nobody knows
  for (const Damaged& one : gone) {
    std::error_code ignored;  // a folder that is not listed is removed at the next start
    std::filesystem::remove_all(pathOf(one.entry), ignored);
  }
  std::uint64_t past = 0;
  for (const auto& generation : dropped) {
    result.deleted_records += generation->index().stats().doc_count;
    ++result.deleted_generations;
    generation->drop();
    past += generation->index().checkpoint().generation + 2;  // one more than it counted: answers change
  }
  publish(std::move(kept), past);
  tellChanged();
  return result;
}

Status DocumentIndex::refresh() { return current().index().refresh(); }

Status DocumentIndex::commit() {
  const auto all = generations();
  std::vector<GenerationRange> ranges;
  for (const auto& generation : *all) ranges.push_back(generation->range());
  if (ranges != saved_ranges_) GYRE_TRY(save(*all));
  return all->back()->index().commit();
}

Result<search::SearchAnswer> DocumentIndex::search(std::string_view request, std::int64_t deadline_nanos) const {
  const auto all = generations();
  const TimeRange wanted = timeRangeOf(request, options_.time_field);
  std::vector<engine::SearchTarget> targets;
  search::SearchAnswer answer;
  const search::Progress before = progress();
  answer.generation = before.generation;
  answer.sequence = before.searchable;
  for (const auto& generation : *all) {
    const GenerationRange range = generation->range();
    // The newest is always asked: an answer has the shape that its mapping gives it.
    const bool is_met = !range.isEmpty() && wanted.meets(range.min_time, range.max_time);
    if (!is_met && generation != all->back()) continue;
    engine::SearchTarget target;
    target.index_name = generation->name();
    target.snapshot = generation->index().snapshot();
    targets.push_back(std::move(target));
  }
  last_searched_ = targets.size();
  engine::SearchOptions options;
  options.deadline_nanos = deadline_nanos;
  options.now_millis = clock_.nowMillis();
  engine::SearchReply reply = engine::runSearch(targets, request, options);
  if (!reply.status.isOk()) return reply.failures.empty() ? reply.status : reply.failures.front().cause;
  answer.body = std::move(reply.body);
  return answer;
}

search::Progress DocumentIndex::progress() const {
  std::shared_ptr<const Generations> all;
  search::Progress progress;
  {
    const std::lock_guard lock(mutex_);
    all = generations_;
    progress.generation = past_generations_;
  }
  if (all->empty()) return progress;
  for (const auto& generation : *all) progress.generation += generation->index().checkpoint().generation + 1;
  // Those before the newest were committed when they ended.
  const std::uint64_t before = all->back()->firstSequence() - 1;
  const engine::Checkpoint newest = all->back()->index().checkpoint();
  progress.applied = std::max(before, newest.applied);
  progress.searchable = std::max(before, newest.searchable);
  progress.durable = std::max(before, newest.durable);
  return progress;
}

search::EngineStats DocumentIndex::stats() const {
  search::EngineStats sum;
  const auto all = generations();
  for (const auto& generation : *all) {
    const engine::IndexStats stats = generation->index().stats();
    sum.doc_count += stats.doc_count;
    sum.segment_count += stats.segment_count;
    sum.size_bytes += stats.size_bytes;
    sum.memory_bytes += stats.buffer_bytes;
  }
  return sum;
}

Status DocumentIndex::close() {
  Status status = commit();
  const auto all = generations();
  for (const auto& generation : *all)
    if (Status closed = generation->index().close(); !closed.isOk() && status.isOk()) status = std::move(closed);
  return status;
}

}  // namespace gyre::stream
