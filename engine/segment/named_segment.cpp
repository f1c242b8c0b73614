#include "engine/segment/named_segment.hpp"

#include <mutex>
#include <utility>

#include "engine/codec/column_codec.hpp"
#include "engine/codec/term_codec.hpp"

namespace gyre::engine {
namespace {

class NamedSegment final : public SegmentReader {
 public:
  NamedSegment(std::shared_ptr<const SegmentReader> segment, std::string index_name)
      : segment_(std::move(segment)), index_name_(std::move(index_name)) {}

  std::string_view name() const override { return segment_->name(); }
  std::uint32_t docCount() const override { return segment_->docCount(); }
  std::uint64_t sizeBytes() const override { return segment_->sizeBytes(); }
  const FieldReader* field(std::string_view path) const override {
    if (path != kIndexNamePath) return segment_->field(path);
    std::call_once(is_made_, [this] { make(); });
    return field_.column == nullptr ? nullptr : &field_;
  }
  std::optional<DocId> find(std::string_view id) const override { return segment_->find(id); }
  Result<std::string> id(DocId doc) const override { return segment_->id(doc); }
  Result<std::string> source(DocId doc) const override { return segment_->source(doc); }
  std::uint64_t version(DocId doc) const override { return segment_->version(doc); }
  std::uint64_t seqNo(DocId doc) const override { return segment_->seqNo(doc); }
  std::string_view routing(DocId doc) const override { return segment_->routing(doc); }
  const NestedDocs* nested() const override { return segment_->nested(); }

 private:
  void make() const {
    TermDictionaryWriter dictionary(TermDetail::kBare);
    dictionary.add(index_name_, {});
    dictionary.finish(term_bytes_);
    ColumnWriter ordinals(ColumnContent::kWhole);
    for (DocId doc = 0; doc < docCount(); ++doc) ordinals.add(doc, 0);
    ordinals.finish(docCount(), column_bytes_);
    auto terms = openTerms(base::asBytes(term_bytes_));
    auto column = openColumn(base::asBytes(column_bytes_), docCount());
    if (!terms.isOk() || !column.isOk()) return;
    terms_ = std::move(terms).value();
    column_ = std::move(column).value();
    field_.type = FieldType::kKeyword;
    field_.terms = terms_.get();
    field_.column = column_.get();
    field_.doc_count = docCount();
    field_.sum_total_term_freq = docCount();
  }

  std::shared_ptr<const SegmentReader> segment_;
  std::string index_name_;
  mutable std::once_flag is_made_;
  mutable std::string term_bytes_, column_bytes_;
  mutable std::unique_ptr<TermDictionaryReader> terms_;
  mutable std::unique_ptr<ColumnReader> column_;
  mutable FieldReader field_;
};

}  // namespace

std::shared_ptr<const Snapshot> withIndexName(const Snapshot& snapshot, const std::string& index_name) {
  auto named = std::make_shared<Snapshot>(snapshot);
  for (SegmentView& view : named->segments)
    view.segment = std::make_shared<NamedSegment>(std::move(view.segment), index_name);
  return named;
}

}  // namespace gyre::engine
