#include "engine/query/phrase_query.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "engine/query/bm25.hpp"
#include "engine/query/postings_walk.hpp"
#include "engine/query/scorers.hpp"
#include "engine/query/term_visitor.hpp"

namespace gyre::engine {

namespace {

struct PhrasePart {
  PostingsWalk walk;
  std::uint32_t position;
};

class PhraseScorer final : public Scorer {
 public:
  PhraseScorer(std::vector<PhrasePart> parts, const std::uint8_t* norms, std::shared_ptr<const Bm25> bm25)
      : parts_(std::move(parts)), norms_(norms), bm25_(std::move(bm25)) {
    std::sort(parts_.begin(), parts_.end(),
              [](const PhrasePart& a, const PhrasePart& b) { return a.walk.docFreq() < b.walk.docFreq(); });
  }

  std::uint64_t cost() const override { return parts_.front().walk.docFreq(); }

  // The first document >= from that holds all terms, in whatever order.
  DocId nextCandidate(DocId from) override {
    while (true) {
      DocId agreed = parts_.front().walk.next(from);
      for (std::size_t i = 1; i < parts_.size() && agreed != kNoMoreDocs; ++i) {
        from = parts_[i].walk.next(agreed);
        if (from != agreed) break;
        if (i + 1 == parts_.size()) return agreed;
      }
      if (agreed == kNoMoreDocs || from == kNoMoreDocs) return kNoMoreDocs;
    }
  }

  void evaluate(std::uint32_t window, std::uint64_t* bits, float* scores) override {
    clearBits(bits);
    const DocId base = windowBegin(window);
    for (DocId doc = nextCandidate(base); doc - base < kWindowDocs; doc = nextCandidate(doc + 1)) {
      const std::uint32_t freq = occurrences(doc);
      if (freq == 0) continue;
      setBit(bits, doc - base);
      if (scores != nullptr) scores[doc - base] += scoreOf(doc, freq);
    }
  }

  void narrow(std::uint32_t window, std::uint64_t* bits, float* scores) override {
    const DocId base = windowBegin(window);
    forEachBit(bits, [&](std::uint32_t i) {
      const std::uint32_t freq = occurrences(base + i);
      if (freq == 0) {
        clearBit(bits, i);
      } else if (scores != nullptr) {
        scores[i] += scoreOf(base + i, freq);
      }
    });
  }

 private:
  float scoreOf(DocId doc, std::uint32_t freq) const {
    return bm25_->score(static_cast<float>(freq), norms_ == nullptr ? std::uint8_t{1} : norms_[doc]);
  }

  // How often the phrase stands in the document.
  std::uint32_t occurrences(DocId doc) {
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      const int at = parts_[p].walk.seek(doc) ? parts_[p].walk.indexOf(doc) : -1;
      if (at < 0) return 0;
      const auto positions = parts_[p].walk.cursor().positions(static_cast<std::uint32_t>(at));
      if (p == 0) {
        starts_.clear();
        for (const std::uint32_t position : positions)
          if (position >= parts_[p].position) starts_.push_back(position - parts_[p].position);
      } else {
        std::erase_if(starts_, [&](std::uint32_t start) {
          return !std::binary_search(positions.begin(), positions.end(), start + parts_[p].position);
        });
      }
      if (starts_.empty()) return 0;
    }
    return static_cast<std::uint32_t>(starts_.size());
  }

  std::vector<PhrasePart> parts_;  // the rarest term first
  const std::uint8_t* norms_;
  std::shared_ptr<const Bm25> bm25_;
  std::vector<std::uint32_t> starts_;
};

class PhraseQuery final : public Query {
 public:
  PhraseQuery(std::string path, std::vector<PhraseTerm> terms, float boost)
      : path_(std::move(path)), terms_(std::move(terms)), boost_(boost) {
    const std::uint32_t first = terms_.front().position;
    for (PhraseTerm& term : terms_) term.position -= first;
  }

  Result<WeightPtr> weight(const Snapshot& snapshot, float boost, bool) const override {
    const FieldStatistics statistics = fieldStatistics(snapshot, path_);
    double idf = 0;
    for (const PhraseTerm& term : terms_) {
      const std::uint64_t doc_freq = docFrequency(snapshot, path_, term.term);
      if (doc_freq == 0) return makeNoneWeight();
      idf += inverseDocumentFrequency(statistics.doc_count, doc_freq);
    }
    auto bm25 = std::make_shared<const Bm25>(statistics, idf, boost * boost_);
    return makeWeight([this, bm25 = std::move(bm25)](SegmentRun& run) -> ScorerPtr {
      const FieldReader* const field = run.segment().field(path_);
      if (field == nullptr || field->terms == nullptr || field->postings == nullptr) return nullptr;
      std::vector<PhrasePart> parts;
      for (const PhraseTerm& term : terms_) {
        const auto found = field->terms->find(term.term);
        if (!found) return nullptr;
        parts.push_back({PostingsWalk(field->postings->cursor(found->info), found->info.doc_freq), term.position});
      }
      return std::make_unique<PhraseScorer>(std::move(parts), field->norms, bm25);
    });
  }
  void visitTerms(TermVisitor& visitor) const override {
    std::vector<VisitedPlace> places;
    for (const PhraseTerm& term : terms_) places.push_back({term.position, {term.term}});
    visitor.phrase(path_, std::move(places), 0, false);
  }

 private:
  std::string path_;
  std::vector<PhraseTerm> terms_;
  float boost_;
};

}  // namespace

QueryPtr makePhraseQuery(std::string path, std::vector<PhraseTerm> terms, float boost) {
  return std::make_unique<PhraseQuery>(std::move(path), std::move(terms), boost);
}

}  // namespace gyre::engine
