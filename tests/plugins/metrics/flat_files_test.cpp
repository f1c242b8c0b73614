#include "plugins/metrics/flat_files.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "tests/plugins/metrics/metrics_fixture.hpp"

namespace gyre::metrics {
namespace {
using gyre::test::StreamScenario;
}

class FlatFilesTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(FlatFilesTest);
  CPPUNIT_TEST(pathsNameSeries);
  CPPUNIT_TEST(csvIsTaken);
  CPPUNIT_TEST(theSampleFileIsTakenWhole);
  CPPUNIT_TEST(badRowsAreNamedAndTheRestKept);
  CPPUNIT_TEST(numbersOfDocumentsAreTaken);
  CPPUNIT_TEST_SUITE_END();

  void pathsNameSeries() {
    const PathSeries series = seriesOfPath("data/realAWSCloudwatch/ec2_cpu_utilization_24ae8d.csv.gz");
    CPPUNIT_ASSERT_EQUAL(std::string("ec2_cpu_utilization"), series.name);
    CPPUNIT_ASSERT(series.labels == (std::vector<std::pair<std::string, std::string>>{{"folder", "realAWSCloudwatch"},
                                                                                      {"instance", "24ae8d"}}));
    CPPUNIT_ASSERT_EQUAL(std::string("iio_us_east_1_i_a2eb1cd9_NetworkIn"),
                         seriesOfPath("iio_us-east-1_i-a2eb1cd9_NetworkIn.csv").name);
    CPPUNIT_ASSERT(seriesOfPath("grok_asg_anomaly.csv").labels.empty());
  }

  void csvIsTaken() {
    StreamScenario scenario(describe);
    scenario.urlParameters(R"({"path":"a/load_i1.csv","job":"x"})")
        .send("csv", "timestamp,value\n2024-01-01 00:00:00,1.5\r\n1704067201,2\n1704067202000,\"3\"\n");
    scenario.thenRejects({});
    CPPUNIT_ASSERT_EQUAL(std::string("load{folder=\"a\",instance=\"i1\",job=\"x\"} 1.5 @0\n"
                                     "load{folder=\"a\",instance=\"i1\",job=\"x\"} 2 @1000\n"
                                     "load{folder=\"a\",instance=\"i1\",job=\"x\"} 3 @2000\n"),
                         test::joined(test::samplesOf(scenario)));
    scenario.urlParameters(R"({"name":"disk"})")
        .send("csv", "read ops,time,writes\n1,1704067200000,2\n,1704067201000,3\n");
    CPPUNIT_ASSERT_EQUAL(std::string("disk_read_ops 1 @0\ndisk_writes 2 @0\ndisk_writes 3 @1000\n"),
                         test::joined(test::samplesOf(scenario)));
  }

  // Figures by the benchmark's own file: sum, least and greatest were reckoned with Python's fsum.
  void theSampleFileIsTakenWhole() {
    const std::string path = "realAWSCloudwatch/ec2_cpu_utilization_24ae8d.csv";
    std::ifstream file(std::string(GYRE_SOURCE_DIR) + "/plugins/metrics/sample/" + path);
    std::ostringstream text;
    text << file.rdbuf();
    StreamScenario scenario(describe);
    scenario.urlParameters("{\"path\":\"" + path + "\"}").send("csv", text.str());
    scenario.thenRejects({}).thenRecordCount(1);
    const auto records = scenario.records();
    const auto batch = SampleBatch::read(records[0].record).value();
    CPPUNIT_ASSERT_EQUAL(std::size_t{4032}, batch.sampleCount());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, batch.seriesCount());
    double sum = 0, least = 1e9, greatest = 0;
    for (std::size_t i = 0; i < batch.sampleCount(); ++i) {
      sum += batch.sample(i).value;
      least = std::min(least, batch.sample(i).value);
      greatest = std::max(greatest, batch.sample(i).value);
    }
    CPPUNIT_ASSERT_DOUBLES_EQUAL(509.254, sum, 1e-9);
    CPPUNIT_ASSERT_EQUAL(0.066, least);
    CPPUNIT_ASSERT_EQUAL(2.344, greatest);
  }

  void badRowsAreNamedAndTheRestKept() {
    StreamScenario scenario(describe);
    scenario.urlParameters(R"({"name":"m"})")
        .send("csv", "timestamp,value\nsoon,1\n1704067200,x\n1704067200,1,2\n1704067200,7\n");
    scenario.thenRejects({{1, "expected a time, found \"soon\""},
                          {2, "expected a number, found \"x\""},
                          {3, "expected 2 fields, found 3"}});
    CPPUNIT_ASSERT_EQUAL(std::string("m 7 @0\n"), test::joined(test::samplesOf(scenario)));
    scenario.send("csv", "a,b\n1,2\n")
        .thenRefused(Code::kInvalidArgument, {}, "expected a header with a column timestamp");
    scenario.urlParameters("{}")
        .send("csv", "timestamp,value\n")
        .thenRefused(Code::kInvalidArgument, {}, "name or path");
  }

  void numbersOfDocumentsAreTaken() {
    StreamScenario scenario(describe);
    scenario.urlParameters(R"({"name":"nginx","host":"h"})")
        .send(
            "json",
            R"({"timestamp":1704067200500,"address":"1.2.3.4","connections":{"accepted":8995031000},"server_zones":{"hg.nginx.org":{"responses":{"2xx":5}}},"upstreams":{"trac-backend":{"peers":[{"id":7,"backup":true}]}}})"
            "\n[1]\nnonsense\n");
    scenario.thenRejects({{1, "expected a JSON object"}, {2, ""}});
    CPPUNIT_ASSERT_EQUAL(
        std::string("nginx_connections_accepted{host=\"h\"} 8995031000 @500\n"
                    "nginx_server_zones_responses{host=\"h\",responses=\"2xx\",server_zones=\"hg.nginx.org\"} 5 @500\n"
                    "nginx_upstreams_peers_id{host=\"h\",peers=\"7\",upstreams=\"trac-backend\"} 7 @500\n"
                    "nginx_upstreams_peers_backup{host=\"h\",peers=\"7\",upstreams=\"trac-backend\"} 1 @500\n"),
        test::joined(test::samplesOf(scenario)));
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(FlatFilesTest);

}  // namespace gyre::metrics
