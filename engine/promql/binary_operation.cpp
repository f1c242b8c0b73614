#include "engine/promql/binary_operation.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

namespace gyre::engine::promql {
namespace {

bool holds(BinaryOp op, double lhs, double rhs) {
  switch (op) {
    case BinaryOp::kEqual: return lhs == rhs;
    case BinaryOp::kNotEqual: return lhs != rhs;
    case BinaryOp::kLess: return lhs < rhs;
    case BinaryOp::kLessOrEqual: return lhs <= rhs;
    case BinaryOp::kGreater: return lhs > rhs;
    default: return lhs >= rhs;
  }
}

double arithmetic(BinaryOp op, double lhs, double rhs) {
  switch (op) {
    case BinaryOp::kAdd: return lhs + rhs;
    case BinaryOp::kSubtract: return lhs - rhs;
    case BinaryOp::kMultiply: return lhs * rhs;
    case BinaryOp::kDivide: return lhs / rhs;
    case BinaryOp::kModulo: return std::fmod(lhs, rhs);
    case BinaryOp::kPower: return std::pow(lhs, rhs);
    default: return std::atan2(lhs, rhs);
  }
}

// What stays of the elements lhs and rhs: kNoValue when a comparison fails.
double elementOperation(BinaryOp op, bool returns_bool, double lhs, double rhs) {
  if (!isComparison(op)) return arithmetic(op, lhs, rhs);
  const bool is_true = holds(op, lhs, rhs);
  if (returns_bool) return is_true ? 1 : 0;
  return is_true ? lhs : noValue();
}

// Source: prometheus 2.42, shouldDropMetricName: not atan2, nor comparisons that filter.
bool dropsName(const Binary& binary) {
  return binary.returns_bool || (!isComparison(binary.op) && !isSetOp(binary.op) && binary.op != BinaryOp::kAtan2);
}

std::string signatureOf(const Matching& matching, const series::Labels& labels) {
  return labelsKey(matching.is_on ? keepLabels(labels, matching.labels) : withoutLabels(labels, matching.labels));
}

// The rows of each signature, in the order of their first rows.
struct Matches {
  std::vector<std::vector<std::size_t>> rows;
  std::unordered_map<std::string, std::size_t> numbers;

