#include "engine/query/bool_scorer.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "engine/query/few_docs.hpp"
#include "engine/query/score_bounds.hpp"
#include "engine/query/scorer_lists.hpp"
#include "engine/query/scorers.hpp"
#include "engine/query/uniform_scorer.hpp"
#include "engine/query/window_sums.hpp"

namespace gyre::engine {

namespace {

// A clause that looks at more things than this for each document is costly.
constexpr std::uint64_t kFewParts = 8;
// A clause with so many times the matches of another is asked about those of that one alone.
constexpr std::uint64_t kManyTimes = 6;

// The matches of several required clauses with their bounds, a span at a time.
class SpanReader {
 public:
  // Stays closed unless all clauses that score tell bounds, and all match about as many of the segment's documents.
  void open(const std::vector<RequiredScorer>& required, std::uint32_t doc_count) {
    std::uint64_t fewest = UINT64_MAX, most = 0;
    for (const RequiredScorer& clause : required) {
      fewest = std::min(fewest, clause.scorer->cost());
      if (!clause.is_scored) continue;
      most = std::max(most, clause.scorer->cost());
      auto* const bounder = dynamic_cast<SpanBounder*>(clause.scorer.get());
      if (bounder == nullptr || !bounder->tellsBounds()) return bounders_.clear();
      bounders_.push_back(bounder);
    }
    docs_in_window_ = most * kWindowDocs / std::max(doc_count, kWindowDocs);
    // Where most windows hold no match, to go from one to the next is cheaper than to read them all.
    if (bounders_.size() < 2 || fewest < most / kManyTimes || docs_in_window_ == 0) bounders_.clear();
  }
  // Whether to look up these documents, or all, would cost more than to read the lists. REQUIRES: isOpen().
  bool isWorthIt(const std::uint64_t* within) const {
    return within == nullptr || countBits(within) * kManyTimes >= docs_in_window_;
  }
  bool isOpen() const { return !bounders_.empty(); }

  WindowBounds read(std::uint32_t window, float floor) {
    const std::uint32_t span = window / kSpanWindows;
    if (span != span_) readSpan(span, floor);
    // Bounds are in units of the floor that was when they were read.
    const float least = static_cast<float>(kBoundFloor) * (floor / floor_);
    const std::uint32_t part = window % kSpanWindows;
    return {matches_.data() + std::size_t{part} * kWindowWords, bounds_.data() + std::size_t{part} * kWindowDocs,
            least < 255 ? static_cast<std::uint8_t>(std::max(least - 1, 1.0f)) : std::uint8_t{254}};
  }

 private:
  void readSpan(std::uint32_t span, float floor) {
    span_ = span;
    floor_ = floor;
    bounds_.assign(kSpanDocs, 0);
    for (std::size_t i = 0; i < bounders_.size(); ++i) {
      std::vector<std::uint64_t>& bits = i == 0 ? matches_ : clause_;
      bits.assign(kSpanWords, 0);
      bounders_[i]->addSpan(span * kSpanDocs, static_cast<float>(kBoundFloor) / floor, bits.data(), bounds_.data());
      if (i == 0) continue;
      std::uint64_t any = 0;
      for (std::size_t w = 0; w < kSpanWords; ++w) any |= matches_[w] &= clause_[w];
      if (any == 0) return;
    }
  }

