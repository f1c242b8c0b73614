// What does a scrape say? Prometheus text format 0.0.4 and OpenMetrics 1.0, line by line.
//
// Source: prometheus/docs content/docs/instrumenting/exposition_formats.md; OpenMetrics 1.0.
//
// THREADS: pure.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "gyre/sample_batch.hpp"
#include "sample_sink.hpp"

namespace gyre::metrics {

struct ScrapeContext {
  std::int64_t time_millis = 0;         // of samples without a time of their own
  bool is_open_metrics = false;         // times are seconds, counters end in _total
  std::span<const Label> extra_labels;  // of every sample; a sample's own label of that name wins
};

// A line that makes no sense is rejected by its number, from 0; the others are kept.
void readExposition(std::string_view text, const ScrapeContext& context, SampleSink& sink);

}  // namespace gyre::metrics
