#include "engine/query/term_scorer.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "engine/query/few_docs.hpp"
#include "engine/query/postings_walk.hpp"
#include "engine/query/score_bounds.hpp"
#include "engine/query/scorers.hpp"
#include "engine/query/uniform_scorer.hpp"

namespace gyre::engine {

namespace {

// To look a document up is taken to cost as much as to score so many of the term's documents in order: a block of 128
// is halved seven times.
constexpr std::uint64_t kLookUpCost = 6;

// What a document with a term so and so often can score at most, in the units of score_bounds.hpp. The last stands for
// all frequencies above too.
class BoundTable {
 public:
  static constexpr std::uint32_t kFrequencies = 16;

  void fill(const Bm25& bm25, std::uint8_t norm, float scale) {
    if (norm == norm_ && scale == scale_) return;
    norm_ = norm;
    scale_ = scale;
    for (std::uint32_t freq = 1; freq < kFrequencies; ++freq) {
      constexpr float kAny = std::numeric_limits<float>::infinity();
      const float score = bm25.score(freq + 1 == kFrequencies ? kAny : static_cast<float>(freq), norm) * scale;
      bounds_[freq] = score < 254 ? static_cast<std::uint8_t>(static_cast<int>(score) + 1) : std::uint8_t{255};
    }
  }
  std::uint32_t operator[](std::uint32_t freq) const { return bounds_[std::min(freq, kFrequencies - 1)]; }

 private:
  std::uint8_t norm_ = 0;
  float scale_ = -1;  // none
  std::array<std::uint8_t, kFrequencies> bounds_{};
};

class TermScorer final : public Scorer, public SpanBounder, public FewDocsScorer, public UniformScorer {
 public:
  TermScorer(SegmentRun& run, const FieldReader& field, const TermInfo& term, std::shared_ptr<const Bm25> bm25)
      : field_(field),
        term_(term),
        walk_(field.postings->cursor(term), term.doc_freq),
        norms_(field.norms),
        bm25_(std::move(bm25)),
        docs_in_window_(std::uint64_t{term.doc_freq} * kWindowDocs / std::max(run.docCount(), kWindowDocs)) {}

  std::uint64_t cost() const override { return walk_.docFreq(); }
  DocId nextCandidate(DocId from) override { return walk_.next(from); }

  void evaluate(std::uint32_t window, std::uint64_t* bits, float* scores) override {
    clearBits(bits);
    add(window, bits, scores);
  }

  void narrow(std::uint32_t window, std::uint64_t* bits, float* scores) override {
    if (!isFew(bits)) return Scorer::narrow(window, bits, scores);
    const DocId base = windowBegin(window);
    forEachBit(bits, [&](std::uint32_t i) {
      const int at = walk_.find(base + i);
      if (at < 0) {
        clearBit(bits, i);
      } else if (scores != nullptr) {
        scores[i] += scoreAt(static_cast<std::size_t>(at));
      }
    });
  }

  void addTo(std::uint32_t window, const std::uint64_t* within, std::uint64_t* bits, double* sums) override {
    if (within == nullptr) return add(window, bits, sums);
    if (sums == nullptr) return Scorer::addTo(window, within, bits, sums);
    const FewDocs few(within);
    if (few.areFew()) return addFew(window, few.places(), bits, sums);
    if (isFew(within)) return lookUp(window, within, within, bits, sums);
    addWithin(window, within, bits, sums);
  }

  void addFew(std::uint32_t window, std::span<const std::uint16_t> places, std::uint64_t* bits, double* sums) override {
    const DocId base = windowBegin(window);
    for (std::size_t i = 0; i < places.size();) {
      const DocId doc = base + places[i];
      const DocId reached = walk_.reach(doc);
      if (reached == doc) {
        setBit(bits, places[i]);
        sums[places[i]] += static_cast<double>(scoreAt(walk_.at()));
        ++i;
        continue;
      }
      if (reached > base + places.back()) return;
      while (base + places[i] < reached) ++i;
    }
  }

  // Terms of keywords have neither frequencies nor lengths.
  std::optional<float> uniformScore() const override {
    if (field_.type == FieldType::kText || norms_ != nullptr) return std::nullopt;
    return bm25_->score(1, 1);
  }

  void addSome(std::uint32_t window, const std::uint64_t* within, const std::uint64_t* scored, std::uint64_t* bits,
               double* sums) override {
    const DocId base = windowBegin(window);
    if (within != nullptr && isFew(within)) return lookUp(window, within, scored, bits, sums);
    walk_.forEachBlock(window, [&](std::size_t first, std::size_t last) {
      const auto docs = walk_.docs().subspan(first, last - first);
      setBits(docs, base, within, bits);
      forEachBitIn(scored, docs.front() - base, docs.back() - base, [&](std::uint32_t i) {
        const int at = walk_.indexOf(base + i);
        if (at >= 0) sums[i] += static_cast<double>(scoreAt(static_cast<std::size_t>(at)));
      });
    });
  }

