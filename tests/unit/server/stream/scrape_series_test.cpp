// What a fetch of a target becomes: labels, stale markers, and what is written about the fetch.
#include "server/stream/scrape_series.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <cmath>
#include <map>
#include <string>

namespace gyre::stream {
namespace {

// "name{a=b,…}" to "value@time"; a stale marker's value is "stale".
using Written = std::map<std::string, std::string>;

Written written(const RecordBatch& records) {
  Written found;
  CPPUNIT_ASSERT_EQUAL(std::size_t{1}, records.size());
  const auto batch = SampleBatch::read(records.record(0));
  CPPUNIT_ASSERT(batch.isOk());
  CPPUNIT_ASSERT_EQUAL(std::uint64_t{batch->sampleCount()}, records.sequenceCount());
  for (std::size_t i = 0; i < batch->sampleCount(); ++i) {
    const Sample sample = batch->sample(i);
    std::string name;
    std::string labels;
    for (const Label& label : batch->labels(sample.series))
      if (label.name == "__name__")
        name = label.value;
      else
        labels.append(labels.empty() ? "" : ",").append(label.name).append("=").append(label.value);
    const bool is_stale = std::bit_cast<std::uint64_t>(sample.value) == 0x7ff0000000000002;
    const std::string value = is_stale ? "stale" : std::to_string(std::lround(sample.value));
    found[name.append("{").append(labels).append("}")] = value + "@" + std::to_string(sample.time_millis);
  }
  return found;
}

struct Line {
  std::vector<Label> labels;
  std::int64_t time_millis;
  double value;
};

RecordBatch taken(const std::vector<Line>& lines) {
  SampleBatchWriter writer;
  for (const Line& line : lines) writer.sample(writer.series(line.labels), line.time_millis, line.value);
  RecordBatch records;
  records.add(0, 0, writer.finish(), writer.sampleCount());
  return records;
}

Written report(std::int64_t time, int up, int scraped, int added) {
  const std::string at = "@" + std::to_string(time);
  const auto number = [&](int value) { return std::to_string(value) + at; };
  return {{"up{instance=i,job=j}", number(up)},
          {"scrape_duration_seconds{instance=i,job=j}", number(2)},
          {"scrape_samples_scraped{instance=i,job=j}", number(scraped)},
          {"scrape_samples_post_metric_relabeling{instance=i,job=j}", number(scraped)},
          {"scrape_series_added{instance=i,job=j}", number(added)}};
}

Written with(Written written, const Written& more) {
  written.insert(more.begin(), more.end());
  return written;
}

const Line kOne{{{"__name__", "one"}}, 1'000, 1};

}  // namespace

class ScrapeSeriesTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ScrapeSeriesTest);
  CPPUNIT_TEST(whatVanishesIsStaleOnce);
  CPPUNIT_TEST(ownTimesAreNotWatched);
  CPPUNIT_TEST(clashingLabelsAreExported);
  CPPUNIT_TEST(limitsFailTheWhole);
  CPPUNIT_TEST_SUITE_END();

