#include "engine/query/intervals_parser.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "engine/query/char_automaton.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/fuzzy_terms.hpp"
#include "engine/query/interval_spans.hpp"
#include "engine/query/regexp_parser.hpp"
#include "engine/query/text_query.hpp"

namespace gyre::engine {

namespace {

enum class Mode : std::uint8_t { kOrdered, kUnordered, kUnorderedApart };

std::string bracketed(std::string_view text) { return "[" + std::string(text) + "]"; }
Status required(std::string_view member) { return illegalArgument("Required " + bracketed(member)); }
Status failed(std::string_view kind, json::Value member, const std::string& why) {
  return {Code::kInvalidArgument, "x_content_parse_exception",
          bracketed(kind) + " failed to parse field " + bracketed(member.key()) + ": " + why};
}

IntervalRulePtr combined(IntervalRules rules, std::int64_t max_gaps, Mode mode) {
  if (rules.empty()) return noIntervals();
  if (rules.size() == 1) return rules.front();
  if (max_gaps == 0 && mode == Mode::kOrdered) return phraseOf(std::move(rules));
  const auto bounded = [&](IntervalRulePtr rule) {
    return max_gaps == -1 ? std::move(rule) : withMaxGaps(std::move(rule), max_gaps);
  };
  if (mode == Mode::kOrdered) return bounded(orderedIntervals(std::move(rules)));
  if (mode == Mode::kUnordered) return bounded(unorderedIntervals(std::move(rules)));
  IntervalRulePtr all = apartIntervals(rules[0], rules[1]);
  for (std::size_t i = 2; i < rules.size(); ++i) all = apartIntervals(bounded(std::move(all)), rules[i]);
  return bounded(std::move(all));
}

class RuleParser {
 public:
  explicit RuleParser(ParseContext& context) : context_(context) {}

  // False when a rule reads a field that is not mapped: the query matches nothing then.
  bool isMapped() const { return is_mapped_; }

  // `field` may be null: then only the shape counts.
  Result<IntervalRulePtr> rule(json::Value body, const Field* field) {
    if (++context_.depth > kMaxNesting) return illegalArgument("intervals are nested too deeply");
    auto read = ruleOfKind(body, field);
    --context_.depth;
    return read;
  }

 private:
  // What rules have in common.
  struct Members {
    std::string text, analyzer, use_field, fuzziness;
    bool has_text = false;
    std::int64_t max_gaps = -1, prefix_length = 0;
    std::int64_t max_expansions = 0;  // none given
    std::optional<bool> is_ordered;
    std::string mode;
    bool has_transpositions = true;
    std::uint32_t flags = RegexpOptions::kAll;
    json::Value filter, intervals;
  };

  Result<IntervalRulePtr> ruleOfKind(json::Value body, const Field* field) {
    const std::string_view kind = body.key();
    constexpr std::string_view kKinds[] = {"match", "any_of", "all_of", "prefix", "wildcard", "regexp", "fuzzy"};
    if (std::find(std::begin(kKinds), std::end(kKinds), kind) == std::end(kKinds))
      return parsingException("Unknown interval type " + bracketed(kind) +
                              ", expecting one of [match, any_of, all_of, prefix, wildcard, regexp]");
    if (!body.isObject())
      return parsingException(bracketed(kind) + " expected an object but found " + bracketed(tokenName(body)));
    Members members;
    for (const json::Value member : body) {
      GYRE_TRY_ASSIGN(const bool is_known, readMember(kind, member, members));
      if (!is_known) return unknownField(kind, member.key());
    }
    const bool is_list = kind == "any_of" || kind == "all_of";
    if (is_list && members.intervals.isMissing()) return required("intervals");
    if (!is_list && !members.has_text) return required(textOf(kind));
    GYRE_TRY_ASSIGN(const Mode mode, modeOf(kind, members));
    if (is_list) {
      GYRE_TRY_ASSIGN(IntervalRules rules, list(members.intervals, field));
      if (rules.empty() && kind == "any_of") return filtered(noIntervals(), members.filter, field);
      IntervalRulePtr all =
          kind == "any_of" ? anyInterval(std::move(rules)) : combined(std::move(rules), members.max_gaps, mode);
      return filtered(std::move(all), members.filter, field);
    }
    if (!members.use_field.empty() && field != nullptr) {
      field = context_.field(members.use_field);
      is_mapped_ = is_mapped_ && field != nullptr;
    }
    IntervalRulePtr made = noIntervals();
    if (field != nullptr) {
      GYRE_TRY_ASSIGN(made, kind == "match" ? words(*field, members, mode) : pattern(kind, *field, members));
      if (!members.use_field.empty()) made = intervalsOfField(field->path, std::move(made));
    }
    return filtered(std::move(made), members.filter, field);
  }

  static std::string_view textOf(std::string_view kind) {
    if (kind == "match") return "query";
    if (kind == "prefix") return "prefix";
    return kind == "fuzzy" ? "term" : "pattern";
  }

