#include "engine/promql/window_function.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "engine/promql/compensated_sum.hpp"
#include "engine/promql/quantile.hpp"

namespace gyre::engine::promql {
namespace {

using series::SampleColumns;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Samples begin ≤ index < end of a series.
struct Window {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::uint32_t step = 0;
  std::int64_t reference_ms = 0;
  std::size_t size() const { return end - begin; }
};

// Calls compute(window) for every step whose window holds at least `least` samples.
template <class Compute>
void slide(const Windows& windows, const SampleColumns& samples, std::size_t least, std::span<double> column,
           Compute compute) {
  Window window;
  const std::size_t size = samples.size();
  const std::int64_t* times = samples.times.data();
  // Looks at the clock each so many samples of windows: some milliseconds of the dearest functions.
  constexpr std::size_t kSamplesBetweenChecks = 100'000;
  std::size_t work = 0;
  for (std::uint32_t step = 0; step < windows.grid.count; ++step) {
    window.step = step;
    window.reference_ms = windows.reference(step);
    const std::int64_t from = window.reference_ms - windows.range_ms;
    while (window.end < size && times[window.end] <= window.reference_ms) ++window.end;
    while (window.begin < window.end && times[window.begin] < from) ++window.begin;
    column[step] = window.size() < least ? noValue() : compute(window);
    work += window.size() + 1;
    if (work < kSamplesBetweenChecks) continue;
    work = 0;
    if (windows.stop == nullptr || !windows.stop->isDue()) continue;
    std::fill(column.begin() + step + 1, column.end(), noValue());
    return;
  }
}

// Positions at which something happened between a sample and the one before it; slides with the windows.
class Marks {
 public:
  template <class Happened>
  Marks(const SampleColumns& samples, Happened happened) {
    for (std::size_t i = 1; i < samples.size(); ++i)
      if (happened(samples.values[i - 1], samples.values[i])) at_.push_back(i);
  }
  // Those of which both samples are in the window.
  std::span<const std::size_t> in(const Window& window) {
    while (end_ < at_.size() && at_[end_] < window.end) ++end_;
    while (begin_ < end_ && at_[begin_] <= window.begin) ++begin_;
    return {at_.data() + begin_, end_ - begin_};
  }

