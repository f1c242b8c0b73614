#include "server/http/syslog_listener.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

#include "server/http/syslog_framing.hpp"

namespace gyre::http {

namespace {

constexpr std::size_t kBatchBytes = 256u << 10;
constexpr std::int64_t kBatchNanos = 20'000'000;  // a smaller batch waits no longer
constexpr std::int64_t kRetryNanos = 100'000'000;
constexpr std::size_t kInFlight = 8;  // batches that wait for the disk
constexpr std::size_t kConnections = 20'000;
constexpr int kDatagrams = 512;  // taken from a socket before the others get their turn
constexpr int kReceiveBuffer = 4 << 20;

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  Descriptor(Descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

Status systemFailure(const std::string& what) {
  return unavailable(what + ": " + std::generic_category().message(errno));
}

std::string addressText(const sockaddr_storage& address, socklen_t size) {
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  if (::getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return "unknown";
  const bool is_v6 = std::strchr(host, ':') != nullptr;
  return (is_v6 ? "[" + std::string(host) + "]" : std::string(host)) + ":" + port;
}

struct ListenAddress {
  bool is_tcp = true;
  std::string host, port;
};

Result<ListenAddress> parseAddress(const std::string& text) {
  const Status wrong =
      invalidArgument("listen: expected \"tcp://HOST:PORT\" or \"udp://HOST:PORT\", found \"" + text + "\"");
  ListenAddress address;
  address.is_tcp = text.starts_with("tcp://");
  if (!address.is_tcp && !text.starts_with("udp://")) return wrong;
  const std::string rest = text.substr(6);
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == rest.size()) return wrong;
  address.host = rest.substr(0, colon);
  address.port = rest.substr(colon + 1);
  if (address.port.find_first_not_of("0123456789") != std::string::npos) return wrong;
  if (address.host.starts_with('[') && address.host.ends_with(']'))
    address.host = address.host.substr(1, address.host.size() - 2);
  return address;
}

}  // namespace

class SyslogListener::Loop {
 public:
  Loop(std::size_t intake, stream::StreamService& stream, const base::Clock& clock, base::Observer& observer)
      : intake_(intake), stream_(stream), clock_(clock), observer_(observer) {}

  Status open(const std::vector<std::string>& addresses) {
    epoll_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
    wake_ = Descriptor(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (epoll_.get() < 0 || wake_.get() < 0) return systemFailure("syslog");
    GYRE_TRY(watch(wake_.get()));
    for (const std::string& address : addresses) GYRE_TRY(listen(address));
    return {};
  }

  void start() {
    thread_ = std::thread([this] { run(); });
  }
  void stop() {
    if (!thread_.joinable()) return;
    is_stopping_ = true;
    wake();
    thread_.join();
  }

  SyslogStats stats() const { return {connections_, messages_, cut_, rejected_, dropped_}; }

 private:
  struct Sender {
    Descriptor descriptor;
    std::string peer;
    SyslogFraming framing;
  };
  struct Socket {
    Descriptor descriptor;
    bool is_tcp = true;
  };
  // What an append came to, told by the store's thread.
  struct Shared {
    std::mutex mutex;
    std::size_t in_flight = 0;
    std::condition_variable has_less;  // in flight
  };

  Status listen(const std::string& text) {
    GYRE_TRY_ASSIGN(const ListenAddress address, parseAddress(text));
    addrinfo hints{};
    hints.ai_socktype = address.is_tcp ? SOCK_STREAM : SOCK_DGRAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (const int failed = ::getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found); failed != 0)
      return invalidArgument("listen: " + text + ": " + ::gai_strerror(failed));
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> kept(found, &::freeaddrinfo);
    Descriptor socket(::socket(found->ai_family, found->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket.get() < 0) return systemFailure("listen: " + text);
    const int yes = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (!address.is_tcp) ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
    if (::bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0) return systemFailure("listen: " + text);
    if (address.is_tcp && ::listen(socket.get(), 1024) != 0) return systemFailure("listen: " + text);
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound), &size);
    observer_.log(base::Level::kInformation, "syslog", "listening: " + text.substr(0, 6) + addressText(bound, size));
    GYRE_TRY(watch(socket.get()));
    const int descriptor = socket.get();
    sockets_.emplace(descriptor, Socket{std::move(socket), address.is_tcp});
    return {};
  }

