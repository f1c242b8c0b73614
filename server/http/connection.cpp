#include "server/http/connection.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "server/http/body_feed.hpp"

namespace gyre::http {

namespace {

// Across all servers of the process, as it is what problem documents and logs tell requests apart by.
std::uint64_t nextRequestId() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

Connection::Connection(LoopContext& context, std::uint64_t id, std::string peer)
    : context_(context), id_(id), peer_(std::move(peer)), parser_(context.limits) {}

void Connection::receive(std::string_view bytes) {
  parseInput(bytes);
  if (!is_last_) pending_input_.assign(bytes);
}

void Connection::receiveEnd() {
  has_ended_ = true;
  context_.target->setLive(slotOf(id_), 0);
}

void Connection::complete(std::uint64_t sequence, std::optional<Response> response) {
  Slot* const found = findSlot(sequence);
  if (found == nullptr || found->is_done) return;
  Slot& slot = *found;
  if (response) return answerSlot(slot, *std::move(response));
  answerSlot(slot,
             context_.handler.refusal(500, "internal", "the request was dropped without an answer", slot.request_id));
}

Connection::Slot* Connection::findSlot(std::uint64_t sequence) {
  const std::uint64_t first_sequence = next_sequence_ - waiting();
  if (sequence < first_sequence || sequence >= next_sequence_) return nullptr;
  return &slots_[first_ + (sequence - first_sequence)];
}

// A body that is not at its turn yet is gathered; its sender sees that nothing leaves.
void Connection::goOn(std::uint64_t sequence, std::string_view bytes, bool is_end) {
  Slot* const slot = findSlot(sequence);
  if (slot == nullptr || !slot->is_done || slot->is_ended) return;
  slot->fed += bytes.size();
  if (slot->is_streaming) {
    writeMore(*slot, bytes);
  } else {
    slot->response.body += bytes;
    done_bytes_ += bytes.size();
  }
  slot->is_ended = is_end;
}

void Connection::writeMore(Slot& slot, std::string_view bytes) {
  if (slot.is_head || bytes.empty()) return;
  if (slot.is_http10) return output_.append(bytes);
  char size[20];
  const auto end = std::to_chars(size, size + sizeof size, bytes.size(), 16).ptr;
  std::string chunk(size, end);
  chunk.append("\r\n").append(bytes).append("\r\n");
  output_.append(chunk);
}

void Connection::noteFlushed() {
  if (waiting() == 0 || !slots_[first_].is_streaming) return;
  const Slot& slot = slots_[first_];
  slot.response.feed->taken(slot.fed - std::min<std::uint64_t>(slot.fed, output_.size()));
}

void Connection::resume() {
  writeReady();
  if (!hasWork()) return;
  std::string_view input = pending_input_;
  parseInput(input);
  if (is_last_) input = {};
  pending_input_.erase(0, pending_input_.size() - input.size());
}

void Connection::refuse(const Refusal& refusal) {
  answerRefused(refusal, false);
  is_last_ = true;
  must_linger_ = true;
  pending_input_.clear();
  writeReady();
}

Connection::Phase Connection::phase() const {
  if (wantsInput() && !parser_.isIdle()) return parser_.isInBody() ? Phase::kBody : Phase::kHead;
  return waiting() > 0 || hasWork() ? Phase::kAnswering : Phase::kIdle;
}

void Connection::parseInput(std::string_view& input) {
  while (!input.empty() && !is_last_ && canParse()) {
    switch (parser_.parse(input)) {
      case RequestParser::Progress::kMore:
        if (parser_.takeContinue()) owes_continue_ = true;
        break;
      case RequestParser::Progress::kComplete:
        dispatch();
        parser_.reset();
        break;
      case RequestParser::Progress::kRefused: input = {}; return refuse(parser_.refusal());
    }
    writeReady();
  }
}

void Connection::dispatch() {
  owes_continue_ = false;
  const bool keeps_alive = parser_.keepsAlive();
  is_last_ = !keeps_alive;
  Request& request = parser_.request();
  if (parser_.bodyCoding() != ContentCoding::kIdentity && !request.body.empty()) {
    const std::optional<Refusal> fault =
        unpackBody(parser_.bodyCoding(), context_.limits.inflated_body_bytes, request.body);
    if (fault) return answerRefused(*fault, keeps_alive);
  }
  const RequestToken token{next_sequence_, parser_.acceptsGzip()};
  Slot& slot = addSlot();
  slot.is_head = parser_.isHead();
  slot.is_http10 = parser_.isHttp10();
  slot.keeps_alive = keeps_alive;
  request.id = slot.request_id;
  request.peer = peer_;
  request.received_nanos = context_.clock.monotonicNanos();
  addTo(context_.counters.requests, 1);
  context_.handler.handle(request, Responder(context_.target, id_, token.packed()));
}

Connection::Slot& Connection::addSlot() {
  // Answered slots in front are given back in steps, so that a connection which never comes to rest does not grow.
  if (first_ > 0 && first_ * 2 >= slots_.size()) {
    slots_.erase(slots_.begin(), slots_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
  ++next_sequence_;
  Slot& slot = slots_.emplace_back();
  slot.request_id = nextRequestId();
  return slot;
}

void Connection::answerSlot(Slot& slot, Response response) {
  slot.response = std::move(response);
  slot.is_done = true;
  done_bytes_ += slot.response.body.size();
}

void Connection::answerRefused(const Refusal& refusal, bool keeps_alive) {
  addTo(context_.counters.refused, 1);
  Slot& slot = addSlot();
  slot.is_head = parser_.isHead();
  slot.is_http10 = parser_.isHttp10();
  slot.keeps_alive = keeps_alive;
  Response response = context_.handler.refusal(refusal.status, refusal.reason, refusal.detail, slot.request_id);
  if (refusal.status == 415) response.headers.emplace_back("Accept-Encoding", "gzip, deflate, zstd, snappy");
  answerSlot(slot, std::move(response));
}

void Connection::writeReady() {
  while (waiting() > 0 && slots_[first_].is_done) {
    Slot& slot = slots_[first_];
    if (slot.is_streaming && !slot.is_ended) return;
    if (!slot.is_streaming) done_bytes_ -= slot.response.body.size();
    // Without a length or chunks only the connection's end tells where a body ends.
    const bool is_unframed = slot.response.feed != nullptr && slot.is_http10;
    const bool is_ending = slot.response.close || is_unframed || (context_.is_stopping && waiting() == 1);
    if (is_ending && slot.keeps_alive) must_linger_ = true;  // the peer did not ask for it, and may have sent more
    const bool keeps_connection = slot.keeps_alive && !is_ending;
    const std::string_view date = context_.date.at(context_.clock.nowMillis());
    const ResponseFrame frame{date, slot.is_head, slot.is_http10, keeps_connection};
    if (slot.response.feed == nullptr) {
      writeResponse(std::move(slot.response), frame, output_);
    } else if (!slot.is_streaming) {
      slot.is_streaming = true;
      const std::string begun = std::exchange(slot.response.body, std::string());
      writeHead(slot.response, frame, output_);
      writeMore(slot, begun);
      continue;
    } else if (!slot.is_head && !slot.is_http10) {
      output_.append("0\r\n\r\n");
    }
    ++first_;
    if (keeps_connection) continue;
    is_last_ = true;
    first_ = slots_.size();  // what was asked after the last answer is never answered
    done_bytes_ = 0;
    pending_input_.clear();
  }
  if (waiting() == 0) {
    slots_.clear();
    first_ = 0;
    if (owes_continue_ && !is_last_) writeContinue();
  }
}

void Connection::writeContinue() {
  owes_continue_ = false;
  output_.append("HTTP/1.1 100 Continue\r\n\r\n");
}

}  // namespace gyre::http
