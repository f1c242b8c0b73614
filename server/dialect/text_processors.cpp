// Processors of texts that need no patterns: lowercase, uppercase, trim, join, html_strip, urldecode, csv.
#include <algorithm>
#include <array>
#include <string>

#include "engine/analysis/html_strip.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/processor_kinds.hpp"
#include "server/dialect/text_case.hpp"

namespace gyre::dialect {

namespace {

std::string trimmed(std::string_view text) {
  const auto is_space = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return std::string(text);
}

Result<ProcessorPtr> makeLowercase(ProcessorConfig& config) {
  return makeTextProcessor(config,
                           [](const std::string& text) -> Result<JsonTree> { return JsonTree::text(lowerCase(text)); });
}
Result<ProcessorPtr> makeUppercase(ProcessorConfig& config) {
  return makeTextProcessor(config,
                           [](const std::string& text) -> Result<JsonTree> { return JsonTree::text(upperCase(text)); });
}
Result<ProcessorPtr> makeTrim(ProcessorConfig& config) {
  return makeTextProcessor(config,
                           [](const std::string& text) -> Result<JsonTree> { return JsonTree::text(trimmed(text)); });
}

Result<ProcessorPtr> makeJoin(ProcessorConfig& config) {
  GYRE_TRY_ASSIGN(const std::string field, config.text("field"));
  GYRE_TRY_ASSIGN(const std::string separator, config.text("separator"));
  GYRE_TRY_ASSIGN(const std::string target, config.textOr("target_field", field));
  return makeProcessor([=](IngestDocument& document, IngestRun&) -> Status {
    GYRE_TRY_ASSIGN(const JsonTree* const held, document.get(field));
    if (held->isNull()) return illegalArgument("field [" + field + "] is null, cannot join.");
    if (!held->isArray())
      return illegalArgument("field [" + field + "] of type [" + std::string(typeNameOf(*held)) +
                             "] cannot be cast to [java.util.List]");
    std::string joined;
    for (std::size_t i = 0; i < held->elements().size(); ++i)
      joined += (i > 0 ? separator : "") + (held->elements()[i].isNull() ? "null" : plainText(held->elements()[i]));
    return document.set(target, JsonTree::text(joined));
  });
}

// As the character filter of that name.
std::string stripHtml(std::string_view text) {
  static const engine::CharFilterPtr kFilter = engine::makeHtmlStripFilter({});
  std::string out;
  engine::OffsetMap offsets;
  kFilter->apply(text, out, offsets);
  return out;
}

Result<ProcessorPtr> makeHtmlStrip(ProcessorConfig& config) {
  return makeTextProcessor(config,
                           [](const std::string& text) -> Result<JsonTree> { return JsonTree::text(stripHtml(text)); });
}

int hexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

Result<JsonTree> decodeUrl(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%') {
      const int high = i + 2 < text.size() ? hexDigit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hexDigit(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return illegalArgument("Could not URL-decode value: URLDecoder: Incomplete trailing escape (%) pattern");
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return JsonTree::text(out);
}

Result<ProcessorPtr> makeUrlDecode(ProcessorConfig& config) { return makeTextProcessor(config, decodeUrl); }

struct CsvForm {
  char separator = ',', quote = '"';
  bool trims = false;
};

Result<std::vector<std::optional<std::string>>> readCsv(std::string_view line, const CsvForm& form) {
  std::vector<std::optional<std::string>> cells;
  std::size_t i = 0;
  for (;;) {
    std::string cell;
    if (form.trims)
      while (i < line.size() && (line[i] == ' ' || line[i] == '\t')) ++i;
    const bool is_quoted = i < line.size() && line[i] == form.quote;
    if (is_quoted) {
      for (++i;; ++i) {
        if (i >= line.size()) return illegalArgument("Illegal character inside unquoted field at " + std::to_string(i));
        if (line[i] != form.quote) {
          cell += line[i];
        } else if (i + 1 < line.size() && line[i + 1] == form.quote) {
          cell += line[i++];
        } else {
          ++i;
          break;
        }
      }
      while (form.trims && i < line.size() && (line[i] == ' ' || line[i] == '\t')) ++i;
      if (i < line.size() && line[i] != form.separator)
        return illegalArgument("character '" + std::string(1, line[i]) + "' after quoted field at " +
                               std::to_string(i));
    } else {
      while (i < line.size() && line[i] != form.separator) {
        if (line[i] == form.quote)
          return illegalArgument("Illegal character inside unquoted field at " + std::to_string(i));
        cell += line[i++];
      }
      if (form.trims) cell = trimmed(cell);
    }
    cells.push_back(cell.empty() && !is_quoted ? std::nullopt : std::optional(std::move(cell)));
    if (i >= line.size()) return cells;
    ++i;  // the separator
  }
}

Result<ProcessorPtr> makeCsv(ProcessorConfig& config) {
  GYRE_TRY_ASSIGN(const std::string field, config.text("field"));
  GYRE_TRY_ASSIGN(const auto targets, config.texts("target_fields"));
  GYRE_TRY_ASSIGN(const std::string separator, config.textOr("separator", ","));
  GYRE_TRY_ASSIGN(const std::string quote, config.textOr("quote", "\""));
  CsvForm form;
  GYRE_TRY_ASSIGN(form.trims, config.flag("trim", false));
  GYRE_TRY_ASSIGN(const bool ignores_missing, config.flag("ignore_missing", false));
  const JsonTree* const empty = config.optional("empty_value");
  if (separator.size() != 1) return config.fault("separator", "separator has to be single character like , or ;");
  if (quote.size() != 1) return config.fault("quote", "quote has to be single character like \" or '");
  if (targets.empty()) return config.fault("target_fields", "target fields list can't be empty");
  form.separator = separator.front();
  form.quote = quote.front();
  const std::optional<JsonTree> empty_value = empty == nullptr ? std::nullopt : std::optional(*empty);
  return makeProcessor([=](IngestDocument& document, IngestRun&) -> Status {
    const auto held = document.get(field);
    if (!held.isOk() || held.value()->isNull()) {
      if (ignores_missing) return {};
      return illegalArgument("field [" + field + "] is null, cannot process it.");
    }
    GYRE_TRY_ASSIGN(const std::string line, document.text(field));
    GYRE_TRY_ASSIGN(const auto cells, readCsv(line, form));
    for (std::size_t i = 0; i < std::min(cells.size(), targets.size()); ++i) {
      if (cells[i]) GYRE_TRY(document.set(targets[i], JsonTree::text(*cells[i])));
      if (!cells[i] && empty_value) GYRE_TRY(document.set(targets[i], *empty_value));
    }
    return {};
  });
}

constexpr ProcessorKind kKinds[] = {
    {"csv", makeCsv},   {"html_strip", makeHtmlStrip}, {"join", makeJoin},           {"lowercase", makeLowercase},
    {"trim", makeTrim}, {"uppercase", makeUppercase},  {"urldecode", makeUrlDecode},
};

}  // namespace

std::span<const ProcessorKind> textProcessors() { return kKinds; }

}  // namespace gyre::dialect
