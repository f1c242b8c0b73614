#include "server/stream/scrape_series.hpp"

#include <algorithm>
#include <bit>

#include "base/bytes.hpp"

namespace gyre::stream {

namespace {

constexpr std::uint64_t kStaleBits = 0x7ff0000000000002;  // Prometheus' model/value/value.go
constexpr std::string_view kName = "__name__";
constexpr std::string_view kExported = "exported_";

std::string keyOf(const std::vector<Label>& labels) {
  std::string key;
  for (const Label& label : labels) {
    base::appendVarint(key, label.name.size());
    key += label.name;
    base::appendVarint(key, label.value.size());
    key += label.value;
  }
  return key;
}

// REQUIRES: keyOf wrote it.
void labelsOf(std::string_view key, std::vector<Label>& labels) {
  labels.clear();
  base::ByteReader reader(base::asBytes(key));
  while (reader.remaining() > 0) {
    const std::string_view name = reader.text();
    labels.push_back({name, reader.text()});
  }
}

std::string_view valueOf(const std::vector<Label>& labels, std::string_view name) {
  const auto found = std::find_if(labels.begin(), labels.end(), [&](const Label& label) { return label.name == name; });
  return found == labels.end() ? std::string_view() : found->value;
}

}  // namespace

void ScrapeSeries::relabel() {
  names_.clear();
  names_.reserve(rules_.labels.size());  // they do not move
  for (const auto& [name, value] : rules_.labels) {
    const auto found =
        std::find_if(labels_.begin(), labels_.end(), [&](const Label& label) { return label.name == name; });
    if (found != labels_.end() && rules_.honors_labels) continue;
    if (found != labels_.end()) {
      std::string& exported = names_.emplace_back(kExported);
      exported += name;
      const auto is_taken = [&] {
        return !valueOf(labels_, exported).empty() ||
               std::any_of(rules_.labels.begin(), rules_.labels.end(),
                           [&](const auto& label) { return label.first == exported; });
      };
      while (is_taken()) exported.insert(0, kExported);
      found->name = exported;
    }
    labels_.push_back({name, value});
  }
  std::sort(labels_.begin(), labels_.end());
}

Status ScrapeSeries::checkLabels() const {
  const auto wrong = [&](std::string what) {
    return Status(Code::kTooLarge, std::string(valueOf(labels_, kName).substr(0, 80)) + ": " + std::move(what));
  };
  if (rules_.max_labels > 0 && labels_.size() > rules_.max_labels)
    return wrong("expected at most " + std::to_string(rules_.max_labels) + " labels, found " +
                 std::to_string(labels_.size()));
  if (rules_.max_label_bytes == 0) return {};
  for (const Label& label : labels_)
    if (const std::size_t size = std::max(label.name.size(), label.value.size()); size > rules_.max_label_bytes)
      return wrong("label " + std::string(label.name.substr(0, 60)) + ": expected at most " +
                   std::to_string(rules_.max_label_bytes) + " bytes, found " + std::to_string(size));
  return {};
}

Status ScrapeSeries::addAll(const SampleBatch& batch, std::int64_t time_millis, SampleBatchWriter& out, Seen& seen) {
  struct Place {
    std::uint32_t number = 0;
    bool* is_watched = nullptr;  // of a map whose values stay where they are; null until the series is known
  };
  std::vector<Place> places(batch.seriesCount());
  for (std::size_t i = 0; i < batch.sampleCount(); ++i) {
    const Sample sample = batch.sample(i);
    Place& place = places[sample.series];
    if (place.is_watched == nullptr) {
      batch.labels(sample.series, labels_);
      relabel();
      GYRE_TRY(checkLabels());
      place.number = out.series(labels_, batch.description(sample.series));
      place.is_watched = &seen.try_emplace(keyOf(labels_), false).first->second;
    }
    const bool has_own_time = sample.time_millis != time_millis && rules_.honors_timestamps;
    *place.is_watched = *place.is_watched || !has_own_time;
    out.sample(place.number, has_own_time ? sample.time_millis : time_millis, sample.value);
  }
  return {};
}

ScrapeSeries::Outcome ScrapeSeries::took(const RecordBatch& taken, std::int64_t time_millis, double seconds) {
  Outcome outcome;
  SampleBatchWriter out;
  Seen seen;
  outcome.samples = taken.sequenceCount();
  if (rules_.max_samples > 0 && outcome.samples > rules_.max_samples)
    outcome.failure = Status(Code::kTooLarge, "expected at most " + std::to_string(rules_.max_samples) +
                                                  " samples, found " + std::to_string(outcome.samples));
  for (std::size_t i = 0; i < taken.size() && outcome.failure.isOk(); ++i) {
    const auto batch = SampleBatch::read(taken.record(i));
    outcome.failure = batch.isOk() ? addAll(*batch, time_millis, out, seen) : batch.status();
  }
  if (!outcome.failure.isOk()) {
    out = SampleBatchWriter();
    seen.clear();
  }
  outcome.records = finish(out, std::move(seen), time_millis, outcome.failure.isOk(), seconds, outcome.samples);
  return outcome;
}

RecordBatch ScrapeSeries::failed(std::int64_t time_millis, double seconds) {
  SampleBatchWriter out;
  return finish(out, {}, time_millis, false, seconds, 0);
}

RecordBatch ScrapeSeries::finish(SampleBatchWriter& out, Seen seen, std::int64_t time_millis, bool is_up,
                                 double seconds, std::uint64_t scraped) {
  for (const auto& [key, was_watched] : seen_) {
    if (!was_watched || seen.contains(key)) continue;
    labelsOf(key, labels_);
    out.sample(out.series(labels_), time_millis, std::bit_cast<double>(kStaleBits));
  }
  const auto added =
      std::count_if(seen.begin(), seen.end(), [&](const auto& entry) { return !seen_.contains(entry.first); });
  seen_ = std::move(seen);
  const auto report = [&](std::string_view name, double value) {
    labels_.assign(1, {kName, name});
    for (const auto& [label, text] : rules_.labels) labels_.push_back({label, text});
    out.sample(out.series(labels_, {MetricType::kGauge, {}, {}}), time_millis, value);
  };
  report("up", is_up ? 1 : 0);
  report("scrape_duration_seconds", seconds);
  report("scrape_samples_scraped", static_cast<double>(scraped));
  report("scrape_samples_post_metric_relabeling", static_cast<double>(scraped));
  report("scrape_series_added", static_cast<double>(added));
  RecordBatch records;
  records.add(0, 0, out.finish(), out.sampleCount());
  return records;
}

}  // namespace gyre::stream
