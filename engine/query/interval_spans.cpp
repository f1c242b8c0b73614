#include "engine/query/interval_spans.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "engine/query/query_parser.hpp"
#include "engine/query/scorers.hpp"

namespace gyre::engine {

struct IntervalRule {
  enum class Kind : std::uint8_t {
    kNone,
    kTerm,
    kPattern,
    kAny,
    kPhrase,
    kOrdered,
    kUnordered,
    kRepeated,
    kMaxGaps,
    kExtended,
    kRelated,
    kOtherField,
  };
  Kind kind = Kind::kNone;
  std::string text{};  // of a term; what tells a pattern from others; another field's path
  TermVisitor::ExpandTerms expand{};
  IntervalRules rules{};    // of a relation: the rule, then the reference
  std::int64_t number = 0;  // most gaps, repetitions, positions in front
  IntervalRelation relation = IntervalRelation::kContaining;
  bool is_drawn_out = true;  // kAny: a rule around it stands around each of its parts
};

namespace {

using Kind = IntervalRule::Kind;
using Spans = std::vector<Span>;
using Parts = std::vector<Spans>;

IntervalRulePtr made(IntervalRule rule) { return std::make_shared<const IntervalRule>(std::move(rule)); }

std::string describe(const IntervalRule& rule) {
  constexpr std::string_view kNames[] = {"no_match",  "",       "MultiTerm", "or",     "BLOCK", "ORDERED",
                                         "UNORDERED", "REPEAT", "MAXGAPS",   "EXTEND", "",      "FIELD"};
  constexpr std::string_view kRelations[] = {"CONTAINING",  "CONTAINED_BY",    "NOT_CONTAINING", "NOT_CONTAINED_BY",
                                             "OVERLAPPING", "NON_OVERLAPPING", "BEFORE",         "AFTER"};
  if (rule.kind == Kind::kTerm || rule.kind == Kind::kNone) return rule.kind == Kind::kTerm ? rule.text : "no_match";
  std::string text(rule.kind == Kind::kRelated ? kRelations[static_cast<std::size_t>(rule.relation)]
                                               : kNames[static_cast<std::size_t>(rule.kind)]);
  if (rule.number != 0) text.append("/").append(std::to_string(rule.number));
  text.append("(").append(rule.text);
  for (const IntervalRulePtr& part : rule.rules) text.append(text.back() == '(' ? "" : ",").append(describe(*part));
  return text.append(")");
}
bool isSame(const IntervalRule& a, const IntervalRule& b) { return describe(a) == describe(b); }

// The shortest interval that the rule can have.
std::int64_t minExtent(const IntervalRule& rule) {
  std::int64_t sum = 0, least = INT32_MAX;
  for (const IntervalRulePtr& part : rule.rules) {
    const std::int64_t extent = minExtent(*part);
    sum += extent;
    least = std::min(least, extent);
  }
  switch (rule.kind) {
    case Kind::kNone: return 0;
    case Kind::kTerm:
    case Kind::kPattern: return 1;
    case Kind::kAny: return least;
    case Kind::kExtended: return minExtent(*rule.rules[0]) + rule.number;
    case Kind::kPhrase:
    case Kind::kOrdered:
    case Kind::kUnordered: return sum;
    default: return minExtent(*rule.rules[0]);
  }
}

// ---- alternatives, drawn outwards -----------------------------------------------------------------------------------

Result<IntervalRules> drawnOut(const IntervalRulePtr& rule);

// What a rule around it must stand around one by one: single words stay together.
IntervalRules split(const IntervalRules& alternatives) {
  IntervalRules words, others;
  for (const IntervalRulePtr& each : alternatives) (minExtent(*each) == 1 ? words : others).push_back(each);
  IntervalRules parts;
  if (words.size() == 1) parts.push_back(words.front());
  if (words.size() > 1) parts.push_back(made({.kind = Kind::kAny, .rules = std::move(words), .is_drawn_out = false}));
  parts.insert(parts.end(), others.begin(), others.end());
  return parts;
}

// The rule with each choice of what may stand for its first `count` parts.
Result<IntervalRules> eachChoice(const IntervalRule& rule, std::size_t count) {
  std::vector<IntervalRules> choices{{}};
  for (std::size_t i = 0; i < rule.rules.size(); ++i) {
    IntervalRules parts{rule.rules[i]};
    if (i < count) {
      GYRE_TRY_ASSIGN(const IntervalRules alternatives, drawnOut(rule.rules[i]));
      parts = split(alternatives);
    }
    if (choices.size() * parts.size() > kMaxClauses) return tooManyClauses();
    std::vector<IntervalRules> longer;
    for (const IntervalRules& choice : choices)
      for (const IntervalRulePtr& part : parts) {
        longer.push_back(choice);
        longer.back().push_back(part);
      }
    choices = std::move(longer);
  }
  IntervalRules all;
  for (IntervalRules& choice : choices) {
    IntervalRule one = rule;
    one.rules = std::move(choice);
    all.push_back(made(std::move(one)));
  }
  return all;
}

Result<IntervalRules> drawnOut(const IntervalRulePtr& rule) {
  switch (rule->kind) {
    case Kind::kAny: return rule->is_drawn_out ? rule->rules : IntervalRules{rule};
    case Kind::kPhrase:
    case Kind::kOrdered:
    case Kind::kUnordered: return eachChoice(*rule, rule->rules.size());
    case Kind::kMaxGaps:
    case Kind::kExtended:
    case Kind::kRelated: return eachChoice(*rule, 1);
    default: return IntervalRules{rule};
  }
}

// Phrases, bounds of gaps and relations stand around each alternative themselves.
Result<IntervalRulePtr> resolved(const IntervalRulePtr& rule) {
  IntervalRule copy = *rule;
  for (IntervalRulePtr& part : copy.rules) {
    GYRE_TRY_ASSIGN(part, resolved(part));
  }
  if (copy.kind != Kind::kPhrase && copy.kind != Kind::kMaxGaps && copy.kind != Kind::kRelated)
    return made(std::move(copy));
  GYRE_TRY_ASSIGN(IntervalRules all, drawnOut(made(std::move(copy))));
  return all.size() == 1 ? all.front() : anyInterval(std::move(all));
}

// ---- the intervals of one document ----------------------------------------------------------------------------------

std::uint32_t lengthOf(const Span& span) { return span.end - span.start; }
bool isWithin(const Span& inner, const Span& outer) { return outer.start <= inner.start && inner.end <= outer.end; }

Spans anyOf(const Parts& parts) {
  Spans all;
  for (const Spans& part : parts) all.insert(all.end(), part.begin(), part.end());
  std::stable_sort(all.begin(), all.end(),
                   [](const Span& a, const Span& b) { return a.end != b.end ? a.end < b.end : a.start > b.start; });
  Spans shortest;
  for (const Span& span : all)
    if (shortest.empty() || !isWithin(shortest.back(), span)) shortest.push_back(span);
  return shortest;
}

Spans phrases(const Parts& parts) {
  Spans found;
  std::vector<std::size_t> at(parts.size(), 0);
  for (const Span& first : parts[0]) {
    std::uint32_t end = first.end;
    for (std::size_t i = 1; i < parts.size(); ++i) {
      while (at[i] < parts[i].size() && parts[i][at[i]].start < end) ++at[i];
      if (at[i] == parts[i].size()) return found;
      if (parts[i][at[i]].start != end) {
        end = 0;
        break;
      }
      end = parts[i][at[i]].end;
    }
    if (end != 0) found.push_back({first.start, end, 0});
  }
  return found;
}

// `counts_gaps`: of which parts the gaps inside count, too.
Spans inOrder(const Parts& parts, const std::vector<bool>& counts_gaps) {
  Spans found;
  std::vector<std::size_t> at(parts.size(), 0);
  for (const Span& first : parts[0]) {
    std::uint32_t end = first.end;
    std::uint32_t filled = lengthOf(first) - (counts_gaps[0] ? first.width : 0);
    for (std::size_t i = 1; i < parts.size(); ++i) {
      while (at[i] < parts[i].size() && parts[i][at[i]].start < end) ++at[i];
      if (at[i] == parts[i].size()) return found;
      const Span& next = parts[i][at[i]];
      end = next.end;
      filled += lengthOf(next) - (counts_gaps[i] ? next.width : 0);
    }
    // The one that begins later is shorter.
    if (!found.empty() && found.back().end == end) found.pop_back();
    found.push_back({first.start, end, end - first.start - filled});
  }
  return found;
}

Spans inAnyOrder(const Parts& parts, const std::vector<bool>& counts_gaps) {
  Spans found;
  std::vector<std::size_t> at(parts.size(), 0);
  while (true) {
    std::size_t first = 0;
    std::uint32_t end = 0, filled = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const Span& each = parts[i][at[i]];
      if (each.start < parts[first][at[first]].start) first = i;
      end = std::max(end, each.end);
      filled += lengthOf(each) - (counts_gaps[i] ? each.width : 0);
    }
    const std::uint32_t start = parts[first][at[first]].start;
    const std::uint32_t length = end - start;
    if (!found.empty() && found.back().end == end) found.pop_back();
    if (found.empty() || found.back().start != start)
      found.push_back({start, end, length > filled ? length - filled : 0});
    if (++at[first] == parts[first].size()) return found;
  }
}

Spans repeated(const Spans& once, std::size_t count) {
  Spans found;
  for (std::size_t i = 0; i + count <= once.size(); ++i) {
    std::uint32_t filled = 0;
    for (std::size_t k = i; k < i + count; ++k) filled += lengthOf(once[k]);
    const Span &first = once[i], &last = once[i + count - 1];
    const std::uint32_t length = last.end - first.start;
    found.push_back({first.start, last.end, length > filled ? length - filled : 0});
  }
  return found;
}

bool isRelated(const Span& span, IntervalRelation relation, const Span& other) {
  switch (relation) {
    case IntervalRelation::kContaining:
    case IntervalRelation::kNotContaining: return isWithin(other, span);
    case IntervalRelation::kContainedBy:
    case IntervalRelation::kNotContainedBy: return isWithin(span, other);
    case IntervalRelation::kOverlapping:
    case IntervalRelation::kNotOverlapping: return span.start < other.end && other.start < span.end;
    case IntervalRelation::kBefore: return span.end <= other.start;
    case IntervalRelation::kAfter: return span.start >= other.end;
  }
  return false;
}
bool isNegative(IntervalRelation relation) {
  return relation == IntervalRelation::kNotContaining || relation == IntervalRelation::kNotContainedBy ||
         relation == IntervalRelation::kNotOverlapping;
}

// ---- sources --------------------------------------------------------------------------------------------------------

using Combine = std::function<Spans(const Parts&)>;

// What a function makes of the spans of several sources, of which the first `needed` must have some; 0 for any of them.
class CombinedCursor final : public SpanCursor {
 public:
  CombinedCursor(std::vector<std::unique_ptr<SpanCursor>> cursors, std::size_t needed, const Combine& combine)
      : cursors_(std::move(cursors)), parts_(cursors_.size()), needed_(needed), combine_(combine) {}
  void candidates(std::uint32_t window, std::uint64_t* bits) override {
    WindowBits all, own;
    all.fill(needed_ > 0 ? ~std::uint64_t{0} : 0);
    for (std::size_t i = 0; i < cursors_.size(); ++i) {
      if (cursors_[i] == nullptr || (needed_ > 0 && i >= needed_)) continue;
      own.fill(0);
      cursors_[i]->candidates(window, own.data());
      for (std::uint32_t w = 0; w < kWindowWords; ++w) all[w] = needed_ > 0 ? all[w] & own[w] : all[w] | own[w];
    }
    for (std::uint32_t w = 0; w < kWindowWords; ++w) bits[w] |= all[w];
  }
  void spansOf(DocId doc, Spans& spans) override {
    spans.clear();
    for (std::size_t i = 0; i < cursors_.size(); ++i) {
      parts_[i].clear();
      if (cursors_[i] != nullptr) cursors_[i]->spansOf(doc, parts_[i]);
      if (i < needed_ && parts_[i].empty()) return;
    }
    spans = combine_(parts_);
  }
  std::uint64_t cost() const override {
    std::uint64_t sum = 0, least = UINT64_MAX;
    for (std::size_t i = 0; i < cursors_.size(); ++i) {
      if (cursors_[i] == nullptr) continue;
      sum += cursors_[i]->cost();
      if (i < needed_) least = std::min(least, cursors_[i]->cost());
    }
    return needed_ > 0 ? least : sum;
  }

