#include "engine/query/phrase_query.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "engine/query/bm25.hpp"
#include "engine/query/bool_query.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/owning_weight.hpp"
#include "engine/query/postings_walk.hpp"
#include "engine/query/scorers.hpp"
#include "engine/query/term_visitor.hpp"

namespace gyre::engine {

namespace {

// One place of the phrase in one segment.
class PhrasePart {
 public:
  PhrasePart(std::vector<PostingsWalk> walks, std::uint32_t position, std::size_t place)
      : position_(position), place_(place), walks_(std::move(walks)) {
    for (const PostingsWalk& walk : walks_) doc_freq_ += walk.docFreq();
  }

  std::uint32_t position() const { return position_; }
  std::size_t place() const { return place_; }
  std::uint64_t docFreq() const { return doc_freq_; }
  // Of several words, any of which may stand there.
  bool isMerged() const { return walks_.size() > 1; }

  DocId next(DocId target) {
    DocId first = kNoMoreDocs;
    for (PostingsWalk& walk : walks_) first = std::min(first, walk.next(target));
    return first;
  }

  // Goes to the document; false when it does not hold the place. REQUIRES: documents never go back.
  bool find(DocId doc) {
    if (walks_.size() == 1) return (found_ = walks_.front().find(doc)) >= 0;
    doc_ = doc;
    bool is_there = false;
    for (PostingsWalk& walk : walks_) is_there = walk.find(doc) >= 0 || is_there;
    return is_there;
  }

  // The document's positions, ascending. REQUIRES: find() returned true.
  std::span<const std::uint32_t> positions() {
    if (walks_.size() == 1) return walks_.front().cursor().positions(static_cast<std::uint32_t>(found_));
    merged_.clear();
    for (PostingsWalk& walk : walks_) {
      const int at = walk.find(doc_);
      if (at < 0) continue;
      const auto own = walk.cursor().positions(static_cast<std::uint32_t>(at));
      merged_.insert(merged_.end(), own.begin(), own.end());
    }
    std::sort(merged_.begin(), merged_.end());
    return merged_;
  }

  // Calls visit(doc) for each of the window's documents that hold the place, ascending. REQUIRES: not isMerged().
  template <class Visit>
  void forEach(std::uint32_t window, Visit&& visit) {
    PostingsWalk& walk = walks_.front();
    walk.forEachBlock(window, [&](std::size_t first, std::size_t last) {
      for (std::size_t i = first; i < last; ++i) {
        found_ = static_cast<int>(i);
        visit(walk.docs()[i]);
      }
    });
  }

 private:
  std::uint32_t position_;
  std::size_t place_;
  std::vector<PostingsWalk> walks_;
  std::uint64_t doc_freq_ = 0;
  int found_ = -1;  // of a single walk: the document's place in its block
  DocId doc_ = 0;   // of several: the document
  std::vector<std::uint32_t> merged_;
};

class PhraseScorer final : public Scorer {
 public:
  // `matcher`: null for a phrase without slop.
  PhraseScorer(std::vector<PhrasePart> parts, std::unique_ptr<SloppyPhraseMatcher> matcher, const std::uint8_t* norms,
               std::shared_ptr<const Bm25> bm25)
      : parts_(std::move(parts)), matcher_(std::move(matcher)), norms_(norms), bm25_(std::move(bm25)) {
    std::sort(parts_.begin(), parts_.end(),
              [](const PhrasePart& a, const PhrasePart& b) { return a.docFreq() < b.docFreq(); });
  }

  std::uint64_t cost() const override { return parts_.front().docFreq(); }

  // The first document >= from that holds all terms, in whatever order.
  DocId nextCandidate(DocId from) override {
    while (true) {
      const DocId agreed = parts_.front().next(from);
      for (std::size_t i = 1; i < parts_.size() && agreed != kNoMoreDocs; ++i) {
        from = parts_[i].next(agreed);
        if (from != agreed) break;
        if (i + 1 == parts_.size()) return agreed;
      }
      if (agreed == kNoMoreDocs || from == kNoMoreDocs) return kNoMoreDocs;
    }
  }

