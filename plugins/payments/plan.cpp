#include "payment.hpp"

#include <algorithm>
#include <string>

#include "gyre/currency.hpp"
#include "gyre/faults.hpp"
#include "search_parameters.hpp"

namespace gyre::payments {

namespace {

constexpr Member kOrganizationId{"organizationId", Type::kId, false, "only this organisation's payments"};
constexpr Member kFrom{"from", Type::kTime, false,
                       "processedAt at or after; a date alone is the start of its day in UTC"};
constexpr Member kTo{"to", Type::kTime, false, "processedAt at or before; a date alone is the end of its day in UTC"};

constexpr Member kGetParameters[] = {{"paymentId", Type::kId, true, "the payment"}};
constexpr Member kSearchParameters[] = {
    kOrganizationId,
    {.name = "searchText",
     .type = Type::kString,
     .help = "words of the description, the id or a tag; small misspellings are found too",
     .max_bytes = 1024},
    {.name = "statuses", .type = Type::kStringList, .help = "any of these", .choices = kStatusNames},
    {"currencies", Type::kStringList, false, "any of these ISO 4217 codes"},
    {"minAmount", Type::kDecimal, false, "at least, in the payment's own currency"},
    {"maxAmount", Type::kDecimal, false, "at most, in the payment's own currency"},
    kFrom,
    kTo,
    {"page", Type::kInteger, false, "from 1; page times size reaches 10,000", "1", 1},
    {"size", Type::kInteger, false, "payments a page; 0 answers only the total", "10", 0, PageRequest::kMaxSize},
    {.name = "cursor", .type = Type::kString, .help = "nextCursor of the page before", .max_bytes = 1024},
};
constexpr Member kStatisticsParameters[] = {
    kOrganizationId,
    kFrom,
    kTo,
    {.name = "timeZone",
     .type = Type::kString,
     .help = "where days begin: an IANA name or an offset like +02:00",
     .default_text = "\"UTC\"",
     .max_bytes = 64},
};
constexpr Member kSuggestionsParameters[] = {
    {.name = "query",
     .type = Type::kString,
     .is_required = true,
     .help = "how the description begins",
     .max_bytes = 1024},
    {"size", Type::kInteger, false, "suggestions at most", "10", 1, 100},
    kOrganizationId,
};

// Name or offset by their characters alone; whether a zone of that name exists is for the engine to say.
bool isZoneText(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_+-/:").find(c) != std::string_view::npos;
  });
}

void writeSum(JsonWriter& out, std::string_view name, std::string_view field) {
  out.key(name).beginObject().key("sum").beginObject().member("field", field).endObject().endObject();
}

void writeTermsHead(JsonWriter& out, std::string_view name, std::string_view field, std::size_t size) {
  out.key(name).beginObject().key("terms").beginObject().member("field", field).member("size", size).endObject();
}

// Sums of minor units, which only add up within one currency.
void writeSums(JsonWriter& out) {
  out.key("aggs").beginObject();
  writeSum(out, "amount", "amountMinor");
  writeSum(out, "refunded", "refundedMinor");
  out.endObject();
}

void writeByCurrency(JsonWriter& out) {
  out.key("aggs").beginObject();
  writeTermsHead(out, "by_currency", "currency", std::size(kCurrencies));
  writeSums(out);
  out.endObject().endObject();
}

void writeDaily(JsonWriter& out, std::string_view zone) {
  out.key("daily_stats").beginObject().key("date_histogram").beginObject();
  out.member("field", "processedAt").member("calendar_interval", "day").member("time_zone", zone);
  out.member("min_doc_count", 1).endObject();
  writeByCurrency(out);
  out.endObject();
}

void writeStatisticsFilter(JsonWriter& out, std::string_view organization, const TimeRange& time) {
  std::string filters;
  JsonWriter clauses(filters);
  clauses.beginArray();
  if (!organization.empty()) writeTerm(clauses, "organizationId", organization);
  if (time.isBounded()) time.write(clauses, "processedAt");
  clauses.endArray();
  out.rawMember("query", boolClause(filters, {}));
}

}  // namespace

Table getPaymentByIdParameters() { return kGetParameters; }
Table searchPaymentsParameters() { return kSearchParameters; }
Table getPaymentStatisticsParameters() { return kStatisticsParameters; }
Table getPaymentSuggestionsParameters() { return kSuggestionsParameters; }

Result<Plan> planGet(const Query& query) {
  const Faults faults(query.parameters, kGetParameters, {.is_lenient = query.is_lenient});
  GYRE_TRY(faults.status());
  return Plan::get(faults.sound("paymentId").string());
}

// Without a text all scores are equal, so the newest comes first; the id last makes the order total, and cursors exact.
Result<Plan> planSearch(const Query& query) {
  GYRE_TRY_ASSIGN(const SearchParameters asked, SearchParameters::read(query, kSearchParameters));
  std::string request;
  JsonWriter out(request);
  out.beginObject().rawMember("query", asked.clause());
  out.rawMember("sort",
                R"([{"_score":{"order":"desc"}},{"processedAt":{"order":"desc"}},{"paymentId":{"order":"asc"}}])");
  out.member("track_total_hits", true);
  asked.page.write(out);
  out.endObject();
  return Plan::search(std::move(request));
}

Result<Plan> planStatistics(const Query& query) {
  Faults faults(query.parameters, kStatisticsParameters, {.is_lenient = query.is_lenient});
  const TimeRange time = TimeRange::read(faults);
  const json::Value asked_zone = faults.sound("timeZone");
  const std::string_view zone = asked_zone.isMissing() ? "UTC" : asked_zone.string();
  if (!isZoneText(zone))
    faults.add("/timeZone", "expected an IANA time zone or an offset like +02:00, found " + detail::quoted(zone));
  GYRE_TRY(faults.status());
  GYRE_TRY_ASSIGN(const std::string_view organization, visibleOrganization(query, faults));
  std::string request;
  JsonWriter out(request);
  out.beginObject().member("size", 0).member("track_total_hits", false);
  writeStatisticsFilter(out, organization, time);
  out.key("aggs").beginObject();
  writeTermsHead(out, "status_stats", "status", std::size(kStatusNames));
  writeByCurrency(out);
  out.endObject();
  // Every payment has one status, so present adds the statistics of a currency up from these: a third of the work
  // saved.
  writeDaily(out, zone);
  out.endObject().endObject();
  return Plan::search(std::move(request));
}

Result<Plan> planSuggestions(const Query& query) {
  Faults faults(query.parameters, kSuggestionsParameters, {.is_lenient = query.is_lenient});
  const json::Value prefix = faults.sound("query");
  if (prefix.isString() && prefix.string().empty()) faults.add("/query", "expected a text, found \"\"");
  GYRE_TRY(faults.status());
  GYRE_TRY_ASSIGN(const std::string_view organization, visibleOrganization(query, faults));
  const std::int64_t size = detail::wholeNumber(faults.sound("size"), true).value_or(10);
  std::string request;
  JsonWriter out(request);
  out.beginObject().member("size", 0).member("_source", false).key("suggest").beginObject();
  out.key("payments").beginObject().member("prefix", prefix.string()).key("completion").beginObject();
  out.member("field", organization.empty() ? "description.suggest" : "description.suggest_by_organization");
  out.member("size", size).member("skip_duplicates", true);
  if (!organization.empty())
    out.key("contexts").beginObject().key("organization").beginArray().string(organization).endArray().endObject();
  out.endObject().endObject().endObject().endObject();
  return Plan::search(std::move(request));
}

}  // namespace gyre::payments