 private:
  std::vector<std::unique_ptr<SpanCursor>> cursors_;
  Parts parts_;
  std::size_t needed_;
  const Combine& combine_;
};

class CombinedSpans final : public SpanSource {
 public:
  CombinedSpans(SpanSources sources, std::size_t needed, Combine combine, std::string description)
      : sources_(std::move(sources)),
        needed_(needed),
        combine_(std::move(combine)),
        description_(std::move(description)) {}
  std::unique_ptr<SpanCursor> cursor(const SegmentReader& segment, const std::string& path) const override {
    std::vector<std::unique_ptr<SpanCursor>> cursors;
    bool has_any = false;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      cursors.push_back(sources_[i]->cursor(segment, path));
      has_any = has_any || cursors.back() != nullptr;
      if (i < needed_ && cursors.back() == nullptr) return nullptr;
    }
    if (!has_any) return nullptr;
    return std::make_unique<CombinedCursor>(std::move(cursors), needed_, combine_);
  }
  void addTerms(const Snapshot& snapshot, const std::string& path,
                std::map<std::string, std::uint64_t>& doc_freqs) const override {
    for (const SpanSourcePtr& source : sources_) source->addTerms(snapshot, path, doc_freqs);
  }
  void visitTerms(const std::string& path, TermVisitor& visitor) const override {
    for (const SpanSourcePtr& source : sources_) source->visitTerms(path, visitor);
  }
  std::string describe(const std::string&) const override { return description_; }

