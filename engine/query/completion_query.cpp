#include "engine/query/completion_query.hpp"

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "engine/analysis/analyzer.hpp"
#include "engine/codec/norms.hpp"
#include "engine/query/bm25.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/scorers.hpp"
#include "engine/suggest/completion_index.hpp"

namespace gyre::engine {

namespace {

// The documents of one segment with the term, ascending.
struct Match {
  DocId doc = 0;
  std::uint32_t freq = 0;
  std::uint8_t norm = 0;
};

const CompletionIndexReader* inputsOf(const SegmentReader& segment, std::string_view path) {
  const FieldReader* const field = segment.field(path);
  // Every completion of a segment is one.
  return field == nullptr ? nullptr : static_cast<const CompletionIndexReader*>(field->completion);
}

std::map<DocId, std::uint32_t> frequencies(const CompletionIndexReader& inputs, const std::string& key) {
  std::uint32_t first = 0, end = inputs.size();
  while (first < end) {
    const std::uint32_t middle = first + (end - first) / 2;
    if (inputs.input(middle).analysed < key)
      first = middle + 1;
    else
      end = middle;
  }
  std::map<DocId, std::uint32_t> found;
  for (; first < inputs.size() && inputs.input(first).analysed == key; ++first) ++found[inputs.input(first).doc];
  return found;
}

class CompletionTermWeight final : public Weight {
 public:
  CompletionTermWeight(const Snapshot& snapshot, std::string path, std::string key, float boost, bool needs_scores)
      : path_(std::move(path)), key_(std::move(key)), needs_scores_(needs_scores) {
    statistics_.boost = boost;
    std::uint64_t doc_freq = 0;
    for (const SegmentView& view : snapshot.segments) {
      matches_.emplace_back();
      const CompletionIndexReader* const inputs = inputsOf(*view.segment, path_);
      if (inputs == nullptr) continue;
      for (const auto& [doc, freq] : frequencies(*inputs, key_)) matches_.back().push_back({doc, freq, 0});
      doc_freq += matches_.back().size();
    }
    if (doc_freq == 0 || !needs_scores) return;
    statistics_.doc_freqs = {doc_freq};
    for (std::size_t i = 0; i < matches_.size(); ++i) measure(*snapshot.segments[i].segment, matches_[i]);
    bm25_ = statistics_.bm25();
  }

  ScorerPtr scorer(SegmentRun& run) const override {
    const std::vector<Match>& matches = matches_[run.ordinal()];
    if (matches.empty()) return nullptr;
    std::map<float, std::vector<DocId>> by_score;
    for (const Match& match : matches)
      by_score[needs_scores_ ? bm25_.score(static_cast<float>(match.freq), match.norm) : 0].push_back(match.doc);
    std::vector<ScorerPtr> lists;
    for (auto& [score, docs] : by_score) lists.push_back(makeListScorer(std::move(docs), score));
    return lists.size() == 1 ? std::move(lists.front()) : makeSumScorer(std::move(lists));
  }

  Explanation explain(SegmentRun& run, DocId doc) const override {
    for (const Match& match : matches_[run.ordinal()])
      if (match.doc == doc)
        return statistics_.explain(path_ + ":" + key_, doc, static_cast<float>(match.freq), match.norm);
    return Explanation::noMatch("no matching term");
  }

 private:
  // Counts what the segment adds to the field's statistics, and how many inputs the matches have.
  void measure(const SegmentReader& segment, std::vector<Match>& matches) {
    const CompletionIndexReader* const inputs = inputsOf(segment, path_);
    if (inputs == nullptr) return;
    std::vector<std::uint32_t> lengths(segment.docCount());
    for (std::uint32_t i = 0; i < inputs->size(); ++i) {
      const Completion input = inputs->input(i);
      if (input.analysed.empty()) continue;
      if (lengths[input.doc]++ == 0) ++statistics_.field.doc_count;
      ++statistics_.field.sum_total_term_freq;
    }
    for (Match& match : matches) match.norm = lengthToNorm(lengths[match.doc]);
  }

  std::string path_;
  std::string key_;
  bool needs_scores_;
  std::vector<std::vector<Match>> matches_;  // by segment
  ScoreStatistics statistics_;
  Bm25 bm25_;
};

class CompletionTermQuery final : public Query {
 public:
  CompletionTermQuery(std::string path, std::string key, float boost)
      : path_(std::move(path)), key_(std::move(key)), boost_(boost) {}

  Result<WeightPtr> weight(const Snapshot& snapshot, float boost, bool needs_scores) const override {
    return WeightPtr(std::make_unique<CompletionTermWeight>(snapshot, path_, key_, boost * boost_, needs_scores));
  }
  std::string describe() const override { return describeBoosted(path_ + ":" + key_, boost_); }

 private:
  std::string path_;
  std::string key_;
  float boost_;
};

}  // namespace

QueryPtr makeCompletionTermQuery(const Field& field, std::string key, float boost) {
  if (key.empty() || !field.contexts.empty()) return makeNoneQuery("no term of [" + field.path + "]");
  return std::make_unique<CompletionTermQuery>(field.path, std::move(key), boost);
}

std::string completionKey(const Field& field, std::string_view text) {
  std::string key;
  appendCompletionKey(*field.search_analyzer, text, {field.keeps_separators, field.counts_gaps}, key);
  return key;
}

}  // namespace gyre::engine
