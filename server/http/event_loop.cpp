#include "server/http/event_loop.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace gyre::http {

namespace {

constexpr std::size_t kInputBytes = 128u << 10;  // one buffer a loop: half of a second-level cache
constexpr int kEventsAtOnce = 256;
constexpr int kAcceptsAtOnce = 64;             // so that a flood of connections does not starve the ones that are open
constexpr std::size_t kRefusedSlots = 256;     // beyond the limit, for telling clients so
constexpr std::int64_t kLingerMillis = 2'000;  // for a peer to read its last answer and leave
constexpr std::int64_t kAcceptPauseMillis = 100;  // when even the spare descriptor is gone
constexpr int kReadsAtOnce = 4;                   // of one peer in a row

constexpr std::uint64_t kListenerKey = 0;  // connections' ids begin above a generation of 1
constexpr std::uint64_t kQueueKey = 1;
constexpr std::uint32_t kUnwatched = ~std::uint32_t{0};  // epoll does not know the socket yet

std::string addressText(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET)
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof text);
  else if (address.ss_family == AF_INET6)
    ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text, sizeof text);
  return text;
}

int openReserve() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace

struct EventLoop::Peer : TimeoutLink {
  Peer(LoopContext& context, std::uint64_t id, int socket, std::string address)
      : connection(context, id, std::move(address)), descriptor(socket) {}

  Connection connection;
  const int descriptor;
  std::uint32_t watched = kUnwatched;  // what epoll was told
  std::uint64_t timed = 0;             // connection.begun() when its clock was last set
  bool is_blocked = false;             // its socket is full
  bool is_lingering = false;           // all said; waiting for it to leave
  bool has_moved = false;              // bytes came or went since its clock was last set
};

EventLoop::EventLoop(const LoopEnvironment& environment, const Poco::Net::ServerSocket& listener)
    : environment_(environment),
      listener_(listener),
      context_{environment.limits,
               environment.handler,
               environment.clock,
               counters_,
               std::make_shared<Responder::Target>(environment.limits.connections + kRefusedSlots),
               {},
               false},
      input_(std::make_unique_for_overwrite<char[]>(kInputBytes)),
      head_waits_(environment.limits.header_timeout_ms),
      body_waits_(environment.limits.body_timeout_ms),
      idle_waits_(environment.limits.idle_timeout_ms),
      write_waits_(environment.limits.write_timeout_ms),
      linger_waits_(kLingerMillis),
      accept_waits_(kAcceptPauseMillis) {}

EventLoop::~EventLoop() {
  if (reserve_ >= 0) ::close(reserve_);
  if (epoll_ >= 0) ::close(epoll_);
}

Status EventLoop::open() {
  GYRE_TRY(context_.target->open());
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) return unavailable("epoll_create1: " + std::generic_category().message(errno));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kQueueKey;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, context_.target->descriptor(), &event) < 0)
    return unavailable("epoll_ctl: " + std::generic_category().message(errno));
  reserve_ = openReserve();
  watchListener(true);
  return {};
}

void EventLoop::run() {
  context_.target->bind(*this);
  epoll_event events[kEventsAtOnce];
  while (!is_aborting_.load(std::memory_order_relaxed)) {
    const int count = ::epoll_wait(epoll_, events, kEventsAtOnce, waitMillis());
    now_ = environment_.clock.monotonicNanos();
    for (int i = 0; i < count; ++i) serve(events[i].data.u64, events[i].events);
    settleTouched();
    expireAll();
    settleTouched();
    if (is_finishing_.load(std::memory_order_relaxed) && !context_.is_stopping) beginStop();
    if (context_.is_stopping && open_ == 0) break;
  }
  for (const std::unique_ptr<Peer>& peer : peers_)
    if (peer) close(*peer);
  context_.target->close();
  listener_.close();
}

void EventLoop::finish() {
  is_finishing_.store(true, std::memory_order_relaxed);
  context_.target->wake();
}

void EventLoop::abort() {
  is_aborting_.store(true, std::memory_order_relaxed);
  context_.target->wake();
}

