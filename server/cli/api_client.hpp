// How does a command line talk to a running server? Keep-alive requests with a bearer key.
//
// THREADS: one client, one thread. OWNS: its connection.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/status.hpp"

namespace gyre::cli {

struct ApiAnswer {
  int status = 0;
  std::string body;
  std::uint64_t sequence = 0;  // header Gyre-Sequence; 0 when there is none
};

using ApiHeaders = std::vector<std::pair<std::string, std::string>>;

class ApiClient {
 public:
  // "http://127.0.0.1:8080"; `key` "" sends none.
  static Result<std::unique_ptr<ApiClient>> connect(std::string_view url, std::string key);
  ~ApiClient();

  // unavailable when the server cannot be reached or cuts the connection. An answer of any status is an answer.
  Result<ApiAnswer> send(std::string_view method, std::string_view target, std::string_view content_type,
                         std::string_view body, const ApiHeaders& headers = {});

 private:
  class Session;
  explicit ApiClient(std::unique_ptr<Session> session);
  std::unique_ptr<Session> session_;
};

// What a problem answer says: "code: detail", or the status when it is none.
std::string problemText(const ApiAnswer& answer);

}  // namespace gyre::cli
