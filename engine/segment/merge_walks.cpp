#include "engine/segment/merge_walks.hpp"

#include <algorithm>
#include <utility>

#include "engine/codec/term_codec.hpp"

namespace gyre::engine {

namespace {

// After so many bytes of documents, what was read of the sources is let go.
constexpr std::uint64_t kBytesHeld = 16u << 20;

}  // namespace

Result<std::string_view> SourceWalk::at(DocId doc) {
  while (doc >= first_doc_ + sources_.size()) {
    if (next_block_ == segment_->stored().blockCount())
      return corruption(std::string(segment_->name()) + ": fewer stored documents than there are");
    const StoredFieldsReader::Block block = segment_->stored().block(next_block_);
    first_doc_ = block.first_doc;
    sources_.clear();
    if (doc < first_doc_ + block.doc_count) {
      const Status read = segment_->visitSources(next_block_, [this](DocId, std::string_view source) {
        sources_.emplace_back(source);
        return Status();
      });
      if (!read.isOk()) return read.withPrefix(segment_->name());
    }
    ++next_block_;
  }
  return std::string_view(sources_[doc - first_doc_]);
}

std::span<const std::int64_t> ColumnWalk::at(DocId doc) {
  if (column_ == nullptr) return {};
  if (doc / kWindowDocs != window_) {
    window_ = doc / kWindowDocs;
    column_->readMulti(window_, offsets_, values_);
  }
  const std::uint32_t place = doc % kWindowDocs;
  if (place + 1 >= offsets_.size()) return {};
  return std::span<const std::int64_t>(values_).subspan(offsets_[place], offsets_[place + 1] - offsets_[place]);
}

PostingsWalk::PostingsWalk(const PostingsReader* postings, const TermInfo& info, const DocMap& map, bool has_positions)
    : map_(&map), has_positions_(has_positions), is_inline_(isInlineTerm(info)) {
  if (is_inline_) {
    inline_doc_ = static_cast<DocId>(info.postings_offset);
    inline_position_ = static_cast<std::uint32_t>(info.postings_offset >> 32);
  } else {
    cursor_ = postings->cursor(info);
  }
}

bool PostingsWalk::next() {
  if (is_inline_) {
    if (is_read_) return false;
    is_read_ = true;
    doc_ = (*map_)(inline_doc_);
    return doc_ != kNoMoreDocs;
  }
  if (is_read_) ++at_;
  for (is_read_ = true;; ++at_) {
    while (at_ >= docs_.size()) {
      if (!cursor_->advanceBlock(next_)) return false;
      docs_ = cursor_->docs();
      next_ = docs_.back() + 1;
      at_ = 0;
    }
    doc_ = (*map_)(docs_[at_]);
    if (doc_ != kNoMoreDocs) return true;
  }
}

std::span<const std::uint32_t> PostingsWalk::positions() {
  if (!has_positions_) return {};
  if (is_inline_) return {&inline_position_, 1};
  return cursor_->positions(at_);
}

std::vector<DocMap> mapInOrder(std::span<const MergeSource> sources, std::span<const std::uint16_t> order) {
  std::vector<std::vector<DocId>> numbers;
  for (const MergeSource& source : sources) numbers.emplace_back(source.segment->docCount(), kNoMoreDocs);
  std::vector<DocId> next(sources.size(), 0);
  for (DocId number = 0; number < order.size(); ++number) {
    const std::size_t i = order[number];
    while (!isLive(sources[i].live.get(), next[i])) ++next[i];
    numbers[i][next[i]++] = number;
  }
  std::vector<DocMap> maps;
  for (std::vector<DocId>& of_source : numbers) maps.emplace_back(std::move(of_source));
  return maps;
}

Status interleaveSources(std::span<const MergeSource> sources, const std::vector<DocMap>& maps,
                         std::span<const std::uint16_t> order, const std::atomic<bool>& stop,
                         StoredFieldsWriter& stored) {
  std::vector<SourceWalk> walks;
  for (const MergeSource& source : sources) walks.emplace_back(*source.segment);
  Status status;
  std::uint64_t bytes_held = 0;
  eachInOrder(maps, order, [&](std::size_t i, DocId doc, DocId number) {
    if (!status.isOk()) return;
    if (number % kWindowDocs == 0 && stop.load(std::memory_order_relaxed)) {
      status = unavailable("merge stopped");
      return;
    }
    const auto source = walks[i].at(doc);
    status = source.isOk() ? stored.add(source.value()) : source.status();
    if (!status.isOk()) return;
    bytes_held += source.value().size();
    if (bytes_held < kBytesHeld) return;
    bytes_held = 0;
    for (const MergeSource& each : sources) each.segment->letGo();
  });
  return status;
}

void interleavePostings(std::vector<PostingsWalk> walks, PostingsWriter& postings) {
  std::erase_if(walks, [](PostingsWalk& walk) { return !walk.next(); });
  const auto is_after = [](const PostingsWalk& a, const PostingsWalk& b) { return a.doc() > b.doc(); };
  std::make_heap(walks.begin(), walks.end(), is_after);
  while (!walks.empty()) {
    std::pop_heap(walks.begin(), walks.end(), is_after);
    postings.add(walks.back().doc(), walks.back().positions());
    if (walks.back().next()) {
      std::push_heap(walks.begin(), walks.end(), is_after);
    } else {
      walks.pop_back();
    }
  }
}

}  // namespace gyre::engine
