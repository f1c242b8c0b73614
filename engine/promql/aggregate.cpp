#include "engine/promql/aggregate.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <unordered_map>
#include <utility>

#include "engine/promql/number_format.hpp"
#include "engine/promql/quantile.hpp"

namespace gyre::engine::promql {
namespace {

// The aggregations that take one value after another into a group's running state.
class Accumulator {
 public:
  Accumulator(AggregationOp op, std::uint32_t steps) : op_(op), counts_(steps, 0) {
    // -0 is what adding changes nothing of, not even the sign of a zero.
    if (op != AggregationOp::kCount && op != AggregationOp::kGroup) values_.assign(steps, -0.0);
    if (op == AggregationOp::kStddev || op == AggregationOp::kStdvar) squares_.assign(steps, 0);
  }

  void add(const Row& row) {
    const double* const in = row.values.data();
    const std::size_t size = row.values.size();
    double* const value = values_.empty() ? nullptr : values_.data() + row.first;
    double* const square = squares_.empty() ? nullptr : squares_.data() + row.first;
    std::uint32_t* const count = counts_.data() + row.first;
    const auto each = [&](auto take) {
      for (std::size_t i = 0; i < size; ++i) {
        if (isNoValue(in[i])) continue;
        take(i, in[i], ++count[i]);
      }
    };
    switch (op_) {
      case AggregationOp::kSum: return each([&](std::size_t i, double v, std::uint32_t) { value[i] += v; });
      case AggregationOp::kAvg:
        return each([&](std::size_t i, double v, std::uint32_t n) { addToMean(value[i], v, n); });
      case AggregationOp::kMax:
        return each([&](std::size_t i, double v, std::uint32_t n) {
          if (n == 1 || value[i] < v || std::isnan(value[i])) value[i] = v;
        });
      case AggregationOp::kMin:
        return each([&](std::size_t i, double v, std::uint32_t n) {
          if (n == 1 || value[i] > v || std::isnan(value[i])) value[i] = v;
        });
      case AggregationOp::kStddev:
      case AggregationOp::kStdvar:
        return each([&](std::size_t i, double v, std::uint32_t n) {
          if (n == 1) {
            value[i] = v;
            return;
          }
          const double delta = v - value[i];
          value[i] += delta / n;
          square[i] += delta * (v - value[i]);
        });
      default: return each([](std::size_t, double, std::uint32_t) {});
    }
  }

  std::vector<double> finish() {
    if (values_.empty()) values_.assign(counts_.size(), 1.0);
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      const double n = counts_[i];
      if (counts_[i] == 0) {
        values_[i] = noValue();
      } else if (op_ == AggregationOp::kCount) {
        values_[i] = n;
      } else if (op_ == AggregationOp::kStdvar) {
        values_[i] = squares_[i] / n;
      } else if (op_ == AggregationOp::kStddev) {
        values_[i] = std::sqrt(squares_[i] / n);
      }
    }
    return std::move(values_);
  }

 private:
  static void addToMean(double& mean, double v, std::uint32_t n) {
    if (n == 1) {
      mean = v;
      return;
    }
    if (std::isinf(mean)) {
      // An infinite mean stays, unless the other infinity or NaN comes.
      if (std::isinf(v) && (mean > 0) == (v > 0)) return;
      if (std::isfinite(v)) return;
    }
    mean += v / n - mean / n;
  }

  AggregationOp op_;
  std::vector<double> values_;
  std::vector<double> squares_;
  std::vector<std::uint32_t> counts_;
};

series::Labels groupLabels(const Aggregation& aggregation, const series::Labels& labels) {
  return aggregation.is_without ? withoutLabels(labels, aggregation.grouping)
                                : keepLabels(labels, aggregation.grouping);
}

struct Group {
  series::Labels labels;
  std::vector<std::size_t> rows;
};

// In the order of their first rows.
std::vector<Group> groupsOf(const Aggregation& aggregation, const Rows& rows) {
  std::vector<Group> groups;
  std::unordered_map<std::string, std::size_t> numbers;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    series::Labels labels = groupLabels(aggregation, rows[i].labels);
    const auto [found, is_new] = numbers.try_emplace(labelsKey(labels), groups.size());
    if (is_new) groups.push_back({std::move(labels), {}});
    groups[found->second].rows.push_back(i);
  }
  return groups;
}

