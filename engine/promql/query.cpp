#include "engine/promql/query.hpp"

#include <algorithm>

#include "engine/promql/number_format.hpp"
#include "gyre/json_writer.hpp"

namespace gyre::engine::promql {
namespace {

// Times of queries: the years 1-ish to 9999 and more; far from where sums of times would overflow.
constexpr std::int64_t kMaxTime = 1'000'000'000'000'000'000;

Status badData(std::string message) { return {Code::kInvalidArgument, "bad_data", std::move(message)}; }

Result<Grid> gridOf(const QueryTime& time, std::uint32_t max_points) {
  const auto is_far = [](std::int64_t ms) { return ms > kMaxTime || ms < -kMaxTime; };
  if (is_far(time.start_ms) || is_far(time.end_ms) || is_far(time.step_ms)) return badData("time is out of range");
  Grid grid;
  grid.start_ms = time.start_ms;
  if (time.isInstant()) return grid;
  if (time.step_ms < 0)
    return badData("zero or negative query resolution step widths are not accepted; try a positive integer");
  if (time.end_ms < time.start_ms) return badData("end timestamp must not be before start time");
  const std::int64_t intervals = (time.end_ms - time.start_ms) / time.step_ms;
  if (intervals > max_points)
    return badData("exceeded maximum resolution of " + std::to_string(max_points) +
                   " points per timeseries (max_points); try decreasing the query resolution (step)");
  grid.step_ms = time.step_ms;
  grid.count = static_cast<std::uint32_t>(intervals) + 1;
  return grid;
}

// [seconds," in front of a point's value.
std::string pointStart(std::int64_t time_ms) {
  std::string text("[");
  appendSeconds(text, time_ms);
  text.append(",\"");
  return text;
}

void appendPoint(std::string& out, std::string_view start, double value) {
  out.append(start);
  appendValue(out, value);
  out.append("\"]");
}

void appendPoint(std::string& out, std::int64_t time_ms, double value) { appendPoint(out, pointStart(time_ms), value); }

// Strings of a query may hold any bytes; JSON holds UTF-8.
std::string validText(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xC2 && lead < 0xE0 ? 2
                               : lead >= 0xE0 && lead < 0xF0 ? 3
                               : lead >= 0xF0 && lead < 0xF5 ? 4
                                                             : 0;
    bool is_valid = length > 0 && at + length <= text.size();
    for (std::size_t i = 1; is_valid && i < length; ++i)
      is_valid = (static_cast<unsigned char>(text[at + i]) & 0xC0) == 0x80;
    if (is_valid && length == 3) {
      const auto second = static_cast<unsigned char>(text[at + 1]);
      is_valid = !(lead == 0xE0 && second < 0xA0) && !(lead == 0xED && second >= 0xA0);
    }
    if (is_valid && length == 4) {
      const auto second = static_cast<unsigned char>(text[at + 1]);
      is_valid = !(lead == 0xF0 && second < 0x90) && !(lead == 0xF4 && second >= 0x90);
    }
    if (is_valid) {
      out.append(text.substr(at, length));
      at += length;
    } else {
      out.append("\xEF\xBF\xBD");
      ++at;
    }
  }
  return out;
}

void appendMetric(std::string& out, const series::Labels& labels) {
  out.append("{\"metric\":");
  JsonWriter writer(out);
  writer.beginObject();
  for (const series::Label& label : labels) writer.member(validText(label.name), validText(label.value));
  writer.endObject();
}

class ResultWriter {
 public:
  ResultWriter(const Expr& expr, const Value& value, const Grid& grid, bool is_instant)
      : expr_(expr), value_(value), grid_(grid), is_instant_(is_instant) {}

  std::string run() {
    switch (expr_.type) {
      case ValueType::kScalar: writeScalar(); break;
      case ValueType::kVector: is_instant_ ? writeVector() : writeRows(); break;
      case ValueType::kMatrix: writeRanges(); break;
      case ValueType::kString: writeString(); break;
    }
    out_.append(1, '}');
    return std::move(out_);
  }

 private:
  void begin(std::string_view type) { out_.append("{\"resultType\":\"").append(type).append("\",\"result\":"); }

