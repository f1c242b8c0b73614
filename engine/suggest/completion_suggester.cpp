#include "engine/suggest/completion_suggester.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>

#include "engine/analysis/analysis_registry.hpp"
#include "engine/analysis/analyzer.hpp"
#include "engine/analysis/utf8.hpp"
#include "engine/mapping/failure_cause.hpp"
#include "engine/mapping/geo_point_value.hpp"
#include "engine/query/fuzzy_terms.hpp"
#include "engine/query/query_parser.hpp"
#include "engine/query/regexp_parser.hpp"

namespace gyre::engine {

namespace {

// {"context": …, "boost": …, "prefix": …}, or the value alone.
Result<CompletionCategory> readCategory(std::string_view name, json::Value element) {
  CompletionCategory category;
  json::Value value = element;
  if (element.isObject()) {
    value = {};
    for (const json::Value member : element) {
      if (member.key() == "context") {
        value = member;
      } else if (member.key() == "boost") {
        GYRE_TRY_ASSIGN(category.boost, parseFloat("category", member));
        if (category.boost <= 0) return illegalArgument("boost must be greater than 0");
      } else if (member.key() == "prefix") {
        GYRE_TRY_ASSIGN(category.is_prefix, parseBoolean("category", member));
      } else {
        return unknownField("category", member.key());
      }
    }
    if (value.isMissing()) return illegalArgument("category context must be provided");
  }
  GYRE_TRY_ASSIGN(const std::string text, parseScalarText("contexts", value));
  category.name = std::string(name) + '\0' + text;
  return category;
}

Result<std::uint32_t> readPrecision(json::Value value) {
  GYRE_TRY_ASSIGN(const std::string text, parseScalarText("geo", value));
  const bool is_count = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  if (const auto meters = is_count ? std::nullopt : parseDistance(text)) return geohashLengthFor(*meters);
  const std::size_t length = is_count && text.size() < 3 ? std::stoul(text) : 0;
  if (length == 0 || length > kMaxGeohash)
    return illegalArgument("Invalid geohash precision of " + text + ". Must be between 1 and 12.");
  return static_cast<std::uint32_t>(length);
}

// {"lat": …, "lon": …}, a geohash, or {"context": point, "boost": …, "precision": …, "neighbours": […]}: the cells to
// look in. A cell larger than those of the index holds all that are within it.
Status readPlaces(const CompletionContext& context, json::Value element, std::vector<CompletionCategory>& places) {
  if (!element.isObject() && !element.isString())
    return {Code::kInvalidArgument, "parse_exception", "geo context must be an object or string"};
  float boost = 1;
  std::uint32_t precision = kMaxGeohash;
  std::vector<std::uint32_t> neighbours;
  json::Value point = element.isString() ? element : json::Value();
  bool is_split = false;  // lat and lon stand beside the options
  for (const json::Value member : element.isObject() ? element : json::Value()) {
    const std::string_view key = member.key();
    if (key == "context" && member.isObject()) {
      point = member;
    } else if (key == "lat" || key == "lon") {
      is_split = true;
    } else if (key == "boost") {
      GYRE_TRY_ASSIGN(boost, parseFloat("geo", member));
      if (boost <= 0) return illegalArgument("boost must be greater than 0");
    } else if (key == "precision") {
      GYRE_TRY_ASSIGN(precision, readPrecision(member));
    } else if ((key == "neighbours" || key == "neighbors") && member.isArray()) {
      for (const json::Value length : member) {
        GYRE_TRY_ASSIGN(const std::uint32_t one, readPrecision(length));
        neighbours.push_back(one);
      }
    } else {
      return unknownField("geo", key);
    }
  }
  std::optional<json::Document> split;
  if (is_split) {
    std::string text;
    JsonWriter out(text);
    out.beginObject();
    for (const std::string_view name : {"lat", "lon"})
      if (const json::Value part = element[name]; !part.isMissing()) out.rawMember(name, part.raw());
    out.endObject();
    GYRE_TRY_ASSIGN(split, json::Document::parse(text));
    point = split->root();
  }
  if (point.isMissing()) return illegalArgument("Required [context]");
  GYRE_TRY_ASSIGN(const auto points, parseGeoPoints(point));
  if (points.size() != 1) return illegalArgument("geo context must be one point");
  const std::uint32_t length = std::min(precision, context.precision);
  const std::string cell = geohashOf(points.front(), length);
  std::vector<std::string> cells{cell};
  const auto addAround = [&](const std::string& middle) {
    for (std::string& around : geohashNeighbours(middle)) cells.push_back(std::move(around));
  };
  if (neighbours.empty() && length == context.precision) addAround(cell);
  for (const std::uint32_t shorter : neighbours) {
    if (shorter >= length) continue;
    cells.push_back(cell.substr(0, shorter));
    addAround(cells.back());
  }
  for (const std::string& one : cells)
    places.push_back({context.name + '\0' + one, one.size() < context.precision, boost});
  return {};
}

// {"org": "org-1"}, {"org": ["a", {"context": "b"}]}.
Status readContexts(json::Value value, const Field& field, std::vector<CompletionCategory>& categories) {
  if (field.contexts.empty()) {
    if (value.isMissing() || value.size() == 0) return {};
    return illegalArgument("suggester [" + field.path + "] doesn't expect any context");
  }
  if (!value.isMissing() && !value.isObject()) return parsingException("[contexts] must be an object");
  const auto add = [&](const CompletionContext& context, json::Value element) -> Status {
    std::vector<CompletionCategory> read;
    if (context.isOfPlaces()) {
      GYRE_TRY(readPlaces(context, element, read));
    } else {
      GYRE_TRY_ASSIGN(auto category, readCategory(context.name, element));
      read.push_back(std::move(category));
    }
    for (CompletionCategory& category : read) {
      // The last word about a category counts.
      std::erase_if(categories, [&](const CompletionCategory& known) { return known.name == category.name; });
      categories.push_back(std::move(category));
    }
    return {};
  };
  for (const json::Value member : value) {
    std::string all;
    for (const CompletionContext& context : field.contexts) all += (all.empty() ? "" : ", ") + context.name;
    const auto known = std::find_if(field.contexts.begin(), field.contexts.end(),
                                    [&](const CompletionContext& context) { return context.name == member.key(); });
    if (known == field.contexts.end())
      return illegalArgument("Unknown context name [" + std::string(member.key()) + "], must be one of [" + all + "]");
    if (!member.isArray()) GYRE_TRY(add(*known, member));
    if (member.isArray())
      for (const json::Value element : member) GYRE_TRY(add(*known, element));
  }
  if (categories.empty()) return illegalArgument("Missing mandatory contexts in context query");
  return {};
}

Result<std::uint32_t> parseLength(json::Value value) {
  GYRE_TRY_ASSIGN(const std::int64_t length, parseWhole("fuzzy", value));
  if (length < 0) return illegalArgument(std::string(value.key()) + " must not be negative");
  return static_cast<std::uint32_t>(std::min<std::int64_t>(length, 1'000'000));
}

// How far an input may be from what was typed, which is also given as it was analysed.
Result<FuzzyPrefix> readFuzzy(json::Value body, std::string_view analysed) {
  FuzzyPrefix fuzzy;
  Fuzziness fuzziness;
  std::uint32_t min_length = 3;
  for (const json::Value member : body) {
    const std::string_view key = member.key();
    if (key == "fuzziness") {
      GYRE_TRY_ASSIGN(const std::string given, parseScalarText("fuzzy", member));
      GYRE_TRY_ASSIGN(fuzziness, Fuzziness::parse(given));
    } else if (key == "transpositions") {
      GYRE_TRY_ASSIGN(fuzzy.has_transpositions, parseBoolean("fuzzy", member));
    } else if (key == "min_length") {
      GYRE_TRY_ASSIGN(min_length, parseLength(member));
    } else if (key == "prefix_length") {
      GYRE_TRY_ASSIGN(fuzzy.prefix_length, parseLength(member));
    } else if (key == "unicode_aware") {
      GYRE_TRY_ASSIGN(fuzzy.counts_characters, parseBoolean("fuzzy", member));
    } else if (key == "max_determinized_states") {
      // A bound on memory that nothing here needs.
      GYRE_TRY(parseLength(member).status());
    } else {
      return unknownField("fuzzy", key);
    }
  }
  // The dialect does not look at the text where the edits depend on its length: it takes a usual one.
  constexpr std::uint32_t kUsualLength = 5;
  fuzzy.max_edits = fuzziness.editsFor(kUsualLength);
  fuzzy.text = analysed;
  const std::size_t length = fuzzy.counts_characters ? countCharacters(analysed) : analysed.size();
  if (length < min_length || length <= fuzzy.prefix_length) fuzzy.max_edits = 0;
  return fuzzy;
}

// What is typed by rule: the analysed inputs are looked at, the expression itself is not analysed.
Result<std::optional<CharAutomaton>> readRegex(json::Value body, std::string_view text) {
  RegexpOptions options;
  for (const json::Value member : body) {
    if (member.key() == "flags" && member.isString()) {
      GYRE_TRY_ASSIGN(options.flags, RegexpOptions::parseFlags(member.string()));
    } else if (member.key() == "flags" || member.key() == "flags_value") {
      GYRE_TRY_ASSIGN(const std::int64_t flags, parseWhole("regex", member));
      options.flags = static_cast<std::uint32_t>(flags) & RegexpOptions::kAll;
    } else if (member.key() == "max_determinized_states") {
      GYRE_TRY_ASSIGN(const std::int64_t states, parseWhole("regex", member));
      if (states < 0) return illegalArgument("maxDeterminizedStates must not be negative");
      options.max_states = static_cast<std::uint32_t>(std::min<std::int64_t>(states, options.max_states));
    } else {
      return unknownField("regex", member.key());
    }
  }
  if (text.empty()) return std::optional<CharAutomaton>();
  GYRE_TRY_ASSIGN(auto automaton, parseRegexp(text, options));
  return std::optional<CharAutomaton>(std::move(automaton));
}

bool isBefore(const CompletionOption& a, const CompletionOption& b) {
  if (a.score != b.score) return a.score > b.score;
  if (a.text != b.text) return a.text < b.text;
  return a.segment != b.segment ? a.segment < b.segment : a.doc < b.doc;
}

// The best of one segment: a segment's own order is that of the answer, so the first ones met are enough.
class SegmentCompletions {
 public:
  SegmentCompletions(const SegmentView& view, std::uint32_t ordinal, const CompletionRequest& request,
                     std::vector<CompletionOption>& options)
      : view_(view), ordinal_(ordinal), request_(request), options_(options) {
    const FieldReader* const field = view.segment->field(request.path);
    if (field == nullptr) return;
    inputs_ = static_cast<const CompletionIndexReader*>(field->completion);
    has_lone_inputs_ = inputs_ != nullptr && inputs_->size() == field->doc_count;
    if (keepsBest(request) && options.size() >= request.size) bar_ = options[request.size - 1];
  }

