#include "server/http/body_feed.hpp"

#include <utility>

#include "server/http/completion_queue.hpp"

namespace gyre::http {

void BodyFeed::attach(std::shared_ptr<Responder::Target> target, std::uint64_t connection, std::uint64_t sequence) {
  target_ = std::move(target);
  connection_ = connection;
  sequence_ = sequence;
}

void BodyFeed::send(std::string bytes) {
  if (is_ended_ || bytes.empty()) return;
  sent_.fetch_add(bytes.size(), std::memory_order_relaxed);
  target_->complete({connection_, sequence_, std::nullopt, Completion::Kind::kMore, std::move(bytes)});
}

void BodyFeed::end() {
  if (std::exchange(is_ended_, true)) return;
  target_->complete({connection_, sequence_, std::nullopt, Completion::Kind::kEnd, {}});
}

bool BodyFeed::isAbandoned() const { return !target_->isLive(connection_); }

}  // namespace gyre::http