  std::uint64_t partCount() const override { return 4 * parts_.size(); }

  void evaluate(std::uint32_t window, std::uint64_t* bits, float* scores) override {
    clearBits(bits);
    const DocId base = windowBegin(window);
    PhrasePart& rarest = parts_.front();
    if (rarest.isMerged()) {
      for (DocId doc = nextCandidate(base); doc - base < kWindowDocs; doc = nextCandidate(doc + 1))
        take(doc, base, frequency(doc), bits, scores);
      return;
    }
    rarest.forEach(window, [&](DocId doc) {
      if (holdsOthers(doc)) take(doc, base, frequencyThere(), bits, scores);
    });
  }

  void narrow(std::uint32_t window, std::uint64_t* bits, float* scores) override {
    // Below this many documents, looking each up beats walking through the window.
    constexpr std::uint32_t kFewDocs = 64;
    if (countBits(bits) > kFewDocs) return Scorer::narrow(window, bits, scores);
    const DocId base = windowBegin(window);
    WindowBits found{};
    forEachBit(bits, [&](std::uint32_t i) { take(base + i, base, frequency(base + i), found.data(), scores); });
    std::copy(found.begin(), found.end(), bits);
  }

  // How often the phrase stands in the document; a spread match counts less than one. REQUIRES: documents never go
  // back.
  float frequency(DocId doc) { return parts_.front().find(doc) && holdsOthers(doc) ? frequencyThere() : 0; }

 private:
  bool holdsOthers(DocId doc) {
    for (std::size_t p = 1; p < parts_.size(); ++p)
      if (!parts_[p].find(doc)) return false;
    return true;
  }

  void take(DocId doc, DocId base, float freq, std::uint64_t* bits, float* scores) const {
    if (freq == 0) return;
    setBit(bits, doc - base);
    if (scores != nullptr) scores[doc - base] += scoreOf(doc, freq);
  }

  // In the document that all parts have found.
  float frequencyThere() {
    if (matcher_ != nullptr) {
      for (PhrasePart& part : parts_) matcher_->setPositions(part.place(), part.positions());
      return matcher_->frequency();
    }
    positions_.resize(parts_.size());
    for (std::size_t p = 0; p < parts_.size(); ++p) positions_[p] = parts_[p].positions();
    const std::uint32_t first = parts_.front().position();
    std::uint32_t count = 0, last = kNoMoreDocs;
    for (const std::uint32_t position : positions_.front()) {
      // Words may stand at the same position more than once.
      if (position < first || position == last) continue;
      last = position;
      bool is_phrase = true;
      for (std::size_t p = 1; p < parts_.size() && is_phrase; ++p)
        is_phrase = holds(positions_[p], position - first + parts_[p].position());
      count += is_phrase;
    }
    return static_cast<float>(count);
  }

  static bool holds(std::span<const std::uint32_t> positions, std::uint32_t wanted) {
    constexpr std::size_t kFew = 8;
    if (positions.size() > kFew) return std::binary_search(positions.begin(), positions.end(), wanted);
    bool is_there = false;
    for (const std::uint32_t position : positions) is_there = is_there || position == wanted;
    return is_there;
  }

  float scoreOf(DocId doc, float freq) const {
    return bm25_->score(freq, norms_ == nullptr ? std::uint8_t{1} : norms_[doc]);
  }

