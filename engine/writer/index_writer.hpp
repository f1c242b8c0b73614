// How do operations become segments, snapshots and commits? Everything of an index but the answering of searches.
//
// apply() puts documents into the buffer; refresh() freezes the buffer into a segment in memory and publishes a
// snapshot; commit() writes the snapshot's segments to the directory and then the commit file that names them. Merges
// replace segments behind the scenes: built from a published snapshot without any lock, swapped in under one, with the
// deletes that arrived meanwhile carried over. Publishing a merge changes what no reader can see, so the generation
// stays.
//
// THREADS: free. Locks, in the order they are taken: commit_mutex_ (one commit at a time), writer_mutex_ (apply,
// freeze, publish, swap, the mapping), state_mutex_ (what get() reads: held exclusively to change a few words, or while
// some appended documents are read), merge_mutex_ (which segments are in a merge), snapshot_mutex_ (one pointer). OWNS:
// borrows directory and observer.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/index.hpp"
#include "engine/mapping/document_parser.hpp"
#include "engine/search/sort.hpp"
#include "engine/segment/segment_buffer.hpp"
#include "engine/segment/segment_merger.hpp"
#include "engine/writer/merge_budget.hpp"
#include "engine/writer/merge_policy.hpp"
#include "engine/writer/merge_thread.hpp"
#include "engine/writer/operation_log.hpp"
#include "engine/writer/segment_files.hpp"
#include "engine/writer/segment_list.hpp"
#include "engine/writer/version_map.hpp"

namespace gyre::engine {

class IndexWriter {
 public:
  // See Index::open.
  static Result<std::unique_ptr<IndexWriter>> open(Directory& directory, std::string_view definition,
                                                   const IndexOptions& options, base::Observer& observer);
  ~IndexWriter();
  IndexWriter(const IndexWriter&) = delete;
  IndexWriter& operator=(const IndexWriter&) = delete;

  Result<std::vector<OperationOutcome>> apply(std::span<const Operation> operations, std::uint64_t sequence);
  Status sync();
  std::uint64_t logBytes() const { return log_ ? log_->sizeBytes() : 0; }
  Status refresh();
  Status commit();
  Status merge();
  Status forceMerge(std::uint32_t max_segments);
  Status putMapping(std::string_view mappings);
  Status putSettings(std::string_view settings);
  Status close();
  void abandon();

  std::shared_ptr<const Snapshot> snapshot() const;
  Checkpoint checkpoint() const;
  IndexStats stats() const;
  std::shared_ptr<const Mapping> mapping() const;
  Result<std::optional<StoredDocument>> get(std::string_view id, GetOptions options) const;

 private:
  // Where an id stands now, deleted or not.
  struct Held {
    enum class Where : std::uint8_t { kNowhere, kBuffer, kSegment, kTombstone };
    Where where = Where::kNowhere;
    std::uint64_t version = 0;
    DocId doc = 0;
    std::size_t segment = 0;
    std::uint64_t tombstone_seq_no = 0;
    bool isLive() const { return where == Where::kBuffer || where == Where::kSegment; }
  };
  struct MergeJob {
    std::string name;
    std::vector<MergeSource> sources;
    std::uint64_t bytes = 0;
  };
  using Choose = std::function<std::vector<std::size_t>(std::span<const MergeCandidate>)>;

  IndexWriter(Directory& directory, const IndexOptions& options, base::Observer& observer);
  Status load(std::string_view definition);
  Status adoptCommit(const CommitPoint& commit, std::string_view definition);
  Status setDefinition(std::string_view definition, bool is_new);
  // Whether an index of this definition may go on with the mapping that it has.
  Status checkSameMapping(std::string_view definition) const;
  Status openLog();
  void startMerging();

