#include "engine/query/field_query.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "engine/analysis/analyzer.hpp"
#include "engine/query/bm25.hpp"
#include "engine/query/query_parser.hpp"
#include "engine/query/scorers.hpp"
#include "engine/query/term_scorer.hpp"
#include "engine/query/term_visitor.hpp"

namespace gyre::engine {

namespace {

// Tells the terms that a query looks for.
using Tell = std::function<void(TermVisitor&)>;

// A query whose weight `make(snapshot, boost, needs_scores)` makes; `boost` has this query's own in it.
template <class Make>
class LeafQuery final : public Query {
 public:
  LeafQuery(Make make, float boost, Tell tell) : make_(std::move(make)), boost_(boost), tell_(std::move(tell)) {}
  Result<WeightPtr> weight(const Snapshot& snapshot, float boost, bool needs_scores) const override {
    return make_(snapshot, boost * boost_, needs_scores);
  }
  void visitTerms(TermVisitor& visitor) const override {
    if (tell_) tell_(visitor);
  }

 private:
  Make make_;
  float boost_;
  Tell tell_;
};
template <class Make>
QueryPtr makeLeaf(float boost, Make make, Tell tell = {}) {
  return std::make_unique<LeafQuery<Make>>(std::move(make), boost, std::move(tell));
}

// The term's documents without scores; single documents are checked in the column where there is one.
ScorerPtr unscoredTerms(SegmentRun& run, const std::string& path, const std::vector<std::string>& terms, float score) {
  const FieldReader* const field = run.segment().field(path);
  if (field == nullptr || field->terms == nullptr) return nullptr;
  std::vector<TermInfo> infos;
  std::vector<std::uint32_t> ordinals;
  for (const std::string& term : terms) {
    const auto found = field->terms->find(term);
    if (!found) continue;
    infos.push_back(found->info);
    ordinals.push_back(found->ordinal);
  }
  return makeTermSetScorer(run, *field, infos, std::move(ordinals), score);
}

// Terms [begin, end) of the dictionary: by the column of ordinals where there is one, else by their postings.
ScorerPtr termInterval(SegmentRun& run, const FieldReader& field, std::uint32_t begin, std::uint32_t end, float score) {
  if (begin >= end) return nullptr;
  // Few terms are cheaper by their postings; many by one pass over the ordinals.
  constexpr std::uint32_t kFewTerms = 16;
  if (field.column != nullptr && (end - begin > kFewTerms || field.postings == nullptr))
    return makeColumnRangeScorer(run, *field.column, begin, end - 1, score);
  std::vector<TermInfo> infos;
  std::vector<std::uint32_t> ordinals;
  const auto cursor = field.terms->cursor();
  for (bool has_term = cursor->seekOrdinal(begin); has_term && cursor->ordinal() < end; has_term = cursor->next()) {
    infos.push_back(cursor->info());
    if (field.column != nullptr) ordinals.push_back(cursor->ordinal());
  }
  return makeTermSetScorer(run, field, infos, std::move(ordinals), score);
}

// The ordinal of the first term >= target (or > target).
std::uint32_t ordinalAt(const TermDictionaryReader& terms, std::string_view target, bool is_after_equal) {
  const auto cursor = terms.cursor();
  if (!cursor->seekCeil(target)) return terms.size();
  return cursor->ordinal() + (is_after_equal && cursor->term() == target ? 1 : 0);
}

// The smallest text above every text that begins with `prefix`; nothing when there is none.
std::optional<std::string> afterPrefix(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
  if (prefix.empty()) return std::nullopt;
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

ScorerPtr hasValue(SegmentRun& run, const FieldReader& field, float score) {
  if (field.doc_count == 0) return nullptr;
  if (field.column != nullptr) return makeHasValueScorer(run, *field.column, score);
  if (field.present != nullptr) return makePresentScorer(run, field.present, field.doc_count, score);
  return makeAllScorer(run, score);
}

class ExistsQuery final : public Query {
 public:
  ExistsQuery(std::vector<std::string> paths, float boost) : paths_(std::move(paths)), boost_(boost) {}
  Result<WeightPtr> weight(const Snapshot&, float boost, bool) const override {
    return makeWeight([this, score = boost * boost_](SegmentRun& run) -> ScorerPtr {
      std::vector<ScorerPtr> scorers;
      for (const std::string& path : paths_)
        if (const FieldReader* const field = run.segment().field(path))
          if (auto scorer = hasValue(run, *field, 0)) scorers.push_back(std::move(scorer));
      return makeAnyScorer(std::move(scorers), score);
    });
  }

 private:
  std::vector<std::string> paths_;
  float boost_;
};

// Documents of all segments with the value, as a term's document count.
std::uint64_t countValue(const Snapshot& snapshot, const std::string& path, std::int64_t value) {
  std::uint64_t count = 0;
  for (std::uint32_t s = 0; s < snapshot.segments.size(); ++s) {
    SegmentRun run(snapshot.segments[s], s);
    const FieldReader* const field = run.segment().field(path);
    if (field == nullptr || field->column == nullptr) continue;
    const auto scorer = makeColumnRangeScorer(run, *field->column, value, value, 0);
    if (scorer == nullptr) continue;
    for (std::uint32_t window = 0; windowBegin(window) < run.docCount(); ++window) {
      WindowBits bits;
      scorer->evaluate(window, bits.data(), nullptr);
      count += countBits(bits.data());
    }
  }
  return count;
}

// Documents that have the field, and its values.
FieldStatistics columnStatistics(const Snapshot& snapshot, const std::string& path) {
  FieldStatistics total;
  for (const SegmentView& view : snapshot.segments) {
    const FieldReader* const field = view.segment->field(path);
    if (field == nullptr || field->column == nullptr) continue;
    const ColumnBlockStats stats = field->column->stats();
    total.doc_count += stats.doc_count;
    total.sum_total_term_freq += stats.value_count;
  }
  return total;
}

}  // namespace

QueryPtr makeAllQuery(float boost) {
  return makeLeaf(boost, [](const Snapshot&, float score, bool) -> Result<WeightPtr> {
    return makeWeight([score](SegmentRun& run) { return makeAllScorer(run, score); });
  });
}

QueryPtr makeNoneQuery() {
  return makeLeaf(1, [](const Snapshot&, float, bool) -> Result<WeightPtr> { return makeNoneWeight(); });
}

QueryPtr makeTermQuery(std::string path, std::string term, float boost) {
  Tell tell = [path, term](TermVisitor& visitor) { visitor.term(path, term); };
  return makeLeaf(boost,
                  [path = std::move(path), term = std::move(term)](const Snapshot& snapshot, float score,
                                                                   bool needs_scores) -> Result<WeightPtr> {
                    if (needs_scores) return makeTermWeight(snapshot, path, term, score);
                    return makeWeight([&path, terms = std::vector<std::string>{term}](SegmentRun& run) {
                      return unscoredTerms(run, path, terms, 0);
                    });
                  },
                  std::move(tell));
}

QueryPtr makeTermSetQuery(std::string path, std::vector<std::string> terms, float boost) {
  std::sort(terms.begin(), terms.end());
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
  Tell tell = [path, terms](TermVisitor& visitor) {
    for (const std::string& term : terms) visitor.term(path, term);
  };
  return makeLeaf(
      boost,
      [path = std::move(path), terms = std::move(terms)](const Snapshot&, float score, bool) -> Result<WeightPtr> {
        return makeWeight([&path, &terms, score](SegmentRun& run) { return unscoredTerms(run, path, terms, score); });
      },
      std::move(tell));
}

QueryPtr makeTermRangeQuery(std::string path, TermBounds bounds, float boost) {
  Tell tell = [path, bounds](TermVisitor& visitor) {
    visitor.pattern(path, [bounds](const TermDictionaryReader& terms, const auto& visit) {
      const std::uint32_t begin = bounds.lowest ? ordinalAt(terms, *bounds.lowest, !bounds.is_lowest_included) : 0;
      const std::uint32_t end =
          bounds.highest ? ordinalAt(terms, *bounds.highest, bounds.is_highest_included) : terms.size();
      const auto cursor = terms.cursor();
      for (bool has_term = begin < end && cursor->seekOrdinal(begin); has_term && cursor->ordinal() < end;
           has_term = cursor->next())
        visit(cursor->term());
    });
  };
  return makeLeaf(
      boost,
      [path = std::move(path), bounds = std::move(bounds)](const Snapshot&, float score, bool) -> Result<WeightPtr> {
        return makeWeight([&path, &bounds, score](SegmentRun& run) -> ScorerPtr {
          const FieldReader* const field = run.segment().field(path);
          if (field == nullptr || field->terms == nullptr) return nullptr;
          const std::uint32_t begin =
              bounds.lowest ? ordinalAt(*field->terms, *bounds.lowest, !bounds.is_lowest_included) : 0;
          const std::uint32_t end = bounds.highest
                                        ? ordinalAt(*field->terms, *bounds.highest, bounds.is_highest_included)
                                        : field->terms->size();
          return termInterval(run, *field, begin, end, score);
        });
      },
      std::move(tell));
}

QueryPtr makePrefixQuery(std::string path, std::string prefix, float boost) {
  auto after = afterPrefix(prefix);
  return makeTermRangeQuery(std::move(path), {std::move(prefix), std::move(after), true, false}, boost);
}

QueryPtr makeNumberRangeQuery(std::string path, std::int64_t lowest, std::int64_t highest, float boost) {
  if (lowest > highest) return makeNoneQuery();
  return makeLeaf(boost,
                  [path = std::move(path), lowest, highest](const Snapshot&, float score, bool) -> Result<WeightPtr> {
                    return makeWeight([&path, lowest, highest, score](SegmentRun& run) -> ScorerPtr {
                      const FieldReader* const field = run.segment().field(path);
                      if (field == nullptr || field->column == nullptr) return nullptr;
                      return makeColumnRangeScorer(run, *field->column, lowest, highest, score);
                    });
                  });
}

QueryPtr makeNumberSetQuery(std::string path, std::vector<std::int64_t> values, float boost) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  if (values.empty()) return makeNoneQuery();
  return makeLeaf(
      boost,
      [path = std::move(path), values = std::move(values)](const Snapshot&, float score, bool) -> Result<WeightPtr> {
        return makeWeight([&path, &values, score](SegmentRun& run) -> ScorerPtr {
          const FieldReader* const field = run.segment().field(path);
          if (field == nullptr || field->column == nullptr) return nullptr;
          return makeColumnSetScorer(run, *field->column, values, score);
        });
      });
}

QueryPtr makeBooleanQuery(std::string path, bool value, float boost) {
  return makeLeaf(
      boost,
      [path = std::move(path), value](const Snapshot& snapshot, float score, bool needs_scores) -> Result<WeightPtr> {
        float each = 0;
        if (needs_scores) {
          const FieldStatistics statistics = columnStatistics(snapshot, path);
          const double idf = inverseDocumentFrequency(statistics.doc_count, countValue(snapshot, path, value ? 1 : 0));
          each = Bm25(statistics, idf, score).score(1, 1);
        }
        return makeWeight([&path, value, each](SegmentRun& run) -> ScorerPtr {
          const FieldReader* const field = run.segment().field(path);
          if (field == nullptr || field->column == nullptr) return nullptr;
          return makeColumnRangeScorer(run, *field->column, value ? 1 : 0, value ? 1 : 0, each);
        });
      });
}

QueryPtr makeExistsQuery(std::vector<const Field*> fields, float boost) {
  std::vector<std::string> paths;
  for (const Field* const field : fields) paths.push_back(field->path);
  return std::make_unique<ExistsQuery>(std::move(paths), boost);
}

Result<QueryPtr> makeValueQuery(const Field& field, std::string_view value, float boost, std::int64_t now_millis) {
  switch (field.type) {
    case FieldType::kObject: return makeNoneQuery();
    case FieldType::kKeyword:
    case FieldType::kText:
      return makeTermQuery(field.path,
                           field.normalizer == nullptr ? std::string(value) : normalizeTerm(*field.normalizer, value),
                           boost);
    case FieldType::kCompletion:
      return queryShardException("field [" + field.path + "] of type [completion] cannot be searched");
    default: break;
  }
  GYRE_TRY_ASSIGN(const NumberBounds bounds, boundsOfValue(field, value, now_millis));
  if (field.type == FieldType::kBoolean) return makeBooleanQuery(field.path, bounds.lowest == 1, boost);
  return makeNumberRangeQuery(field.path, bounds.lowest, bounds.highest, boost);
}

}  // namespace gyre::engine
