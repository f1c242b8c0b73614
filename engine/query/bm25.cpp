#include "engine/query/bm25.hpp"

#include <cmath>

#include "engine/codec/norms.hpp"

namespace gyre::engine {

namespace {
constexpr double kK1 = 1.2;
constexpr double kB = 0.75;
}  // namespace

FieldStatistics fieldStatistics(const Snapshot& snapshot, std::string_view path) {
  FieldStatistics total;
  for (const SegmentView& view : snapshot.segments) {
    const FieldReader* const field = view.segment->field(path);
    if (field == nullptr) continue;
    total.doc_count += field->doc_count;
    total.sum_total_term_freq += field->sum_total_term_freq;
  }
  return total;
}

std::uint64_t docFrequency(const Snapshot& snapshot, std::string_view path, std::string_view term) {
  std::uint64_t total = 0;
  for (const SegmentView& view : snapshot.segments) {
    const FieldReader* const field = view.segment->field(path);
    if (field == nullptr || field->terms == nullptr) continue;
    if (const auto found = field->terms->find(term)) total += found->info.doc_freq;
  }
  return total;
}

double inverseDocumentFrequency(std::uint64_t doc_count, std::uint64_t doc_freq) {
  const auto all = static_cast<double>(doc_count);
  const auto with_term = static_cast<double>(doc_freq);
  return std::log(1.0 + (all - with_term + 0.5) / (with_term + 0.5));
}

Bm25::Bm25(const FieldStatistics& field, double idf, float boost)
    : weight_(static_cast<float>(boost * (kK1 + 1) * idf)) {
  const double mean_length =
      field.doc_count == 0 ? 1.0
                           : static_cast<double>(field.sum_total_term_freq) / static_cast<double>(field.doc_count);
  for (std::uint32_t norm = 0; norm < inverse_norms_.size(); ++norm) {
    const double length = normToLength(static_cast<std::uint8_t>(norm));
    inverse_norms_[norm] = static_cast<float>(1.0 / (kK1 * (1 - kB + kB * length / mean_length)));
  }
}

}  // namespace gyre::engine
