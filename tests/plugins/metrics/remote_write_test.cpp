#include <cppunit/extensions/HelperMacros.h>
#include <protozero/pbf_writer.hpp>

#include <bit>
#include <limits>
#include <utility>

#include "tests/plugins/metrics/metrics_fixture.hpp"

namespace gyre::metrics {
namespace {

using gyre::test::StreamScenario;
using test::kNow;

struct Written {
  std::vector<std::pair<std::string, std::string>> labels;
  std::vector<std::pair<std::int64_t, double>> samples;  // milliseconds since kNow
};

std::string writeRequest(const std::vector<Written>& all) {
  std::string out;
  protozero::pbf_writer request(out);
  for (const Written& each : all) {
    protozero::pbf_writer series(request, 1);
    for (const auto& [name, value] : each.labels) {
      protozero::pbf_writer label(series, 1);
      label.add_string(1, name);
      label.add_string(2, value);
    }
    for (const auto& [time, value] : each.samples) {
      protozero::pbf_writer sample(series, 2);
      sample.add_double(1, value);
      sample.add_int64(2, kNow + time);
    }
  }
  return out;
}

}  // namespace

class RemoteWriteTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(RemoteWriteTest);
  CPPUNIT_TEST(samplesAreTaken);
  CPPUNIT_TEST(everyValueIsKeptBitForBit);
  CPPUNIT_TEST(metadataIsTaken);
  CPPUNIT_TEST(whatIsWrongWithASampleIsSaidOfThatSample);
  CPPUNIT_TEST(aCutOffBodyIsRefused);
  CPPUNIT_TEST(aFieldOfTheWrongTypeIsRefused);
  CPPUNIT_TEST(aKeysOrganisationIsALabel);
  CPPUNIT_TEST_SUITE_END();

  void samplesAreTaken() {
    StreamScenario scenario(describe);
    scenario.send("remote_write", writeRequest({{{{"__name__", "up"}, {"job", "api"}}, {{0, 1}, {15'000, 0}}},
                                                {{{"host", "a"}, {"__name__", "load"}}, {{-1, 2.5}}}}));
    scenario.thenRecordCount(1).thenRejects({});
    CPPUNIT_ASSERT_EQUAL(std::string("up{job=\"api\"} 1 @0\nup{job=\"api\"} 0 @15000\nload{host=\"a\"} 2.5 @-1\n"),
                         test::joined(test::samplesOf(scenario)));
    scenario.send("remote_write", "").thenRecordCount(0);
  }

  void everyValueIsKeptBitForBit() {
    using Doubles = std::numeric_limits<double>;
    const std::vector<double> values = {std::bit_cast<double>(std::uint64_t{0x7ff0000000000002}),
                                        Doubles::quiet_NaN(),
                                        Doubles::infinity(),
                                        -Doubles::infinity(),
                                        -0.0,
                                        Doubles::denorm_min()};
    Written written{{{"__name__", "odd"}}, {}};
    for (std::size_t i = 0; i < values.size(); ++i) written.samples.emplace_back(i, values[i]);
    StreamScenario scenario(describe);
    scenario.send("remote_write", writeRequest({written})).thenRecordCount(1).thenRejects({});
    const auto records = scenario.records();
    const auto batch = SampleBatch::read(records[0].record).value();
    for (std::size_t i = 0; i < values.size(); ++i)
      CPPUNIT_ASSERT_EQUAL(std::bit_cast<std::uint64_t>(values[i]),
                           std::bit_cast<std::uint64_t>(batch.sample(i).value));
  }

  void metadataIsTaken() {
    std::string body;
    protozero::pbf_writer request(body);
    {
      protozero::pbf_writer metadata(request, 3);
      metadata.add_enum(1, 1);
      metadata.add_string(2, "http_requests_total");
      metadata.add_string(4, "Requests answered.");
      metadata.add_string(5, "requests");
    }
    StreamScenario scenario(describe);
    scenario.send("remote_write", body).thenRecordCount(1);
    CPPUNIT_ASSERT_EQUAL(std::string("http_requests_total counter Requests answered.\n"),
                         test::joined(test::descriptionsOf(scenario)));
  }

  void whatIsWrongWithASampleIsSaidOfThatSample() {
    Written many{{{"__name__", "many"}}, {{0, 1}}};
    for (int i = 0; i < 10'000; ++i) many.labels.emplace_back("l" + std::to_string(i), "v");
    const std::string mega(1 << 20, 'x');
    StreamScenario scenario(describe);
    scenario.send("remote_write", writeRequest({{{{"__name__", "good"}}, {{0, 1}}},
                                                many,
                                                {{{"__name__", "long"}, {"path", mega}}, {{0, 1}, {1, 2}}},
                                                {{{"__name__", "twice"}, {"a", "1"}, {"a", "2"}}, {{0, 1}}},
                                                {{{"job", "nameless"}}, {{0, 1}}},
                                                {{{"__name__", "bad\xff"}}, {{0, 1}}},
                                                {{{"__name__", "early"}}, {{-kNow - 1, 1}}},
                                                {{{"__name__", "late"}}, {{86'400'001, 1}, {86'400'000, 1}}}}));
    scenario.thenRejects({{1, "expected at most 128 labels, found 10001"},
                          {2, "label path: expected a value of at most 4096 bytes, found 1048576"},
                          {3, "label path: expected a value"},
                          {4, "label a is there twice"},
                          {5, "the series has no name"},
                          {6, "label __name__: expected UTF-8"},
                          {7, "time -1: expected milliseconds since 1970"},
                          {8, "expected at most 86400 seconds in the future"}});
    CPPUNIT_ASSERT_EQUAL(std::string("good 1 @0\nlate 1 @86400000\n"), test::joined(test::samplesOf(scenario)));
  }

  void aCutOffBodyIsRefused() {
    const std::string whole = writeRequest({{{{"__name__", "up"}}, {{0, 1}}}, {{{"__name__", "down"}}, {{0, 1}}}});
    std::size_t refused = 0;
    for (std::size_t size = 1; size < whole.size(); ++size) {
      StreamScenario scenario(describe);
      scenario.send("remote_write", whole.substr(0, size));
      if (scenario.status().isOk()) continue;  // cut between two series
      ++refused;
      scenario.thenRefused(Code::kInvalidArgument, {}, "cut off after sample");
      CPPUNIT_ASSERT(scenario.records().empty());
    }
    CPPUNIT_ASSERT(refused >= whole.size() - 3);
  }

  // The first field as a number, where a series is expected; and a sample's value as one.
  void aFieldOfTheWrongTypeIsRefused() {
    StreamScenario scenario(describe);
    scenario.send("remote_write", std::string_view("\x08\x05", 2))
        .thenRefused(Code::kInvalidArgument, {}, "not of the type");
    scenario.send("remote_write", std::string_view("\x0a\x04\x12\x02\x08\x05", 6))
        .thenRefused(Code::kInvalidArgument, {}, "not of the type");
    scenario.send("otlp", std::string_view("\x08\x05", 2)).thenRefused(Code::kInvalidArgument, {}, "not of the type");
  }

  void aKeysOrganisationIsALabel() {
    StreamScenario scenario(describe);
    scenario.as("org-1").send("remote_write",
                              writeRequest({{{{"__name__", "up"}, {"organization_id", "org-2"}}, {{0, 1}}}}));
    CPPUNIT_ASSERT_EQUAL(std::string("up{organization_id=\"org-1\"} 1 @0\n"), test::joined(test::samplesOf(scenario)));
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(RemoteWriteTest);

}  // namespace gyre::metrics
