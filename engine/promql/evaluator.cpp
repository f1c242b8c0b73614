#include "engine/promql/evaluator.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <numbers>
#include <set>
#include <utility>

#include "engine/promql/aggregate.hpp"
#include "engine/promql/binary_operation.hpp"
#include "engine/promql/element_function.hpp"
#include "engine/promql/function_table.hpp"
#include "engine/promql/histogram_quantile.hpp"
#include "engine/promql/label_function.hpp"
#include "engine/promql/roll_up_function.hpp"

namespace gyre::engine::promql {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

const std::string& stringArgument(const Call& call, std::size_t index) {
  return std::get<StringLiteral>(withoutParens(*call.arguments[index]).node).value;
}

double seconds(std::int64_t ms) { return static_cast<double>(ms) / 1000; }

// The labels that a selector's matchers name exactly; what absent() answers with. A label named twice is left out.
series::Labels labelsOfAbsent(const Expr& expr) {
  series::Labels labels;
  const auto* selector = std::get_if<Selector>(&withoutParens(expr).node);
  if (selector == nullptr) return labels;
  std::set<std::string> seen;
  for (const series::Matcher& matcher : selector->matchers) {
    if (matcher.name() == series::kMetricName) continue;
    const bool is_new = matcher.kind() == series::Matcher::Kind::kEqual && seen.insert(matcher.name()).second;
    setLabel(labels, matcher.name(), is_new ? matcher.value() : std::string());
  }
  return labels;
}

// The newest value at each step, or its time in seconds.
void selectSamples(const Windows& windows, std::int64_t lookback_ms, bool wants_times,
                   const series::SampleColumns& samples, std::span<double> column) {
  std::size_t end = 0;
  for (std::uint32_t step = 0; step < windows.grid.count; ++step) {
    const std::int64_t reference = windows.reference(step);
    while (end < samples.size() && samples.times[end] <= reference) ++end;
    if (end == 0 || samples.times[end - 1] < reference - lookback_ms || series::isStale(samples.values[end - 1])) {
      column[step] = noValue();
    } else {
      column[step] = wants_times ? seconds(samples.times[end - 1]) : samples.values[end - 1];
    }
  }
}

// By value, NaN last; equal ones keep their order.
void sortRows(Rows& rows, bool is_descending) {
  std::stable_sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
    const double x = a.values[0];
    const double y = b.values[0];
    if (std::isnan(x) || std::isnan(y)) return !std::isnan(x) && std::isnan(y);
    return is_descending ? x > y : x < y;
  });
}

}  // namespace

Status Evaluator::hold(std::size_t values) {
  held_ += values;
  if (held_ <= limits_.max_samples) return {};
  return executionError("query processing would load too many samples into memory: more than max_samples (" +
                        std::to_string(limits_.max_samples) + ")");
}

Status Evaluator::checkTime() const { return limits_.check(); }

std::optional<std::int64_t> Evaluator::resolve(const At& at) const {
  switch (at.kind) {
    case At::Kind::kNone: return std::nullopt;
    case At::Kind::kTime: return at.time_ms;
    case At::Kind::kStart: return start_ms_;
    case At::Kind::kEnd: return end_ms_;
  }
  return std::nullopt;
}

Windows Evaluator::windowsOf(const Expr& expr, const Grid& grid) const {
  const Expr& inner = withoutParens(expr);
  if (const auto* selector = std::get_if<Selector>(&inner.node))
    return {grid, selector->range_ms, selector->offset_ms, resolve(selector->at), &limits_};
  const auto& subquery = std::get<Subquery>(inner.node);
  return {grid, subquery.range_ms, subquery.offset_ms, resolve(subquery.at), &limits_};
}

Result<Value> Evaluator::evaluate(const Expr& expr, const Grid& grid) {
  Value value;
  switch (expr.type) {
    case ValueType::kScalar: {
      GYRE_TRY_ASSIGN(value.scalar, evaluateScalar(expr, grid));
      break;
    }
    case ValueType::kVector: {
      GYRE_TRY_ASSIGN(value.rows, evaluateRows(expr, grid));
      break;
    }
    case ValueType::kMatrix: {
      GYRE_TRY_ASSIGN(value.ranges, evaluateRange(expr, grid));
      break;
    }
    case ValueType::kString: break;
  }
  return value;
}

