#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

#include "server/search/opensearch/bulk_body.hpp"
#include "server/search/opensearch/bulk_pace.hpp"
#include "server/search/opensearch/failure.hpp"
#include "server/search/opensearch/product.hpp"

namespace gyre::search {

class BulkTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(BulkTest);
  CPPUNIT_TEST(anOperationIsOneLineOrTwo);
  CPPUNIT_TEST(whatWouldFailItsNeighboursIsNotSent);
  CPPUNIT_TEST(everyStatusHasItsVerdict);
  CPPUNIT_TEST(anAnswerThatDoesNotFitIsNone);
  CPPUNIT_TEST(thePaceFollowsTheCluster);
  CPPUNIT_TEST(aSmallRequestProvesNothing);
  CPPUNIT_TEST(failuresAreTold);
  CPPUNIT_TEST(productsAreTold);
  CPPUNIT_TEST_SUITE_END();

 public:
  using Verdict = BulkItem::Verdict;

  void anOperationIsOneLineOrTwo() {
    std::string body;
    writeOperation({BulkOperation::Kind::kIndex, "a\"b", 7, "{\n\"n\":\r\n1}", false}, "{\n\"n\":\r\n1}", body);
    writeOperation({BulkOperation::Kind::kIndex, "c", 8, "{}", true}, "{}", body);
    writeOperation({BulkOperation::Kind::kDelete, "d", 9, {}, false}, {}, body);
    CPPUNIT_ASSERT_EQUAL(std::string("{\"index\":{\"_id\":\"a\\\"b\",\"version\":7,\"version_type\":\"external\"}}\n"
                                     "{ \"n\":  1}\n"
                                     "{\"index\":{\"_id\":\"c\",\"version\":8,\"version_type\":\"external_gte\"}}\n"
                                     "{}\n"
                                     "{\"delete\":{\"_id\":\"d\",\"version\":9,\"version_type\":\"external\"}}\n"),
                         body);
  }

  void whatWouldFailItsNeighboursIsNotSent() {
    CPPUNIT_ASSERT(refusalOf({BulkOperation::Kind::kIndex, std::string(512, 'i'), 1, "{}", false}).empty());
    for (const std::string& id : {std::string(), std::string(513, 'i')})
      CPPUNIT_ASSERT(!refusalOf({BulkOperation::Kind::kIndex, id, 1, "{}", false}).empty());
    CPPUNIT_ASSERT(!refusalOf({BulkOperation::Kind::kIndex, "a", ~std::uint64_t{0}, "{}", false}).empty());
  }