 private:
  SpanSources sources_;
  std::size_t needed_;
  Combine combine_;
  std::string description_;
};

SpanSourcePtr sourceOf(const IntervalRule& rule) {
  if (rule.kind == Kind::kTerm) return makeTermSpans(rule.text);
  if (rule.kind == Kind::kOtherField) return makeMaskedSpans(rule.text, sourceOf(*rule.rules[0]));
  SpanSources sources;
  std::vector<bool> counts_gaps;
  for (const IntervalRulePtr& part : rule.rules) {
    sources.push_back(sourceOf(*part));
    counts_gaps.push_back(part->kind == Kind::kRepeated);
  }
  std::size_t needed = sources.size();
  Combine combine;
  switch (rule.kind) {
    case Kind::kPattern:
      // Several of its words may stand at one position.
      sources.push_back(makePatternSpans(rule.expand, rule.text));
      needed = 1;
      combine = anyOf;
      break;
    case Kind::kAny:
      needed = 0;
      combine = anyOf;
      break;
    case Kind::kPhrase: combine = phrases; break;
    case Kind::kOrdered: combine = [counts_gaps](const Parts& parts) { return inOrder(parts, counts_gaps); }; break;
    case Kind::kUnordered:
      combine = [counts_gaps](const Parts& parts) { return inAnyOrder(parts, counts_gaps); };
      break;
    case Kind::kRepeated:
      combine = [count = static_cast<std::size_t>(rule.number)](const Parts& parts) {
        return repeated(parts[0], count);
      };
      break;
    case Kind::kMaxGaps:
      combine = [most = rule.number](const Parts& parts) {
        Spans kept = parts[0];
        std::erase_if(kept, [&](const Span& span) { return std::int64_t{span.width} > most; });
        return kept;
      };
      break;
    case Kind::kExtended:
      combine = [before = static_cast<std::uint32_t>(rule.number)](const Parts& parts) {
        Spans longer = parts[0];
        for (Span& span : longer) span.start -= std::min(span.start, before);
        return longer;
      };
      break;
    case Kind::kRelated:
      needed = isNegative(rule.relation) ? 1 : 2;
      combine = [relation = rule.relation](const Parts& parts) {
        Spans kept = parts[0];
        std::erase_if(kept, [&](const Span& span) {
          const bool is_related = std::any_of(parts[1].begin(), parts[1].end(),
                                              [&](const Span& other) { return isRelated(span, relation, other); });
          return is_related == isNegative(relation);
        });
        return kept;
      };
      break;
    default: combine = [](const Parts&) { return Spans(); }; break;
  }
  return std::make_unique<CombinedSpans>(std::move(sources), needed, std::move(combine), describe(rule));
}

