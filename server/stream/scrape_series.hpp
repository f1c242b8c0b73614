// What does a fetch of a target become? Its samples under the target's labels, stale markers of what has vanished, and
// samples about the fetch itself: up, scrape_duration_seconds, scrape_samples_scraped,
// scrape_samples_post_metric_relabeling, scrape_series_added.
//
// As Prometheus does it (prometheus/prometheus scrape/scrape.go, 2.42): a scraped label that the target has too becomes
// exported_NAME; a sample with a time of its own is not watched for vanishing; a series beyond a limit fails the fetch.
//
// THREADS: one's at a time. OWNS: the memory of which series the last fetch brought.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gyre/sample_batch.hpp"
#include "gyre/status.hpp"
#include "server/stream/record_batch.hpp"

namespace gyre::stream {

struct ScrapeRules {
  std::vector<std::pair<std::string, std::string>> labels;  // of the target: job, instance, further ones
  bool honors_labels = false;
  bool honors_timestamps = true;
  std::size_t max_samples = 0, max_labels = 0, max_label_bytes = 0;  // 0: no limit
};

class ScrapeSeries {
 public:
  explicit ScrapeSeries(ScrapeRules rules) : rules_(std::move(rules)) {}

  struct Outcome {
    RecordBatch records;        // one sample batch; never empty
    std::uint64_t samples = 0;  // scraped
    Status failure;             // a limit; then the records say that the fetch failed
  };
  // `taken`: what the domain's intake made of the body, its samples without a time of their own at `time_millis`.
  // `seconds`: how long it took.
  Outcome took(const RecordBatch& taken, std::int64_t time_millis, double seconds);
  // There is no body to be read.
  RecordBatch failed(std::int64_t time_millis, double seconds);

 private:
  // Series by labelsOf's key; whether they are watched for vanishing.
  using Seen = std::unordered_map<std::string, bool>;
  Status addAll(const SampleBatch& batch, std::int64_t time_millis, SampleBatchWriter& out, Seen& seen);
  // Into labels_, by the target's rules.
  void relabel();
  Status checkLabels() const;
  RecordBatch finish(SampleBatchWriter& out, Seen seen, std::int64_t time_millis, bool is_up, double seconds,
                     std::uint64_t scraped);

  const ScrapeRules rules_;
  Seen seen_;  // by the last fetch
  std::vector<Label> labels_;
  std::vector<std::string> names_;  // what labels_ borrows
};

}  // namespace gyre::stream
