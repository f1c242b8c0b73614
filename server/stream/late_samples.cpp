#include "server/stream/late_samples.hpp"

#include <string>
#include <utility>

#include "gyre/excerpt.hpp"
#include "gyre/sample_batch.hpp"

namespace gyre::stream {

namespace {

constexpr std::size_t kShownBytes = 200;           // of a series in a message
constexpr std::size_t kNamedSamples = 1'000;       // of a batch; more are not shown, and there may be a million
constexpr std::string_view kUnnamed = "too late";  // short enough to need no memory of its own

std::string seriesText(const std::vector<Label>& labels) {
  std::string name;
  std::string text;
  for (const Label& label : labels) {
    if (label.name == "__name__") {
      name = excerpt(label.value, kShownBytes);
      continue;
    }
    text.append(text.empty() ? "{" : ",").append(excerpt(label.name, kShownBytes));
    text.append("=\"").append(excerpt(label.value, kShownBytes)).append("\"");
    if (text.size() > kShownBytes) break;
  }
  if (!text.empty()) text += '}';
  return name + text;
}

// The samples from `oldest_ms` on.
std::string withoutLate(const SampleBatch& batch, std::int64_t oldest_ms, std::uint64_t first_place,
                        std::vector<Rejection>& late) {
  SampleBatchWriter kept;
  std::vector<Label> labels;
  for (std::size_t i = 0; i < batch.sampleCount(); ++i) {
    const Sample sample = batch.sample(i);
    batch.labels(sample.series, labels);
    if (sample.time_millis >= oldest_ms) {
      kept.sample(kept.series(labels, batch.description(sample.series)), sample.time_millis, sample.value);
    } else if (late.size() >= kNamedSamples) {
      late.push_back({first_place + i, std::string(kUnnamed)});
    } else {
      late.push_back({first_place + i, seriesText(labels) + " at " + std::to_string(sample.time_millis) +
                                           ": too late: expected a time from " + std::to_string(oldest_ms) + " on"});
    }
  }
  return kept.sampleCount() == 0 ? std::string() : kept.finish();
}

}  // namespace

std::vector<Rejection> takeLateSamples(RecordBatch& batch, std::int64_t oldest_ms) {
  std::vector<Rejection> late;
  if (oldest_ms < 0) return late;  // before any time that a plugin takes
  RecordBatch kept;
  std::uint64_t place = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto samples = SampleBatch::read(batch.record(i));
    bool has_late = false;
    for (std::size_t k = 0; samples.isOk() && k < samples->sampleCount() && !has_late; ++k)
      has_late = samples->sample(k).time_millis < oldest_ms;
    if (!has_late) {
      kept.add(batch.position(i), batch.timeMillis(i), batch.record(i), batch.sequences(i), batch.id(i));
    } else {
      const std::size_t before = late.size();
      const std::string bytes = withoutLate(*samples, oldest_ms, place, late);
      const std::uint64_t count = batch.sequences(i) - (late.size() - before);
      if (count > 0) kept.add(batch.position(i), batch.timeMillis(i), bytes, count, batch.id(i));
    }
    place += batch.sequences(i);
  }
  if (!late.empty()) batch = std::move(kept);
  return late;
}

}  // namespace gyre::stream
