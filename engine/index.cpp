#include "engine/index.hpp"

#include "engine/search/searcher.hpp"
#include "engine/writer/index_writer.hpp"

namespace gyre::engine {
namespace {

class OpenIndex final : public Index {
 public:
  OpenIndex(std::unique_ptr<IndexWriter> writer, std::string name)
      : writer_(std::move(writer)), name_(std::move(name)) {}

  Result<std::vector<OperationOutcome>> apply(std::span<const Operation> operations, std::uint64_t sequence) override {
    return writer_->apply(operations, sequence);
  }
  Status sync() override { return writer_->sync(); }
  std::uint64_t logBytes() const override { return writer_->logBytes(); }
  Status refresh() override { return writer_->refresh(); }
  Status commit() override { return writer_->commit(); }
  Status merge() override { return writer_->merge(); }
  Status forceMerge(std::uint32_t max_segments) override { return writer_->forceMerge(max_segments); }
  Status putMapping(std::string_view mappings) override { return writer_->putMapping(mappings); }
  Status putSettings(std::string_view settings) override { return writer_->putSettings(settings); }
  Status close() override { return writer_->close(); }
  void abandon() override { writer_->abandon(); }

  std::shared_ptr<const Snapshot> snapshot() const override { return writer_->snapshot(); }
  Checkpoint checkpoint() const override { return writer_->checkpoint(); }
  IndexStats stats() const override { return writer_->stats(); }
  std::shared_ptr<const Mapping> mapping() const override { return writer_->mapping(); }
  Result<std::optional<StoredDocument>> get(std::string_view id, GetOptions options) const override {
    return writer_->get(id, options);
  }

  Result<SearchAnswer> search(std::string_view request, std::int64_t deadline_nanos) const override {
    const auto current = writer_->snapshot();
    GYRE_TRY_ASSIGN(std::string body, runSearch(*current, name_, request, deadline_nanos));
    return SearchAnswer{std::move(body), current->generation, current->sequence};
  }

  Status scan(const std::function<bool(std::string_view, std::uint64_t, std::string_view)>& visit) const override {
    const auto current = writer_->snapshot();
    bool is_wanted = true;
    for (const SegmentView& view : current->segments) {
      const auto& segment = static_cast<const OpenSegment&>(*view.segment);
      for (std::uint32_t block = 0; block < segment.stored().blockCount() && is_wanted; ++block) {
        const Status visited = segment.visitSources(block, [&](DocId doc, std::string_view source) {
          if (is_wanted && isVisible(view, doc)) is_wanted = visit(segment.idText(doc), segment.version(doc), source);
          return Status();
        });
        if (!visited.isOk()) return visited.withPrefix(segment.name());
      }
    }
    return {};
  }

 private:
  std::unique_ptr<IndexWriter> writer_;
  std::string name_;
};

// The folder's own name, unless the owner gave one.
std::string nameOf(const Directory& directory, const IndexOptions& options) {
  if (!options.name.empty()) return options.name;
  const std::string where = directory.describe();
  return where.substr(where.find_last_of('/') + 1);
}

}  // namespace

Result<std::unique_ptr<Index>> Index::open(Directory& directory, std::string_view definition, IndexOptions options,
                                           base::Observer& observer) {
  GYRE_TRY_ASSIGN(auto writer, IndexWriter::open(directory, definition, options, observer));
  return std::unique_ptr<Index>(std::make_unique<OpenIndex>(std::move(writer), nameOf(directory, options)));
}

}  // namespace gyre::engine
