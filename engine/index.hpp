// How do I use the engine? One index: documents in, requests in, answers out.
//
//   auto index = Index::open(directory, definition, options, observer);
//   index->apply(operations, sequence);  index->refresh();  index->search(request);
//
// Writes carry the caller's sequence (a number that only grows, for Gyre the event log's). Three marks follow it:
// applied (in memory), searchable (published by refresh), durable (in the commit point, survives a crash). After a
// crash the index opens at `durable`, and the caller applies again from there: the engine needs no log of its own.
// Every operation carries the document's version; one that is not above the version held is skipped as already newer,
// so applying again is harmless and order cannot invert.
//
// An index may also be its own primary store (IndexOptions::keeps_log): it then numbers the operations itself, decides
// versions and conditions as the dialect's document API has them, and sync() makes them durable in an operation log,
// which is read back after a crash.
//
// THREADS: search and get from any thread, lock-free against the writer; apply, refresh, commit and close are
// serialised inside. Merges run on a background thread of the index. OWNS: the Directory and Observer outlive the
// index.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/observer.hpp"
#include "engine/directory/directory.hpp"
#include "engine/segment/segment_reader.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

struct Operation {
  enum class Kind : std::uint8_t { kIndex, kDelete };
  // How the version given relates to the one held; a tombstone holds one too.
  enum class Versioning : std::uint8_t {
    kNewer,            // skipped as already newer unless above
    kExternal,         // a conflict unless above
    kExternalOrEqual,  // a conflict when below
    kInternal,         // none is given: it becomes one more than the one held
    kDecided,          // taken as it is: the operation is read back from a log
    kAppended,         // kIndex: the document is new, and so is its id, which is made of id_number and the version
  };
  Kind kind = Kind::kIndex;
  std::string_view id;        // 1 to 512 bytes; kAppended: not given
  std::uint64_t version = 0;  // kNewer: above 0; kInternal: not given
  std::string_view source;    // kIndex: the document's JSON, kept byte for byte
  Versioning versioning = Versioning::kNewer;
  bool must_be_new = false;                     // kIndex: a conflict when there is a document
  std::optional<std::uint64_t> if_seq_no = {};  // a conflict unless this operation wrote what is held
  std::optional<std::uint64_t> if_term = {};    // the same for the primary term, which is always kPrimaryTerm
  std::string_view routing = {};                // kept with the document
  std::optional<std::uint64_t> seq_no = {};     // kDecided: the number it was given
  // kAppended: the id is "<id_number>-<version>", which no operation before may have given: nothing is looked up. Not
  // for an index that keeps a log.
  std::int64_t id_number = 0;
};

// There is one primary, for ever.
inline constexpr std::uint64_t kPrimaryTerm = 1;

// One operation's fate, in the order given. A refused operation changes nothing and does not affect its neighbours.
struct OperationOutcome {
  enum class Verdict : std::uint8_t { kCreated, kUpdated, kDeleted, kNotFound, kAlreadyNewer, kConflict, kRefused };
  Verdict verdict = Verdict::kCreated;
  Status refusal;             // kRefused, kConflict: why
  std::uint64_t version = 0;  // of the document from now on
  std::uint64_t seq_no = 0;   // of this operation
};

class MergeBudget;

struct IndexOptions {
  std::string name;                        // shown as "_index"; "" takes the last part of the directory's description
  std::uint64_t buffer_bytes = 64u << 20;  // memory of the segment buffer; a fuller one becomes a segment by itself
  bool merge_in_background = true;         // false: merge() is called by the owner (tests)
  std::shared_ptr<MergeBudget> merge_budget = nullptr;  // shared with other indexes; null: one of its own
  bool keeps_log = false;                               // the index is its own primary store; see sync()
  // What a mapping without "dynamic" does with unmapped members: by default fields come to be as in the dialect.
  Dynamic default_dynamic = Dynamic::kTrue;
  // How long the version of a deleted document is remembered at least.
  std::int64_t tombstone_millis = 0;
};

struct Checkpoint {
  std::uint64_t applied = 0;
  std::uint64_t searchable = 0;
  std::uint64_t durable = 0;
  std::uint64_t generation = 0;
};

