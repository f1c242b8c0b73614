#include "engine/query/span_query.hpp"

#include <algorithm>
#include <utility>

#include "engine/query/bm25.hpp"
#include "engine/query/postings_walk.hpp"
#include "engine/query/scorers.hpp"

namespace gyre::engine {

namespace {

using CursorPtr = std::unique_ptr<SpanCursor>;
using Cursors = std::vector<CursorPtr>;

bool isBefore(const Span& a, const Span& b) { return a.start != b.start ? a.start < b.start : a.end < b.end; }

// ---- words ----------------------------------------------------------------------------------------------------------

class TermCursorOfSpans final : public SpanCursor {
 public:
  // Documents are looked for ahead of their positions, so by another walk.
  TermCursorOfSpans(const PostingsReader& postings, const TermInfo& info)
      : documents_(postings.cursor(info), info.doc_freq), positions_(postings.cursor(info), info.doc_freq) {}
  void candidates(std::uint32_t window, std::uint64_t* bits) override { documents_.addBits(window, bits); }
  void spansOf(DocId doc, std::vector<Span>& spans) override {
    spans.clear();
    const int at = positions_.find(doc);
    if (at < 0) return;
    for (const std::uint32_t position : positions_.cursor().positions(static_cast<std::uint32_t>(at)))
      spans.push_back({position, position + 1, 0});
  }
  std::uint64_t cost() const override { return documents_.docFreq(); }

 private:
  PostingsWalk documents_;
  PostingsWalk positions_;
};

// Null where the segment has no words of the field.
const FieldReader* fieldWithWords(const SegmentReader& segment, const std::string& path) {
  const FieldReader* const field = segment.field(path);
  return field == nullptr || field->terms == nullptr || field->postings == nullptr ? nullptr : field;
}

CursorPtr cursorOfTerm(const FieldReader& field, std::string_view term) {
  const auto found = field.terms->find(term);
  return found ? std::make_unique<TermCursorOfSpans>(*field.postings, found->info) : nullptr;
}

class TermSpans final : public SpanSource {
 public:
  explicit TermSpans(std::string term) : term_(std::move(term)) {}
  CursorPtr cursor(const SegmentReader& segment, const std::string& path) const override {
    const FieldReader* const field = fieldWithWords(segment, path);
    return field == nullptr ? nullptr : cursorOfTerm(*field, term_);
  }
  void addTerms(const Snapshot& snapshot, const std::string& path,
                std::map<std::string, std::uint64_t>& doc_freqs) const override {
    if (const std::uint64_t doc_freq = docFrequency(snapshot, path, term_); doc_freq > 0) doc_freqs[term_] = doc_freq;
  }
  void visitTerms(const std::string& path, TermVisitor& visitor) const override { visitor.term(path, term_); }
  std::string word() const override { return term_; }
  std::string describe(const std::string& path) const override { return path + ":" + term_; }

 private:
  std::string term_;
};

// ---- any ------------------------------------------------------------------------------------------------------------

class AnyCursor final : public SpanCursor {
 public:
  explicit AnyCursor(Cursors cursors) : cursors_(std::move(cursors)) {}
  void candidates(std::uint32_t window, std::uint64_t* bits) override {
    for (const CursorPtr& cursor : cursors_) cursor->candidates(window, bits);
  }
  void spansOf(DocId doc, std::vector<Span>& spans) override {
    spans.clear();
    for (const CursorPtr& cursor : cursors_) {
      cursor->spansOf(doc, own_);
      spans.insert(spans.end(), own_.begin(), own_.end());
    }
    std::stable_sort(spans.begin(), spans.end(), isBefore);
  }
  std::uint64_t cost() const override {
    std::uint64_t sum = 0;
    for (const CursorPtr& cursor : cursors_) sum += cursor->cost();
    return sum;
  }

 private:
  Cursors cursors_;
  std::vector<Span> own_;
};

CursorPtr anyOf(Cursors cursors) {
  if (cursors.empty()) return nullptr;
  return cursors.size() == 1 ? std::move(cursors.front()) : std::make_unique<AnyCursor>(std::move(cursors));
}

class AnySpans final : public SpanSource {
 public:
  explicit AnySpans(SpanSources sources) : sources_(std::move(sources)) {}
  CursorPtr cursor(const SegmentReader& segment, const std::string& path) const override {
    Cursors cursors;
    for (const SpanSourcePtr& source : sources_)
      if (auto cursor = source->cursor(segment, path)) cursors.push_back(std::move(cursor));
    return anyOf(std::move(cursors));
  }
  void addTerms(const Snapshot& snapshot, const std::string& path,
                std::map<std::string, std::uint64_t>& doc_freqs) const override {
    for (const SpanSourcePtr& source : sources_) source->addTerms(snapshot, path, doc_freqs);
  }
  void visitTerms(const std::string& path, TermVisitor& visitor) const override {
    for (const SpanSourcePtr& source : sources_) source->visitTerms(path, visitor);
  }
  std::string describe(const std::string& path) const override {
    std::string text = "spanOr([";
    for (const SpanSourcePtr& source : sources_)
      text += (&source == sources_.data() ? "" : ", ") + source->describe(path);
    return text + "])";
  }