  Matches(const Matching& matching, const Rows& from) {
    for (std::size_t i = 0; i < from.size(); ++i) {
      const auto [found, is_new] = numbers.try_emplace(signatureOf(matching, from[i].labels), rows.size());
      if (is_new) rows.emplace_back();
      rows[found->second].push_back(i);
    }
  }
  const std::vector<std::size_t>* find(const Matching& matching, const series::Labels& labels) const {
    const auto found = numbers.find(signatureOf(matching, labels));
    return found == numbers.end() ? nullptr : &rows[found->second];
  }
};

// The steps at which any of the rows has a value.
std::vector<bool> stepsWithValues(const Rows& rows, const std::vector<std::size_t>& numbers, std::uint32_t steps) {
  std::vector<bool> has_value(steps);
  for (const std::size_t i : numbers)
    for (std::uint32_t step = rows[i].first; step < rows[i].end(); ++step)
      if (!isNoValue(rows[i].at(step))) has_value[step] = true;
  return has_value;
}

Rows setOperation(const Binary& binary, Rows lhs, Rows rhs, std::uint32_t steps) {
  const bool is_or = binary.op == BinaryOp::kOr;
  Rows& filtered = is_or ? rhs : lhs;
  const Rows& other = is_or ? lhs : rhs;
  const bool keeps_matched = binary.op == BinaryOp::kAnd;
  const Matches matches(binary.matching, other);
  const std::vector<bool> none(steps);
  std::vector<std::vector<bool>> matched(matches.rows.size());  // of a signature; made when it is first asked for
  for (Row& row : filtered) {
    const auto found = matches.numbers.find(signatureOf(binary.matching, row.labels));
    const std::vector<bool>* is_matched = &none;
    if (found != matches.numbers.end()) {
      std::vector<bool>& known = matched[found->second];
      if (known.empty()) known = stepsWithValues(other, matches.rows[found->second], steps);
      is_matched = &known;
    }
    for (std::uint32_t step = row.first; step < row.end(); ++step)
      if ((*is_matched)[step] != keeps_matched) row.values[step - row.first] = noValue();
  }
  std::erase_if(filtered, [](Row& row) { return !trim(row); });
  if (is_or) lhs.insert(lhs.end(), std::make_move_iterator(rhs.begin()), std::make_move_iterator(rhs.end()));
  return lhs;
}

// The labels of the result of a pair; `many` is the left side but for group_right.
series::Labels resultLabels(const Binary& binary, const series::Labels& many, const series::Labels& one) {
  const Matching& matching = binary.matching;
  series::Labels labels = many;
  if (!isComparison(binary.op) && binary.op != BinaryOp::kAtan2) dropLabel(labels, series::kMetricName);
  if (matching.card == Matching::Card::kOneToOne) {
    if (matching.is_on) {
      labels = keepLabels(labels, matching.labels);
    } else {
      for (const std::string& label : matching.labels) dropLabel(labels, label);
    }
  }
  for (const std::string& label : matching.include) setLabel(labels, label, series::labelValue(one, label));
  if (binary.returns_bool) dropLabel(labels, series::kMetricName);
  return labels;
}

// No step may have two elements of a signature on the one side, wherever the other side has any element.
Status checkOneSide(const Matching& matching, const Rows& one, const Matches& of_one, const Rows& many,
                    std::uint32_t steps) {
  std::vector<bool> has_many(steps);
  for (const Row& row : many)
    for (std::uint32_t step = row.first; step < row.end(); ++step)
      if (!isNoValue(row.at(step))) has_many[step] = true;
  std::vector<std::size_t> holder;
  for (const std::vector<std::size_t>& rows : of_one.rows) {
    if (rows.size() == 1) continue;
    holder.assign(steps, one.size());
    for (const std::size_t i : rows)
      for (std::uint32_t step = one[i].first; step < one[i].end(); ++step) {
        if (!has_many[step] || isNoValue(one[i].at(step))) continue;
        if (holder[step] == one.size()) {
          holder[step] = i;
          continue;
        }
        const series::Labels group =
            matching.is_on ? keepLabels(one[i].labels, matching.labels) : withoutLabels(one[i].labels, matching.labels);
        return executionError("found duplicate series for the match group " + labelsText(group) + " on the " +
                              (matching.card == Matching::Card::kOneToMany ? "left" : "right") +
                              " hand-side of the operation: [" + labelsText(one[i].labels) + ", " +
                              labelsText(one[holder[step]].labels) +
                              "];many-to-many matching not allowed: matching labels must be unique on one side");
      }
  }
  return {};
}

// One signature's rows of both sides.
class MatchGroup {
 public:
  MatchGroup(const Binary& binary, const Rows& many, const std::vector<std::size_t>& many_rows, const Rows& one,
             const std::vector<std::size_t>& one_rows, std::uint32_t steps)
      : binary_(binary), many_(many), many_rows_(many_rows), one_(one), one_rows_(one_rows), steps_(steps) {}

  Status run(Rows& answers, const StopCheck& stop) {
    std::vector<bool> is_taken(isOneToOne() && many_rows_.size() > 1 ? steps_ : 0);
    std::unordered_map<std::string, std::vector<bool>> of_labels;  // of many-to-one: the steps that labels have
    for (const std::size_t m : many_rows_) {
      GYRE_TRY(stop.check());
      for (const std::size_t o : one_rows_) {
        Row row = combine(many_[m], one_[o]);
        if (!trim(row)) continue;
        row.labels = resultLabels(binary_, many_[m].labels, one_[o].labels);
        if (!is_taken.empty())
          GYRE_TRY(take(is_taken, row,
                        "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"));
        if (!isOneToOne() && many_rows_.size() > 1) {
          std::vector<bool>& steps = of_labels[labelsKey(row.labels)];
          steps.resize(steps_);
          GYRE_TRY(take(steps, row, "multiple matches for labels: grouping labels must ensure unique matches"));
        }
        answers.push_back(std::move(row));
      }
    }
    return {};
  }

