#include "engine/analysis/analyze_request.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "engine/analysis/analysis_registry.hpp"
#include "engine/analysis/utf8.hpp"
#include "engine/mapping/mapping.hpp"
#include "gyre/json_writer.hpp"

namespace gyre::engine {

namespace {

Status validation(const std::string& what) {
  return {Code::kInvalidArgument, "action_request_validation_exception", "Validation Failed: 1: " + what + ";"};
}

Status badBody(const std::string& what) {
  return {Code::kInvalidArgument, "x_content_parse_exception", "[analyze_request] " + what};
}

std::string tokenName(json::Value value) {
  switch (value.kind()) {
    case json::Kind::kNumber: return "VALUE_NUMBER";
    case json::Kind::kBoolean: return "VALUE_BOOLEAN";
    case json::Kind::kNull: return "VALUE_NULL";
    case json::Kind::kString: return "VALUE_STRING";
    case json::Kind::kArray: return "START_ARRAY";
    default: return "START_OBJECT";
  }
}

Status wrongKind(json::Value value) {
  return badBody(std::string(value.key()) + " doesn't support values of type: " + tokenName(value));
}

// As the dialect shows settings: every value as text.
std::string shownDefinition(const FlatSettings& definition) {
  std::string text;
  JsonWriter out(text);
  out.beginObject();
  for (const auto& [name, entry] : definition.entries())
    if (!entry.values.empty()) out.member(name, std::string_view(entry.values.front()));
  out.endObject();
  return text;
}

struct AnalyzeBody {
  std::vector<std::string> texts;
  std::string analyzer;
  std::string normalizer;
  std::string field;
  json::Value tokenizer;
  std::vector<json::Value> filters;
  std::vector<json::Value> char_filters;
  std::vector<std::string> attributes;
  bool is_explained = false;

  bool hasParts() const { return !tokenizer.isMissing() || !filters.empty() || !char_filters.empty(); }
};

Result<std::string> readText(json::Value value) {
  if (!value.isString()) return wrongKind(value);
  return std::string(value.string());
}

Result<std::vector<std::string>> readTexts(json::Value value) {
  std::vector<std::string> texts;
  if (!value.isArray()) {
    GYRE_TRY_ASSIGN(texts.emplace_back(), readText(value));
    return texts;
  }
  for (const json::Value element : value) {
    if (element.isObject() || element.isArray()) return wrongKind(value);
    texts.emplace_back(element.isString() ? element.string() : element.raw());
  }
  return texts;
}

Result<std::vector<json::Value>> readComponents(json::Value value) {
  std::vector<json::Value> components;
  if (!value.isArray()) return wrongKind(value);
  for (const json::Value element : value) {
    if (!element.isString() && !element.isObject())
      return badBody("[" + std::string(value.key()) + "] contains unsupported values of type: " + tokenName(element));
    components.push_back(element);
  }
  return components;
}

Result<AnalyzeBody> readBody(json::Value body) {
  AnalyzeBody read;
  if (!body.isMissing() && !body.isObject()) return badBody("Expected START_OBJECT but was: " + tokenName(body));
  for (const json::Value member : body) {
    const std::string_view key = member.key();
    if (key == "text") {
      GYRE_TRY_ASSIGN(read.texts, readTexts(member));
    } else if (key == "analyzer") {
      GYRE_TRY_ASSIGN(read.analyzer, readText(member));
    } else if (key == "normalizer") {
      GYRE_TRY_ASSIGN(read.normalizer, readText(member));
    } else if (key == "field") {
      GYRE_TRY_ASSIGN(read.field, readText(member));
    } else if (key == "tokenizer") {
      if (!member.isString() && !member.isObject()) return wrongKind(member);
      read.tokenizer = member;
    } else if (key == "filter") {
      GYRE_TRY_ASSIGN(read.filters, readComponents(member));
    } else if (key == "char_filter") {
      GYRE_TRY_ASSIGN(read.char_filters, readComponents(member));
    } else if (key == "attributes") {
      GYRE_TRY_ASSIGN(read.attributes, readTexts(member));
    } else if (key == "explain") {
      const bool is_word = member.string() == "true" || member.string() == "false";
      if (!member.isBoolean() && !is_word) return badBody("failed to parse field [explain]");
      read.is_explained = member.boolean() || member.string() == "true";
    } else {
      return badBody("unknown field [" + std::string(key) + "]");
    }
  }
  return read;
}

Status validate(const AnalyzeBody& body, bool has_index) {
  if (body.texts.empty()) return validation("text is missing");
  if (!has_index && !body.normalizer.empty()) return validation("index is required if normalizer is specified");
  if (!body.normalizer.empty() && (!body.tokenizer.isMissing() || !body.analyzer.empty()))
    return validation("tokenizer/analyze should be null if normalizer is specified");
  if (!body.analyzer.empty() && body.hasParts())
    return validation("cannot define extra components on a named analyzer");
  if (!body.normalizer.empty() && body.hasParts())
    return validation("cannot define extra components on a named normalizer");
  if (!body.field.empty() && body.hasParts())
    return validation("cannot define extra components on a field-specific analyzer");
  return {};
}

// The analyzer to use, how its answer is headed, and how far apart several texts stand.
struct Chosen {
  const Analyzer* analyzer = nullptr;
  AnalyzerPtr made;  // owns the analyzer when it was put together here
  std::string name;
  std::uint32_t gap = 0;
};

class Chooser {
 public:
  Chooser(const AnalyzeBody& body, const Mapping* mapping)
      : body_(body),
        mapping_(mapping),
        shared_(mapping == nullptr ? AnalysisRegistry::builtIn() : mapping->sharedAnalysis()),
        registry_(*shared_) {}