 private:
  SpanSources sources_;
};

class PatternSpans final : public SpanSource {
 public:
  PatternSpans(TermVisitor::ExpandTerms expand, std::string description)
      : expand_(std::move(expand)), description_(std::move(description)) {}
  CursorPtr cursor(const SegmentReader& segment, const std::string& path) const override {
    const FieldReader* const field = fieldWithWords(segment, path);
    if (field == nullptr) return nullptr;
    Cursors cursors;
    expand_(*field->terms, [&](std::string_view term, float) {
      if (auto cursor = cursorOfTerm(*field, term)) cursors.push_back(std::move(cursor));
    });
    return anyOf(std::move(cursors));
  }
  void addTerms(const Snapshot& snapshot, const std::string& path,
                std::map<std::string, std::uint64_t>& doc_freqs) const override {
    for (const SegmentView& view : snapshot.segments) {
      const FieldReader* const field = view.segment->field(path);
      if (field == nullptr || field->terms == nullptr) continue;
      expand_(*field->terms, [&](std::string_view term, float) { doc_freqs.emplace(term, 0); });
    }
    for (auto& [term, doc_freq] : doc_freqs)
      if (doc_freq == 0) doc_freq = docFrequency(snapshot, path, term);
  }
  void visitTerms(const std::string& path, TermVisitor& visitor) const override { visitor.pattern(path, expand_); }
  std::string describe(const std::string&) const override { return "SpanMultiTermQueryWrapper(" + description_ + ")"; }

 private:
  TermVisitor::ExpandTerms expand_;
  std::string description_;
};

// ---- near -----------------------------------------------------------------------------------------------------------

// All of several sources.
class AllCursor : public SpanCursor {
 public:
  explicit AllCursor(Cursors cursors) : cursors_(std::move(cursors)), spans_(cursors_.size()), at_(cursors_.size()) {}
  void candidates(std::uint32_t window, std::uint64_t* bits) override {
    WindowBits all, own;
    all.fill(~std::uint64_t{0});
    for (const CursorPtr& cursor : cursors_) {
      own.fill(0);
      cursor->candidates(window, own.data());
      andBits(all.data(), own.data());
    }
    for (std::uint32_t w = 0; w < kWindowWords; ++w) bits[w] |= all[w];
  }
  std::uint64_t cost() const override {
    std::uint64_t least = cursors_.front()->cost();
    for (const CursorPtr& cursor : cursors_) least = std::min(least, cursor->cost());
    return least;
  }

 protected:
  // Loads every source's spans; false when one has none.
  bool load(DocId doc) {
    for (std::size_t i = 0; i < cursors_.size(); ++i) {
      cursors_[i]->spansOf(doc, spans_[i]);
      at_[i] = 0;
      if (spans_[i].empty()) return false;
    }
    return true;
  }
  const Span& current(std::size_t i) const { return spans_[i][at_[i]]; }

  Cursors cursors_;
  std::vector<std::vector<Span>> spans_;
  std::vector<std::size_t> at_;
};

class OrderedCursor final : public AllCursor {
 public:
  OrderedCursor(Cursors cursors, std::int64_t slop) : AllCursor(std::move(cursors)), slop_(slop) {}
  // For each span of the first source the nearest of the next behind it, and so on.
  void spansOf(DocId doc, std::vector<Span>& found) override {
    found.clear();
    if (!load(doc)) return;
    for (; at_[0] < spans_[0].size(); ++at_[0]) {
      std::int64_t width = 0;
      std::uint32_t end = current(0).end;
      for (std::size_t i = 1; i < spans_.size(); ++i) {
        while (at_[i] < spans_[i].size() && current(i).start < end) ++at_[i];
        if (at_[i] == spans_[i].size()) return;
        width += current(i).start - end;
        end = current(i).end;
      }
      if (width <= slop_) found.push_back({current(0).start, end, static_cast<std::uint32_t>(width)});
    }
  }

