// What does a client ask of the invoices, checked? The filters that searches and statistics share, and the text.
//
// THREADS: values and pure functions. OWNS: parameters borrow their texts from the query.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/faults.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/plugin.hpp"
#include "gyre/schema.hpp"
#include "gyre/search_parameters.hpp"
#include "gyre/status.hpp"

namespace gyre::invoices {

// What narrows a search and leaves the score alone. Lists are sorted and distinct.
struct Filters {
  std::string_view organization_id;
  std::vector<std::string_view> customers, countries, products, statuses, types, currencies;
  TimeRange issued;
  TimeRange due;
  AmountRange amount;
  std::optional<std::string_view> overdue_on;  // open, and due before this day

  // Everything but the organisation, which is known when nothing is wrong.
  static Filters read(Faults& faults);
  // A JSON array of clauses.
  std::string clauses() const;
};

struct SearchParameters {
  Filters filters;
  std::string_view text;
  std::vector<std::string_view> facets;
  bool with_lines = false;
  PageRequest page;

  // All faults at once. A cursor of another search is one.
  static Result<SearchParameters> read(const Query& query);

  // The dialect's query clause; equal searches give equal bytes.
  std::string clause() const;
  std::uint64_t fingerprint() const { return searchFingerprint(clause()); }
};

// The clause that finds invoices by a text: every word in any of the searched fields, small misspellings included; a
// word with a digit exactly, or as a part of the invoice's number, whatever stands between its letters and digits. Best
// first: the whole number, its end, its beginning, any part of it.
std::string textClause(std::string_view text);

// The fields behind the facets and the filters, by the names that clients use.
struct Facet {
  std::string_view name, field;
};
inline constexpr Facet kFacets[] = {{"status", "status"},     {"type", "type"},
                                    {"currency", "currency"}, {"country", "buyer.country"},
                                    {"customer", "buyer.id"}, {"product", "productCodes"}};
inline constexpr std::string_view kFacetNames[] = {"status", "type", "currency", "country", "customer", "product"};

}  // namespace gyre::invoices