  void everyStatusHasItsVerdict() {
    struct Row {
      const char* item;
      Verdict verdict;
      bool is_slowed, is_missing;
    };
    const Row rows[] = {
        {R"({"index":{"status":201}})", Verdict::kOk, false, false},
        {R"({"index":{"status":200}})", Verdict::kOk, false, false},
        {R"({"delete":{"status":404}})", Verdict::kOk, false, false},
        {R"({"index":{"status":409,"error":{"type":"version_conflict_engine_exception","reason":"r"}}})", Verdict::kOk,
         false, false},
        {R"({"index":{"status":429,"error":{"type":"rejected_execution_exception","reason":"r"}}})", Verdict::kRetry,
         true, false},
        {R"({"index":{"status":503,"error":{"type":"unavailable_shards_exception","reason":"r"}}})", Verdict::kRetry,
         true, false},
        {R"({"index":{"status":500,"error":{"type":"i_o_exception","reason":"r"}}})", Verdict::kRetry, true, false},
        {R"({"index":{"status":403,"error":{"type":"cluster_block_exception","reason":"read-only"}}})", Verdict::kRetry,
         true, false},
        {R"({"index":{"status":403,"error":{"type":"security_exception","reason":"r"}}})", Verdict::kRetry, true,
         false},
        {R"({"index":{"status":404,"error":{"type":"index_not_found_exception","reason":"r"}}})", Verdict::kRetry,
         false, true},
        {R"({"index":{"status":400,"error":{"type":"mapper_parsing_exception","reason":"r","caused_by":{"reason":"inner"}}}})",
         Verdict::kRefuse, false, false},
        {R"({"index":{"status":413,"error":{"type":"too_large","reason":"r"}}})", Verdict::kRefuse, false, false},
    };
    for (const Row& row : rows) {
      const auto answer =
          readBulkAnswer(R"({"errors":true,"items":[)" + std::string(row.item) + R"(,{"index":{"status":201}}]})", 2);
      CPPUNIT_ASSERT_MESSAGE(row.item, answer.isOk());
      CPPUNIT_ASSERT_MESSAGE(row.item,
                             answer->items[0].verdict == row.verdict && answer->items[1].verdict == Verdict::kOk);
      CPPUNIT_ASSERT_EQUAL_MESSAGE(row.item, row.is_slowed, answer->is_slowed);
      CPPUNIT_ASSERT_EQUAL_MESSAGE(row.item, row.is_missing, answer->is_missing);
      CPPUNIT_ASSERT_EQUAL_MESSAGE(row.item, row.verdict == Verdict::kOk, answer->items[0].cause.empty());
    }
    for (const char* taken :
         {R"({"index":{"status":201}})", R"({"index":{"status":200}})", R"({"delete":{"status":200}})",
          R"({"delete":{"status":404}})", R"({ "index" : {"status":201}})"}) {
      const auto answer =
          readBulkAnswer(R"({"errors":false,"items":[{"index":{"status":201}},)" + std::string(taken) + "]}", 2);
      CPPUNIT_ASSERT_MESSAGE(taken, answer.isOk() && answer->items.size() == 2 && !answer->is_missing);
      for (const BulkItem& item : answer->items) CPPUNIT_ASSERT(item.verdict == Verdict::kOk);
    }
    const auto refused = readBulkAnswer(R"({"items":[)" + std::string(rows[10].item) + "]}", 1);
    CPPUNIT_ASSERT_EQUAL(std::string("mapper_parsing_exception: r: inner"), refused->items[0].cause);
  }

  void anAnswerThatDoesNotFitIsNone() {
    for (const char* body : {"", "<html>", "{}", R"({"items":[]})", R"({"items":[{"index":{}}]})",
                             R"({"items":[{"index":{"status":201}}})", R"({"errors":false,"items":[]})",
                             R"({"errors":false,"items":[{"index":{"status":201}}]})"
                             "}",
                             R"({"errors":false,"items":[{"index":{"status":201}},{"index":{"status":201}}]})"})
      CPPUNIT_ASSERT_EQUAL_MESSAGE(body, std::string("malformed_response"),
                                   std::string(readBulkAnswer(body, 1).status().reason()));
  }

