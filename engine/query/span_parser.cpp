// span_term, span_or, span_near, span_first, span_not, span_multi, span_containing, span_within and span_field_masking.
#include "engine/query/span_parser.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/query/field_query.hpp"
#include "engine/query/span_query.hpp"

namespace gyre::engine {

namespace {

constexpr std::string_view kSpanKinds[] = {"field_masking_span", "span_containing", "span_field_masking", "span_first",
                                           "span_multi",         "span_near",       "span_not",           "span_or",
                                           "span_term",          "span_within"};

std::string bracketed(std::string_view text) { return "[" + std::string(text) + "]"; }

Result<FieldSpans> parseSpans(json::Value body, ParseContext& context, CommonParameters& common);

// A clause of another span query, which may have no boost of its own.
Result<FieldSpans> parseInner(json::Value clause, std::string_view holder, std::string_view member,
                              ParseContext& context) {
  if (!clause.isObject() || clause.size() != 1 || !isSpanKind((*clause.begin()).key()))
    return parsingException(std::string(holder) + " " + bracketed(member) + " must be of type span query");
  if (++context.depth > kMaxNesting) return illegalArgument("queries are nested too deeply");
  CommonParameters common;
  auto spans = parseSpans(*clause.begin(), context, common);
  --context.depth;
  if (!spans.isOk()) return spans;
  if (common.boost != 1)
    return parsingException(std::string(holder) + " " + bracketed(member) +
                            " as a nested span clause can't have non-default boost value [" +
                            describeFloat(common.boost) + "]");
  return spans;
}

// All clauses must ask the same field; those that ask one that is not mapped find nothing there.
Result<FieldSpans> joined(std::vector<FieldSpans> clauses, const std::function<SpanSourcePtr(SpanSources)>& make) {
  FieldSpans all;
  SpanSources sources;
  for (FieldSpans& clause : clauses) {
    if (!all.path.empty() && clause.path != all.path)
      return queryShardException("Cannot add clause " + clause.source->describe(clause.path) +
                                 " to SpanNearQuery for field " + all.path);
    all.path = clause.path;
    sources.push_back(std::move(clause.source));
  }
  all.source = make(std::move(sources));
  return all;
}

Result<std::vector<FieldSpans>> parseClauses(json::Value list, std::string_view holder, std::string_view kind,
                                             ParseContext& context) {
  std::vector<FieldSpans> clauses;
  if (list.isArray())
    for (const json::Value clause : list) {
      GYRE_TRY_ASSIGN(auto spans, parseInner(clause, holder, "clauses", context));
      clauses.push_back(std::move(spans));
    }
  if (clauses.empty()) return parsingException(std::string(kind) + " must include [clauses]");
  if (clauses.size() > kMaxClauses) return tooManyClauses();
  return clauses;
}

Result<FieldSpans> parseTermSpans(json::Value body, ParseContext& context, CommonParameters& common) {
  GYRE_TRY_ASSIGN(const json::Value member, singleField("span_term", body));
  std::string value;
  bool has_value = false;
  if (!member.isObject()) {
    GYRE_TRY_ASSIGN(value, parseScalarText("span_term", member));
    has_value = true;
  }
  for (const json::Value option : member) {
    if (!member.isObject()) break;
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("span_term", option, common));
    if (is_common) continue;
    if (option.key() != "value" && option.key() != "term") return unknownParameter("span_term", option.key());
    GYRE_TRY_ASSIGN(value, parseScalarText("span_term", option));
    has_value = true;
  }
  if (!has_value) return illegalArgument("value cannot be null");
  const Field* const field = context.field(member.key());
  FieldSpans spans;
  spans.path = field == nullptr ? std::string(member.key()) : field->path;
  if (field != nullptr && field->type == FieldType::kText && field->detail < IndexDetail::kPositions)
    return queryShardException("field \"" + field->path +
                               "\" was indexed without position data; cannot run SpanTermQuery (term=" + value + ")");
  if (field != nullptr && field->type != FieldType::kText && field->type != FieldType::kObject)
    return queryShardException("Can only use span queries on text fields - not on [" + field->path +
                               "] which is of type [" + std::string(typeName(field->type)) + "]");
  spans.source = makeTermSpans(std::move(value));
  return spans;
}

// Keeps the last pattern that a query tells of itself.
class PatternListener final : public TermVisitor {
 public:
  void term(std::string_view path_told, std::string_view term_told) override {
    path = path_told;
    expand = [told = std::string(term_told)](const TermDictionaryReader& terms, const VisitTerm& visit) {
      if (terms.find(told)) visit(told, 1);
    };
  }
  void phrase(std::string_view, std::vector<VisitedPlace>, std::uint32_t, bool) override {}
  void pattern(std::string_view path_told, ExpandTerms expand_told) override {
    path = path_told;
    expand = std::move(expand_told);
  }
  std::string path;
  ExpandTerms expand;
};

Result<FieldSpans> parsePatternSpans(json::Value body, ParseContext& context, CommonParameters& common) {
  json::Value match;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("span_multi", member, common));
    if (is_common) continue;
    if (member.key() != "match") return unknownParameter("span_multi", member.key());
    match = member;
  }
  constexpr std::string_view kPatterns[] = {"prefix", "wildcard", "regexp", "fuzzy", "range"};
  const std::string_view kind = match.isObject() && match.size() == 1 ? (*match.begin()).key() : "";
  if (std::find(std::begin(kPatterns), std::end(kPatterns), kind) == std::end(kPatterns))
    return parsingException("[span_multi] [match] must be of type multi term query");
  GYRE_TRY_ASSIGN(auto query, parseQuery(match, context));
  const std::shared_ptr<const Query> kept = std::move(query);
  PatternListener listener;
  kept->visitTerms(listener);
  FieldSpans spans;
  spans.path = (*(*match.begin()).begin()).key();
  if (const Field* const field = context.field(spans.path)) spans.path = field->path;
  const auto expand = [kept, told = std::move(listener.expand)](const TermDictionaryReader& terms,
                                                                const TermVisitor::VisitTerm& visit) {
    if (told) told(terms, visit);
  };
  spans.source = makePatternSpans(expand, kept->describe());
  return spans;
}

