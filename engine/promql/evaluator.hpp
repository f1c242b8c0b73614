// What is the value of an expression at every step of a query?
//
// Each node is evaluated once for all steps: a selector reads each series once and walks along it, functions and
// operators work on whole columns. Values are those of Prometheus 2.42, but for what docs/PROMQL.md lists.
//
// THREADS: one evaluator, one thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "engine/promql/ast.hpp"
#include "engine/promql/rows.hpp"
#include "engine/promql/stop_check.hpp"
#include "engine/promql/window_function.hpp"
#include "engine/series/series_source.hpp"

namespace gyre::engine::promql {

struct EvaluationLimits : StopCheck {
  // Values held at once, those of intermediate results among them; 50,000,000 are 400 MB.
  std::size_t max_samples = 50'000'000;
  // Series that one selector may select.
  std::size_t max_series = 1'000'000;
};

struct EvaluationOptions {
  // How far an instant selector looks back for a sample.
  std::int64_t lookback_ms = 300'000;
  // The step of a subquery that names none.
  std::int64_t subquery_step_ms = 60'000;
  // Holds for every selector besides its own: what the caller may see.
  series::Matchers where;
  // Whether a source may answer from roll-ups what they answer exactly.
  bool takes_roll_ups = true;
};

// A series of a range vector.
struct RangeSeries {
  series::Labels labels;
  series::SampleColumns samples;
};

// Which member holds the value says the expression's type; a string's value is in the expression.
struct Value {
  std::vector<double> scalar;       // a value a step
  Rows rows;                        // of an instant vector
  std::vector<RangeSeries> ranges;  // of a range vector
};

class Evaluator {
 public:
  // `start_ms` and `end_ms` are the whole query's, as asked: what @ start() and @ end() mean.
  Evaluator(const series::SeriesSource& source, std::int64_t start_ms, std::int64_t end_ms,
            const EvaluationOptions& options, const EvaluationLimits& limits)
      : source_(source), start_ms_(start_ms), end_ms_(end_ms), options_(options), limits_(limits) {}

  // execution: what the data or the limits do not allow; timeout: the deadline. REQUIRES: a range vector is evaluated
  // at one step.
  Result<Value> evaluate(const Expr& expr, const Grid& grid);

 private:
  Result<Rows> evaluateRows(const Expr& expr, const Grid& grid);
  Result<std::vector<double>> evaluateScalar(const Expr& expr, const Grid& grid);
  Result<Rows> evaluateSelector(const Selector& selector, const Grid& grid, bool wants_times);
  Result<Rows> evaluateCall(const Call& call, const Grid& grid);
  Result<Rows> evaluateBinary(const Binary& binary, const Grid& grid);
  Result<Rows> evaluateAggregation(const Aggregation& aggregation, const Grid& grid);
  Result<Rows> evaluateWindowCall(const Call& call, const Grid& grid);
  Result<Rows> evaluateAbsent(const Call& call, Rows rows, const Grid& grid);
  Status applyClamp(const Call& call, Rows& rows, const Grid& grid);
  Result<std::vector<RangeSeries>> evaluateRange(const Expr& expr, const Grid& grid);
  // Calls visit(labels, samples) for every series of a range vector, stale markers taken out.
  template <class Visit>
  Status visitRange(const Expr& expr, const Windows& windows, std::string_view function, Visit visit);
  template <class Visit>
  Status visitSamples(series::SeriesSet& set, Visit visit);
  Result<Rows> evaluateSubquery(const Subquery& subquery, const Windows& windows, Grid& grid);
  Windows windowsOf(const Expr& expr, const Grid& grid) const;
  std::optional<std::int64_t> resolve(const At& at) const;
  Result<std::unique_ptr<series::SeriesSet>> select(const Selector& selector, const Windows& windows,
                                                    std::string_view function, bool takes_roll_ups);

  // Counts values that are held from now on.
  Status hold(std::size_t values);
  void letGo(std::size_t values) { held_ -= std::min(held_, values); }
  Status checkTime() const;

  const series::SeriesSource& source_;
  std::int64_t start_ms_;
  std::int64_t end_ms_;
  EvaluationOptions options_;
  EvaluationLimits limits_;
  std::size_t held_ = 0;
};

}  // namespace gyre::engine::promql
