#include "engine/query/fuzzy_query.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "engine/query/field_query.hpp"
#include "engine/query/multi_term_query.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

class FuzzyExpansion final : public TermExpansion {
 public:
  explicit FuzzyExpansion(FuzzyPattern pattern)
      : pattern_(std::move(pattern)), word_length_(countCharacters(pattern_.word)) {
    // Nothing is like no word at all.
    if (pattern_.word.empty()) pattern_.max_edits = 0;
  }

  void forEachTerm(const TermDictionaryReader& terms, const Visit& visit) const override {
    forEachFuzzyTerm(terms, pattern_, [&](const FuzzyMatch& match, const TermCursor& cursor) {
      const auto shorter = static_cast<float>(std::min(word_length_, match.length));
      const float likeness = match.edits == 0 ? 1.0f : 1.0f - static_cast<float>(match.edits) / shorter;
      return visit(cursor, likeness);
    });
  }

 private:
  FuzzyPattern pattern_;
  std::uint32_t word_length_;
};

QueryPtr makeRewrittenFuzzyQuery(std::string path, FuzzyPattern pattern, Rewrite rewrite, float boost) {
  std::string description = path + ":" + pattern.word + "~" + std::to_string(pattern.max_edits);
  return makeMultiTermQuery(std::move(path), std::make_unique<FuzzyExpansion>(std::move(pattern)), rewrite,
                            std::move(description), boost);
}

}  // namespace

QueryPtr makeFuzzyQuery(std::string path, FuzzyPattern pattern, std::uint32_t max_expansions, float boost) {
  return makeRewrittenFuzzyQuery(std::move(path), std::move(pattern), {Rewrite::Kind::kTopTermsBlended, max_expansions},
                                 boost);
}

Result<QueryPtr> makeCheckedFuzzyQuery(std::string path, FuzzyPattern pattern, std::int64_t prefix_length,
                                       std::int64_t max_expansions, std::string_view rewrite_method, float boost) {
  if (prefix_length < 0) return queryShardException("prefixLength cannot be negative.");
  if (max_expansions <= 0) return queryShardException("maxExpansions must be positive.");
  pattern.prefix_length = static_cast<std::uint32_t>(std::min<std::int64_t>(prefix_length, INT32_MAX));
  const auto expansions = static_cast<std::uint32_t>(std::min<std::int64_t>(max_expansions, kMaxClauses));
  GYRE_TRY_ASSIGN(const Rewrite rewrite, Rewrite::parse(rewrite_method, {Rewrite::Kind::kTopTermsBlended, expansions}));
  return makeRewrittenFuzzyQuery(std::move(path), std::move(pattern), rewrite, boost);
}

Result<QueryPtr> parseFuzzy(json::Value body, ParseContext& context) {
  GYRE_TRY_ASSIGN(const json::Value member, singleField("fuzzy", body));
  CommonParameters common;
  FuzzyPattern pattern;
  Fuzziness fuzziness;
  std::int64_t max_expansions = kDefaultExpansions;
  std::int64_t prefix_length = 0;
  std::string rewrite;
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
    } else if (option.key() == "rewrite") {
      GYRE_TRY_ASSIGN(rewrite, parseScalarText("fuzzy", option));
    } else if (option.key() == "transpositions") {
      GYRE_TRY_ASSIGN(pattern.has_transpositions, parseBoolean("fuzzy", option));
    } else {
      return unknownParameter("fuzzy", option.key());
    }
  }
  if (!has_value) return illegalArgument("query value cannot be null");
  if (!context.allows_expensive) return expensiveRefusal("fuzzy");
  const Field* const field = context.field(member.key());
  if (field == nullptr || field->type == FieldType::kObject) return finishQuery(makeNoneQuery(), common, context);
  if (field->type != FieldType::kKeyword && field->type != FieldType::kText)
    return queryShardException("Can only use fuzzy queries on keyword and text fields - not on [" + field->path +
                               "] which is of type [" + std::string(typeName(field->type)) + "]");
  pattern.word = termOf(*field, pattern.word);
  const std::uint32_t fixed = countCharacters(field->term_prefix);
  pattern.max_edits = fuzziness.editsFor(countCharacters(pattern.word) - fixed);
  if (prefix_length >= 0) prefix_length += fixed;
  GYRE_TRY_ASSIGN(auto query, makeCheckedFuzzyQuery(field->path, std::move(pattern), prefix_length, max_expansions,
                                                    rewrite, common.boost));
  return finishQuery(std::move(query), common, context);
}

}  // namespace gyre::engine
