#include "server/cli/dead_letter_command.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <utility>
#include <vector>

#include "gyre/json.hpp"
#include "server/cli/api_client.hpp"
#include "server/setup.hpp"

namespace gyre::cli {

namespace {

int fail(std::string_view text) {
  std::cerr << "gyre: " << text << '\n';
  return kExitUnavailable;
}

class Letters {
 public:
  Letters(ApiClient& client, const DeadLetterOptions& options)
      : client_(client), options_(options), path_("/admin/v1/" + options.domain + "/dead-letters") {}

  // Oldest first.
  Result<std::vector<std::string>> ids() {
    std::vector<std::string> all;
    std::string before;
    do {
      GYRE_TRY_ASSIGN(const ApiAnswer page, ask("GET", "?size=1000" + before, ""));
      GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(page.body));
      for (const json::Value letter : document.root()["deadLetters"]) all.emplace_back(letter["id"].numberText());
      const json::Value next = document.root()["nextBefore"];
      before = next.isNumber() ? "&before=" + std::string(next.numberText()) : std::string();
    } while (!before.empty());
    std::reverse(all.begin(), all.end());
    return all;
  }

  // Every letter a line, as the server says it.
  Status list() {
    std::string before;
    do {
      GYRE_TRY_ASSIGN(const ApiAnswer page, ask("GET", "?size=1000" + before, ""));
      GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(page.body));
      for (const json::Value letter : document.root()["deadLetters"]) std::cout << letter.raw() << '\n';
      const json::Value next = document.root()["nextBefore"];
      before = next.isNumber() ? "&before=" + std::string(next.numberText()) : std::string();
    } while (!before.empty());
    return {};
  }

  Result<ApiAnswer> ask(std::string_view method, const std::string& rest, const std::string& body) {
    GYRE_TRY_ASSIGN(ApiAnswer answer, client_.send(method, path_ + rest, body.empty() ? "" : "application/json", body));
    if (answer.status == 200) return answer;
    return Status(answer.status == 409   ? Code::kConflict
                  : answer.status == 404 ? Code::kNotFound
                                         : Code::kUnavailable,
                  problemText(answer));
  }

 private:
  ApiClient& client_;
  const DeadLetterOptions& options_;
  const std::string path_;
};

Result<std::string> readText(const std::string& file) {
  std::ostringstream text;
  if (file == "-") {
    text << std::cin.rdbuf();
    return text.str();
  }
  std::ifstream in(file, std::ios::binary);
  text << in.rdbuf();
  if (!in) return unavailable(file + ": cannot be read");
  return text.str();
}

// One that went along with an older one of the same entity is not there any more, and that is fine.
int forAll(Letters& letters, std::string_view method, const std::string& rest) {
  const auto ids = letters.ids();
  if (!ids.isOk()) return fail(ids.status().message());
  std::size_t done = 0;
  std::size_t refused = 0;
  for (const std::string& id : *ids) {
    const auto answer = letters.ask(method, "/" + id + rest, "");
    if (answer.isOk()) {
      ++done;
    } else if (answer.status().code() == Code::kConflict) {
      ++refused;
      std::cerr << answer.status().message() << '\n';
    } else if (answer.status().code() != Code::kNotFound) {
      return fail(answer.status().message());
    }
  }
  std::cout << done << (method == "DELETE" ? " dropped" : " delivered") << ", " << refused << " refused again\n";
  return refused == 0 ? 0 : 1;
}

}  // namespace

int runDeadLetters(const DeadLetterOptions& options) {
  auto connected = ApiClient::connect(options.url, options.key);
  if (!connected.isOk()) return fail(connected.status().message());
  Letters letters(**connected, options);
  if (options.action == "list") {
    const Status listed = letters.list();
    return listed.isOk() ? 0 : fail(listed.message());
  }
  const std::string method = options.action == "drop"     ? "DELETE"
                             : options.action == "replay" ? "POST"
                             : options.action == "edit"   ? "PUT"
                                                          : "GET";
  const std::string rest = options.action == "replay" ? "/replay" : "";
  if (options.is_all) return forAll(letters, method, rest);
  std::string body;
  if (options.action == "edit") {
    auto text = readText(options.reaction_file);
    if (!text.isOk()) return fail(text.status().message());
    body = std::move(text).value();
  }
  const auto answer = letters.ask(method, "/" + options.id + rest, body);
  if (!answer.isOk()) {
    std::cerr << "gyre: " << answer.status().message() << '\n';
    return answer.status().code() == Code::kConflict ? 1 : kExitUnavailable;
  }
  std::cout << answer->body << '\n';
  return 0;
}

}  // namespace gyre::cli