  // Whether options come in the order of the answer, so that a worse one than the last that is kept ends a segment.
  static bool keepsBest(const CompletionRequest& request) {
    return request.categories.empty() && !request.fuzzy && !request.skips_duplicates;
  }

  void collect() {
    if (inputs_ == nullptr) return;
    if (request_.categories.empty()) return collectFrom("", 0);
    for (const CompletionCategory& category : request_.categories) {
      if (!category.is_prefix) {
        collectFrom(category.name, category.boost);
        continue;
      }
      for (const std::string& name : inputs_->contextsFrom(category.name)) collectFrom(name, category.boost);
    }
  }

 private:
  void collectFrom(const std::string& context, float boost) {
    docs_.clear();
    texts_.clear();
    found_ = 0;
    if (request_.regex) {
      inputs_->visitAccepted(*request_.regex, context,
                             [&](const Completion& completion) { return offer(completion, boost, context); });
    } else if (request_.fuzzy) {
      inputs_->visitFuzzy(*request_.fuzzy, context, [&](const Completion& completion, std::uint32_t factor) {
        return offer(completion, boost + static_cast<float>(factor), context);
      });
    } else {
      inputs_->visit(request_.analysed, context,
                     [&](const Completion& completion) { return offer(completion, boost, context); });
    }
  }