// Gathers the answer's rows, up to a number of values.
class Answer {
 public:
  explicit Answer(std::size_t max_cells) : max_cells_(max_cells) {}
  Status add(series::Labels labels, std::span<const double> column) {
    if (auto row = makeRow(std::move(labels), column)) {
      cells_ += row->values.size();
      rows_.push_back(std::move(*row));
    }
    return cells_ <= max_cells_ ? Status() : tooManySamples();
  }
  Rows take() { return std::move(rows_); }

 private:
  std::size_t max_cells_;
  std::size_t cells_ = 0;
  Rows rows_;
};

// The k best of a group at one step. A heap with the worst on top, with the moves of Go's container/heap, so that ties
// fall as they do in Prometheus.
class Best {
 public:
  struct Entry {
    double value = 0;
    std::size_t row = 0;
  };
  explicit Best(bool wants_largest) : wants_largest_(wants_largest) {}

  void clear() { heap_.clear(); }
  void offer(Entry entry, std::size_t k) {
    if (heap_.size() >= k) {
      const double worst = heap_[0].value;
      if (!(isWorse(worst, entry.value) || std::isnan(worst))) return;
      if (k == 1) {
        heap_[0] = entry;
        return;
      }
      std::swap(heap_.front(), heap_.back());
      sink(heap_.size() - 1);
      heap_.pop_back();
    }
    heap_.push_back(entry);
    rise(heap_.size() - 1);
  }
  std::vector<Entry>& sorted() {
    std::stable_sort(heap_.begin(), heap_.end(), [&](const Entry& a, const Entry& b) {
      return std::isnan(b.value) ? !std::isnan(a.value) : isWorse(b.value, a.value);
    });
    return heap_;
  }
  const std::vector<Entry>& entries() const { return heap_; }

 private:
  bool isWorse(double a, double b) const { return wants_largest_ ? a < b : a > b; }
  bool isBefore(std::size_t a, std::size_t b) const {
    return std::isnan(heap_[a].value) || isWorse(heap_[a].value, heap_[b].value);
  }
  void rise(std::size_t at) {
    while (at > 0) {
      const std::size_t parent = (at - 1) / 2;
      if (!isBefore(at, parent)) break;
      std::swap(heap_[at], heap_[parent]);
      at = parent;
    }
  }
  // Among the first `size` entries.
  void sink(std::size_t size) {
    for (std::size_t at = 0;;) {
      std::size_t child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && isBefore(child + 1, child)) ++child;
      if (!isBefore(child, at)) break;
      std::swap(heap_[at], heap_[child]);
      at = child;
    }
  }

  bool wants_largest_;
  std::vector<Entry> heap_;
};

Result<Rows> selectBest(const Aggregation& aggregation, Rows rows, const AggregateParameter& parameter,
                        std::uint32_t steps) {
  const std::span<const double> k = parameter.numbers;
  for (const double number : k)
    if (!(std::abs(number) < 9.2e18))
      return executionError("scalar value " + std::to_string(number) +
                            " of topk or bottomk overflows a 64-bit integer");
  const std::vector<Group> groups = groupsOf(aggregation, rows);
  Best best(aggregation.op == AggregationOp::kTopK);
  const auto offerAll = [&](const Group& group, std::uint32_t step) {
    best.clear();
    if (k[step] < 1) return;
    for (const std::size_t i : group.rows)
      if (const double value = rows[i].at(step); !isNoValue(value))
        best.offer({value, i}, static_cast<std::size_t>(k[step]));
  };
  if (steps == 1) {
    Rows answers;
    for (const Group& group : groups) {
      offerAll(group, 0);
      for (const Best::Entry& entry : best.sorted()) answers.push_back(std::move(rows[entry.row]));
    }
    return answers;
  }
  std::vector<std::vector<std::uint32_t>> chosen(rows.size());  // the steps at which a row is among the best
  for (const Group& group : groups)
    for (std::uint32_t step = 0; step < steps; ++step) {
      offerAll(group, step);
      for (const Best::Entry& entry : best.entries()) chosen[entry.row].push_back(step);
    }
  Answer answer(parameter.max_cells);
  std::vector<double> column;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (chosen[i].empty()) continue;
    column.assign(steps, noValue());
    for (const std::uint32_t step : chosen[i]) column[step] = rows[i].at(step);
    GYRE_TRY(answer.add(std::move(rows[i].labels), column));
  }
  return answer.take();
}

