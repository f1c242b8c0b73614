#include "server/http/completion_queue.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "server/http/body_feed.hpp"
#include "server/http/content_coding.hpp"

namespace gyre::http {

namespace {

// Which loop runs on this thread. Comparing thread ids would not do: they are used again once a loop has ended.
struct OwnLoop {
  const void* target = nullptr;
  CompletionSink* sink = nullptr;
};
thread_local OwnLoop own_loop;

}  // namespace

Responder& Responder::operator=(Responder&& other) noexcept {
  // The right that this one held ends here, and ends as any other does: answered.
  Responder dropped(std::move(*this));
  target_ = std::exchange(other.target_, nullptr);
  connection_ = other.connection_;
  request_ = other.request_;
  kept_ = std::move(other.kept_);
  return *this;
}

Responder::~Responder() {
  if (target_) target_->complete({connection_, RequestToken::unpack(request_).sequence, std::nullopt});
}

void Responder::send(Response response) {
  if (!target_) return;
  const std::shared_ptr<Target> target = std::exchange(target_, nullptr);
  const RequestToken token = RequestToken::unpack(request_);
  if (target->isLive(connection_)) packBody(response, token.allows_gzip);
  if (response.feed) response.feed->attach(target, connection_, token.sequence);
  target->complete({connection_, token.sequence, std::move(response)});
  kept_.reset();
}

bool Responder::isAbandoned() const { return !target_ || !target_->isLive(connection_); }

Responder::Target::~Target() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status Responder::Target::open() {
  descriptor_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (descriptor_ < 0) return unavailable("eventfd: " + std::generic_category().message(errno));
  return {};
}

void Responder::Target::bind(CompletionSink& sink) { own_loop = {this, &sink}; }

void Responder::Target::close() {
  own_loop = {};
  std::vector<Completion> dropped;
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  queue_.swap(dropped);
}

void Responder::Target::take(std::vector<Completion>& into) {
  std::uint64_t count = 0;
  // Read before the queue is taken: whoever adds after that finds it empty and wakes the loop again.
  [[maybe_unused]] const ssize_t size = ::read(descriptor_, &count, sizeof count);
  into.clear();
  const std::lock_guard lock(mutex_);
  queue_.swap(into);
}

void Responder::Target::complete(Completion completion) {
  if (own_loop.target == this) return own_loop.sink->complete(std::move(completion));
  bool is_first = false;
  {
    const std::lock_guard lock(mutex_);
    if (is_closed_) return;
    is_first = queue_.empty();
    queue_.push_back(std::move(completion));
  }
  if (is_first) wake();
}

void Responder::Target::wake() {
  const std::uint64_t one = 1;
  // It fails only when the counter is full, and then the loop is awake anyway.
  [[maybe_unused]] const ssize_t size = ::write(descriptor_, &one, sizeof one);
}

}  // namespace gyre::http