 private:
  bool isOneToOne() const { return binary_.matching.card == Matching::Card::kOneToOne; }

  static Status take(std::vector<bool>& is_taken, const Row& row, const char* message) {
    for (std::uint32_t step = row.first; step < row.end(); ++step) {
      if (isNoValue(row.at(step))) continue;
      if (is_taken[step]) return executionError(message);
      is_taken[step] = true;
    }
    return {};
  }

  Row combine(const Row& many, const Row& one) const {
    Row row;
    row.first = std::max(many.first, one.first);
    const std::uint32_t end = std::min(many.end(), one.end());
    if (end <= row.first) return row;
    row.values.resize(end - row.first);
    const bool is_swapped = binary_.matching.card == Matching::Card::kOneToMany;
    const Row& left = is_swapped ? one : many;
    const Row& right = is_swapped ? many : one;
    const double* const l = left.values.data() + (row.first - left.first);
    const double* const r = right.values.data() + (row.first - right.first);
    for (std::size_t i = 0; i < row.values.size(); ++i)
      row.values[i] = isNoValue(l[i]) || isNoValue(r[i])
                          ? noValue()
                          : elementOperation(binary_.op, binary_.returns_bool, l[i], r[i]);
    return row;
  }

  const Binary& binary_;
  const Rows& many_;
  const std::vector<std::size_t>& many_rows_;
  const Rows& one_;
  const std::vector<std::size_t>& one_rows_;
  std::uint32_t steps_;
};

}  // namespace

double scalarOperation(BinaryOp op, double lhs, double rhs) {
  return isComparison(op) ? (holds(op, lhs, rhs) ? 1 : 0) : arithmetic(op, lhs, rhs);
}

Status vectorScalarOperation(const Binary& binary, Rows& rows, const std::vector<double>& scalar, bool is_scalar_left) {
  const bool filters = isComparison(binary.op) && !binary.returns_bool;
  for (Row& row : rows)
    for (std::size_t i = 0; i < row.values.size(); ++i) {
      double& value = row.values[i];
      if (isNoValue(value)) continue;
      const double other = scalar[row.first + i];
      const double lhs = is_scalar_left ? other : value;
      const double rhs = is_scalar_left ? value : other;
      if (filters) {
        if (!holds(binary.op, lhs, rhs)) value = noValue();
      } else {
        value = scalarOperation(binary.op, lhs, rhs);
      }
    }
  if (filters) std::erase_if(rows, [](Row& row) { return !trim(row); });
  if (!dropsName(binary)) return {};
  dropName(rows);
  return mergeEqual(rows);
}

Result<Rows> vectorOperation(const Binary& binary, Rows lhs, Rows rhs, std::uint32_t steps, const StopCheck& stop) {
  if (isSetOp(binary.op)) {
    Rows answers = setOperation(binary, std::move(lhs), std::move(rhs), steps);
    GYRE_TRY(mergeEqual(answers));
    return answers;
  }
  const bool is_swapped = binary.matching.card == Matching::Card::kOneToMany;
  const Rows& many = is_swapped ? rhs : lhs;
  const Rows& one = is_swapped ? lhs : rhs;
  const Matches of_many(binary.matching, many);
  const Matches of_one(binary.matching, one);
  GYRE_TRY(checkOneSide(binary.matching, one, of_one, many, steps));
  Rows answers;
  for (const std::vector<std::size_t>& many_rows : of_many.rows) {
    const auto* one_rows = of_one.find(binary.matching, many[many_rows[0]].labels);
    if (one_rows == nullptr) continue;
    GYRE_TRY(MatchGroup(binary, many, many_rows, one, *one_rows, steps).run(answers, stop));
  }
  GYRE_TRY(mergeEqual(answers));
  return answers;
}

}  // namespace gyre::engine::promql
