#include "server/http/content_coding.hpp"

#include <cppunit/extensions/HelperMacros.h>
#include <libdeflate.h>
#include <sys/resource.h>

#include <algorithm>
#include <functional>
#include <iostream>
#include <random>

namespace gyre::http {

namespace {

using Compress = std::size_t (*)(libdeflate_compressor*, const void*, std::size_t, void*, std::size_t);

std::string pack(Compress compress, std::string_view plain) {
  libdeflate_compressor* const state = libdeflate_alloc_compressor(6);
  std::string packed(plain.size() + 1'000, '\0');
  packed.resize(compress(state, plain.data(), plain.size(), packed.data(), packed.size()));
  libdeflate_free_compressor(state);
  return packed;
}
std::string gzip(std::string_view plain) { return pack(libdeflate_gzip_compress, plain); }

long peakKibibytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

constexpr std::size_t kLimit = 1u << 20;

// The status of the refusal, or 200.
int unpack(ContentCoding coding, std::string& body, std::size_t limit = kLimit) {
  const std::optional<Refusal> refusal = unpackBody(coding, limit, body);
  return refusal ? refusal->status : 200;
}

Response textOf(std::size_t size, std::string type = "application/json") {
  Response response;
  response.content_type = std::move(type);
  response.body.assign(size, 'a');
  return response;
}

bool isPacked(const Response& response) {
  return std::count(response.headers.begin(), response.headers.end(),
                    std::pair<std::string, std::string>("Content-Encoding", "gzip")) == 1;
}

}  // namespace

class ContentCodingTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ContentCodingTest);
  CPPUNIT_TEST(everyCodingUnpacks);
  CPPUNIT_TEST(membersAreJoined);
  CPPUNIT_TEST(damageIsRefused);
  CPPUNIT_TEST(theLimitIsExact);
  CPPUNIT_TEST(bombsTakeBoundedMemory);
  CPPUNIT_TEST(aSizeThatLiesIsNotBelieved);
  CPPUNIT_TEST(weightsDecide);
  CPPUNIT_TEST(onlyLargeTextsArePacked);
  CPPUNIT_TEST(whatIsPackedUnpacks);
  CPPUNIT_TEST_SUITE_END();

 public:
  void everyCodingUnpacks() {
    const unsigned seed = std::random_device()();
    std::cout << " seed " << seed << std::flush;
    std::mt19937 random(seed);
    for (const std::size_t size : {0u, 1u, 100u, 70'000u, 300'000u}) {
      std::string plain(size, '\0');
      for (char& c : plain) c = static_cast<char>('a' + random() % 5);
      for (const auto& [coding, compress] : {std::pair{ContentCoding::kGzip, &libdeflate_gzip_compress},
                                             std::pair{ContentCoding::kDeflate, &libdeflate_zlib_compress},
                                             std::pair{ContentCoding::kDeflate, &libdeflate_deflate_compress}}) {
        std::string body = pack(compress, plain);
        CPPUNIT_ASSERT_EQUAL(200, unpack(coding, body));
        CPPUNIT_ASSERT(plain == body);
      }
    }
    CPPUNIT_ASSERT(parseContentCoding("X-GZip") == ContentCoding::kGzip);
    CPPUNIT_ASSERT(parseContentCoding("deflate") == ContentCoding::kDeflate);
    CPPUNIT_ASSERT(parseContentCoding("identity") == ContentCoding::kIdentity);
    CPPUNIT_ASSERT(!parseContentCoding("gzip, identity"));
  }