  std::vector<SpanBounder*> bounders_;
  std::uint64_t docs_in_window_ = 0;  // that the most frequent clause matches, on average
  std::uint32_t span_ = UINT32_MAX;   // that was read
  float floor_ = 0;
  std::vector<std::uint64_t> matches_, clause_;
  std::vector<std::uint8_t> bounds_;
};

class BoolScorer final : public Scorer, public BoundsReader {
 public:
  BoolScorer(std::vector<RequiredScorer> required, std::vector<ScorerPtr> should, std::vector<ScorerPtr> must_not,
             std::uint32_t minimum_should_match, std::uint32_t doc_count)
      : required_(std::move(required)),
        should_(std::move(should)),
        must_not_(std::move(must_not)),
        minimum_should_match_(minimum_should_match) {
    if (required_.empty()) return;
    // The most selective clause first: the others then look at what it leaves. Of those, clauses that look at many
    // things for each document come last.
    struct Measured {
      std::uint64_t cost;
      bool is_costly;
      RequiredScorer clause;
    };
    std::vector<Measured> clauses;
    for (RequiredScorer& clause : required_)
      clauses.push_back({clause.scorer->cost(), clause.scorer->partCount() > kFewParts, std::move(clause)});
    const auto isSooner = [](const Measured& a, const Measured& b) { return a.cost < b.cost; };
    std::iter_swap(clauses.begin(), std::min_element(clauses.begin(), clauses.end(), isSooner));
    std::sort(clauses.begin() + 1, clauses.end(), [&](const Measured& a, const Measured& b) {
      return a.is_costly != b.is_costly ? b.is_costly : isSooner(a, b);
    });
    for (std::size_t i = 0; i < clauses.size(); ++i) {
      if (i == 0 || !clauses[i].is_costly) asked_count_ = i + 1;
      required_[i] = std::move(clauses[i].clause);
    }
    spans_.open(required_, doc_count);
    if (!spans_.isOpen()) takeConstants();
    const auto isScored = [](const RequiredScorer& clause) { return clause.is_scored; };
    scored_count_ = static_cast<std::size_t>(std::count_if(required_.begin(), required_.end(), isScored));
  }

  std::uint64_t partCount() const override {
    std::uint64_t parts = sumOfParts(should_) + sumOfParts(must_not_);
    for (const RequiredScorer& clause : required_) parts += clause.scorer->partCount();
    return parts;
  }

  std::uint64_t cost() const override {
    const std::uint64_t of_should = sumOfCosts(should_);
    if (required_.empty()) return of_should;
    const std::uint64_t of_required = required_.front().scorer->cost();
    return minimum_should_match_ == 0 ? of_required : std::min(of_required, of_should);
  }

  DocId nextCandidate(DocId from) override {
    while (true) {
      const DocId start = from;
      // To ask a clause of many parts where it goes on takes as long as to ask it about the documents.
      for (std::size_t i = 0; i < asked_count_; ++i) {
        from = required_[i].scorer->nextCandidate(from);
        if (from == kNoMoreDocs) return kNoMoreDocs;
      }
      if (minimum_should_match_ > 0) from = firstCandidate(should_, from);
      // One round that moves nothing, or only within the window, is agreement enough.
      if (from == kNoMoreDocs || windowOf(from) == windowOf(start)) return from;
    }
  }

  void evaluate(std::uint32_t window, std::uint64_t* bits, float* scores) override {
    match(window, false, bits, scores);
  }
  void narrow(std::uint32_t window, std::uint64_t* bits, float* scores) override { match(window, true, bits, scores); }

  void findAbove(const FloorRequest& request, std::uint64_t* bits, std::uint64_t* above, float* scores) override {
    if (!should_.empty()) return Scorer::findAbove(request, bits, above, scores);
    if (scored_count_ == 0) return findUniform(request, bits, above, scores);
    if (scored_count_ == 1) return findAboveByOne(request, bits, above, scores);
    if (!spans_.isOpen() || !spans_.isWorthIt(request.within)) return Scorer::findAbove(request, bits, above, scores);
    findAboveByBounds(request, bits, above, scores);
  }

  bool readsBounds() const override {
    return spans_.isOpen() && should_.empty() && must_not_.empty() && scored_count_ == required_.size();
  }
  WindowBounds readBounds(std::uint32_t window, float floor) override { return spans_.read(window, floor); }

  float maxScore(std::uint32_t window) override {
    auto sum = static_cast<float>(constant_);
    for (const RequiredScorer& clause : required_)
      if (clause.is_scored) sum += clause.scorer->maxScore(window);
    for (const ScorerPtr& scorer : should_) sum += scorer->maxScore(window);
    return sum;
  }

 private:
  // Clauses of whose matches all score the same are asked who matches alone; what they score is added at the end.
  void takeConstants() {
    for (RequiredScorer& clause : required_) {
      if (!clause.is_scored) continue;
      const auto* const uniform = dynamic_cast<const UniformScorer*>(clause.scorer.get());
      const std::optional<float> score = uniform == nullptr ? std::nullopt : uniform->uniformScore();
      if (!score) continue;
      clause.is_scored = false;
      constant_ += static_cast<double>(*score);
    }
  }