  Result<Chosen> choose() const {
    if (!body_.analyzer.empty()) {
      const Analyzer* const analyzer = registry_.analyzer(body_.analyzer);
      if (analyzer == nullptr)
        return analysisRefusal("failed to find " + global() + "analyzer [" + body_.analyzer + "]");
      return named(analyzer, body_.analyzer);
    }
    if (!body_.normalizer.empty()) {
      const Analyzer* const normalizer = registry_.normalizer(body_.normalizer);
      if (normalizer == nullptr) return analysisRefusal("failed to find normalizer under [" + body_.normalizer + "]");
      return Chosen{normalizer, nullptr, body_.normalizer, 0};
    }
    if (!body_.field.empty()) return ofField();
    if (body_.hasParts()) return ofParts();
    return named(&registry_.defaultAnalyzer(), mapping_ == nullptr ? "standard" : "default");
  }

 private:
  std::string global() const { return mapping_ == nullptr ? "global " : ""; }

  Chosen named(const Analyzer* analyzer, std::string name) const {
    return {analyzer, nullptr, std::move(name), mapping_ == nullptr ? 0 : analyzer->positionGap()};
  }

  Result<Chosen> ofField() const {
    if (mapping_ == nullptr) return analysisRefusal("analysis based on a specific field requires an index");
    const Field* const field = mapping_->find(body_.field);
    if (field == nullptr) return named(&registry_.defaultAnalyzer(), "default");
    if (field->type == FieldType::kKeyword) {
      static const AnalyzerPtr whole = [] {
        AnalyzerParts parts;
        parts.tokenizer = {"keyword", std::make_shared<WholeTokenizer>()};
        return makeAnalyzer(std::move(parts), {false, 0});
      }();
      return field->normalizer == nullptr ? Chosen{whole.get(), nullptr, "keyword", 0}
                                          : Chosen{field->normalizer, nullptr, "keyword", 0};
    }
    if (field->index_analyzer == nullptr)
      return analysisRefusal("Can't process field [" + field->path +
                             "], Analysis requests are only supported on tokenized fields");
    const bool is_default = field->index_analyzer == &registry_.defaultAnalyzer();
    Chosen chosen = named(field->index_analyzer, is_default ? "default" : field->analyzer);
    chosen.gap = field->position_gap;
    return chosen;
  }

