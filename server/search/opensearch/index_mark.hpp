// Who writes an index of a cluster, and how far is it? Its document in the index of marks, which one writer holds.
//
// Two servers that write one index would each take the other's documents for their own. So the mark names its owner:
// the store that the index is filled from, and the server that does it. A writer claims the mark when it finds its
// index, and writes it afterwards only over what itself wrote last (the cluster compares sequence numbers), so it
// notices another one at its next mark. Of two servers with copies of one store the later holds it.
//
// FORMAT: beside what its writer says (see cluster_calls.hpp): "owner": {"store","server","since": millis}, and
// "foreign": true from when another store's was taken over until its new owner has written it.
//
// THREADS: one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/status.hpp"
#include "server/search/opensearch/cluster.hpp"

namespace gyre::search {

// The reason of what is said to a writer whose index another one holds; conflict.
inline constexpr std::string_view kIndexTaken = "index_taken";

struct MarkOwner {
  std::string store;              // its identity; "": nobody else can write, and nothing is compared
  std::string server;             // who that is, for people
  std::int64_t since_millis = 0;  // it runs
  bool takes_over = false;        // from another store, which is gone for good
  bool may_take_over = true;      // else nobody is told that it could
};

class IndexMark {
 public:
  // `marks`: the index of marks; `id`: of the document.
  IndexMark(std::string marks, std::string id, MarkOwner owner);

  // Makes the index of marks when it is not there; the mark is ours afterwards. True when another store's was taken
  // over, by this or an earlier claim that write() has not followed. conflict ("index_taken") naming the owner.
  Result<bool> claim(Cluster& cluster);
  // {"_source":…} and more; nothing when there is none.
  Result<std::optional<json::Document>> read(Cluster& cluster) const;
  // `members` writes what the mark says beside its owner. conflict ("index_taken") when somebody else holds it by now.
  // REQUIRES: claim() was ok.
  Status write(Cluster& cluster, const std::function<void(JsonWriter&)>& members);

 private:
  Result<bool> put(Cluster& cluster, const std::string& body);
  void setVersion(json::Value found);
  Status busy() const;
  Status checkOwner(json::Value owner, bool is_ours_now) const;
  std::string bodyOf(const std::function<void(JsonWriter&)>& members) const;

  std::string marks_;
  std::string id_;
  MarkOwner owner_;
  bool is_claimed_ = false;
  // Of what we wrote or found last; nothing when there was none.
  struct Version {
    std::int64_t number, term;
  };
  std::optional<Version> version_;
};

}  // namespace gyre::search
