#include "server/http/connection.hpp"

#include <cppunit/extensions/HelperMacros.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <iostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace gyre::http {

namespace {

// Answers "/n" with "n" and some more bytes, at once or when it is told to.
class LaterHandler final : public Handler {
 public:
  explicit LaterHandler(std::mt19937& random) : random_(random) {}
  void handle(Request& request, Responder responder) override {
    Response response;
    response.body = std::string(request.path) + request.body + std::string(request.body.size() * 20, '.');
    if (random_() % 2 == 0) return responder.send(std::move(response));
    kept_.emplace_back(std::move(responder), std::move(response));
  }
  Response refusal(int status, std::string_view, std::string_view, std::uint64_t) override {
    Response response;
    response.status = status;
    return response;
  }
  bool answerOne() {
    if (kept_.empty()) return false;
    const auto chosen = kept_.begin() + static_cast<std::ptrdiff_t>(random_() % kept_.size());
    auto [responder, response] = std::move(*chosen);
    kept_.erase(chosen);
    responder.send(std::move(response));
    return true;
  }

 private:
  std::mt19937& random_;
  std::vector<std::pair<Responder, Response>> kept_;
};

// A connection without its loop: what it says goes through a socket pair.
struct Bench final : CompletionSink {
  Bench(const Limits& limits, std::mt19937& random)
      : handler(random),
        context{limits, handler, clock, counters, std::make_shared<Responder::Target>(1), {}, false},
        connection(context, std::uint64_t{1} << kSlotBits, "peer") {
    context.target->bind(*this);
    context.target->setLive(0, connection.id());
    CPPUNIT_ASSERT_EQUAL(0, ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends));
  }
  ~Bench() override {
    context.target->close();
    ::close(ends[0]);
    ::close(ends[1]);
  }
  void complete(Completion completion) override {
    connection.complete(completion.sequence, std::move(completion.response));
  }
  void flush() {
    std::size_t written = 0;
    CPPUNIT_ASSERT(connection.output().flush(ends[0], written) == OutputBuffer::Flushed::kAll);
    char bytes[4'096];
    for (ssize_t size = 0; (size = ::recv(ends[1], bytes, sizeof bytes, 0)) > 0;)
      said.append(bytes, static_cast<std::size_t>(size));
  }

  base::ManualClock clock{0};
  Counters counters;
  LaterHandler handler;
  LoopContext context;
  Connection connection;
  int ends[2] = {-1, -1};
  std::string said;
};

std::string hexOf(std::size_t number) {
  char digits[16];
  return {digits, std::to_chars(digits, digits + sizeof digits, number, 16).ptr};
}

std::string answerTo(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n" + body;
}

}  // namespace

class ConnectionTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ConnectionTest);
  CPPUNIT_TEST(anyOrderOfEventsGivesTheSameAnswers);
  CPPUNIT_TEST(unknownCompletionsAreIgnored);
  CPPUNIT_TEST_SUITE_END();

 public:
  // Random pieces in, random answers, random flushes, with limits small enough that reading pauses all the time.
  void anyOrderOfEventsGivesTheSameAnswers() {
    const unsigned seed = std::random_device()();
    std::cout << " seed " << seed << std::flush;
    std::mt19937 random(seed);
    Limits limits;
    limits.pipelined_requests = 3;
    limits.output_bytes = 500;
    for (int round = 0; round < 200; ++round) {
      std::string bytes;
      std::string expected;
      const unsigned requests = 1 + random() % 40;
      for (unsigned i = 0; i < requests; ++i) {
        const std::string path = "/" + std::to_string(i);
        const std::string body(random() % 3 == 0 ? 1 + random() % 30 : 0, 'b');
        const bool is_chunked = !body.empty() && random() % 2 == 0;
        bytes += "POST " + path + " HTTP/1.1\r\nHost: a\r\n";
        if (is_chunked)
          bytes +=
              "Transfer-Encoding: chunked\r\n\r\n1\r\nb\r\n" + hexOf(body.size()) + "\r\n" + body + "\r\n0\r\n\r\n";
        else
          bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
        const std::string taken = (is_chunked ? "b" : "") + body;
        expected += answerTo(path + taken + std::string(taken.size() * 20, '.'));
      }
      Bench bench(limits, random);
      std::string_view left = bytes;
      while (bench.said.size() + bench.connection.output().size() < expected.size() || !left.empty()) {
        if (!left.empty() && bench.connection.wantsInput()) {
          const std::string piece(left.substr(0, 1 + random() % 100));
          left.remove_prefix(piece.size());
          bench.connection.receive(piece);
        } else {
          // Nothing may be stuck: whoever wants no input has an answer outstanding, or bytes to write, or work to do.
          CPPUNIT_ASSERT(bench.handler.answerOne() || !bench.connection.output().isEmpty() ||
                         bench.connection.hasWork());
        }
        if (random() % 3 == 0) bench.handler.answerOne();
        bench.connection.resume();
        if (random() % 2 == 0 || !bench.connection.wantsInput()) bench.flush();
      }
      bench.flush();
      CPPUNIT_ASSERT_EQUAL(expected, bench.said);
      CPPUNIT_ASSERT(bench.connection.phase() == Connection::Phase::kIdle);
      bench.connection.receiveEnd();
      CPPUNIT_ASSERT(bench.connection.isFinished());
    }
  }

  void unknownCompletionsAreIgnored() {
    std::mt19937 random(1);
    const Limits limits;
    Bench bench(limits, random);
    bench.connection.complete(0, Response());
    bench.connection.complete(~std::uint64_t{0}, Response());
    bench.connection.resume();
    bench.flush();
    CPPUNIT_ASSERT(bench.said.empty());
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ConnectionTest);

}  // namespace gyre::http
