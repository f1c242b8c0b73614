#include "engine/writer/index_writer.hpp"

#include <algorithm>
#include <chrono>

#include "base/heap.hpp"
#include "engine/analysis/analysis_registry.hpp"
#include "engine/search/index_sort.hpp"
#include "engine/segment/segment_writer.hpp"
#include "gyre/json.hpp"

namespace gyre::engine {
namespace {

constexpr std::size_t kLongestId = 512;
constexpr std::string_view kPart = "engine";
// Segments wait in memory for the next commit; beyond this share of the buffer's size the newest is written at once.
constexpr std::uint64_t kSpillFactor = 1;
// Documents that are appended come by the hundred thousand a second, and a lock for each would cost a fiftieth of that:
// so many are kept under one, which is a tenth of a millisecond.
constexpr std::size_t kAppendedTogether = 32;
// How much the buffer has grown is asked again after so many bytes of documents.
constexpr std::size_t kLookBytes = 16u << 10;

void release(std::unique_lock<std::shared_mutex>& lock) {
  if (lock.owns_lock()) lock.unlock();
}
void hold(std::unique_lock<std::shared_mutex>& lock) {
  if (!lock.owns_lock()) lock.lock();
}

Status closed() { return unavailable("index is closed"); }

OperationOutcome refused(Status why) { return {OperationOutcome::Verdict::kRefused, std::move(why), 0, 0}; }

std::int64_t steadyNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Status versionConflict(std::string_view id, std::string_view what) {
  return {Code::kConflict, "version_conflict_engine_exception",
          "[" + std::string(id) + "]: version conflict, " + std::string(what)};
}

}  // namespace

// ---- opening
// ---------------------------------------------------------------------------------------------------------

IndexWriter::IndexWriter(Directory& directory, const IndexOptions& options, base::Observer& observer)
    : options_(options),
      observer_(observer),
      files_(directory),
      budget_(options.merge_budget ? options.merge_budget : std::make_shared<MergeBudget>()) {}

Result<std::unique_ptr<IndexWriter>> IndexWriter::open(Directory& directory, std::string_view definition,
                                                       const IndexOptions& options, base::Observer& observer) {
  std::unique_ptr<IndexWriter> writer(new IndexWriter(directory, options, observer));
  if (const Status loaded = writer->load(definition); !loaded.isOk()) {
    // Nothing to commit, and nothing must be touched.
    writer->is_closed_ = true;
    return loaded.withPrefix(directory.describe());
  }
  if (options.keeps_log) {
    if (const Status opened = writer->openLog(); !opened.isOk()) {
      writer->is_closed_ = true;
      return opened.withPrefix(directory.describe());
    }
  }
  writer->startMerging();
  return writer;
}

IndexWriter::~IndexWriter() {
  if (const Status status = close(); !status.isOk())
    observer_.log(base::Level::kError, kPart, std::string("close: ") + std::string(status.message()));
}

Status IndexWriter::load(std::string_view definition) {
  auto commit = files_.readCommit();
  if (commit.isOk()) return adoptCommit(commit.value(), definition);
  if (commit.status().code() != Code::kNotFound) return commit.status();
  // The first commit is written before the first segment, so segments without one mean that it was lost.
  GYRE_TRY_ASSIGN(const std::vector<std::string> names, files_.directory().list());
  if (std::any_of(names.begin(), names.end(), isSegmentName))
    return corruption("commit: byte 0: the file is missing, but there are segments");
  GYRE_TRY(setDefinition(definition.empty() ? "{}" : definition, true));
  auto empty = std::make_shared<Snapshot>();
  empty->mapping = mapping_;
  snapshot_ = std::move(empty);
  last_commit_ = encodeCommit(describe(*snapshot_));
  return files_.directory().replace(kCommitFile, base::asBytes(last_commit_));
}

Status IndexWriter::adoptCommit(const CommitPoint& commit, std::string_view definition) {
  GYRE_TRY(setDefinition(commit.definition, false));
  if (!definition.empty()) GYRE_TRY(checkSameMapping(definition));
  auto first = std::make_shared<Snapshot>();
  for (const CommittedSegment& committed : commit.segments) {
    GYRE_TRY_ASSIGN(auto segment, files_.openCommitted(committed));
    LiveSegment live{std::move(segment), nullptr, committed.doc_count, false};
    if (!committed.live.empty()) {
      auto bits = parseLive(base::asBytes(committed.live), committed.doc_count);
      if (!bits) return corruption("commit: live documents of " + committed.name + " make no sense");
      live.live = std::make_shared<LiveBits>(std::move(*bits));
      live.live_count = countLive(*live.live);
    }
    first->segments.push_back(live.view());
    segments_.all().push_back(std::move(live));
  }
  first->mapping = mapping_;
  first->generation = generation_ = commit.generation;
  first->sequence = commit.sequence;
  applied_ = durable_ = commit.sequence;
  snapshot_ = std::move(first);
  last_commit_ = encodeCommit(commit);
  return files_.adopt(commit);
}

// What the log holds beyond the commit is applied again and committed at once: afterwards the log begins anew.
Status IndexWriter::openLog() {
  next_seq_no_ = applied_;
  GYRE_TRY_ASSIGN(
      log_, OperationLog::open(files_.directory(), applied_, [this](const LoggedOperation& logged) {
        Operation operation;
        operation.kind = logged.is_delete ? Operation::Kind::kDelete : Operation::Kind::kIndex;
        operation.id = logged.id;
        operation.version = logged.version;
        operation.source = logged.source;
        operation.routing = logged.routing;
        operation.versioning = Operation::Versioning::kDecided;
        operation.seq_no = logged.seq_no;
        const auto applied = apply({&operation, 1}, 0);
        if (!applied.isOk()) return applied.status();
        const OperationOutcome& outcome = applied.value().front();
        return outcome.verdict == OperationOutcome::Verdict::kRefused
                   ? outcome.refusal.withPrefix("operation " + std::to_string(logged.seq_no) + " of the log")
                   : Status();
      }));
  GYRE_TRY(commit());
  return log_->trim(next_seq_no_);
}

Status IndexWriter::sync() { return log_ ? log_->sync() : Status(); }

// ---- applying
// --------------------------------------------------------------------------------------------------------

Result<std::vector<OperationOutcome>> IndexWriter::apply(std::span<const Operation> operations,
                                                         std::uint64_t sequence) {
  const std::lock_guard lock(writer_mutex_);
  if (is_closed_) return closed();
  std::vector<OperationOutcome> outcomes;
  outcomes.reserve(operations.size());
  StateLock kept(state_mutex_, std::defer_lock);
  std::size_t unseen_bytes = 0;
  for (const Operation& operation : operations) {
    outcomes.push_back(applyOne(operation, sequence, kept));
    if (operation.versioning != Operation::Versioning::kAppended || outcomes.size() % kAppendedTogether == 0)
      release(kept);
    if (log_) logOperation(operation, outcomes.back());
    unseen_bytes += operation.source.size();
    if (unseen_bytes < kLookBytes && &operation != &operations.back()) continue;
    unseen_bytes = 0;
    if (!buffer_->isFull(options_.buffer_bytes)) continue;
    release(kept);
    GYRE_TRY(freeze());
    GYRE_TRY(spill());
  }
  applied_ = std::max(applied_.load(), options_.keeps_log ? next_seq_no_ : sequence);
  return outcomes;
}

OperationOutcome IndexWriter::applyOne(const Operation& operation, std::uint64_t sequence, StateLock& lock) {
  if (operation.versioning == Operation::Versioning::kAppended) return append(operation, sequence, lock);
  release(lock);
  if (operation.id.empty() || operation.id.size() > kLongestId)
    return refused(invalidArgument("id: expected 1 to 512 bytes, found " + std::to_string(operation.id.size())));
  const bool is_internal = operation.versioning == Operation::Versioning::kInternal;
  if (operation.version == 0 && operation.versioning == Operation::Versioning::kNewer)
    return refused(invalidArgument("version: expected a number above 0, found 0"));
  const std::uint64_t hash = hashId(operation.id);
  const Held held = findHeld(operation.id, hash);
  if (operation.versioning == Operation::Versioning::kNewer && operation.version <= held.version)
    return {OperationOutcome::Verdict::kAlreadyNewer, {}, held.version, seqNoOf(held)};
  if (Status conflict = checkConditions(operation, held); !conflict.isOk())
    return {OperationOutcome::Verdict::kConflict, std::move(conflict), held.version, 0};
  const Decided decided{is_internal ? held.version + 1 : operation.version,
                        operation.seq_no.value_or(options_.keeps_log ? next_seq_no_ : sequence)};
  OperationOutcome outcome = operation.kind == Operation::Kind::kIndex ? index(operation, hash, held, decided, lock)
                                                                       : remove(operation, held, decided);
  if (outcome.verdict != OperationOutcome::Verdict::kRefused) next_seq_no_ = decided.seq_no + 1;
  return outcome;
}

OperationOutcome IndexWriter::append(const Operation& operation, std::uint64_t sequence, StateLock& lock) {
  if (operation.version == 0 || operation.kind != Operation::Kind::kIndex || log_ || !sort_.empty())
    return refused(
        invalidArgument("appended: expected a document with a version, for an index without a log and without a sort"));
  if (!is_appended_.load(std::memory_order_relaxed)) is_appended_ = true;  // a store for each would be a fence for each
  hold(lock);
  return index(operation, 0, {}, {operation.version, sequence}, lock);
}

Status IndexWriter::checkConditions(const Operation& operation, const Held& held) const {
  if (operation.must_be_new && held.isLive())
    return versionConflict(operation.id,
                           "document already exists (current version [" + std::to_string(held.version) + "])");
  if (operation.if_seq_no) {
    const std::uint64_t term = operation.if_term.value_or(kPrimaryTerm);
    const std::string required =
        "required seqNo [" + std::to_string(*operation.if_seq_no) + "], primary term [" + std::to_string(term) + "]. ";
    if (!held.isLive()) return versionConflict(operation.id, required + "but no document was found");
    const std::uint64_t seq_no = seqNoOf(held);
    if (seq_no != *operation.if_seq_no || term != kPrimaryTerm)
      return versionConflict(operation.id, required + "current document has seqNo [" + std::to_string(seq_no) +
                                               "] and primary term [" + std::to_string(kPrimaryTerm) + "]");
  }
  if (held.where == Held::Where::kNowhere) return {};
  const bool is_external = operation.versioning == Operation::Versioning::kExternal;
  const bool is_conflict =
      is_external ? operation.version <= held.version
                  : operation.versioning == Operation::Versioning::kExternalOrEqual && operation.version < held.version;
  if (!is_conflict) return {};
  return versionConflict(operation.id, "current version [" + std::to_string(held.version) + "] is higher " +
                                           (is_external ? "or equal to" : "than") + " the one provided [" +
                                           std::to_string(operation.version) + "]");
}

// Refusals and conflicts changed nothing, so they are nobody's business after a crash.
void IndexWriter::logOperation(const Operation& operation, const OperationOutcome& outcome) {
  using Verdict = OperationOutcome::Verdict;
  if (operation.versioning == Operation::Versioning::kDecided) return;  // it came from there
  if (outcome.verdict == Verdict::kRefused || outcome.verdict == Verdict::kConflict ||
      outcome.verdict == Verdict::kAlreadyNewer)
    return;
  log_->add({operation.kind == Operation::Kind::kDelete, outcome.seq_no, outcome.version, operation.id,
             operation.routing, operation.source});
}

std::uint64_t IndexWriter::seqNoOf(const Held& held) const {
  switch (held.where) {
    case Held::Where::kBuffer: return buffer_->seqNo(held.doc);
    case Held::Where::kSegment: return segments_.all()[held.segment].segment->seqNo(held.doc);
    case Held::Where::kTombstone: return held.tombstone_seq_no;
    default: return 0;
  }
}

// Only the writer changes what this reads, and the caller holds its lock.
IndexWriter::Held IndexWriter::findHeld(std::string_view id, std::uint64_t hash) const {
  if (const auto doc = buffer_->find(id, hash)) return {Held::Where::kBuffer, buffer_->version(*doc), *doc, 0, 0};
  if (const auto tombstone = tombstones_.find(id))
    return {Held::Where::kTombstone, tombstone->version, 0, 0, tombstone->seq_no};
  if (const auto place = segments_.find(id, hash)) {
    const std::uint64_t version = segments_.all()[place->segment].segment->version(place->doc);
    return {Held::Where::kSegment, version, place->doc, place->segment, 0};
  }
  return {};
}

void IndexWriter::dropLive(const Held& held) {
  if (held.where == Held::Where::kBuffer) buffer_->remove(held.doc);
  if (held.where == Held::Where::kSegment) segments_.all()[held.segment].remove(held.doc);
}

OperationOutcome IndexWriter::index(const Operation& operation, std::uint64_t hash, const Held& held, Decided decided,
                                    StateLock& lock) {
  if (Status parsed = parseInto(operation, lock); !parsed.isOk()) return refused(std::move(parsed));
  hold(lock);
  dropLive(held);
  if (held.where == Held::Where::kTombstone) tombstones_.remove(operation.id);
  SegmentBuffer::Identity identity{operation.id, hash, decided.version, decided.seq_no, operation.routing};
  if (operation.versioning == Operation::Versioning::kAppended) identity.number = operation.id_number;
  buffer_->keepDocument(identity, operation.source);
  is_changed_ = true;
  return {held.isLive() ? OperationOutcome::Verdict::kUpdated : OperationOutcome::Verdict::kCreated,
          {},
          decided.version,
          decided.seq_no};
}

Status IndexWriter::parseInto(const Operation& operation, StateLock& lock) {
  const bool is_appended = operation.versioning == Operation::Versioning::kAppended;
  std::string_view id = operation.id;
  char numbers[kIdNumbersRoom];
  buffer_->beginDocument();
  Status parsed = parser_->parse(operation.source, is_appended ? std::string_view() : id, *buffer_);
  if (parsed.isOk()) return {};
  buffer_->abandonDocument();
  if (is_appended) {
    // Only who is told of a fault needs the id.
    id = {numbers, writeId({operation.id_number, operation.version}, numbers)};
    if (!parser_->mustGrow()) {
      buffer_->beginDocument();
      parsed = parser_->parse(operation.source, id, *buffer_);
      buffer_->abandonDocument();
    }
  }
  if (!parser_->mustGrow()) return parsed;
  GYRE_TRY_ASSIGN(auto grown, mapping_->grownFor(operation.source));
  if (grown == nullptr) return internalError("dynamic mapping found nothing to add for a document that needs a field");
  if (!sort_.empty()) GYRE_TRY(checkSortedMapping(*grown));
  auto parser = std::make_unique<DocumentParser>(grown);
  hold(lock);
  buffer_->adopt(grown);
  buffer_->beginDocument();
  parsed = parser->parse(operation.source, id, *buffer_);
  if (parsed.isOk()) {
    adoptMapping(std::move(grown), std::move(parser));
    return {};
  }
  buffer_->abandonDocument();
  buffer_->adopt(mapping_);
  return parsed;
}

OperationOutcome IndexWriter::remove(const Operation& operation, const Held& held, Decided decided) {
  const std::lock_guard lock(state_mutex_);
  tombstones_.add(operation.id, {decided.version, decided.seq_no});
  if (!held.isLive()) return {OperationOutcome::Verdict::kNotFound, {}, decided.version, decided.seq_no};
  dropLive(held);
  is_changed_ = true;
  return {OperationOutcome::Verdict::kDeleted, {}, decided.version, decided.seq_no};
}

// ---- refreshing
// ------------------------------------------------------------------------------------------------------

// What the newest stored documents were compressed with; null when none were.
DictionaryPtr IndexWriter::latestDictionary() const {
  const std::vector<LiveSegment>& all = segments_.all();
  for (auto each = all.rbegin(); each != all.rend(); ++each)
    if (const auto& known = each->segment->stored().dictionaries(); !known.empty()) return known.back();
  return nullptr;
}

Result<std::shared_ptr<const OpenSegment>> IndexWriter::segmentOfBuffer() {
  MemoryFileWriter file;
  GYRE_TRY(writeSegment(*buffer_, file, latestDictionary(), is_appended_.load()));
  return OpenSegment::open(files_.newName(), std::make_unique<MemoryFile>(file.take()), false);
}

Status IndexWriter::freeze() {
  if (buffer_->docCount() == 0) return {};
  std::shared_ptr<const OpenSegment> segment;
  if (buffer_->liveCount() > 0) {
    GYRE_TRY_ASSIGN(segment, segmentOfBuffer());
    // Values compare as searches compare them, and those read segments: the first one tells the order of the second.
    if (const std::vector<DocId> order = sortedDocs(sort_, *segment); !order.empty()) {
      {
        const std::lock_guard lock(state_mutex_);
        buffer_->reorder(order);
      }
      GYRE_TRY_ASSIGN(segment, segmentOfBuffer());
    }
  }
  // What much larger documents than most made it grow to, or refused ones, is not kept for the next.
  std::unique_ptr<SegmentBuffer> other;
  if (buffer_->memoryBytes() > 2 * options_.buffer_bytes) other = std::make_unique<SegmentBuffer>(mapping_);
  const std::lock_guard lock(state_mutex_);
  if (segment) segments_.all().push_back({segment, nullptr, segment->docCount(), false});
  if (other)
    buffer_.swap(other);
  else
    buffer_->clear(mapping_);
  return {};
}

// The buffer's memory, which freeze() keeps for the next documents.
void IndexWriter::releaseBuffer() {
  if (buffer_->docCount() > 0) return;
  auto fresh = std::make_unique<SegmentBuffer>(mapping_);
  const std::lock_guard lock(state_mutex_);
  buffer_.swap(fresh);
}

// Writes the newest segment to its file when too much waits in memory.
Status IndexWriter::spill() {
  std::uint64_t waiting = 0;
  for (const LiveSegment& each : segments_.all())
    if (!files_.has(each.segment->name())) waiting += each.segment->sizeBytes();
  if (waiting <= kSpillFactor * options_.buffer_bytes) return {};
  GYRE_TRY_ASSIGN(const auto opened, files_.persist(*segments_.all().back().segment));
  const std::lock_guard lock(state_mutex_);
  segments_.all().back().segment = opened;
  return {};
}

void IndexWriter::publish(bool is_changed) {
  auto next = std::make_shared<Snapshot>();
  if (is_changed) {
    const std::lock_guard lock(state_mutex_);
    segments_.dropEmpty();
    for (LiveSegment& each : segments_.all()) next->segments.push_back(each.view());
    ++generation_;
  } else {
    next->segments = snapshot()->segments;
  }
  next->mapping = mapping_;
  next->generation = generation_;
  next->sequence = applied_;
  setSnapshot(std::move(next));
  is_changed_ = false;
}

Status IndexWriter::refreshLocked() {
  if (is_changed_) {
    GYRE_TRY(freeze());
    publish(true);
    if (merge_thread_) merge_thread_->wake();
  } else if (snapshot()->sequence != applied_) {
    publish(false);
  }
  return {};
}

Status IndexWriter::refresh() {
  {
    const std::lock_guard lock(writer_mutex_);
    if (is_closed_) return closed();
    GYRE_TRY(refreshLocked());
  }
  relieve();
  return {};
}

std::shared_ptr<const Snapshot> IndexWriter::snapshot() const {
  const std::lock_guard lock(snapshot_mutex_);
  return snapshot_;
}

void IndexWriter::setSnapshot(std::shared_ptr<const Snapshot> snapshot) {
  // The old one may hold the last reference to large files: it goes after the lock.
  const std::lock_guard lock(snapshot_mutex_);
  snapshot_.swap(snapshot);
}

Checkpoint IndexWriter::checkpoint() const {
  const auto current = snapshot();
  return {applied_, current->sequence, durable_, current->generation};
}

IndexStats IndexWriter::stats() const {
  IndexStats stats;
  const std::lock_guard writer_lock(writer_mutex_);
  const std::shared_lock lock(state_mutex_);
  for (const LiveSegment& each : segments_.all()) {
    const std::uint32_t roots = each.liveRoots();
    stats.doc_count += roots;
    stats.nested_count += each.live_count - roots;
    stats.deleted_count += each.segment->rootCount() - roots;
    stats.size_bytes += each.segment->sizeBytes();
    ++stats.segment_count;
  }
  stats.doc_count += buffer_->liveRootCount();
  stats.nested_count += buffer_->liveCount() - buffer_->liveRootCount();
  stats.buffer_bytes = buffer_->memoryBytes();
  stats.buffered_bytes = buffer_->usedBytes();
  return stats;
}

// ---- committing
// ------------------------------------------------------------------------------------------------------

Status IndexWriter::commit() {
  const std::lock_guard commit_lock(commit_mutex_);
  std::shared_ptr<const Snapshot> captured;
  {
    const std::lock_guard lock(writer_mutex_);
    if (is_closed_) return closed();
    GYRE_TRY(refreshLocked());
    captured = snapshot();
    releaseBuffer();
    if (log_ && log_->sizeBytes() > 0) log_->rotate();
  }
  GYRE_TRY_ASSIGN(const bool is_written, write(*captured));
  if (is_written) {
    const std::lock_guard lock(writer_mutex_);
    ageTombstones();
  }
  durable_ = captured->sequence;
  // A file that could not be removed is tried again after the next commit.
  if (log_) (void)log_->trim(captured->sequence);
  removeUnneeded(*captured);
  base::returnFreedPages();
  return {};
}

Status IndexWriter::commitPublished() {
  const std::lock_guard commit_lock(commit_mutex_);
  if (is_closed_ || stop_merging_) return {};
  const auto captured = snapshot();
  GYRE_TRY(write(*captured).status());
  durable_ = std::max(durable_.load(), captured->sequence);
  removeUnneeded(*captured);
  return {};
}

// False when the commit file says the same already. Writers go on meanwhile: the snapshot does not change, and it is
// what the commit will say. REQUIRES: commit_mutex_ is held.
Result<bool> IndexWriter::write(const Snapshot& snapshot) {
  std::string bytes = encodeCommit(describe(snapshot));
  if (bytes == last_commit_) return false;
  GYRE_TRY(writeSegments(snapshot));
  GYRE_TRY(files_.directory().replace(kCommitFile, base::asBytes(bytes)));
  last_commit_ = std::move(bytes);
  return true;
}

void IndexWriter::ageTombstones() {
  const std::int64_t now = steadyNanos();
  if (now - tombstones_aged_nanos_ < options_.tombstone_millis * 1'000'000) return;
  tombstones_aged_nanos_ = now;
  tombstones_.age();
}

Status IndexWriter::writeSegments(const Snapshot& snapshot) {
  for (const SegmentView& view : snapshot.segments) {
    if (files_.has(view.segment->name())) continue;
    const auto segment = std::static_pointer_cast<const OpenSegment>(view.segment);
    GYRE_TRY_ASSIGN(const auto opened, files_.persist(*segment));
    useFile(opened);
  }
  return {};
}

// Exchanges a segment in memory for its mapped file, which has the same bytes.
void IndexWriter::useFile(const std::shared_ptr<const OpenSegment>& opened) {
  const std::lock_guard lock(writer_mutex_);
  {
    const std::lock_guard state_lock(state_mutex_);
    if (LiveSegment* const found = segments_.find(opened->name())) found->segment = opened;
  }
  auto next = std::make_shared<Snapshot>(*snapshot());
  for (SegmentView& view : next->segments)
    if (view.segment->name() == opened->name()) view.segment = opened;
  setSnapshot(std::move(next));
}

CommitPoint IndexWriter::describe(const Snapshot& snapshot) const {
  CommitPoint commit;
  commit.sequence = snapshot.sequence;
  commit.generation = snapshot.generation;
  commit.next_segment = files_.nextNumber();
  commit.definition = "{" + (settings_.empty() ? std::string() : "\"settings\":" + settings_ + ",") +
                      "\"mappings\":" + snapshot.mapping->json() + "}";
  for (const SegmentView& view : snapshot.segments) {
    const auto& segment = static_cast<const OpenSegment&>(*view.segment);
    commit.segments.push_back({std::string(segment.name()), segment.sizeBytes(), segment.checksum(), segment.docCount(),
                               view.live ? serializeLive(*view.live, segment.docCount()) : std::string()});
  }
  return commit;
}

void IndexWriter::removeUnneeded(const Snapshot& committed) {
  std::set<std::string, std::less<>> needed;
  {
    // Before the list: a merge leaves this set only after it has entered the list.
    const std::lock_guard lock(merge_mutex_);
    needed = busy_;
  }
  for (const SegmentView& view : committed.segments) needed.emplace(view.segment->name());
  {
    const std::shared_lock lock(state_mutex_);
    for (const LiveSegment& each : segments_.all()) needed.emplace(each.segment->name());
  }
  files_.removeAllBut(needed);
}

Status IndexWriter::close() {
  if (is_closed_) return {};
  stop_merging_ = true;
  if (merge_thread_) merge_thread_->stop();
  const Status committed = commit();
  const std::lock_guard lock(writer_mutex_);
  is_closed_ = true;
  return committed;
}

void IndexWriter::abandon() {
  if (is_closed_) return;
  stop_merging_ = true;
  if (merge_thread_) merge_thread_->stop();
  // One commit at a time: one that is under way ends before the files go.
  const std::lock_guard commit_lock(commit_mutex_);
  const std::lock_guard lock(writer_mutex_);
  is_closed_ = true;
}

}  // namespace gyre::engine