  Result<bool> readMember(std::string_view kind, json::Value member, Members& members) {
    const std::string_view key = member.key();
    const bool is_match = kind == "match", is_all = kind == "all_of", is_list = is_all || kind == "any_of";
    const bool is_fuzzy = kind == "fuzzy", is_expanded = kind == "wildcard" || kind == "regexp";
    if (!is_list && key == textOf(kind) && member.isString()) {
      members.text = member.string();
      members.has_text = true;
    } else if (is_list && key == "intervals" && member.isArray()) {
      members.intervals = member;
    } else if ((is_match || is_list) && key == "filter" && member.isObject()) {
      members.filter = member;
    } else if ((is_match || is_all) && key == "max_gaps") {
      GYRE_TRY_ASSIGN(members.max_gaps, parseWhole(kind, member));
    } else if ((is_match || is_all) && key == "ordered") {
      GYRE_TRY_ASSIGN(members.is_ordered, parseBoolean(kind, member));
    } else if ((is_match || is_all) && key == "mode" && member.isString()) {
      members.mode = member.string();
    } else if (!is_list && kind != "regexp" && key == "analyzer" && member.isString()) {
      members.analyzer = member.string();
    } else if (!is_list && key == "use_field" && member.isString()) {
      members.use_field = member.string();
    } else if (is_expanded && key == "max_expansions") {
      GYRE_TRY_ASSIGN(members.max_expansions, parseWhole(kind, member));
      if (members.max_expansions > kMaxClauses)
        return illegalArgument("maxExpansions [" + std::to_string(members.max_expansions) +
                               "] cannot be greater than BooleanQuery.getMaxClauseCount [" +
                               std::to_string(kMaxClauses) + "]");
    } else if (kind == "regexp" && key == "flags" && member.isString()) {
      GYRE_TRY_ASSIGN(members.flags, RegexpOptions::parseFlags(member.string()));
    } else if (kind == "regexp" && key == "flags_value") {
      GYRE_TRY_ASSIGN(const std::int64_t flags, parseWhole(kind, member));
      members.flags = static_cast<std::uint32_t>(flags) & RegexpOptions::kAll;
    } else if (is_fuzzy && key == "prefix_length") {
      GYRE_TRY_ASSIGN(members.prefix_length, parseWhole(kind, member));
      if (members.prefix_length < 0) return failed(kind, member, "prefixLength cannot be less than 0");
    } else if (is_fuzzy && key == "transpositions") {
      GYRE_TRY_ASSIGN(members.has_transpositions, parseBoolean(kind, member));
    } else if (is_fuzzy && key == "fuzziness") {
      GYRE_TRY_ASSIGN(members.fuzziness, parseScalarText(kind, member));
    } else {
      return false;
    }
    return true;
  }

  static Result<Mode> modeOf(std::string_view kind, const Members& members) {
    if (members.is_ordered) return *members.is_ordered ? Mode::kOrdered : Mode::kUnordered;
    if (members.mode.empty() || members.mode == "unordered") return Mode::kUnordered;
    if (members.mode == "ordered") return Mode::kOrdered;
    if (members.mode == "unordered_no_overlap") return Mode::kUnorderedApart;
    return illegalArgument(bracketed(kind) + " no interval mode " + bracketed(members.mode) +
                           ", expecting one of [ordered, unordered, unordered_no_overlap]");
  }

  Result<IntervalRules> list(json::Value bodies, const Field* field) {
    IntervalRules rules;
    for (const json::Value body : bodies) {
      if (!body.isObject() || body.size() != 1)
        return parsingException("Expected one interval rule in each object of [intervals]");
      GYRE_TRY_ASSIGN(auto one, rule(*body.begin(), field));
      if (++context_.clauses > kMaxClauses) return tooManyClauses();
      rules.push_back(std::move(one));
    }
    return rules;
  }

  Result<IntervalRulePtr> filtered(IntervalRulePtr inner, json::Value filter, const Field* field) {
    if (filter.isMissing()) return inner;
    if (filter.size() != 1) return parsingException("Expected one relation in [filter]");
    const json::Value relation = *filter.begin();
    if (relation.key() == "script")
      return illegalArgument("[intervals] [script] is not offered: there is no scripting");
    if (!relation.isObject() || relation.size() != 1)
      return parsingException("Expected one interval rule in " + bracketed(relation.key()));
    GYRE_TRY_ASSIGN(auto reference, rule(*relation.begin(), field));
    constexpr std::pair<std::string_view, IntervalRelation> kRelations[] = {
        {"containing", IntervalRelation::kContaining},
        {"contained_by", IntervalRelation::kContainedBy},
        {"not_containing", IntervalRelation::kNotContaining},
        {"not_contained_by", IntervalRelation::kNotContainedBy},
        {"overlapping", IntervalRelation::kOverlapping},
        {"not_overlapping", IntervalRelation::kNotOverlapping},
        {"before", IntervalRelation::kBefore},
        {"after", IntervalRelation::kAfter},
    };
    for (const auto& [name, known] : kRelations)
      if (name == relation.key()) return related(std::move(inner), known, std::move(reference));
    return queryShardException("Unknown filter type " + bracketed(relation.key()));
  }