Status checkPatterns(const Snapshot& snapshot, const std::string& path, const IntervalRule& rule) {
  for (const IntervalRulePtr& part : rule.rules)
    GYRE_TRY(checkPatterns(snapshot, rule.kind == Kind::kOtherField ? rule.text : path, *part));
  if (rule.kind != Kind::kPattern) return {};
  for (const SegmentView& view : snapshot.segments) {
    const FieldReader* const field = view.segment->field(path);
    if (field == nullptr || field->terms == nullptr) continue;
    std::int64_t terms = 0;
    rule.expand(*field->terms, [&](std::string_view, float) { ++terms; });
    if (terms > rule.number)
      return {Code::kInternal, "illegal_state_exception",
              "Automaton [" + rule.text + "] expanded to too many terms (limit " + std::to_string(rule.number) + ")"};
  }
  return {};
}

// ---- the query ------------------------------------------------------------------------------------------------------

class IntervalsScorer final : public Scorer {
 public:
  IntervalsScorer(std::unique_ptr<SpanCursor> cursor, std::int64_t min_extent, float boost)
      : cursor_(std::move(cursor)), min_extent_(min_extent), boost_(boost) {}
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
      for (const Span& span : spans_) {
        const std::int64_t beyond = std::int64_t{lengthOf(span)} - min_extent_ + 1;
        freq = static_cast<float>(freq + 1.0 / static_cast<double>(std::max<std::int64_t>(beyond, 1)));
      }
      scores[i] += boost_ * (1.0f - 1.0f / (1.0f + freq));
    });
  }

 private:
  std::unique_ptr<SpanCursor> cursor_;
  std::int64_t min_extent_;
  float boost_;
  Spans spans_;
};