  // No clause that scores is left: all matches score the same.
  void findUniform(const FloorRequest& request, std::uint64_t* bits, std::uint64_t* above, float* scores) {
    const auto score = static_cast<float>(constant_);
    const bool are_above = score > request.floor;
    if (are_above || request.needs_all) {
      matchWithin(request.window, request.within, bits, nullptr);
    } else {
      clearBits(bits);
    }
    if (!are_above) return clearBits(above);
    std::copy_n(bits, kWindowWords, above);
    forEachBit(above, [&](std::uint32_t i) { scores[i] = score; });
  }

  // What the one clause that scores must exceed; a little less, since sums are rounded.
  float floorWithoutConstants(float floor) const {
    if (constant_ == 0) return floor;
    constexpr double kSlack = 1e-6;
    const auto whole = static_cast<double>(floor);
    return static_cast<float>(whole - constant_ - (std::abs(whole) + constant_) * kSlack);
  }

  // The one clause that scores knows best what lies above the floor.
  void findAboveByOne(const FloorRequest& request, std::uint64_t* bits, std::uint64_t* above, float* scores) {
    FloorRequest inner = request;
    inner.floor = floorWithoutConstants(request.floor);
    WindowBits found;
    clearBits(above);
    for (const RequiredScorer& clause : required_) {
      if (inner.within == bits && !hasBits(bits)) break;
      if (clause.is_scored) {
        if (inner.within == bits) {
          std::copy_n(bits, kWindowWords, found.begin());
          inner.within = found.data();
        }
        if (inner.floor > 0) {
          clause.scorer->findAbove(inner, bits, above, scores);
        } else {
          clause.scorer->matchWithin(request.window, inner.within, bits, scores);
          std::copy_n(bits, kWindowWords, above);
        }
      } else {
        clause.scorer->matchWithin(request.window, inner.within, bits, nullptr);
      }
      inner.within = bits;
    }
    dropProhibited(request.window, bits);
    forEachBit(above, [&](std::uint32_t i) {
      if (testBit(bits, i)) {
        scores[i] = static_cast<float>(static_cast<double>(scores[i]) + constant_);
        return;
      }
      scores[i] = 0;
      clearBit(above, i);
    });
  }

  // Matches are known with their bounds; those that may come above the floor are scored.
  void findAboveByBounds(const FloorRequest& request, std::uint64_t* bits, std::uint64_t* above, float* scores) {
    const WindowBounds span = spans_.read(request.window, request.floor);
    WindowBits matches;
    std::copy_n(span.matches, kWindowWords, matches.begin());
    if (request.within != nullptr) andBits(matches.data(), request.within);  // which may be `bits`
    std::copy(matches.begin(), matches.end(), bits);
    for (const RequiredScorer& clause : required_)
      if (!clause.is_scored) clause.scorer->narrow(request.window, bits, nullptr);
    dropProhibited(request.window, bits);
    clearBits(above);
    forEachBit(bits, [&](std::uint32_t i) {
      if (span.bounds[i] >= span.least) setBit(above, i);
    });
    if (!hasBits(above)) return;
    sums_.resize(kWindowDocs);
    for (const RequiredScorer& clause : required_) {
      if (!clause.is_scored) continue;
      WindowBits found{};
      clause.scorer->addTo(request.window, above, found.data(), sums_.data());
    }
    moveSums(above, above, sums_.data(), scores);
  }

  // Finds the matches among `bits`, or among all documents. As Lucene does, the scores of required and of optional
  // clauses are each added up in double precision, then added in single precision.
  void match(std::uint32_t window, bool is_narrowing, std::uint64_t* bits, float* scores) {
    if (scores != nullptr && should_sums_.empty()) {
      sums_.resize(kWindowDocs);
      should_sums_.resize(kWindowDocs);
    }
    WindowBits with_sums{};  // where sums_ may hold something
    matchRequired(window, is_narrowing, bits, scores == nullptr ? nullptr : with_sums.data());
    WindowBits optional{};
    const bool has_found = is_narrowing || !required_.empty();
    if (!should_.empty() && (minimum_should_match_ > 0 || scores != nullptr) && (!has_found || hasBits(bits))) {
      matchShould(window, has_found ? bits : nullptr, optional, scores == nullptr ? nullptr : should_sums_.data());
      if (minimum_should_match_ > 0) keepEnough(has_found, optional, bits);
    }
    dropProhibited(window, bits);
    if (scores == nullptr) return;
    if (should_.empty()) return moveSums(bits, with_sums.data(), sums_.data(), scores);
    addBoth(bits, sums_.data(), should_sums_.data(), scores);
    clearSums(with_sums.data(), sums_.data());
    clearSums(optional.data(), should_sums_.data());
  }