void EventLoop::complete(Completion completion) {
  Peer* const peer = find(completion.connection);
  if (peer == nullptr) return;
  if (completion.kind == Completion::Kind::kAnswer)
    peer->connection.complete(completion.sequence, std::move(completion.response));
  else
    peer->connection.goOn(completion.sequence, completion.more, completion.kind == Completion::Kind::kEnd);
  if (peer != current_) touched_.push_back(completion.connection);
}

void EventLoop::serve(std::uint64_t key, std::uint32_t events) {
  if (key == kListenerKey) return acceptAll();
  if (key == kQueueKey) return takeCompletions();
  Peer* const peer = find(key);
  if (peer == nullptr) return;  // closed by an earlier event of this batch
  if ((events & EPOLLERR) != 0) return close(*peer);
  if ((events & EPOLLOUT) != 0) peer->is_blocked = false;
  if (peer->is_lingering) return drain(*peer);
  if ((events & (EPOLLIN | EPOLLHUP)) != 0 && peer->connection.wantsInput())
    readFrom(*peer);
  else if ((events & EPOLLHUP) != 0)
    close(*peer);
  else
    settle(*peer);
}

void EventLoop::acceptAll() {
  for (int i = 0; i < kAcceptsAtOnce; ++i)
    if (!acceptOne()) return;
}

// False when there is nothing more to accept at the moment.
bool EventLoop::acceptOne() {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  const int descriptor =
      ::accept4(listener_.impl()->sockfd(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor >= 0) {
    addPeer(descriptor, addressText(address));
    return true;
  }
  if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
    survivePressure(errno);
    return is_listening_;
  }
  return errno == EINTR || errno == ECONNABORTED;
}

// Without a descriptor a waiting connection can be neither served nor refused, and a level-triggered listener would
// spin. So the spare one is given up for as long as it takes to hang up on it; without a spare one, accepting pauses.
void EventLoop::survivePressure(int fault) {
  if (environment_.observer.isLogged(base::Level::kWarning))
    environment_.observer.log(base::Level::kWarning, "http",
                              "cannot accept a connection: " + std::generic_category().message(fault));
  addTo(counters_.refused, 1);
  if (reserve_ >= 0) {
    ::close(std::exchange(reserve_, -1));
    const int descriptor = ::accept4(listener_.impl()->sockfd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    const bool is_settled = descriptor >= 0 || errno == EAGAIN;
    if (descriptor >= 0) ::close(descriptor);
    reserve_ = openReserve();
    if (reserve_ >= 0 && is_settled) return;
  }
  watchListener(false);
  accept_waits_.restart(accept_link_, now_);
}

void EventLoop::watchListener(bool is_watched) {
  if (is_watched == is_listening_) return;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kListenerKey;
  ::epoll_ctl(epoll_, is_watched ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, listener_.impl()->sockfd(), &event);
  is_listening_ = is_watched;
}

void EventLoop::addPeer(int descriptor, std::string address) {
  addTo(counters_.accepted, 1);
  if (free_slots_.empty() && peers_.size() == environment_.limits.connections + kRefusedSlots) {
    addTo(counters_.refused, 1);
    ::close(descriptor);
    return;
  }
  if (free_slots_.empty()) {
    free_slots_.push_back(peers_.size());
    peers_.emplace_back();
  }
  const std::size_t slot = free_slots_.back();
  free_slots_.pop_back();
  const std::uint64_t id = ++last_generation_ << kSlotBits | slot;
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  peers_[slot] = std::make_unique<Peer>(context_, id, descriptor, std::move(address));
  context_.target->setLive(slot, id);
  ++open_;
  counters_.open.store(open_, std::memory_order_relaxed);
  Peer& peer = *peers_[slot];
  const std::uint64_t open = environment_.open_connections.fetch_add(1, std::memory_order_relaxed) + 1;
  if (open > environment_.limits.connections)
    peer.connection.refuse(
        {503, "too_many_connections",
         "expected at most " + std::to_string(environment_.limits.connections) + " connections, found more"});
  settle(peer);
}

void EventLoop::readFrom(Peer& peer) {
  current_ = &peer;
  for (int i = 0; i < kReadsAtOnce && peer.connection.wantsInput(); ++i) {
    const ssize_t size = ::recv(peer.descriptor, input_.get(), kInputBytes, 0);
    if (size < 0) {
      if (errno == EAGAIN || errno == EINTR) break;
      current_ = nullptr;
      return close(peer);
    }
    if (size == 0) {
      peer.connection.receiveEnd();
      break;
    }
    peer.has_moved = true;
    addTo(counters_.bytes_in, static_cast<std::uint64_t>(size));
    peer.connection.receive({input_.get(), static_cast<std::size_t>(size)});
    if (static_cast<std::size_t>(size) < kInputBytes) break;
  }
  current_ = nullptr;
  settle(peer);
}

void EventLoop::drain(Peer& peer) {
  for (int i = 0; i < kReadsAtOnce; ++i) {
    const ssize_t size = ::recv(peer.descriptor, input_.get(), kInputBytes, 0);
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) return close(peer);
    if (size < 0) return;
  }
}