Result<std::vector<double>> Evaluator::evaluateScalar(const Expr& expr, const Grid& grid) {
  GYRE_TRY(checkTime());
  const Expr& inner = withoutParens(expr);
  if (const auto* number = std::get_if<NumberLiteral>(&inner.node))
    return std::vector<double>(grid.count, number->value);
  if (const auto* unary = std::get_if<Unary>(&inner.node)) {
    GYRE_TRY_ASSIGN(std::vector<double> values, evaluateScalar(*unary->expr, grid));
    if (unary->is_negative)
      for (double& value : values) value = -value;
    return values;
  }
  if (const auto* binary = std::get_if<Binary>(&inner.node)) {
    GYRE_TRY_ASSIGN(std::vector<double> lhs, evaluateScalar(*binary->lhs, grid));
    GYRE_TRY_ASSIGN(const std::vector<double> rhs, evaluateScalar(*binary->rhs, grid));
    for (std::size_t i = 0; i < lhs.size(); ++i) lhs[i] = scalarOperation(binary->op, lhs[i], rhs[i]);
    return lhs;
  }
  const auto& call = std::get<Call>(inner.node);
  std::vector<double> values(grid.count);
  switch (call.function->id) {
    case FunctionId::kPi: std::fill(values.begin(), values.end(), std::numbers::pi); break;
    case FunctionId::kTime:
      for (std::uint32_t step = 0; step < grid.count; ++step) values[step] = seconds(grid.time(step));
      break;
    default: {  // scalar()
      GYRE_TRY_ASSIGN(const Rows rows, evaluateRows(*call.arguments[0], grid));
      std::vector<std::uint32_t> counts(grid.count, 0);
      for (const Row& row : rows)
        for (std::uint32_t step = row.first; step < row.end(); ++step)
          if (const double value = row.at(step); !isNoValue(value)) {
            values[step] = value;
            ++counts[step];
          }
      for (std::uint32_t step = 0; step < grid.count; ++step)
        if (counts[step] != 1) values[step] = kNaN;
      letGo(countCells(rows));
    }
  }
  return values;
}

Result<Rows> Evaluator::evaluateRows(const Expr& expr, const Grid& grid) {
  GYRE_TRY(checkTime());
  const Expr& inner = withoutParens(expr);
  if (const auto* selector = std::get_if<Selector>(&inner.node)) return evaluateSelector(*selector, grid, false);
  if (const auto* call = std::get_if<Call>(&inner.node)) return evaluateCall(*call, grid);
  if (const auto* aggregation = std::get_if<Aggregation>(&inner.node)) return evaluateAggregation(*aggregation, grid);
  if (const auto* binary = std::get_if<Binary>(&inner.node)) return evaluateBinary(*binary, grid);
  const auto& unary = std::get<Unary>(inner.node);
  GYRE_TRY_ASSIGN(Rows rows, evaluateRows(*unary.expr, grid));
  if (!unary.is_negative) return rows;
  dropName(rows);
  for (Row& row : rows)
    for (double& value : row.values)
      if (!isNoValue(value)) value = -value;
  GYRE_TRY(refuseEqual(rows));
  return rows;
}

Result<std::unique_ptr<series::SeriesSet>> Evaluator::select(const Selector& selector, const Windows& windows,
                                                             std::string_view function, bool takes_roll_ups) {
  series::SelectRequest request;
  request.matchers = selector.matchers;
  request.matchers.insert(request.matchers.end(), options_.where.begin(), options_.where.end());
  const std::int64_t reach = selector.range_ms > 0 ? selector.range_ms : options_.lookback_ms;
  request.from_ms = windows.firstReference() - reach;
  request.to_ms = windows.lastReference();
  request.max_series = limits_.max_series;
  request.hint.function = function;
  request.hint.first_ms = windows.firstReference();
  request.hint.step_ms = windows.grid.count > 1 && !windows.at_ms ? windows.grid.step_ms : 0;
  request.hint.range_ms = selector.range_ms;
  request.hint.takes_roll_ups = takes_roll_ups && options_.takes_roll_ups;
  auto set = source_.select(request);
  if (!set.isOk() && set.status().code() == Code::kTooLarge)
    return executionError("selector " + selector.name + " selects more than max_series (" +
                          std::to_string(limits_.max_series) + ") series: " + std::string(set.status().message()));
  return set;
}

