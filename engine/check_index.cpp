// checkIndex: reads everything an index holds, and says what contradicts what.
#include <algorithm>
#include <string>
#include <vector>

#include "engine/codec/live_docs.hpp"
#include "engine/index.hpp"
#include "engine/segment/open_segment.hpp"
#include "engine/writer/segment_files.hpp"

namespace gyre::engine {
namespace {

bool isObject(const OpenSegment& segment, DocId doc) {
  return segment.nested() != nullptr && !segment.nested()->isRoot(doc);
}

// One segment, behind checksums that hold: only a fault of ours, or a file made to deceive, is found here.
class SegmentCheck {
 public:
  SegmentCheck(const OpenSegment& segment, const std::function<void(std::string_view)>& report)
      : segment_(segment), report_(report) {}

  // False when something was reported.
  bool run() {
    checkSources();
    for (DocId doc = 0; doc < segment_.docCount(); ++doc)
      if (!isObject(segment_, doc) && segment_.find(segment_.idView(doc)) != doc) find("document " + std::to_string(doc) + ": not found by its id");
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
      const Status read = segment_.stored().visitBlock(block, [this](DocId doc, std::string_view source) {
        if (isObject(segment_, doc) && (!source.empty() || !segment_.idView(doc).empty()))
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
        if (field.norms == nullptr) continue;
        if (field.norms[block[i]] < bound.min_norm) bad("a length below its bound");
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

// Ids that live in two places. By hash: 64 bits keep apart more documents than a directory holds.
bool checkUnique(const std::vector<std::pair<std::shared_ptr<const OpenSegment>, LiveBits>>& segments,
                 const std::function<void(std::string_view)>& report) {
  std::vector<std::uint64_t> hashes;
  for (const auto& [segment, live] : segments)
    for (DocId doc = 0; doc < segment->docCount(); ++doc)
      if (isLive(&live, doc) && !isObject(*segment, doc)) hashes.push_back(hashId(segment->idView(doc)));
  std::sort(hashes.begin(), hashes.end());
  if (std::adjacent_find(hashes.begin(), hashes.end()) == hashes.end()) return true;
  report("an id is live in two documents");
  return false;
}

// A document lives with all that is nested in it, or goes with it.
bool checkBlocks(const OpenSegment& segment, const LiveBits& live,
                 const std::function<void(std::string_view)>& report) {
  if (segment.nested() == nullptr) return true;
  for (DocId doc = 0; doc < segment.docCount(); ++doc) {
    if (isLive(&live, doc) == isLive(&live, segment.nested()->rootOf(doc))) continue;
    report("commit: document " + std::to_string(doc) + " of " + std::string(segment.name()) +
           " is deleted apart from the block it belongs to");
    return false;
  }
  return true;
}

}  // namespace

Status checkIndex(Directory& directory, const std::function<void(std::string_view)>& report) {
  SegmentFiles files(directory);
  auto commit = files.readCommit();
  if (!commit.isOk()) {
    report(commit.status().message());
    return commit.status().withPrefix(directory.describe());
  }
  bool is_sound = true;
  std::vector<std::pair<std::shared_ptr<const OpenSegment>, LiveBits>> segments;
  for (const CommittedSegment& committed : commit.value().segments) {
    auto segment = files.openCommitted(committed);
    if (!segment.isOk()) {
      report(segment.status().message());
      is_sound = false;
      continue;
    }
    is_sound = SegmentCheck(*segment.value(), report).run() && is_sound;
    std::optional<LiveBits> live = committed.live.empty()
                                       ? allLive(committed.doc_count)
                                       : parseLive(base::asBytes(committed.live), committed.doc_count);
    if (!live) {
      report("commit: live documents of " + committed.name + " make no sense");
      is_sound = false;
      continue;
    }
    is_sound = checkBlocks(*segment.value(), *live, report) && is_sound;
    segments.emplace_back(std::move(segment).value(), std::move(*live));
  }
  is_sound = checkUnique(segments, report) && is_sound;
  return is_sound ? Status() : corruption(directory.describe() + ": the index is damaged");
}

}  // namespace gyre::engine
