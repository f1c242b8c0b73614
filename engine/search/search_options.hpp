// What may be said about a search beside its body?
//
// Parameters of a URL, and what the owner of the indices adds. A parameter that has a counterpart in the body becomes a
// member of `overrides`, a body of its own that counts before the one sent: so both are read by one parser.
//
// THREADS: values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/status.hpp"

namespace gyre::engine {

struct SearchOptions {
  std::int64_t deadline_nanos = 0;  // a steady-clock reading; 0 for none
  std::int64_t now_millis = 0;      // what "now" means; 0 asks the clock
  // The largest response. Beyond it the search ends with circuit_breaking_exception.
  std::uint64_t response_bytes = 1u << 30;

  std::string overrides{};             // JSON object; "" for none
  bool names_types = false;            // typed_keys
  bool shows_total_as_number = false;  // rest_total_hits_as_int
  bool allows_partial_results = true;
  bool shows_named_scores = false;  // include_named_queries_score
  // Indices may be missing: indices_boost then passes over names that it does not know.
  bool ignores_unavailable = false;

  std::string node_id{};    // shown with explained hits
  std::string scroll_id{};  // shown in the answer
  std::string pit_id{};
  bool is_scroll = false;
  bool is_later_page = false;   // of a scroll: aggregations and suggestions were told with the first
  bool has_pit = false;         // the body may have "pit", which the owner has resolved
  bool asks_for_cache = false;  // request_cache: true, which a scroll refuses
};

// Gathers a URL's parameters. Values are decoded already.
class SearchParameters {
 public:
  // False when a search knows no such parameter. A value that is not understood is invalid_argument.
  Result<bool> read(std::string_view name, std::string_view value);
  // The options, after the last parameter. Refuses parameters that contradict each other.
  Result<SearchOptions> finish();

 private:
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  Status readMember(std::string_view name, std::string_view value);
  void appendQuery(std::string& out) const;
  Status appendSuggest(std::string& out) const;

  SearchOptions options_;
  std::string members_;          // of the overrides, without braces
  Pairs query_;                  // q and what belongs to it
  Pairs suggest_;                // suggest_field, suggest_text, …
  std::string source_;           // "_source": as JSON; "" when not given
  std::string source_includes_;  // as JSON
  std::string source_excludes_;
};

}  // namespace gyre::engine
