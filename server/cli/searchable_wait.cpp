#include "server/cli/searchable_wait.hpp"

#include <string>

#include "gyre/json.hpp"

namespace gyre::cli {

namespace {

constexpr std::string_view kTimeoutMillis = "100000";

// How far the domain's index is; 0 when that cannot be told.
std::uint64_t searchableOf(ApiClient& client, std::string_view domain) {
  const auto answer = client.send("GET", "/readyz", "", "");
  if (!answer.isOk()) return 0;
  const auto ready = json::Document::parse(answer->body);
  return ready.isOk() ? ready->root()["domains"][domain]["searchable"].unsignedInteger().value_or(0) : 0;
}

bool isBehind(const ApiAnswer& answer) {
  const auto problem = json::Document::parse(answer.body);
  return problem.isOk() && problem->root()["code"].string() == "index_behind";
}

}  // namespace

Status waitUntilSearchable(ApiClient& client, const SearchableWait& wait) {
  if (wait.sequence == 0) return {};
  std::string target("/v1/");
  target.append(wait.domain).append("/queries/").append(wait.query);
  const ApiHeaders headers{{"Gyre-Min-Sequence", std::to_string(wait.sequence)},
                           {"Gyre-Timeout", std::string(kTimeoutMillis)}};
  std::uint64_t searchable = searchableOf(client, wait.domain);
  while (true) {
    GYRE_TRY_ASSIGN(const ApiAnswer answer, client.send("POST", target, "application/json", wait.request, headers));
    if (answer.status == 200) return {};
    const std::uint64_t before = searchable;
    if (isBehind(answer)) searchable = searchableOf(client, wait.domain);
    if (searchable <= before) return unavailable("waiting for the index: " + problemText(answer));
  }
}

std::string describeRate(std::uint64_t count, double seconds, bool is_searchable) {
  if (!(seconds > 0)) return {};
  return " (" + std::to_string(static_cast<std::uint64_t>(static_cast<double>(count) / seconds)) +
         " a second, durable" + (is_searchable ? " and searchable)" : ")");
}

}  // namespace gyre::cli
