// Requests to a store of series, each with a part of its answer or of its refusal.
#include "engine/promql/series_request.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

#include "engine/directory/ram_directory.hpp"
#include "engine/series/memory_source.hpp"
#include "engine/series/series_store.hpp"
#include "gyre/sample_batch.hpp"

namespace {

using gyre::engine::promql::answerSeriesRequest;
using gyre::engine::promql::QueryOptions;

gyre::engine::series::MemorySource someSeries() {
  gyre::engine::series::MemorySource source;
  source.add({{"__name__", "up"}, {"job", "a"}}, 60'000, 1);
  source.add({{"__name__", "up"}, {"job", "b\""}}, 61'500, 0.25);
  source.add({{"__name__", "big"}}, 60'000, 1e21);
  source.describe({"up", "gauge", "Whether it is.", ""});
  return source;
}

}  // namespace

class SeriesRequestTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(SeriesRequestTest);
  CPPUNIT_TEST(requestsAreAnsweredAsPrometheusWould);
  CPPUNIT_TEST(requestsThatAreWrongAreRefusedAsBadData);
  CPPUNIT_TEST(aQueryEndsAtItsDeadline);
  CPPUNIT_TEST(aListingEndsAtItsDeadline);
  CPPUNIT_TEST_SUITE_END();

 public:
  void requestsAreAnsweredAsPrometheusWould() {
    const auto source = someSeries();
    const std::pair<const char*, const char*> cases[] = {
        {R"({"promql":"up{job=\"a\"}","time":60500})",
         R"({"resultType":"vector","result":[{"metric":{"__name__":"up","job":"a"},"value":[60.500,"1"]}]})"},
        {R"({"promql":"up","start":"60","end":"1970-01-01T00:01:02Z","step":"1s"})",
         R"({"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"a"},"values":[[60,"1"],[61,"1"],[62,"1"]]},)"
         R"({"metric":{"__name__":"up","job":"b\""},"values":[[62,"0.25"]]}]})"},
        {R"({"promql":"big / 1","time":"61.005"})", R"([61.005,"1e+21"])"},
        {R"_({"promql":"1e-7 * scalar(up{job=\"a\"})","time":60000})_",
         R"({"resultType":"scalar","result":[60,"1e-07"]})"},
        {R"({"promql":"1","start":0,"end":"2","step":"2"})",
         R"({"resultType":"matrix","result":[{"metric":{},"values":[[0,"1"],[2,"1"]]}]})"},
        {R"({"promql":"'é\\n'","time":0})", R"({"resultType":"string","result":[0,"é\n"]})"},
        {R"({"promql":"'\\xff'","time":0})", "\"\xEF\xBF\xBD\""},
        {R"({"promql":"big[1m]","time":60000})", R"("values":[[60,"1e+21"]])"},
        {R"({"series":{"match":["up","big"]}})",
         R"([{"__name__":"big"},{"__name__":"up","job":"a"},{"__name__":"up","job":"b\""}])"},
        {R"({"series":{"match":["{job=~\".+\"}"],"start":0,"end":120000,"limit":1}})",
         R"([{"__name__":"up","job":"a"}])"},
        {R"({"labels":{}})", R"(["__name__","job"])"},
        {R"({"label_values":{"label":"job","match":["up"]}})", R"(["a","b\""])"},
        {R"_({"promql":"count({__name__=~\".+\"})","time":61500})_", R"("value":[61.500,"3"])"},
        {R"_({"promql":"count({__name__=~\".+\"} or last_over_time(big[1m:1s]))","time":61500,"where":{"job":"a"}})_",
         R"("value":[61.500,"1"])"},
        {R"({"series":{"match":["up","big"]},"where":{"job":"a"}})", R"([{"__name__":"up","job":"a"}])"},
        {R"({"labels":{},"where":{"job":""}})", R"(["__name__"])"},
        {R"({"labels":{"match":[]},"where":{"job":""}})", R"(["__name__"])"},
        {R"({"label_values":{"label":"job"},"where":{"job":"a"}})", R"(["a"])"},
        {R"({"metadata":{},"where":{"job":"nobody"}})", R"({})"},
        {R"({"metadata":{},"where":{"job":"a"}})", R"({"up":[)"},
        {R"({"metadata":{"metric":"up"}})", R"({"up":[{"type":"gauge","help":"Whether it is.","unit":""}]})"},
    };
    for (const auto& [request, part] : cases) {
      const auto answer = answerSeriesRequest(source, request, {});
      if (!answer.isOk()) CPPUNIT_FAIL(std::string(request) + ": " + std::string(answer.status().message()));
      CPPUNIT_ASSERT_MESSAGE(std::string(request) + " answers " + *answer, answer->find(part) != std::string::npos);
    }
  }

  void requestsThatAreWrongAreRefusedAsBadData() {
    const auto source = someSeries();
    const std::pair<const char*, const char*> cases[] = {
        {"{", ""},
        {"{}", "one of promql, series"},
        {R"({"labels":{},"series":{}})", "one of promql, series"},
        {R"({"promql":"up"})", "there is no start"},
        {R"({"promql":"up","time":1,"step":1})", "either time or start"},
        {R"({"promql":"up","time":"soon"})", "invalid parameter \"time\": cannot parse \"soon\" to a valid timestamp"},
        {R"({"promql":"up","time":"NaN"})", "to a valid timestamp"},
        {R"({"promql":"up","time":"1e30"})", "to a valid timestamp"},
        {R"({"promql":"up","start":1,"end":2,"step":"x"})", "invalid parameter \"step\": cannot parse \"x\""},
        {R"({"promql":"up","start":1,"end":2,"step":0})", "invalid parameter \"step\": zero or negative"},
        {R"({"promql":"up","start":2,"end":1,"step":1})",
         "invalid parameter \"end\": end timestamp must not be before"},
        {R"({"promql":"up(","time":1})", "invalid parameter \"query\": 1:4: parse error"},
        {R"({"promql":"up","time":-9223372036854775808})", "time is out of range"},
        {R"({"promql":7,"time":1})", "request.promql: expected a string"},
        {R"({"promql":"up","time":1,"tune":1})", "unknown member \"tune\""},
        {R"({"series":{}})", "no match[] parameter"},
        {R"({"series":{"match":["up + 1"]}})", "match[] \"up + 1\": 1:4: parse error"},
        {R"({"label_values":{"label":"a-b"}})", "invalid label name"},
        {R"({"labels":{"limit":-1}})", "labels.limit"},
        {R"({"where":{"job":"a"}})", "one of promql, series"},
        {R"({"labels":{},"where":{"job":1}})", "where: expected texts"},
        {R"({"promql":"up","time":1,"where":"x"})", "where: expected an object"},
    };
    for (const auto& [request, part] : cases) {
      const auto answer = answerSeriesRequest(source, request, {});
      CPPUNIT_ASSERT_MESSAGE(request, !answer.isOk());
      const std::string message(answer.status().message());
      CPPUNIT_ASSERT_EQUAL_MESSAGE(message, std::string("bad_data"), std::string(answer.status().reason()));
      CPPUNIT_ASSERT_MESSAGE(std::string(request) + ": " + message, message.find(part) != std::string::npos);
    }
  }

  void aQueryEndsAtItsDeadline() {
    const auto source = someSeries();
    gyre::base::ManualClock clock(1'000'000);
    QueryOptions options;
    options.evaluation_limits.clock = &clock;
    const char* const request = R"({"promql":"up","time":60000,"timeout":"30s"})";
    CPPUNIT_ASSERT(answerSeriesRequest(source, request, options).isOk());
    options.evaluation_limits.deadline_nanos = clock.monotonicNanos() - 1;
    const auto late = answerSeriesRequest(source, request, options);
    CPPUNIT_ASSERT(!late.isOk());
    CPPUNIT_ASSERT_EQUAL(std::string("timeout"), std::string(late.status().reason()));
    const std::atomic<bool> is_cancelled = true;
    options.evaluation_limits = {};
    options.evaluation_limits.is_cancelled = &is_cancelled;
    const auto cancelled = answerSeriesRequest(source, request, options);
    CPPUNIT_ASSERT(!cancelled.isOk());
    CPPUNIT_ASSERT_EQUAL(std::string("canceled"), std::string(cancelled.status().reason()));
  }

  void aListingEndsAtItsDeadline() {
    gyre::engine::RamDirectory directory;
    const auto store = gyre::engine::series::SeriesStore::open(directory, {});
    gyre::SampleBatchWriter writer;
    writer.sample(writer.series({{"__name__", "up"}, {"job", "a"}}), 60'000, 1);
    const std::string bytes = writer.finish();
    CPPUNIT_ASSERT(store.value()->apply(gyre::SampleBatch::read(bytes).value(), 1).isOk());
    gyre::base::ManualClock clock(1'000'000);
    QueryOptions options;
    options.evaluation_limits.clock = &clock;
    for (const char* const request :
         {R"({"series":{"match":["up"]}})", R"({"labels":{}})", R"({"labels":{"match":["up"]}})",
          R"({"label_values":{"label":"job"}})", R"({"metadata":{},"where":{"job":"a"}})"}) {
      options.evaluation_limits.deadline_nanos = clock.monotonicNanos() + 1;
      CPPUNIT_ASSERT_MESSAGE(request, answerSeriesRequest(*store.value(), request, options).isOk());
      options.evaluation_limits.deadline_nanos = clock.monotonicNanos() - 1;
      const auto late = answerSeriesRequest(*store.value(), request, options);
      CPPUNIT_ASSERT_MESSAGE(request, !late.isOk());
      CPPUNIT_ASSERT_EQUAL_MESSAGE(request, std::string("timeout"), std::string(late.status().reason()));
    }
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SeriesRequestTest);
