#include "engine/query/bm25.hpp"

#include <cmath>
#include <utility>

#include "engine/codec/norms.hpp"
#include "engine/codec/postings.hpp"

namespace gyre::engine {

namespace {
// Single precision throughout, in Lucene's order of operations: a client pages by the very score that it was shown.
constexpr float kK1 = 1.2f;
constexpr float kB = 0.75f;

float meanLength(const FieldStatistics& field) {
  if (field.doc_count == 0) return 1;
  return static_cast<float>(static_cast<double>(field.sum_total_term_freq) / static_cast<double>(field.doc_count));
}
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

float inverseDocumentFrequency(std::uint64_t doc_count, std::uint64_t doc_freq) {
  const auto all = static_cast<double>(doc_count);
  const auto with_term = static_cast<double>(doc_freq);
  return static_cast<float>(std::log(1.0 + (all - with_term + 0.5) / (with_term + 0.5)));
}

Bm25::Bm25(const FieldStatistics& field, float idf, float boost) : weight_(boost * (1 + kK1) * idf) {
  const float mean_length = meanLength(field);
  for (std::uint32_t norm = 0; norm < inverse_norms_.size(); ++norm) {
    const auto length = static_cast<float>(normToLength(static_cast<std::uint8_t>(norm)));
    inverse_norms_[norm] = 1.0f / (kK1 * ((1 - kB) + kB * length / mean_length));
  }
}

void Bm25::score(std::span<const DocId> docs, const std::uint32_t* freqs, const std::uint8_t* norms,
                 float* scores) const {
  // Look-ups first, then a loop without any, which the compiler turns into several divisions at once.
  std::array<float, kPostingsBlock> inverse;
  for (std::size_t i = 0; i < docs.size(); ++i) inverse[i] = inverse_norms_[norms == nullptr ? 1 : norms[docs[i]]];
  for (std::size_t i = 0; i < docs.size(); ++i)
    scores[i] = weight_ - weight_ / (1.0f + static_cast<float>(static_cast<std::int32_t>(freqs[i])) * inverse[i]);
}

Bm25 Bm25::forTerm(float idf, float boost) const {
  Bm25 other(*this);
  other.weight_ = boost * (1 + kK1) * idf;
  return other;
}

float ScoreStatistics::idf() const {
  double sum = 0;
  for (const std::uint64_t doc_freq : doc_freqs)
    sum += static_cast<double>(inverseDocumentFrequency(field.doc_count, doc_freq));
  return static_cast<float>(sum);
}

Explanation ScoreStatistics::explain(const std::string& subject, DocId doc, float freq, std::uint8_t norm,
                                     const std::string& freq_text) const {
  const auto idfOf = [&](std::uint64_t doc_freq) {
    return Explanation::match(inverseDocumentFrequency(field.doc_count, doc_freq),
                              "idf, computed as log(1 + (N - n + 0.5) / (n + 0.5)) from:",
                              {Explanation::count(doc_freq, "n, number of documents containing term"),
                               Explanation::count(field.doc_count, "N, total number of documents with field")});
  };
  Explanation of_idf;
  if (doc_freqs.size() == 1) {
    of_idf = idfOf(doc_freqs.front());
  } else {
    of_idf = Explanation::match(idf(), "idf, sum of:");
    for (const std::uint64_t doc_freq : doc_freqs) of_idf.details.push_back(idfOf(doc_freq));
  }
  const float mean = meanLength(field);
  const auto length = static_cast<float>(normToLength(norm));
  const float tf = freq / (freq + kK1 * ((1 - kB) + kB * length / mean));
  auto of_tf = Explanation::match(
      tf, "tf, computed as freq / (freq + k1 * (1 - b + b * dl / avgdl)) from:",
      {Explanation::match(freq, freq_text), Explanation::match(kK1, "k1, term saturation parameter"),
       Explanation::match(kB, "b, length normalization parameter"),
       Explanation::match(length, "dl, length of field" + std::string(norm > 40 ? " (approximate)" : "")),
       Explanation::match(mean, "avgdl, average length of field")});
  const float score = bm25().score(freq, norm);
  auto computed =
      Explanation::match(score, "score(freq=" + describeFloat(freq) + "), computed as boost * idf * tf from:",
                         {Explanation::match(boost * (kK1 + 1), "boost"), std::move(of_idf), std::move(of_tf)});
  return Explanation::match(
      score,
      "weight(" + subject + " in " + std::to_string(doc) + ") [PerFieldSimilarity], result of:", {std::move(computed)});
}

}  // namespace gyre::engine
