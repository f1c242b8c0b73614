#include "engine/aggs/significance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gyre::engine {

namespace {

constexpr double kMeaningless = -std::numeric_limits<double>::infinity();

// Documents by whether they have the term (first digit) and whether they match (second).
struct Contingency {
  double none, only_match, only_term, both;
  double without_term, with_term, others, matching, all;

  bool isRarer() const { return both / matching < only_term / others; }
};

Contingency contingencyOf(const TermFrequencies& f, bool is_superset) {
  Contingency c{};
  c.both = f.subset_count;
  c.only_match = f.subset_size - f.subset_count;
  c.only_term = f.superset_count - (is_superset ? f.subset_count : 0);
  c.none = f.superset_size - f.superset_count - (is_superset ? c.only_match : 0);
  c.with_term = c.both + c.only_term;
  c.without_term = c.none + c.only_match;
  c.matching = f.subset_size;
  c.others = c.none + c.only_term;
  c.all = c.with_term + c.without_term;
  return c;
}

double jlh(const TermFrequencies& f) {
  const double here = f.subset_count / f.subset_size;
  const double there = f.superset_count / f.superset_size;
  return here <= there || there == 0 ? 0 : (here - there) * (here / there);
}

double informationOf(double both, double row, double column, double all) {
  constexpr double kNothing = 1e-7;
  const double numerator = std::fabs(all * both);
  const double factor = std::fabs(both / all);
  if (numerator < kNothing && factor < kNothing) return 0;
  return factor * std::log(numerator / std::fabs(row * column));
}

double mutualInformation(const Contingency& c) {
  const double nats = informationOf(c.none, c.without_term, c.others, c.all) +
                      informationOf(c.only_match, c.without_term, c.matching, c.all) +
                      informationOf(c.only_term, c.with_term, c.others, c.all) +
                      informationOf(c.both, c.with_term, c.matching, c.all);
  return std::isnan(nats) ? kMeaningless : nats / std::log(2.0);
}

double chiSquare(const Contingency& c) {
  const double difference = c.both * c.none - c.only_match * c.only_term;
  return c.all * difference * difference / (c.matching * c.with_term * c.without_term * c.others);
}

double googleDistance(const Contingency& c) {
  if (c.both == 0) return 0;
  if (c.with_term == c.matching && c.with_term == c.both) return 1;
  const double term = std::log(c.with_term);
  const double match = std::log(c.matching);
  return std::exp(-(std::max(term, match) - std::log(c.both)) / (std::log(c.all) - std::min(term, match)));
}

}  // namespace

double Significance::score(const TermFrequencies& f) const {
  if (f.subset_size == 0 || f.superset_size == 0) return 0;
  const Contingency c = contingencyOf(f, is_background_superset);
  switch (kind) {
    case Kind::kJlh: return jlh(f);
    case Kind::kMutualInformation: return !has_negatives && c.isRarer() ? kMeaningless : mutualInformation(c);
    case Kind::kChiSquare: return !has_negatives && c.isRarer() ? kMeaningless : chiSquare(c);
    case Kind::kGoogleDistance: return googleDistance(c);
    case Kind::kPercentage: return f.superset_count == 0 ? f.subset_count : f.subset_count / f.superset_count;
  }
  return 0;
}

}  // namespace gyre::engine