  Status watch(int descriptor) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0 ? Status() : systemFailure("epoll");
  }
  void wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
  }

  void run() {
    std::array<epoll_event, 256> events{};
    while (!is_stopping_) {
      // While the stream takes nothing, sockets are not asked; the kernel's buffers fill, and senders wait.
      if (isPaused()) {
        waitPaused();
      } else {
        const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), waitMillis());
        for (int i = 0; i < count; ++i) serve(events[static_cast<std::size_t>(i)].data.fd);
      }
      flushWhenDue(false);
    }
    for (auto& [descriptor, sender] : senders_)
      sender.framing.end([&, &peer = sender.peer](std::string_view message) { take(message, peer); });
    flushWhenDue(true);
    waitForAppends();
  }

  int waitMillis() const {
    if (batch_.isEmpty()) return 1'000;
    const std::int64_t left = batch_nanos_ + kBatchNanos - clock_.monotonicNanos();
    return left <= 0 ? 0 : static_cast<int>(left / 1'000'000 + 1);
  }
  bool isPaused() const {
    return retry_nanos_ > clock_.monotonicNanos() || (batch_.bytes() >= kBatchBytes && isFull());
  }
  bool isFull() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->in_flight >= kInFlight;
  }
  // Datagrams go on coming: they are read, so that new ones have room, and dropped.
  void waitPaused() {
    constexpr auto kBetweenReads = std::chrono::milliseconds(2);
    {
      std::unique_lock lock(shared_->mutex);
      shared_->has_less.wait_for(lock, kBetweenReads);
    }
    for (auto& [descriptor, socket] : sockets_)
      if (!socket.is_tcp) readDatagrams(descriptor, true);
  }

  void serve(int descriptor) {
    if (descriptor == wake_.get()) {
      std::uint64_t count = 0;
      [[maybe_unused]] const ssize_t size = ::read(descriptor, &count, sizeof count);
      return;
    }
    if (const auto socket = sockets_.find(descriptor); socket != sockets_.end())
      return socket->second.is_tcp ? acceptAll(descriptor) : readDatagrams(descriptor, false);
    if (const auto sender = senders_.find(descriptor); sender != senders_.end()) readFrom(sender->second);
  }

  void acceptAll(int listener) {
    for (;;) {
      sockaddr_storage address{};
      socklen_t size = sizeof address;
      Descriptor accepted(
          ::accept4(listener, reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (accepted.get() < 0) return;
      if (senders_.size() >= kConnections) continue;  // closed at once
      const int yes = 1;
      ::setsockopt(accepted.get(), SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
      if (!watch(accepted.get()).isOk()) continue;
      const int descriptor = accepted.get();
      senders_.emplace(descriptor, Sender{std::move(accepted), addressText(address, size), {}});
      connections_ = senders_.size();
    }
  }

  void readFrom(Sender& sender) {
    const ssize_t size = ::read(sender.descriptor.get(), input_.data(), input_.size());
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    const auto taker = [&](std::string_view message) { take(message, sender.peer); };
    const std::uint64_t before = sender.framing.cut();
    if (size > 0)
      sender.framing.receive({input_.data(), static_cast<std::size_t>(size)}, taker);
    else
      sender.framing.end(taker);
    cut_ += sender.framing.cut() - before;
    if (size > 0) return;
    senders_.erase(sender.descriptor.get());
    connections_ = senders_.size();
  }

  void readDatagrams(int descriptor, bool is_dropping) {
    for (int i = 0; i < kDatagrams; ++i) {
      sockaddr_storage address{};
      socklen_t size = sizeof address;
      const ssize_t length =
          ::recvfrom(descriptor, input_.data(), input_.size(), 0, reinterpret_cast<sockaddr*>(&address), &size);
      if (length < 0) return;
      if (is_dropping) {
        ++dropped_;
        continue;
      }
      std::string_view message(input_.data(), static_cast<std::size_t>(length));
      while (!message.empty() && (message.back() == '\n' || message.back() == '\r' || message.back() == '\0'))
        message.remove_suffix(1);
      if (!message.empty()) take(message, addressText(address, size));
    }
  }

  void take(std::string_view message, const std::string& peer) {
    ++messages_;
    auto taken = stream_.handlers().take(intake_, {message, "", "{}", "", peer, clock_.nowMillis()});
    if (!taken.isOk() || !taken->rejected.empty()) {
      if (++rejected_ == 1)
        observer_.log(base::Level::kWarning, "syslog",
                      peer + ": a message was not taken: " +
                          (taken.isOk() ? taken->rejected.front().reason : std::string(taken.status().message())));
    }
    if (!taken.isOk()) return;
    if (batch_.isEmpty()) batch_nanos_ = clock_.monotonicNanos();
    const stream::RecordBatch& records = taken->records;
    for (std::size_t i = 0; i < records.size(); ++i)
      batch_.add(batch_.size(), records.timeMillis(i), records.record(i), records.sequences(i));
  }

  void flushWhenDue(bool is_last) {
    if (batch_.isEmpty()) return;
    const std::int64_t now = clock_.monotonicNanos();
    if (!is_last && batch_.bytes() < kBatchBytes && now - batch_nanos_ < kBatchNanos) return;
    if (!is_last && (now < retry_nanos_ || isFull())) return;
    if (const Status admitted = stream_.admit(batch_.bytes()); !admitted.isOk()) {
      retry_nanos_ = now + kRetryNanos;
      if (is_last) observer_.log(base::Level::kError, "syslog", "records are lost: " + std::string(admitted.message()));
      return;
    }
    retry_nanos_ = 0;
    {
      const std::lock_guard lock(shared_->mutex);
      ++shared_->in_flight;
    }
    stream_.append(std::exchange(batch_, {}), std::nullopt,
                   [shared = shared_, &observer = observer_](const Result<stream::Appended>& appended) {
                     if (!appended.isOk())
                       observer.log(base::Level::kError, "syslog",
                                    "records are lost: " + std::string(appended.status().message()));
                     const std::lock_guard lock(shared->mutex);
                     --shared->in_flight;
                     shared->has_less.notify_one();
                   });
  }

  // The store answers every unit, also when it closes.
  void waitForAppends() const {
    std::unique_lock lock(shared_->mutex);
    shared_->has_less.wait(lock, [&] { return shared_->in_flight == 0; });
  }

  const std::size_t intake_;
  stream::StreamService& stream_;
  const base::Clock& clock_;
  base::Observer& observer_;
  Descriptor epoll_, wake_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<std::uint64_t> connections_{0}, messages_{0}, cut_{0}, rejected_{0}, dropped_{0};
  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();

  // The thread's.
  std::unordered_map<int, Socket> sockets_;
  std::unordered_map<int, Sender> senders_;
  stream::RecordBatch batch_;
  std::int64_t batch_nanos_ = 0;  // when its first message came
  std::int64_t retry_nanos_ = 0;  // not before
  std::array<char, 64u << 10> input_{};
  std::thread thread_;
};

SyslogListener::SyslogListener(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
SyslogListener::~SyslogListener() { stop(); }

Result<std::unique_ptr<SyslogListener>> SyslogListener::open(const std::vector<std::string>& addresses,
                                                             std::size_t intake, stream::StreamService& stream,
                                                             const base::Clock& clock, base::Observer& observer) {
  auto loop = std::make_unique<Loop>(intake, stream, clock, observer);
  GYRE_TRY(loop->open(addresses));
  return std::unique_ptr<SyslogListener>(new SyslogListener(std::move(loop)));
}

void SyslogListener::start() { loop_->start(); }
void SyslogListener::stop() { loop_->stop(); }
SyslogStats SyslogListener::stats() const { return loop_->stats(); }

}  // namespace gyre::http