void EventLoop::takeCompletions() {
  context_.target->take(completions_);
  for (Completion& completion : completions_) complete(std::move(completion));
  completions_.clear();
}

// Settling may call the Handler, and that may answer other connections: until nobody is touched any more.
void EventLoop::settleTouched() {
  for (std::size_t i = 0; i < touched_.size(); ++i)
    if (Peer* const peer = find(touched_[i])) settle(*peer);
  touched_.clear();
}

void EventLoop::settle(Peer& peer) {
  current_ = &peer;
  do {
    peer.connection.resume();
    if (!flushOutput(peer)) {
      current_ = nullptr;
      return close(peer);
    }
  } while (!peer.is_blocked && peer.connection.hasWork());
  current_ = nullptr;
  const bool is_unwanted =
      context_.is_stopping && peer.connection.phase() == Connection::Phase::kIdle && peer.connection.output().isEmpty();
  if (!peer.is_lingering && (peer.connection.isFinished() || is_unwanted)) {
    if (!peer.connection.mustLinger()) return close(peer);
    beginLinger(peer);
  }
  watch(peer);
  keepTime(peer);
}

// False when the peer has gone.
bool EventLoop::flushOutput(Peer& peer) {
  if (peer.is_blocked || peer.connection.output().isEmpty()) return true;
  std::size_t written = 0;
  const OutputBuffer::Flushed flushed = peer.connection.output().flush(peer.descriptor, written);
  peer.is_blocked = flushed == OutputBuffer::Flushed::kBlocked;
  peer.has_moved = peer.has_moved || written > 0;
  addTo(counters_.bytes_out, written);
  peer.connection.noteFlushed();
  return flushed != OutputBuffer::Flushed::kBroken;
}

// close() with unread bytes in the socket sends a reset, which can destroy the answer before the peer has read it.
void EventLoop::beginLinger(Peer& peer) {
  peer.is_lingering = true;
  ::shutdown(peer.descriptor, SHUT_WR);
}

void EventLoop::watch(Peer& peer) {
  const bool is_reading = peer.is_lingering || peer.connection.wantsInput();
  const std::uint32_t wanted =
      (is_reading ? std::uint32_t{EPOLLIN} : 0u) | (peer.is_blocked ? std::uint32_t{EPOLLOUT} : 0u);
  const bool is_new = peer.watched == kUnwatched;
  if (wanted == peer.watched) return;
  epoll_event event{};
  event.events = wanted;
  event.data.u64 = peer.connection.id();
  ::epoll_ctl(epoll_, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, peer.descriptor, &event);
  peer.watched = wanted;
}

