// Processors that take texts apart by patterns: gsub, split, kv, grok, dissect.
#include <re2/re2.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "server/dialect/failure.hpp"
#include "server/dialect/grok.hpp"
#include "server/dialect/processor_kinds.hpp"

namespace gyre::dialect {

namespace {

using Regex = std::shared_ptr<const re2::RE2>;

Result<Regex> compile(const ProcessorConfig& config, std::string_view property, const std::string& pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto regex = std::make_shared<const re2::RE2>(pattern, options);
  if (!regex->ok()) return config.fault(property, "Invalid regex pattern. " + regex->error());
  return Regex(std::move(regex));
}

// As the language of the dialect splits: pieces between matches, without empty ones at the end unless they are kept.
std::vector<std::string> splitBy(const re2::RE2& regex, std::string_view text, bool keeps_trailing, std::size_t limit) {
  std::vector<std::string> pieces;
  std::size_t from = 0, at = 0;
  re2::StringPiece found;
  while (at <= text.size() && (limit == 0 || pieces.size() + 1 < limit) &&
         regex.Match(re2::StringPiece(text.data(), text.size()), at, text.size(), re2::RE2::UNANCHORED, &found, 1)) {
    const auto begin = static_cast<std::size_t>(found.data() - text.data());
    if (found.empty()) {
      if (begin >= text.size()) break;
      at = begin + 1;
      if (begin == 0) continue;
    }
    if (!(begin == 0 && found.empty())) pieces.emplace_back(text.substr(from, begin - from));
    from = begin + found.size();
    at = std::max(at, from);
  }
  pieces.emplace_back(text.substr(from));
  if (!keeps_trailing)
    while (pieces.size() > 1 && pieces.back().empty()) pieces.pop_back();
  return pieces;
}

// "$1" as the language of the dialect writes a group; RE2 wants "\1".
std::string rewriteOf(std::string_view replacement) {
  std::string out;
  for (std::size_t i = 0; i < replacement.size(); ++i) {
    const char c = replacement[i];
    const bool has_next = i + 1 < replacement.size();
    if (c == '$' && has_next && replacement[i + 1] >= '0' && replacement[i + 1] <= '9') {
      out += '\\';
      out += replacement[++i];
    } else if (c == '\\' && has_next) {
      out += replacement[++i] == '\\' ? "\\\\" : std::string(1, replacement[i]);
    } else {
      out += c == '\\' ? "\\\\" : std::string(1, c);
    }
  }
  return out;
}

Result<ProcessorPtr> makeGsub(ProcessorConfig& config) {
  GYRE_TRY_ASSIGN(const std::string pattern, config.text("pattern"));
  GYRE_TRY_ASSIGN(const std::string replacement, config.text("replacement"));
  GYRE_TRY_ASSIGN(const Regex regex, compile(config, "pattern", pattern));
  const std::string rewrite = rewriteOf(replacement);
  std::string error;
  if (!regex->CheckRewriteString(rewrite, &error)) return config.fault("replacement", error);
  return makeTextProcessor(config, [regex, rewrite](const std::string& text) -> Result<JsonTree> {
    std::string replaced = text;
    re2::RE2::GlobalReplace(&replaced, *regex, rewrite);
    return JsonTree::text(replaced);
  });
}

Result<ProcessorPtr> makeSplit(ProcessorConfig& config) {
  GYRE_TRY_ASSIGN(const std::string separator, config.text("separator"));
  GYRE_TRY_ASSIGN(const bool keeps_trailing, config.flag("preserve_trailing", false));
  GYRE_TRY_ASSIGN(const Regex regex, compile(config, "separator", separator));
  return makeTextProcessor(config, [regex, keeps_trailing](const std::string& text) -> Result<JsonTree> {
    JsonTree list = JsonTree::array();
    for (const std::string& piece : splitBy(*regex, text, keeps_trailing, 0))
      list.elements().push_back(JsonTree::text(piece));
    return list;
  });
}

std::string trimmedOf(std::string text, const std::string& characters) {
  if (characters.empty()) return text;
  const std::size_t from = text.find_first_not_of(characters);
  if (from == std::string::npos) return "";
  return text.substr(from, text.find_last_not_of(characters) - from + 1);
}

std::string unbracketed(std::string text) {
  static constexpr std::string_view kPairs[] = {"()", "[]", "<>", "\"\"", "''"};
  for (const std::string_view pair : kPairs)
    if (text.size() >= 2 && text.front() == pair.front() && text.back() == pair.back())
      return text.substr(1, text.size() - 2);
  return text;
}

struct KeyValueForm {
  std::string field, target, prefix, value_split, trim_key, trim_value;
  Regex fields, values;
  std::vector<std::string> included, excluded;
  bool ignores_missing = false, strips_brackets = false;
};

Status takeApart(const KeyValueForm& form, IngestDocument& document) {
  const std::string path = document.render(std::string_view(form.field));
  const auto held = document.get(path);
  if (!held.isOk() || held.value()->isNull()) {
    if (form.ignores_missing) return {};
    return illegalArgument("field [" + path + "] is null, cannot extract key-value pairs.");
  }
  GYRE_TRY_ASSIGN(const std::string text, document.text(path));
  for (const std::string& part : splitBy(*form.fields, text, false, 0)) {
    const std::vector<std::string> pair = splitBy(*form.values, part, true, 2);
    if (pair.size() != 2)
      return illegalArgument("field [" + path + "] does not contain value_split [" + form.value_split + "]");
    const std::string key = trimmedOf(pair[0], form.trim_key);
    const auto lists = [&key](const std::vector<std::string>& keys) {
      return std::find(keys.begin(), keys.end(), key) != keys.end();
    };
    if ((!form.included.empty() && !lists(form.included)) || lists(form.excluded)) continue;
    std::string value = trimmedOf(pair[1], form.trim_value);
    if (form.strips_brackets) value = unbracketed(std::move(value));
    const std::string target = document.render(std::string_view(form.target));
    const std::string name = (target.empty() ? "" : target + ".") + form.prefix + key;
    GYRE_TRY(document.has(name) ? document.append(name, JsonTree::text(value), true)
                                : document.set(name, JsonTree::text(value)));
  }
  return {};
}

Result<ProcessorPtr> makeKeyValue(ProcessorConfig& config) {
  KeyValueForm form;
  GYRE_TRY_ASSIGN(form.field, config.templateText("field"));
  GYRE_TRY_ASSIGN(form.target, config.textOr("target_field", ""));
  GYRE_TRY_ASSIGN(form.prefix, config.textOr("prefix", ""));
  GYRE_TRY_ASSIGN(const std::string field_split, config.text("field_split"));
  GYRE_TRY_ASSIGN(form.value_split, config.text("value_split"));
  GYRE_TRY_ASSIGN(form.trim_key, config.textOr("trim_key", ""));
  GYRE_TRY_ASSIGN(form.trim_value, config.textOr("trim_value", ""));
  GYRE_TRY_ASSIGN(form.included, config.optionalTexts("include_keys"));
  GYRE_TRY_ASSIGN(form.excluded, config.optionalTexts("exclude_keys"));
  GYRE_TRY_ASSIGN(form.ignores_missing, config.flag("ignore_missing", false));
  GYRE_TRY_ASSIGN(form.strips_brackets, config.flag("strip_brackets", false));
  GYRE_TRY_ASSIGN(form.fields, compile(config, "field_split", field_split));
  GYRE_TRY_ASSIGN(form.values, compile(config, "value_split", form.value_split));
  return makeProcessor([form](IngestDocument& document, IngestRun&) { return takeApart(form, document); });
}

Result<ProcessorPtr> makeGrok(ProcessorConfig& config) {
  GYRE_TRY_ASSIGN(const std::string field, config.text("field"));
  GYRE_TRY_ASSIGN(const auto patterns, config.texts("patterns"));
  GYRE_TRY_ASSIGN(const bool ignores_missing, config.flag("ignore_missing", false));
  GYRE_TRY_ASSIGN(const bool traces, config.flag("trace_match", false));
  Grok::Bank own;
  if (const JsonTree* const definitions = config.optional("pattern_definitions")) {
    if (!definitions->isObject()) return config.fault("pattern_definitions", "property isn't a map");
    for (const auto& [name, pattern] : definitions->members()) own[name] = pattern.text();
  }
  if (patterns.empty()) return config.fault("patterns", "List of patterns must not be empty");
  auto groks = std::make_shared<std::vector<Grok>>();
  for (const std::string& pattern : patterns) {
    auto grok = Grok::parse(pattern, own);
    if (!grok.isOk())
      return config.fault("patterns",
                          "Invalid regex pattern found in: [" + pattern + "]. " + std::string(grok.status().message()));
    groks->push_back(std::move(grok).value());
  }
  return makeProcessor([=](IngestDocument& document, IngestRun&) -> Status {
    const auto held = document.get(field);
    if (!held.isOk() || held.value()->isNull()) {
      if (ignores_missing) return {};
      return held.isOk() ? illegalArgument("field [" + field + "] is null, cannot process it.") : held.status();
    }
    GYRE_TRY_ASSIGN(const std::string text, document.text(field));
    for (std::size_t i = 0; i < groks->size(); ++i) {
      std::vector<Grok::Field> found;
      GYRE_TRY_ASSIGN(const bool is_match, (*groks)[i].match(text, found));
      if (!is_match) continue;
      for (Grok::Field& each : found) GYRE_TRY(document.set(each.name, std::move(each.value)));
      if (traces) document.ingest()["_grok_match_index"] = JsonTree::text(std::to_string(i));
      return {};
    }
    return illegalArgument("Provided Grok expressions do not match field value: [" + text + "]");
  });
}

// ---- dissect
// ---------------------------------------------------------------------------------------------------------

struct DissectKey {
  std::string name;
  char modifier = 0;  // '+' append, '?' skip, '*' key of a pair, '&' value of a pair
  int order = 0;      // of an append
  bool pads_right = false;
  std::string delimiter;  // before the next key; "" at the end
};

struct DissectForm {
  std::string pattern, lead, separator;
  std::vector<DissectKey> keys;
};

Result<DissectForm> parseDissect(const ProcessorConfig& config, std::string pattern, std::string separator) {
  DissectForm form{std::move(pattern), "", std::move(separator), {}};
  const std::string_view text = form.pattern;
  std::size_t at = text.find("%{");
  form.lead = text.substr(0, std::min(at, text.size()));
  while (at != std::string_view::npos) {
    const std::size_t close = text.find('}', at);
    if (close == std::string_view::npos) return config.fault("pattern", "Unable to parse pattern: " + form.pattern);
    std::string_view name = text.substr(at + 2, close - at - 2);
    DissectKey key;
    if (!name.empty() && std::string_view("+?*&").find(name.front()) != std::string_view::npos) {
      key.modifier = name.front();
      name.remove_prefix(1);
    }
    if (name.ends_with("->")) {
      key.pads_right = true;
      name.remove_suffix(2);
    }
    if (const std::size_t slash = name.find('/'); key.modifier == '+' && slash != std::string_view::npos) {
      key.order = std::atoi(std::string(name.substr(slash + 1)).c_str());
      name = name.substr(0, slash);
    }
    if (name.empty() && key.modifier == 0) key.modifier = '?';
    key.name = name;
    const std::size_t next = text.find("%{", close);
    key.delimiter = text.substr(close + 1, std::min(next, text.size()) - close - 1);
    if (key.delimiter.empty() && next != std::string_view::npos)
      return config.fault("pattern", "Unable to parse pattern: two keys without a delimiter between them");
    form.keys.push_back(std::move(key));
    at = next;
  }
  if (form.keys.empty()) return config.fault("pattern", "Unable to find any keys or delimiters.");
  return form;
}

bool dissect(const DissectForm& form, std::string_view text, std::vector<std::string>& values) {
  if (!text.starts_with(form.lead)) return false;
  text.remove_prefix(form.lead.size());
  for (const DissectKey& key : form.keys) {
    if (key.delimiter.empty()) {
      values.emplace_back(text);
      return true;
    }
    const std::size_t end = text.find(key.delimiter);
    if (end == std::string_view::npos) return false;
    values.emplace_back(text.substr(0, end));
    text.remove_prefix(end + key.delimiter.size());
    while (key.pads_right && text.starts_with(key.delimiter)) text.remove_prefix(key.delimiter.size());
  }
  return true;
}

Status store(const DissectForm& form, const std::vector<std::string>& values, IngestDocument& document) {
  std::map<std::string, std::vector<std::pair<int, std::string>>> appended;
  std::map<std::string, std::string> keys, pairs;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const DissectKey& key = form.keys[i];
    switch (key.modifier) {
      case '?': break;
      case '*': keys[key.name] = values[i]; break;
      case '&': pairs[key.name] = values[i]; break;
      default: appended[key.name].emplace_back(key.order, values[i]);
    }
  }
  for (auto& [name, parts] : appended) {
    std::stable_sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::string joined;
    for (std::size_t i = 0; i < parts.size(); ++i) joined += (i > 0 ? form.separator : "") + parts[i].second;
    GYRE_TRY(document.set(name, JsonTree::text(joined)));
  }
  for (const auto& [name, value] : pairs)
    if (const auto key = keys.find(name); key != keys.end() && !key->second.empty())
      GYRE_TRY(document.set(key->second, JsonTree::text(value)));
  return {};
}

Result<ProcessorPtr> makeDissect(ProcessorConfig& config) {
  GYRE_TRY_ASSIGN(const std::string field, config.text("field"));
  GYRE_TRY_ASSIGN(std::string pattern, config.text("pattern"));
  GYRE_TRY_ASSIGN(std::string separator, config.textOr("append_separator", ""));
  GYRE_TRY_ASSIGN(const bool ignores_missing, config.flag("ignore_missing", false));
  GYRE_TRY_ASSIGN(const DissectForm form, parseDissect(config, std::move(pattern), std::move(separator)));
  return makeProcessor([=](IngestDocument& document, IngestRun&) -> Status {
    const auto held = document.get(field);
    if (!held.isOk() || held.value()->isNull()) {
      if (ignores_missing) return {};
      return held.isOk() ? illegalArgument("field [" + field + "] is null, cannot process it.") : held.status();
    }
    GYRE_TRY_ASSIGN(const std::string text, document.text(field));
    std::vector<std::string> values;
    if (!dissect(form, text, values))
      return Status(Code::kInvalidArgument, "find_match",
                    "Unable to find match for dissect pattern: " + form.pattern + " against source: " + text);
    return store(form, values, document);
  });
}

constexpr ProcessorKind kKinds[] = {
    {"dissect", makeDissect}, {"grok", makeGrok}, {"gsub", makeGsub}, {"kv", makeKeyValue}, {"split", makeSplit},
};

}  // namespace

std::span<const ProcessorKind> patternProcessors() { return kKinds; }

}  // namespace gyre::dialect