  std::vector<PhrasePart> parts_;  // the rarest first
  std::unique_ptr<SloppyPhraseMatcher> matcher_;
  const std::uint8_t* norms_;
  std::shared_ptr<const Bm25> bm25_;
  std::vector<std::span<const std::uint32_t>> positions_;  // by part
};

std::string describePhrase(const std::string& path, const std::vector<PhrasePlace>& places, std::uint32_t slop,
                           std::string_view last_suffix = "") {
  std::string text = path + ":\"";
  std::uint32_t position = 0;
  for (const PhrasePlace& place : places) {
    for (; position < place.position; ++position) text += "? ";
    const bool is_last = &place == &places.back();
    const auto add = [&](const std::string& term) {
      text += term;
      if (is_last) text += last_suffix;
    };
    if (place.terms.size() == 1) {
      add(place.terms.front());
    } else {
      text += "(";
      for (const std::string& term : place.terms) {
        if (&term != place.terms.data()) text += " ";
        add(term);
      }
      text += ")";
    }
    if (!is_last) text += " ";
    ++position;
  }
  text += "\"";
  if (slop != 0) text += "~" + std::to_string(slop);
  return text;
}

class PhraseWeight final : public Weight {
 public:
  PhraseWeight(std::string path, std::vector<PhrasePlace> places, std::uint32_t slop, ScoreStatistics statistics)
      : path_(std::move(path)),
        places_(std::move(places)),
        slop_(slop),
        statistics_(std::move(statistics)),
        bm25_(std::make_shared<const Bm25>(statistics_.bm25())) {}

  ScorerPtr scorer(SegmentRun& run) const override { return phraseScorer(run); }

  Explanation explain(SegmentRun& run, DocId doc) const override {
    const auto scorer = phraseScorer(run);
    const float freq = scorer == nullptr ? 0 : scorer->frequency(doc);
    if (freq == 0) return Explanation::noMatch("no matching term");
    const FieldReader* const field = run.segment().field(path_);
    return statistics_.explain(describePhrase(path_, places_, slop_), doc, freq,
                               field->norms == nullptr ? std::uint8_t{1} : field->norms[doc],
                               "phraseFreq=" + describeFloat(freq));
  }

 private:
  std::unique_ptr<PhraseScorer> phraseScorer(SegmentRun& run) const {
    const FieldReader* const field = run.segment().field(path_);
    if (field == nullptr || field->terms == nullptr || field->postings == nullptr) return nullptr;
    std::vector<PhrasePart> parts;
    for (std::size_t place = 0; place < places_.size(); ++place) {
      std::vector<PostingsWalk> walks;
      for (const std::string& term : places_[place].terms)
        if (const auto found = field->terms->find(term))
          walks.emplace_back(field->postings->cursor(found->info), found->info.doc_freq);
      if (walks.empty()) return nullptr;
      parts.emplace_back(std::move(walks), places_[place].position, place);
    }
    std::unique_ptr<SloppyPhraseMatcher> matcher;
    if (slop_ != 0) matcher = std::make_unique<SloppyPhraseMatcher>(places_, slop_);
    return std::make_unique<PhraseScorer>(std::move(parts), std::move(matcher), field->norms, bm25_);
  }

  std::string path_;
  std::vector<PhrasePlace> places_;
  std::uint32_t slop_;
  ScoreStatistics statistics_;
  std::shared_ptr<const Bm25> bm25_;
};

WeightPtr makePhraseWeight(const Snapshot& snapshot, const std::string& path, std::vector<PhrasePlace> places,
                           std::uint32_t slop, float boost) {
  ScoreStatistics statistics{fieldStatistics(snapshot, path), {}, boost};
  for (const PhrasePlace& place : places) {
    bool has_documents = false;
    for (const std::string& term : place.terms) {
      const std::uint64_t doc_freq = docFrequency(snapshot, path, term);
      if (doc_freq == 0) continue;
      has_documents = true;
      statistics.doc_freqs.push_back(doc_freq);
    }
    if (!has_documents) return makeNoneWeight();
  }
  return std::make_unique<PhraseWeight>(path, std::move(places), slop, std::move(statistics));
}

void visitPhrase(TermVisitor& visitor, const std::string& path, const std::vector<PhrasePlace>& places,
                 std::uint32_t slop, bool is_prefix) {
  std::vector<VisitedPlace> visited;
  for (const PhrasePlace& place : places) visited.push_back({place.position, place.terms});
  visitor.phrase(path, std::move(visited), slop, is_prefix);
}

void startAtZero(std::vector<PhrasePlace>& places) {
  const std::uint32_t first = places.front().position;
  for (PhrasePlace& place : places) place.position -= first;
}

class PhraseQuery final : public Query {
 public:
  PhraseQuery(std::string path, std::vector<PhrasePlace> places, std::uint32_t slop, float boost)
      : path_(std::move(path)), places_(std::move(places)), slop_(slop), boost_(boost) {}