Result<Rows> quantiles(const Aggregation& aggregation, const Rows& rows, const AggregateParameter& parameter,
                       std::uint32_t steps) {
  Answer answer(parameter.max_cells);
  std::vector<double> column(steps);
  std::vector<double> values;
  for (Group& group : groupsOf(aggregation, rows)) {
    for (std::uint32_t step = 0; step < steps; ++step) {
      values.clear();
      for (const std::size_t i : group.rows)
        if (const double value = rows[i].at(step); !isNoValue(value)) values.push_back(value);
      column[step] = values.empty() ? noValue() : quantile(parameter.numbers[step], values);
    }
    GYRE_TRY(answer.add(std::move(group.labels), column));
  }
  return answer.take();
}

Result<Rows> countValues(const Aggregation& aggregation, const Rows& rows, const AggregateParameter& parameter,
                         std::uint32_t steps) {
  const std::string_view label = parameter.label;
  if (!isLabelName(label)) return executionError("invalid label name \"" + std::string(label) + "\" of count_values");
  Aggregation grouped;
  grouped.is_without = aggregation.is_without;
  grouped.grouping = aggregation.grouping;
  if (!grouped.is_without) {
    grouped.grouping.emplace_back(label);
    std::sort(grouped.grouping.begin(), grouped.grouping.end());
  }
  struct Counted {
    series::Labels labels;
    std::vector<std::uint32_t> steps;  // one entry a value counted: there may be many values of few steps each
  };
  std::vector<Counted> counted;
  std::unordered_map<std::string, std::size_t> numbers;
  std::string text;
  for (const Row& row : rows) {
    std::unordered_map<std::string, std::size_t> of_row;  // by the value's text
    for (std::uint32_t step = row.first; step < row.end(); ++step) {
      const double value = row.at(step);
      if (isNoValue(value)) continue;
      text.clear();
      appendDecimal(text, value);
      auto known = of_row.find(text);
      if (known == of_row.end()) {
        series::Labels labels = row.labels;
        setLabel(labels, label, text);
        labels = groupLabels(grouped, labels);
        const auto [found, is_new] = numbers.try_emplace(labelsKey(labels), counted.size());
        if (is_new) counted.push_back({std::move(labels), {}});
        known = of_row.emplace(text, found->second).first;
      }
      counted[known->second].steps.push_back(step);
    }
  }
  Answer answer(parameter.max_cells);
  std::vector<double> column(steps);
  for (Counted& one : counted) {
    std::fill(column.begin(), column.end(), noValue());
    for (const std::uint32_t step : one.steps) column[step] = isNoValue(column[step]) ? 1 : column[step] + 1;
    GYRE_TRY(answer.add(std::move(one.labels), column));
  }
  return answer.take();
}

}  // namespace

Result<Rows> aggregate(const Aggregation& aggregation, Rows rows, const AggregateParameter& parameter,
                       std::uint32_t steps) {
  switch (aggregation.op) {
    case AggregationOp::kTopK:
    case AggregationOp::kBottomK: return selectBest(aggregation, std::move(rows), parameter, steps);
    case AggregationOp::kQuantile: return quantiles(aggregation, rows, parameter, steps);
    case AggregationOp::kCountValues: return countValues(aggregation, rows, parameter, steps);
    default: break;
  }
  Answer answer(parameter.max_cells);
  for (Group& group : groupsOf(aggregation, rows)) {
    Accumulator accumulator(aggregation.op, steps);
    for (const std::size_t i : group.rows) accumulator.add(rows[i]);
    GYRE_TRY(answer.add(std::move(group.labels), accumulator.finish()));
  }
  return answer.take();
}

}  // namespace gyre::engine::promql
