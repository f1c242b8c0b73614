#include "server/http/http_server.hpp"

#include <cppunit/extensions/HelperMacros.h>
#include <libdeflate.h>
#include <sys/resource.h>

#include <atomic>
#include <memory>
#include <thread>

#include "tests/unit/server/http/test_server.hpp"

namespace gyre::http {

namespace {

std::string request(std::string_view line, std::string_view fields = "", std::string_view body = "") {
  std::string bytes = std::string(line) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields);
  if (!body.empty()) bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return bytes + "\r\n" + std::string(body);
}

std::string gzip(std::string_view plain) {
  libdeflate_compressor* const state = libdeflate_alloc_compressor(6);
  std::string packed(plain.size() + 1'000, '\0');
  packed.resize(libdeflate_gzip_compress(state, plain.data(), plain.size(), packed.data(), packed.size()));
  libdeflate_free_compressor(state);
  return packed;
}

}  // namespace

class HttpServerTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(HttpServerTest);
  CPPUNIT_TEST(oneConnectionCarriesManyRequests);
  CPPUNIT_TEST(bodiesArriveDecoded);
  CPPUNIT_TEST(headHasNoBody);
  CPPUNIT_TEST(answersArePackedForWhoAsks);
  CPPUNIT_TEST(connectionsEndAsAsked);
  CPPUNIT_TEST(aTakenPortIsNamed);
  CPPUNIT_TEST(pipelinedAnswersKeepTheirOrder);
  CPPUNIT_TEST(oneHandlerMayAnswerAnother);
  CPPUNIT_TEST(pipeliningIsBounded);
  CPPUNIT_TEST(aDroppedResponderAnswers500);
  CPPUNIT_TEST(anAssignedResponderAnswersForTheOldOne);
  CPPUNIT_TEST(malformedRequestsAreAnsweredAndClosed);
  CPPUNIT_TEST(aRefusalWaitsForTheAnswersBeforeIt);
  CPPUNIT_TEST(aRefusalReachesAClientThatStillSends);
  CPPUNIT_TEST(continueComesAfterTheSizeCheck);
  CPPUNIT_TEST(continueComesAfterEarlierAnswers);
  CPPUNIT_TEST(bombsAreRefused);
  CPPUNIT_TEST(slowHeadsAreRefused);
  CPPUNIT_TEST(slowBodiesAreRefused);
  CPPUNIT_TEST(idleConnectionsAreClosed);
  CPPUNIT_TEST(waitingForTheHandlerHasNoTimeout);
  CPPUNIT_TEST(peersThatDoNotReadAreClosed);
  CPPUNIT_TEST(aShortBodyNeverReachesTheHandler);
  CPPUNIT_TEST(aHalfClosedPeerIsAnswered);
  CPPUNIT_TEST(aPeerThatIsGoneIsKnown);
  CPPUNIT_TEST(connectionsAboveTheLimitAreTold);
  CPPUNIT_TEST(readingPausesWhileThePeerDoesNotRead);
  CPPUNIT_TEST(largeAnswersArriveWhole);
  CPPUNIT_TEST(stopLetsRequestsFinish);
  CPPUNIT_TEST(stopServesWhatHasArrived);
  CPPUNIT_TEST(stopEndsAfterItsGrace);
  CPPUNIT_TEST(answersAfterTheServerAreDropped);
  CPPUNIT_TEST(runningOutOfDescriptorsIsSurvived);
  CPPUNIT_TEST(manyThreadsAnswerManyConnections);
  CPPUNIT_TEST_SUITE_END();

