// How do tests of the metrics domain send bodies and read samples?
//
// THREADS: one.
#pragma once

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/sample_batch.hpp"
#include "gyre/stream_test.hpp"
#include "plugins/metrics/metrics.hpp"
#include "plugins/metrics/sample_sink.hpp"

namespace gyre::metrics::test {

inline constexpr std::int64_t kNow = gyre::test::StreamScenario::kStart;

// name{a="b",c="d"} value @milliseconds since kNow; in the order of the batches.
inline std::vector<std::string> samplesOf(const gyre::test::StreamScenario& scenario) {
  std::vector<std::string> out;
  for (const auto& record : scenario.records()) {
    const auto batch = SampleBatch::read(record.record).value();
    for (std::size_t i = 0; i < batch.sampleCount(); ++i) {
      const Sample sample = batch.sample(i);
      std::string name, labels;
      for (const Label& label : batch.labels(sample.series)) {
        if (label.name == "__name__") {
          name = label.value;
          continue;
        }
        if (!labels.empty()) labels.append(1, ',');
        labels.append(label.name).append("=\"").append(label.value).append("\"");
      }
      if (!labels.empty()) name.append("{").append(labels).append("}");
      out.push_back(name + " " + valueText(sample.value) + " @" + std::to_string(sample.time_millis - kNow));
    }
  }
  return out;
}

// "name type help", sorted, each once.
inline std::vector<std::string> descriptionsOf(const gyre::test::StreamScenario& scenario) {
  std::vector<std::string> out;
  for (const auto& record : scenario.records()) {
    const auto batch = SampleBatch::read(record.record).value();
    for (std::size_t i = 0; i < batch.seriesCount(); ++i) {
      const MetricDescription description = batch.description(i);
      for (const Label& label : batch.labels(i))
        if (label.name == "__name__")
          out.push_back(std::string(label.value) + " " + std::string(typeText(description.type)) + " " +
                        std::string(description.help));
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

inline std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out.append(line).append(1, '\n');
  return out;
}

}  // namespace gyre::metrics::test