 private:
  std::vector<std::size_t> at_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

double secondsOf(std::int64_t ms) { return static_cast<double>(ms) / 1000; }

// rate, increase, delta: what the samples gained, extrapolated to the window's ends where a further sample was to be
// expected there. Source: prometheus 2.42, promql/functions.go, extrapolatedRate.
double extrapolate(const SampleColumns& samples, const Windows& windows, const Window& window, double gained,
                   bool is_counter, bool is_rate) {
  const double first_value = samples.values[window.begin];
  const std::int64_t first_ms = samples.times[window.begin];
  const std::int64_t last_ms = samples.times[window.end - 1];
  double to_start = secondsOf(first_ms - (window.reference_ms - windows.range_ms));
  const double to_end = secondsOf(window.reference_ms - last_ms);
  const double sampled = secondsOf(last_ms - first_ms);
  const double between = sampled / static_cast<double>(window.size() - 1);
  if (is_counter && gained > 0 && first_value >= 0) {
    // A counter cannot have been below zero.
    const double to_zero = sampled * (first_value / gained);
    if (to_zero < to_start) to_start = to_zero;
  }
  const double threshold = between * 1.1;
  double interval = sampled;
  interval += to_start < threshold ? to_start : between / 2;
  interval += to_end < threshold ? to_end : between / 2;
  double factor = interval / sampled;
  if (is_rate) factor /= secondsOf(windows.range_ms);
  return gained * factor;
}

void evaluateRate(FunctionId function, const Windows& windows, const SampleColumns& samples, std::span<double> column) {
  const bool is_counter = function != FunctionId::kDelta;
  Marks resets(samples, [&](double before, double value) { return is_counter && value < before; });
  slide(windows, samples, 2, column, [&](const Window& window) {
    double gained = samples.values[window.end - 1] - samples.values[window.begin];
    for (const std::size_t reset : resets.in(window)) gained += samples.values[reset - 1];
    return extrapolate(samples, windows, window, gained, is_counter, function == FunctionId::kRate);
  });
}

void evaluateInstant(bool is_rate, const Windows& windows, const SampleColumns& samples, std::span<double> column) {
  slide(windows, samples, 2, column, [&](const Window& window) {
    const double last = samples.values[window.end - 1];
    const double before = samples.values[window.end - 2];
    if (!is_rate) return last - before;
    const std::int64_t interval = samples.times[window.end - 1] - samples.times[window.end - 2];
    return (last < before ? last : last - before) / secondsOf(interval);
  });
}

// Least squares with compensated sums; the intercept is the line's value at `origin_ms`.
struct Line {
  double slope = 0;
  double intercept = 0;
};

Line fitLine(const SampleColumns& samples, const Window& window, std::int64_t origin_ms) {
  CompensatedSum x_sum, y_sum, xy_sum, xx_sum;
  const double first = samples.values[window.begin];
  bool is_constant = true;
  for (std::size_t i = window.begin; i < window.end; ++i) {
    const double y = samples.values[i];
    if (i > window.begin && y != first) is_constant = false;
    const double x = secondsOf(samples.times[i] - origin_ms);
    x_sum.add(x);
    y_sum.add(y);
    xy_sum.add(x * y);
    xx_sum.add(x * x);
  }
  if (is_constant) return std::isinf(first) ? Line{kNaN, kNaN} : Line{0, first};
  const double n = static_cast<double>(window.size());
  const double x = x_sum.value();
  const double y = y_sum.value();
  const double covariance = xy_sum.value() - x * y / n;
  const double variance = xx_sum.value() - x * x / n;
  const double slope = covariance / variance;
  return {slope, y / n - slope * x / n};
}

double meanOf(std::span<const double> values) {
  CompensatedSum mean;
  double count = 0;
  for (const double value : values) {
    ++count;
    if (std::isinf(mean.sum)) {
      // An infinite mean stays, unless the other infinity or NaN comes.
      if (std::isinf(value) && (mean.sum > 0) == (value > 0)) continue;
      if (std::isfinite(value)) continue;
    }
    mean.add(value / count - mean.sum / count);
  }
  return std::isinf(mean.sum) ? mean.sum : mean.value();
}

double sumOf(std::span<const double> values) {
  CompensatedSum sum;
  for (const double value : values) sum.add(value);
  return std::isinf(sum.sum) ? sum.sum : sum.value();
}

// Sums of any range of the values in constant time: running sums of twice a double's digits, whose differences are as
// exact as a compensated sum of the range would be.
class RunningSums {
 public:
  explicit RunningSums(const std::vector<double>& values) {
    sums_.reserve(values.size() + 1);
    sizes_.reserve(values.size() + 1);
    sums_.push_back({});
    sizes_.push_back(0);
    for (const double value : values) {
      const CompensatedSum& before = sums_.back();
      const double total = before.sum + value;
      const double taken = total - before.sum;
      const double lost = (before.sum - (total - taken)) + (value - taken) + before.lost;
      const double sum = total + lost;
      sums_.push_back({sum, lost - (sum - total)});
      sizes_.push_back(sizes_.back() + std::abs(value));
    }
  }

  // Nothing where digits were lost: beside values that were a million times larger, or behind one that is not finite.
  std::optional<double> sum(std::size_t begin, std::size_t end) const {
    constexpr double kShare = 1.0 / (1 << 20);
    const double size = sizes_[end] - sizes_[begin];
    if (!(size >= sizes_[end] * kShare) || !std::isfinite(sizes_[end])) return std::nullopt;
    const double from = sums_[begin].sum;
    const double to = sums_[end].sum;
    const double difference = to - from;
    const double taken = difference - to;
    const double lost = (to - (difference - taken)) - (from + taken);
    return difference + (lost + (sums_[end].lost - sums_[begin].lost));
  }

