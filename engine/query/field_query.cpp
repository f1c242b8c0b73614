#include "engine/query/field_query.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <span>
#include <utility>

#include "engine/analysis/analyzer.hpp"
#include "engine/codec/count_ones.hpp"
#include "engine/mapping/numeric_value.hpp"
#include "engine/query/bm25.hpp"
#include "engine/query/completion_query.hpp"
#include "engine/query/query_parser.hpp"
#include "engine/query/scorers.hpp"
#include "engine/query/structured_query.hpp"
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
  LeafQuery(Make make, float boost, std::string description, Tell tell)
      : make_(std::move(make)), boost_(boost), description_(std::move(description)), tell_(std::move(tell)) {}
  Result<WeightPtr> weight(const Snapshot& snapshot, float boost, bool needs_scores) const override {
    return make_(snapshot, boost * boost_, needs_scores);
  }
  std::string describe() const override { return describeBoosted(description_, boost_); }
  void visitTerms(TermVisitor& visitor) const override {
    const BoostedVisit around(visitor, boost_);
    if (tell_) tell_(visitor);
  }

 private:
  Make make_;
  float boost_;
  std::string description_;
  Tell tell_;
};
template <class Make>
QueryPtr makeLeaf(float boost, std::string description, Make make, Tell tell = {}) {
  return std::make_unique<LeafQuery<Make>>(std::move(make), boost, std::move(description), std::move(tell));
}
Tell tellTerms(const std::string& path, const std::vector<std::string>& terms) {
  return [path, terms](TermVisitor& visitor) {
    for (const std::string& term : terms) visitor.term(path, term);
  };
}

