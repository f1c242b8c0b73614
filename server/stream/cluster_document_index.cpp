#include "server/stream/cluster_document_index.hpp"

#include <utility>

#include "server/stream/record_document.hpp"

namespace gyre::stream {

Result<std::unique_ptr<ClusterDocumentIndex>> ClusterDocumentIndex::open(ClusterStreamOptions options,
                                                                         search::Cluster& cluster,
                                                                         const base::Clock& clock,
                                                                         base::Observer& observer) {
  GYRE_TRY_ASSIGN(ClusterGenerations indices, ClusterGenerations::read(std::move(options), cluster, clock, observer));
  std::unique_ptr<ClusterDocumentIndex> index(new ClusterDocumentIndex(std::move(indices), cluster, clock, observer));
  GYRE_TRY(index->begin());
  return index;
}

Result<std::uint64_t> ClusterDocumentIndex::gather(const RecordBatch& batch, std::uint64_t first_sequence,
                                                   std::uint64_t next, std::int64_t arrived_millis,
                                                   GenerationRange& range) {
  for (auto i = static_cast<std::size_t>(next - first_sequence); i < batch.size(); ++i) {
    const std::string_view record = batch.record(i);
    search::BulkOperation operation;
    appendDocumentId(batch.id(i), batch.timeMillis(i), next, operation.id);
    operation.version = next;
    operation.source.reserve(record.size() + 40);
    appendDocumentSource(record, next, operation.source);
    // What follows the first member is the record's own.
    std::uint32_t spliced = 0;
    if (record.starts_with('{')) {
      const std::size_t end = operation.source.find_first_of(",}");
      spliced = static_cast<std::uint32_t>(operation.source[end] == ',' ? end + 1 : end);
    }
    range.add(batch.timeMillis(i), arrived_millis);
    add(std::move(operation), batch.timeMillis(i), spliced);
    ++next;
    if (isFull()) break;
  }
  return next;
}

Result<search::SearchAnswer> ClusterDocumentIndex::search(std::string_view request, std::int64_t deadline_nanos) const {
  GYRE_TRY(health());
  const search::Progress before = progress();
  GYRE_TRY_ASSIGN(std::string body, ask(timeRangeOf(request, options().time_field), request, deadline_nanos));
  return search::SearchAnswer{std::move(body), before.generation, before.searchable};
}

}  // namespace gyre::stream
