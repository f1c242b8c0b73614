#include "server/cli/api_client.hpp"

#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/StreamCopier.h>
#include <Poco/Timespan.h>
#include <Poco/URI.h>

#include <charconv>

#include "gyre/json.hpp"

namespace gyre::cli {

namespace {

constexpr int kTimeoutSeconds = 120;  // a batch waits for its commit, an import's last question for a refresh

}  // namespace

class ApiClient::Session {
 public:
  Session(const Poco::URI& uri, std::string key) : session_(uri.getHost(), uri.getPort()), key_(std::move(key)) {
    session_.setKeepAlive(true);
    session_.setTimeout(Poco::Timespan(kTimeoutSeconds, 0));
    session_.setKeepAliveTimeout(Poco::Timespan(kTimeoutSeconds, 0));
  }

  ApiAnswer send(std::string_view method, std::string_view target, std::string_view content_type, std::string_view body,
                 const ApiHeaders& headers) {
    Poco::Net::HTTPRequest request(std::string(method), std::string(target), Poco::Net::HTTPMessage::HTTP_1_1);
    if (!content_type.empty()) request.setContentType(std::string(content_type));
    request.setContentLength(static_cast<std::streamsize>(body.size()));
    if (!key_.empty()) request.set("Authorization", "Bearer " + key_);
    for (const auto& [name, value] : headers) request.set(name, value);
    session_.sendRequest(request).write(body.data(), static_cast<std::streamsize>(body.size()));
    Poco::Net::HTTPResponse response;
    ApiAnswer answer;
    std::istream& in = session_.receiveResponse(response);
    Poco::StreamCopier::copyToString(in, answer.body);
    answer.status = response.getStatus();
    const std::string sequence = response.get("Gyre-Sequence", "");
    std::from_chars(sequence.data(), sequence.data() + sequence.size(), answer.sequence);
    return answer;
  }
  void reset() { session_.reset(); }
  std::string address() const { return session_.getHost() + ":" + std::to_string(session_.getPort()); }

 private:
  Poco::Net::HTTPClientSession session_;
  const std::string key_;
};

ApiClient::ApiClient(std::unique_ptr<Session> session) : session_(std::move(session)) {}
ApiClient::~ApiClient() = default;

Result<std::unique_ptr<ApiClient>> ApiClient::connect(std::string_view url, std::string key) {
  try {
    const Poco::URI uri{std::string(url)};
    if (uri.getScheme() != "http" || uri.getHost().empty())
      return invalidArgument("expected a URL such as http://127.0.0.1:8080, found \"" + std::string(url) + "\"");
    return std::unique_ptr<ApiClient>(new ApiClient(std::make_unique<Session>(uri, std::move(key))));
  } catch (const Poco::Exception& error) {
    return invalidArgument("\"" + std::string(url) + "\": " + error.displayText());
  }
}

Result<ApiAnswer> ApiClient::send(std::string_view method, std::string_view target, std::string_view content_type,
                                  std::string_view body, const ApiHeaders& headers) {
  try {
    return session_->send(method, target, content_type, body, headers);
  } catch (const Poco::Exception& error) {
    const Status failed = unavailable(session_->address() + ": " + error.displayText());
    session_->reset();
    return failed;
  }
}

std::string problemText(const ApiAnswer& answer) {
  const auto document = json::Document::parse(answer.body);
  if (document.isOk() && document->root()["code"].isString())
    return std::string(document->root()["code"].string()) + ": " + std::string(document->root()["detail"].string());
  return "the server answered " + std::to_string(answer.status);
}

}  // namespace gyre::cli
