// Which stretches of a text does an intervals query find?
//
// Rules make sources of spans as span_query.hpp has them, of which none holds another of the same source. A span's
// `width` tells how many of its positions no word of it fills. Alternatives of several words are drawn outwards, as the
// dialect draws them, so that the shortest of them does not hide the others from a rule around it.
//
// SOURCE: Lucene 9.12, org.apache.lucene.queries.intervals (minimal-interval semantics of Clarke, Cormack and
// Burkowski).
//
// THREADS: rules are immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/query/span_query.hpp"

namespace gyre::engine {

struct IntervalRule;
using IntervalRulePtr = std::shared_ptr<const IntervalRule>;
using IntervalRules = std::vector<IntervalRulePtr>;

// How a rule's intervals must stand to those of another.
enum class IntervalRelation : std::uint8_t {
  kContaining,
  kContainedBy,
  kNotContaining,
  kNotContainedBy,
  kOverlapping,
  kNotOverlapping,
  kBefore,
  kAfter,
};

IntervalRulePtr noIntervals();
IntervalRulePtr termIntervals(std::string term);
// A segment in which the pattern stands for more than `most_terms` fails the search, as it does in the dialect.
IntervalRulePtr patternIntervals(TermVisitor::ExpandTerms expand, std::string description, std::uint32_t most_terms);
// REQUIRES for all lists: not empty.
IntervalRulePtr anyInterval(IntervalRules rules);
// Directly behind each other.
IntervalRulePtr phraseOf(IntervalRules rules);
IntervalRulePtr orderedIntervals(IntervalRules rules);
IntervalRulePtr unorderedIntervals(IntervalRules rules);
// In any order, but not over each other.
IntervalRulePtr apartIntervals(IntervalRulePtr a, IntervalRulePtr b);
IntervalRulePtr withMaxGaps(IntervalRulePtr rule, std::int64_t most);
// So many positions longer in front.
IntervalRulePtr extendedBefore(IntervalRulePtr rule, std::uint32_t positions);
IntervalRulePtr related(IntervalRulePtr rule, IntervalRelation relation, IntervalRulePtr reference);
// The rule, read in another field.
IntervalRulePtr intervalsOfField(std::string path, IntervalRulePtr rule);

// Scores freq / (freq + 1), where an interval counts the less the longer it is beyond the shortest that there can be.
QueryPtr makeIntervalsQuery(std::string path, IntervalRulePtr rule, float boost);

}  // namespace gyre::engine