  Result<WeightPtr> weight(const Snapshot& snapshot, float boost, bool) const override {
    return makePhraseWeight(snapshot, path_, places_, slop_, boost * boost_);
  }
  std::string describe() const override { return describeBoosted(describePhrase(path_, places_, slop_), boost_); }
  void visitTerms(TermVisitor& visitor) const override {
    const BoostedVisit around(visitor, boost_);
    visitPhrase(visitor, path_, places_, slop_, false);
  }

 private:
  std::string path_;
  std::vector<PhrasePlace> places_;
  std::uint32_t slop_;
  float boost_;
};

class PhrasePrefixQuery final : public Query {
 public:
  PhrasePrefixQuery(std::string path, std::vector<PhrasePlace> places, std::uint32_t slop, std::uint32_t max_expansions,
                    float boost)
      : path_(std::move(path)),
        places_(std::move(places)),
        slop_(slop),
        max_expansions_(max_expansions),
        boost_(boost) {}

  Result<WeightPtr> weight(const Snapshot& snapshot, float boost, bool needs_scores) const override {
    const float own = boost * boost_;
    std::vector<std::string> terms = expand(snapshot);
    if (terms.empty()) return makeNoneWeight("no matching term");
    if (places_.size() > 1) {
      std::vector<PhrasePlace> places = places_;
      places.back().terms = std::move(terms);
      return makePhraseWeight(snapshot, path_, std::move(places), slop_, own);
    }
    BoolClauses clauses;
    for (std::string& term : terms) clauses.should.push_back(makeTermQuery(path_, std::move(term), 1));
    QueryPtr any = makeBoolQuery(std::move(clauses), 1);
    GYRE_TRY_ASSIGN(auto weight, any->weight(snapshot, own, needs_scores));
    return WeightPtr(std::make_unique<OwningWeight>(std::move(any), std::move(weight)));
  }

  std::string describe() const override { return describeBoosted(describePhrase(path_, places_, slop_, "*"), boost_); }
  void visitTerms(TermVisitor& visitor) const override {
    const BoostedVisit around(visitor, boost_);
    visitPhrase(visitor, path_, places_, slop_, true);
  }

 private:
  // The smallest terms of the whole snapshot that begin as the last place wants.
  std::vector<std::string> expand(const Snapshot& snapshot) const {
    std::vector<std::string> terms;
    for (const SegmentView& view : snapshot.segments) {
      const FieldReader* const field = view.segment->field(path_);
      if (field == nullptr || field->terms == nullptr) continue;
      for (const std::string& prefix : places_.back().terms) {
        const auto cursor = field->terms->cursor();
        std::uint32_t count = 0;
        for (bool has_term = cursor->seekCeil(prefix);
             has_term && count < max_expansions_ && cursor->term().starts_with(prefix);
             has_term = cursor->next(), ++count)
          terms.emplace_back(cursor->term());
      }
    }
    std::sort(terms.begin(), terms.end());
    terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
    if (terms.size() > max_expansions_) terms.resize(max_expansions_);
    return terms;
  }

  std::string path_;
  std::vector<PhrasePlace> places_;
  std::uint32_t slop_;
  std::uint32_t max_expansions_;
  float boost_;
};

}  // namespace

QueryPtr makePhraseQuery(std::string path, std::vector<PhrasePlace> places, std::uint32_t slop, float boost) {
  startAtZero(places);
  return std::make_unique<PhraseQuery>(std::move(path), std::move(places), slop, boost);
}

QueryPtr makePhrasePrefixQuery(std::string path, std::vector<PhrasePlace> places, std::uint32_t slop,
                               std::uint32_t max_expansions, float boost) {
  startAtZero(places);
  return std::make_unique<PhrasePrefixQuery>(std::move(path), std::move(places), slop, max_expansions, boost);
}

}  // namespace gyre::engine