  static Status noPositions(const Field& field) {
    return queryShardException("Cannot create intervals over field " + bracketed(field.path) +
                               " with no positions indexed");
  }
  static bool hasPositions(const Field& field) {
    return field.type == FieldType::kText && field.is_indexed && field.detail >= IndexDetail::kPositions;
  }

  static Result<IntervalRulePtr> words(const Field& field, const Members& members, Mode mode) {
    if (field.type != FieldType::kText)
      return queryShardException("Can only use interval queries on text fields - not on " + bracketed(field.path) +
                                 " which is of type " + bracketed(typeName(field.type)));
    if (!hasPositions(field)) return noPositions(field);
    MatchOptions options;
    options.kind = "intervals";
    options.analyzer = members.analyzer;
    GYRE_TRY_ASSIGN(const auto tokens, analyzeQueryText(field, members.text, options));
    if (std::any_of(tokens.begin(), tokens.end(), [](const QueryToken& token) { return token.length > 1; }))
      return illegalArgument("[intervals] synonyms of several words are not offered");
    if (tokens.size() == 1) return termIntervals(tokens.front().term);
    IntervalRules places;
    std::uint32_t expected = 0;
    for (std::size_t i = 0; i < tokens.size();) {
      const std::uint32_t position = tokens[i].position;
      IntervalRules choices;
      for (; i < tokens.size() && tokens[i].position == position; ++i) choices.push_back(termIntervals(tokens[i].term));
      places.push_back(extendedBefore(anyInterval(std::move(choices)), position - expected));
      expected = position + 1;
    }
    return combined(std::move(places), members.max_gaps, mode);
  }

  static Result<IntervalRulePtr> pattern(std::string_view kind, const Field& field, const Members& members) {
    if (kind == "prefix" && field.type != FieldType::kText)
      return queryShardException("Can only use interval queries on text fields - not on " + bracketed(field.path) +
                                 " which is of type " + bracketed(typeName(field.type)));
    if (!hasPositions(field)) return noPositions(field);
    const std::string text =
        kind == "regexp" ? members.text : normalizeQueryText(field, members.text, members.analyzer);
    const std::string description = std::string(kind) + ":" + text;
    constexpr std::uint32_t kExpansions = 128;
    const auto most = members.max_expansions > 0 ? static_cast<std::uint32_t>(members.max_expansions) : kExpansions;
    if (kind == "fuzzy") {
      Fuzziness fuzziness;
      if (!members.fuzziness.empty()) {
        GYRE_TRY_ASSIGN(fuzziness, Fuzziness::parse(members.fuzziness));
      }
      const FuzzyPattern fuzzy{text, fuzziness.editsFor(countCharacters(members.text)),
                               static_cast<std::uint32_t>(std::min<std::int64_t>(members.prefix_length, INT32_MAX)),
                               members.has_transpositions};
      return patternIntervals(
          [fuzzy](const TermDictionaryReader& terms, const TermVisitor::VisitTerm& visit) {
            forEachFuzzyTerm(terms, fuzzy, [&](const FuzzyMatch& match, const TermCursor&) {
              visit(match.term, 1);
              return true;
            });
          },
          description, most);
    }
    std::optional<CharAutomaton> automaton;
    if (kind == "prefix") {
      automaton = prefixAutomaton(text, false);
    } else if (kind == "wildcard") {
      automaton = wildcardAutomaton(text, false);
      if (!automaton) return queryShardException("Determinizing " + text + " would require more than 10000 effort.");
    } else {
      RegexpOptions options;
      options.flags = members.flags;
      GYRE_TRY_ASSIGN(automaton, parseRegexp(text, options));
    }
    return patternIntervals(
        [shared = std::make_shared<const CharAutomaton>(std::move(*automaton))](const TermDictionaryReader& terms,
                                                                                const TermVisitor::VisitTerm& visit) {
          forEachAcceptedTerm(terms, *shared, [&](const TermCursor& cursor) {
            visit(cursor.term(), 1);
            return true;
          });
        },
        description, most);
  }

  ParseContext& context_;
  bool is_mapped_ = true;
};

}  // namespace

Result<QueryPtr> parseIntervals(json::Value body, ParseContext& context) {
  GYRE_TRY_ASSIGN(const json::Value asked, singleField("intervals", body));
  if (!asked.isObject()) return parsingException("Expected [START_OBJECT] but got " + bracketed(tokenName(asked)));
  CommonParameters common;
  json::Value rule;
  for (const json::Value member : asked) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("intervals", member, common));
    if (is_common) continue;
    if (!rule.isMissing())
      return parsingException("Only one interval rule can be specified, found " + bracketed(rule.key()) + " and " +
                              bracketed(member.key()));
    rule = member;
  }
  if (rule.isMissing()) return parsingException("Missing intervals from interval query definition");
  const Field* const field = context.field(asked.key());
  RuleParser parser(context);
  GYRE_TRY_ASSIGN(auto read, parser.rule(rule, field));
  if (field == nullptr || !parser.isMapped())
    return finishQuery(makeNoneQuery("unknown field " + bracketed(asked.key())), common, context);
  return finishQuery(makeIntervalsQuery(field->path, std::move(read), common.boost), common, context);
}

}  // namespace gyre::engine