  // A block whose best score is no higher than the floor is read for its documents only, or not at all.
  void findAbove(const FloorRequest& request, std::uint64_t* bits, std::uint64_t* above, float* scores) override {
    if (request.within != nullptr && isFew(request.within)) return Scorer::findAbove(request, bits, above, scores);
    clearBits(bits);
    clearBits(above);
    const DocId base = windowBegin(request.window);
    bool is_below = false;
    const auto passOver = [&](DocId from) {
      const PostingsCursor::Bound bound = walk_.cursor().boundAt(from);
      if (bound.last_doc == kNoMoreDocs) return kNoMoreDocs;
      is_below = boundOf(bound) <= request.floor;
      return is_below && !request.needs_all ? bound.last_doc + 1 : DocId{0};
    };
    walk_.forEachBlockIf(request.window, passOver, [&](std::size_t first, std::size_t last) {
      const auto docs = walk_.docs().subspan(first, last - first);
      setBits(docs, base, request.within, bits);
      if (is_below) return;
      std::array<float, kPostingsBlock> own;
      bm25_->score(docs, walk_.cursor().freqs().data() + first, norms_, own.data());
      for (std::size_t i = 0; i < docs.size(); ++i) {
        const std::uint32_t at = docs[i] - base;
        if (!(own[i] > request.floor) || !testBit(bits, at)) continue;
        setBit(above, at);
        scores[at] = own[i];
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
      highest = std::max(highest, boundOf(bound));
      if (bound.last_doc >= last) break;
      from = bound.last_doc + 1;
    }
    return highest;
  }

  void addSpan(DocId begin, float scale, std::uint64_t* bits, std::uint8_t* bounds) override {
    if (!span_walk_) span_walk_.emplace(field_.postings->cursor(term_), term_.doc_freq);
    const DocId last = begin + (kSpanDocs - 1);
    for (DocId from = begin; span_walk_->seek(from);) {
      std::span<const DocId> docs = span_walk_->docs();
      std::span<const std::uint32_t> freqs = span_walk_->cursor().freqs();
      const bool is_last = docs.back() >= last;
      from = docs.back() + 1;
      const std::uint8_t norm = norms_ == nullptr ? 1 : span_walk_->cursor().boundAt(docs.back()).min_norm;
      table_.fill(*bm25_, norm, scale);
      if (docs.back() > last) docs = docs.first(placeBehind(docs, last));
      if (!docs.empty() && docs.front() < begin) {
        const std::size_t before = placeBehind(docs, begin - 1);
        docs = docs.subspan(before);
        freqs = freqs.subspan(before);
      }
      for (std::size_t i = 0; i < docs.size(); ++i) {
        std::uint8_t& bound = bounds[docs[i] - begin];
        bound = static_cast<std::uint8_t>(std::min(bound + table_[freqs[i]], 255U));
      }
      setBitsInTurns(docs, begin, bits);
      if (is_last) break;
    }
  }

 private:
  // One after the other, of the documents within `within`; adds the scores of those that are `scored`.
  void lookUp(std::uint32_t window, const std::uint64_t* within, const std::uint64_t* scored, std::uint64_t* bits,
              double* sums) {
    const DocId base = windowBegin(window);
    forEachBit(within, [&](std::uint32_t i) {
      const int at = walk_.find(base + i);
      if (at < 0) return;
      setBit(bits, i);
      if (testBit(scored, i)) sums[i] += static_cast<double>(scoreAt(static_cast<std::size_t>(at)));
    });
  }

  static std::size_t placeBehind(std::span<const DocId> docs, DocId doc) {
    return static_cast<std::size_t>(std::upper_bound(docs.begin(), docs.end(), doc) - docs.begin());
  }
  // Whether to look up these documents costs less than to read the term's in the window, which are about
  // docs_in_window_.
  bool isFew(const std::uint64_t* bits) const {
    std::uint64_t cost = 0;
    for (std::uint32_t w = 0; w < kWindowWords && cost <= docs_in_window_; ++w)
      if (bits[w] != 0) cost += countOnes(bits[w]) * kLookUpCost;
    return cost < docs_in_window_;
  }

  float boundOf(const PostingsCursor::Bound& bound) const {
    return bm25_->score(static_cast<float>(bound.max_freq), norms_ == nullptr ? 1 : bound.min_norm);
  }

  // Those within `within`, or all.
  static void setBits(std::span<const DocId> docs, DocId base, const std::uint64_t* within, std::uint64_t* bits) {
    if (within == nullptr) return setBitsInTurns(docs, base, bits);
    for (const DocId doc : docs) {
      const std::uint32_t at = doc - base;
      bits[at / 64] |= (within[at / 64] >> (at % 64) & 1) << (at % 64);
    }
  }

  // Of the document at a place of the current block.
  float scoreAt(std::size_t at) {
    const std::uint8_t norm = norms_ == nullptr ? std::uint8_t{1} : norms_[walk_.docs()[at]];
    return bm25_->score(static_cast<float>(walk_.cursor().freqs()[at]), norm);
  }

  template <class Sum>
  void add(std::uint32_t window, std::uint64_t* bits, Sum* sums) {
    if (sums == nullptr) return walk_.addBits(window, bits);
    const DocId base = windowBegin(window);
    walk_.forEachBlock(window, [&](std::size_t first, std::size_t last) {
      const auto docs = walk_.docs().subspan(first, last - first);
      std::array<float, kPostingsBlock> scores;
      bm25_->score(docs, walk_.cursor().freqs().data() + first, norms_, scores.data());
      for (std::size_t i = 0; i < docs.size(); ++i) {
        setBit(bits, docs[i] - base);
        sums[docs[i] - base] += static_cast<Sum>(scores[i]);
      }
    });
  }

  // Without a branch on what is in `within`, which would be guessed wrong half the time.
  void addWithin(std::uint32_t window, const std::uint64_t* within, std::uint64_t* bits, double* sums) {
    const DocId base = windowBegin(window);
    walk_.forEachBlock(window, [&](std::size_t first, std::size_t last) {
      const auto docs = walk_.docs().subspan(first, last - first);
      std::array<float, kPostingsBlock> scores;
      bm25_->score(docs, walk_.cursor().freqs().data() + first, norms_, scores.data());
      for (std::size_t i = 0; i < docs.size(); ++i) {
        const std::uint32_t at = docs[i] - base;
        const std::uint64_t kept = within[at / 64] >> (at % 64) & 1;
        bits[at / 64] |= kept << (at % 64);
        sums[at] += static_cast<double>(scores[i]) * static_cast<double>(static_cast<std::int64_t>(kept));
      }
    });
  }

  const FieldReader& field_;
  TermInfo term_;
  PostingsWalk walk_;
  const std::uint8_t* norms_;
  std::shared_ptr<const Bm25> bm25_;
  std::uint64_t docs_in_window_;  // on average
  std::optional<PostingsWalk> span_walk_;
  BoundTable table_;
};

}  // namespace

ScorerPtr makeTermScorer(SegmentRun& run, const FieldReader& field, const TermInfo& term,
                         std::shared_ptr<const Bm25> bm25) {
  return std::make_unique<TermScorer>(run, field, term, std::move(bm25));
}

namespace {

std::uint8_t normOf(const FieldReader& field, DocId doc) {
  return field.norms == nullptr ? std::uint8_t{1} : field.norms[doc];
}

// How often the document holds the term.
std::uint32_t frequencyOf(const FieldReader& field, const std::string& term, DocId doc) {
  if (field.terms == nullptr || field.postings == nullptr) return 0;
  const auto found = field.terms->find(term);
  if (!found) return 0;
  PostingsWalk walk(field.postings->cursor(found->info), found->info.doc_freq);
  const int at = walk.seek(doc) ? walk.indexOf(doc) : -1;
  return at < 0 ? 0 : walk.cursor().freqs()[static_cast<std::size_t>(at)];
}

class TermWeight final : public Weight {
 public:
  TermWeight(std::string path, std::string term, ScoreStatistics statistics)
      : path_(std::move(path)),
        term_(std::move(term)),
        statistics_(std::move(statistics)),
        bm25_(std::make_shared<const Bm25>(statistics_.bm25())) {}

