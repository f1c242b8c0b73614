#include "search_parameters.hpp"

#include "gyre/currency.hpp"
#include "gyre/faults.hpp"

namespace gyre::payments {

namespace {

constexpr AmountRange::Fields kAmountFields{"amount", "amountMinor", "minorDigits"};

std::string textClause(std::string_view text) {
  std::string clause;
  JsonWriter out(clause);
  out.beginObject().key("multi_match").beginObject().member("query", text).key("fields").beginArray();
  out.string("description^2").string("paymentId").string("metadata.tags").endArray();
  out.member("type", "best_fields").member("fuzziness", "AUTO").endObject().endObject();
  return clause;
}

void checkCurrencies(Faults& faults, const std::vector<std::string_view>& currencies) {
  for (std::size_t i = 0; i < currencies.size(); ++i)
    if (findCurrency(currencies[i]) == nullptr)
      faults.add("/currencies/" + std::to_string(i), unknownCurrency(currencies[i]));
}

}  // namespace

Result<SearchParameters> SearchParameters::read(const Query& query, Table table) {
  Faults faults(query.parameters, table, {.is_lenient = query.is_lenient});
  SearchParameters asked;
  asked.text = faults.sound("searchText").string();
  asked.statuses = readTextSet(faults, "statuses");
  checkCurrencies(faults, readTexts(faults, "currencies"));
  asked.currencies = readTextSet(faults, "currencies");
  asked.amount = AmountRange::read(faults);
  asked.time = TimeRange::read(faults);
  asked.page = PageRequest::read(faults);
  GYRE_TRY(faults.status());
  GYRE_TRY_ASSIGN(asked.organization_id, visibleOrganization(query, faults));
  asked.page.checkCursor(faults, asked.fingerprint());
  GYRE_TRY(faults.status());
  return asked;
}

// Everything but the text is a filter: it narrows, and must not change the score.
std::string SearchParameters::clause() const {
  std::string filters;
  JsonWriter out(filters);
  out.beginArray();
  if (!organization_id.empty()) writeTerm(out, "organizationId", organization_id);
  if (!statuses.empty()) writeTerms(out, "status", statuses);
  if (!currencies.empty()) writeTerms(out, "currency", currencies);
  if (amount.isBounded()) amount.write(out, kAmountFields);
  if (time.isBounded()) time.write(out, "processedAt");
  out.endArray();
  return boolClause(filters, text.empty() ? std::string() : textClause(text));
}

}  // namespace gyre::payments
