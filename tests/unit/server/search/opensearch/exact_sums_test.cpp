#include "server/search/opensearch/exact_sums.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

namespace gyre::search {

class ExactSumsTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ExactSumsTest);
  CPPUNIT_TEST(onlyMarkedWholeNumbersAreTaken);
  CPPUNIT_TEST(innerObjectsHaveTheirs);
  CPPUNIT_TEST(whatIsPutIntoASourceComesOutAgain);
  CPPUNIT_TEST(partsMakeUpTheirNumber);
  CPPUNIT_TEST(sumsGetTheirPartsBesideThem);
  CPPUNIT_TEST(answersHaveExactSums);
  CPPUNIT_TEST(beyondExactnessIsRefused);
  CPPUNIT_TEST_SUITE_END();

 public:
  static Result<ExactSums> read(std::string_view properties) {
    const auto document = json::Document::parse(properties);
    CPPUNIT_ASSERT(document.isOk());
    return ExactSums::read(document->root());
  }
  static ExactSums sums() {
    return std::
        move(read(
                 R"({"m":{"type":"long","meta":{"sum":"exact"}},"n":{"type":"long"},"k":{"type":"integer","meta":{"sum":"exact"}}})"))
            .value();
  }

  void onlyMarkedWholeNumbersAreTaken() {
    CPPUNIT_ASSERT(read(R"({"n":{"type":"long","meta":{"unit":"ms"}}})")->isEmpty());
    CPPUNIT_ASSERT(!read(R"({"n":{"type":"double","meta":{"sum":"exact"}}})").isOk());
    CPPUNIT_ASSERT(!read(R"({"o":{"properties":{"n":{"type":"double","meta":{"sum":"exact"}}}}})").isOk());
    CPPUNIT_ASSERT_EQUAL(std::string("{}"), property(R"({"n":{"type":"long","meta":{"unit":"ms"}}})"));
    CPPUNIT_ASSERT_EQUAL(
        std::string(R"({"gyre_sums":{"properties":{"m":{"properties":{"high":{"type":"long","index":false},)"
                    R"("low":{"type":"long","index":false}}}}}})"),
        property(R"({"n":{"type":"long"},"m":{"type":"long","meta":{"sum":"exact"}}})"));
  }
  static std::string property(std::string_view properties) {
    const auto document = json::Document::parse(properties);
    std::string property;
    JsonWriter writer(property);
    writer.beginObject();
    ExactSums::writeProperty(document->root(), writer);
    writer.endObject();
    return property;
  }

  // Parts stand in the object that has their number: a nested document's are its own.
  void innerObjectsHaveTheirs() {
    const auto sums = read(
        R"({"o":{"properties":{"m":{"type":"long","meta":{"sum":"exact"}},"i":{"properties":{"k":{"type":"long","meta":{"sum":"exact"}}}}}},)"
        R"("lines":{"type":"nested","properties":{"m":{"type":"long","meta":{"sum":"exact"}}}},"p":{"properties":{"m":{"type":"long"}}}})");
    CPPUNIT_ASSERT(sums.isOk());
    const std::string source =
        R"( {"lines" :[ {"m":1,"x":"}"},{"x":2} ,7,{"m": 67108865 } ],"p":{"m":1},"o":{"i":{"k":-1},"n":1}, "m":5 })";
    std::string extended = sums->extend(source);
    CPPUNIT_ASSERT_EQUAL(
        std::string(
            R"( {"lines" :[ {"m":1,"x":"}","gyre_sums":{"m":{"high":0,"low":1}}},{"x":2} ,7,{"m": 67108865 ,"gyre_sums":{"m":{"high":1,"low":1}}} ],)"
            R"("p":{"m":1},"o":{"i":{"k":-1,"gyre_sums":{"k":{"high":-1,"low":67108863}}},"n":1}, "m":5 })"),
        extended);
    ExactSums::strip(extended);
    CPPUNIT_ASSERT_EQUAL(source, extended);
    const auto request = sums->extendRequest(
        R"({"aggs":{"a":{"sum":{"field":"o.i.k"}},"n":{"nested":{"path":"lines"},"aggs":{"b":{"sum":{"field":"lines.m"}},"c":{"sum":{"field":"p.m"}}}}}})");
    CPPUNIT_ASSERT(request);
    CPPUNIT_ASSERT_EQUAL(
        std::string(
            R"({"aggs":{"a":{"sum":{"field":"o.i.k"}},"a~high":{"sum":{"field":"o.i.gyre_sums.k.high"}},"a~low":{"sum":{"field":"o.i.gyre_sums.k.low"}},)"
            R"("n":{"nested":{"path":"lines"},"aggs":{"b":{"sum":{"field":"lines.m"}},"b~high":{"sum":{"field":"lines.gyre_sums.m.high"}},)"
            R"("b~low":{"sum":{"field":"lines.gyre_sums.m.low"}},"c":{"sum":{"field":"p.m"}}}}}})"),
        *request);
  }

  void whatIsPutIntoASourceComesOutAgain() {
    for (const std::string source : {R"({"m":1})", R"( {"m" : 999999999999999999, "s":"}" , "k":-5 } )", R"({"n":1})",
                                     R"({})", R"({"m":null})", R"({"m":1.5})", R"({"m":)", "[]"}) {
      std::string extended = sums().extend(source);
      const bool is_extended = extended != source;
      CPPUNIT_ASSERT_EQUAL(source.find("\"m\":1}") != std::string::npos || source.find("\"k\"") != std::string::npos,
                           is_extended);
      std::string hit = R"({"hits":[{"_source":)" + extended + R"(},{"_source":)" + extended + "}]}";
      ExactSums::strip(extended);
      ExactSums::strip(hit);
      const std::string kept = is_extended ? source.substr(0, source.rfind('}') + 1) : source;
      CPPUNIT_ASSERT_EQUAL(kept, extended);
      CPPUNIT_ASSERT_EQUAL(R"({"hits":[{"_source":)" + kept + R"(},{"_source":)" + kept + "}]}", hit);
    }
  }

  void partsMakeUpTheirNumber() {
    for (const std::int64_t value :
         {std::int64_t{0}, std::int64_t{1}, std::int64_t{67'108'863}, std::int64_t{67'108'864},
          std::int64_t{999'999'999'999'999'999}, std::int64_t{-1}, std::int64_t{-67'108'865}}) {
      const std::string extended = sums().extend("{\"m\":" + std::to_string(value) + "}");
      const auto document = json::Document::parse(extended);
      CPPUNIT_ASSERT(document.isOk());
      const json::Value parts = document->root()["gyre_sums"]["m"];
      CPPUNIT_ASSERT_EQUAL(value, *parts["high"].integer() * 67'108'864 + *parts["low"].integer());
      CPPUNIT_ASSERT(*parts["low"].integer() >= 0 && *parts["low"].integer() < 67'108'864);
    }
  }

  void sumsGetTheirPartsBesideThem() {
    CPPUNIT_ASSERT(!sums().extendRequest(R"({"query":{"match_all":{}}})"));
    CPPUNIT_ASSERT(!sums().extendRequest(R"({"aggs":{"a":{"sum":{"field":"n"}}}})"));
    CPPUNIT_ASSERT(
        !sums().extendRequest(R"({"query":{"match":{"sum":"aggs"}},"aggs":{"a":{"sum":{"field":"m","missing":1}}}})"));
    const auto extended = sums().extendRequest(
        R"({"size":0,"aggs":{"by":{"terms":{"field":"c"},"aggs":{"a":{"sum":{"field":"m"}},"b":{"avg":{"field":"m"}}}}}})");
    CPPUNIT_ASSERT(extended);
    CPPUNIT_ASSERT_EQUAL(
        std::string(
            R"({"size":0,"aggs":{"by":{"terms":{"field":"c"},"aggs":{"a":{"sum":{"field":"m"}},"a~high":{"sum":{"field":"gyre_sums.m.high"}},)"
            R"("a~low":{"sum":{"field":"gyre_sums.m.low"}},"b":{"avg":{"field":"m"}}}}}})"),
        *extended);
  }

  void answersHaveExactSums() {
    const auto merged = ExactSums::mergeAnswer(
        R"({"took":1,"hits":{"hits":[]},"aggregations":{"by":{"buckets":[{"key":"x","doc_count":2,"a":{"value":1.0E18},)"
        R"("a~high":{"value":1.4901161193E10},"a~low":{"value":7.1303169E7},"z":{"value":null}}]}}})");
    CPPUNIT_ASSERT_MESSAGE(std::string(merged.status().message()), merged.isOk());
    // 14901161193 * 2^26 + 71303169
    CPPUNIT_ASSERT_EQUAL(
        std::string(
            R"({"took":1,"hits":{"hits":[]},"aggregations":{"by":{"buckets":[{"key":"x","doc_count":2,"a":{"value":1000000000014417921.0},"z":{"value":null}}]}}})"),
        *merged);
  }

  void beyondExactnessIsRefused() {
    const auto merged = ExactSums::mergeAnswer(
        R"({"aggregations":{"a":{"value":1.0},"a~high":{"value":0.0},"a~low":{"value":9.007199254740992E15}}})");
    CPPUNIT_ASSERT(merged.status().code() == Code::kUnprocessable);
    CPPUNIT_ASSERT_EQUAL(std::string("sum_beyond_exactness"), std::string(merged.status().reason()));
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ExactSumsTest);

}  // namespace gyre::search
