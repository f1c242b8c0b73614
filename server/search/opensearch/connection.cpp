#include "server/search/opensearch/connection.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SSLException.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace gyre::search {
namespace {

constexpr std::size_t kJoinedBytes = 16u << 10;  // below, head and body are copied together: one packet, one call
constexpr std::size_t kReceiveBytes = 128u << 10;

Status lost(const char* reason, const Poco::Exception& error) {
  return {Code::kUnavailable, reason, error.displayText()};
}
Status timedOut() { return {Code::kDeadlineExceeded, "node_timeout", "no answer within the time allowed"}; }

Poco::Timespan remaining(const base::Clock& clock, std::int64_t deadline_nanos) {
  const std::int64_t micros = (deadline_nanos - clock.monotonicNanos()) / 1'000;
  return Poco::Timespan(std::max<std::int64_t>(micros, 1'000));
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const NodeAddress& address, Poco::Net::Context::Ptr context,
                                                     std::int64_t timeout_ms, const base::Clock& clock) {
  const Poco::Timespan timeout(timeout_ms * 1'000);
  try {
    const Poco::Net::SocketAddress where(address.host, address.port);
    Poco::Net::StreamSocket socket;
    if (address.is_secure) {
      Poco::Net::SecureStreamSocket secure(context);
      secure.setPeerHostName(address.host);
      secure.connect(where, timeout);
      socket = secure;
    } else {
      socket.connect(where, timeout);
    }
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
    return std::unique_ptr<Connection>(new Connection(std::move(socket), clock));
  } catch (const Poco::Net::SSLException& error) {
    return lost("tls_failed", error);
  } catch (const Poco::TimeoutException& error) {
    return lost("connect_failed", error);
  } catch (const Poco::Exception& error) {
    return lost("connect_failed", error);
  }
}

Result<HttpResponse> Connection::exchange(std::string_view head, std::string_view body, std::int64_t deadline_nanos,
                                          std::size_t body_limit) {
  if (head.size() + body.size() <= kJoinedBytes) {
    std::string joined;
    joined.reserve(head.size() + body.size());
    joined.append(head).append(body);
    GYRE_TRY(send(joined, deadline_nanos));
  } else {
    GYRE_TRY(send(head, deadline_nanos));
    GYRE_TRY(send(body, deadline_nanos));
  }
  Result<HttpResponse> response = receive(deadline_nanos, body_limit);
  idle_since_ = clock_.monotonicNanos();
  return response;
}

Status Connection::send(std::string_view bytes, std::int64_t deadline_nanos) {
  try {
    while (!bytes.empty()) {
      if (clock_.monotonicNanos() >= deadline_nanos) return timedOut();
      socket_.setSendTimeout(remaining(clock_, deadline_nanos));
      const int sent = socket_.sendBytes(bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), 1u << 30)),
                                         MSG_NOSIGNAL);
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
  } catch (const Poco::TimeoutException&) {
    return timedOut();
  } catch (const Poco::Exception& error) {
    // A node that refuses a large body may answer and close before it has read all of it; that answer is lost, as it is
    // for other clients.
    return lost("connection_stale", error);
  }
}

Result<HttpResponse> Connection::receive(std::int64_t deadline_nanos, std::size_t body_limit) {
  static thread_local const std::unique_ptr<char[]> buffer(new char[kReceiveBytes]);
  ResponseReader reader(body_limit);
  for (;;) {
    int received = 0;
    try {
      if (clock_.monotonicNanos() >= deadline_nanos) return timedOut();
      socket_.setReceiveTimeout(remaining(clock_, deadline_nanos));
      received = socket_.receiveBytes(buffer.get(), static_cast<int>(kReceiveBytes));
    } catch (const Poco::TimeoutException&) {
      return timedOut();
    } catch (const Poco::Exception& error) {
      return lost(reader.isEmpty() ? "connection_stale" : "connection_lost", error);
    }
    if (received < 0) continue;  // TLS wants another look
    if (received == 0) {
      if (reader.isEmpty())
        return Status(Code::kUnavailable, "connection_stale", "the connection was closed without an answer");
      GYRE_TRY(reader.end());
      HttpResponse response = reader.take();
      response.keeps_alive = false;
      return response;
    }
    GYRE_TRY_ASSIGN(const bool is_complete, reader.feed({buffer.get(), static_cast<std::size_t>(received)}));
    if (is_complete) return reader.take();
  }
}

}  // namespace gyre::search