 private:
  std::int64_t slop_;
};

class UnorderedCursor final : public AllCursor {
 public:
  UnorderedCursor(Cursors cursors, std::int64_t slop) : AllCursor(std::move(cursors)), slop_(slop) {}
  // The source whose span stands first goes on to its next.
  void spansOf(DocId doc, std::vector<Span>& found) override {
    found.clear();
    if (!load(doc)) return;
    while (true) {
      std::size_t first = 0, last = 0;
      std::int64_t length = 0;
      for (std::size_t i = 0; i < spans_.size(); ++i) {
        if (isBefore(current(i), current(first))) first = i;
        if (current(i).end > current(last).end) last = i;
        length += current(i).end - current(i).start;
      }
      const std::uint32_t start = current(first).start;
      const std::uint32_t end = current(last).end;
      if (std::int64_t{end} - start - length <= slop_) found.push_back({start, end, end - start});
      if (++at_[first] == spans_[first].size()) return;
    }
  }

 private:
  std::int64_t slop_;
};

class NearSpans final : public SpanSource {
 public:
  NearSpans(SpanSources sources, std::int64_t slop, bool is_ordered)
      : sources_(std::move(sources)), slop_(slop), is_ordered_(is_ordered) {}
  CursorPtr cursor(const SegmentReader& segment, const std::string& path) const override {
    Cursors cursors;
    for (const SpanSourcePtr& source : sources_) {
      cursors.push_back(source->cursor(segment, path));
      if (cursors.back() == nullptr) return nullptr;
    }
    if (is_ordered_) return std::make_unique<OrderedCursor>(std::move(cursors), slop_);
    return std::make_unique<UnorderedCursor>(std::move(cursors), slop_);
  }
  void addTerms(const Snapshot& snapshot, const std::string& path,
                std::map<std::string, std::uint64_t>& doc_freqs) const override {
    for (const SpanSourcePtr& source : sources_) source->addTerms(snapshot, path, doc_freqs);
  }
  void visitTerms(const std::string& path, TermVisitor& visitor) const override {
    std::vector<VisitedPlace> places;
    for (const SpanSourcePtr& source : sources_) {
      if (source->word().empty()) break;
      places.push_back({static_cast<std::uint32_t>(places.size()), {source->word()}});
    }
    if (places.size() == sources_.size())
      return visitor.phrase(path, std::move(places), static_cast<std::uint32_t>(std::max<std::int64_t>(0, slop_)),
                            false);
    for (const SpanSourcePtr& source : sources_) source->visitTerms(path, visitor);
  }
  std::string describe(const std::string& path) const override {
    std::string text = "spanNear([";
    for (const SpanSourcePtr& source : sources_)
      text += (&source == sources_.data() ? "" : ", ") + source->describe(path);
    return text + "], " + std::to_string(slop_) + ", " + (is_ordered_ ? "true" : "false") + ")";
  }

 private:
  SpanSources sources_;
  std::int64_t slop_;
  bool is_ordered_;
};

// ---- some of another's ----------------------------------------------------------------------------------------------

// The spans of one source that `keep` leaves, which may look at those of another.
template <class Keep>
class FilteredCursor final : public SpanCursor {
 public:
  FilteredCursor(CursorPtr inner, CursorPtr other, Keep keep)
      : inner_(std::move(inner)), other_(std::move(other)), keep_(std::move(keep)) {}
  void candidates(std::uint32_t window, std::uint64_t* bits) override { inner_->candidates(window, bits); }
  void spansOf(DocId doc, std::vector<Span>& spans) override {
    inner_->spansOf(doc, spans);
    others_.clear();
    if (other_ != nullptr && !spans.empty()) other_->spansOf(doc, others_);
    std::erase_if(spans, [this](const Span& span) { return !keep_(span, others_); });
  }
  std::uint64_t cost() const override { return inner_->cost(); }

 private:
  CursorPtr inner_;
  CursorPtr other_;
  Keep keep_;
  std::vector<Span> others_;
};
template <class Keep>
CursorPtr filtered(CursorPtr inner, CursorPtr other, Keep keep) {
  return std::make_unique<FilteredCursor<Keep>>(std::move(inner), std::move(other), std::move(keep));
}

class FirstSpans final : public SpanSource {
 public:
  FirstSpans(SpanSourcePtr inner, std::uint32_t end) : inner_(std::move(inner)), end_(end) {}
  CursorPtr cursor(const SegmentReader& segment, const std::string& path) const override {
    auto inner = inner_->cursor(segment, path);
    if (inner == nullptr) return nullptr;
    return filtered(std::move(inner), nullptr,
                    [end = end_](const Span& span, const std::vector<Span>&) { return span.end <= end; });
  }
  void addTerms(const Snapshot& snapshot, const std::string& path,
                std::map<std::string, std::uint64_t>& doc_freqs) const override {
    inner_->addTerms(snapshot, path, doc_freqs);
  }
  void visitTerms(const std::string& path, TermVisitor& visitor) const override { inner_->visitTerms(path, visitor); }
  std::string describe(const std::string& path) const override {
    return "spanFirst(" + inner_->describe(path) + ", " + std::to_string(end_) + ")";
  }