 public:
  void oneConnectionCarriesManyRequests() {
    TestServer server;
    RawClient client(server.server.port());
    for (int i = 0; i < 3; ++i) {
      client.send(request("GET /a%20b?c"));
      const RawResponse response = client.read();
      CPPUNIT_ASSERT_EQUAL(200, response.status);
      CPPUNIT_ASSERT_EQUAL(std::string("GET /a b "), response.body);
      CPPUNIT_ASSERT_EQUAL(std::string("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9\r\nDate: Tue, "
                                       "14 Nov 2023 22:13:20 GMT\r\n"),
                           response.head);
    }
    server.clock.advance(1'000);
    client.send(request("GET /"));
    CPPUNIT_ASSERT(client.read().has("Date: Tue, 14 Nov 2023 22:13:21 GMT\r\n"));
    const Stats stats = server.server.stats();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, stats.requests);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, stats.accepted);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, stats.open);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3 * request("GET /a%20b?c").size() + request("GET /").size()}, stats.bytes_in);
  }

  void bodiesArriveDecoded() {
    TestServer server;
    server.handler.first = [](Request& request, Responder& responder) {
      if (request.path != "/moved") return false;
      std::string body = std::move(request.body);
      responder.send(textResponse(std::to_string(request.headers.size()) + std::string(request.header("x-a")) +
                                  std::string(request.peer) + body));
      return true;
    };
    RawClient client(server.server.port());
    client.send(request("POST /a", "", "hello"));
    CPPUNIT_ASSERT_EQUAL(std::string("POST /a hello"), client.read().body);
    client.send(request("POST /b", "Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n1;x\r\nd\r\n0\r\nT: u\r\n\r\n");
    CPPUNIT_ASSERT_EQUAL(std::string("POST /b abcd"), client.read().body);
    client.send(request("POST /c", "Content-Encoding: gzip\r\n", gzip("one ") + gzip("two")));
    CPPUNIT_ASSERT_EQUAL(std::string("POST /c one two"), client.read().body);
    client.send(request("POST /d", "Content-Encoding: gzip\r\n"));
    CPPUNIT_ASSERT_EQUAL(std::string("POST /d "), client.read().body);
    const std::string large(3u << 20, 'x');
    client.send(request("POST /e", "", large));
    CPPUNIT_ASSERT("POST /e " + large == client.read().body);
    client.send(request("POST /moved", "X-A: b\r\n", "body"));
    CPPUNIT_ASSERT_EQUAL(std::string("3b127.0.0.1body"), client.read().body);
    client.send(request("POST /f", "", "again"));
    CPPUNIT_ASSERT_EQUAL(std::string("POST /f again"), client.read().body);
  }

  void headHasNoBody() {
    TestServer server;
    RawClient client(server.server.port());
    client.send(request("HEAD /abc") + request("GET /abc"));
    const RawResponse head = client.read(false);
    CPPUNIT_ASSERT(head.has("Content-Length: 10\r\n"));
    CPPUNIT_ASSERT_EQUAL(std::string("GET /abc "), client.read().body);
  }

  void answersArePackedForWhoAsks() {
    TestServer server;
    const std::string large(50'000, 'a');
    server.handler.first = [&](Request& request, Responder& responder) {
      if (request.path == "/later") return false;
      responder.send(textResponse(large));
      return true;
    };
    RawClient client(server.server.port());
    client.send(request("GET /", "Accept-Encoding: br, gzip;q=0.5\r\n"));
    const RawResponse packed = client.read();
    CPPUNIT_ASSERT(packed.has("Content-Encoding: gzip\r\n"));
    CPPUNIT_ASSERT(packed.has("Vary: Accept-Encoding\r\n"));
    CPPUNIT_ASSERT(packed.body.size() < 1'000);
    client.send(request("GET /"));
    const RawResponse plain = client.read();
    CPPUNIT_ASSERT(!plain.has("Content-Encoding"));
    CPPUNIT_ASSERT(large == plain.body);
    // From another thread as well.
    client.send(request("GET /later", "Accept-Encoding: gzip\r\n"));
    server.handler.takeKept(1)[0].send(textResponse(large));
    CPPUNIT_ASSERT(packed.body == client.read().body);
  }

  void connectionsEndAsAsked() {
    TestServer server;
    server.handler.first = [](Request& request, Responder& responder) {
      if (request.path != "/close") return false;
      Response response = textResponse("last");
      response.close = true;
      responder.send(std::move(response));
      return true;
    };
    RawClient asked(server.server.port());
    asked.send(request("GET /", "Connection: close\r\n") + request("GET /never"));
    CPPUNIT_ASSERT(asked.read().has("Connection: close\r\n"));
    CPPUNIT_ASSERT(asked.isEnded());
    RawClient told(server.server.port());
    told.send(request("GET /close") + request("GET /"));
    CPPUNIT_ASSERT(told.read().has("Connection: close\r\n"));
    CPPUNIT_ASSERT(told.isEnded());
    RawClient old(server.server.port());
    old.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CPPUNIT_ASSERT(old.read().has("Connection: keep-alive\r\n"));
    old.send("GET / HTTP/1.0\r\n\r\n");
    CPPUNIT_ASSERT(old.read().has("Connection: close\r\n"));
    CPPUNIT_ASSERT(old.isEnded());
  }

  void aTakenPortIsNamed() {
    TestServer server({}, 2);
    Options options;
    options.port = server.server.port();
    HttpServer second(options, server.handler, server.observer);
    const Status started = second.start();
    CPPUNIT_ASSERT(started.code() == Code::kUnavailable);
    CPPUNIT_ASSERT(started.message().find("127.0.0.1:" + std::to_string(options.port)) != std::string_view::npos);
    options.host = "192.0.2.1";
    HttpServer third(options, server.handler, server.observer);
    CPPUNIT_ASSERT(third.start().code() == Code::kUnavailable);
    CPPUNIT_ASSERT(server.server.start().code() == Code::kFailedPrecondition);
  }

  void pipelinedAnswersKeepTheirOrder() {
    TestServer server;
    RawClient client(server.server.port());
    client.send(request("GET /later") + request("GET /later") + request("GET /now") + request("GET /later"));
    std::vector<Responder> kept = server.handler.takeKept(3);
    std::thread([&] {
      for (int i : {2, 1, 0}) kept[static_cast<std::size_t>(i)].send(textResponse(std::to_string(i)));
    }).join();
    for (const char* expected : {"0", "1", "GET /now ", "2"})
      CPPUNIT_ASSERT_EQUAL(std::string(expected), client.read().body);
  }

  void oneHandlerMayAnswerAnother() {
    TestServer server;
    Responder waiting;
    server.handler.first = [&](Request& request, Responder& responder) {
      if (request.path == "/wait") {
        waiting = std::move(responder);
        return true;
      }
      if (request.path == "/release") waiting.send(textResponse("released"));
      return false;
    };
    RawClient first(server.server.port());
    first.send(request("GET /wait"));
    server.poke();
    RawClient second(server.server.port());
    second.send(request("GET /release"));
    CPPUNIT_ASSERT_EQUAL(std::string("released"), first.read().body);
    CPPUNIT_ASSERT_EQUAL(std::string("GET /release "), second.read().body);
  }

  void pipeliningIsBounded() {
    Limits limits;
    limits.pipelined_requests = 3;
    TestServer server(limits);
    RawClient client(server.server.port());
    std::string bytes;
    for (int i = 0; i < 10; ++i) bytes += request("GET /later");
    client.send(bytes);
    std::vector<Responder> kept = server.handler.takeKept(3);
    client.send(request("GET /end"));
    server.poke();
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, kept.size());
    CPPUNIT_ASSERT_EQUAL(std::size_t{3 + 2}, server.handler.count());
    for (int answered = 0; answered < 10;) {
      for (Responder& responder : kept) responder.send(textResponse(std::to_string(answered++)));
      if (answered < 10) kept = server.handler.takeKept(1);
    }
    for (int i = 0; i < 10; ++i) CPPUNIT_ASSERT_EQUAL(std::to_string(i), client.read().body);
    CPPUNIT_ASSERT_EQUAL(std::string("GET /end "), client.read().body);
  }

  void aDroppedResponderAnswers500() {
    TestServer server;
    server.handler.first = [](Request& request, Responder&) { return request.path == "/drop"; };
    RawClient client(server.server.port());
    client.send(request("GET /drop") + request("GET /later") + request("GET /"));
    server.handler.takeKept(1).clear();
    for (int i = 0; i < 2; ++i) {
      const RawResponse response = client.read();
      CPPUNIT_ASSERT_EQUAL(500, response.status);
      CPPUNIT_ASSERT(response.body.starts_with("internal 1 "));
    }
    CPPUNIT_ASSERT_EQUAL(200, client.read().status);
  }

  void anAssignedResponderAnswersForTheOldOne() {
    TestServer server;
    RawClient client(server.server.port());
    client.send(request("GET /later") + request("GET /later"));
    std::vector<Responder> kept = server.handler.takeKept(2);
    kept[0] = std::move(kept[1]);
    CPPUNIT_ASSERT_EQUAL(500, client.read().status);
    kept[0].send(textResponse("second"));
    kept[0].send(textResponse("never"));
    CPPUNIT_ASSERT_EQUAL(std::string("second"), client.read().body);
    CPPUNIT_ASSERT(kept[0].isAbandoned());
    client.send(request("GET /"));
    CPPUNIT_ASSERT_EQUAL(std::string("GET / "), client.read().body);
  }

  void malformedRequestsAreAnsweredAndClosed() {
    TestServer server;
    const std::pair<const char*, int> cases[] = {
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"nonsense\r\n", 400},
        {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled "
         "HTTP/1.1\r\nHost: a\r\n\r\n",
         400},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", 413},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Encoding: br\r\n\r\na", 415},
        {"GET / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n", 417},
        {"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
    };
    for (const auto& [bytes, status] : cases) {
      RawClient client(server.server.port());
      client.send(bytes);
      const RawResponse response = client.read();
      CPPUNIT_ASSERT_EQUAL_MESSAGE(bytes, status, response.status);
      CPPUNIT_ASSERT(response.has("Connection: close\r\n"));
      CPPUNIT_ASSERT(client.isEnded());
    }
    CPPUNIT_ASSERT_EQUAL(std::size_t{0}, server.handler.count());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{std::size(cases)}, server.server.stats().refused);
  }

  void aRefusalWaitsForTheAnswersBeforeIt() {
    TestServer server;
    RawClient client(server.server.port());
    client.send(request("GET /later") + "nonsense\r\n" + request("GET /never"));
    std::vector<Responder> kept = server.handler.takeKept(1);
    server.poke();
    CPPUNIT_ASSERT(!client.isReadable());
    kept[0].send(textResponse("first"));
    CPPUNIT_ASSERT_EQUAL(std::string("first"), client.read().body);
    CPPUNIT_ASSERT_EQUAL(400, client.read().status);
    CPPUNIT_ASSERT(client.isEnded());
  }

  void aRefusalReachesAClientThatStillSends() {
    TestServer server;
    RawClient client(server.server.port());
    client.send(request("POST /", "Content-Length: 50000000\r\n"));
    const std::string piece(1u << 20, 'x');
    for (int i = 0; i < 20; ++i) client.send(piece);
    CPPUNIT_ASSERT_EQUAL(413, client.read().status);
    CPPUNIT_ASSERT(client.isEnded());
    // A client that neither reads nor leaves is not waited for.
    RawClient stubborn(server.server.port());
    stubborn.send("nonsense\r\n");
    CPPUNIT_ASSERT_EQUAL(400, stubborn.read().status);
    server.poke();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, server.server.stats().open);
    server.advance(2'001);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, server.server.stats().open);
  }

  void continueComesAfterTheSizeCheck() {
    TestServer server;
    RawClient client(server.server.port());
    client.send(request("POST /", "Expect: 100-continue\r\nContent-Length: 3\r\n"));
    CPPUNIT_ASSERT_EQUAL(std::string("HTTP/1.1 100 Continue\r\n"), client.read().head);
    client.send("abc");
    CPPUNIT_ASSERT_EQUAL(std::string("POST / abc"), client.read().body);
    client.send(request("POST /", "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n"));
    CPPUNIT_ASSERT_EQUAL(100, client.read().status);
    client.send("0\r\n\r\n");
    CPPUNIT_ASSERT_EQUAL(200, client.read().status);
    client.send(request("POST /", "Expect: 100-continue\r\n", "abc"));  // did not wait
    CPPUNIT_ASSERT_EQUAL(200, client.read().status);
    client.send(request("POST /", "Expect: 100-continue\r\nContent-Length: 99999999\r\n"));
    CPPUNIT_ASSERT_EQUAL(413, client.read().status);
    CPPUNIT_ASSERT(client.isEnded());
  }

  void continueComesAfterEarlierAnswers() {
    TestServer server;
    RawClient client(server.server.port());
    client.send(request("GET /later") + request("POST /", "Expect: 100-continue\r\nContent-Length: 3\r\n"));
    std::vector<Responder> kept = server.handler.takeKept(1);
    server.poke();
    CPPUNIT_ASSERT(!client.isReadable());
    kept[0].send(textResponse("first"));
    CPPUNIT_ASSERT_EQUAL(std::string("first"), client.read().body);
    CPPUNIT_ASSERT_EQUAL(100, client.read().status);
    client.send("abc");
    CPPUNIT_ASSERT_EQUAL(std::string("POST / abc"), client.read().body);
  }

  void bombsAreRefused() {
    Limits limits;
    limits.inflated_body_bytes = 100'000;
    TestServer server(limits);
    RawClient client(server.server.port());
    client.send(request("POST /", "Content-Encoding: gzip\r\n", gzip(std::string(100'001, 'a'))));
    CPPUNIT_ASSERT_EQUAL(413, client.read().status);
    client.send(request("POST /", "Content-Encoding: gzip\r\n", "not gzip"));
    CPPUNIT_ASSERT_EQUAL(400, client.read().status);
    // The framing was never in doubt, so the connection stays.
    client.send(request("POST /", "Content-Encoding: gzip\r\n", gzip("fits")));
    CPPUNIT_ASSERT_EQUAL(std::string("POST / fits"), client.read().body);
  }

  void slowHeadsAreRefused() {
    TestServer server;
    RawClient client(server.server.port());
    client.send("GET / HTTP/1.1\r\n");
    server.poke();
    server.advance(9'000);
    client.send("Host: a\r\n");  // bytes that trickle in win no time
    server.poke();
    CPPUNIT_ASSERT(!client.isReadable());
    server.advance(1'001);
    CPPUNIT_ASSERT_EQUAL(408, client.read().status);
    CPPUNIT_ASSERT(client.isEnded());
    // Each head has its own time.
    RawClient steady(server.server.port());
    for (int i = 0; i < 4; ++i) {
      steady.send(i == 0 ? "GET / HTTP/1.1\r\n" : "Host: a\r\n\r\nGET / HTTP/1.1\r\n");
      server.advance(6'000);
    }
    for (int i = 0; i < 3; ++i) CPPUNIT_ASSERT_EQUAL(200, steady.read().status);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, server.server.stats().timeouts);
  }

  void slowBodiesAreRefused() {
    TestServer server;
    RawClient client(server.server.port());
    client.send(request("POST /", "Content-Length: 5\r\n"));
    for (int i = 0; i < 4; ++i) {
      client.send("x");
      server.poke();
      server.advance(19'000);
    }
    CPPUNIT_ASSERT(!client.isReadable());
    server.advance(1'001);
    CPPUNIT_ASSERT_EQUAL(408, client.read().status);
    CPPUNIT_ASSERT(client.isEnded());
  }

  void idleConnectionsAreClosed() {
    TestServer server;
    RawClient silent(server.server.port());
    RawClient busy(server.server.port());
    server.poke();
    server.advance(59'000);
    busy.send(request("GET /") + "\r\n");  // a line end too many begins nothing
    CPPUNIT_ASSERT_EQUAL(200, busy.read().status);
    server.advance(1'001);
    CPPUNIT_ASSERT(silent.isEnded());
    CPPUNIT_ASSERT(!busy.isReadable());
    server.advance(60'000);
    CPPUNIT_ASSERT(busy.isEnded());
  }

  void waitingForTheHandlerHasNoTimeout() {
    TestServer server;
    RawClient client(server.server.port());
    client.send(request("GET /later"));
    std::vector<Responder> kept = server.handler.takeKept(1);
    server.advance(1'000'000);
    CPPUNIT_ASSERT(!kept[0].isAbandoned());
    kept[0].send(textResponse("at last"));
    CPPUNIT_ASSERT_EQUAL(std::string("at last"), client.read().body);
  }

  void peersThatDoNotReadAreClosed() {
    TestServer server;
    server.handler.first = [](Request& request, Responder& responder) {
      if (request.path == "/poke") return false;
      responder.send(textResponse(std::string(30u << 20, 'x')));
      return true;
    };
    RawClient client;
    client.shrinkWindow();
    CPPUNIT_ASSERT(client.connect(server.server.port()));
    client.send(request("GET /"));
    server.poke();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, server.server.stats().open);
    server.advance(30'001);
    server.poke();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, server.server.stats().timeouts);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, server.server.stats().open);
  }

  void aShortBodyNeverReachesTheHandler() {
    TestServer server;
    RawClient client(server.server.port());
    client.send(request("POST /", "Content-Length: 5\r\n") + "abc");
    client.sendEnd();
    CPPUNIT_ASSERT(client.isEnded());
    RawClient chunked(server.server.port());
    chunked.send(request("POST /", "Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n");
    chunked.sendEnd();
    CPPUNIT_ASSERT(chunked.isEnded());
    CPPUNIT_ASSERT_EQUAL(std::size_t{0}, server.handler.count());
  }

  void aHalfClosedPeerIsAnswered() {
    TestServer server;
    RawClient client(server.server.port());
    client.send(request("GET /later") + request("GET /"));
    client.sendEnd();
    std::vector<Responder> kept = server.handler.takeKept(1);
    server.poke();
    CPPUNIT_ASSERT(kept[0].isAbandoned());
    kept[0].send(textResponse("still"));
    CPPUNIT_ASSERT_EQUAL(std::string("still"), client.read().body);
    CPPUNIT_ASSERT_EQUAL(200, client.read().status);
    CPPUNIT_ASSERT(client.isEnded());
  }

  void aPeerThatIsGoneIsKnown() {
    TestServer server;
    RawClient client(server.server.port());
    client.send(request("GET /later"));
    std::vector<Responder> kept = server.handler.takeKept(1);
    CPPUNIT_ASSERT(!kept[0].isAbandoned());
    client.reset();
    server.poke();
    CPPUNIT_ASSERT(kept[0].isAbandoned());
    RawClient next(server.server.port());  // in the same slot
    server.poke();
    kept[0].send(textResponse("to nobody"));
    next.send(request("GET /"));
    CPPUNIT_ASSERT_EQUAL(std::string("GET / "), next.read().body);
  }

  void connectionsAboveTheLimitAreTold() {
    Limits limits;
    limits.connections = 2;
    TestServer server(limits);
    RawClient first(server.server.port());
    server.poke();
    auto second = std::make_unique<RawClient>(server.server.port());
    second->send(request("GET /"));
    CPPUNIT_ASSERT_EQUAL(200, second->read().status);
    RawClient third(server.server.port());
    third.send(request("GET /"));
    const RawResponse response = third.read();
    CPPUNIT_ASSERT_EQUAL(503, response.status);
    CPPUNIT_ASSERT(response.has("Connection: close\r\n"));
    CPPUNIT_ASSERT(third.isEnded());
    third.close();
    second.reset();
    first.send(request("GET /"));  // by its answer the loop has seen the two leave
    CPPUNIT_ASSERT_EQUAL(200, first.read().status);
    first.send(request("GET /"));
    CPPUNIT_ASSERT_EQUAL(200, first.read().status);
    server.poke();
  }

  void readingPausesWhileThePeerDoesNotRead() {
    Limits limits;
    limits.output_bytes = 1u << 20;
    TestServer server(limits);
    const std::string large(1u << 20, 'y');
    server.handler.first = [&](Request& request, Responder& responder) {
      if (request.path == "/poke") return false;
      responder.send(textResponse(large));
      return true;
    };
    RawClient client;
    client.shrinkWindow();
    CPPUNIT_ASSERT(client.connect(server.server.port()));
    std::string bytes;
    for (int i = 0; i < 30; ++i) bytes += request("GET /");
    client.send(bytes);
    server.poke();
    // What the socket takes (a few MiB), what is buffered, and the pokes: far from all.
    CPPUNIT_ASSERT(server.handler.count() < 20);
    for (int i = 0; i < 30; ++i) CPPUNIT_ASSERT(large == client.read().body);
  }

  void largeAnswersArriveWhole() {
    TestServer server;
    std::string large(20u << 20, '\0');
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>('a' + i * 7 % 26 + i / 4'000 % 3);
    server.handler.first = [&](Request&, Responder& responder) {
      responder.send(textResponse(large));
      return true;
    };
    RawClient client(server.server.port());
    client.send(request("GET /") + request("GET /"));
    CPPUNIT_ASSERT(large == client.read().body);
    CPPUNIT_ASSERT(large == client.read().body);
  }

  void stopLetsRequestsFinish() {
    TestServer server;
    RawClient idle(server.server.port());
    RawClient client(server.server.port());
    client.send(request("GET /later"));
    std::vector<Responder> kept = server.handler.takeKept(1);
    std::jthread stopper([&] { server.server.stop(10'000); });
    CPPUNIT_ASSERT(idle.isEnded());
    kept[0].send(textResponse("finished"));
    const RawResponse response = client.read();
    CPPUNIT_ASSERT_EQUAL(std::string("finished"), response.body);
    CPPUNIT_ASSERT(response.has("Connection: close\r\n"));
    CPPUNIT_ASSERT(client.isEnded());
    client.close();
    stopper.join();
    RawClient late;
    CPPUNIT_ASSERT(!late.connect(server.server.port()));
  }

  void stopServesWhatHasArrived() {
    TestServer server;
    std::jthread stopper;
    RawClient* second_peer = nullptr;
    RawClient third;
    std::atomic<bool> is_connected{false};
    server.handler.first = [&](Request& request, Responder&) {
      // The others' requests reach their sockets while the loop is in here, and stop begins before it looks again.
      if (request.path == "/hold") {
        second_peer->trySend(gyre::http::request("GET /second"));
        is_connected = third.connect(server.server.port());
        third.trySend(gyre::http::request("GET /third"));
        stopper = std::jthread([&] { server.server.stop(10'000); });
      }
      return false;
    };
    RawClient second(server.server.port());
    second_peer = &second;
    server.poke();
    RawClient first(server.server.port());
    first.send(request("GET /hold"));
    CPPUNIT_ASSERT_EQUAL(200, first.read().status);
    CPPUNIT_ASSERT_EQUAL(std::string("GET /second "), second.read().body);
    CPPUNIT_ASSERT(is_connected);
    CPPUNIT_ASSERT_EQUAL(std::string("GET /third "), third.read().body);
    third.close();
    first.close();
    second.close();
    stopper.join();
  }

  void stopEndsAfterItsGrace() {
    TestServer server;
    RawClient client(server.server.port());
    client.send(request("GET /later"));
    std::vector<Responder> kept = server.handler.takeKept(1);
    server.server.stop(20);
    CPPUNIT_ASSERT(client.isEnded());
    CPPUNIT_ASSERT(kept[0].isAbandoned());
    server.server.stop(20);
  }

  void answersAfterTheServerAreDropped() {
    std::vector<Responder> kept;
    {
      TestServer server;
      RawClient client(server.server.port());
      client.send(request("GET /later") + request("GET /later"));
      kept = server.handler.takeKept(2);
    }
    CPPUNIT_ASSERT(kept[0].isAbandoned());
    kept[0].send(textResponse("to nobody"));
  }

  void runningOutOfDescriptorsIsSurvived() {
    TestServer server;
    RawClient steady(server.server.port());
    server.poke();
    rlimit before{};
    CPPUNIT_ASSERT_EQUAL(0, ::getrlimit(RLIMIT_NOFILE, &before));
    std::vector<RawClient> clients(5);
    rlimit scarce = before;
    scarce.rlim_cur = static_cast<rlim_t>(clients.back().descriptor()) + 1;
    CPPUNIT_ASSERT_EQUAL(0, ::setrlimit(RLIMIT_NOFILE, &scarce));
    bool all_connected = true;
    for (RawClient& client : clients) all_connected = client.connect(server.server.port()) && all_connected;
    bool all_ended = true;
    for (RawClient& client : clients) all_ended = client.isEnded() && all_ended;
    steady.send(request("GET /"));  // who is connected is served on; and by its answer the loop has done with accepting
    const int status = steady.read().status;
    ::setrlimit(RLIMIT_NOFILE, &before);
    CPPUNIT_ASSERT_EQUAL(200, status);
    CPPUNIT_ASSERT(all_connected);
    CPPUNIT_ASSERT(all_ended);
    server.poke();
  }

  void manyThreadsAnswerManyConnections() {
    TestServer server({}, 2);
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::pair<Responder, std::string>> queue;
    bool is_over = false;
    server.handler.first = [&](Request& request, Responder& responder) {
      const std::lock_guard lock(mutex);
      queue.emplace_back(std::move(responder), std::string(request.path));
      changed.notify_one();
      return true;
    };
    const auto answer = [&] {
      while (true) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return is_over || !queue.empty(); });
        if (queue.empty()) return;
        auto [responder, path] = std::move(queue.back());
        queue.pop_back();
        lock.unlock();
        responder.send(textResponse(path));
      }
    };
    std::atomic<int> right{0};
    const auto ask = [&](int number) {
      RawClient client(server.server.port());
      for (int round = 0; round < 50; ++round) {
        const auto path = [&](int i) { return "/" + std::to_string(number) + "/" + std::to_string(round * 8 + i); };
        std::string bytes;
        for (int i = 0; i < 8; ++i) bytes += request("GET " + path(i));
        if (!client.trySend(bytes)) return;
        for (int i = 0; i < 8; ++i) right += client.read().body == path(i) ? 1 : 0;
      }
    };
    std::vector<std::jthread> threads;
    for (int i = 0; i < 2; ++i) threads.emplace_back(answer);
    std::vector<std::jthread> clients;
    for (int i = 0; i < 6; ++i) clients.emplace_back(ask, i);
    for (std::jthread& client : clients) client.join();
    {
      const std::lock_guard lock(mutex);
      is_over = true;
    }
    changed.notify_all();
    for (std::jthread& thread : threads) thread.join();
    CPPUNIT_ASSERT_EQUAL(6 * 50 * 8, right.load());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{6 * 50 * 8}, server.server.stats().requests);
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(HttpServerTest);

}  // namespace gyre::http
