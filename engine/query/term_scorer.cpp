#include "engine/query/term_scorer.hpp"

#include <string>
#include <utility>

#include "engine/query/postings_walk.hpp"
#include "engine/query/scorers.hpp"

namespace gyre::engine {

namespace {

// Below this many documents alive, looking each up in its block beats scoring the whole window.
constexpr std::uint32_t kFewDocs = 64;

class TermScorer final : public Scorer {
 public:
  TermScorer(const FieldReader& field, const TermInfo& term, std::shared_ptr<const Bm25> bm25)
      : walk_(field.postings->cursor(term), term.doc_freq), norms_(field.norms), bm25_(std::move(bm25)) {}

  std::uint64_t cost() const override { return walk_.docFreq(); }
  DocId nextCandidate(DocId from) override { return walk_.next(from); }

  void evaluate(std::uint32_t window, std::uint64_t* bits, float* scores) override {
    clearBits(bits);
    if (scores == nullptr) {
      walk_.addBits(window, bits);
      return;
    }
    const DocId base = windowBegin(window);
    walk_.forEachBlock(window, [&](std::size_t first, std::size_t last) {
      const auto docs = walk_.cursor().docs();
      const auto freqs = walk_.cursor().freqs();
      for (std::size_t i = first; i < last; ++i) {
        const std::uint32_t at = docs[i] - base;
        setBit(bits, at);
        scores[at] += bm25_->score(static_cast<float>(freqs[i]), normOf(docs[i]));
      }
    });
  }

  void narrow(std::uint32_t window, std::uint64_t* bits, float* scores) override {
    if (countBits(bits) > kFewDocs) return Scorer::narrow(window, bits, scores);
    const DocId base = windowBegin(window);
    forEachBit(bits, [&](std::uint32_t i) {
      const DocId doc = base + i;
      const int at = walk_.seek(doc) ? walk_.indexOf(doc) : -1;
      if (at < 0) {
        clearBit(bits, i);
      } else if (scores != nullptr) {
        scores[i] +=
            bm25_->score(static_cast<float>(walk_.cursor().freqs()[static_cast<std::size_t>(at)]), normOf(doc));
      }
    });
  }

  float maxScore(std::uint32_t window) override {
    float highest = 0;
    DocId from = windowBegin(window);
    const DocId last = from + (kWindowDocs - 1);
    while (true) {
      const PostingsCursor::Bound bound = walk_.cursor().boundAt(from);
      if (bound.last_doc == kNoMoreDocs) break;
      highest =
          std::max(highest, bm25_->score(static_cast<float>(bound.max_freq), norms_ == nullptr ? 1 : bound.min_norm));
      if (bound.last_doc >= last) break;
      from = bound.last_doc + 1;
    }
    return highest;
  }

 private:
  std::uint8_t normOf(DocId doc) const { return norms_ == nullptr ? std::uint8_t{1} : norms_[doc]; }

  PostingsWalk walk_;
  const std::uint8_t* norms_;
  std::shared_ptr<const Bm25> bm25_;
};

}  // namespace

ScorerPtr makeTermScorer(SegmentRun&, const FieldReader& field, const TermInfo& term,
                         std::shared_ptr<const Bm25> bm25) {
  return std::make_unique<TermScorer>(field, term, std::move(bm25));
}

WeightPtr makeTermWeight(const Snapshot& snapshot, std::string path, std::string term, float boost,
                         std::uint64_t doc_freq) {
  if (doc_freq == 0) doc_freq = docFrequency(snapshot, path, term);
  if (doc_freq == 0) return makeNoneWeight();
  const FieldStatistics statistics = fieldStatistics(snapshot, path);
  auto bm25 = std::make_shared<const Bm25>(statistics, inverseDocumentFrequency(statistics.doc_count, doc_freq), boost);
  return makeWeight(
      [path = std::move(path), term = std::move(term), bm25 = std::move(bm25)](SegmentRun& run) -> ScorerPtr {
        const FieldReader* const field = run.segment().field(path);
        if (field == nullptr || field->terms == nullptr) return nullptr;
        const auto found = field->terms->find(term);
        return found ? makeTermScorer(run, *field, found->info, bm25) : nullptr;
      });
}

}  // namespace gyre::engine
