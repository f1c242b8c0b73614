// Is this sample one that can be kept? Where every protocol puts what it found.
//
// What cannot be kept is rejected with its position and the reason; the rest becomes one sample batch at finish().
//
// THREADS: one call's. OWNS: borrows the Records.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/sample_batch.hpp"
#include "gyre/stream.hpp"
#include "metrics.hpp"

namespace gyre::metrics {

class SampleSink {
 public:
  // `now_millis`: of arrival. `organization_id`: when not empty, becomes the label organization_id of every series.
  SampleSink(Records& records, std::int64_t now_millis, std::string_view organization_id)
      : records_(records), now_millis_(now_millis), organization_id_(organization_id) {}

  // The series with these labels, "__name__" among them, in any order; nothing when it is refused, and then reason()
  // says why: no name, a label twice, empty, too long, no UTF-8, or too many.
  std::optional<std::uint32_t> series(std::span<const Label> labels, const MetricDescription& description = {});
  const std::string& reason() const { return reason_; }

  // A sample of a series; one of a time before 1970 or too far in the future is rejected, which gives false. Any value
  // is kept.
  bool sample(std::uint64_t position, std::uint32_t series, std::int64_t time_millis, double value);
  void reject(std::uint64_t position, std::string_view reason);

  // Both at once.
  void add(std::uint64_t position, std::span<const Label> labels, std::int64_t time_millis, double value,
           const MetricDescription& description = {}) {
    if (const auto number = series(labels, description))
      (void)sample(position, *number, time_millis, value);
    else
      reject(position, reason_);
  }

  // What is known of a metric family of which there may be no samples in this body.
  void describe(std::string_view family, const MetricDescription& description);
  // False when the family has another type in this body already; reason() then says so.
  bool declare(std::string_view family, MetricType type);

  std::uint64_t rejectedCount() const { return records_.rejectedCount(); }
  // The first rejection, for protocols that have room for one message.
  const std::string& firstRejection() const { return first_rejection_; }

  void finish();

 private:
  Records& records_;
  std::int64_t now_millis_;
  std::string_view organization_id_;
  SampleBatchWriter batch_;
  bool has_descriptions_ = false;
  std::vector<Label> labels_;
  std::map<std::string, MetricType, std::less<>> types_;
  std::string reason_;
  std::string first_rejection_;
};

// Of a sender's text what is short enough for a message, and printable.
std::string shown(std::string_view text);
std::string_view typeText(MetricType type);
// "counter", "gauge", …; nothing for a word that is no type.
std::optional<MetricType> parseType(std::string_view text);
// A decimal number, "NaN", "Inf", "+Inf", "-Inf" in any case; nothing otherwise.
std::optional<double> parseSampleValue(std::string_view text);
// The shortest text that reads back as the same double; "+Inf", "-Inf", "NaN".
std::string valueText(double value);

}  // namespace gyre::metrics