void EventLoop::keepTime(Peer& peer) {
  const bool has_moved = std::exchange(peer.has_moved, false);
  const bool is_another = std::exchange(peer.timed, peer.connection.begun()) != peer.connection.begun();
  TimeoutList* list = nullptr;
  bool starts_anew = has_moved;
  if (peer.is_lingering) {
    list = &linger_waits_;
    starts_anew = false;
  } else if (!peer.connection.output().isEmpty()) {
    list = &write_waits_;
  } else {
    switch (peer.connection.phase()) {
      case Connection::Phase::kIdle: list = &idle_waits_; break;
      case Connection::Phase::kBody: list = &body_waits_; break;
      case Connection::Phase::kHead:
        list = &head_waits_;
        starts_anew = is_another;  // bytes that trickle in do not extend it
        break;
      case Connection::Phase::kAnswering: break;
    }
  }
  if (list == nullptr)
    TimeoutList::stop(peer);
  else if (peer.list != list || starts_anew)
    list->restart(peer, now_);
}

void EventLoop::close(Peer& peer) {
  TimeoutList::stop(peer);
  const std::size_t slot = slotOf(peer.connection.id());
  context_.target->setLive(slot, 0);
  environment_.open_connections.fetch_sub(1, std::memory_order_relaxed);
  --open_;
  counters_.open.store(open_, std::memory_order_relaxed);
  ::close(peer.descriptor);  // after it is counted, so that a client that sees the end sees the count
  peers_[slot].reset();
  free_slots_.push_back(slot);
}

void EventLoop::expireAll() {
  for (TimeoutList* const list : {&head_waits_, &body_waits_, &idle_waits_, &write_waits_, &linger_waits_})
    while (TimeoutLink* const first = list->first()) {
      if (first->deadline > now_) break;
      expire(static_cast<Peer&>(*first), *list);
    }
  if (TimeoutLink* const link = accept_waits_.first(); link != nullptr && link->deadline <= now_) {
    TimeoutList::stop(*link);
    if (reserve_ < 0) reserve_ = openReserve();
    if (!context_.is_stopping) watchListener(true);
  }
}

void EventLoop::expire(Peer& peer, const TimeoutList& list) {
  if (&list != &linger_waits_) addTo(counters_.timeouts, 1);
  if (&list != &head_waits_ && &list != &body_waits_) return close(peer);
  const bool is_head = &list == &head_waits_;
  const std::int64_t allowed = is_head ? environment_.limits.header_timeout_ms : environment_.limits.body_timeout_ms;
  peer.connection.refuse(
      {408, "request_timeout",
       std::string(is_head ? "expected the head of a request within " : "expected more of the body within ") +
           std::to_string(allowed) + " ms"});
  settle(peer);
}

// Until the first deadline; -1 when nobody waits.
int EventLoop::waitMillis() {
  std::int64_t first = INT64_MAX;
  for (TimeoutList* const list :
       {&head_waits_, &body_waits_, &idle_waits_, &write_waits_, &linger_waits_, &accept_waits_})
    if (const TimeoutLink* const link = list->first()) first = std::min(first, link->deadline);
  if (first == INT64_MAX) return -1;
  const std::int64_t millis = (first - now_ + 999'999) / 1'000'000;
  return static_cast<int>(std::clamp<std::int64_t>(millis, 0, 60'000));
}

// Who has connected, or has asked, before now is still served: so accept and read once more before anything is closed.
void EventLoop::beginStop() {
  while (is_listening_ && acceptOne()) continue;
  watchListener(false);
  TimeoutList::stop(accept_link_);
  listener_.close();
  context_.is_stopping = true;
  for (std::size_t slot = 0; slot < peers_.size(); ++slot) {
    Peer* const peer = peers_[slot].get();
    if (peer == nullptr || peer->is_lingering) continue;
    if (peer->connection.wantsInput())
      readFrom(*peer);
    else
      settle(*peer);
  }
  settleTouched();
}

EventLoop::Peer* EventLoop::find(std::uint64_t id) {
  const std::size_t slot = slotOf(id);
  Peer* const peer = slot < peers_.size() ? peers_[slot].get() : nullptr;
  return peer != nullptr && peer->connection.id() == id ? peer : nullptr;
}

}  // namespace gyre::http
