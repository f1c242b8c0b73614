#include "engine/suggest/completion_suggester.hpp"

#include <algorithm>
#include <set>
#include <unordered_set>
#include <utility>

#include "engine/analysis/analyzer.hpp"
#include "engine/analysis/utf8.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

// {"org": "org-1"}, {"org": ["a", {"context": "b"}]}; a bare list or text when the field has one context.
Status readContexts(json::Value value, const Field& field, std::vector<std::string>& contexts) {
  const auto add = [&](std::string_view name, json::Value element) -> Status {
    const bool is_known = std::any_of(field.contexts.begin(), field.contexts.end(),
                                      [&](const CompletionContext& context) { return context.name == name; });
    if (!is_known)
      return illegalArgument("Unknown context name [" + std::string(name) + "], must be one of the contexts of [" +
                             field.path + "]");
    json::Value text = element;
    if (element.isObject()) {
      for (const json::Value member : element)
        if (member.key() != "context")
          return parsingException("[contexts] unknown field [" + std::string(member.key()) + "]");
      text = element["context"];
    }
    GYRE_TRY_ASSIGN(const std::string category, parseScalarText("contexts", text));
    contexts.push_back(std::string(name) + '\0' + category);
    return {};
  };
  const auto addAll = [&](std::string_view name, json::Value list) -> Status {
    if (!list.isArray()) return add(name, list);
    for (const json::Value element : list) GYRE_TRY(add(name, element));
    return {};
  };
  if (field.contexts.empty())
    return illegalArgument("suggester [completion] field [" + field.path + "] has no contexts");
  if (value.isObject()) {
    for (const json::Value member : value) GYRE_TRY(addAll(member.key(), member));
    return {};
  }
  if (field.contexts.size() > 1)
    return illegalArgument("[contexts] must name one of the contexts of [" + field.path + "]");
  return addAll(field.contexts.front().name, value);
}

Status readCompletion(json::Value body, const Mapping& mapping, CompletionRequest& request) {
  json::Value contexts;
  for (const json::Value member : body) {
    if (member.key() == "field" && member.isString()) {
      request.path = member.string();
    } else if (member.key() == "size") {
      GYRE_TRY_ASSIGN(const std::int64_t size, parseWhole("completion", member));
      if (size < 1 || size > 10'000) return illegalArgument("size must be positive and at most 10000");
      request.size = static_cast<std::uint32_t>(size);
    } else if (member.key() == "skip_duplicates") {
      GYRE_TRY_ASSIGN(request.skips_duplicates, parseBoolean("completion", member));
    } else if (member.key() == "contexts") {
      contexts = member;
    } else if (member.key() == "fuzzy" || member.key() == "regex" || member.key() == "analyzer") {
      return illegalArgument("[completion] " + std::string(member.key()) + " is not offered");
    } else {
      return parsingException("[completion] unknown field [" + std::string(member.key()) + "]");
    }
  }
  if (request.path.empty()) return illegalArgument("Required [field]");
  const Field* const field = mapping.find(request.path);
  if (field == nullptr) return illegalArgument("no mapping found for field [" + request.path + "]");
  if (field->type != FieldType::kCompletion)
    return illegalArgument("Field [" + request.path + "] is not a completion suggest field");
  if (!contexts.isMissing()) GYRE_TRY(readContexts(contexts, *field, request.contexts));
  const Analyzer* const analyzer = findAnalyzer(field->analyzer);
  if (analyzer == nullptr)
    return internalError("analyzer [" + field->analyzer + "] of [" + field->path + "] not found");
  // Inputs are cut to so many units: nothing longer can begin one.
  const bool is_too_long = utf16Length(request.text) > field->max_input_length;
  if (!is_too_long) appendCompletionKey(*analyzer, request.text, request.analysed);
  return {};
}

bool isBefore(const CompletionOption& a, const CompletionOption& b) {
  if (a.weight != b.weight) return a.weight > b.weight;
  if (a.text != b.text) return a.text < b.text;
  return a.segment != b.segment ? a.segment < b.segment : a.doc < b.doc;
}

// The best of one segment: a segment's own order is that of the answer, so the first ones met are enough.
void collectSegment(const SegmentView& view, std::uint32_t ordinal, const CompletionRequest& request,
                    const std::string& context, std::vector<CompletionOption>& options) {
  const FieldReader* const field = view.segment->field(request.path);
  if (field == nullptr || field->completion == nullptr) return;
  std::unordered_set<DocId> docs;
  std::set<std::string, std::less<>> texts;
  std::uint32_t found = 0;
  field->completion->visit(request.analysed, context, [&](const Completion& completion) {
    if (!isVisible(view, completion.doc)) return true;
    if (request.skips_duplicates && !texts.emplace(completion.text).second) return true;
    if (!docs.insert(completion.doc).second) return true;
    options.push_back({std::string(completion.text), completion.weight, ordinal, completion.doc, context});
    return ++found < request.size;
  });
}

}  // namespace

Result<std::vector<CompletionRequest>> parseSuggest(json::Value body, const Mapping& mapping) {
  if (!body.isObject()) return parsingException("[suggest] must be an object");
  std::vector<CompletionRequest> requests;
  std::string global_text;
  for (const json::Value member : body) {
    if (member.key() == "text" && member.isString()) {
      global_text = member.string();
      continue;
    }
    if (!member.isObject()) return parsingException("[suggest] unexpected [" + std::string(member.key()) + "]");
    CompletionRequest request;
    request.name = member.key();
    json::Value completion;
    bool has_text = false;
    for (const json::Value option : member) {
      if ((option.key() == "prefix" || option.key() == "text") && option.isString()) {
        request.text = option.string();
        has_text = true;
      } else if (option.key() == "completion" && option.isObject()) {
        completion = option;
      } else {
        return illegalArgument("[suggest] [" + std::string(option.key()) + "] is not offered in [" + request.name +
                               "]");
      }
    }
    if (!has_text) request.text = global_text;
    if (completion.isMissing()) return illegalArgument("suggestion does not have a completion: [" + request.name + "]");
    GYRE_TRY(readCompletion(completion, mapping, request));
    requests.push_back(std::move(request));
  }
  return requests;
}

std::vector<CompletionOption> findCompletions(const Snapshot& snapshot, const CompletionRequest& request) {
  std::vector<CompletionOption> options;
  if (request.analysed.empty()) return options;
  const std::vector<std::string> contexts = request.contexts.empty() ? std::vector<std::string>{""} : request.contexts;
  for (std::uint32_t s = 0; s < snapshot.segments.size(); ++s)
    for (const std::string& context : contexts) collectSegment(snapshot.segments[s], s, request, context, options);
  std::sort(options.begin(), options.end(), isBefore);
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
