// How do syslog senders reach a stream? Sockets of the domain's own: TCP, any number of senders on one thread, and UDP.
//
// Messages gather into a batch, which is appended when it is large enough or a moment old. Syslog has no
// acknowledgement, so what a sender has handed to the kernel may be lost with this machine; but a batch that the stream
// refuses for now is kept and sent again, and meanwhile nothing is read from TCP, so that senders wait. Datagrams that
// come meanwhile are dropped and counted.
//
// THREADS: open, start and stop from one, stats from any. OWNS: its sockets and its thread; the stream outlives it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/stream/stream_service.hpp"

namespace gyre::http {

struct SyslogStats {
  std::uint64_t connections = 0;  // open now
  std::uint64_t messages = 0;     // since start, as all that follows
  std::uint64_t cut = 0;          // longer than a message may be
  std::uint64_t rejected = 0;     // by the plugin
  std::uint64_t dropped = 0;      // datagrams, because the stream was full
};

class SyslogListener {
 public:
  // `addresses`: "tcp://127.0.0.1:5140", "udp://[::1]:0". invalid_argument for another form, unavailable when one
  // cannot be bound. The log names the ports. REQUIRES: `intake` is one of the stream's with framing "syslog".
  static Result<std::unique_ptr<SyslogListener>> open(const std::vector<std::string>& addresses, std::size_t intake,
                                                      stream::StreamService& stream, const base::Clock& clock,
                                                      base::Observer& observer);
  ~SyslogListener();  // stop()

  void start();
  // What was received is appended first, when the stream takes it.
  void stop();
  SyslogStats stats() const;

 private:
  class Loop;
  explicit SyslogListener(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace gyre::http
