#include "payment.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "gyre/currency.hpp"
#include "gyre/decimal.hpp"
#include "gyre/search_answer.hpp"
#include "search_parameters.hpp"

namespace gyre::payments {

namespace {

// What a bucket holds of one currency.
struct CurrencySum {
  const Currency* currency = nullptr;
  std::uint64_t doc_count = 0;
  Decimal total;
  Decimal refunded;
  Decimal net;
  Decimal average;
};

// What follows from total, refunded and doc_count.
Status derive(CurrencySum& sum) {
  GYRE_TRY_ASSIGN(sum.net, sum.total.subtract(sum.refunded));
  GYRE_TRY_ASSIGN(sum.average,
                  sum.total.divide(Decimal::ofUnits(sum.doc_count, 0), sum.currency->minor_digits, Rounding::kHalfUp));
  return {};
}

// `bucket` is one of a terms aggregation over currency.
Result<CurrencySum> readCurrencySum(json::Value bucket) {
  CurrencySum sum;
  sum.currency = findCurrency(bucket["key"].string());
  sum.doc_count = bucket["doc_count"].unsignedInteger().value_or(0);
  if (sum.currency == nullptr || sum.doc_count == 0) return unexpectedAnswer("a bucket of a currency", bucket);
  GYRE_TRY_ASSIGN(sum.total, readMinorSum(bucket, "amount", sum.currency->minor_digits));
  GYRE_TRY_ASSIGN(sum.refunded, readMinorSum(bucket, "refunded", sum.currency->minor_digits));
  GYRE_TRY(derive(sum));
  return sum;
}

Status addUp(CurrencySum& into, const CurrencySum& more) {
  GYRE_TRY_ASSIGN(into.total, into.total.add(more.total));
  GYRE_TRY_ASSIGN(into.refunded, into.refunded.add(more.refunded));
  into.doc_count += more.doc_count;
  return derive(into);
}

Result<std::vector<CurrencySum>> readCurrencySums(json::Value buckets) {
  if (!buckets.isArray()) return unexpectedAnswer("buckets by currency", buckets);
  std::vector<CurrencySum> sums;
  for (const json::Value bucket : buckets) {
    GYRE_TRY_ASSIGN(CurrencySum sum, readCurrencySum(bucket));
    sums.push_back(sum);
  }
  std::sort(sums.begin(), sums.end(),
            [](const CurrencySum& a, const CurrencySum& b) { return a.currency->code < b.currency->code; });
  return sums;
}

// A plain number when the bucket holds one currency; amounts of several do not add up: null.
void writePlain(JsonWriter& out, std::string_view name, const std::vector<CurrencySum>& sums,
                Decimal CurrencySum::*amount) {
  if (sums.size() == 1)
    out.rawMember(name, (sums.front().*amount).toText());
  else
    out.key(name).null();
}

void writeMoney(JsonWriter& out, const std::vector<CurrencySum>& sums, bool has_average) {
  writePlain(out, "total_amount", sums, &CurrencySum::total);
  if (has_average) writePlain(out, "avg_amount", sums, &CurrencySum::average);
  writePlain(out, "refunded_amount", sums, &CurrencySum::refunded);
  writePlain(out, "net_amount", sums, &CurrencySum::net);
  out.key("by_currency").beginObject();
  for (const CurrencySum& sum : sums) {
    out.key(sum.currency->code).beginObject().member("total_amount", sum.total.toText());
    out.member("avg_amount", sum.average.toText()).member("doc_count", sum.doc_count);
    out.member("refunded_amount", sum.refunded.toText()).member("net_amount", sum.net.toText()).endObject();
  }
  out.endObject();
}

Status writeStatusStats(JsonWriter& out, json::Value answer) {
  GYRE_TRY_ASSIGN(const json::Value buckets, bucketsOf(answer["aggregations"], "status_stats"));
  out.key("status_stats").beginArray();
  for (const json::Value bucket : buckets) {
    GYRE_TRY_ASSIGN(const auto sums, readCurrencySums(bucket["by_currency"]["buckets"]));
    out.beginObject().member("key", bucket["key"].string()).rawMember("doc_count", bucket["doc_count"].raw());
    writeMoney(out, sums, true);
    out.endObject();
  }
  out.endArray();
  return {};
}

// Over all statuses; most payments first, as the engine would order them.
Status writeCurrencyStats(JsonWriter& out, json::Value answer) {
  GYRE_TRY_ASSIGN(const json::Value buckets, bucketsOf(answer["aggregations"], "status_stats"));
  std::vector<CurrencySum> all;
  for (const json::Value bucket : buckets) {
    GYRE_TRY_ASSIGN(const auto sums, readCurrencySums(bucket["by_currency"]["buckets"]));
    for (const CurrencySum& sum : sums) {
      const auto same =
          std::find_if(all.begin(), all.end(), [&](const CurrencySum& s) { return s.currency == sum.currency; });
      if (same == all.end())
        all.push_back(sum);
      else
        GYRE_TRY(addUp(*same, sum));
    }
  }
  std::sort(all.begin(), all.end(), [](const CurrencySum& a, const CurrencySum& b) {
    return a.doc_count != b.doc_count ? a.doc_count > b.doc_count : a.currency->code < b.currency->code;
  });
  out.key("currency_stats").beginArray();
  for (const CurrencySum& sum : all) {
    out.beginObject().member("key", sum.currency->code).member("doc_count", sum.doc_count);
    writeMoney(out, {sum}, true);
    out.endObject();
  }
  out.endArray();
  return {};
}

Status writeDailyStats(JsonWriter& out, json::Value answer) {
  GYRE_TRY_ASSIGN(const json::Value buckets, bucketsOf(answer["aggregations"], "daily_stats"));
  out.key("daily_stats").beginArray();
  for (const json::Value bucket : buckets) {
    const json::Value count = bucket["doc_count"];
    if (count.unsignedInteger().value_or(0) == 0) continue;
    GYRE_TRY_ASSIGN(const auto sums, readCurrencySums(bucket["by_currency"]["buckets"]));
    out.beginObject().rawMember("key", bucket["key"].raw()).member("key_as_string", bucket["key_as_string"].string());
    out.rawMember("doc_count", count.raw()).rawMember("count", count.raw());
    writeMoney(out, sums, false);
    out.endObject();
  }
  out.endArray();
  return {};
}

}  // namespace

Status presentGet(const Query& query, json::Value answer, std::uint64_t version, JsonWriter& out) {
  GYRE_TRY_ASSIGN(const Payment payment, Payment::read(answer));
  if (!query.organization_id.empty() && query.organization_id != payment.organization_id)
    return notFound("payment " + detail::quoted(payment.id) + " does not exist");
  writeAnswer(payment, version, out);
  return {};
}

Status presentSearch(const Query& query, json::Value answer, std::uint64_t, JsonWriter& out) {
  GYRE_TRY_ASSIGN(const SearchParameters asked, SearchParameters::read(query, searchPaymentsParameters()));
  out.beginObject();
  GYRE_TRY(writePage(answer, asked.page, asked.fingerprint(), "payments", out,
                     [&](json::Value document) { writeAnswer(document, out); }));
  out.endObject();
  return {};
}

Status presentStatistics(const Query&, json::Value answer, std::uint64_t, JsonWriter& out) {
  out.beginObject();
  GYRE_TRY(writeStatusStats(out, answer));
  GYRE_TRY(writeCurrencyStats(out, answer));
  GYRE_TRY(writeDailyStats(out, answer));
  out.endObject();
  return {};
}

Status presentSuggestions(const Query&, json::Value answer, std::uint64_t, JsonWriter& out) {
  std::vector<std::string_view> seen;
  out.beginArray();
  for (const json::Value entry : answer["suggest"]["payments"]) {
    for (const json::Value option : entry["options"]) {
      const std::string_view text = option["text"].string();
      if (std::find(seen.begin(), seen.end(), text) != seen.end()) continue;
      seen.push_back(text);
      const json::Value score = option["_score"].isNumber() ? option["_score"] : option["score"];
      out.beginObject().member("text", text).rawMember("score", score.isNumber() ? score.raw() : "1.0").endObject();
    }
  }
  out.endArray();
  return {};
}

}  // namespace gyre::payments