  // A component by name, or by its definition under an invented one.
  template <class Part, class Named, class Defined>
  Result<AnalyzerParts::Named<Part>> component(json::Value value, const std::string& family, Named by_name,
                                               Defined by_definition) const {
    AnalyzerParts::Named<Part> part;
    std::string shown(value.string());
    std::string where = global();
    if (value.isString()) {
      part.name = shown;
      GYRE_TRY_ASSIGN(part.part, by_name(value.string()));
    } else {
      const FlatSettings definition(value);
      shown = definition.text("type");
      if (shown.empty())
        return analysisRefusal("Missing [type] setting for anonymous " + family + ": " + shownDefinition(definition));
      part.name = "__anonymous__" + shown;
      where = "global ";
      GYRE_TRY_ASSIGN(part.part, by_definition(part.name, definition));
    }
    if (part.part == nullptr) return analysisRefusal("failed to find " + where + family + " under [" + shown + "]");
    return part;
  }

  Result<Chosen> ofParts() const {
    AnalyzerParts parts;
    for (const json::Value value : body_.char_filters) {
      GYRE_TRY_ASSIGN(auto part,
                      component<CharFilter>(
                          value, "char_filter", [&](std::string_view name) { return registry_.charFilter(name); },
                          [&](const std::string& name, const FlatSettings& definition) -> Result<CharFilterPtr> {
                            if (findCharFilterKind(definition.text("type")) == nullptr) return CharFilterPtr();
                            return registry_.makeCharFilter(name, definition);
                          }));
      parts.char_filters.push_back(std::move(part));
    }
    if (body_.tokenizer.isMissing()) {
      parts.tokenizer = {"keyword", std::make_shared<WholeTokenizer>()};
    } else {
      GYRE_TRY_ASSIGN(
          parts.tokenizer,
          component<Tokenizer>(
              body_.tokenizer, "tokenizer", [&](std::string_view name) { return registry_.tokenizer(name); },
              [&](const std::string& name, const FlatSettings& definition) -> Result<TokenizerPtr> {
                if (findTokenizerKind(definition.text("type")) == nullptr) return TokenizerPtr();
                return registry_.makeTokenizer(name, definition);
              }));
    }
    for (const json::Value value : body_.filters) {
      GYRE_TRY_ASSIGN(auto part,
                      component<TokenFilter>(
                          value, "filter", [&](std::string_view name) { return registry_.filter(name, &parts); },
                          [&](const std::string& name, const FlatSettings& definition) -> Result<TokenFilterPtr> {
                            if (findFilterKind(definition.text("type")) == nullptr) return TokenFilterPtr();
                            return registry_.makeFilter(name, definition, &parts);
                          }));
      // Without a tokenizer it is a normalizer that is put together.
      const std::string kind(value.isString() ? value.string() : value["type"].string());
      if (body_.tokenizer.isMissing() && !registry_.isNormalizingFilter(kind))
        return analysisRefusal("Custom normalizer may not use filter [" + part.name + "]");
      parts.filters.push_back(std::move(part));
    }
    const bool has_words = !body_.tokenizer.isMissing();
    Chosen chosen;
    chosen.made = makeAnalyzer(std::move(parts));
    chosen.analyzer = chosen.made.get();
    chosen.gap = body_.is_explained || !has_words ? 0 : 100;
    return chosen;
  }

  const AnalyzeBody& body_;
  const Mapping* mapping_;
  std::shared_ptr<const AnalysisRegistry> shared_;
  const AnalysisRegistry& registry_;
};

class AnswerWriter {
 public:
  AnswerWriter(const AnalyzeBody& body, const Chosen& chosen, std::size_t max_tokens)
      : body_(body), chosen_(chosen), max_tokens_(max_tokens), out_(text_) {}

  Result<std::string> write() {
    out_.beginObject();
    const AnalyzerParts& parts = chosen_.analyzer->parts();
    const std::size_t stages = parts.filters.size();
    if (!body_.is_explained) {
      GYRE_TRY(writeTokens(stages));
    } else {
      out_.key("detail").beginObject().member("custom_analyzer", chosen_.analyzer->isCustom());
      if (!chosen_.analyzer->isCustom()) {
        out_.key("analyzer").beginObject().member("name", chosen_.name);
        GYRE_TRY(writeTokens(stages));
        out_.endObject();
      } else {
        writeCharFilters();
        out_.key("tokenizer").beginObject().member("name", parts.tokenizer.name);
        GYRE_TRY(writeTokens(0));
        out_.endObject();
        out_.key("tokenfilters").beginArray();
        for (std::size_t i = 0; i < stages; ++i) {
          out_.beginObject().member("name", parts.filters[i].name);
          GYRE_TRY(writeTokens(i + 1));
          out_.endObject();
        }
        out_.endArray();
      }
      out_.endObject();
    }
    out_.endObject();
    return std::move(text_);
  }