Result<FieldSpans> parseNear(json::Value body, ParseContext& context, CommonParameters& common) {
  json::Value clauses;
  std::int64_t slop = 0;
  bool is_ordered = true;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("span_near", member, common));
    if (is_common) continue;
    if (member.key() == "clauses") {
      clauses = member;
    } else if (member.key() == "slop") {
      GYRE_TRY_ASSIGN(slop, parseWhole("span_near", member));
      if (slop < INT32_MIN || slop > INT32_MAX) return illegalArgument("[slop] is out of range");
    } else if (member.key() == "in_order") {
      GYRE_TRY_ASSIGN(is_ordered, parseBoolean("span_near", member));
    } else {
      return unknownParameter("span_near", member.key());
    }
  }
  GYRE_TRY_ASSIGN(auto parsed, parseClauses(clauses, "span_near", "span_near", context));
  return joined(std::move(parsed),
                [&](SpanSources sources) { return makeNearSpans(std::move(sources), slop, is_ordered); });
}

Result<FieldSpans> parseAny(json::Value body, ParseContext& context, CommonParameters& common) {
  json::Value clauses;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("span_or", member, common));
    if (is_common) continue;
    if (member.key() != "clauses") return unknownParameter("span_or", member.key());
    clauses = member;
  }
  GYRE_TRY_ASSIGN(auto parsed, parseClauses(clauses, "span_or", "span_or", context));
  return joined(std::move(parsed), [](SpanSources sources) { return makeAnySpans(std::move(sources)); });
}

Result<FieldSpans> parseFirst(json::Value body, ParseContext& context, CommonParameters& common) {
  std::optional<FieldSpans> match;
  std::optional<std::int64_t> end;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("span_first", member, common));
    if (is_common) continue;
    if (member.key() == "match") {
      GYRE_TRY_ASSIGN(match, parseInner(member, "span_first", "match", context));
    } else if (member.key() == "end") {
      GYRE_TRY_ASSIGN(end, parseWhole("span_first", member));
    } else {
      return unknownParameter("span_first", member.key());
    }
  }
  if (!match) return parsingException("span_first must have [match] span query clause");
  if (!end) return parsingException("span_first must have [end] set for it");
  if (*end < 0) return illegalArgument("parameter [end] needs to be positive.");
  match->source =
      makeFirstSpans(std::move(match->source), static_cast<std::uint32_t>(std::min<std::int64_t>(*end, INT32_MAX)));
  return std::move(*match);
}

