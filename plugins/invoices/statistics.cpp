// What do the invoices of an organisation come to? Sums of whole minor units, per currency, made by the index.
#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/country.hpp"
#include "gyre/currency.hpp"
#include "gyre/faults.hpp"
#include "gyre/search_answer.hpp"
#include "gyre/time.hpp"
#include "invoice.hpp"
#include "search_parameters.hpp"
#include "totals.hpp"

namespace gyre::invoices {

namespace {

constexpr std::string_view kGroups[] = {"total", "month", "country", "customer", "product"};
constexpr std::size_t kCountrySize = 1'000;    // more than there are
constexpr std::int64_t kExactCounts = 40'000;  // distinct values up to here are counted one by one
constexpr std::int64_t kDefaultSize = 100;

constexpr Member kStatisticsParameters[] = {
    {"organizationId", Type::kId, false, "only this organisation's invoices"},
    {"from", Type::kTime, false, "issued at or after; a date alone is the start of its day in UTC"},
    {"to", Type::kTime, false, "issued at or before; a date alone is the end of its day in UTC"},
    {"customers", Type::kStringList, false, "any of these buyers' ids"},
    {"countries", Type::kStringList, false, "any of these buyers' countries, ISO 3166-1 alpha-2"},
    {"products", Type::kStringList, false, "invoices with a line of any of these product codes"},
    {.name = "statuses", .type = Type::kStringList, .help = "any of these", .choices = kStatusNames},
    {.name = "types", .type = Type::kStringList, .help = "any of these", .choices = kTypeNames},
    {"currencies", Type::kStringList, false, "any of these ISO 4217 codes"},
    {.name = "groupBy", .type = Type::kStringList, .help = "what is told; all by default", .choices = kGroups},
    {"size", Type::kInteger, false, "customers and products told, those with the most revenue first", "100", 1, 10'000},
    {.name = "asOf",
     .type = Type::kString,
     .help = "the date before which what is open was due; today by default",
     .max_bytes = 64},
};

// ---- the request

bool isAsked(const std::vector<std::string_view>& groups, std::string_view name) {
  return groups.empty() || std::find(groups.begin(), groups.end(), name) != groups.end();
}

void writeMetric(JsonWriter& out, std::string_view name, std::string_view kind, std::string_view field) {
  out.key(name).beginObject().key(kind).beginObject().member("field", field).endObject().endObject();
}

void writeTermsHead(JsonWriter& out, std::string_view name, std::string_view field, std::int64_t size,
                    bool is_by_revenue = false) {
  out.key(name).beginObject().key("terms").beginObject().member("field", field).member("size", size);
  if (is_by_revenue) out.rawMember("order", R"({"revenue":"desc"})");
  out.endObject();
}

// Sums of minor units, which only add up within one currency.
void writeByCurrency(JsonWriter& out, std::string_view field,
                     std::initializer_list<std::pair<std::string_view, std::string_view>> sums) {
  writeTermsHead(out, "by_currency", field, std::size(kCurrencies));
  out.key("aggs").beginObject();
  for (const auto& [name, of] : sums) writeMetric(out, name, "sum", of);
  out.endObject().endObject();
}

void writeRevenue(JsonWriter& out) {
  writeByCurrency(out, "currency", {{"revenue", "exact.revenue"}, {"tax", "exact.tax"}});
}

void writeTotal(JsonWriter& out, std::string_view as_of) {
  writeMetric(out, "lines", "sum", "lineCount");
  for (const auto& [name, field] : {std::pair("customers", "buyer.id"), std::pair("products", "productCodes"),
                                    std::pair("countries", "buyer.country")}) {
    out.key(name).beginObject().key("cardinality").beginObject().member("field", field);
    out.member("precision_threshold", kExactCounts).endObject().endObject();
  }
  writeMetric(out, "first", "min", "issued");
  writeMetric(out, "last", "max", "issued");
  writeByCurrency(out, "currency",
                  {{"revenue", "exact.revenue"},
                   {"tax", "exact.tax"},
                   {"lineNet", "exact.lineNet"},
                   {"rest", "exact.rest"},
                   {"paid", "exact.paid"},
                   {"open", "exact.open"},
                   {"credited", "exact.credited"}});
  out.key("overdue").beginObject().key("filter").beginObject().key("bool").beginObject().key("filter").beginArray();
  out.raw(R"({"range":{"exact.open":{"gt":0}}})");
  out.beginObject().key("range").beginObject().key("dueDate").beginObject().member("lt", as_of).endObject();
  out.endObject().endObject().endArray().endObject().endObject().key("aggs").beginObject();
  writeByCurrency(out, "currency", {{"open", "exact.open"}});
  out.endObject().endObject();
  out.key("creditNotes").beginObject().rawMember("filter", R"({"term":{"type":"creditNote"}})");
  out.key("aggs").beginObject();
  writeRevenue(out);
  out.endObject().endObject();
}

void writeMonths(JsonWriter& out) {
  out.key("month").beginObject();
  out.rawMember("date_histogram",
                R"({"field":"issued","calendar_interval":"month","format":"yyyy-MM","min_doc_count":1})");
  out.key("aggs").beginObject();
  writeMetric(out, "lines", "sum", "lineCount");
  writeRevenue(out);
  out.endObject().endObject();
}

void writeCountries(JsonWriter& out) {
  writeTermsHead(out, "country", "buyer.country", kCountrySize);
  out.key("aggs").beginObject();
  writeMetric(out, "lines", "sum", "lineCount");
  writeRevenue(out);
  out.endObject().endObject();
}

void writeCustomers(JsonWriter& out, std::int64_t size) {
  writeTermsHead(out, "customer", "buyer.id", size, true);
  out.key("aggs").beginObject();
  writeMetric(out, "revenue", "sum", "exact.revenue");
  writeMetric(out, "lines", "sum", "lineCount");
  writeTermsHead(out, "name", "buyer.name", 1);
  out.endObject();
  writeRevenue(out);
  out.endObject().endObject();
}

void writeProducts(JsonWriter& out, std::int64_t size) {
  out.key("product").beginObject().rawMember("nested", R"({"path":"products"})").key("aggs").beginObject();
  writeTermsHead(out, "codes", "products.code", size, true);
  out.key("aggs").beginObject();
  writeMetric(out, "revenue", "sum", "products.revenue");
  writeMetric(out, "lines", "sum", "products.lines");
  writeMetric(out, "quantity", "sum", "products.quantityMicro");
  writeTermsHead(out, "name", "products.name", 1);
  out.endObject();
  writeByCurrency(out, "products.currency", {{"revenue", "products.revenue"}});
  out.endObject().endObject().endObject().endObject();
}

// ---- the answer

void writeMoney(JsonWriter& out, std::string_view name, const Decimal& amount) { out.member(name, amount.toText()); }

struct CurrencyBucket {
  const Currency* currency = nullptr;
  json::Value bucket;
};

// By code.
Result<std::vector<CurrencyBucket>> currenciesOf(json::Value level) {
  GYRE_TRY_ASSIGN(const json::Value buckets, bucketsOf(level, "by_currency"));
  std::vector<CurrencyBucket> found;
  for (const json::Value bucket : buckets) {
    const Currency* const currency = findCurrency(bucket["key"].string());
    if (currency == nullptr) return unexpectedAnswer("a bucket of a currency", bucket);
    found.push_back({currency, bucket});
  }
  std::sort(found.begin(), found.end(),
            [](const CurrencyBucket& a, const CurrencyBucket& b) { return a.currency->code < b.currency->code; });
  return found;
}

// revenue, tax and gross of a bucket of a currency; products know no tax.
Status writeRevenueOf(JsonWriter& out, const CurrencyBucket& one) {
  const int digits = one.currency->minor_digits;
  GYRE_TRY_ASSIGN(const Decimal revenue, readMinorSum(one.bucket, "revenue", digits));
  writeMoney(out, "revenue", revenue);
  if (one.bucket["tax"].isMissing()) return {};
  GYRE_TRY_ASSIGN(const Decimal tax, readMinorSum(one.bucket, "tax", digits));
  GYRE_TRY_ASSIGN(const Decimal gross, revenue.add(tax));
  writeMoney(out, "tax", tax);
  writeMoney(out, "gross", gross);
  return {};
}

Status writeByCurrencyOf(JsonWriter& out, json::Value level) {
  GYRE_TRY_ASSIGN(const auto currencies, currenciesOf(level));
  out.key("by_currency").beginObject();
  for (const CurrencyBucket& one : currencies) {
    out.key(one.currency->code).beginObject().rawMember("doc_count", one.bucket["doc_count"].raw());
    GYRE_TRY(writeRevenueOf(out, one));
    out.endObject();
  }
  out.endObject();
  return {};
}

Result<std::int64_t> wholeSum(json::Value level, std::string_view name) {
  GYRE_TRY_ASSIGN(const Decimal sum, readMinorSum(level, name, 0));
  return static_cast<std::int64_t>(sum.units());
}

// As many digits after the point as the value needs, and the currency's at least.
std::string trimmed(const Decimal& value, int digits) {
  std::string text = value.toText();
  for (int scale = value.scale(); scale > digits && text.back() == '0'; --scale) text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

// The sum of `name` in the bucket of the same currency below `level`; 0 when there is none.
Result<Decimal> sumBeside(json::Value level, const CurrencyBucket& one, std::string_view name) {
  GYRE_TRY_ASSIGN(const auto currencies, currenciesOf(level));
  for (const CurrencyBucket& other : currencies)
    if (other.currency == one.currency) return readMinorSum(other.bucket, name, one.currency->minor_digits);
  return Decimal::ofUnits(0, one.currency->minor_digits);
}

Status writeTotalOf(JsonWriter& out, json::Value level, const CurrencyBucket& one) {
  const int digits = one.currency->minor_digits;
  out.key(one.currency->code).beginObject().rawMember("doc_count", one.bucket["doc_count"].raw());
  GYRE_TRY(writeRevenueOf(out, one));
  GYRE_TRY_ASSIGN(const Decimal lines, readMinorSum(one.bucket, "lineNet", digits));
  GYRE_TRY_ASSIGN(const Decimal rest, readMinorSum(one.bucket, "rest", kRestDigits));
  GYRE_TRY_ASSIGN(const Decimal unrounded, lines.add(rest));
  writeMoney(out, "lines", lines);
  out.member("lines_unrounded", trimmed(unrounded, digits));
  for (const std::string_view name : {"paid", "open", "credited"}) {
    GYRE_TRY_ASSIGN(const Decimal sum, readMinorSum(one.bucket, name, digits));
    writeMoney(out, name, sum);
  }
  GYRE_TRY_ASSIGN(const Decimal overdue, sumBeside(level["overdue"], one, "open"));
  GYRE_TRY_ASSIGN(const Decimal notes, sumBeside(level["creditNotes"], one, "revenue"));
  writeMoney(out, "overdue", overdue);
  writeMoney(out, "credit_notes", notes);
  out.endObject();
  return {};
}

void writeInstant(JsonWriter& out, std::string_view name, json::Value metric) {
  const auto millis = Decimal::parseScientific(metric["value"].numberText());
  if (millis.isOk())
    out.member(name, timeText(static_cast<std::int64_t>(millis->units() / Decimal::power(millis->scale()))));
  else
    out.key(name).null();
}

Status writeTotalStats(JsonWriter& out, json::Value level) {
  GYRE_TRY_ASSIGN(const auto currencies, currenciesOf(level));
  std::uint64_t count = 0;
  for (const CurrencyBucket& one : currencies) count += one.bucket["doc_count"].unsignedInteger().value_or(0);
  GYRE_TRY_ASSIGN(const std::int64_t lines, wholeSum(level, "lines"));
  out.key("total").beginObject().member("doc_count", count).member("line_count", lines);
  for (const auto& [name, metric] : {std::pair("customer_count", "customers"), std::pair("product_count", "products"),
                                     std::pair("country_count", "countries")}) {
    GYRE_TRY_ASSIGN(const std::int64_t distinct, wholeSum(level, metric));
    out.member(name, distinct);
  }
  const json::Value notes = level["creditNotes"]["doc_count"];
  out.rawMember("credit_note_count", notes.isNumber() ? notes.raw() : "0");
  writeInstant(out, "first_issued", level["first"]);
  writeInstant(out, "last_issued", level["last"]);
  out.key("by_currency").beginObject();
  for (const CurrencyBucket& one : currencies) GYRE_TRY(writeTotalOf(out, level, one));
  out.endObject().endObject();
  return {};
}

// One list of buckets: its key, a name where there is one, counts and money.
Status writeGroup(JsonWriter& out, std::string_view list, json::Value buckets, std::string_view group) {
  out.key(list).beginArray();
  for (const json::Value bucket : buckets) {
    const std::string_view key = group == "month" ? bucket["key_as_string"].string() : bucket["key"].string();
    out.beginObject().member("key", key);
    if (group == "country") {
      if (const std::string_view name = countryName(key); !name.empty()) out.member("name", name);
    }
    for (const json::Value name : bucket["name"]["buckets"]) out.member("name", name["key"].string());
    out.rawMember("doc_count", bucket["doc_count"].raw());
    GYRE_TRY_ASSIGN(const std::int64_t lines, wholeSum(bucket, "lines"));
    out.member("line_count", lines);
    if (group == "product") {
      GYRE_TRY_ASSIGN(const Decimal quantity, readMinorSum(bucket, "quantity", kQuantityDigits));
      out.member("quantity", trimmed(quantity, 0));
    }
    GYRE_TRY(writeByCurrencyOf(out, bucket));
    out.endObject();
  }
  out.endArray();
  return {};
}

}  // namespace

Table getInvoiceStatisticsParameters() { return kStatisticsParameters; }

Result<Plan> planStatistics(const Query& query) {
  Faults faults(query.parameters, kStatisticsParameters, {.is_lenient = query.is_lenient});
  Filters filters = Filters::read(faults);
  const json::Value as_of = faults.sound("asOf");
  if (as_of.isString() && (as_of.string().size() != 10 || !parseTimeSpan(as_of.string())))
    faults.add("/asOf", "expected a date like 2024-02-29, found " + detail::shown(as_of));
  GYRE_TRY(faults.status());
  GYRE_TRY_ASSIGN(filters.organization_id, visibleOrganization(query, faults));
  const std::string day = as_of.isString() ? std::string(as_of.string()) : timeText(query.time_millis).substr(0, 10);
  const std::vector<std::string_view> groups = readTextSet(faults, "groupBy");
  const std::int64_t size = readWhole(faults, "size", kDefaultSize);
  std::string request;
  JsonWriter out(request);
  out.beginObject().member("size", 0).member("track_total_hits", false);
  out.rawMember("query", boolClause(filters.clauses(), {})).key("aggs").beginObject();
  if (isAsked(groups, "total")) writeTotal(out, day);
  if (isAsked(groups, "month")) writeMonths(out);
  if (isAsked(groups, "country")) writeCountries(out);
  if (isAsked(groups, "customer")) writeCustomers(out, size);
  if (isAsked(groups, "product")) writeProducts(out, size);
  out.endObject().endObject();
  Plan plan = Plan::search(std::move(request));
  plan.is_cacheable = as_of.isString() || !isAsked(groups, "total");
  return plan;
}

Status presentStatistics(const Query& query, json::Value answer, std::uint64_t, JsonWriter& out) {
  const Faults faults(query.parameters, kStatisticsParameters, {.is_lenient = query.is_lenient});
  const std::vector<std::string_view> groups = readTextSet(faults, "groupBy");
  const json::Value level = answer["aggregations"];
  out.beginObject();
  if (isAsked(groups, "total")) GYRE_TRY(writeTotalStats(out, level));
  for (const auto& [group, list] : {std::pair("month", "month_stats"), std::pair("country", "country_stats"),
                                    std::pair("customer", "customer_stats")})
    if (isAsked(groups, group)) {
      GYRE_TRY_ASSIGN(const json::Value buckets, bucketsOf(level, group));
      GYRE_TRY(writeGroup(out, list, buckets, group));
    }
  if (isAsked(groups, "product")) {
    GYRE_TRY_ASSIGN(const json::Value buckets, bucketsOf(level["product"], "codes"));
    GYRE_TRY(writeGroup(out, "product_stats", buckets, "product"));
  }
  out.endObject();
  return {};
}

}  // namespace gyre::invoices
