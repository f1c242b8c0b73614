#include "search_parameters.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "gyre/base64.hpp"
#include "gyre/currency.hpp"
#include "gyre/time.hpp"
#include "payment.hpp"

namespace gyre::payments {

namespace {

constexpr std::size_t kMaxCursor = 1024;              // bytes; the longest id makes fewer than 800
constexpr std::int64_t kMaxPage = 1'000'000'000'000;  // in a cursor: more than there can be payments
// Every multiple of 0.0001 below this has a double of its own (10^11 · 10^4 < 2^53), and no currency divides finer.
constexpr Decimal kExactDoubles = Decimal::ofUnits(100'000'000'000, 0);
constexpr int kFinestDigits = 4;
constexpr int kDigitClasses[] = {0, 2, 3, 4};

static_assert(std::all_of(std::begin(kCurrencies), std::end(kCurrencies), [](const Currency& currency) {
  return std::find(std::begin(kDigitClasses), std::end(kDigitClasses), currency.minor_digits) !=
         std::end(kDigitClasses);
}));

std::string_view textOf(json::Value value) { return value.isString() ? value.string() : value.numberText(); }

std::optional<Decimal> readAmount(Faults& faults, std::string_view member) {
  const json::Value value = faults.sound(member);
  if (value.isMissing()) return std::nullopt;
  auto amount = Decimal::parse(textOf(value));
  if (amount.isOk()) return *amount;
  faults.add(jsonPointer(member), std::string(amount.status().message()));
  return std::nullopt;
}

std::vector<std::string_view> readTexts(const Faults& faults, std::string_view member) {
  std::vector<std::string_view> texts;
  const json::Value value = faults.sound(member);
  if (value.isString()) texts.push_back(value.string());
  for (const json::Value element : value) texts.push_back(element.string());
  return texts;
}

void sortDistinct(std::vector<std::string_view>& texts) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
}

std::int64_t readWhole(const Faults& faults, std::string_view member, std::int64_t otherwise) {
  return detail::wholeNumber(faults.sound(member), true).value_or(otherwise);
}

void writeTerms(JsonWriter& out, std::string_view field, const std::vector<std::string_view>& values) {
  out.beginObject().key("terms").beginObject().key(field).beginArray();
  for (const std::string_view value : values) out.string(value);
  out.endArray().endObject().endObject();
}

void writeAmountRange(JsonWriter& out, std::string_view field, const std::string& low, const std::string& high) {
  out.beginObject().key("range").beginObject().key(field).beginObject();
  if (!low.empty()) out.rawMember("gte", low);
  if (!high.empty()) out.rawMember("lte", high);
  out.endObject().endObject().endObject();
}

// Bounds finer than any amount are first moved, exactly, to the next amount inside.
std::string innerBound(const std::optional<Decimal>& bound, Rounding rounding) {
  if (!bound) return {};
  if (bound->scale() <= kFinestDigits) return bound->toText();
  const auto rounded = bound->rounded(kFinestDigits, rounding);
  return rounded.isOk() ? rounded->toText() : bound->toText();  // rounding to fewer digits has room
}

bool isExactAsDouble(const std::optional<Decimal>& bound) {
  return !bound || (*bound<kExactDoubles&& * bound> Decimal::ofUnits(-kExactDoubles.units(), 0));
}

// A bound in minor units, kept within ±10^18, which no amount reaches.
Int128 minorBound(const Decimal& bound, int digits, Rounding rounding) {
  const Int128 limit = Decimal::power(Money::kMaxDigits);
  const auto minor = bound.rounded(digits, rounding);
  if (!minor.isOk()) return bound.isNegative() ? -limit : limit;
  return std::clamp(minor->units(), -limit, limit);
}

std::string wholeText(Int128 value) { return Decimal::ofUnits(value, 0).toText(); }

// Beyond the reach of doubles: one clause on the exact integers for each number of minor digits.
void writeExactAmounts(JsonWriter& out, const std::optional<Decimal>& low, const std::optional<Decimal>& high) {
  out.beginObject().key("bool").beginObject().key("should").beginArray();
  for (const int digits : kDigitClasses) {
    out.beginObject().key("bool").beginObject().key("filter").beginArray();
    out.beginObject().key("term").beginObject().member("minorDigits", digits).endObject().endObject();
    writeAmountRange(out, "amountMinor", low ? wholeText(minorBound(*low, digits, Rounding::kCeiling)) : std::string(),
                     high ? wholeText(minorBound(*high, digits, Rounding::kFloor)) : std::string());
    out.endArray().endObject().endObject();
  }
  out.endArray().member("minimum_should_match", 1).endObject().endObject();
}

void writeAmounts(JsonWriter& out, const std::optional<Decimal>& low, const std::optional<Decimal>& high) {
  if (isExactAsDouble(low) && isExactAsDouble(high))
    writeAmountRange(out, "amount", innerBound(low, Rounding::kCeiling), innerBound(high, Rounding::kFloor));
  else
    writeExactAmounts(out, low, high);
}

void writeText(JsonWriter& out, std::string_view text) {
  out.beginObject().key("multi_match").beginObject().member("query", text).key("fields").beginArray();
  out.string("description^2").string("paymentId").string("metadata.tags").endArray();
  out.member("type", "best_fields").member("fuzziness", "AUTO").endObject().endObject();
}

void checkRanges(Faults& faults, const SearchParameters& asked) {
  if (asked.min_amount && asked.max_amount && *asked.min_amount > *asked.max_amount)
    faults.add("/minAmount",
               "expected at most maxAmount, " + asked.max_amount->toText() + ", found " + asked.min_amount->toText());
  for (std::size_t i = 0; i < asked.currencies.size(); ++i)
    if (findCurrency(asked.currencies[i]) == nullptr)
      faults.add("/currencies/" + std::to_string(i), unknownCurrency(asked.currencies[i]));
}

void checkPage(Faults& faults, const SearchParameters& asked) {
  if (asked.cursor) {
    // Page 1 is what a client that names no page has.
    if (asked.page != 1 && asked.page != asked.cursor->page)
      faults.add("/page",
                 "expected no page beside a cursor, which leads to page " + std::to_string(asked.cursor->page));
  } else if (asked.size > 0 && asked.page > SearchParameters::kWindow / asked.size) {
    faults.add("/page", "page × size is beyond " + std::to_string(SearchParameters::kWindow) +
                            "; use cursor, with the nextCursor of the page before");
  }
}

}  // namespace

TimeRange TimeRange::read(Faults& faults) {
  const auto bound = [&](std::string_view member) -> std::optional<TimeSpan> {
    const json::Value value = faults.sound(member);
    if (value.isMissing()) return std::nullopt;
    const auto span = parseTimeSpan(value.string());
    if (!span) faults.add(jsonPointer(member), "expected an RFC 3339 time, found " + detail::shown(value));
    return span;
  };
  const auto from = bound("from");
  const auto to = bound("to");
  TimeRange range;
  if (from) range.from = from->first;
  if (to) range.to = to->last;
  if (from && to && *range.from > *range.to)
    faults.add("/from", "expected a time not after to, " + timeText(*range.to) + ", found " + timeText(*range.from));
  return range;
}

void TimeRange::write(JsonWriter& out) const {
  out.beginObject().key("range").beginObject().key("processedAt").beginObject();
  if (from) out.member("gte", *from);
  if (to) out.member("lte", *to);
  out.member("format", "epoch_millis").endObject().endObject().endObject();
}

Result<std::string_view> visibleOrganization(const Query& query, const Faults& faults) {
  const json::Value asked = faults.sound("organizationId");
  if (query.organization_id.empty()) return asked.string();
  if (asked.isString() && asked.string() != query.organization_id)
    return Status(Code::kPermissionDenied, "organizationId: the key is bound to " +
                                               detail::quoted(query.organization_id) + ", found " +
                                               detail::quoted(asked.string()));
  return query.organization_id;
}

std::string Cursor::toText() const {
  std::string json;
  JsonWriter(json)
      .beginArray()
      .string(std::to_string(fingerprint))
      .integer(page)
      .raw(score)
      .integer(processed_at)
      .string(payment_id)
      .endArray();
  return encodeBase64Url(json);
}

std::optional<Cursor> Cursor::parse(std::string_view text) {
  const auto decoded = text.size() <= kMaxCursor ? decodeBase64Url(text) : std::nullopt;
  if (!decoded) return std::nullopt;
  const auto document = json::Document::parse(*decoded);
  if (!document.isOk() || !document->root().isArray() || document->root().size() != 5) return std::nullopt;
  std::vector<json::Value> values;
  for (const json::Value value : document->root()) values.push_back(value);
  Cursor cursor;
  const std::string_view print = values[0].string();
  const auto [end, error] = std::from_chars(print.data(), print.data() + print.size(), cursor.fingerprint);
  if (error != std::errc() || end != print.data() + print.size() || values[1].integer().value_or(0) < 2 ||
      *values[1].integer() > kMaxPage || !values[2].real() || !values[3].integer() || !values[4].isString())
    return std::nullopt;
  cursor.page = *values[1].integer();
  cursor.score = values[2].numberText();
  cursor.processed_at = *values[3].integer();
  cursor.payment_id = values[4].string();
  // Only what toText writes is a cursor: one place, one text.
  return cursor.toText() == text ? std::optional<Cursor>(std::move(cursor)) : std::nullopt;
}

Result<SearchParameters> SearchParameters::read(const Query& query, Table table) {
  Faults faults(query.parameters, table, {.is_lenient = query.is_lenient});
  SearchParameters asked;
  asked.text = faults.sound("searchText").string();
  asked.statuses = readTexts(faults, "statuses");
  asked.currencies = readTexts(faults, "currencies");
  asked.min_amount = readAmount(faults, "minAmount");
  asked.max_amount = readAmount(faults, "maxAmount");
  asked.time = TimeRange::read(faults);
  asked.page = readWhole(faults, "page", 1);
  asked.size = readWhole(faults, "size", 10);
  checkRanges(faults, asked);
  sortDistinct(asked.statuses);
  sortDistinct(asked.currencies);
  if (const json::Value cursor = faults.sound("cursor"); cursor.isString()) {
    asked.cursor = Cursor::parse(cursor.string());
    if (!asked.cursor) faults.add("/cursor", "expected the nextCursor of an answer, found " + detail::shown(cursor));
  }
  checkPage(faults, asked);
  GYRE_TRY(faults.status());
  GYRE_TRY_ASSIGN(asked.organization_id, visibleOrganization(query, faults));
  if (asked.cursor && asked.cursor->fingerprint != asked.fingerprint())
    faults.add("/cursor", "this cursor belongs to a search with other parameters");
  GYRE_TRY(faults.status());
  return asked;
}

// Everything but the text is a filter: it narrows, and must not change the score.
std::string SearchParameters::clause() const {
  std::string filters;
  JsonWriter out(filters);
  out.beginArray();
  if (!organization_id.empty())
    out.beginObject().key("term").beginObject().member("organizationId", organization_id).endObject().endObject();
  if (!statuses.empty()) writeTerms(out, "status", statuses);
  if (!currencies.empty()) writeTerms(out, "currency", currencies);
  if (min_amount || max_amount) writeAmounts(out, min_amount, max_amount);
  if (time.isBounded()) time.write(out);
  out.endArray();
  if (filters == "[]" && text.empty()) return R"({"match_all":{}})";
  std::string whole;
  JsonWriter clauses(whole);
  clauses.beginObject().key("bool").beginObject();
  if (!text.empty()) {
    clauses.key("must").beginArray();
    writeText(clauses, text);
    clauses.endArray();
  }
  if (filters != "[]") clauses.rawMember("filter", filters);
  clauses.endObject().endObject();
  return whole;
}

// FNV-1a, 64 bits: a cursor given to the wrong search is a slip to be caught, not an attack.
std::uint64_t SearchParameters::fingerprint() const {
  std::uint64_t hash = 14695981039346656037u;
  for (const char byte : clause()) hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211u;
  return hash;
}

}  // namespace gyre::payments
