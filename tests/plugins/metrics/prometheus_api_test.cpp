// Parameters of Prometheus' HTTP API and the requests to the store that they become; answers and errors.
#include "plugins/metrics/prometheus_api.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

namespace gyre::metrics {

class PrometheusApiTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(PrometheusApiTest);
  CPPUNIT_TEST(parametersBecomeARequest);
  CPPUNIT_TEST(aKeysOrganisationConfinesTheRequest);
  CPPUNIT_TEST(valuesThatAreNoTextsAreRefused);
  CPPUNIT_TEST(answersAndErrorsHavePrometheusForm);
  CPPUNIT_TEST_SUITE_END();

 public:
  void parametersBecomeARequest() {
    const struct {
      ApiRoute route;
      const char* parameters;
      const char* request;
    } cases[] = {
        {ApiRoute::kQuery, R"({"query":["up"]})", R"({"promql":"up","time":1500})"},
        {ApiRoute::kQuery, R"({"query":"up{a=\"b\"}","time":"1.5","timeout":"5s","stats":"all"})",
         R"({"promql":"up{a=\"b\"}","time":"1.5","timeout":"5s"})"},
        {ApiRoute::kQuery, "{}", R"({"promql":"","time":1500})"},
        {ApiRoute::kQueryRange, R"({"query":["up","down"],"start":["1"],"end":["2"],"step":["15s"]})",
         R"({"promql":"up","start":"1","end":"2","step":"15s"})"},
        {ApiRoute::kQueryRange, R"({"query":"up"})", R"({"promql":"up","start":"","end":"","step":""})"},
        {ApiRoute::kSeries, R"({"match[]":["up","{a=\"b\"}"],"start":["1"]})",
         R"({"series":{"match":["up","{a=\"b\"}"],"start":"1"}})"},
        {ApiRoute::kLabels, R"({"limit":"007"})", R"({"labels":{"limit":7}})"},
        {ApiRoute::kLabelValues, R"({"name":"job","match[]":"up","end":"9"})",
         R"({"label_values":{"label":"job","match":["up"],"end":"9"}})"},
        {ApiRoute::kMetadata, R"({"metric":"up","limit":"1"})", R"({"metadata":{"metric":"up","limit":1}})"},
    };
    for (const auto& one : cases) {
      const auto document = json::Document::parse(one.parameters);
      CPPUNIT_ASSERT(document.isOk());
      const auto request = planApi(one.route, document->root(), 1500, "");
      CPPUNIT_ASSERT_MESSAGE(one.parameters, request.isOk());
      CPPUNIT_ASSERT_EQUAL(std::string(one.request), *request);
    }
  }

  void aKeysOrganisationConfinesTheRequest() {
    const auto document = json::Document::parse(R"({"query":"up","match[]":"up","name":"job"})");
    for (const ApiRoute route : {ApiRoute::kQuery, ApiRoute::kQueryRange, ApiRoute::kSeries, ApiRoute::kLabels,
                                 ApiRoute::kLabelValues, ApiRoute::kMetadata}) {
      const auto request = planApi(route, document->root(), 1500, "acme");
      CPPUNIT_ASSERT(request.isOk());
      CPPUNIT_ASSERT_MESSAGE(*request, request->ends_with(R"(,"where":{"organization_id":"acme"}})"));
    }
  }

  void valuesThatAreNoTextsAreRefused() {
    for (const char* parameters :
         {R"({"match[]":[1]})", R"({"start":{}})", R"({"limit":"many"})", R"({"limit":"-1"})"}) {
      const auto document = json::Document::parse(parameters);
      const auto request = planApi(ApiRoute::kSeries, document->root(), 0, "");
      CPPUNIT_ASSERT_MESSAGE(parameters, !request.isOk());
      CPPUNIT_ASSERT_EQUAL(std::string("bad_data"), std::string(request.status().reason()));
    }
  }

  void answersAndErrorsHavePrometheusForm() {
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"status":"success","data":["a"]})"), presentApi(R"(["a"])"));
    const struct {
      Status failure;
      int http_status;
      const char* type;
    } cases[] = {{{Code::kInvalidArgument, "bad_data", "no \"query\""}, 400, "bad_data"},
                 {{Code::kUnprocessable, "execution", "x"}, 422, "execution"},
                 {{Code::kDeadlineExceeded, "timeout", "x"}, 503, "timeout"},
                 {{Code::kUnavailable, "canceled", "x"}, 503, "canceled"},
                 {{Code::kCorruption, "x"}, 500, "internal"}};
    for (const auto& one : cases) {
      const ApiRefusal refusal = refuseApi(one.failure);
      CPPUNIT_ASSERT_EQUAL(one.http_status, refusal.http_status);
      CPPUNIT_ASSERT(refusal.body.starts_with(std::string(R"({"status":"error","errorType":")") + one.type + "\""));
    }
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"status":"error","errorType":"bad_data","error":"no \"query\""})"),
                         refuseApi(cases[0].failure).body);
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PrometheusApiTest);

}  // namespace gyre::metrics
