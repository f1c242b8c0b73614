#include "engine/segment/segment_check.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace gyre::engine {
namespace {

// One segment, behind checksums that hold: only a fault of ours, or a file made to deceive, is found here.
class SegmentCheck {
 public:
  SegmentCheck(const OpenSegment& segment, const std::function<void(std::string_view)>& report)
      : segment_(segment), report_(report) {}

  // False when something was reported.
  bool run() {
    checkSources();
    for (DocId doc = 0; doc < segment_.docCount(); ++doc)
      if (!isObject(segment_, doc) && segment_.find(segment_.idText(doc)) != doc)
        find("document " + std::to_string(doc) + ": not found by its id");
    for (const FieldEntry& entry : segment_.fields())
      if (const FieldReader* const field = segment_.field(entry.path)) checkField(entry, *field);
    return is_sound_;
  }

 private:
  void find(const std::string& what) {
    is_sound_ = false;
    // A damaged structure fails everywhere; the first few findings say it all.
    if (++findings_ <= kMostFindings) report_(std::string(segment_.name()) + ": " + what);
  }

  void checkSources() {
    for (std::uint32_t block = 0; block < segment_.stored().blockCount(); ++block) {
      const Status read = segment_.visitSources(block, [this](DocId doc, std::string_view source) {
        if (isObject(segment_, doc) && (!source.empty() || !segment_.idText(doc).empty()))
          find("document " + std::to_string(doc) + ": a nested object with an id or a source");
        return Status();
      });
      if (!read.isOk()) find(std::string(read.message()));
    }
  }

  void checkField(const FieldEntry& entry, const FieldReader& field) {
    if (field.terms != nullptr) checkTerms(entry, field);
    if (field.column != nullptr) checkColumn(entry, *field.column);
    if (field.completion != nullptr) checkCompletion(entry, *field.completion);
  }

  void checkTerms(const FieldEntry& entry, const FieldReader& field) {
    const auto cursor = field.terms->cursor();
    std::string last;
    std::uint32_t count = 0;
    std::uint64_t total = 0;
    while (cursor->next()) {
      if (count > 0 && cursor->term() <= last)
        find(entry.path + ": term " + std::to_string(count) + " is out of order");
      last = cursor->term();
      ++count;
      if (field.postings == nullptr) continue;
      total += cursor->info().total_term_freq;
      checkPostings(entry, field, cursor->info(), count - 1);
    }
    if (count != field.terms->size()) find(entry.path + ": term " + std::to_string(count) + " cannot be read");
    if (field.postings != nullptr && total != entry.sum_total_term_freq)
      find(entry.path + ": occurrences do not add up");
  }

  void checkPostings(const FieldEntry& entry, const FieldReader& field, const TermInfo& info, std::uint32_t ordinal) {
    const auto bad = [&](std::string_view what) {
      find(entry.path + ": term " + std::to_string(ordinal) + ": " + std::string(what));
    };
    const auto postings = field.postings->cursor(info);
    std::uint64_t docs = 0, occurrences = 0, next = 0;
    while (next < segment_.docCount() && postings->advanceBlock(static_cast<DocId>(next))) {
      const auto bound = postings->boundAt(static_cast<DocId>(next));
      const std::span<const DocId> block = postings->docs();
      const std::span<const std::uint32_t> freqs = postings->freqs();
      for (std::uint32_t i = 0; i < block.size(); ++i) {
        if (block[i] < next || block[i] >= segment_.docCount()) return bad("documents out of order");
        next = std::uint64_t{block[i]} + 1;
        ++docs;
        occurrences += freqs[i];
        if (freqs[i] > bound.max_freq) bad("a frequency above its bound");
        if (field.type != FieldType::kText) continue;
        const std::uint8_t norm = field.norms != nullptr ? field.norms[block[i]] : std::uint8_t{1};
        if (norm < bound.min_norm) bad("a length below its bound");
        if (postings->positions(i).size() != freqs[i]) bad("positions that are not as many as occurrences");
      }
      if (bound.last_doc != block.back()) return bad("a block that ends elsewhere");
    }
    if (docs != info.doc_freq || occurrences != info.total_term_freq) bad("counts contradict the postings");
  }

  void checkColumn(const FieldEntry& entry, const ColumnReader& column) {
    std::vector<std::uint32_t> offsets;
    std::vector<std::int64_t> values;
    std::uint64_t docs = 0;
    for (DocId first = 0; first < segment_.docCount(); first += kWindowDocs) {
      const std::uint32_t window = first / kWindowDocs;
      const ColumnBlockStats stats = column.blockStats(window);
      column.readMulti(window, offsets, values);
      docs += stats.doc_count;
      for (const std::int64_t value : values)
        if (value < stats.min || value > stats.max)
          return find(entry.path + ": block " + std::to_string(window) + ": a value outside its bounds");
      for (std::size_t i = 0; i + 1 < offsets.size(); ++i)
        if (!std::is_sorted(values.begin() + offsets[i], values.begin() + offsets[i + 1]))
          return find(entry.path + ": block " + std::to_string(window) + ": values out of order");
    }
    if (docs != entry.doc_count) find(entry.path + ": documents do not add up");
  }

  void checkCompletion(const FieldEntry& entry, const CompletionReader& completion) {
    std::uint64_t count = 0;
    std::uint32_t last_weight = 0xffff'ffffu;
    bool is_sorted = true;
    completion.visit("", "", [&](const Completion& each) {
      is_sorted = is_sorted && each.weight <= last_weight;
      last_weight = each.weight;
      return ++count <= entry.sum_total_term_freq;
    });
    if (!is_sorted || count != entry.sum_total_term_freq) find(entry.path + ": inputs do not add up");
  }

  static constexpr int kMostFindings = 20;
  const OpenSegment& segment_;
  const std::function<void(std::string_view)>& report_;
  bool is_sound_ = true;
  int findings_ = 0;
};

}  // namespace

bool checkSegment(const OpenSegment& segment, const std::function<void(std::string_view)>& report) {
  return SegmentCheck(segment, report).run();
}

}  // namespace gyre::engine