Result<Rows> Evaluator::evaluateSelector(const Selector& selector, const Grid& grid, bool wants_times) {
  const Windows windows{grid, 0, selector.offset_ms, resolve(selector.at), &limits_};
  GYRE_TRY_ASSIGN(const std::unique_ptr<series::SeriesSet> set, select(selector, windows, "", true));
  Rows rows;
  series::SampleColumns samples;
  series::RollUps buckets;
  std::vector<double> column(grid.count);
  for (std::size_t i = 0; i < set->size(); ++i) {
    GYRE_TRY(checkTime());
    if (set->resolutionMs() > 0) {
      GYRE_TRY(set->readRollUps(i, buckets));
      selectRollUps(windows, options_.lookback_ms, wants_times, buckets, column);
    } else {
      GYRE_TRY(set->read(i, samples));
      selectSamples(windows, options_.lookback_ms, wants_times, samples, column);
    }
    if (auto row = makeRow(set->labels(i), column)) {
      GYRE_TRY(hold(row->values.size()));
      rows.push_back(std::move(*row));
    }
  }
  return rows;
}

Result<Rows> Evaluator::evaluateAggregation(const Aggregation& aggregation, const Grid& grid) {
  GYRE_TRY_ASSIGN(Rows rows, evaluateRows(*aggregation.expr, grid));
  const std::size_t before = countCells(rows);
  AggregateParameter parameter;
  parameter.max_cells = limits_.max_samples - std::min(held_, limits_.max_samples);
  std::vector<double> numbers;
  if (aggregation.op == AggregationOp::kCountValues) {
    parameter.label = std::get<StringLiteral>(withoutParens(*aggregation.parameter).node).value;
  } else if (aggregation.parameter != nullptr) {
    GYRE_TRY_ASSIGN(numbers, evaluateScalar(*aggregation.parameter, grid));
    parameter.numbers = numbers;
  }
  GYRE_TRY_ASSIGN(Rows answers, aggregate(aggregation, std::move(rows), parameter, grid.count));
  GYRE_TRY(hold(countCells(answers)));
  letGo(before);
  return answers;
}

Result<Rows> Evaluator::evaluateBinary(const Binary& binary, const Grid& grid) {
  const bool is_left_scalar = binary.lhs->type == ValueType::kScalar;
  if (is_left_scalar || binary.rhs->type == ValueType::kScalar) {
    GYRE_TRY_ASSIGN(const std::vector<double> scalar, evaluateScalar(is_left_scalar ? *binary.lhs : *binary.rhs, grid));
    GYRE_TRY_ASSIGN(Rows rows, evaluateRows(is_left_scalar ? *binary.rhs : *binary.lhs, grid));
    GYRE_TRY(vectorScalarOperation(binary, rows, scalar, is_left_scalar));
    return rows;
  }
  GYRE_TRY_ASSIGN(Rows lhs, evaluateRows(*binary.lhs, grid));
  GYRE_TRY_ASSIGN(Rows rhs, evaluateRows(*binary.rhs, grid));
  const std::size_t before = countCells(lhs) + countCells(rhs);
  GYRE_TRY_ASSIGN(Rows answers, vectorOperation(binary, std::move(lhs), std::move(rhs), grid.count, limits_));
  GYRE_TRY(hold(countCells(answers)));
  letGo(before);
  return answers;
}

Result<Rows> Evaluator::evaluateSubquery(const Subquery& subquery, const Windows& windows, Grid& grid) {
  grid.step_ms = subquery.step_ms > 0 ? subquery.step_ms : options_.subquery_step_ms;
  // The first multiple of the step in the first window.
  const std::int64_t from = windows.firstReference() - windows.range_ms;
  grid.start_ms = from / grid.step_ms * grid.step_ms;
  if (grid.start_ms < from) grid.start_ms += grid.step_ms;
  const std::int64_t to = windows.lastReference();
  const std::int64_t count = to < grid.start_ms ? 0 : (to - grid.start_ms) / grid.step_ms + 1;
  if (static_cast<std::uint64_t>(count) > std::min<std::uint64_t>(limits_.max_samples, 100'000'000))
    return executionError("a subquery of " + std::to_string(count) +
                          " steps would load too many samples into memory: more than max_samples (" +
                          std::to_string(limits_.max_samples) + ")");
  grid.count = static_cast<std::uint32_t>(count);
  if (count == 0) return Rows();
  return evaluateRows(*subquery.expr, grid);
}

template <class Visit>
Status Evaluator::visitSamples(series::SeriesSet& set, Visit visit) {
  series::SampleColumns samples;
  for (std::size_t i = 0; i < set.size(); ++i) {
    GYRE_TRY(checkTime());
    GYRE_TRY(set.read(i, samples));
    dropStale(samples);
    if (samples.size() == 0) continue;
    GYRE_TRY(visit(set.labels(i), samples));
  }
  return {};
}