class IntervalsQuery final : public Query {
 public:
  IntervalsQuery(std::string path, IntervalRulePtr rule, float boost)
      : path_(std::move(path)), rule_(std::move(rule)), boost_(boost) {}
  Result<WeightPtr> weight(const Snapshot& snapshot, float boost, bool) const override {
    GYRE_TRY(checkPatterns(snapshot, path_, *rule_));
    GYRE_TRY_ASSIGN(const IntervalRulePtr rule, resolved(rule_));
    const std::shared_ptr<const SpanSource> source = sourceOf(*rule);
    return makeWeight(
        [path = path_, source, extent = minExtent(*rule), boost = boost * boost_](SegmentRun& run) -> ScorerPtr {
          auto cursor = source->cursor(run.segment(), path);
          if (cursor == nullptr) return nullptr;
          return std::make_unique<IntervalsScorer>(std::move(cursor), extent, boost);
        },
        describe());
  }
  void visitTerms(TermVisitor& visitor) const override {
    const BoostedVisit around(visitor, boost_);
    sourceOf(*rule_)->visitTerms(path_, visitor);
  }
  std::string describe() const override {
    return describeBoosted(path_ + ":" + gyre::engine::describe(*rule_), boost_);
  }

 private:
  std::string path_;
  IntervalRulePtr rule_;
  float boost_;
};

