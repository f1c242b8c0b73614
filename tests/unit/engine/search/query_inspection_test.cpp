// Are queries described, and scores explained, in the dialect's words?
#include <cppunit/extensions/HelperMacros.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/directory/ram_directory.hpp"
#include "engine/index.hpp"
#include "engine/search/query_inspection.hpp"

namespace {

using gyre::engine::SearchTarget;

}  // namespace

class QueryInspectionTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(QueryInspectionTest);
  CPPUNIT_TEST(queriesAreDescribed);
  CPPUNIT_TEST(aTermIsExplained);
  CPPUNIT_TEST(clausesAreExplained);
  CPPUNIT_TEST(whatDoesNotMatchSaysSo);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override {
    gyre::engine::IndexOptions options;
    options.name = "test";
    options.merge_in_background = false;
    auto opened = gyre::engine::Index::open(
        directory_,
        R"({"mappings":{"properties":{"t":{"type":"text"},"u":{"type":"text"},"k":{"type":"keyword"},)"
        R"("n":{"type":"long"},"b":{"type":"boolean"}}}})",
        options, observer_);
    CPPUNIT_ASSERT(opened.isOk());
    index_ = std::move(opened).value();
    const std::pair<const char*, const char*> documents[] = {
        {"1", R"({"t":"the quick brown fox jumps","u":"quick fox","k":"a","n":1,"b":true})"},
        {"2", R"({"t":"quick quick brown dog","u":"brown cow","n":2})"},
        {"3", R"({"t":"lazy brown dog sleeps the brown fox","u":"lazy"})"},
        {"4", R"({"t":["one two three","four five"],"u":"fox jump quick"})"}};
    std::vector<gyre::engine::Operation> operations;
    for (const auto& [id, source] : documents) {
      gyre::engine::Operation operation;
      operation.id = id;
      operation.version = operations.size() + 1;
      operation.source = source;
      operations.push_back(operation);
    }
    CPPUNIT_ASSERT(index_->apply(operations, operations.size()).isOk());
    CPPUNIT_ASSERT(index_->refresh().isOk());
    target_.index_name = "test";
    target_.snapshot = index_->snapshot();
  }

  // Beside OpenSearch's own answers for the same queries.
  void queriesAreDescribed() {
    const std::pair<const char*, const char*> cases[] = {
        {R"({"match_all":{}})", "*:*"},
        {R"({"match_all":{"boost":2}})", "(*:*)^2.0"},
        {R"({"term":{"t":"quick"}})", "t:quick"},
        {R"({"term":{"k":{"value":"A","boost":2}}})", "(k:A)^2.0"},
        {R"({"term":{"n":1}})", "IndexOrDocValuesQuery(indexQuery=n:[1 TO 1], dvQuery=n:[1 TO 1])"},
        {R"({"term":{"b":true}})", "b:T"},
        {R"({"terms":{"t":["x","quick"]}})", "t:(quick x)"},
        {R"({"exists":{"field":"n"}})", "ConstantScore(FieldExistsQuery [field=n])"},
        {R"({"prefix":{"t":"qu"}})", "t:qu*"},
        {R"({"wildcard":{"t":"q*k"}})", "t:q*k"},
        {R"({"regexp":{"t":"q.*k"}})", "t:/q.*k/"},
        {R"({"fuzzy":{"t":"quikc"}})", "t:quikc~1"},
        {R"({"match":{"t":{"query":"quick brown","operator":"and"}}})", "+t:quick +t:brown"},
        {R"({"match":{"t":{"query":"quick brown fox","minimum_should_match":2}}})", "(t:quick t:brown t:fox)~2"},
        {R"({"match_phrase":{"t":{"query":"quick brown","slop":2}}})", "t:\"quick brown\"~2"},
        {R"({"match_phrase_prefix":{"t":"quick bro"}})", "t:\"quick bro*\""},
        {R"({"match_bool_prefix":{"t":"quick bro"}})", "t:quick t:bro*"},
        {R"({"multi_match":{"query":"quick brown","fields":["t","u^2"]}})",
         "((t:quick t:brown) | (u:quick u:brown)^2.0)"},
        {R"({"multi_match":{"query":"quick","fields":["t","u^2"],"type":"cross_fields"}})",
         "blended(terms:[t:quick, u:quick^2.0])"},
        {R"({"bool":{"must":[{"term":{"t":"a"}}],"must_not":[{"term":{"t":"b"}}],"filter":[{"term":{"t":"c"}}],)"
         R"("should":[{"term":{"t":"d"}},{"term":{"t":"e"}}],"minimum_should_match":1,"boost":2}})",
         "((+t:a -t:b t:d t:e #t:c)~1)^2.0"},
        {R"({"bool":{"must_not":[{"term":{"t":"b"}}]}})", "-t:b #*:*"},
        {R"({"dis_max":{"queries":[{"term":{"t":"a"}},{"term":{"t":"b"}}],"tie_breaker":0.3}})", "(t:a | t:b)~0.3"},
        {R"({"query_string":{"query":"quick +(brown fox)^2 -u:x","default_field":"t"}})",
         "t:quick +(t:brown t:fox)^2.0 -u:x"},
    };
    for (const auto& [query, expected] : cases) {
      const auto described = describeQuery(target_, std::string("{\"query\":") + query + "}", 0);
      CPPUNIT_ASSERT_MESSAGE(query, described.isOk());
      CPPUNIT_ASSERT_EQUAL_MESSAGE(query, std::string(expected), described.value());
    }
  }

  void aTermIsExplained() {
    const std::string json = explain(R"({"term":{"t":"quick"}})", "1");
    for (const char* const part :
         {R"({"value":0.7069183,"description":"weight(t:quick in 0) [PerFieldSimilarity], result of:")",
          R"("score(freq=1.0), computed as boost * idf * tf from:")", R"({"value":2.2,"description":"boost")",
          R"({"value":2,"description":"n, number of documents containing term")",
          R"({"value":4,"description":"N, total number of documents with field")",
          R"({"value":5.25,"description":"avgdl, average length of field")"})
      CPPUNIT_ASSERT_MESSAGE(json, json.find(part) != std::string::npos);
  }

  void clausesAreExplained() {
    const std::string sum = explain(
        R"({"bool":{"must":[{"term":{"t":"quick"}}],"filter":[{"term":{"n":1}}],"should":[{"term":{"t":"x"}}]}})", "1");
    CPPUNIT_ASSERT_MESSAGE(sum, sum.find(R"({"value":0.7069183,"description":"sum of:")") == 0);
    CPPUNIT_ASSERT_MESSAGE(sum, sum.find("match on required clause, product of:") != std::string::npos);
    const std::string phrase = explain(R"({"match_phrase":{"t":"quick brown"}})", "1");
    CPPUNIT_ASSERT_MESSAGE(phrase, phrase.find("phraseFreq=1.0") != std::string::npos);
    const std::string weighed = explain(R"({"function_score":{"query":{"term":{"t":"quick"}},"weight":3}})", "1");
    CPPUNIT_ASSERT_MESSAGE(weighed, weighed.find("function score, product of:") != std::string::npos);
    CPPUNIT_ASSERT_MESSAGE(weighed, weighed.find("maxBoost") != std::string::npos);
  }

  void whatDoesNotMatchSaysSo() {
    const auto missing = explainDocument(target_, R"({"query":{"term":{"t":"nope"}}})", "1", 0);
    CPPUNIT_ASSERT(missing.isOk() && missing.value().has_document && !missing.value().is_match);
    CPPUNIT_ASSERT(!explainDocument(target_, R"({"query":{"match_all":{}}})", "9", 0).value().has_document);
    CPPUNIT_ASSERT(!explainDocument(target_, R"({"query":{"foo":{}}})", "1", 0).isOk());
  }

 private:
  std::string explain(const std::string& query, std::string_view id) {
    const auto reply = explainDocument(target_, "{\"query\":" + query + "}", id, 0);
    CPPUNIT_ASSERT_MESSAGE(query, reply.isOk() && reply.value().is_match);
    return reply.value().json;
  }

  gyre::engine::RamDirectory directory_;
  gyre::base::NullObserver observer_;
  std::unique_ptr<gyre::engine::Index> index_;
  SearchTarget target_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(QueryInspectionTest);
