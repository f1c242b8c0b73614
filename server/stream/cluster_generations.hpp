// Which indices of a search cluster hold a stream? Its generations there: made, found, written to, deleted.
//
// They are the indices PREFIX + NAME-000001 and so on, behind the alias PREFIX + NAME, whose write index is the newest.
// We write to the newest by an alias of its own, PREFIX + NAME-000001-write: a request that is late never reaches
// another, and one that was deleted is not made by the cluster's own guess. Each carries in its mapping the first
// sequence that may be in it and when it was made, so nothing else needs to be kept of it: what times it holds is asked
// when it is found. One that was put back from a snapshot is found again. The index template PREFIX + gyre-NAME gives
// the same settings and mapping to whoever makes another by this name.
//
// FORMAT: "_meta"."gyre" of a generation: {"domain","definition","firstSequence","created"}. Its mark (see
// index_mark.hpp), of the newest only: {"index","history","firstSequence","sequence","searchable","log","newestTime",
// "written"}: all up to `sequence` is in it, or in the ones before, durably, and all up to `searchable` is seen by
// searches; while the index has this history. The log ended at `log`. "newestTime" is of the records up to `sequence`,
// and only given of samples.
//
// THREADS: one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "gyre/json.hpp"
#include "gyre/status.hpp"
#include "server/search/opensearch/cluster.hpp"
#include "server/search/opensearch/index_definition.hpp"
#include "server/search/opensearch/index_mark.hpp"
#include "server/search/search_engine.hpp"
#include "server/stream/generation.hpp"
#include "server/stream/time_range.hpp"

namespace gyre::stream {

struct ClusterStreamOptions {
  std::string prefix;  // of all names, "" for none
  std::string name;    // of the domain
  std::string definition;
  std::string time_field;
  unsigned shards = 0;  // 0: as the definition says
  int replicas = -1;    // -1: as the definition says
  std::int64_t generation_age_ms = 24LL * 3600 * 1000;
  std::uint64_t generation_bytes = 10ULL << 30;  // of its primaries
  std::function<std::uint64_t()> last_sequence;  // of the log
  // The first that the log still has, once all that was to be trimmed is.
  std::function<Result<std::uint64_t>()> first_sequence;
  search::MarkOwner owner;
};

struct ClusterGeneration {
  std::string name;  // of the index
  std::uint64_t number = 1;
  std::uint64_t first_sequence = 1;
  std::int64_t created_millis = 0;
  std::string definition;  // its fingerprint
  GenerationRange range;
};

class ClusterGenerations {
 public:
  // invalid_argument when the definition is none. The cluster outlives it.
  static Result<ClusterGenerations> read(ClusterStreamOptions options, search::Cluster& cluster,
                                         const base::Clock& clock, base::Observer& observer);

  // What was found, or made when there was none.
  struct Opened {
    std::vector<ClusterGeneration> generations;  // oldest first, at least one
    std::uint64_t covered = 0;                   // by them, durably: the log is to be sent from the next on
    // The newest may hold records up to here already, which will be sent again: they must go to the same one.
    std::uint64_t held = 0;
    // What writeMark() was told with `covered`; nothing when there is no such mark.
    std::optional<std::int64_t> newest_time;
  };
  // unavailable ("index_ahead") when more is covered than the log has; conflict ("index_taken").
  Result<Opened> open();

  // Another one, written to from now on. REQUIRES: what is below `first_sequence` is durable in `generations`.
  Result<ClusterGeneration> add(const std::vector<ClusterGeneration>& generations, std::uint64_t first_sequence);
  struct Looked {
    std::uint64_t documents = 0, bytes = 0;  // of its primaries
    bool is_same = true;                     // as it was when it was found or made
  };
  Result<Looked> look(const ClusterGeneration& newest) const;
  // `durable` as found by look(); `searchable`, at least that, as of the last refresh; `newest_time` of the records up
  // to `durable`, for whoever needs to know it of them alone. conflict ("index_taken").
  Status writeMark(const ClusterGeneration& newest, std::uint64_t durable, std::uint64_t searchable,
                   std::optional<std::int64_t> newest_time = std::nullopt);
  // How many documents went with it.
  Result<std::uint64_t> remove(const ClusterGeneration& generation) const;

  static std::string writeAlias(const ClusterGeneration& generation) { return generation.name + "-write"; }
  const std::string& alias() const { return alias_; }
  // What the writer's mark says.
  struct Coverage {
    std::string newest;  // its index
    std::string history;
    std::uint64_t searchable = 0, durable = 0, log_end = 0;
  };
  // unavailable ("index_missing") when there is no mark.
  Result<Coverage> readCoverage() const;
  // The generations that `said` is of, oldest first; times are asked of those that `known` had not ended, and not of
  // the newest. unavailable ("index_missing", or "index_moved" when the mark is of other data).
  Result<std::vector<ClusterGeneration>> findCovered(const Coverage& said,
                                                     const std::vector<ClusterGeneration>& known) const;

  // The names of those whose times meet what is wanted, the newest always: an answer has the shape that its mapping
  // gives it. All by their alias when that would be too long.
  std::string targetOf(const std::vector<ClusterGeneration>& generations, const TimeRange& wanted) const;
  const std::string& targetOfAll() const { return alias_; }
  // As ClusterReads does, of what targetOf() names. From any thread.
  Result<std::string> search(const std::string& target, std::string_view request, std::int64_t deadline_nanos,
                             std::string_view parameters = {}) const;
  Result<search::EngineStats> stats(std::int64_t deadline_nanos) const;  // of all

  const search::IndexDefinition& definition() const { return definition_; }
  const ClusterStreamOptions& options() const { return options_; }

 private:
  ClusterGenerations(ClusterStreamOptions options, search::Cluster& cluster, const base::Clock& clock,
                     base::Observer& observer)
      : options_(std::move(options)), cluster_(&cluster), clock_(&clock), observer_(&observer) {}
  Status putTemplate() const;
  Status missing() const;
  Result<std::vector<ClusterGeneration>> find() const;
  Status readRange(ClusterGeneration& generation) const;
  Result<std::uint64_t> readLastSequence(const ClusterGeneration& generation) const;
  Result<ClusterGeneration> make(std::uint64_t number, std::uint64_t first_sequence);
  Status setAliases(const std::vector<ClusterGeneration>& generations) const;
  Status cover(const std::vector<ClusterGeneration>& found, Opened& opened);

  ClusterStreamOptions options_;
  search::Cluster* cluster_;
  const base::Clock* clock_;
  base::Observer* observer_;
  search::IndexDefinition definition_;
  std::string alias_, template_;
  std::optional<search::IndexMark> mark_;
  std::string history_;  // of the newest
};

}  // namespace gyre::stream