 private:
  SpanSourcePtr inner_;
  std::uint32_t end_;
};

class SpansWithout final : public SpanSource {
 public:
  SpansWithout(SpanSourcePtr include, SpanSourcePtr exclude, std::int64_t before, std::int64_t after)
      : include_(std::move(include)), exclude_(std::move(exclude)), before_(before), after_(after) {}
  CursorPtr cursor(const SegmentReader& segment, const std::string& path) const override {
    auto include = include_->cursor(segment, path);
    if (include == nullptr) return nullptr;
    const auto isFree = [before = before_, after = after_](const Span& span, const std::vector<Span>& others) {
      return std::none_of(others.begin(), others.end(), [&](const Span& other) {
        return std::int64_t{other.end} > std::int64_t{span.start} - before &&
               std::int64_t{other.start} - after < std::int64_t{span.end};
      });
    };
    return filtered(std::move(include), exclude_->cursor(segment, path), isFree);
  }
  void addTerms(const Snapshot& snapshot, const std::string& path,
                std::map<std::string, std::uint64_t>& doc_freqs) const override {
    include_->addTerms(snapshot, path, doc_freqs);
  }
  void visitTerms(const std::string& path, TermVisitor& visitor) const override { include_->visitTerms(path, visitor); }
  std::string describe(const std::string& path) const override {
    return "spanNot(" + include_->describe(path) + ", " + exclude_->describe(path) + ", " + std::to_string(before_) +
           ", " + std::to_string(after_) + ")";
  }

 private:
  SpanSourcePtr include_;
  SpanSourcePtr exclude_;
  std::int64_t before_, after_;
};

class HeldSpans final : public SpanSource {
 public:
  HeldSpans(SpanSourcePtr big, SpanSourcePtr little, bool shows_little)
      : big_(std::move(big)), little_(std::move(little)), shows_little_(shows_little) {}
  CursorPtr cursor(const SegmentReader& segment, const std::string& path) const override {
    auto big = big_->cursor(segment, path);
    auto little = little_->cursor(segment, path);
    if (big == nullptr || little == nullptr) return nullptr;
    const auto isHeld = [](const Span& outer, const Span& inner) {
      return outer.start <= inner.start && inner.end <= outer.end;
    };
    const auto keep = [isHeld, shows_little = shows_little_](const Span& span, const std::vector<Span>& others) {
      return std::any_of(others.begin(), others.end(),
                         [&](const Span& other) { return shows_little ? isHeld(other, span) : isHeld(span, other); });
    };
    return shows_little_ ? filtered(std::move(little), std::move(big), keep)
                         : filtered(std::move(big), std::move(little), keep);
  }
  void addTerms(const Snapshot& snapshot, const std::string& path,
                std::map<std::string, std::uint64_t>& doc_freqs) const override {
    big_->addTerms(snapshot, path, doc_freqs);
    little_->addTerms(snapshot, path, doc_freqs);
  }
  void visitTerms(const std::string& path, TermVisitor& visitor) const override {
    big_->visitTerms(path, visitor);
    little_->visitTerms(path, visitor);
  }
  std::string describe(const std::string& path) const override {
    return std::string(shows_little_ ? "SpanWithin(" : "SpanContain(") + big_->describe(path) + ", " +
           little_->describe(path) + ")";
  }

 private:
  SpanSourcePtr big_, little_;
  bool shows_little_;
};

// Those of another field, as if they stood in this one.
class MaskedSpans final : public SpanSource {
 public:
  MaskedSpans(std::string path, SpanSourcePtr inner) : path_(std::move(path)), inner_(std::move(inner)) {}
  CursorPtr cursor(const SegmentReader& segment, const std::string&) const override {
    return inner_->cursor(segment, path_);
  }
  void addTerms(const Snapshot& snapshot, const std::string&,
                std::map<std::string, std::uint64_t>& doc_freqs) const override {
    inner_->addTerms(snapshot, path_, doc_freqs);
  }
  void visitTerms(const std::string&, TermVisitor& visitor) const override { inner_->visitTerms(path_, visitor); }
  std::string describe(const std::string& path) const override {
    return "mask(" + inner_->describe(path_) + ") as " + path;
  }

