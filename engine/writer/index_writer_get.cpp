// What document has this id now? The reading half of IndexWriter.
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>

#include "engine/writer/index_writer.hpp"

namespace gyre::engine {
namespace {

Result<std::optional<StoredDocument>> read(const SegmentReader& segment, DocId doc, bool wants_source) {
  StoredDocument found{{}, segment.version(doc), segment.seqNo(doc), std::string(segment.routing(doc))};
  if (wants_source) {
    GYRE_TRY_ASSIGN(found.source, segment.source(doc));
  }
  return std::optional(std::move(found));
}

Result<std::optional<StoredDocument>> readSearchable(const Snapshot& snapshot, std::string_view id, bool wants_source) {
  for (auto view = snapshot.segments.rbegin(); view != snapshot.segments.rend(); ++view) {
    const auto doc = view->segment->find(id);
    if (doc && isLive(view->live.get(), *doc)) return read(*view->segment, *doc, wants_source);
  }
  return std::optional<StoredDocument>();
}

}  // namespace

Result<std::optional<StoredDocument>> IndexWriter::get(std::string_view id, GetOptions options) const {
  if (!options.is_realtime) return readSearchable(*snapshot(), id, options.wants_source);
  const std::uint64_t hash = hashId(id);
  std::shared_ptr<const OpenSegment> segment;
  DocId doc = 0;
  {
    const std::shared_lock lock(state_mutex_);
    if (const auto buffered = buffer_->find(id, hash)) {
      const std::string_view source = options.wants_source ? buffer_->source(*buffered) : std::string_view();
      return std::optional(StoredDocument{std::string(source), buffer_->version(*buffered), buffer_->seqNo(*buffered),
                                          std::string(buffer_->routing(*buffered))});
    }
    const auto place = segments_.find(id, hash);
    if (!place) return std::optional<StoredDocument>();
    segment = segments_.all()[place->segment].segment;
    doc = place->doc;
  }
  return read(*segment, doc, options.wants_source);
}

}  // namespace gyre::engine
