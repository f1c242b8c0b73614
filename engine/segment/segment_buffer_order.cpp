// Another order of the documents in the buffer: for an index that is sorted.
#include <numeric>

#include "engine/segment/segment_buffer.hpp"

namespace gyre::engine {

namespace {

// What documents have of one field, in their new order.
class Reordering {
 public:
  // `old_of`: by new number the old one.
  explicit Reordering(std::span<const DocId> old_of) : old_of_(old_of) {}

  void operator()(FieldBuffer& buffer) {
    if (!buffer.ends.empty()) return reorderRuns(buffer);
    if (buffer.docs.empty()) return;
    // The values of a document stand together, and documents ascend.
    first_.assign(old_of_.size() + 1, 0);
    for (const DocId doc : buffer.docs) ++first_[doc + 1];
    std::partial_sum(first_.begin(), first_.end(), first_.begin());
    std::vector<DocId> docs;
    docs.reserve(buffer.docs.size());
    std::vector<std::int64_t> numbers;
    numbers.reserve(buffer.numbers.size());
    std::vector<std::uint32_t> term_ids;
    term_ids.reserve(buffer.term_ids.size());
    for (DocId doc = 0; doc < old_of_.size(); ++doc) {
      const std::uint32_t begin = first_[old_of_[doc]], end = first_[old_of_[doc] + 1];
      docs.insert(docs.end(), end - begin, doc);
      if (!buffer.numbers.empty())
        numbers.insert(numbers.end(), buffer.numbers.begin() + begin, buffer.numbers.begin() + end);
      if (!buffer.term_ids.empty())
        term_ids.insert(term_ids.end(), buffer.term_ids.begin() + begin, buffer.term_ids.begin() + end);
    }
    buffer.docs.swap(docs);
    buffer.numbers.swap(numbers);
    buffer.term_ids.swap(term_ids);
  }

 private:
  // Of a text a document has one run of terms.
  void reorderRuns(FieldBuffer& buffer) {
    constexpr std::uint32_t kNone = 0xffff'ffffu;
    first_.assign(old_of_.size(), kNone);
    for (std::uint32_t run = 0; run < buffer.docs.size(); ++run) first_[buffer.docs[run]] = run;
    std::vector<DocId> docs;
    docs.reserve(buffer.docs.size());
    std::vector<std::uint32_t> term_ids, positions, ends;
    term_ids.reserve(buffer.term_ids.size());
    positions.reserve(buffer.positions.size());
    ends.reserve(buffer.ends.size());
    for (DocId doc = 0; doc < old_of_.size(); ++doc) {
      const std::uint32_t run = first_[old_of_[doc]];
      if (run == kNone) continue;
      const std::uint32_t begin = run == 0 ? 0 : buffer.ends[run - 1], end = buffer.ends[run];
      term_ids.insert(term_ids.end(), buffer.term_ids.begin() + begin, buffer.term_ids.begin() + end);
      positions.insert(positions.end(), buffer.positions.begin() + begin, buffer.positions.begin() + end);
      docs.push_back(doc);
      ends.push_back(static_cast<std::uint32_t>(term_ids.size()));
    }
    buffer.docs.swap(docs);
    buffer.term_ids.swap(term_ids);
    buffer.positions.swap(positions);
    buffer.ends.swap(ends);
  }

  std::span<const DocId> old_of_;
  std::vector<std::uint32_t> first_;
};

}  // namespace

void SegmentBuffer::reorder(std::span<const DocId> order) {
  settle();
  std::vector<DocId> old_of, live, dead;
  for (DocId doc = 0; doc < docCount(); ++doc) (documents_[doc].is_live ? live : dead).push_back(doc);
  old_of.reserve(docCount());
  for (const DocId doc : order) old_of.push_back(live[doc]);
  old_of.insert(old_of.end(), dead.begin(), dead.end());

  std::vector<DocId> new_of(docCount());
  std::vector<Document> documents;
  documents.reserve(docCount());
  for (const DocId old : old_of) {
    new_of[old] = static_cast<DocId>(documents.size());
    documents.push_back(documents_[old]);
  }
  documents_.swap(documents);
  for (DocId& doc : latest_)
    if (doc != kNoMoreDocs) doc = new_of[doc];
  Reordering reordering(old_of);
  for (FieldBuffer& buffer : fields_) {
    reordering(buffer);
    if (buffer.completions.size() > 0) buffer.completions.renumber(new_of);
    count(buffer);
  }
}

}  // namespace gyre::engine
