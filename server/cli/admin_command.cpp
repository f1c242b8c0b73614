#include "server/cli/admin_command.hpp"

#include <chrono>
#include <iostream>
#include <thread>

#include "gyre/json.hpp"
#include "server/cli/api_client.hpp"
#include "server/cli/progress.hpp"
#include "server/setup.hpp"

namespace gyre::cli {

namespace {

constexpr auto kPollInterval = std::chrono::milliseconds(200);

int fail(const std::string& text) {
  std::cerr << "gyre: " << text << '\n';
  return kExitUnavailable;
}

bool hasDifference(json::Value result) {
  for (const std::string_view name : {"missingCount", "extraCount", "differentCount"})
    if (result[name].unsignedInteger().value_or(0) != 0) return true;
  return false;
}

int finish(const AdminOptions& options, std::string_view state, json::Value result) {
  std::cout << (result.isMissing() ? std::string_view("{}") : result.raw()) << '\n';
  if (state != "completed") return kExitSoftware;
  return options.kind == "verify" && hasDifference(result) ? 1 : 0;
}

}  // namespace

int runAdmin(const AdminOptions& options) {
  auto connected = ApiClient::connect(options.url, options.key);
  if (!connected.isOk()) return fail(std::string(connected.status().message()));
  ApiClient& client = **connected;
  std::string body;
  JsonWriter writer(body);
  writer.beginObject();
  if (!options.id.empty()) writer.member("id", options.id);
  if (!options.organization_id.empty()) writer.member("organizationId", options.organization_id);
  if (options.is_repair) writer.member("repair", true);
  writer.endObject();
  auto answer = client.send("POST", "/admin/v1/" + options.domain + "/" + options.kind, "application/json", body);
  if (!answer.isOk()) return fail(std::string(answer.status().message()));
  if (answer->status != 200 && answer->status != 202) return fail(problemText(*answer));

  ProgressLine progress(options.kind);
  for (;;) {
    const auto document = json::Document::parse(answer->body);
    if (!document.isOk()) return fail("malformed answer: " + std::string(document.status().message()));
    const json::Value job = document->root();
    const std::string_view state = job["state"].string();
    if (state.empty()) return finish(options, "completed", job);  // one id: answered at once
    if (state != "queued" && state != "running") {
      progress.clear();
      return finish(options, state, job["result"]);
    }
    progress.show(job["done"].unsignedInteger().value_or(0), job["total"].unsignedInteger().value_or(0));
    std::this_thread::sleep_for(kPollInterval);
    answer = client.send("GET", "/admin/v1/jobs/" + std::string(job["id"].string()), "", "");
    if (!answer.isOk()) return fail(std::string(answer.status().message()));
    if (answer->status != 200) return fail(problemText(*answer));
  }
}

}  // namespace gyre::cli
