// Which address has this name? The system's resolver, asked without waiting for it.
//
// A lookup cannot be interrupted, so its thread is never waited for: it holds all that it uses, and ends by itself.
//
// THREADS: ask and take on one; the lookups run on a thread of their own, one after the other.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace gyre::http {

struct FoundAddress {
  std::uint64_t id = 0;  // as asked
  sockaddr_storage address{};
  socklen_t size = 0;
  std::string failure;  // when there is none
};

class NameLookup {
 public:
  // `wake`: called on the lookup's thread when there is something to take; it must be callable as long as that runs.
  explicit NameLookup(std::function<void()> wake);
  ~NameLookup();  // at once; what is still asked is dropped
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

  // A number is no name: found at once.
  static bool isNumeric(const std::string& host, const std::string& port, FoundAddress& found);
  void ask(std::uint64_t id, std::string host, std::string port);
  std::vector<FoundAddress> take();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gyre::http
