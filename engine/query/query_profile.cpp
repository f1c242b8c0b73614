#include "engine/query/query_profile.hpp"

#include <iterator>
#include <utility>

#include "engine/query/term_visitor.hpp"

namespace gyre::engine {

namespace {

class ProfiledScorer final : public Scorer {
 public:
  ProfiledScorer(ScorerPtr scorer, ProfiledClause& clause) : scorer_(std::move(scorer)), clause_(clause) {}
  std::uint64_t cost() const override { return scorer_->cost(); }
  DocId nextCandidate(DocId from) override {
    const WorkTimer timer(clause_.next_doc);
    return scorer_->nextCandidate(from);
  }
  void evaluate(std::uint32_t window, std::uint64_t* bits, float* scores) override {
    const WorkTimer timer(clause_.next_doc);
    scorer_->evaluate(window, bits, scores);
  }
  void narrow(std::uint32_t window, std::uint64_t* bits, float* scores) override {
    const WorkTimer timer(clause_.advance);
    scorer_->narrow(window, bits, scores);
  }
  float maxScore(std::uint32_t window) override {
    const WorkTimer timer(clause_.compute_max_score);
    return scorer_->maxScore(window);
  }

 private:
  ScorerPtr scorer_;
  ProfiledClause& clause_;
};

class ProfiledWeight final : public Weight {
 public:
  ProfiledWeight(WeightPtr weight, ProfiledClause& clause) : weight_(std::move(weight)), clause_(clause) {}
  ScorerPtr scorer(SegmentRun& run) const override {
    const WorkTimer timer(clause_.build_scorer);
    ScorerPtr scorer = weight_->scorer(run);
    if (scorer == nullptr) return scorer;
    return std::make_unique<ProfiledScorer>(std::move(scorer), clause_);
  }
  Explanation explain(SegmentRun& run, DocId doc) const override { return weight_->explain(run, doc); }

 private:
  WeightPtr weight_;
  ProfiledClause& clause_;
};

class ProfiledQuery final : public Query {
 public:
  ProfiledQuery(QueryPtr query, ProfiledClause& clause) : query_(std::move(query)), clause_(clause) {}
  void visitTerms(TermVisitor& visitor) const override { query_->visitTerms(visitor); }
  Result<WeightPtr> weight(const Snapshot& snapshot, float boost, bool needs_scores) const override {
    const WorkTimer timer(clause_.create_weight);
    GYRE_TRY_ASSIGN(auto weight, query_->weight(snapshot, boost, needs_scores));
    return WeightPtr(std::make_unique<ProfiledWeight>(std::move(weight), clause_));
  }
  std::string describe() const override { return query_->describe(); }
  std::string describeClause() const override { return query_->describeClause(); }

 private:
  QueryPtr query_;
  ProfiledClause& clause_;
};

// The dialect's name for what a clause becomes, of those with one.
struct KindType {
  std::string_view kind, type;
};
constexpr KindType kTypes[] = {
    {"bool", "BooleanQuery"},
    {"boosting", "FunctionScoreQuery"},
    {"constant_score", "ConstantScoreQuery"},
    {"dis_max", "DisjunctionMaxQuery"},
    {"function_score", "FunctionScoreQuery"},
    {"fuzzy", "FuzzyQuery"},
    {"ids", "TermInSetQuery"},
    {"match_all", "MatchAllDocsQuery"},
    {"match_none", "MatchNoDocsQuery"},
    {"match_phrase", "PhraseQuery"},
    {"match_phrase_prefix", "MultiPhrasePrefixQuery"},
    {"multi_match", "DisjunctionMaxQuery"},
    {"nested", "OpenSearchToParentBlockJoinQuery"},
    {"prefix", "PrefixQuery"},
    {"regexp", "RegexpQuery"},
    {"term", "TermQuery"},
    {"terms", "TermInSetQuery"},
    {"terms_set", "CoveringQuery"},
    {"wildcard", "WildcardQuery"},
};

std::string typeOf(std::string_view kind, std::string_view description) {
  // What the clause turned out to be counts before what it was called.
  for (const std::string_view type : {"MatchNoDocsQuery", "IndexOrDocValuesQuery", "ApproximateScoreQuery"})
    if (description.starts_with(std::string(type) + "(")) return std::string(type);
  if (description == "*:*") return "MatchAllDocsQuery";
  if (description.starts_with("ConstantScore(")) return "ConstantScoreQuery";
  for (const KindType& known : kTypes)
    if (known.kind == kind) return std::string(known.type);
  // A text: one word, or several.
  return description.find(' ') == std::string_view::npos ? "TermQuery" : "BooleanQuery";
}

void writeClause(const ProfiledClause& clause, JsonWriter& writer) {
  const WorkTime none;
  const std::pair<std::string_view, const WorkTime*> parts[] = {
      {"create_weight", &clause.create_weight},
      {"build_scorer", &clause.build_scorer},
      {"next_doc", &clause.next_doc},
      {"advance", &clause.advance},
      {"compute_max_score", &clause.compute_max_score},
      // A window's documents are scored while they are found, and no step of their own remains.
      {"score", &none},
      {"match", &none},
      {"shallow_advance", &none},
      {"set_min_competitive_score", &none},
  };
  std::uint64_t total = 0;
  for (const auto& [name, time] : parts) total += time->nanos;
  writer.beginObject().member("type", clause.type).member("description", clause.description);
  writer.member("time_in_nanos", total).key("breakdown").beginObject();
  for (const auto& [name, time] : parts)
    writer.member(name, time->nanos).member(std::string(name) + "_count", time->count);
  writer.endObject();
  if (!clause.children.empty()) {
    writer.key("children").beginArray();
    for (const auto& child : clause.children) writeClause(*child, writer);
    writer.endArray();
  }
  writer.endObject();
}

}  // namespace

void QueryProfile::begin() { open_.push_back(std::make_unique<ProfiledClause>()); }

QueryPtr QueryProfile::end(std::string_view kind, QueryPtr query) {
  std::unique_ptr<ProfiledClause> clause = std::move(open_.back());
  open_.pop_back();
  ProfiledClause& held = *clause;
  held.description = query->describe();
  held.type = typeOf(kind, held.description);
  (open_.empty() ? roots_ : open_.back()->children).push_back(std::move(clause));
  return std::make_unique<ProfiledQuery>(std::move(query), held);
}

void QueryProfile::write(JsonWriter& writer) const {
  writer.beginArray();
  for (const auto& root : roots_) writeClause(*root, writer);
  writer.endArray();
}

}  // namespace gyre::engine