 private:
  void writeCharFilters() {
    out_.key("charfilters").beginArray();
    std::vector<std::string> texts = body_.texts;
    for (const auto& filter : chosen_.analyzer->parts().char_filters) {
      out_.beginObject().member("name", filter.name).key("filtered_text").beginArray();
      for (std::string& text : texts) {
        std::string filtered;
        OffsetMap offsets;
        filter.part->apply(text, filtered, offsets);
        text = std::move(filtered);
        out_.string(text);
      }
      out_.endArray().endObject();
    }
    out_.endArray();
  }

  bool isShown(std::string_view attribute) const {
    return body_.attributes.empty() ||
           std::find(body_.attributes.begin(), body_.attributes.end(), attribute) != body_.attributes.end();
  }

  // The tokens behind the tokenizer and the first `stages` filters, of all texts.
  Status writeTokens(std::size_t stages) {
    const AnalyzerParts& parts = chosen_.analyzer->parts();
    const bool knows_keywords =
        std::any_of(parts.filters.begin(), parts.filters.begin() + static_cast<std::ptrdiff_t>(stages),
                    [](const auto& filter) { return filter.part->knowsKeywords(); });
    out_.key("tokens").beginArray();
    std::uint32_t base_position = 0;
    std::uint32_t base_offset = 0;
    std::size_t count = 0;
    for (const std::string& text : body_.texts) {
      TokenList list;
      tokenizeText(parts, text, list);
      for (std::size_t i = 0; i < stages; ++i) parts.filters[i].part->apply(list);
      std::uint32_t next = 0;
      for (const Token& token : list.tokens) {
        if (++count > max_tokens_)
          return {Code::kInvalidArgument, "illegal_state_exception",
                  "The number of tokens produced by calling _analyze has exceeded the allowed maximum of [" +
                      std::to_string(max_tokens_) +
                      "]. This limit can be set by changing the [index.analyze.max_token_count] index level setting."};
        next += token.increment;
        writeToken(token, base_position + (next == 0 ? 0 : next - 1), base_offset, knows_keywords);
      }
      base_position += next + list.trailing + chosen_.gap;
      base_offset += list.end_offset + 1;
    }
    out_.endArray();
    return {};
  }

  void writeToken(const Token& token, std::uint32_t position, std::uint32_t base_offset, bool knows_keywords) {
    out_.beginObject()
        .member("token", token.text)
        .member("start_offset", base_offset + token.start)
        .member("end_offset", base_offset + token.end)
        .member("type", token.type)
        .member("position", position);
    if (!body_.is_explained) {
      if (token.length > 1) out_.member("positionLength", token.length);
    } else {
      if (isShown("bytes")) out_.member("bytes", hexBytes(token.text));
      if (knows_keywords && isShown("keyword")) out_.member("keyword", token.is_keyword);
      if (isShown("positionLength")) out_.member("positionLength", token.length);
      if (isShown("termFrequency")) out_.member("termFrequency", 1);
    }
    out_.endObject();
  }

  static std::string hexBytes(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out = "[";
    for (const char c : text) {
      if (out.size() > 1) out += ' ';
      const auto byte = static_cast<unsigned char>(c);
      if (byte >= 16) out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
    return out + "]";
  }

  const AnalyzeBody& body_;
  const Chosen& chosen_;
  std::size_t max_tokens_;
  std::string text_;
  JsonWriter out_;
};

}  // namespace

Result<std::string> runAnalyze(json::Value body, const Mapping* mapping, std::size_t max_tokens) {
  GYRE_TRY_ASSIGN(const AnalyzeBody read, readBody(body));
  GYRE_TRY(validate(read, mapping != nullptr));
  GYRE_TRY_ASSIGN(const Chosen chosen, Chooser(read, mapping).choose());
  return AnswerWriter(read, chosen, max_tokens).write();
}

}  // namespace gyre::engine
