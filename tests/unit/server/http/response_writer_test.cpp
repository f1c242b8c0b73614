#include "server/http/response_writer.hpp"

#include <cppunit/extensions/HelperMacros.h>
#include <sys/socket.h>
#include <unistd.h>

namespace gyre::http {

namespace {

struct SocketPair {
  SocketPair() { CPPUNIT_ASSERT_EQUAL(0, ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends)); }
  ~SocketPair() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  std::string read() const {
    std::string all;
    char bytes[4'096];
    for (ssize_t size = 0; (size = ::recv(ends[1], bytes, sizeof bytes, 0)) > 0;)
      all.append(bytes, static_cast<std::size_t>(size));
    return all;
  }
  int ends[2] = {-1, -1};
};

std::string written(Response response, const ResponseFrame& frame) {
  OutputBuffer out;
  writeResponse(std::move(response), frame, out);
  const SocketPair pair;
  std::size_t size = 0;
  CPPUNIT_ASSERT(out.flush(pair.ends[0], size) == OutputBuffer::Flushed::kAll);
  CPPUNIT_ASSERT(out.isEmpty());
  std::string text = pair.read();
  CPPUNIT_ASSERT_EQUAL(size, text.size());
  return text;
}

Response answer(int status, std::string body) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

}  // namespace

class ResponseWriterTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ResponseWriterTest);
  CPPUNIT_TEST(anAnswerIsWholeAndInOrder);
  CPPUNIT_TEST(headersCannotSplitAnAnswer);
  CPPUNIT_TEST(theFrontsHeadersAreItsOwn);
  CPPUNIT_TEST(someAnswersHaveNoBody);
  CPPUNIT_TEST(datesAreMadeOnceASecond);
  CPPUNIT_TEST(outputSurvivesASlowSocket);
  CPPUNIT_TEST_SUITE_END();

 public:
  void anAnswerIsWholeAndInOrder() {
    Response response = answer(201, "{}");
    response.headers = {{"ETag", "\"1\""}, {"Gyre-Sequence", "42"}};
    CPPUNIT_ASSERT_EQUAL(
        std::string("HTTP/1.1 201 Created\r\nETag: \"1\"\r\nGyre-Sequence: 42\r\nContent-Type: application/json\r\n"
                    "Content-Length: 2\r\nDate: now\r\nConnection: close\r\n\r\n{}"),
        written(std::move(response), {"now", false, false, false}));
    CPPUNIT_ASSERT(written(answer(299, ""), {"now"}).starts_with("HTTP/1.1 299 Unknown\r\n"));
    CPPUNIT_ASSERT(written(answer(200, ""), {"now", false, true, true}).find("Connection: keep-alive\r\n") !=
                   std::string::npos);
  }

  void headersCannotSplitAnAnswer() {
    Response response = answer(200, "");
    response.headers = {
        {"A", "b\r\nInjected: c"}, {"D\r\nInjected", "e"}, {"", "f"}, {"G", std::string("h\0", 2)}, {"I", "kept"}};
    response.content_type = "text/plain\r\nInjected: j";
    CPPUNIT_ASSERT_EQUAL(std::string("HTTP/1.1 200 OK\r\nI: kept\r\nContent-Length: 0\r\nDate: now\r\n\r\n"),
                         written(std::move(response), {"now"}));
  }

  void theFrontsHeadersAreItsOwn() {
    Response response = answer(200, "");
    response.headers = {{"content-length", "7"},
                        {"Transfer-Encoding", "chunked"},
                        {"CONNECTION", "close"},
                        {"Date", "never"},
                        {"content-type", "a/b"}};
    CPPUNIT_ASSERT_EQUAL(
        std::string("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 0\r\nDate: now\r\n\r\n"),
        written(std::move(response), {"now"}));
  }

  void someAnswersHaveNoBody() {
    for (const int status : {204, 304}) {
      const std::string text = written(answer(status, "ignored"), {"now"});
      CPPUNIT_ASSERT(text.ends_with("\r\nDate: now\r\n\r\n"));
      CPPUNIT_ASSERT(text.find("Content-") == std::string::npos);
    }
    const std::string head = written(answer(200, "body"), {"now", true});
    CPPUNIT_ASSERT(head.find("Content-Length: 4\r\n") != std::string::npos && head.ends_with("\r\n\r\n"));
  }

  void datesAreMadeOnceASecond() {
    DateText date;
    CPPUNIT_ASSERT_EQUAL(std::string("Sun, 06 Nov 1994 08:49:37 GMT"), std::string(date.at(784'111'777'000)));
    CPPUNIT_ASSERT_EQUAL(std::string("Sun, 06 Nov 1994 08:49:37 GMT"), std::string(date.at(784'111'777'999)));
    CPPUNIT_ASSERT_EQUAL(std::string("Sun, 06 Nov 1994 08:49:38 GMT"), std::string(date.at(784'111'778'000)));
  }

  void outputSurvivesASlowSocket() {
    const SocketPair pair;
    OutputBuffer out;
    std::string expected;
    std::string read;
    std::size_t sent = 0;
    bool was_blocked = false;
    for (int i = 0; i < 200; ++i) {
      std::string piece(static_cast<std::size_t>(i * i * 3), static_cast<char>('a' + i % 26));
      expected += "<" + piece;
      out.append("<");
      out.appendBody(std::move(piece));
      if (i % 7 == 0) was_blocked = out.flush(pair.ends[0], sent) == OutputBuffer::Flushed::kBlocked || was_blocked;
      if (i % 50 == 49) read += pair.read();
      CPPUNIT_ASSERT_EQUAL(expected.size() - sent, out.size());
    }
    while (out.flush(pair.ends[0], sent) == OutputBuffer::Flushed::kBlocked) read += pair.read();
    read += pair.read();
    CPPUNIT_ASSERT(was_blocked);
    CPPUNIT_ASSERT(expected == read);
    ::shutdown(pair.ends[1], SHUT_RDWR);
    out.append("x");
    CPPUNIT_ASSERT(out.flush(pair.ends[0], sent) == OutputBuffer::Flushed::kBroken);
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ResponseWriterTest);

}  // namespace gyre::http