Result<FieldSpans> parseNot(json::Value body, ParseContext& context, CommonParameters& common) {
  std::optional<FieldSpans> include, exclude;
  std::optional<std::int64_t> before, after, around;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("span_not", member, common));
    if (is_common) continue;
    const std::string_view key = member.key();
    if (key == "include" || key == "exclude") {
      GYRE_TRY_ASSIGN((key == "include" ? include : exclude), parseInner(member, "span_not", key, context));
    } else if (key == "pre" || key == "post" || key == "dist") {
      GYRE_TRY_ASSIGN((key == "pre" ? before : key == "post" ? after : around), parseWhole("span_not", member));
    } else {
      return unknownParameter("span_not", key);
    }
  }
  if (!include) return parsingException("span_not must have [include] span query clause");
  if (!exclude) return parsingException("span_not must have [exclude] span query clause");
  if (around && (before || after)) return illegalArgument("span_not can either use [dist] or [pre] & [post] (or none)");
  if (include->path != exclude->path) return queryShardException("Clauses must have same field.");
  include->source = makeSpansWithout(std::move(include->source), std::move(exclude->source),
                                     around.value_or(before.value_or(0)), around.value_or(after.value_or(0)));
  return std::move(*include);
}

Result<FieldSpans> parseHeld(json::Value body, ParseContext& context, CommonParameters& common) {
  const std::string kind(body.key());
  std::optional<FieldSpans> big, little;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon(kind, member, common));
    if (is_common) continue;
    const std::string_view key = member.key();
    if (key != "big" && key != "little") return unknownParameter(kind, key);
    GYRE_TRY_ASSIGN((key == "big" ? big : little), parseInner(member, kind, key, context));
  }
  if (!big || !little)
    return illegalArgument("inner clause [" + std::string(big ? "little" : "big") + "] cannot be null.");
  if (big->path != little->path) return queryShardException("big and little not same field");
  big->source = makeHeldSpans(std::move(big->source), std::move(little->source), kind == "span_within");
  return std::move(*big);
}

Result<FieldSpans> parseMasked(json::Value body, ParseContext& context, CommonParameters& common) {
  constexpr std::string_view kKind = "span_field_masking";
  std::optional<FieldSpans> inner;
  std::string path;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon(kKind, member, common));
    if (is_common) continue;
    if (member.key() == "query" && member.isObject()) {
      GYRE_TRY_ASSIGN(inner, parseInner(member, kKind, "query", context));
    } else if (member.key() == "field" && member.isString()) {
      path = member.string();
      if (path.empty()) return illegalArgument("field name is null or empty");
    } else {
      return unknownParameter(kKind, member.key());
    }
  }
  if (!inner) return parsingException(std::string(kKind) + " must have [query] span query clause");
  if (path.empty()) return parsingException(std::string(kKind) + " must have [field] set for it");
  if (const Field* const field = context.field(path)) path = field->path;
  FieldSpans masked;
  masked.path = std::move(path);
  masked.source = makeMaskedSpans(std::move(inner->path), std::move(inner->source));
  return masked;
}

Result<FieldSpans> parseSpans(json::Value body, ParseContext& context, CommonParameters& common) {
  const std::string_view kind = body.key();
  if (!body.isObject()) return parsingException(bracketed(kind) + " query malformed, no start_object after query name");
  if (kind == "span_term") return parseTermSpans(body, context, common);
  if (kind == "span_multi") return parsePatternSpans(body, context, common);
  if (kind == "span_near") return parseNear(body, context, common);
  if (kind == "span_or") return parseAny(body, context, common);
  if (kind == "span_first") return parseFirst(body, context, common);
  if (kind == "span_not") return parseNot(body, context, common);
  if (kind == "span_field_masking" || kind == "field_masking_span") return parseMasked(body, context, common);
  return parseHeld(body, context, common);
}

}  // namespace

bool isSpanKind(std::string_view kind) {
  return std::find(std::begin(kSpanKinds), std::end(kSpanKinds), kind) != std::end(kSpanKinds);
}

Result<QueryPtr> parseSpanQuery(json::Value body, ParseContext& context) {
  CommonParameters common;
  GYRE_TRY_ASSIGN(auto spans, parseSpans(body, context, common));
  spans.boost = common.boost;
  return finishQuery(makeSpanQuery(std::move(spans)), common, context);
}

}  // namespace gyre::engine
