#include "server/http/dialect_handler.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "server/dialect/failure.hpp"
#include "server/dialect/request_kind.hpp"
#include "server/http/percent_encoding.hpp"

namespace gyre::http {

namespace {

Response toHttp(dialect::Response answer) {
  Response response;
  response.status = answer.status;
  response.content_type = std::move(answer.content_type);
  response.body = std::move(answer.body);
  response.headers = std::move(answer.headers);
  // Elastic's own clients look for it on every answer.
  response.headers.emplace_back("X-elastic-product", "Elasticsearch");
  return response;
}

// Split before decoding, since an id may hold an encoded slash.
Status readPath(std::string_view path, std::vector<std::string>& segments) {
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    std::string& segment = segments.emplace_back();
    GYRE_TRY(appendDecoded(segment, path.substr(0, slash), Plus::kIsPlus));
    if (!isUtf8(segment)) return invalidArgument("the path is not UTF-8");
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return {};
}

Status readQuery(std::string_view query, std::vector<std::pair<std::string, std::string>>& parameters) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto& [name, value] = parameters.emplace_back();
    GYRE_TRY(appendDecoded(name, pair.substr(0, equals), Plus::kIsSpace));
    GYRE_TRY(appendDecoded(value, pair.substr(std::min(equals + 1, pair.size())), Plus::kIsSpace));
    if (!isUtf8(name) || !isUtf8(value)) return invalidArgument("the query is not UTF-8");
  }
  return {};
}

Result<dialect::Request> toDialect(Request& request) {
  dialect::Request made;
  made.method = request.method;
  const std::string_view path = request.target.substr(0, request.target.find('?'));
  made.path = path;
  GYRE_TRY(readPath(path, made.segments));
  GYRE_TRY(readQuery(request.query, made.parameters));
  made.content_type = request.header("content-type");
  made.accept = request.header("accept");
  made.body = std::move(request.body);
  made.received_nanos = request.received_nanos;
  return made;
}

Permission permissionOf(const dialect::Request& request) {
  switch (dialect::kindOf(request)) {
    case dialect::RequestKind::kRead: return Permission::kRead;
    case dialect::RequestKind::kWrite: return Permission::kWrite;
    case dialect::RequestKind::kAdmin: break;
  }
  return Permission::kAdmin;
}

// The one index that is named, or "" for all of them.
std::string_view domainOf(const dialect::Request& request) {
  if (request.segments.empty()) return {};
  const std::string_view first = request.segments.front();
  return first.starts_with('_') || first.find_first_of("*,-") != std::string_view::npos ? std::string_view() : first;
}

}  // namespace

Status DialectHandler::admit(std::string_view authorization, const dialect::Request& request) const {
  GYRE_TRY_ASSIGN(const ApiKey key, keys_.admit(authorization, permissionOf(request), domainOf(request)));
  if (key.organization_id.empty()) return {};
  return {Code::kPermissionDenied,
          "key \"" + key.id + "\" is bound to an organisation, and such a key is not served here"};
}

void DialectHandler::handle(Request& request, Responder responder) {
  auto made = toDialect(request);
  if (!made.isOk()) return responder.send(toHttp(dialect::failureResponse(made.status())));
  if (!keys_.isEmpty()) {
    if (const Status denied = admit(request.header("authorization"), made.value()); !denied.isOk()) {
      Response response =
          toHttp(dialect::failureResponse({denied.code(), "security_exception", std::string(denied.message())}));
      response.status = denied.code() == Code::kUnauthenticated ? 401 : 403;
      if (response.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
      return responder.send(std::move(response));
    }
  }
  dialect::RouteMatch match = dialect::matchRoute(made.value());
  const bool is_relayed = relay_ != nullptr && relay_->mayTake(made.value(), match);
  if (!is_relayed && service_.isQuick(made.value(), match))
    return responder.send(toHttp(service_.handle(made.value(), std::move(match))));
  // A std::function is copied, and neither of these may be.
  struct Work {
    dialect::Request request;
    dialect::RouteMatch match;  // borrows from the request's segments, which a move leaves where they are
    Responder responder;
  };
  auto work = std::make_shared<Work>(Work{std::move(made).value(), std::move(match), std::move(responder)});
  const bool is_queued = pool_.trySubmit([this, work, is_relayed] {
    std::optional<dialect::Response> answer;
    if (is_relayed) answer = relay_->answer(work->request, work->match);
    if (!answer) answer = service_.handle(work->request, std::move(work->match));
    work->responder.send(toHttp(std::move(*answer)));
  });
  if (!is_queued)
    work->responder.send(toHttp(dialect::failureResponse(Status(
        Code::kResourceExhausted, "rejected_execution_exception", "the queue of requests is full; try again later"))));
}

Response DialectHandler::refusal(int status, std::string_view reason, std::string_view detail, std::uint64_t) {
  dialect::Response answer;
  answer.status = status;
  JsonWriter writer(answer.body);
  const auto write_cause = [&] { writer.member("type", reason).member("reason", detail); };
  writer.beginObject().key("error").beginObject().key("root_cause").beginArray().beginObject();
  write_cause();
  writer.endObject().endArray();
  write_cause();
  writer.endObject().member("status", status).endObject();
  return toHttp(std::move(answer));
}

}  // namespace gyre::http
