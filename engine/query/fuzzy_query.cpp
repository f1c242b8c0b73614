#include "engine/query/fuzzy_query.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/query/bm25.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/query_parser.hpp"
#include "engine/query/scorers.hpp"
#include "engine/query/term_scorer.hpp"
#include "engine/query/term_visitor.hpp"

namespace gyre::engine {

namespace {

struct Expansion {
  std::string term;
  float factor = 0;
  std::uint64_t doc_freq = 0;
};

std::vector<Expansion> expand(const Snapshot& snapshot, const std::string& path, const FuzzyPattern& pattern,
                              std::uint32_t max_expansions) {
  const std::uint32_t word_length = countCharacters(pattern.word);
  std::vector<Expansion> found;
  for (const SegmentView& view : snapshot.segments) {
    const FieldReader* const field = view.segment->field(path);
    if (field == nullptr || field->terms == nullptr) continue;
    forEachFuzzyTerm(*field->terms, pattern, [&](const FuzzyMatch& match, const TermCursor& cursor) {
      const float factor = match.edits == 0 ? 1.0f
                                            : 1.0f - static_cast<float>(match.edits) /
                                                         static_cast<float>(std::min(word_length, match.length));
      found.push_back({std::string(match.term), factor, cursor.info().doc_freq});
    });
  }
  std::sort(found.begin(), found.end(), [](const Expansion& a, const Expansion& b) {
    return a.factor != b.factor ? a.factor > b.factor : a.term < b.term;
  });
  std::vector<Expansion> merged;
  for (Expansion& one : found) {
    if (!merged.empty() && merged.back().term == one.term) {
      merged.back().doc_freq += one.doc_freq;
    } else {
      merged.push_back(std::move(one));
    }
  }
  if (merged.size() > max_expansions) merged.resize(max_expansions);
  return merged;
}

class FuzzyQuery final : public Query {
 public:
  FuzzyQuery(std::string path, FuzzyPattern pattern, std::uint32_t max_expansions, float boost)
      : path_(std::move(path)), pattern_(std::move(pattern)), max_expansions_(max_expansions), boost_(boost) {}

  Result<WeightPtr> weight(const Snapshot& snapshot, float boost, bool needs_scores) const override {
    const std::vector<Expansion> expansions = expand(snapshot, path_, pattern_, max_expansions_);
    if (expansions.empty()) return makeNoneWeight();
    std::uint64_t doc_freq = 0;
    for (const Expansion& one : expansions) doc_freq = std::max(doc_freq, one.doc_freq);
    const FieldStatistics statistics = fieldStatistics(snapshot, path_);
    const double idf = inverseDocumentFrequency(statistics.doc_count, doc_freq);
    struct Term {
      std::string text;
      std::shared_ptr<const Bm25> bm25;
    };
    std::vector<Term> terms;
    for (const Expansion& one : expansions)
      terms.push_back({one.term, std::make_shared<const Bm25>(statistics, idf, boost * boost_ * one.factor)});
    return makeWeight([this, terms = std::move(terms), needs_scores](SegmentRun& run) -> ScorerPtr {
      const FieldReader* const field = run.segment().field(path_);
      if (field == nullptr || field->terms == nullptr) return nullptr;
      std::vector<ScorerPtr> scorers;
      std::vector<TermInfo> infos;
      for (const Term& term : terms) {
        const auto found = field->terms->find(term.text);
        if (!found) continue;
        if (needs_scores) {
          scorers.push_back(makeTermScorer(run, *field, found->info, term.bm25));
        } else {
          infos.push_back(found->info);
        }
      }
      return needs_scores ? makeSumScorer(std::move(scorers)) : makeTermSetScorer(run, *field, infos, {}, 0);
    });
  }
  void visitTerms(TermVisitor& visitor) const override {
    visitor.pattern(path_, [this](const TermDictionaryReader& terms, const auto& visit) {
      forEachFuzzyTerm(terms, pattern_, [&](const FuzzyMatch& match, const TermCursor&) { visit(match.term); });
    });
  }

 private:
  std::string path_;
  FuzzyPattern pattern_;
  std::uint32_t max_expansions_;
  float boost_;
};

}  // namespace

QueryPtr makeFuzzyQuery(std::string path, FuzzyPattern pattern, std::uint32_t max_expansions, float boost) {
  return std::make_unique<FuzzyQuery>(std::move(path), std::move(pattern), max_expansions, boost);
}

Result<QueryPtr> parseFuzzy(json::Value body, ParseContext& context) {
  GYRE_TRY_ASSIGN(const json::Value member, singleField("fuzzy", body));
  CommonParameters common;
  FuzzyPattern pattern;
  Fuzziness fuzziness;
  std::int64_t max_expansions = kDefaultExpansions;
  std::int64_t prefix_length = 0;
  bool has_value = false;
  if (!member.isObject()) {
    GYRE_TRY_ASSIGN(pattern.word, parseScalarText("fuzzy", member));
    has_value = true;
  }
  for (const json::Value option : member) {
    if (!member.isObject()) break;
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("fuzzy", option, common));
    if (is_common) continue;
    if (option.key() == "value") {
      GYRE_TRY_ASSIGN(pattern.word, parseScalarText("fuzzy", option));
      has_value = true;
    } else if (option.key() == "fuzziness") {
      GYRE_TRY_ASSIGN(const std::string text, parseScalarText("fuzzy", option));
      GYRE_TRY_ASSIGN(fuzziness, Fuzziness::parse(text));
    } else if (option.key() == "prefix_length") {
      GYRE_TRY_ASSIGN(prefix_length, parseWhole("fuzzy", option));
    } else if (option.key() == "max_expansions") {
      GYRE_TRY_ASSIGN(max_expansions, parseWhole("fuzzy", option));
    } else if (option.key() == "transpositions") {
      GYRE_TRY_ASSIGN(pattern.has_transpositions, parseBoolean("fuzzy", option));
    } else {
      return unknownParameter("fuzzy", option.key());
    }
  }
  if (!has_value) return illegalArgument("[fuzzy] query value cannot be null");
  if (max_expansions < 1 || max_expansions > kMaxClauses)
    return illegalArgument("[fuzzy] max_expansions must be 1 to 1024");
  if (prefix_length < 0) return illegalArgument("[fuzzy] prefix_length cannot be negative");
  const Field* const field = context.mapping.find(member.key());
  if (field == nullptr || field->type == FieldType::kObject) return finishQuery(makeNoneQuery(), common, context);
  if (field->type != FieldType::kKeyword && field->type != FieldType::kText)
    return queryShardException("Can only use fuzzy queries on keyword and text fields - not on [" + field->path +
                               "] which is of type [" + std::string(typeName(field->type)) + "]");
  pattern.max_edits = fuzziness.editsFor(countCharacters(pattern.word));
  pattern.prefix_length = static_cast<std::uint32_t>(prefix_length);
  return finishQuery(
      makeFuzzyQuery(field->path, std::move(pattern), static_cast<std::uint32_t>(max_expansions), common.boost), common,
      context);
}

}  // namespace gyre::engine