 public:
  void whatVanishesIsStaleOnce() {
    ScrapeSeries series(rules());
    const Line two{{{"__name__", "two"}, {"a", "b"}}, 1'000, 2};
    check(with(report(1'000, 1, 2, 2), {{"one{instance=i,job=j}", "1@1000"}, {"two{a=b,instance=i,job=j}", "2@1000"}}),
          series.took(taken({kOne, two}), 1'000, 2).records);
    check(with(report(2'000, 1, 1, 0),
               {{"one{instance=i,job=j}", "1@2000"}, {"two{a=b,instance=i,job=j}", "stale@2000"}}),
          series.took(taken({{kOne.labels, 2'000, 1}}), 2'000, 2).records);
    check(with(report(3'000, 0, 0, 0), {{"one{instance=i,job=j}", "stale@3000"}}), series.failed(3'000, 2));
    check(report(4'000, 0, 0, 0), series.failed(4'000, 2));
    check(with(report(5'000, 1, 1, 1), {{"one{instance=i,job=j}", "1@5000"}}),
          series.took(taken({{kOne.labels, 5'000, 1}}), 5'000, 2).records);
  }

  void ownTimesAreNotWatched() {
    ScrapeSeries honoring(rules());
    check(with(report(7'000, 1, 1, 1), {{"one{instance=i,job=j}", "1@1000"}}),
          honoring.took(taken({kOne}), 7'000, 2).records);
    check(report(8'000, 0, 0, 0), honoring.failed(8'000, 2));
    ScrapeRules deaf = rules();
    deaf.honors_timestamps = false;
    ScrapeSeries other(deaf);
    check(with(report(7'000, 1, 1, 1), {{"one{instance=i,job=j}", "1@7000"}}),
          other.took(taken({kOne}), 7'000, 2).records);
    check(with(report(8'000, 0, 0, 0), {{"one{instance=i,job=j}", "stale@8000"}}), other.failed(8'000, 2));
  }

  void clashingLabelsAreExported() {
    const Line clash{{{"__name__", "one"}, {"job", "inner"}, {"exported_job", "deeper"}}, 1'000, 1};
    ScrapeSeries series(rules());
    check(with(report(1'000, 1, 1, 1),
               {{"one{exported_exported_job=inner,exported_job=deeper,instance=i,job=j}", "1@1000"}}),
          series.took(taken({clash}), 1'000, 2).records);
    ScrapeRules honoring = rules();
    honoring.honors_labels = true;
    ScrapeSeries other(honoring);
    check(with(report(1'000, 1, 1, 1), {{"one{exported_job=deeper,instance=i,job=inner}", "1@1000"}}),
          other.took(taken({clash}), 1'000, 2).records);
  }

  void limitsFailTheWhole() {
    ScrapeRules limits = rules();
    limits.max_samples = 2;
    limits.max_labels = 4;
    limits.max_label_bytes = 20;
    ScrapeSeries series(limits);
    series.took(taken({kOne}), 1'000, 2);
    const Line many{{{"__name__", "many"}, {"a", "1"}, {"b", "2"}}, 2'000, 1};
    auto outcome = series.took(taken({{kOne.labels, 2'000, 1}, many}), 2'000, 2);
    CPPUNIT_ASSERT_EQUAL(std::string("many: expected at most 4 labels, found 5"),
                         std::string(outcome.failure.message()));
    check(with(report(2'000, 0, 2, 0), {{"one{instance=i,job=j}", "stale@2000"}}), outcome.records);
    const Line longer{{{"__name__", "longer"}, {"a", "123456789012345678901"}}, 3'000, 1};
    outcome = series.took(taken({longer}), 3'000, 2);
    CPPUNIT_ASSERT_EQUAL(std::string("longer: label a: expected at most 20 bytes, found 21"),
                         std::string(outcome.failure.message()));
    check(report(3'000, 0, 1, 0), outcome.records);
    outcome = series.took(taken({{kOne.labels, 4'000, 1}, {kOne.labels, 4'000, 2}, {kOne.labels, 4'000, 3}}), 4'000, 2);
    CPPUNIT_ASSERT_EQUAL(std::string("expected at most 2 samples, found 3"), std::string(outcome.failure.message()));
  }

 private:
  static ScrapeRules rules() {
    ScrapeRules made;
    made.labels = {{"job", "j"}, {"instance", "i"}};
    return made;
  }
  static void check(const Written& expected, const RecordBatch& records) {
    const Written found = written(records);
    for (const auto& [series, value] : expected) {
      const auto at = found.find(series);
      CPPUNIT_ASSERT_EQUAL_MESSAGE(series, value, at == found.end() ? std::string("none") : at->second);
    }
    CPPUNIT_ASSERT_EQUAL(expected.size(), found.size());
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ScrapeSeriesTest);

}  // namespace gyre::stream