  ScorerPtr scorer(SegmentRun& run) const override {
    const FieldReader* const field = run.segment().field(path_);
    if (field == nullptr || field->terms == nullptr || field->postings == nullptr) return nullptr;
    const auto found = field->terms->find(term_);
    return found ? makeTermScorer(run, *field, found->info, bm25_) : nullptr;
  }

  Explanation explain(SegmentRun& run, DocId doc) const override {
    const FieldReader* const field = run.segment().field(path_);
    const std::uint32_t freq = field == nullptr ? 0 : frequencyOf(*field, term_, doc);
    if (freq == 0) return Explanation::noMatch("no matching term");
    return statistics_.explain(path_ + ":" + term_, doc, static_cast<float>(freq), normOf(*field, doc));
  }

 private:
  std::string path_;
  std::string term_;
  ScoreStatistics statistics_;
  std::shared_ptr<const Bm25> bm25_;
};

class SynonymScorer final : public Scorer {
 public:
  SynonymScorer(std::vector<PostingsWalk> walks, const std::uint8_t* norms, std::shared_ptr<const Bm25> bm25)
      : walks_(std::move(walks)), norms_(norms), bm25_(std::move(bm25)), freqs_(kWindowDocs) {}

  std::uint64_t cost() const override {
    std::uint64_t cost = 0;
    for (const PostingsWalk& walk : walks_) cost += walk.docFreq();
    return cost;
  }
  std::uint64_t partCount() const override { return walks_.size(); }
  DocId nextCandidate(DocId from) override {
    DocId first = kNoMoreDocs;
    for (PostingsWalk& walk : walks_) first = std::min(first, walk.next(from));
    return first;
  }
  void evaluate(std::uint32_t window, std::uint64_t* bits, float* scores) override {
    clearBits(bits);
    if (scores == nullptr) {
      for (PostingsWalk& walk : walks_) walk.addBits(window, bits);
      return;
    }
    std::fill(freqs_.begin(), freqs_.end(), 0.0f);
    const DocId base = windowBegin(window);
    for (PostingsWalk& walk : walks_)
      walk.forEachBlock(window, [&](std::size_t first, std::size_t last) {
        const auto docs = walk.docs();
        const auto freqs = walk.cursor().freqs();
        for (std::size_t i = first; i < last; ++i) {
          setBit(bits, docs[i] - base);
          freqs_[docs[i] - base] += static_cast<float>(freqs[i]);
        }
      });
    forEachBit(bits, [&](std::uint32_t i) {
      scores[i] += bm25_->score(freqs_[i], norms_ == nullptr ? std::uint8_t{1} : norms_[base + i]);
    });
  }