  // A document as it is about to be written.
  struct Decided {
    std::uint64_t version = 0;
    std::uint64_t seq_no = 0;
  };
  // Of state_mutex_: taken when a document is to be kept, if it is not held yet, and given up by whoever applies.
  using StateLock = std::unique_lock<std::shared_mutex>;
  OperationOutcome append(const Operation& operation, std::uint64_t sequence, StateLock& lock);
  OperationOutcome applyOne(const Operation& operation, std::uint64_t sequence, StateLock& lock);
  OperationOutcome index(const Operation& operation, std::uint64_t hash, const Held& held, Decided decided,
                         StateLock& lock);
  OperationOutcome remove(const Operation& operation, const Held& held, Decided decided);
  // Parses the document into the buffer; the mapping grows first when it must, and only if the document fits then.
  Status parseInto(const Operation& operation, StateLock& lock);
  void publishMapping(std::shared_ptr<const Mapping> updated);
  void adoptMapping(std::shared_ptr<const Mapping> mapping, std::unique_ptr<DocumentParser> parser);
  // Ok, or the conflict with what is held.
  Status checkConditions(const Operation& operation, const Held& held) const;
  void logOperation(const Operation& operation, const OperationOutcome& outcome);
  Held findHeld(std::string_view id, std::uint64_t hash) const;
  std::uint64_t seqNoOf(const Held& held) const;
  void dropLive(const Held& held);

  Status refreshLocked();
  Status freeze();
  Result<std::shared_ptr<const OpenSegment>> segmentOfBuffer();
  void releaseBuffer();
  DictionaryPtr latestDictionary() const;
  void publish(bool is_changed);
  void setSnapshot(std::shared_ptr<const Snapshot> snapshot);
  Status spill();

  void ageTombstones();
  Status writeSegments(const Snapshot& snapshot);
  Result<bool> write(const Snapshot& snapshot);
  void useFile(const std::shared_ptr<const OpenSegment>& opened);
  CommitPoint describe(const Snapshot& snapshot) const;
  void removeUnneeded(const Snapshot& committed);

  const MergePolicy& policy() const;
  std::optional<MergeJob> takeJob(const Choose& choose);
  void releaseJob(const MergeJob& job);
  // True when a merge ran.
  enum class Haste : std::uint8_t { kNone, kForced, kRelief };
  Result<bool> mergeOnce(const Choose& choose, Haste haste);
  Status runJob(const MergeJob& job, Haste haste);
  void swap(const MergeJob& job, const MergeResult& result, std::shared_ptr<const OpenSegment> merged);
  void mergeInBackground();
  void mergeInPassing(std::uint64_t most_bytes);
  // Commits what is published already, so that files which merges made needless can go.
  Status commitPublished();
  // Merges small segments on the calling thread when the background thread does not keep up.
  void relieve();

  IndexOptions options_;
  base::Observer& observer_;
  SegmentFiles files_;
  MergePolicy policy_;
  std::shared_ptr<MergeBudget> budget_;
  std::vector<SortKey> sort_;  // the index'; none: documents stand as they were written
  std::string settings_;       // JSON, as the index was created with or was given since; "" for none

  std::mutex commit_mutex_;
  std::atomic<std::uint64_t> rewritten_bytes_ = 0;  // by merges into files, since the index was opened
  std::string last_commit_;                         // bytes of the commit file

  mutable std::mutex writer_mutex_;
  std::shared_ptr<const Mapping> mapping_;  // changed with snapshot_mutex_ as well
  std::unique_ptr<DocumentParser> parser_;
  VersionMap tombstones_;
  std::int64_t tombstones_aged_nanos_ = 0;  // steady clock
  std::uint64_t next_seq_no_ = 0;           // with a log
  std::unique_ptr<OperationLog> log_;       // null unless the index keeps one
  std::uint64_t generation_ = 0;
  bool is_changed_ = false;  // since the last publish

  mutable std::shared_mutex state_mutex_;
  std::unique_ptr<SegmentBuffer> buffer_;
  SegmentList segments_;

  std::mutex merge_mutex_;
  std::set<std::string, std::less<>> busy_;  // names of segments that are being merged, and of what they become

  mutable std::mutex snapshot_mutex_;
  std::shared_ptr<const Snapshot> snapshot_;

  // Since the first appended document: there may be very many and all alike, so they are kept by shapes.
  std::atomic<bool> is_appended_{false};
  std::atomic<std::uint64_t> applied_{0};
  std::atomic<std::uint64_t> durable_{0};
  std::atomic<bool> is_closed_{false};
  std::atomic<bool> stop_merging_{false};
  std::unique_ptr<MergeThread> merge_thread_;
};

}  // namespace gyre::engine
