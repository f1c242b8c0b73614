// What does a client ask of the payments, checked?
//
// THREADS: values and pure functions. OWNS: parameters borrow their texts from the query.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/plugin.hpp"
#include "gyre/schema.hpp"
#include "gyre/search_parameters.hpp"
#include "gyre/status.hpp"

namespace gyre::payments {

struct SearchParameters {
  std::string_view organization_id;
  std::string_view text;
  std::vector<std::string_view> statuses;  // sorted, distinct; so are currencies
  std::vector<std::string_view> currencies;
  AmountRange amount;
  TimeRange time;
  PageRequest page;

  // All faults at once. A cursor of another search is one.
  static Result<SearchParameters> read(const Query& query, Table table);

  // The dialect's query clause; equal searches give equal bytes.
  std::string clause() const;
  std::uint64_t fingerprint() const { return searchFingerprint(clause()); }
};

}  // namespace gyre::payments