template <class Visit>
Status Evaluator::visitRange(const Expr& expr, const Windows& windows, std::string_view function, Visit visit) {
  const Expr& inner = withoutParens(expr);
  if (const auto* selector = std::get_if<Selector>(&inner.node)) {
    GYRE_TRY_ASSIGN(const std::unique_ptr<series::SeriesSet> set, select(*selector, windows, function, false));
    return visitSamples(*set, visit);
  }
  series::SampleColumns samples;
  Grid grid;
  GYRE_TRY_ASSIGN(Rows rows, evaluateSubquery(std::get<Subquery>(inner.node), windows, grid));
  for (Row& row : rows) {
    GYRE_TRY(checkTime());
    samples.clear();
    for (std::uint32_t step = row.first; step < row.end(); ++step)
      if (const double value = row.at(step); !isNoValue(value)) samples.add(grid.time(step), value);
    GYRE_TRY(visit(std::move(row.labels), samples));
  }
  letGo(countCells(rows));
  return {};
}

Result<std::vector<RangeSeries>> Evaluator::evaluateRange(const Expr& expr, const Grid& grid) {
  const Windows windows = windowsOf(expr, grid);
  std::vector<RangeSeries> ranges;
  const auto keep = [&](series::Labels labels, series::SampleColumns& samples) {
    const std::int64_t to = windows.firstReference();
    const std::int64_t from = to - windows.range_ms;
    RangeSeries kept;
    for (std::size_t i = 0; i < samples.size(); ++i)
      if (samples.times[i] >= from && samples.times[i] <= to) kept.samples.add(samples.times[i], samples.values[i]);
    if (kept.samples.size() == 0) return Status();
    kept.labels = std::move(labels);
    const std::size_t size = kept.samples.size();
    ranges.push_back(std::move(kept));
    return hold(size);
  };
  GYRE_TRY(visitRange(expr, windows, "", keep));
  return ranges;
}

Result<Rows> Evaluator::evaluateWindowCall(const Call& call, const Grid& grid) {
  const FunctionId id = call.function->id;
  const std::size_t range_index = id == FunctionId::kQuantileOverTime ? 1 : 0;
  ScalarColumns scalars;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    if (i == range_index) continue;
    GYRE_TRY_ASSIGN(std::vector<double> values, evaluateScalar(*call.arguments[i], grid));
    scalars.push_back(std::move(values));
  }
  const Expr& range = *call.arguments[range_index];
  const Windows windows = windowsOf(range, grid);
  Rows rows;
  std::vector<double> column(grid.count);
  const auto add_row = [&](series::Labels labels) {
    auto row = makeRow(std::move(labels), column);
    if (!row) return Status();
    // last_over_time is a selector that looks back further.
    if (id != FunctionId::kLastOverTime) dropLabel(row->labels, series::kMetricName);
    const std::size_t size = row->values.size();
    rows.push_back(std::move(*row));
    return hold(size);
  };
  const auto evaluate_series = [&](series::Labels labels, series::SampleColumns& samples) {
    GYRE_TRY(evaluateWindows(id, windows, samples, scalars, column));
    GYRE_TRY(checkTime());
    return add_row(std::move(labels));
  };
  const auto* selector = std::get_if<Selector>(&withoutParens(range).node);
  if (selector != nullptr && answersFromRollUps(id)) {
    GYRE_TRY_ASSIGN(const std::unique_ptr<series::SeriesSet> set,
                    select(*selector, windows, call.function->name, true));
    if (set->resolutionMs() == 0) {
      GYRE_TRY(visitSamples(*set, evaluate_series));
    } else {
      series::RollUps buckets;
      for (std::size_t i = 0; i < set->size(); ++i) {
        GYRE_TRY(checkTime());
        GYRE_TRY(set->readRollUps(i, buckets));
        evaluateRollUps(id, windows, buckets, column);
        GYRE_TRY(add_row(set->labels(i)));
      }
    }
  } else {
    GYRE_TRY(visitRange(range, windows, call.function->name, evaluate_series));
  }
  if (id == FunctionId::kAbsentOverTime) return evaluateAbsent(call, std::move(rows), grid);
  GYRE_TRY(refuseEqual(rows));
  return rows;
}

Result<Rows> Evaluator::evaluateAbsent(const Call& call, Rows rows, const Grid& grid) {
  std::vector<double> column(grid.count, 1.0);
  for (const Row& row : rows)
    for (std::uint32_t step = row.first; step < row.end(); ++step)
      if (!isNoValue(row.at(step))) column[step] = noValue();
  letGo(countCells(rows));
  rows.clear();
  if (auto row = makeRow(labelsOfAbsent(*call.arguments[0]), column)) rows.push_back(std::move(*row));
  GYRE_TRY(hold(countCells(rows)));
  return rows;
}