 private:
  std::string path_;
  SpanSourcePtr inner_;
};

// ---- the query ------------------------------------------------------------------------------------------------------

class SpanScorer final : public Scorer {
 public:
  SpanScorer(CursorPtr cursor, const std::uint8_t* norms, std::shared_ptr<const Bm25> bm25)
      : cursor_(std::move(cursor)), norms_(norms), bm25_(std::move(bm25)) {}
  std::uint64_t cost() const override { return cursor_->cost(); }
  std::uint64_t partCount() const override { return 8; }
  void evaluate(std::uint32_t window, std::uint64_t* bits, float* scores) override {
    clearBits(bits);
    WindowBits candidates{};
    cursor_->candidates(window, candidates.data());
    const DocId base = windowBegin(window);
    forEachBit(candidates.data(), [&](std::uint32_t i) {
      cursor_->spansOf(base + i, spans_);
      if (spans_.empty()) return;
      setBit(bits, i);
      if (scores == nullptr) return;
      float freq = 0;
      for (const Span& span : spans_) freq += 1.0f / (1.0f + static_cast<float>(span.width));
      scores[i] += bm25_->score(freq, norms_ == nullptr ? std::uint8_t{1} : norms_[base + i]);
    });
  }

 private:
  CursorPtr cursor_;
  const std::uint8_t* norms_;
  std::shared_ptr<const Bm25> bm25_;
  std::vector<Span> spans_;
};

class SpanQuery final : public Query {
 public:
  explicit SpanQuery(FieldSpans spans) : spans_(std::move(spans)) {}
  Result<WeightPtr> weight(const Snapshot& snapshot, float boost, bool needs_scores) const override {
    std::shared_ptr<const Bm25> bm25;
    if (needs_scores) {
      std::map<std::string, std::uint64_t> doc_freqs;
      spans_.source->addTerms(snapshot, spans_.path, doc_freqs);
      ScoreStatistics statistics{fieldStatistics(snapshot, spans_.path), {}, boost * spans_.boost};
      for (const auto& [term, doc_freq] : doc_freqs) statistics.doc_freqs.push_back(doc_freq);
      bm25 = std::make_shared<const Bm25>(statistics.bm25());
    }
    return makeWeight(
        [this, bm25](SegmentRun& run) -> ScorerPtr {
          auto cursor = spans_.source->cursor(run.segment(), spans_.path);
          if (cursor == nullptr) return nullptr;
          const FieldReader* const field = run.segment().field(spans_.path);
          return std::make_unique<SpanScorer>(std::move(cursor), field == nullptr ? nullptr : field->norms, bm25);
        },
        describe());
  }
  void visitTerms(TermVisitor& visitor) const override {
    const BoostedVisit around(visitor, spans_.boost);
    spans_.source->visitTerms(spans_.path, visitor);
  }
  std::string describe() const override { return describeBoosted(spans_.source->describe(spans_.path), spans_.boost); }

 private:
  FieldSpans spans_;
};

}  // namespace

SpanSourcePtr makeTermSpans(std::string term) { return std::make_unique<TermSpans>(std::move(term)); }
SpanSourcePtr makePatternSpans(TermVisitor::ExpandTerms expand, std::string description) {
  return std::make_unique<PatternSpans>(std::move(expand), std::move(description));
}
SpanSourcePtr makeAnySpans(SpanSources sources) { return std::make_unique<AnySpans>(std::move(sources)); }
SpanSourcePtr makeNearSpans(SpanSources sources, std::int64_t slop, bool is_ordered) {
  if (sources.size() == 1) return std::move(sources.front());
  return std::make_unique<NearSpans>(std::move(sources), slop, is_ordered);
}
SpanSourcePtr makeFirstSpans(SpanSourcePtr inner, std::uint32_t end) {
  return std::make_unique<FirstSpans>(std::move(inner), end);
}
SpanSourcePtr makeSpansWithout(SpanSourcePtr include, SpanSourcePtr exclude, std::int64_t before, std::int64_t after) {
  return std::make_unique<SpansWithout>(std::move(include), std::move(exclude), before, after);
}
SpanSourcePtr makeHeldSpans(SpanSourcePtr big, SpanSourcePtr little, bool shows_little) {
  return std::make_unique<HeldSpans>(std::move(big), std::move(little), shows_little);
}
SpanSourcePtr makeMaskedSpans(std::string path, SpanSourcePtr inner) {
  return std::make_unique<MaskedSpans>(std::move(path), std::move(inner));
}
QueryPtr makeSpanQuery(FieldSpans spans) { return std::make_unique<SpanQuery>(std::move(spans)); }

}  // namespace gyre::engine