 private:
  std::vector<PostingsWalk> walks_;
  const std::uint8_t* norms_;
  std::shared_ptr<const Bm25> bm25_;
  std::vector<float> freqs_;
};

class SynonymWeight final : public Weight {
 public:
  SynonymWeight(std::string path, std::vector<std::string> terms, ScoreStatistics statistics)
      : path_(std::move(path)),
        terms_(std::move(terms)),
        statistics_(std::move(statistics)),
        bm25_(std::make_shared<const Bm25>(statistics_.bm25())) {}

  ScorerPtr scorer(SegmentRun& run) const override {
    const FieldReader* const field = run.segment().field(path_);
    if (field == nullptr || field->terms == nullptr || field->postings == nullptr) return nullptr;
    std::vector<PostingsWalk> walks;
    for (const std::string& term : terms_)
      if (const auto found = field->terms->find(term))
        walks.emplace_back(field->postings->cursor(found->info), found->info.doc_freq);
    if (walks.empty()) return nullptr;
    return std::make_unique<SynonymScorer>(std::move(walks), field->norms, bm25_);
  }

  Explanation explain(SegmentRun& run, DocId doc) const override {
    const FieldReader* const field = run.segment().field(path_);
    std::uint32_t freq = 0;
    std::string subject = "Synonym(";
    for (const std::string& term : terms_) {
      if (field != nullptr) freq += frequencyOf(*field, term, doc);
      subject += (subject.back() == '(' ? "" : " ") + path_ + ":" + term;
    }
    if (freq == 0) return Explanation::noMatch("no matching term");
    return statistics_.explain(subject + ")", doc, static_cast<float>(freq), normOf(*field, doc),
                               "termFreq=" + describeFloat(static_cast<float>(freq)));
  }

 private:
  std::string path_;
  std::vector<std::string> terms_;
  ScoreStatistics statistics_;
  std::shared_ptr<const Bm25> bm25_;
};

}  // namespace

WeightPtr makeTermWeight(const Snapshot& snapshot, std::string path, std::string term, float boost,
                         std::uint64_t doc_freq) {
  if (doc_freq == 0) doc_freq = docFrequency(snapshot, path, term);
  if (doc_freq == 0) return makeNoneWeight();
  ScoreStatistics statistics{fieldStatistics(snapshot, path), {doc_freq}, boost};
  return makeTermWeight(std::move(path), std::move(term), std::move(statistics));
}

WeightPtr makeTermWeight(std::string path, std::string term, ScoreStatistics statistics) {
  return std::make_unique<TermWeight>(std::move(path), std::move(term), std::move(statistics));
}

WeightPtr makeSynonymWeight(const Snapshot& snapshot, std::string path, std::vector<std::string> terms, float boost) {
  std::uint64_t doc_freq = 0;
  for (const std::string& term : terms) doc_freq = std::max(doc_freq, docFrequency(snapshot, path, term));
  if (doc_freq == 0) return makeNoneWeight();
  ScoreStatistics statistics{fieldStatistics(snapshot, path), {doc_freq}, boost};
  return std::make_unique<SynonymWeight>(std::move(path), std::move(terms), std::move(statistics));
}

}  // namespace gyre::engine