struct IndexStats {
  std::uint64_t doc_count = 0;     // live
  std::uint64_t nested_count = 0;  // live objects of nested fields, which are documents of their own to a segment
  std::uint64_t deleted_count = 0;
  std::uint64_t segment_count = 0;
  std::uint64_t size_bytes = 0;      // of the segments
  std::uint64_t buffer_bytes = 0;    // memory that the segment buffer holds
  std::uint64_t buffered_bytes = 0;  // of it, what the documents in it need
};

// What a search answered with, besides the answer.
struct SearchAnswer {
  std::string body;  // the dialect's response
  std::uint64_t generation = 0;
  std::uint64_t sequence = 0;
};

struct GetOptions {
  bool is_realtime = true;   // sees operations that are applied but not yet searchable
  bool wants_source = true;  // false leaves it empty, which is cheaper
};

struct StoredDocument {
  std::string source;
  std::uint64_t version = 0;
  std::uint64_t seq_no = 0;
  std::string routing;  // "" for none
};

class Index {
 public:
  // Opens the index in `directory`, or creates it from `definition` ({"settings":{…},"mappings":{…}}) when the
  // directory is empty. An index that exists keeps its own mapping if the definition's is the same, or is contained in
  // it and may grow; another mapping is failed_precondition (reason "mapping_changed"): the owner rebuilds. Damage is
  // corruption, naming file and offset.
  static Result<std::unique_ptr<Index>> open(Directory& directory, std::string_view definition, IndexOptions options,
                                             base::Observer& observer);
  virtual ~Index() = default;

  // Applies all operations up to and including `sequence`, in order. `sequence` may repeat (resend) but not fall behind
  // the applied mark by design of the caller; lower ones are accepted and leave the mark where it is.
  // With keeps_log the index counts by itself and `sequence` is 0: an operation's seq_no is one below its sequence.
  virtual Result<std::vector<OperationOutcome>> apply(std::span<const Operation> operations,
                                                      std::uint64_t sequence) = 0;
  // With keeps_log: returns when every operation applied before the call survives a crash. Callers share the fsync.
  virtual Status sync() = 0;
  // Bytes of the operation log that no commit covers yet; 0 without one.
  virtual std::uint64_t logBytes() const = 0;
  // Makes everything applied searchable. Cheap when nothing changed.
  virtual Status refresh() = 0;
  // Makes everything applied durable, with `sequence` in the commit point. Implies refresh.
  virtual Status commit() = 0;
  // Runs merges that the policy asks for until none is due, on the calling thread.
  virtual Status merge() = 0;
  // Merges down to at most this many segments.
  virtual Status forceMerge(std::uint32_t max_segments) = 0;

  // Merges a mapping ({"properties":{…}, …}) into the index's: new fields and multi-fields, and those parameters that
  // may change. Durable and seen by searches when it returns. illegal_argument_exception when it contradicts what is
  // there; then nothing changed.
  virtual Status putMapping(std::string_view mappings) = 0;

  // Takes on the settings ({"index":{…}}), of which those count that bound how the mapping grows: what there is
  // already stays, whatever they say. Durable when it returns. Analysis must be as it was.
  virtual Status putSettings(std::string_view settings) = 0;

  virtual std::shared_ptr<const Snapshot> snapshot() const = 0;
  virtual Checkpoint checkpoint() const = 0;
  virtual IndexStats stats() const = 0;
  virtual std::shared_ptr<const Mapping> mapping() const = 0;

  // Runs a dialect search request on the current snapshot. `deadline_nanos` is a steady-clock reading, 0 for none.
  virtual Result<SearchAnswer> search(std::string_view request, std::int64_t deadline_nanos = 0) const = 0;
  virtual Result<std::optional<StoredDocument>> get(std::string_view id, GetOptions options) const = 0;
  Result<std::optional<StoredDocument>> get(std::string_view id) const { return get(id, {}); }
  // Visits live documents of the current snapshot in no order, until visit returns false. For verify.
  virtual Status scan(
      const std::function<bool(std::string_view id, std::uint64_t version, std::string_view source)>& visit) const = 0;

  // Commits and stops merging. Called by the destructor too, where a failure can only be logged.
  virtual Status close() = 0;
  // Closes without a commit: for an index whose files are about to go.
  virtual void abandon() = 0;
};

// Checks every checksum and invariant of the index in `directory`, and calls `report` with one line a finding; ok when
// there was none. Opens nothing for writing.
Status checkIndex(Directory& directory, const std::function<void(std::string_view)>& report);

}  // namespace gyre::engine
