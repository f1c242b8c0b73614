#include "server/http/name_lookup.hpp"

#include <netdb.h>

#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace gyre::http {

namespace {

FoundAddress resolve(const std::string& host, const std::string& port, int flags) {
  FoundAddress found;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list); error != 0) {
    found.failure = ::gai_strerror(error);
    return found;
  }
  std::memcpy(&found.address, list->ai_addr, list->ai_addrlen);
  found.size = list->ai_addrlen;
  ::freeaddrinfo(list);
  return found;
}

}  // namespace

struct NameLookup::State {
  struct Question {
    std::uint64_t id;
    std::string host, port;
  };
  std::function<void()> wake;
  std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  std::deque<Question> asked;
  std::vector<FoundAddress> found;
  bool is_running = false;
  bool is_stopping = false;

  void run() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return is_stopping || !asked.empty(); });
      if (is_stopping) return;
      const Question question = std::move(asked.front());
      asked.pop_front();
      lock.unlock();
      FoundAddress answer = resolve(question.host, question.port, AI_NUMERICSERV | AI_ADDRCONFIG);
      answer.id = question.id;
      lock.lock();
      if (is_stopping) return;
      found.push_back(std::move(answer));
      wake();
    }
  }
};

NameLookup::NameLookup(std::function<void()> wake) : state_(std::make_shared<State>()) {
  state_->wake = std::move(wake);
}

NameLookup::~NameLookup() {
  const std::lock_guard lock(state_->mutex);
  state_->is_stopping = true;
  state_->changed.notify_all();
}

bool NameLookup::isNumeric(const std::string& host, const std::string& port, FoundAddress& found) {
  found = resolve(host, port, AI_NUMERICHOST | AI_NUMERICSERV);
  return found.failure.empty();
}

void NameLookup::ask(std::uint64_t id, std::string host, std::string port) {
  const std::lock_guard lock(state_->mutex);
  state_->asked.push_back({id, std::move(host), std::move(port)});
  state_->changed.notify_all();
  if (std::exchange(state_->is_running, true)) return;
  std::thread([state = state_] { state->run(); }).detach();
}

std::vector<FoundAddress> NameLookup::take() {
  const std::lock_guard lock(state_->mutex);
  return std::exchange(state_->found, {});
}

}  // namespace gyre::http