  void matchRequired(std::uint32_t window, bool is_narrowing, std::uint64_t* bits, std::uint64_t* with_sums) {
    bool has_found = is_narrowing, has_sums = false;
    for (const RequiredScorer& clause : required_) {
      if (has_found && !hasBits(bits)) return;
      if (with_sums != nullptr && clause.is_scored) {
        WindowBits found{};
        clause.scorer->addTo(window, has_found ? bits : nullptr, found.data(), sums_.data());
        std::copy(found.begin(), found.end(), bits);
        // Later clauses leave fewer.
        if (!has_sums) std::copy_n(bits, kWindowWords, with_sums);
        has_sums = true;
      } else if (has_found) {
        clause.scorer->narrow(window, bits, nullptr);
      } else {
        clause.scorer->evaluate(window, bits, nullptr);
      }
      has_found = true;
    }
    if (with_sums == nullptr || constant_ == 0) return;
    if (!has_sums) std::copy_n(bits, kWindowWords, with_sums);
    forEachBit(bits, [&](std::uint32_t i) { sums_[i] += constant_; });
  }

  // Of documents within `within`, or of all, those that an optional clause matches.
  void matchShould(std::uint32_t window, const std::uint64_t* within, WindowBits& optional, double* sums) {
    if (minimum_should_match_ <= 1) {
      for (const ScorerPtr& scorer : should_) scorer->addTo(window, within, optional.data(), sums);
      return;
    }
    counts_.assign(kWindowDocs, 0);
    for (const ScorerPtr& scorer : should_) {
      WindowBits own{};
      scorer->addTo(window, within, own.data(), sums);
      orBits(optional.data(), own.data());
      forEachBit(own.data(), [&](std::uint32_t i) { ++counts_[i]; });
    }
  }

  // Keeps (or, with nothing found before, finds) the documents that enough optional clauses match.
  void keepEnough(bool has_found, const WindowBits& optional, std::uint64_t* bits) {
    if (has_found) {
      andBits(bits, optional.data());
    } else {
      std::copy(optional.begin(), optional.end(), bits);
    }
    if (minimum_should_match_ <= 1) return;
    forEachBit(bits, [&](std::uint32_t i) {
      if (counts_[i] < minimum_should_match_) clearBit(bits, i);
    });
  }

  void dropProhibited(std::uint32_t window, std::uint64_t* bits) {
    for (const ScorerPtr& scorer : must_not_) {
      if (!hasBits(bits)) return;
      WindowBits excluded;
      std::copy_n(bits, kWindowWords, excluded.begin());
      scorer->narrow(window, excluded.data(), nullptr);
      andNotBits(bits, excluded.data());
    }
  }

  std::vector<RequiredScorer> required_;
  std::size_t asked_count_ = 0;   // of those, the ones that say where they go on
  std::size_t scored_count_ = 0;  // of required_, those that say what each match scores
  double constant_ = 0;           // what others add to every match
  std::vector<ScorerPtr> should_;
  std::vector<ScorerPtr> must_not_;
  std::uint32_t minimum_should_match_;
  // All 0 between calls; empty until scores are asked for.
  std::vector<double> sums_, should_sums_;
  std::vector<std::uint16_t> counts_;
  SpanReader spans_;
};

}  // namespace

ScorerPtr makeBoolScorer(SegmentRun& run, std::vector<RequiredScorer> required, std::vector<ScorerPtr> should,
                         std::vector<ScorerPtr> must_not, std::uint32_t minimum_should_match) {
  if (minimum_should_match > should.size()) return nullptr;
  if (required.empty() && minimum_should_match == 0) {
    required.push_back({makeAllScorer(run, 0), false});
  } else if (required.empty() && minimum_should_match == 1 && must_not.empty()) {
    return makeSumScorer(std::move(should));
  } else if (required.size() == 1 && required.front().is_scored && should.empty() && must_not.empty()) {
    return std::move(required.front().scorer);
  }
  return std::make_unique<BoolScorer>(std::move(required), std::move(should), std::move(must_not), minimum_should_match,
                                      run.docCount());
}

}  // namespace gyre::engine