Status Evaluator::applyClamp(const Call& call, Rows& rows, const Grid& grid) {
  const FunctionId id = call.function->id;
  ScalarColumns scalars;
  for (std::size_t i = 1; i < call.arguments.size(); ++i) {
    GYRE_TRY_ASSIGN(std::vector<double> values, evaluateScalar(*call.arguments[i], grid));
    scalars.push_back(std::move(values));
  }
  if (scalars.empty()) scalars.emplace_back(grid.count, 1.0);  // round() to whole numbers
  for (Row& row : rows)
    for (std::size_t i = 0; i < row.values.size(); ++i) {
      double& value = row.values[i];
      if (isNoValue(value)) continue;
      const double first = scalars[0][row.first + i];
      switch (id) {
        case FunctionId::kClampMax: value = minOrNaN(first, value); break;
        case FunctionId::kClampMin: value = maxOrNaN(first, value); break;
        case FunctionId::kRound: {
          // Inverted first, as Prometheus does; ties go up.
          const double inverse = 1.0 / first;
          value = std::floor(value * inverse + 0.5) / inverse;
          break;
        }
        default: {
          const double most = scalars[1][row.first + i];
          value = most < first ? noValue() : maxOrNaN(first, minOrNaN(most, value));
        }
      }
    }
  std::erase_if(rows, [](Row& row) { return !trim(row); });
  return {};
}

Result<Rows> Evaluator::evaluateCall(const Call& call, const Grid& grid) {
  using enum FunctionId;
  const FunctionId id = call.function->id;
  if (isWindowFunction(id)) return evaluateWindowCall(call, grid);
  if (id == kVector || call.arguments.empty()) {
    std::vector<double> column(grid.count);
    if (id == kVector) {
      GYRE_TRY_ASSIGN(column, evaluateScalar(*call.arguments[0], grid));
    } else {  // a date function of the time itself
      for (std::uint32_t step = 0; step < grid.count; ++step) column[step] = datePart(id, grid.time(step) / 1000);
    }
    GYRE_TRY(hold(column.size()));
    Rows rows;
    if (auto row = makeRow({}, column)) rows.push_back(std::move(*row));
    return rows;
  }
  if (id == kHistogramQuantile) {
    GYRE_TRY_ASSIGN(const std::vector<double> q, evaluateScalar(*call.arguments[0], grid));
    GYRE_TRY_ASSIGN(const Rows buckets, evaluateRows(*call.arguments[1], grid));
    GYRE_TRY_ASSIGN(Rows rows, histogramQuantile(buckets, q));
    GYRE_TRY(hold(countCells(rows)));
    letGo(countCells(buckets));
    return rows;
  }
  const Expr& argument = withoutParens(*call.arguments[0]);
  if (id == kTimestamp) {
    if (const auto* selector = std::get_if<Selector>(&argument.node)) {
      GYRE_TRY_ASSIGN(Rows rows, evaluateSelector(*selector, grid, true));
      dropName(rows);
      GYRE_TRY(mergeEqual(rows));
      return rows;
    }
  }
  GYRE_TRY_ASSIGN(Rows rows, evaluateRows(argument, grid));
  switch (id) {
    case kAbsent: return evaluateAbsent(call, std::move(rows), grid);
    case kSort:
    case kSortDesc:
      if (grid.count == 1) sortRows(rows, id == kSortDesc);
      return rows;
    case kLabelReplace:
      GYRE_TRY(replaceLabels(rows, stringArgument(call, 1), stringArgument(call, 2), stringArgument(call, 3),
                             stringArgument(call, 4)));
      return rows;
    case kLabelJoin: {
      std::vector<std::string> sources;
      for (std::size_t i = 3; i < call.arguments.size(); ++i) sources.push_back(stringArgument(call, i));
      GYRE_TRY(joinLabels(rows, stringArgument(call, 1), stringArgument(call, 2), sources));
      return rows;
    }
    case kTimestamp:
      for (Row& row : rows)
        for (std::size_t i = 0; i < row.values.size(); ++i)
          if (!isNoValue(row.values[i])) row.values[i] = seconds(grid.time(row.first + static_cast<std::uint32_t>(i)));
      break;
    case kClamp:
    case kClampMax:
    case kClampMin:
    case kRound: GYRE_TRY(applyClamp(call, rows, grid)); break;
    default:
      for (Row& row : rows) applyElements(id, row.values);
  }
  dropName(rows);
  GYRE_TRY(mergeEqual(rows));
  return rows;
}

}  // namespace gyre::engine::promql
