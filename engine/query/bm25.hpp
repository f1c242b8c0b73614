// How much is a term's occurrence in a document worth? BM25 as Lucene computes it.
//
// score = boost * 2.2 * idf * freq / (freq + k1 * (1 - b + b * dl / avgdl)), k1 = 1.2, b = 0.75,
// idf = ln(1 + (N - n + 0.5) / (n + 0.5)). N counts the documents that have the field, dl is the document's number of
// terms as one lossy byte keeps it, avgdl the true mean. Fields without lengths (keyword) count every dl as 1.
//
// THREADS: values.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/codec/doc_id.hpp"
#include "engine/query/explanation.hpp"
#include "engine/segment/segment_reader.hpp"

namespace gyre::engine {

// A field over all segments of a snapshot.
struct FieldStatistics {
  std::uint64_t doc_count = 0;
  std::uint64_t sum_total_term_freq = 0;
};
FieldStatistics fieldStatistics(const Snapshot& snapshot, std::string_view path);
// Documents that hold the term, over all segments.
std::uint64_t docFrequency(const Snapshot& snapshot, std::string_view path, std::string_view term);

float inverseDocumentFrequency(std::uint64_t doc_count, std::uint64_t doc_freq);

class Bm25 {
 public:
  Bm25() = default;
  // `idf` may be the sum over a phrase's terms.
  Bm25(const FieldStatistics& field, float idf, float boost);

  // Of another term of the same field.
  Bm25 forTerm(float idf, float boost) const;

  // REQUIRES: freq > 0. `norm` is 1 where the field keeps no lengths.
  float score(float freq, std::uint8_t norm) const { return weight_ - weight_ / (1.0f + freq * inverse_norms_[norm]); }
  // The same for documents of one block of postings; `norms` is the field's, by document, or null. REQUIRES: at most
  // kPostingsBlock documents, and as many frequencies and places in `scores`.
  void score(std::span<const DocId> docs, const std::uint32_t* freqs, const std::uint8_t* norms, float* scores) const;

 private:
  float weight_ = 0;
  std::array<float, 256> inverse_norms_{};
};

// What a score was computed from: the field, how many documents hold each term, the product of all boosts.
struct ScoreStatistics {
  FieldStatistics field;
  std::vector<std::uint64_t> doc_freqs;
  float boost = 1;

  float idf() const;
  Bm25 bm25() const { return Bm25(field, idf(), boost); }
  // "weight(t:fox in 7) [PerFieldSimilarity], result of:" with all its parts; `subject` is "t:fox". `freq_text` names
  // the frequency.
  Explanation explain(const std::string& subject, DocId doc, float freq, std::uint8_t norm,
                      const std::string& freq_text = "freq, occurrences of term within document") const;
};

}  // namespace gyre::engine