  void thePaceFollowsTheCluster() {
    BulkPace pace(3);
    CPPUNIT_ASSERT_EQUAL(BulkPace::kFirstParallel, pace.parallel());
    for (unsigned i = 0; i < BulkPace::kTakenForMore; ++i) pace.taken(pace.bytes());
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, pace.parallel());
    CPPUNIT_ASSERT_EQUAL(BulkPace::kFirstBytes, pace.bytes());
    for (std::size_t before = 0; before < BulkPace::kMostBytes;) {
      before = pace.bytes();
      for (unsigned i = 0; i < BulkPace::kTakenForMore; ++i) pace.taken(pace.bytes());
      CPPUNIT_ASSERT(pace.bytes() > before || pace.bytes() == BulkPace::kMostBytes);
    }
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, pace.parallel());
    pace.rejected();
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, pace.parallel());
    CPPUNIT_ASSERT_EQUAL(BulkPace::kMostBytes / 2, pace.bytes());
    for (int i = 0; i < 20; ++i) pace.rejected();
    CPPUNIT_ASSERT_EQUAL(BulkPace::kLeastBytes, pace.bytes());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{21}, pace.rejections());
  }

  void aSmallRequestProvesNothing() {
    BulkPace pace(4);
    for (int i = 0; i < 1'000; ++i) pace.taken(100);
    CPPUNIT_ASSERT_EQUAL(BulkPace::kFirstBytes, pace.bytes());
    CPPUNIT_ASSERT_EQUAL(BulkPace::kFirstParallel, pace.parallel());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, BulkPace(1).parallel());
  }

  void failuresAreTold() {
    const auto told = [](int status, std::string body) {
      HttpResponse response;
      response.status = status;
      response.body = std::move(body);
      return failureOf(response);
    };
    const Status bad = told(
        400,
        R"({"error":{"root_cause":[{"type":"parsing_exception","reason":"unknown query [no]"}],"type":"x","reason":"y"}})");
    CPPUNIT_ASSERT(bad.code() == Code::kInvalidArgument);
    CPPUNIT_ASSERT_EQUAL(std::string("parsing_exception"), std::string(bad.reason()));
    CPPUNIT_ASSERT_EQUAL(std::string("parsing_exception: unknown query [no]"), std::string(bad.message()));
    CPPUNIT_ASSERT_EQUAL(std::string("index_missing"), std::string(told(404, "{}").reason()));
    CPPUNIT_ASSERT_EQUAL(std::string("search_engine_refused"), std::string(told(401, "Unauthorized").reason()));
    CPPUNIT_ASSERT_EQUAL(std::string("search_engine_busy"), std::string(told(429, "{}").reason()));
    const Status garbage = told(500, "<html>\n\x01oops");
    CPPUNIT_ASSERT(garbage.code() == Code::kUnavailable);
    CPPUNIT_ASSERT(garbage.message().find("<html>  oops") != std::string_view::npos);
  }

  void productsAreTold() {
    const auto told = [](Product expected, std::string_view body) {
      const auto found = readProduct(body);
      return found.isOk() ? std::string(checkProduct(expected, *found).reason()) : std::string(found.status().reason());
    };
    const auto openSearch = [](const std::string& number) {
      return R"({"version":{"number":")" + number + R"(","distribution":"opensearch"}})";
    };
    const auto elasticsearch = [](const std::string& number) {
      return R"({"version":{"number":")" + number + R"("},"tagline":"You Know, for Search"})";
    };
    for (const char* number : {"1.0.0", "2.19.6", "3.1.0", "7.10.2"})
      CPPUNIT_ASSERT_EQUAL(std::string("ok"), told(Product::kOpenSearch, openSearch(number)));
    for (const char* number : {"7.10.0", "7.17.29", "8.15.1"})
      CPPUNIT_ASSERT_EQUAL(std::string("ok"), told(Product::kElasticsearch, elasticsearch(number)));
    CPPUNIT_ASSERT_EQUAL(std::string("unsupported_search_engine"), told(Product::kOpenSearch, openSearch("4.0.0")));
    CPPUNIT_ASSERT_EQUAL(std::string("unsupported_search_engine"),
                         told(Product::kElasticsearch, elasticsearch("7.9.3")));
    CPPUNIT_ASSERT_EQUAL(std::string("unsupported_search_engine"),
                         told(Product::kElasticsearch, elasticsearch("9.0.0")));
    CPPUNIT_ASSERT_EQUAL(std::string("unsupported_search_engine"), told(Product::kElasticsearch, openSearch("2.19.6")));
    CPPUNIT_ASSERT_EQUAL(std::string("unsupported_search_engine"),
                         told(Product::kOpenSearch, elasticsearch("7.17.29")));
    for (const char* other : {"", "hello", "{}", R"({"version":"1"})", R"({"version":{"number":"x"}})",
                              R"({"version":{"number":"9.4.1","distribution":"solr"}})",
                              R"({"version":{"number":"5.0.0"},"tagline":"another"})"})
      CPPUNIT_ASSERT_EQUAL_MESSAGE(other, std::string("unknown_search_engine"), told(Product::kOpenSearch, other));
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(BulkTest);

}  // namespace gyre::search
