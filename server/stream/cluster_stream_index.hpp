// How do records of a stream become searchable on a cluster, whatever they are? Generations there, the newest written
// to.
//
// Records are gathered, as the operations that whoever derives makes of them, and sent as one bulk request of many when
// there is enough, or before a refresh or commit. Operations carry a sequence as external version, so what is sent
// again changes nothing; and a generation ends only once all that an earlier process may have sent to it was sent
// again, so that nothing is in two. What is acknowledged is durable in the cluster's own log; a commit notes in the
// mark how far that is.
//
// The cluster may be away at any time, at the start too. attend(), which the applier calls again and again, finds the
// generations; until it has, and when one is found to be gone, nothing else is tried. What was lost with it and is
// still in the log is sent again: progress() goes back.
//
// A search names the generations that its time range needs; all by their alias when their names would be too long for a
// request. Servers that read them are told with each refresh what is searchable (cluster_stream_reader.hpp). When
// another server is found to write them this one does not any more ("index_taken").
//
// THREADS: as StreamIndex. OWNS: nothing of the cluster, which outlives it.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/search/opensearch/bulk_sender.hpp"
#include "server/search/opensearch/cluster.hpp"
#include "server/search/opensearch/last_figures.hpp"
#include "server/stream/cluster_generations.hpp"
#include "server/stream/stream_index.hpp"
#include "server/stream/time_range.hpp"

namespace gyre::stream {

class ClusterStreamIndex : public StreamIndex {
 public:
  Status attend() override;
  Result<std::vector<RefusedRecord>> apply(const RecordBatch& batch, std::uint64_t first_sequence, std::uint64_t after,
                                           std::int64_t arrived_millis) override;
  Result<std::vector<RefusedRecord>> flush() override;
  Result<RetainResult> retain(std::int64_t oldest_millis) override;
  Status refresh() override;
  Status commit() override;
  search::Progress progress() const override;
  search::EngineStats stats() const override;
  Status health() const override;
  Status close() override { return {}; }

  // Oldest first; none before they were found.
  std::vector<ClusterGeneration> generations() const;
  const std::string& alias() const { return indices_.alias(); }

  // What the generations of these times answer to a search request; `parameters`: of the query string.
  Result<std::string> ask(const TimeRange& wanted, std::string_view request, std::int64_t deadline_nanos,
                          std::string_view parameters = {}) const;

 protected:
  ClusterStreamIndex(ClusterGenerations indices, search::Cluster& cluster, const base::Clock& clock,
                     base::Observer& observer);
  // Looks for the cluster the first time; that it is away is logged. conflict ("index_taken").
  Status begin();

  // ---- what whoever derives knows of records; all on the applier's thread
  // The generations were found. Operations that were gathered before are forgotten, and may be gathered again.
  virtual Status opened(const ClusterGenerations::Opened& /*opened*/) { return {}; }
  // Another generation is written to from now on, and has nothing yet.
  virtual void began(const ClusterGeneration& /*newest*/) {}
  // add()s operations for the records of sequences from `next` on, until isFull() or the batch's end; gives the first
  // sequence that is not among them. `range`: of their times.
  virtual Result<std::uint64_t> gather(const RecordBatch& batch, std::uint64_t first_sequence, std::uint64_t next,
                                       std::int64_t arrived_millis, GenerationRange& range) = 0;
  // For the mark: what opened() is to be told again of the records that are held.
  virtual std::optional<std::int64_t> newestTime() const { return std::nullopt; }

  // `spliced_bytes`: at the beginning of its source, which its record has not.
  void add(search::BulkOperation operation, std::int64_t time_millis, std::uint32_t spliced_bytes = 0);
  // Operations that are of no batch, before they are sent: no search may leave out what is there. `applied`: up to
  // which all is among them.
  void widen(const GenerationRange& range, std::uint64_t applied);
  // As a batch would end the newest generation, whatever was sent to it before. REQUIRES: nothing is sent again.
  Status endWhenOld();
  // As much as goes together, some times: the end of a call waits for its slowest request.
  bool isFull() const { return gathered_bytes_ >= 4 * sender_->pace().bytes() * sender_->pace().parallel(); }
  const ClusterStreamOptions& options() const { return indices_.options(); }
  search::Cluster& cluster() const { return cluster_; }
  const base::Clock& clock() const { return clock_; }
  base::Observer& observer() const { return observer_; }

 private:
  Status send();
  std::vector<RefusedRecord> takeRefused();
  Status rollOver();
  bool isDue() const;
  bool isOld() const;  // or large
  Status rollOverWhenSent();
  Status ready() const;
  Status refreshNewest();
  Status giveUp(const Status& why);
  bool hasOtherMapping() const;
  void writeTo(const ClusterGeneration& generation);
  Status lose(const std::string& what) const;
  std::string targetOf(const TimeRange& wanted) const;

  // Of a gathered operation.
  struct Gathered {
    std::int64_t time_millis = 0;
    std::uint32_t spliced_bytes = 0;
  };

  search::Cluster& cluster_;
  const base::Clock& clock_;
  base::Observer& observer_;

  // The applier's; what it says of names and options is anybody's.
  ClusterGenerations indices_;
  std::unique_ptr<search::BulkSender> sender_;     // to the newest generation
  std::vector<search::BulkOperation> operations_;  // not sent yet
  std::vector<Gathered> gathered_;                 // as operations_
  std::size_t gathered_bytes_ = 0;
  std::vector<RefusedRecord> refused_;  // not told yet
  std::uint64_t held_ = 0;              // no generation ends before it was sent again
  std::uint64_t newest_bytes_ = 0;
  std::uint64_t told_ = 0;                      // the mark says is searchable
  std::optional<std::int64_t> durable_newest_;  // newestTime() as the last commit's mark has it
  bool is_taken_ = false;                       // by another server

  mutable search::LastFigures figures_;

  mutable std::mutex mutex_;  // guards what follows
  std::vector<ClusterGeneration> generations_;
  mutable search::Progress progress_{0, 0, 0, 1};
  mutable bool is_ready_ = false;
  mutable Status trouble_{Code::kUnavailable, "search_engine_away", "the search cluster was not reached yet"};
};

}  // namespace gyre::stream
