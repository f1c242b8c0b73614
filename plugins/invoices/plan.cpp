#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/faults.hpp"
#include "gyre/search_answer.hpp"
#include "invoice.hpp"
#include "search_parameters.hpp"

namespace gyre::invoices {

namespace {

constexpr std::size_t kFacetSize = 100;  // values of a facet, the most frequent first
constexpr std::string_view kKinds[] = {"number", "customer", "product"};
constexpr std::string_view kSuggestFields[] = {"number", "buyer.name", "productNames"};

constexpr Member kOrganizationId{"organizationId", Type::kId, false, "only this organisation's invoices"};

constexpr Member kGetParameters[] = {{"invoiceId", Type::kId, true, "the invoice"}};
constexpr Member kSearchParameters[] = {
    kOrganizationId,
    {.name = "searchText",
     .type = Type::kString,
     .help = "words of the parties, the lines, references and the note, small misspellings included; a number with any "
             "separators, or a part of it",
     .max_bytes = 1024},
    {"customers", Type::kStringList, false, "any of these buyers' ids"},
    {"countries", Type::kStringList, false, "any of these buyers' countries, ISO 3166-1 alpha-2"},
    {"products", Type::kStringList, false, "with a line of any of these product codes"},
    {.name = "statuses", .type = Type::kStringList, .help = "any of these", .choices = kStatusNames},
    {.name = "types", .type = Type::kStringList, .help = "any of these", .choices = kTypeNames},
    {"currencies", Type::kStringList, false, "any of these ISO 4217 codes"},
    {"from", Type::kTime, false, "issued at or after; a date alone is the start of its day in UTC"},
    {"to", Type::kTime, false, "issued at or before; a date alone is the end of its day in UTC"},
    {"dueFrom", Type::kTime, false, "due at or after"},
    {"dueTo", Type::kTime, false, "due at or before"},
    {"minAmount", Type::kDecimal, false, "total with tax of at least, in the invoice's own currency"},
    {"maxAmount", Type::kDecimal, false, "total with tax of at most, in the invoice's own currency"},
    {.name = "overdueOn",
     .type = Type::kString,
     .help = "a date: something is open, and was due before it",
     .max_bytes = 64},
    {.name = "facets", .type = Type::kStringList, .help = "counts of all hits by these", .choices = kFacetNames},
    {"includeLines", Type::kBoolean, false, "whether invoices have their lines", "false"},
    {"page", Type::kInteger, false, "from 1; page times size reaches 10,000", "1", 1},
    {"size", Type::kInteger, false, "invoices a page; 0 answers only total and facets", "10", 0, PageRequest::kMaxSize},
    {.name = "cursor", .type = Type::kString, .help = "nextCursor of the page before", .max_bytes = 1024},
};
constexpr Member kSuggestionsParameters[] = {
    {.name = "query", .type = Type::kString, .is_required = true, .help = "how it begins", .max_bytes = 1024},
    {.name = "kinds", .type = Type::kStringList, .help = "of what; all by default", .choices = kKinds},
    {"size", Type::kInteger, false, "suggestions of a kind at most", "10", 1, 100},
    kOrganizationId,
};

std::string_view fieldOfFacet(std::string_view name) {
  const auto* const facet =
      std::find_if(std::begin(kFacets), std::end(kFacets), [&](const Facet& one) { return one.name == name; });
  return facet == std::end(kFacets) ? std::string_view() : facet->field;
}

void writeCompletion(JsonWriter& out, std::size_t kind, std::string_view prefix, std::int64_t size,
                     std::string_view organization) {
  out.key(kKinds[kind]).beginObject().member("prefix", prefix).key("completion").beginObject();
  std::string field(kSuggestFields[kind]);
  field.append(organization.empty() ? ".suggest" : ".suggest_by_organization");
  out.member("field", field).member("size", size).member("skip_duplicates", true);
  if (!organization.empty())
    out.key("contexts").beginObject().key("organization").beginArray().string(organization).endArray().endObject();
  out.endObject().endObject();
}

}  // namespace

Table getInvoiceByIdParameters() { return kGetParameters; }
Table searchInvoicesParameters() { return kSearchParameters; }
Table getInvoiceSuggestionsParameters() { return kSuggestionsParameters; }

Result<Plan> planGet(const Query& query) {
  const Faults faults(query.parameters, kGetParameters, {.is_lenient = query.is_lenient});
  GYRE_TRY(faults.status());
  return Plan::get(faults.sound("invoiceId").string());
}

Status presentGet(const Query& query, json::Value answer, std::uint64_t version, JsonWriter& out) {
  GYRE_TRY_ASSIGN(const Invoice invoice, Invoice::read(answer));
  if (!query.organization_id.empty() && query.organization_id != invoice.organization_id)
    return notFound("invoice " + detail::quoted(invoice.id) + " does not exist");
  writeAnswer(invoice, version, out);
  return {};
}

// Without a text all scores are equal, so the latest comes first; the id last makes the order total, and cursors exact.
Result<Plan> planSearch(const Query& query) {
  GYRE_TRY_ASSIGN(const SearchParameters asked, SearchParameters::read(query));
  std::string request;
  JsonWriter out(request);
  out.beginObject().rawMember("query", asked.clause());
  out.rawMember("sort", R"([{"_score":{"order":"desc"}},{"issued":{"order":"desc"}},{"invoiceId":{"order":"asc"}}])");
  out.member("track_total_hits", true);
  asked.page.write(out);
  if (!asked.facets.empty()) {
    out.key("aggs").beginObject();
    for (const std::string_view name : asked.facets) {
      out.key(name).beginObject().key("terms").beginObject().member("field", fieldOfFacet(name));
      out.member("size", kFacetSize).endObject().endObject();
    }
    out.endObject();
  }
  out.endObject();
  return Plan::search(std::move(request));
}

Status presentSearch(const Query& query, json::Value answer, std::uint64_t, JsonWriter& out) {
  GYRE_TRY_ASSIGN(const SearchParameters asked, SearchParameters::read(query));
  out.beginObject();
  GYRE_TRY(writePage(answer, asked.page, asked.fingerprint(), "invoices", out,
                     [&](json::Value document) { writeAnswer(document, asked.with_lines, out); }));
  if (!asked.facets.empty()) {
    out.key("facets").beginObject();
    for (const std::string_view name : asked.facets) {
      GYRE_TRY_ASSIGN(const json::Value buckets, bucketsOf(answer["aggregations"], name));
      out.key(name).beginArray();
      for (const json::Value bucket : buckets)
        out.beginObject()
            .member("key", bucket["key"].string())
            .rawMember("doc_count", bucket["doc_count"].raw())
            .endObject();
      out.endArray();
    }
    out.endObject();
  }
  out.endObject();
  return {};
}

Result<Plan> planSuggestions(const Query& query) {
  Faults faults(query.parameters, kSuggestionsParameters, {.is_lenient = query.is_lenient});
  const json::Value prefix = faults.sound("query");
  if (prefix.isString() && prefix.string().empty()) faults.add("/query", "expected a text, found \"\"");
  GYRE_TRY(faults.status());
  GYRE_TRY_ASSIGN(const std::string_view organization, visibleOrganization(query, faults));
  const std::vector<std::string_view> kinds = readTexts(faults, "kinds");
  std::string request;
  JsonWriter out(request);
  out.beginObject().member("size", 0).member("_source", false).key("suggest").beginObject();
  for (std::size_t kind = 0; kind < std::size(kKinds); ++kind)
    if (kinds.empty() || std::find(kinds.begin(), kinds.end(), kKinds[kind]) != kinds.end())
      writeCompletion(out, kind, prefix.string(), readWhole(faults, "size", 10), organization);
  out.endObject().endObject();
  return Plan::search(std::move(request));
}

Status presentSuggestions(const Query&, json::Value answer, std::uint64_t, JsonWriter& out) {
  out.beginArray();
  for (const std::string_view kind : kKinds) {
    std::vector<std::string_view> seen;
    for (const json::Value entry : answer["suggest"][kind]) {
      for (const json::Value option : entry["options"]) {
        const std::string_view text = option["text"].string();
        if (std::find(seen.begin(), seen.end(), text) != seen.end()) continue;
        seen.push_back(text);
        const json::Value score = option["_score"].isNumber() ? option["_score"] : option["score"];
        out.beginObject().member("text", text).member("kind", kind);
        out.rawMember("score", score.isNumber() ? score.raw() : "1.0").endObject();
      }
    }
  }
  out.endArray();
  return {};
}

}  // namespace gyre::invoices
