#include "server/http/request_parser.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <iostream>
#include <random>
#include <string>
#include <vector>

namespace gyre::http {

namespace {

struct Outcome {
  int status = 0;  // 200: a whole request; 0: more is expected
  std::string text;
  std::size_t left = 0;
  bool operator==(const Outcome&) const = default;
};

Outcome parsePieces(const Limits& limits, std::string_view bytes, const std::vector<std::size_t>& cuts) {
  RequestParser parser(limits);
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= cuts.size(); ++i) {
    const std::size_t end = i < cuts.size() ? cuts[i] : bytes.size();
    // A copy of exactly this size, so that a sanitizer sees a read beyond a piece and a view kept into it.
    const std::string piece(bytes.substr(begin, end - begin));
    std::string_view input = piece;
    switch (parser.parse(input)) {
      case RequestParser::Progress::kMore: break;
      case RequestParser::Progress::kRefused: return {parser.refusal().status, std::string(parser.refusal().reason), 0};
      case RequestParser::Progress::kComplete: {
        const Request& request = parser.request();
        std::string text =
            std::string(request.method) + " " + std::string(request.path) + " ?" + std::string(request.query) + "\n";
        for (const HeaderField& field : request.headers)
          text.append(field.name).append("=").append(field.value).append("\n");
        return {200, text + request.body, bytes.size() - end + input.size()};
      }
    }
    begin = end;
  }
  return {};
}

std::vector<std::size_t> everyByte(std::size_t size) {
  std::vector<std::size_t> cuts;
  for (std::size_t i = 1; i < size; ++i) cuts.push_back(i);
  return cuts;
}

// The outcome, after seeing that it is the same however the bytes are split.
Outcome parseAnyhow(std::string_view bytes, const Limits& limits = {}) {
  const Outcome whole = parsePieces(limits, bytes, {});
  CPPUNIT_ASSERT_MESSAGE("byte by byte: " + std::string(bytes.substr(0, 80)),
                         whole == parsePieces(limits, bytes, everyByte(bytes.size())));
  for (std::size_t cut = 1; cut < std::min<std::size_t>(bytes.size(), 400); ++cut)
    CPPUNIT_ASSERT_MESSAGE("cut at " + std::to_string(cut) + ": " + std::string(bytes.substr(0, 80)),
                           whole == parsePieces(limits, bytes, {cut}));
  return whole;
}

std::string get(std::string_view fields) { return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n"; }
std::string post(std::string_view fields, std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n" + std::string(body);
}
std::string line(std::string_view request_line) { return std::string(request_line) + "\r\nHost: a\r\n\r\n"; }
std::string chunks(std::string_view body) { return post("Transfer-Encoding: chunked\r\n", body); }

struct Case {
  const char* what;
  std::string bytes;
  int status;
};

void check(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    const Outcome outcome = parseAnyhow(one.bytes);
    CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(one.what) + ": " + outcome.text, one.status, outcome.status);
  }
}

}  // namespace

class RequestParserTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(RequestParserTest);
  CPPUNIT_TEST(requestLinesAreStrict);
  CPPUNIT_TEST(fieldsAreStrict);
  CPPUNIT_TEST(framingIsUnambiguous);
  CPPUNIT_TEST(chunksAreStrict);
  CPPUNIT_TEST(targetsAreDecodedStrictly);
  CPPUNIT_TEST(limitsHold);
  CPPUNIT_TEST(manyFieldsAreRefusedEarly);
  CPPUNIT_TEST(aBodyOfExactlyTheLimitIsTaken);
  CPPUNIT_TEST(everythingOfARequestIsThere);
  CPPUNIT_TEST(requestsFollowEachOther);
  CPPUNIT_TEST(connectionsStayAsTheVersionSays);
  CPPUNIT_TEST(continueIsAskedForOnce);
  CPPUNIT_TEST(damagedRequestsNeverDependOnTheSplit);
  CPPUNIT_TEST_SUITE_END();

 public:
  void requestLinesAreStrict() {
    check({
        {"plain", line("GET / HTTP/1.1"), 200},
        {"1.0 needs no host", "GET / HTTP/1.0\r\n\r\n", 200},
        {"an unknown method is the handler's", line("BREW / HTTP/1.1"), 200},
        {"one empty line before", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 200},
        {"two empty lines before", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"non-token method", line("G(T / HTTP/1.1"), 400},
        {"no method", line(" / HTTP/1.1"), 400},
        {"overlong method", line(std::string(33, 'A') + " / HTTP/1.1"), 400},
        {"no version", line("GET /"), 400},
        {"two spaces", line("GET  / HTTP/1.1"), 400},
        {"a space in the target", line("GET /a b HTTP/1.1"), 400},
        {"a tab", line("GET\t/ HTTP/1.1"), 400},
        {"a space at the end", line("GET / HTTP/1.1 "), 400},
        {"HTTP/2.0", line("GET / HTTP/2.0"), 505},
        {"the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {"HTTP/1.2", line("GET / HTTP/1.2"), 505},
        {"HTTP/9.9", line("GET / HTTP/9.9"), 505},
        {"HTTP/0.9", line("GET / HTTP/0.9"), 505},
        {"lower-case version", line("GET / http/1.1"), 400},
        {"HTTP/11", line("GET / HTTP/11"), 400},
        {"HTTP/1.10", line("GET / HTTP/1.10"), 400},
        {"HTTP/a.b", line("GET / HTTP/a.b"), 400},
        {"a TLS hello", std::string("\x16\x03\x01\x02\x00\x01", 6), 400},
        {"bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
        {"bare CR in the request line", "GET /\ra HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"CR CR LF", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", 400},
        {"NUL in the request line", std::string("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 29), 400},
        {"TRACE", line("TRACE / HTTP/1.1"), 501},
        {"CONNECT", line("CONNECT a:443 HTTP/1.1"), 501},
    });
  }

  void fieldsAreStrict() {
    check({
        {"blanks around a value", get("A: \t b c \t\r\n"), 200},
        {"an empty value", get("A:\r\n"), 200},
        {"bytes above 127 in a value", get("A: \xC3\xBC\xFF\r\n"), 200},
        {"a folded line", get("A: b\r\n c\r\n"), 400},
        {"a folded line by tab", get("A: b\r\n\tc\r\n"), 400},
        {"a fold before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
        {"space before the colon", get("A : b\r\n"), 400},
        {"tab before the colon", get("A\t: b\r\n"), 400},
        {"an empty name", get(": b\r\n"), 400},
        {"no colon", get("A b\r\n"), 400},
        {"a non-token name", get("A(b: c\r\n"), 400},
        {"NUL in a value", get(std::string_view("A: b\0c\r\n", 8)), 400},
        {"DEL in a value", get("A: b\x7F\r\n"), 400},
        {"bare CR in a value", get("A: b\rc\r\n"), 400},
        {"bare LF after a field", get("A: b\n"), 400},
        {"bare LF at the end of the head", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
        {"missing Host", "GET / HTTP/1.1\r\n\r\n", 400},
        {"two Hosts", get("Host: a\r\n"), 400},
        {"two Hosts on 1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400},
        {"a Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
        {"a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
        {"a Host with credentials", "GET / HTTP/1.1\r\nHost: me@a\r\n\r\n", 400},
        {"an address as Host", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 200},
        {"an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 200},
        {"another expectation", get("Expect: 200-ok\r\n"), 417},
        {"an unknown coding", post("Content-Encoding: br\r\nContent-Length: 1\r\n", "a"), 415},
        {"two codings", post("Content-Encoding: gzip, gzip\r\nContent-Length: 1\r\n", "a"), 415},
        {"two coding fields",
         post("Content-Encoding: gzip\r\nContent-Encoding: identity\r\nContent-Length: 1\r\n", "a"), 415},
    });
  }

  void framingIsUnambiguous() {
    const std::string both = "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n";
    check({
        {"a length", post("Content-Length: 3\r\n", "abc"), 200},
        {"leading zeros", post("Content-Length: 003\r\n", "abc"), 200},
        {"a short body", post("Content-Length: 3\r\n", "ab"), 0},
        {"length and chunked", post(both, "0\r\n\r\n"), 400},
        {"chunked and length", post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"), 400},
        {"two lengths that differ", post("Content-Length: 3\r\nContent-Length: 4\r\n", "abc"), 400},
        {"the same length twice", post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), 400},
        {"a list of lengths", post("Content-Length: 3, 3\r\n", "abc"), 400},
        {"a negative length", post("Content-Length: -1\r\n", ""), 400},
        {"a signed length", post("Content-Length: +3\r\n", "abc"), 400},
        {"a blank length", post("Content-Length: \r\n", ""), 400},
        {"a hex length", post("Content-Length: 0x3\r\n", "abc"), 400},
        {"a length with a blank", post("Content-Length: 1 2\r\n", "abc"), 400},
        {"a length beyond 64 bits", post("Content-Length: 99999999999999999999\r\n", ""), 400},
        {"a length beyond the limit", post("Content-Length: 9223372036854775808\r\n", ""), 413},
        {"an unknown transfer coding", post("Transfer-Encoding: gzip\r\n", "0\r\n\r\n"), 400},
        {"chunked not last", post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"), 400},
        {"chunked not alone", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 400},
        {"chunked twice in one", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), 400},
        {"chunked twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
        {"chunked with a parameter", post("Transfer-Encoding: chunked;a=b\r\n", "0\r\n\r\n"), 400},
        {"almost chunked", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 400},
        {"identity", post("Transfer-Encoding: identity\r\n", ""), 400},
        {"an empty transfer coding", post("Transfer-Encoding:\r\n", ""), 400},
        {"chunked in capitals", post("Transfer-Encoding: CHUNKED\r\n", "0\r\n\r\n"), 200},
        {"chunked on 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    });
  }

  void chunksAreStrict() {
    check({
        {"two chunks", chunks("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), 200},
        {"an extension", chunks("3;a=\"b\"\r\nabc\r\n0;x\r\n\r\n"), 200},
        {"trailers", chunks("0\r\nA: b\r\nC: d\r\n\r\n"), 200},
        {"no size", chunks("\r\nabc\r\n0\r\n\r\n"), 400},
        {"a size that is none", chunks("x\r\nabc\r\n0\r\n\r\n"), 400},
        {"a prefixed size", chunks("0x3\r\nabc\r\n0\r\n\r\n"), 400},
        {"a signed size", chunks("+3\r\nabc\r\n0\r\n\r\n"), 400},
        {"a negative size", chunks("-1\r\nabc\r\n0\r\n\r\n"), 400},
        {"a blank before the size", chunks(" 3\r\nabc\r\n0\r\n\r\n"), 400},
        {"a blank after the size", chunks("3 \r\nabc\r\n0\r\n\r\n"), 400},
        {"seventeen digits", chunks("00000000000000003\r\nabc\r\n0\r\n\r\n"), 400},
        {"a size beyond the limit", chunks("FFFFFFFFFFFFFFFF\r\n"), 413},
        {"bare LF after the size", chunks("3\nabc\r\n0\r\n\r\n"), 400},
        {"bare CR after the size", chunks("3\rabc\r\n0\r\n\r\n"), 400},
        {"a chunk too long", chunks("3\r\nabcd\r\n0\r\n\r\n"), 400},
        {"a chunk without line end", chunks("3\r\nabc0\r\n\r\n"), 400},
        {"bare LF after a chunk", chunks("3\r\nabc\n0\r\n\r\n"), 400},
        {"NUL in an extension", chunks(std::string_view("3;\0\r\nabc\r\n", 11)), 400},
        {"bare LF in an extension", chunks("3;a\nabc\r\n0\r\n\r\n"), 400},
        {"endless extensions", chunks("3;" + std::string(20'000, 'a') + "\r\nabc\r\n0\r\n\r\n"), 400},
        {"a trailer without colon", chunks("0\r\nA\r\n\r\n"), 400},
        {"a folded trailer", chunks("0\r\nA: b\r\n c\r\n\r\n"), 400},
        {"bare LF after a trailer", chunks("0\r\nA: b\n\r\n"), 400},
        {"NUL in a trailer", chunks(std::string_view("0\r\nA: \0\r\n\r\n", 11)), 400},
        {"endless trailers", chunks("0\r\nA: " + std::string(70'000, 'a') + "\r\n\r\n"), 431},
        {"no last chunk", chunks("3\r\nabc\r\n"), 0},
    });
    const Outcome outcome =
        parseAnyhow(chunks("3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nContent-Length: 9\r\n\r\nrest"));
    CPPUNIT_ASSERT_EQUAL(std::string("POST / ?\nhost=a\ntransfer-encoding=chunked\nabc0123456789"), outcome.text);
    CPPUNIT_ASSERT_EQUAL(std::size_t{4}, outcome.left);
  }

  void targetsAreDecodedStrictly() {
    const auto target = [](std::string_view text, std::string_view method = "GET") {
      return parseAnyhow(line(std::string(method) + " " + std::string(text) + " HTTP/1.1"));
    };
    const auto decodes = [&](std::string_view text, std::string_view expected, std::string_view method = "GET") {
      const Outcome outcome = target(text, method);
      CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(text), 200, outcome.status);
      CPPUNIT_ASSERT_EQUAL(std::string(method) + " " + std::string(expected) + "\nhost=a\n", outcome.text);
    };
    decodes("/a/b?c=%20d&e", "/a/b ?c=%20d&e");
    decodes("/%61%2Fb+c%25", "/a/b+c% ?");
    decodes("/%C3%BC/\xC3\xBC", "/\xC3\xBC/\xC3\xBC ?");
    decodes("/a?", "/a ?");
    decodes("/?a?b", "/ ?a?b");
    decodes("http://else.where:80/a?b", "/a ?b");
    decodes("HTTPS://else.where", "/ ?");
    decodes("http://else.where?b", "/ ?b");
    decodes("*", "/ ?", "OPTIONS");
    decodes("/..a/...", "/..a/... ?");
    for (const std::string_view bad :
         {"*",    "a",    "http://", "http:///a", "ftp://a/b", "/a#b",       "/%",      "/%4",
          "/%4g", "/%00", "/%FF",    "/%C3",      "/\xFF",     "/%ED%A0%80", "/%C0%AF", "/%F5%80%80%80",
          "/.",   "/..",  "/a/../b", "/a/./b",    "/a/..",     "/%2e%2E/b",  "/a%2F..", "/..?a"})
      CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(bad), 400, target(bad).status);
  }

  void limitsHold() {
    Limits limits;
    limits.request_line_bytes = 64;
    limits.header_bytes = 128;
    limits.header_count = 4;
    limits.body_bytes = 10;
    const auto status = [&](const std::string& bytes) { return parseAnyhow(bytes, limits).status; };
    CPPUNIT_ASSERT_EQUAL(414, status(line("GET /" + std::string(64, 'a') + " HTTP/1.1")));
    // 64 bytes with the line end: exactly the limit.
    CPPUNIT_ASSERT_EQUAL(200, status(line("GET /" + std::string(64 - 16, 'a') + " HTTP/1.1")));
    CPPUNIT_ASSERT_EQUAL(414, status(line("GET /" + std::string(64 - 15, 'a') + " HTTP/1.1")));
    CPPUNIT_ASSERT_EQUAL(431, status(get("A: " + std::string(128, 'a') + "\r\n")));
    CPPUNIT_ASSERT_EQUAL(200, status(get("A: b\r\nC: d\r\nE: f\r\n")));
    CPPUNIT_ASSERT_EQUAL(431, status(get("A: b\r\nC: d\r\nE: f\r\nG: h\r\n")));
    CPPUNIT_ASSERT_EQUAL(413, status(post("Content-Length: 11\r\n", "")));
    CPPUNIT_ASSERT_EQUAL(413, status(chunks("6\r\nabcdef\r\n5\r\n")));
    CPPUNIT_ASSERT_EQUAL(431, status(chunks("0\r\na:b\r\na:b\r\na:b\r\na:b\r\na:b\r\n\r\n")));
  }

  void manyFieldsAreRefusedEarly() {
    std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (int i = 0; i < 100'000; ++i) bytes += "a:b\r\n";
    const Limits limits;
    RequestParser parser(limits);
    std::string_view input = bytes;
    CPPUNIT_ASSERT(parser.parse(input) == RequestParser::Progress::kRefused);
    CPPUNIT_ASSERT_EQUAL(431, parser.refusal().status);
    CPPUNIT_ASSERT(bytes.size() - input.size() < 1'000);
  }

  void aBodyOfExactlyTheLimitIsTaken() {
    Limits limits;
    limits.body_bytes = 10;
    CPPUNIT_ASSERT_EQUAL(200, parseAnyhow(post("Content-Length: 10\r\n", "0123456789"), limits).status);
    CPPUNIT_ASSERT_EQUAL(200, parseAnyhow(chunks("6\r\n012345\r\n4\r\n6789\r\n0\r\n\r\n"), limits).status);
  }

  void everythingOfARequestIsThere() {
    const Outcome outcome =
        parseAnyhow("PUT /a%20b?q=1 HTTP/1.1\r\nHOST: x:1\r\nX-Thing:  One Two \r\nContent-Length: 5\r\n\r\nhelloGET");
    CPPUNIT_ASSERT_EQUAL(std::string("PUT /a b ?q=1\nhost=x:1\nx-thing=One Two\ncontent-length=5\nhello"),
                         outcome.text);
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, outcome.left);
  }

  void requestsFollowEachOther() {
    const Limits limits;
    RequestParser parser(limits);
    const std::string bytes = post("Content-Length: 3\r\n", "abc") + chunks("2\r\nde\r\n0\r\n\r\n") + get("");
    std::string_view input = bytes;
    for (const std::string_view body : {"abc", "de", ""}) {
      CPPUNIT_ASSERT(parser.parse(input) == RequestParser::Progress::kComplete);
      CPPUNIT_ASSERT_EQUAL(std::string(body), parser.request().body);
      CPPUNIT_ASSERT_EQUAL(std::size_t{body == "" ? 1u : 2u}, parser.request().headers.size());
      parser.reset();
      CPPUNIT_ASSERT(parser.isIdle());
    }
    CPPUNIT_ASSERT(input.empty());
  }

  void connectionsStayAsTheVersionSays() {
    const auto keeps = [](const std::string& bytes) {
      const Limits limits;
      RequestParser parser(limits);
      std::string_view input = bytes;
      CPPUNIT_ASSERT(parser.parse(input) == RequestParser::Progress::kComplete);
      return parser.keepsAlive();
    };
    CPPUNIT_ASSERT(keeps(get("")));
    CPPUNIT_ASSERT(!keeps(get("Connection: Close\r\n")));
    CPPUNIT_ASSERT(!keeps(get("Connection: keep-alive, close\r\n")));
    CPPUNIT_ASSERT(!keeps("GET / HTTP/1.0\r\n\r\n"));
    CPPUNIT_ASSERT(keeps("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
  }

  void continueIsAskedForOnce() {
    const Limits limits;
    RequestParser parser(limits);
    std::string bytes = post("Expect: 100-Continue\r\nContent-Length: 2\r\n", "");
    std::string_view input = bytes;
    CPPUNIT_ASSERT(parser.parse(input) == RequestParser::Progress::kMore);
    CPPUNIT_ASSERT(parser.isInBody());
    CPPUNIT_ASSERT(parser.takeContinue());
    CPPUNIT_ASSERT(!parser.takeContinue());
    bytes = post("Expect: 100-continue\r\nContent-Length: 99999999\r\n", "");
    RequestParser other(limits);
    input = bytes;
    CPPUNIT_ASSERT(other.parse(input) == RequestParser::Progress::kRefused);
    CPPUNIT_ASSERT_EQUAL(413, other.refusal().status);
  }

  void damagedRequestsNeverDependOnTheSplit() {
    const unsigned seed = std::random_device()();
    std::cout << " seed " << seed << std::flush;
    std::mt19937 random(seed);
    const std::vector<std::string> originals = {
        get("Accept: a, b\r\nConnection: close\r\n"), post("Content-Length: 11\r\n", "hello world"),
        chunks("3;x\r\nabc\r\n1\r\nd\r\n0\r\nT: u\r\n\r\n"), line("GET /%41?b HTTP/1.1")};
    Limits limits;
    limits.header_bytes = 120;
    limits.request_line_bytes = 40;
    limits.body_bytes = 20;
    const std::string_view odd("\r\n\0 \t:;,%/09afzA\x7F\xFF", 19);
    for (int round = 0; round < 20'000; ++round) {
      std::string bytes = originals[random() % originals.size()];
      for (unsigned change = random() % 4; change > 0; --change) {
        const std::size_t at = random() % bytes.size();
        const char c = odd[random() % odd.size()];
        if (random() % 3 == 0)
          bytes.insert(at, 1, c);
        else if (random() % 2 == 0)
          bytes.erase(at, 1);
        else
          bytes[at] = c;
      }
      std::vector<std::size_t> cuts;
      for (std::size_t at = random() % 20; at < bytes.size(); at += random() % 20) cuts.push_back(at);
      const Outcome whole = parsePieces(limits, bytes, {});
      CPPUNIT_ASSERT_MESSAGE(bytes, whole == parsePieces(limits, bytes, cuts));
      CPPUNIT_ASSERT_MESSAGE(bytes, whole == parsePieces(limits, bytes, everyByte(bytes.size())));
    }
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(RequestParserTest);

}  // namespace gyre::http