  bool offer(const Completion& completion, float factor, const std::string& context) {
    if (bar_ && isBehindBar(completion)) return false;
    // What is analysed to nothing is kept, and nothing that is typed finds it.
    if (completion.analysed.empty() || !isVisible(view_, completion.doc)) return true;
    if (request_.skips_duplicates && !texts_.emplace(completion.text).second) return true;
    if (!has_lone_inputs_ && !docs_.insert(completion.doc).second) return true;
    const auto weight = static_cast<float>(completion.weight);
    const float score = factor == 0 ? weight : completion.weight == 0 ? factor : weight * factor;
    options_.push_back({std::string(completion.text), score, ordinal_, completion.doc, context});
    return ++found_ < request_.size;
  }

  bool isBehindBar(const Completion& completion) const {
    // Up to here different weights are different scores.
    constexpr std::uint32_t kExactWeights = 1u << 24;
    const auto score = static_cast<float>(completion.weight);
    if (score != bar_->score) return score < bar_->score;
    return completion.weight <= kExactWeights && bar_->text <= completion.text;
  }

  const SegmentView& view_;
  std::uint32_t ordinal_;
  const CompletionRequest& request_;
  std::vector<CompletionOption>& options_;
  const CompletionIndexReader* inputs_ = nullptr;
  std::unordered_set<DocId> docs_;
  std::set<std::string, std::less<>> texts_;
  std::uint32_t found_ = 0;
  bool has_lone_inputs_ = false;  // no document has several
  std::optional<CompletionOption> bar_;
};

}  // namespace

Result<CompletionRequest> parseCompletion(json::Value body, std::string_view text, bool is_regex,
                                          const Mapping& mapping) {
  CompletionRequest request;
  json::Value contexts;
  json::Value fuzzy;
  json::Value regex;
  std::string analyzer_name;
  for (const json::Value member : body) {
    const std::string_view key = member.key();
    if (key == "field" && member.isString()) {
      request.path = member.string();
    } else if (key == "size" || key == "shard_size") {
      GYRE_TRY_ASSIGN(const std::int64_t size, parseWhole("completion", member));
      if (size < 1 || size > 10'000) return illegalArgument("size must be positive and at most 10000");
      if (key == "size") request.size = static_cast<std::uint32_t>(size);
    } else if (key == "skip_duplicates") {
      GYRE_TRY_ASSIGN(request.skips_duplicates, parseBoolean("completion", member));
    } else if (key == "contexts" && member.isObject()) {
      contexts = member;
    } else if (key == "fuzzy" && member.isObject()) {
      fuzzy = member;
    } else if (key == "analyzer" && member.isString()) {
      analyzer_name = member.string();
    } else if (key == "regex" && member.isObject()) {
      regex = member;
    } else {
      return unknownField("completion", key);
    }
  }
  if (request.path.empty()) return illegalArgument("Required [field]");
  const Field* const field = mapping.find(request.path);
  if (field == nullptr)
    return noticedBy(kByIndex, illegalArgument("no mapping found for field [" + request.path + "]"));
  if (field->type != FieldType::kCompletion)
    return illegalArgument("Field [" + request.path + "] is not a completion suggest field");
  request.path = field->path;
  GYRE_TRY(readContexts(contexts, *field, request.categories));
  const Analyzer* const analyzer =
      analyzer_name.empty() ? field->search_analyzer : field->analysis->analyzer(analyzer_name);
  if (analyzer == nullptr)
    return illegalArgument("analyzer [" + (analyzer_name.empty() ? field->analyzer : analyzer_name) + "] not found");
  if (is_regex) {
    GYRE_TRY_ASSIGN(request.regex, readRegex(regex, text));
    return request;
  }
  appendCompletionKey(*analyzer, text, {field->keeps_separators, field->counts_gaps}, request.analysed);
  if (fuzzy.isMissing()) return request;
  GYRE_TRY_ASSIGN(request.fuzzy, readFuzzy(fuzzy, request.analysed));
  return request;
}

std::vector<CompletionOption> findCompletions(const Snapshot& snapshot, const CompletionRequest& request) {
  std::vector<CompletionOption> options;
  if (request.analysed.empty() && !request.regex) return options;
  for (std::uint32_t s = 0; s < snapshot.segments.size(); ++s) {
    const auto known = static_cast<std::ptrdiff_t>(options.size());
    SegmentCompletions(snapshot.segments[s], s, request, options).collect();
    std::sort(options.begin() + known, options.end(), isBefore);
    std::inplace_merge(options.begin(), options.begin() + known, options.end(), isBefore);
    if (SegmentCompletions::keepsBest(request) && options.size() > request.size) options.resize(request.size);
  }
  // Segments and contexts may have offered the same text, and contexts the same document.
  std::set<std::pair<std::uint32_t, DocId>> docs;
  std::unordered_set<std::string> texts;
  std::erase_if(options, [&](const CompletionOption& option) {
    if (!docs.emplace(option.segment, option.doc).second) return true;
    return request.skips_duplicates && !texts.insert(option.text).second;
  });
  if (options.size() > request.size) options.resize(request.size);
  return options;
}

}  // namespace gyre::engine
