// When has the index caught up with what an import sent?
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gyre/status.hpp"
#include "server/cli/api_client.hpp"

namespace gyre::cli {

// What a search is asked for that the domain answers at once when it has the sequence; `request` is its body.
struct SearchableWait {
  std::string_view domain;
  std::string_view query;
  std::string_view request;
  std::uint64_t sequence = 0;
};

// Waits as long as the index goes on; an index on a busy cluster may take minutes. unavailable when it stands still for
// 100 s, or the search is refused.
Status waitUntilSearchable(ApiClient& client, const SearchableWait& wait);
// " (4511 a second, durable and searchable)": how a summary of an import ends. "" without seconds.
std::string describeRate(std::uint64_t count, double seconds, bool is_searchable);

}  // namespace gyre::cli