  void membersAreJoined() {
    const std::string large(200'000, 'x');
    std::string body = gzip("one ") + gzip("") + gzip(large) + gzip(" end");
    CPPUNIT_ASSERT_EQUAL(200, unpack(ContentCoding::kGzip, body));
    CPPUNIT_ASSERT("one " + large + " end" == body);
  }

  void damageIsRefused() {
    const std::string packed = gzip(std::string(5'000, 'a') + "some text");
    for (std::size_t at = 0; at < packed.size(); ++at) {
      std::string cut = packed.substr(0, at);
      CPPUNIT_ASSERT_EQUAL(400, unpack(ContentCoding::kGzip, cut));
    }
    std::string flipped = packed;
    flipped[packed.size() / 2] = static_cast<char>(flipped[packed.size() / 2] ^ 0x10);
    CPPUNIT_ASSERT_EQUAL(400, unpack(ContentCoding::kGzip, flipped));
    std::string followed = packed + "garbage";
    CPPUNIT_ASSERT_EQUAL(400, unpack(ContentCoding::kGzip, followed));
    std::string zlib_followed = pack(libdeflate_zlib_compress, "text") + "garbage";
    CPPUNIT_ASSERT_EQUAL(400, unpack(ContentCoding::kDeflate, zlib_followed));
    std::string plain = "not packed at all";
    CPPUNIT_ASSERT_EQUAL(400, unpack(ContentCoding::kGzip, plain));
  }

  void theLimitIsExact() {
    std::string fits = gzip(std::string(kLimit, 'a'));
    CPPUNIT_ASSERT_EQUAL(200, unpack(ContentCoding::kGzip, fits));
    CPPUNIT_ASSERT_EQUAL(kLimit, fits.size());
    std::string above = gzip(std::string(kLimit + 1, 'a'));
    CPPUNIT_ASSERT_EQUAL(413, unpack(ContentCoding::kGzip, above));
    std::string deflated = pack(libdeflate_zlib_compress, std::string(kLimit + 1, 'a'));
    CPPUNIT_ASSERT_EQUAL(413, unpack(ContentCoding::kDeflate, deflated));
    std::string joined = gzip(std::string(kLimit, 'a')) + gzip("b");
    CPPUNIT_ASSERT_EQUAL(413, unpack(ContentCoding::kGzip, joined));
  }

  void bombsTakeBoundedMemory() {
    std::string bomb = gzip(std::string(kLimit - 1, '\0'));
    for (int doubling = 0; doubling < 9; ++doubling) bomb += bomb;  // half a gigabyte, in 512 members
    CPPUNIT_ASSERT(bomb.size() < kLimit);
    const long before = peakKibibytes();
    CPPUNIT_ASSERT_EQUAL(413, unpack(ContentCoding::kGzip, bomb));
    CPPUNIT_ASSERT(peakKibibytes() - before < 8 << 10);
  }

  void aSizeThatLiesIsNotBelieved() {
    std::string small = gzip("hello");
    for (std::size_t i = 1; i <= 4; ++i) small[small.size() - i] = static_cast<char>(0xFF);
    CPPUNIT_ASSERT_EQUAL(400, unpack(ContentCoding::kGzip, small, std::size_t{1} << 40));
  }

  void weightsDecide() {
    for (const char* yes : {"gzip", "GZIP", "deflate, gzip;q=0.5", "*", "br;q=1.0, gzip;q=0.001", "gzip ; q=1",
                            "x-gzip", "gzip;q=0.5, identity;q=0.5", "identity;q=0, *"})
      CPPUNIT_ASSERT_MESSAGE(yes, allowsGzip(yes));
    for (const char* no : {"", "identity", "gzip;q=0", "gzip;q=0.000", "*;q=0", "gzip;q=0, *", "br",
                           "gzip;q=0.5, identity", "gzip;q=x", "gzip;level=1", "gzip;q=1.5", "gzip;q=0.1234"})
      CPPUNIT_ASSERT_MESSAGE(no, !allowsGzip(no));
  }

  void onlyLargeTextsArePacked() {
    for (const char* type :
         {"application/json", "text/plain; charset=utf-8", "application/problem+json", "application/x-ndjson",
          "image/svg+xml", "text/javascript", "application/vnd.elasticsearch+json;compatible-with=8"}) {
      Response response = textOf(1'024, type);
      packBody(response, true);
      CPPUNIT_ASSERT_MESSAGE(type, isPacked(response));
    }
    for (const char* type :
         {"text/event-stream", "Text/Event-Stream; charset=utf-8", "image/png", "application/octet-stream", ""}) {
      Response response = textOf(10'000, type);
      packBody(response, true);
      CPPUNIT_ASSERT_MESSAGE(type, !isPacked(response) && response.headers.empty());
    }
    Response small = textOf(1'023);
    packBody(small, true);
    CPPUNIT_ASSERT(!isPacked(small));
    Response coded = textOf(10'000);
    coded.headers.emplace_back("content-encoding", "br");
    packBody(coded, true);
    CPPUNIT_ASSERT(!isPacked(coded));
    Response unasked = textOf(10'000);
    packBody(unasked, false);
    CPPUNIT_ASSERT(!isPacked(unasked));
    CPPUNIT_ASSERT_EQUAL(std::string("Vary"), unasked.headers.at(0).first);
  }

  void whatIsPackedUnpacks() {
    Response response = textOf(100'000);
    packBody(response, true);
    CPPUNIT_ASSERT(response.body.size() < 1'000);
    CPPUNIT_ASSERT_EQUAL(200, unpack(ContentCoding::kGzip, response.body));
    CPPUNIT_ASSERT(response.body == std::string(100'000, 'a'));
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ContentCodingTest);

}  // namespace gyre::http
