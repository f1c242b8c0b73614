#include "server/cli/keys_command.hpp"

#include <iostream>
#include <memory>
#include <utility>

#include "gyre/json_writer.hpp"
#include "server/cli/api_client.hpp"
#include "server/setup.hpp"

namespace gyre::cli {

namespace {

std::string keyBody(const KeysOptions& options) {
  std::string body;
  JsonWriter writer(body);
  writer.beginObject().member("name", options.name_or_id);
  if (!options.organization_id.empty()) writer.member("organizationId", options.organization_id);
  writer.key("roles").beginArray();
  for (const std::string& role : options.roles) writer.string(role);
  writer.endArray();
  if (!options.expires_at.empty()) writer.member("expiresAt", options.expires_at);
  writer.endObject();
  return body;
}

}  // namespace

int runKeys(const KeysOptions& options) {
  const auto fail = [](std::string_view text) {
    std::cerr << "gyre: " << text << '\n';
    return kExitUnavailable;
  };
  auto connected = ApiClient::connect(options.url, options.key);
  if (!connected.isOk()) return fail(connected.status().message());
  const bool is_create = options.action == "create";
  const auto answer = (*connected)
                          ->send(is_create                    ? "POST"
                                 : options.action == "revoke" ? "DELETE"
                                                              : "GET",
                                 "/admin/v1/keys" + (options.action == "revoke" ? "/" + options.name_or_id : ""),
                                 is_create ? "application/json" : "", is_create ? keyBody(options) : "");
  if (!answer.isOk()) return fail(answer.status().message());
  if (answer->status != 200 && answer->status != 201) return fail(problemText(*answer));
  std::cout << answer->body << '\n';
  return 0;
}

}  // namespace gyre::cli
