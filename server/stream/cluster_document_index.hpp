// How do documents of a stream become searchable on a cluster? Each is a document there, with the id and source that it
// has in a local index; requests are forwarded to the generations that their time range needs.
//
// THREADS: as StreamIndex. OWNS: nothing of the cluster, which outlives it.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "server/stream/cluster_stream_index.hpp"

namespace gyre::stream {

class ClusterDocumentIndex final : public ClusterStreamIndex {
 public:
  // invalid_argument when the definition is none; conflict ("index_taken") when another server fills the indices; that
  // the cluster is away is logged and no failure.
  static Result<std::unique_ptr<ClusterDocumentIndex>> open(ClusterStreamOptions options, search::Cluster& cluster,
                                                            const base::Clock& clock, base::Observer& observer);
  Result<search::SearchAnswer> search(std::string_view request, std::int64_t deadline_nanos) const override;

 private:
  using ClusterStreamIndex::ClusterStreamIndex;
  Result<std::uint64_t> gather(const RecordBatch& batch, std::uint64_t first_sequence, std::uint64_t next,
                               std::int64_t arrived_millis, GenerationRange& range) override;
};

}  // namespace gyre::stream