// What stands in a list of the kind by itself.
IntervalRules flattened(IntervalRules rules, Kind kind) {
  IntervalRules flat;
  for (IntervalRulePtr& rule : rules) {
    if (rule->kind == kind && (kind != Kind::kAny || rule->is_drawn_out)) {
      flat.insert(flat.end(), rule->rules.begin(), rule->rules.end());
    } else {
      flat.push_back(std::move(rule));
    }
  }
  return flat;
}

// The same rule several times asks for as many intervals: neighbours of a list in order, any of another.
IntervalRulePtr listOf(IntervalRules rules, Kind kind) {
  struct Counted {
    IntervalRulePtr rule;
    std::int64_t count;
  };
  std::vector<Counted> counted;
  for (IntervalRulePtr& rule : flattened(std::move(rules), kind)) {
    const auto first = kind == Kind::kOrdered && !counted.empty() ? counted.end() - 1 : counted.begin();
    const auto known =
        std::find_if(first, counted.end(), [&](const Counted& each) { return isSame(*each.rule, *rule); });
    if (known == counted.end()) {
      counted.push_back({std::move(rule), 1});
    } else {
      ++known->count;
    }
  }
  IntervalRules parts;
  for (Counted& each : counted)
    parts.push_back(each.count == 1
                        ? std::move(each.rule)
                        : made({.kind = Kind::kRepeated, .rules = {std::move(each.rule)}, .number = each.count}));
  if (parts.size() == 1) return parts.front();
  return made({.kind = kind, .rules = std::move(parts)});
}

}  // namespace

IntervalRulePtr noIntervals() { return made({}); }
IntervalRulePtr termIntervals(std::string term) { return made({.kind = Kind::kTerm, .text = std::move(term)}); }
IntervalRulePtr patternIntervals(TermVisitor::ExpandTerms expand, std::string description, std::uint32_t most_terms) {
  return made(
      {.kind = Kind::kPattern, .text = std::move(description), .expand = std::move(expand), .number = most_terms});
}
IntervalRulePtr anyInterval(IntervalRules rules) {
  IntervalRules different;
  for (IntervalRulePtr& rule : flattened(std::move(rules), Kind::kAny))
    if (std::none_of(different.begin(), different.end(), [&](const auto& known) { return isSame(*known, *rule); }))
      different.push_back(std::move(rule));
  if (different.size() == 1) return different.front();
  return made({.kind = Kind::kAny, .rules = std::move(different)});
}
IntervalRulePtr phraseOf(IntervalRules rules) {
  if (rules.size() == 1) return rules.front();
  return made({.kind = Kind::kPhrase, .rules = std::move(rules)});
}
IntervalRulePtr orderedIntervals(IntervalRules rules) { return listOf(std::move(rules), Kind::kOrdered); }
IntervalRulePtr unorderedIntervals(IntervalRules rules) { return listOf(std::move(rules), Kind::kUnordered); }
IntervalRulePtr apartIntervals(IntervalRulePtr a, IntervalRulePtr b) {
  return anyInterval({orderedIntervals({a, b}), orderedIntervals({b, a})});
}
IntervalRulePtr withMaxGaps(IntervalRulePtr rule, std::int64_t most) {
  return made({.kind = Kind::kMaxGaps, .rules = {std::move(rule)}, .number = most});
}
IntervalRulePtr extendedBefore(IntervalRulePtr rule, std::uint32_t positions) {
  if (positions == 0) return rule;
  return made({.kind = Kind::kExtended, .rules = {std::move(rule)}, .number = positions});
}
IntervalRulePtr related(IntervalRulePtr rule, IntervalRelation relation, IntervalRulePtr reference) {
  return made({.kind = Kind::kRelated, .rules = {std::move(rule), std::move(reference)}, .relation = relation});
}
IntervalRulePtr intervalsOfField(std::string path, IntervalRulePtr rule) {
  return made({.kind = Kind::kOtherField, .text = std::move(path), .rules = {std::move(rule)}});
}
QueryPtr makeIntervalsQuery(std::string path, IntervalRulePtr rule, float boost) {
  return std::make_unique<IntervalsQuery>(std::move(path), std::move(rule), boost);
}

}  // namespace gyre::engine