// A number of the field as the dialect's descriptions show it.
std::string numberText(const Field* field, std::int64_t value) {
  if (field == nullptr) return std::to_string(value);
  if (field->type == FieldType::kDouble) return describeDouble(decodeDouble(value));
  if (field->type == FieldType::kFloat) return describeFloat(static_cast<float>(decodeDouble(value)));
  if (field->type == FieldType::kUnsignedLong) return std::to_string(decodeUnsigned(value));
  return std::to_string(value);
}
std::string inBothForms(const std::string& path, const std::string& text) {
  return "IndexOrDocValuesQuery(indexQuery=" + path + ":" + text + ", dvQuery=" + path + ":" + text + ")";
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
  if (field->postings == nullptr && field->column != nullptr && !ordinals.empty()) {
    std::sort(ordinals.begin(), ordinals.end());
    return makeColumnSetScorer(run, *field->column, {ordinals.begin(), ordinals.end()}, score);
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
  TermUnion all(run, field);
  const auto cursor = field.terms->cursor();
  for (bool has_term = cursor->seekOrdinal(begin); has_term && cursor->ordinal() < end; has_term = cursor->next())
    all.add(cursor->info(), cursor->ordinal());
  return all.scorer(score);
}

// The ordinal of the first term >= target (or > target).
std::uint32_t ordinalAt(const TermDictionaryReader& terms, std::string_view target, bool is_after_equal) {
  const auto cursor = terms.cursor();
  if (!cursor->seekCeil(target)) return terms.size();
  return cursor->ordinal() + (is_after_equal && cursor->term() == target ? 1 : 0);
}

ScorerPtr hasValue(SegmentRun& run, const FieldReader& field, float score) {
  if (field.column != nullptr) return makeHasValueScorer(run, *field.column, score);
  if (field.present != nullptr) {
    const std::span<const std::uint64_t> words(field.present, (std::size_t{run.docCount()} + 63) / 64);
    const auto count = std::transform_reduce(words.begin(), words.end(), std::uint64_t{0}, std::plus<>(),
                                             [](std::uint64_t word) { return countOnes(word); });
    return count == 0 ? nullptr : makePresentScorer(run, field.present, count, score);
  }
  if (field.doc_count == 0) return nullptr;
  return makeAllScorer(run, score);
}

class ExistsQuery final : public Query {
 public:
  ExistsQuery(std::vector<std::string> paths, float boost) : paths_(std::move(paths)), boost_(boost) {}
  Result<WeightPtr> weight(const Snapshot&, float boost, bool) const override {
    const float score = boost * boost_;
    return makeWeight(
        [this, score](SegmentRun& run) -> ScorerPtr {
          std::vector<ScorerPtr> scorers;
          for (const std::string& path : paths_)
            if (const FieldReader* const field = run.segment().field(path))
              if (auto scorer = hasValue(run, *field, 0)) scorers.push_back(std::move(scorer));
          return makeAnyScorer(std::move(scorers), score);
        },
        describeConstant(plain(), score));
  }
  std::string describe() const override { return describeBoosted(plain(), boost_); }

 private:
  std::string plain() const {
    std::string fields;
    for (const std::string& path : paths_)
      fields += (fields.empty() ? "" : " ") + std::string("FieldExistsQuery [field=") + path + "]";
    return "ConstantScore(" + fields + ")";
  }

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

std::optional<std::string> afterPrefix(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
  if (prefix.empty()) return std::nullopt;
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

QueryPtr makeAllQuery(float boost) {
  return makeLeaf(boost, "*:*", [](const Snapshot&, float score, bool) -> Result<WeightPtr> {
    return makeWeight([score](SegmentRun& run) { return makeAllScorer(run, score); }, describeConstant("*:*", score));
  });
}

QueryPtr makeNoneQuery(std::string why) {
  std::string description = "MatchNoDocsQuery(\"" + std::move(why) + "\")";
  return makeLeaf(1, description, [description](const Snapshot&, float, bool) -> Result<WeightPtr> {
    return makeNoneWeight(description);
  });
}

QueryPtr makeTermQuery(std::string path, std::string term, float boost) {
  std::string description = path + ":" + describeTerm(term);
  Tell tell = tellTerms(path, {term});
  return makeLeaf(
      boost, std::move(description),
      [path = std::move(path), term = std::move(term)](const Snapshot& snapshot, float score,
                                                       bool needs_scores) -> Result<WeightPtr> {
        const Field* const field = needs_scores ? snapshot.mapping->declared(path) : nullptr;
        const bool is_scored = field == nullptr || field->is_scored;
        if (needs_scores && is_scored) return makeTermWeight(snapshot, path, term, score);
        return makeWeight([&path, terms = std::vector<std::string>{term}, each = needs_scores ? score : 0](
                              SegmentRun& run) { return unscoredTerms(run, path, terms, each); });
      },
      std::move(tell));
}

QueryPtr makeSynonymQuery(std::string path, std::vector<std::string> terms, float boost) {
  std::sort(terms.begin(), terms.end());
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
  if (terms.size() == 1) return makeTermQuery(std::move(path), std::move(terms.front()), boost);
  Tell tell = tellTerms(path, terms);
  std::string description = "Synonym(";
  for (const std::string& term : terms)
    description += (&term == terms.data() ? "" : " ") + path + ":" + describeTerm(term);
  return makeLeaf(
      boost, description + ")",
      [path = std::move(path), terms = std::move(terms)](const Snapshot& snapshot, float score,
                                                         bool needs_scores) -> Result<WeightPtr> {
        if (needs_scores) return makeSynonymWeight(snapshot, path, terms, score);
        return makeWeight([&path, &terms](SegmentRun& run) { return unscoredTerms(run, path, terms, 0); });
      },
      std::move(tell));
}

QueryPtr makeTermSetQuery(std::string path, std::vector<std::string> terms, float boost) {
  std::sort(terms.begin(), terms.end());
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
  Tell tell = tellTerms(path, terms);
  std::string description = path + ":(";
  for (const std::string& term : terms) description += (&term == terms.data() ? "" : " ") + describeTerm(term);
  description += ")";
  return makeLeaf(
      boost, description,
      [path = std::move(path), terms = std::move(terms), description](const Snapshot&, float score,
                                                                      bool) -> Result<WeightPtr> {
        return makeWeight([&path, &terms, score](SegmentRun& run) { return unscoredTerms(run, path, terms, score); },
                          describeConstant(description, score));
      },
      std::move(tell));
}

namespace {

QueryPtr makeTermInterval(std::string path, TermBounds bounds, float boost, std::string description) {
  Tell tell = [path, bounds](TermVisitor& visitor) {
    visitor.pattern(path, [bounds](const TermDictionaryReader& terms, const auto& visit) {
      const std::uint32_t begin = bounds.lowest ? ordinalAt(terms, *bounds.lowest, !bounds.is_lowest_included) : 0;
      const std::uint32_t end =
          bounds.highest ? ordinalAt(terms, *bounds.highest, bounds.is_highest_included) : terms.size();
      const auto cursor = terms.cursor();
      for (bool has_term = begin < end && cursor->seekOrdinal(begin); has_term && cursor->ordinal() < end;
           has_term = cursor->next())
        visit(cursor->term(), 1);
    });
  };
  return makeLeaf(
      boost, description,
      [path = std::move(path), bounds = std::move(bounds), description](const Snapshot&, float score,
                                                                        bool) -> Result<WeightPtr> {
        const auto scorer = [&path, &bounds, score](SegmentRun& run) -> ScorerPtr {
          const FieldReader* const field = run.segment().field(path);
          if (field == nullptr || field->terms == nullptr) return nullptr;
          const std::uint32_t begin =
              bounds.lowest ? ordinalAt(*field->terms, *bounds.lowest, !bounds.is_lowest_included) : 0;
          const std::uint32_t end = bounds.highest
                                        ? ordinalAt(*field->terms, *bounds.highest, bounds.is_highest_included)
                                        : field->terms->size();
          return termInterval(run, *field, begin, end, score);
        };
        return makeWeight(scorer, describeConstant(description, score));
      },
      std::move(tell));
}

}  // namespace

QueryPtr makeTermRangeQuery(std::string path, TermBounds bounds, float boost) {
  std::string description = path + ":" + (bounds.lowest && !bounds.is_lowest_included ? "{" : "[") +
                            (bounds.lowest ? describeTerm(*bounds.lowest) : "*") + " TO " +
                            (bounds.highest ? describeTerm(*bounds.highest) : "*") +
                            (bounds.highest && !bounds.is_highest_included ? "}" : "]");
  return makeTermInterval(std::move(path), std::move(bounds), boost, std::move(description));
}

QueryPtr makePrefixQuery(std::string path, std::string prefix, float boost) {
  auto after = afterPrefix(prefix);
  std::string description = path + ":" + describeTerm(prefix) + "*";
  return makeTermInterval(std::move(path), {std::move(prefix), std::move(after), true, false}, boost,
                          std::move(description));
}

QueryPtr makeNumberRangeQuery(const Field& field, std::int64_t lowest, std::int64_t highest, float boost) {
  if (lowest > highest) return makeNoneQuery("Value out of range");
  const std::string interval = "[" + numberText(&field, lowest) + " TO " + numberText(&field, highest) + "]";
  return makeLeaf(
      boost, inBothForms(field.path, interval),
      [path = field.path, lowest, highest, interval](const Snapshot&, float score, bool) -> Result<WeightPtr> {
        const auto scorer = [&path, lowest, highest, score](SegmentRun& run) -> ScorerPtr {
          const FieldReader* const reader = run.segment().field(path);
          if (reader == nullptr || reader->column == nullptr) return nullptr;
          return makeColumnRangeScorer(run, *reader->column, lowest, highest, score);
        };
        return makeWeight(scorer, describeConstant(path + ":" + interval, score));
      });
}

QueryPtr makeNumberSetQuery(const Field& field, std::vector<std::int64_t> values, float boost) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  if (values.empty()) return makeNoneQuery("No values");
  std::string set = "{";
  for (const std::int64_t value : values) set += (set.size() == 1 ? "" : " ") + numberText(&field, value);
  set += "}";
  return makeLeaf(
      boost, inBothForms(field.path, set),
      [path = field.path, values = std::move(values), set](const Snapshot&, float score, bool) -> Result<WeightPtr> {
        const auto scorer = [&path, &values, score](SegmentRun& run) -> ScorerPtr {
          const FieldReader* const reader = run.segment().field(path);
          if (reader == nullptr || reader->column == nullptr) return nullptr;
          return makeColumnSetScorer(run, *reader->column, values, score);
        };
        return makeWeight(scorer, describeConstant(path + ":" + set, score));
      });
}

namespace {

class BooleanWeight final : public Weight {
 public:
  BooleanWeight(std::string path, bool value, ScoreStatistics statistics, bool needs_scores)
      : path_(std::move(path)),
        value_(value ? 1 : 0),
        statistics_(std::move(statistics)),
        score_(needs_scores ? statistics_.bm25().score(1, 1) : 0) {}
  ScorerPtr scorer(SegmentRun& run) const override {
    const FieldReader* const field = run.segment().field(path_);
    if (field == nullptr || field->column == nullptr) return nullptr;
    return makeColumnRangeScorer(run, *field->column, value_, value_, score_);
  }
  Explanation explain(SegmentRun& run, DocId doc) const override {
    if (!scoreOf(*this, run, doc)) return Explanation::noMatch("no matching term");
    return statistics_.explain(path_ + (value_ == 1 ? ":T" : ":F"), doc, 1, 1);
  }

 private:
  std::string path_;
  std::int64_t value_;
  ScoreStatistics statistics_;
  float score_;
};

}  // namespace

QueryPtr makeBooleanQuery(std::string path, bool value, float boost) {
  std::string description = path + (value ? ":T" : ":F");
  return makeLeaf(
      boost, std::move(description),
      [path = std::move(path), value](const Snapshot& snapshot, float score, bool needs_scores) -> Result<WeightPtr> {
        ScoreStatistics statistics{{}, {}, score};
        if (needs_scores) {
          statistics.field = columnStatistics(snapshot, path);
          const std::uint64_t holders = countValue(snapshot, path, value ? 1 : 0);
          statistics.doc_freqs = {holders};
          // A document has a value as a term once, however often it was given.
          if (statistics.field.sum_total_term_freq > statistics.field.doc_count)
            statistics.field.sum_total_term_freq = holders + countValue(snapshot, path, value ? 0 : 1);
        }
        return WeightPtr(std::make_unique<BooleanWeight>(path, value, std::move(statistics), needs_scores));
      });
}

QueryPtr makeExistsQuery(std::vector<const Field*> fields, float boost) {
  std::vector<std::string> paths;
  for (const Field* const field : fields) paths.push_back(field->path);
  return std::make_unique<ExistsQuery>(std::move(paths), boost);
}

Status notSearchable(const Field& field) {
  return {Code::kInvalidArgument, "query_shard_exception",
          field.type_name == "binary"
              ? std::string("Binary fields do not support searching")
              : "Geometry fields do not support exact searching, use dedicated geometry queries instead: [" +
                    field.path + "]"};
}

std::string termOf(const Field& field, std::string_view value) {
  const bool is_normalized = field.type == FieldType::kKeyword && field.normalizer != nullptr;
  return field.term_prefix + (is_normalized ? normalizeTerm(*field.normalizer, value) : std::string(value));
}

Result<QueryPtr> makeValueQuery(const Field& field, std::string_view value, float boost, std::int64_t now_millis) {
  switch (field.type) {
    case FieldType::kObject: return makeNoneQuery();
    case FieldType::kKeyword:
    case FieldType::kText:
      // Without postings the column alone knows, and scores nothing.
      return field.is_indexed ? makeTermQuery(field.path, termOf(field, value), boost)
                              : makeTermSetQuery(field.path, {termOf(field, value)}, boost);
    case FieldType::kCompletion: return makeCompletionTermQuery(field, std::string(value), boost);
    case FieldType::kBinary: return notSearchable(field);
    case FieldType::kIp: return makeIpQuery(field, value, boost);
    case FieldType::kRange: return makeRangeHoldsQuery(field, value, boost, now_millis);
    default: break;
  }
  GYRE_TRY_ASSIGN(const NumberBounds bounds, boundsOfValue(field, value, now_millis));
  if (field.type == FieldType::kBoolean) return makeBooleanQuery(field.path, bounds.lowest == 1, boost);
  return makeNumberRangeQuery(field, bounds.lowest, bounds.highest, boost);
}

}  // namespace gyre::engine