 private:
  std::vector<CompensatedSum> sums_;
  std::vector<double> sizes_;  // running sums of what the values are without their signs
};

// sum_over_time, avg_over_time.
void evaluateSums(bool is_mean, const Windows& windows, const SampleColumns& samples, std::span<double> column) {
  const auto of_window = [&](const Window& window) {
    const std::span<const double> values(samples.values.data() + window.begin, window.size());
    return is_mean ? meanOf(values) : sumOf(values);
  };
  // Where windows hardly overlap, running sums are dearer than the sums.
  if (windows.range_ms < 4 * windows.grid.step_ms || windows.grid.count < 4)
    return slide(windows, samples, 1, column, of_window);
  const RunningSums sums(samples.values);
  slide(windows, samples, 1, column, [&](const Window& window) {
    const auto sum = sums.sum(window.begin, window.end);
    if (!sum) return of_window(window);
    return is_mean ? *sum / static_cast<double>(window.size()) : *sum;
  });
}

double varianceOf(std::span<const double> values) {
  CompensatedSum mean, squares;
  double count = 0;
  for (const double value : values) {
    ++count;
    const double delta = value - mean.value();
    mean.add(delta / count);
    squares.add(delta * (value - mean.value()));
  }
  return squares.value() / count;
}

// The smallest (or largest) of each window, in constant time a sample: a queue of the candidates, best first. NaN only
// when there is nothing else.
template <class Better>
void evaluateExtreme(const Windows& windows, const SampleColumns& samples, std::span<double> column, Better better) {
  std::vector<std::size_t> queue(samples.size());
  std::size_t head = 0;
  std::size_t tail = 0;
  std::size_t seen = 0;
  slide(windows, samples, 1, column, [&](const Window& window) {
    for (; seen < window.end; ++seen) {
      const double value = samples.values[seen];
      if (std::isnan(value)) continue;
      while (tail > head && better(value, samples.values[queue[tail - 1]])) --tail;
      queue[tail++] = seen;
    }
    while (head < tail && queue[head] < window.begin) ++head;
    return head < tail ? samples.values[queue[head]] : samples.values[window.begin];
  });
}

// Double exponential smoothing.
double smooth(std::span<const double> values, double smoothing, double trend_factor) {
  double before = 0;
  double smoothed = values[0];
  double trend = values[1] - values[0];
  for (std::size_t i = 1; i < values.size(); ++i) {
    const double scaled = smoothing * values[i];
    if (i > 1) {
      const double x = trend_factor * (smoothed - before);
      const double y = (1 - trend_factor) * trend;
      trend = x + y;
    }
    const double rest = (1 - smoothing) * (smoothed + trend);
    before = smoothed;
    smoothed = scaled + rest;
  }
  return smoothed;
}

Status checkFactor(const char* what, double factor) {
  if (factor > 0 && factor < 1) return {};
  if (std::isnan(factor)) return {};  // as Prometheus: neither ≤ 0 nor ≥ 1
  return executionError(std::string("holt_winters: invalid ") + what + " factor, expected 0 < factor < 1, got " +
                        std::to_string(factor));
}

Status evaluateHoltWinters(const Windows& windows, const SampleColumns& samples, const ScalarColumns& scalars,
                           std::span<double> column) {
  Status failure;
  slide(windows, samples, 1, column, [&](const Window& window) {
    const double smoothing = scalars[0][window.step];
    const double trend = scalars[1][window.step];
    if (failure.isOk()) failure = checkFactor("smoothing", smoothing);
    if (failure.isOk()) failure = checkFactor("trend", trend);
    if (!failure.isOk() || window.size() < 2) return noValue();
    return smooth({samples.values.data() + window.begin, window.size()}, smoothing, trend);
  });
  return failure;
}

// Every window on its own.
template <class Compute>
void evaluateEach(const Windows& windows, const SampleColumns& samples, std::span<double> column, Compute compute) {
  slide(windows, samples, 1, column, [&](const Window& window) {
    return compute(std::span<const double>(samples.values.data() + window.begin, window.size()));
  });
}

Status evaluateSteps(FunctionId function, const Windows& windows, const SampleColumns& samples,
                     const ScalarColumns& scalars, std::span<double> column) {
  using enum FunctionId;
  switch (function) {
    case kRate:
    case kIncrease:
    case kDelta: evaluateRate(function, windows, samples, column); break;
    case kIrate:
    case kIdelta: evaluateInstant(function == kIrate, windows, samples, column); break;
    case kDeriv:
      slide(windows, samples, 2, column,
            [&](const Window& window) { return fitLine(samples, window, samples.times[window.begin]).slope; });
      break;
    case kPredictLinear:
      slide(windows, samples, 2, column, [&](const Window& window) {
        const Line line = fitLine(samples, window, windows.grid.time(window.step));
        return line.slope * scalars[0][window.step] + line.intercept;
      });
      break;
    case kResets:
    case kChanges: {
      const bool counts_falls = function == kResets;
      Marks marks(samples, [&](double before, double value) {
        return counts_falls ? value < before : value != before && !(std::isnan(value) && std::isnan(before));
      });
      slide(windows, samples, 1, column,
            [&](const Window& window) { return static_cast<double>(marks.in(window).size()); });
      break;
    }
    case kHoltWinters: return evaluateHoltWinters(windows, samples, scalars, column);
    case kCountOverTime:
      slide(windows, samples, 1, column, [](const Window& window) { return static_cast<double>(window.size()); });
      break;
    case kLastOverTime:
      slide(windows, samples, 1, column, [&](const Window& window) { return samples.values[window.end - 1]; });
      break;
    case kPresentOverTime:
    case kAbsentOverTime: slide(windows, samples, 1, column, [](const Window&) { return 1.0; }); break;
    case kMaxOverTime:
      evaluateExtreme(windows, samples, column, [](double value, double other) { return value > other; });
      break;
    case kMinOverTime:
      evaluateExtreme(windows, samples, column, [](double value, double other) { return value < other; });
      break;
    case kAvgOverTime:
    case kSumOverTime: evaluateSums(function == kAvgOverTime, windows, samples, column); break;
    case kStdvarOverTime: evaluateEach(windows, samples, column, varianceOf); break;
    case kStddevOverTime:
      evaluateEach(windows, samples, column,
                   [](std::span<const double> values) { return std::sqrt(varianceOf(values)); });
      break;
    case kQuantileOverTime: {
      std::vector<double> sorted;
      slide(windows, samples, 1, column, [&](const Window& window) {
        sorted.assign(samples.values.begin() + static_cast<std::ptrdiff_t>(window.begin),
                      samples.values.begin() + static_cast<std::ptrdiff_t>(window.end));
        return quantile(scalars[0][window.step], sorted);
      });
      break;
    }
    default: return internalError("a function of range vectors that has no evaluation");
  }
  return {};
}

}  // namespace

Status evaluateWindows(FunctionId function, const Windows& windows, const SampleColumns& samples,
                       const ScalarColumns& scalars, std::span<double> column) {
  if (!windows.at_ms || !scalars.empty() || column.empty())
    return evaluateSteps(function, windows, samples, scalars, column);
  // A fixed window is evaluated once.
  Windows once = windows;
  once.grid.count = 1;
  GYRE_TRY(evaluateSteps(function, once, samples, scalars, column.first(1)));
  std::fill(column.begin() + 1, column.end(), column[0]);
  return {};
}

void dropStale(SampleColumns& samples) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (series::isStale(samples.values[i])) continue;
    samples.times[kept] = samples.times[i];
    samples.values[kept] = samples.values[i];
    ++kept;
  }
  samples.times.resize(kept);
  samples.values.resize(kept);
}

}  // namespace gyre::engine::promql
