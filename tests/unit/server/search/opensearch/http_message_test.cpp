#include "server/search/opensearch/http_message.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

#include "server/search/opensearch/gzip.hpp"
#include "server/search/opensearch/node_address.hpp"

namespace gyre::search {

class HttpMessageTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(HttpMessageTest);
  CPPUNIT_TEST(responsesAreReadHoweverTheyArrive);
  CPPUNIT_TEST(whatIsCutShortIsNoResponse);
  CPPUNIT_TEST(whatIsNotHttpIsRefused);
  CPPUNIT_TEST(anInterimResponseIsPassedOver);
  CPPUNIT_TEST(aBodyWithoutLengthEndsWithTheConnection);
  CPPUNIT_TEST(segmentsAreEncoded);
  CPPUNIT_TEST(gzipBothWays);
  CPPUNIT_TEST(addresses);
  CPPUNIT_TEST_SUITE_END();

 public:
  static constexpr const char* kChunked =
      "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;x=1\r\n{\"a\":\r\n2\r\n1}\r\n0\r\nTrailer: x\r\n\r\n";
  static constexpr const char* kPlain =
      "HTTP/1.1 404 Not Found\r\nX-elastic-product: Elasticsearch\r\nContent-Encoding: GZIP\r\nContent-Length: "
      "7\r\n\r\n{\"a\":1}";

  void responsesAreReadHoweverTheyArrive() {
    for (const std::string text : {kChunked, kPlain}) {
      for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        ResponseReader reader(1'000);
        CPPUNIT_ASSERT(reader.isEmpty());
        bool is_complete = false;
        for (std::size_t at = 0; at < text.size(); at += piece) {
          CPPUNIT_ASSERT(!is_complete);
          const auto fed = reader.feed(std::string_view(text).substr(at, piece));
          CPPUNIT_ASSERT_MESSAGE(std::string(fed.status().message()), fed.isOk());
          is_complete = *fed;
        }
        CPPUNIT_ASSERT(is_complete && !reader.isEmpty());
        const HttpResponse response = reader.take();
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"a":1})"), response.body);
        CPPUNIT_ASSERT(response.keeps_alive);
        CPPUNIT_ASSERT_EQUAL(text == kPlain ? 404 : 200, response.status);
        CPPUNIT_ASSERT_EQUAL(std::string(text == kPlain ? "gzip" : ""), response.content_encoding);
      }
    }
  }

  void whatIsCutShortIsNoResponse() {
    for (const std::string text : {kChunked, kPlain}) {
      for (std::size_t size = 0; size < text.size(); ++size) {
        ResponseReader reader(1'000);
        const auto fed = reader.feed(std::string_view(text).substr(0, size));
        CPPUNIT_ASSERT(fed.isOk() && !*fed);
        CPPUNIT_ASSERT_EQUAL(std::string("malformed_response"), std::string(reader.end().reason()));
      }
    }
  }

  void whatIsNotHttpIsRefused() {
    for (const std::string text :
         {"SSH-2.0-OpenSSH\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
          "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n1",
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1", "HTTP/1.1 200 OK\r\n\r\nbody",
          "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n12",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n123\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"}) {
      ResponseReader reader(1'000);
      const auto fed = reader.feed(text);
      CPPUNIT_ASSERT_MESSAGE(text, !fed.isOk());
      CPPUNIT_ASSERT_EQUAL(std::string("malformed_response"), std::string(fed.status().reason()));
    }
  }

  void anInterimResponseIsPassedOver() {
    ResponseReader reader(1'000);
    const auto fed = reader.feed("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    CPPUNIT_ASSERT(fed.isOk() && *fed);
    CPPUNIT_ASSERT_EQUAL(200, reader.take().status);
  }

  void aBodyWithoutLengthEndsWithTheConnection() {
    ResponseReader reader(10);
    auto fed = reader.feed("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"a\":1");
    CPPUNIT_ASSERT(fed.isOk() && !*fed);
    fed = reader.feed("}");
    CPPUNIT_ASSERT(fed.isOk() && !*fed && reader.end().isOk());
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"a":1})"), reader.take().body);
    CPPUNIT_ASSERT(!reader.feed("more than ten").isOk());
  }

  void segmentsAreEncoded() {
    CPPUNIT_ASSERT_EQUAL(std::string("a%20b%2F%3F%23%25%22%C3%BC-._~"), encodeSegment("a b/?#%\"ü-._~"));
  }

  void gzipBothWays() {
    std::string plain;
    for (int i = 0; i < 50'000; ++i) plain += std::to_string(i);
    const std::string packed = packGzip(plain);
    CPPUNIT_ASSERT(packed.size() < plain.size());
    const auto unpacked = unpackGzip(packed, plain.size());
    CPPUNIT_ASSERT(unpacked.isOk() && *unpacked == plain);
    CPPUNIT_ASSERT(!unpackGzip(packed, plain.size() - 1).isOk());
    for (const std::size_t size : {std::size_t{0}, std::size_t{5}, packed.size() / 2, packed.size() - 1})
      CPPUNIT_ASSERT_EQUAL(
          std::string("malformed_response"),
          std::string(unpackGzip(std::string_view(packed).substr(0, size), 1u << 20).status().reason()));
  }

  void addresses() {
    const auto read = [](std::string_view text) {
      const auto address = parseNodeAddress(text);
      return address.isOk() ? address->text() : std::string("refused");
    };
    CPPUNIT_ASSERT_EQUAL(std::string("http://a:9200"), read("http://a:9200"));
    CPPUNIT_ASSERT_EQUAL(std::string("https://a.b:9243/behind/proxy"), read("https://a.b:9243/behind/proxy/"));
    CPPUNIT_ASSERT_EQUAL(std::string("http://[::1]:9201"), read("http://[::1]:9201/"));
    CPPUNIT_ASSERT_EQUAL(std::string("http://a:80"), read("http://a:80"));
    CPPUNIT_ASSERT_EQUAL(std::string("http://a:9200"), read("http://a"));
    for (const char* bad : {"", "a:9200", "ftp://a:9200", "http://", "http://a:0", "http://a:99999",
                            "http://u:p@a:9200", "http://a:9200/?q=1"})
      CPPUNIT_ASSERT_EQUAL(std::string("refused"), read(bad));
    CPPUNIT_ASSERT(parseNodeAddress("http://u:secret@a:1").status().message().find("secret") == std::string_view::npos);
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(HttpMessageTest);

}  // namespace gyre::search
