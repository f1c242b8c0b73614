// Which index holds a domain's documents, and how much of the log does it cover?
//
// A domain writes and reads through an alias, PREFIX + NAME, over one index, PREFIX + NAME-000001; a mapping that is no
// longer the domain's gets the next number and the alias, and the one before is kept. Requests through the alias
// require it to be one, so a cluster never makes an index of its own guess when ours was deleted.
//
// FORMAT: the index PREFIX + gyre-marks has one document a domain (index_mark.hpp), its id the alias:
//   {"index": name, "history": text, "sequence": n, "applied": n, "log": n, "written": millis}
// All up to `sequence` is seen by searches, all up to `applied` is once the index is refreshed, and the log ended at
// `log` when that was written.
// `history` names the index's and its primaries' identities, so a mark counts only for the very data it was written
// for: an index that was deleted, restored from an older copy, or lost its data has another one, and is filled again.
//
// An index is built anew beside the one in use: the next number, behind the hidden alias PREFIX + NAME-building, which
// is the id of its mark as well. It is taken into use by one change of both aliases. The mark of the index before is
// kept under that one's own name, so whoever moves the alias back finds it where it was; it is deleted by the next
// build.
//
// THREADS: one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "gyre/json.hpp"
#include "gyre/status.hpp"
#include "server/search/opensearch/cluster.hpp"
#include "server/search/opensearch/exact_sums.hpp"
#include "server/search/opensearch/index_definition.hpp"
#include "server/search/opensearch/index_mark.hpp"

namespace gyre::search {

struct ClusterIndexOptions {
  std::string prefix;                            // of all names, "" for none
  std::string name;                              // of the domain
  std::string definition;                        // {"settings":{…},"mappings":{…}}, as the domain gives it
  unsigned shards = 0;                           // 0: as the definition says
  int replicas = -1;                             // -1: as the definition says
  std::function<std::uint64_t()> last_sequence;  // of the log: an index that covers more belongs to another
  bool is_shared = false;                        // other servers read it: they are told how far it is as it changes
  MarkOwner owner;
  bool is_build = false;  // of the next index, beside the one in use
};

// What the one who writes an index has said of it.
struct IndexCoverage {
  std::string index;
  std::string history;
  std::uint64_t searchable = 0;
  std::uint64_t applied = 0;  // at least searchable
  std::uint64_t log_end = 0;  // when it was said; at least applied
};

class ClusterIndex {
 public:
  // invalid_argument when the definition is none.
  static Result<ClusterIndex> read(ClusterIndexOptions options);

  // Finds the index or makes it; a build that was begun, of the same mapping, goes on. The sequence that it covers,
  // durably; 0 for a new one, which it also gets when it was taken over from another store. conflict ("index_taken")
  // when another server fills it.
  Result<std::uint64_t> open(Cluster& cluster, const base::Clock& clock, base::Observer& observer);
  // Says that all up to `searchable` is seen by searches and all up to `applied` is in the index, both durably.
  // conflict ("index_taken") as open(). REQUIRES: open() was ok.
  Status writeMark(Cluster& cluster, std::uint64_t searchable, std::uint64_t applied, std::int64_t now_millis);

  // For who only reads: which index it is now and how much is in it, by its writer's mark. Whether it is the very data
  // that the mark was written for is looked at unless it says of itself what `known` does. unavailable "index_missing"
  // when nobody has made it yet, or it is gone; "index_moved" while the mark is of other data.
  Result<IndexCoverage> look(Cluster& cluster, const IndexCoverage& known, base::Observer& observer);
  // The index that was built is the domain's from now on; whoever opens that finds it as the build left it. REQUIRES:
  // options said is_build, open() was ok, and the mark is of all that is in it.
  Status takeIntoUse(Cluster& cluster);
  bool isShared() const { return options_.is_shared; }

  const std::string& alias() const { return alias_; }
  const std::string& name() const { return name_; }  // of the index; "" before open()
  const ExactSums& sums() const { return definition_.sums(); }

 private:
  std::string body(Product product, bool has_alias) const;
  Result<std::string> findName(Cluster& cluster) const;
  Result<std::string> nextName(Cluster& cluster) const;
  Result<bool> isOurs(Cluster& cluster) const;
  Result<std::optional<IndexCoverage>> findMark(Cluster& cluster) const;
  Result<std::uint64_t> findCovered(Cluster& cluster);
  Status deleteFormerBuilds(Cluster& cluster) const;
  Status make(Cluster& cluster, const std::string& former);

  ClusterIndexOptions options_;
  std::string base_;   // the domain's alias
  std::string alias_;  // by which this one is written and read
  std::string marks_;
  std::optional<IndexMark> mark_;
  IndexDefinition definition_;
  std::string name_;
  std::string history_;
};

}  // namespace gyre::search
