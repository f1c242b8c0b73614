#include "search_parameters.hpp"

#include <algorithm>
#include <utility>

#include "gyre/country.hpp"
#include "gyre/currency.hpp"
#include "invoice.hpp"
#include "number_key.hpp"

namespace gyre::invoices {

namespace {

constexpr AmountRange::Fields kAmountFields{"totals.totalWithTax", "exact.totalWithTax", "minorDigits"};
constexpr std::size_t kMinPart = 2;     // what the shortest suffix in the index has
constexpr std::size_t kMaxNumber = 64;  // bytes of a number
constexpr std::size_t kMaxWords = 32;   // of a text; more are no question

bool hasDigit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void writeScored(JsonWriter& out, int boost, std::string_view clause) {
  out.beginObject().key("constant_score").beginObject().rawMember("filter", clause);
  out.member("boost", boost).endObject().endObject();
}
std::string fieldClause(std::string_view kind, std::string_view field, std::string_view value) {
  std::string clause;
  JsonWriter(clause).beginObject().key(kind).beginObject().member(field, value).endObject().endObject();
  return clause;
}

// The clauses of a number, or of a part of one; boosts are far enough apart that no score of words comes between.
void writeNumber(JsonWriter& out, const std::string& key) {
  writeScored(out, 4'000, fieldClause("term", "number.whole", key));
  if (key.size() < kMinPart) return;
  writeScored(out, 3'000, fieldClause("term", "number.suffixes", key));
  writeScored(out, 2'000, fieldClause("prefix", "number.whole", key));
  writeScored(out, 1'000, fieldClause("prefix", "number.suffixes", key));
}

void writeWords(JsonWriter& out, std::string_view words, bool is_fuzzy) {
  out.beginObject().key("match").beginObject().key("text").beginObject();
  out.member("query", words).member("operator", "and");
  // The first letter is seldom wrong, and a few neighbours are enough: this keeps a word's cost near that of one term.
  if (is_fuzzy) out.member("fuzziness", "AUTO").member("prefix_length", 1).member("max_expansions", 10);
  out.endObject().endObject().endObject();
}

std::vector<std::string_view> wordsOf(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n", at);
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(text.find_first_of(" \t\r\n", begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    at = end;
  }
  return words;
}

// Every word must be found: words of letters together, each word with a digit by itself.
std::string allWords(const std::vector<std::string_view>& words) {
  std::string letters;
  std::string clause;
  JsonWriter out(clause);
  out.beginObject().key("bool").beginObject().key("must").beginArray();
  for (const std::string_view word : words) {
    const std::string key = numberKey(word);
    if (!hasDigit(word) || key.size() > kMaxNumber) {
      if (!letters.empty()) letters += ' ';
      letters += word;
      continue;
    }
    out.beginObject().key("bool").beginObject().key("should").beginArray();
    writeWords(out, word, false);
    writeNumber(out, key);
    out.endArray().member("minimum_should_match", 1).endObject().endObject();
  }
  if (!letters.empty()) writeWords(out, letters, true);
  out.endArray().endObject().endObject();
  return clause;
}

void checkCodes(Faults& faults) {
  std::size_t position = 0;
  for (const std::string_view code : readTexts(faults, "countries")) {
    if (!isCountry(code)) faults.add("/countries/" + std::to_string(position), unknownCountry(code));
    ++position;
  }
  position = 0;
  for (const std::string_view code : readTexts(faults, "currencies")) {
    if (findCurrency(code) == nullptr) faults.add("/currencies/" + std::to_string(position), unknownCurrency(code));
    ++position;
  }
}

}  // namespace

std::string textClause(std::string_view text) {
  std::vector<std::string_view> words = wordsOf(text);
  if (words.size() > kMaxWords) words.resize(kMaxWords);
  const std::string key = numberKey(text);
  if (!hasDigit(text) || key.size() > kMaxNumber) {
    std::string clause;
    JsonWriter out(clause);
    writeWords(out, text, true);
    return clause;
  }
  if (words.size() == 1) {
    std::string clause;
    JsonWriter out(clause);
    out.beginObject().key("bool").beginObject().key("should").beginArray();
    writeWords(out, text, false);
    writeNumber(out, key);
    out.endArray().member("minimum_should_match", 1).endObject().endObject();
    return clause;
  }
  // A number written with blanks, or words and numbers.
  std::string clause;
  JsonWriter out(clause);
  out.beginObject().key("bool").beginObject().key("should").beginArray();
  writeNumber(out, key);
  out.raw(allWords(words));
  out.endArray().member("minimum_should_match", 1).endObject().endObject();
  return clause;
}

Filters Filters::read(Faults& faults) {
  checkCodes(faults);
  Filters asked;
  asked.customers = readTextSet(faults, "customers");
  asked.countries = readTextSet(faults, "countries");
  asked.products = readTextSet(faults, "products");
  asked.statuses = readTextSet(faults, "statuses");
  asked.types = readTextSet(faults, "types");
  asked.currencies = readTextSet(faults, "currencies");
  asked.issued = TimeRange::read(faults);
  asked.due = TimeRange::read(faults, "dueFrom", "dueTo");
  asked.amount = AmountRange::read(faults);
  if (const json::Value day = faults.sound("overdueOn"); day.isString()) {
    if (day.string().size() == 10 && parseTimeSpan(day.string()))
      asked.overdue_on = day.string();
    else
      faults.add("/overdueOn", "expected a date like 2024-02-29, found " + detail::shown(day));
  }
  return asked;
}

std::string Filters::clauses() const {
  std::string text;
  JsonWriter out(text);
  out.beginArray();
  if (!organization_id.empty()) writeTerm(out, "organizationId", organization_id);
  const std::pair<std::string_view, const std::vector<std::string_view>&> kLists[] = {
      {"buyer.id", customers}, {"buyer.country", countries}, {"productCodes", products}, {"status", statuses},
      {"type", types},         {"currency", currencies}};
  for (const auto& [field, values] : kLists)
    if (!values.empty()) writeTerms(out, field, values);
  if (issued.isBounded()) issued.write(out, "issued");
  if (due.isBounded()) due.write(out, "dueDate");
  if (amount.isBounded()) amount.write(out, kAmountFields);
  if (overdue_on) {
    out.raw(R"({"range":{"exact.open":{"gt":0}}})");
    out.beginObject().key("range").beginObject().key("dueDate").beginObject();
    out.member("lt", *overdue_on).endObject().endObject().endObject();
  }
  out.endArray();
  return text;
}

Result<SearchParameters> SearchParameters::read(const Query& query) {
  Faults faults(query.parameters, searchInvoicesParameters(), {.is_lenient = query.is_lenient});
  SearchParameters asked;
  asked.text = faults.sound("searchText").string();
  asked.filters = Filters::read(faults);
  asked.facets = readTextSet(faults, "facets");
  const json::Value lines = faults.sound("includeLines");
  asked.with_lines = lines.isString() ? lines.string() == "true" : lines.boolean();
  asked.page = PageRequest::read(faults);
  GYRE_TRY(faults.status());
  GYRE_TRY_ASSIGN(asked.filters.organization_id, visibleOrganization(query, faults));
  asked.page.checkCursor(faults, asked.fingerprint());
  GYRE_TRY(faults.status());
  return asked;
}

std::string SearchParameters::clause() const {
  return boolClause(filters.clauses(), text.empty() ? std::string() : textClause(text));
}

}  // namespace gyre::invoices