  void writeScalar() {
    if (is_instant_) {
      begin("scalar");
      appendPoint(out_, grid_.start_ms, value_.scalar[0]);
      return;
    }
    begin("matrix");
    out_.append("[{\"metric\":{},\"values\":[");
    for (std::uint32_t step = 0; step < grid_.count; ++step) {
      if (step > 0) out_.append(1, ',');
      appendPoint(out_, grid_.time(step), value_.scalar[step]);
    }
    out_.append("]}]");
  }

  void writeVector() {
    begin("vector");
    out_.append(1, '[');
    for (std::size_t i = 0; i < value_.rows.size(); ++i) {
      if (i > 0) out_.append(1, ',');
      appendMetric(out_, value_.rows[i].labels);
      out_.append(",\"value\":");
      appendPoint(out_, grid_.start_ms, value_.rows[i].values[0]);
      out_.append(1, '}');
    }
    out_.append(1, ']');
  }

  // Sorted by labels.
  void writeRows() {
    begin("matrix");
    std::vector<const Row*> rows;
    for (const Row& row : value_.rows) rows.push_back(&row);
    std::sort(rows.begin(), rows.end(), [](const Row* a, const Row* b) { return a->labels < b->labels; });
    // Each time is in every row: written once. A point has some 30 bytes.
    std::vector<std::string> starts;
    for (std::uint32_t step = 0; step < grid_.count; ++step) starts.push_back(pointStart(grid_.time(step)));
    out_.reserve(out_.size() + countCells(value_.rows) * 32);
    out_.append(1, '[');
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i > 0) out_.append(1, ',');
      appendMetric(out_, rows[i]->labels);
      out_.append(",\"values\":[");
      bool is_first = true;
      for (std::uint32_t step = rows[i]->first; step < rows[i]->end(); ++step) {
        const double value = rows[i]->values[step - rows[i]->first];
        if (isNoValue(value)) continue;
        if (!is_first) out_.append(1, ',');
        is_first = false;
        appendPoint(out_, starts[step], value);
      }
      out_.append("]}");
    }
    out_.append(1, ']');
  }

  void writeRanges() {
    begin("matrix");
    out_.append(1, '[');
    for (std::size_t i = 0; i < value_.ranges.size(); ++i) {
      const RangeSeries& range = value_.ranges[i];
      if (i > 0) out_.append(1, ',');
      appendMetric(out_, range.labels);
      out_.append(",\"values\":[");
      for (std::size_t k = 0; k < range.samples.size(); ++k) {
        if (k > 0) out_.append(1, ',');
        appendPoint(out_, range.samples.times[k], range.samples.values[k]);
      }
      out_.append("]}");
    }
    out_.append(1, ']');
  }

  void writeString() {
    begin("string");
    out_.append(1, '[');
    appendSeconds(out_, grid_.start_ms);
    out_.append(1, ',');
    JsonWriter(out_).string(validText(std::get<StringLiteral>(withoutParens(expr_).node).value));
    out_.append(1, ']');
  }

  const Expr& expr_;
  const Value& value_;
  const Grid& grid_;
  bool is_instant_;
  std::string out_;
};

}  // namespace

namespace {

Result<std::string> answer(const series::SeriesSource& source, std::string_view query, const QueryTime& time,
                           const QueryOptions& options) {
  GYRE_TRY_ASSIGN(const Grid grid, gridOf(time, options.max_points));
  GYRE_TRY_ASSIGN(const ExprPtr expr, parseQuery(query, options.parse_limits));
  if (!time.isInstant() && expr->type != ValueType::kScalar && expr->type != ValueType::kVector)
    return badData("invalid expression type \"" + std::string(typeName(expr->type)) +
                   "\" for range query, must be Scalar or instant Vector");
  const std::int64_t end_ms = time.isInstant() ? time.start_ms : time.end_ms;
  Evaluator evaluator(source, time.start_ms, end_ms, options.evaluation, options.evaluation_limits);
  GYRE_TRY_ASSIGN(const Value value, evaluator.evaluate(*expr, grid));
  return ResultWriter(*expr, value, grid, time.isInstant()).run();
}

}  // namespace

Result<std::string> answerQuery(const series::SeriesSource& source, std::string_view query, const QueryTime& time,
                                const QueryOptions& options) {
  auto result = answer(source, query, time, options);
  if (result.isOk()) return result;
  // Messages quote the query, whose strings may hold any bytes.
  const Status& status = result.status();
  return Status(status.code(), std::string(status.reason()), validText(status.message()));
}

}  // namespace gyre::engine::promql
