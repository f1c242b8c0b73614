#include "server/stream/sample_move.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <map>
#include <memory>
#include <utility>

#include "base/clock.hpp"
#include "engine/promql/rows.hpp"
#include "engine/series/roll_up.hpp"
#include "server/stream/patience.hpp"

namespace gyre::stream {

namespace series = engine::series;

namespace {

// A window has so many samples at most, unless it is the shortest. Each is whole in the ones before it, as the local
// store's own are.
constexpr std::uint64_t kWindowSamples = 2'000'000;
constexpr std::array<std::int64_t, 3> kWindowsMs = {24 * series::kHourMs, 8 * series::kHourMs, 2 * series::kHourMs};
constexpr std::size_t kListed = 100;  // of each kind of difference, as verify does

void list(std::vector<std::string>& into, std::vector<std::string>&& more) {
  for (std::string& one : more)
    if (into.size() < kListed) into.push_back(std::move(one));
}

void addTo(projector::VerifyResult& whole, projector::VerifyResult&& part) {
  whole.checked += part.checked;
  whole.missing_count += part.missing_count;
  whole.extra_count += part.extra_count;
  whole.different_count += part.different_count;
  list(whole.missing, std::move(part.missing));
  list(whole.extra, std::move(part.extra));
  for (projector::Difference& one : part.different)
    if (whole.different.size() < kListed) whole.different.push_back(std::move(one));
}

// One selection, series by series.
class Reading {
 public:
  static Result<Reading> open(const SamplePlace& place, const TimeRange& window) {
    Reading reading;
    GYRE_TRY_ASSIGN(const std::uint64_t count, place.sampleCount(window));
    if (count > 0) {
      series::SelectRequest request;
      request.from_ms = window.first;
      request.to_ms = window.last;
      request.max_series = std::numeric_limits<std::size_t>::max();
      GYRE_TRY_ASSIGN(reading.set_, place.source().select(request));
    }
    GYRE_TRY(reading.next());
    return reading;
  }
  bool isOver() const { return is_over_; }
  const series::Labels& labels() const { return labels_; }
  const series::SampleColumns& samples() const { return samples_; }
  // To the next series that has a sample.
  Status next() {
    samples_.clear();
    while (set_ != nullptr && at_ < set_->size()) {
      GYRE_TRY(set_->read(at_, samples_));
      labels_ = set_->labels(at_++);
      if (samples_.size() > 0) return {};
    }
    is_over_ = true;
    return {};
  }

 private:
  std::unique_ptr<series::SeriesSet> set_;
  std::size_t at_ = 0;
  bool is_over_ = false;
  series::Labels labels_;
  series::SampleColumns samples_;
};

// What a window's samples were like in both.
struct Compared {
  projector::VerifyResult result;
  std::uint64_t put = 0;
};

class Mover {
 public:
  Mover(const SamplePlace& from, SamplePlace& to, const MoveOptions& options)
      : from_(from), to_(to), options_(options), retired_ms_(from.retiredTime()) {}

  Result<MovedSamples> run() {
    moved_.sequence = from_.sequence();
    moved_.roll_ups = from_.loneRollUps();
    if (to_.sequence() > moved_.sequence)
      return Status(Code::kConflict, "index_ahead",
                    "what is moved to covers the log up to sequence " + std::to_string(to_.sequence()) +
                        ", what is moved from only up to " + std::to_string(moved_.sequence) +
                        ": it is not the one in use, and nothing is moved");
    TimeRange rest{series::kFirstTimeMs, series::kLastTimeMs};
    GYRE_TRY_ASSIGN(total_, from_.sampleCount(rest));
    if (const std::int64_t retired = to_.retiredTime(); retired >= rest.first && !to_.takesRetired()) {
      GYRE_TRY_ASSIGN(moved_.retired, from_.sampleCount({rest.first, retired}));
      moved_.retired_until_ms = retired;
      rest.first = retired + 1;
    }
    while (rest.first <= rest.last) GYRE_TRY(insist([&] { return moveWindow(rest); }));
    GYRE_TRY_ASSIGN(const auto families, from_.source().metadata("", 0));
    GYRE_TRY(insist([&] { return to_.cover(moved_.sequence, from_.newestTime(), families); }));
    count(to_.takeRefused());
    GYRE_TRY(compareFamilies(families));
    // Those that it will not take are missing for a reason that is told.
    moved_.compared.missing_count -= std::min(moved_.compared.missing_count, moved_.refused);
    return std::move(moved_);
  }

 private:
  // What failed is done again, from where the store is by then.
  template <class Step>
  Status insist(const Step& step) {
    for (;;) {
      const Status done = step();
      if (done.isOk()) break;
      GYRE_TRY(patience_.await(done));
    }
    patience_.progressed();
    return {};
  }

  // The first one of the rest, which begins behind it then.
  Status moveWindow(TimeRange& rest) {
    if (options_.progress) options_.progress(moved_.compared.checked, total_);
    GYRE_TRY_ASSIGN(const std::optional<std::int64_t> first, from_.firstTime(rest));
    GYRE_TRY_ASSIGN(const std::optional<std::int64_t> other, to_.firstTime(rest));
    if (!first && !other) {
      rest.first = rest.last + 1;
      return {};
    }
    GYRE_TRY_ASSIGN(const TimeRange window, windowAt(std::min(first.value_or(rest.last), other.value_or(rest.last))));
    GYRE_TRY(to_.begin(window, moved_.sequence));
    GYRE_TRY_ASSIGN(Compared compared, compare(window, true));
    put_ = std::max(put_, compared.put);
    if (compared.put > 0) {
      GYRE_TRY(to_.end());
      GYRE_TRY_ASSIGN(compared, compare(window, false));
    }
    count(to_.takeRefused());
    moved_.samples += std::exchange(put_, 0);
    addTo(moved_.compared, std::move(compared.result));
    rest.first = window.last + 1;
    return {};
  }

  Result<TimeRange> windowAt(std::int64_t first) const {
    TimeRange window;
    for (const std::int64_t width : kWindowsMs) {
      if (width > options_.longest_window_ms && width != kWindowsMs.back()) continue;
      window = {first, std::min(series::bucketEnd(first, width), series::kLastTimeMs)};
      GYRE_TRY_ASSIGN(const std::uint64_t count, from_.sampleCount(window));
      if (count <= kWindowSamples) break;
    }
    return window;
  }

  Result<Compared> compare(const TimeRange& window, bool writes) {
    Compared compared;
    GYRE_TRY_ASSIGN(Reading expected, Reading::open(from_, window));
    GYRE_TRY_ASSIGN(Reading found, Reading::open(to_, window));
    static const series::SampleColumns kNone;
    while (!expected.isOver() || !found.isOver()) {
      const bool is_expected = !expected.isOver() && (found.isOver() || expected.labels() <= found.labels());
      const bool is_found = !found.isOver() && (expected.isOver() || found.labels() <= expected.labels());
      const series::Labels& labels = is_expected ? expected.labels() : found.labels();
      compareSeries(labels, is_expected ? expected.samples() : kNone, is_found ? found.samples() : kNone,
                    compared.result);
      if (writes && changed_.size() > 0) {
        compared.put += changed_.size();
        GYRE_TRY(to_.put(labels, changed_));
      }
      if (is_expected) GYRE_TRY(expected.next());
      if (is_found) GYRE_TRY(found.next());
    }
    return compared;
  }

  // `changed_` gets what is to be written.
  void compareSeries(const series::Labels& labels, const series::SampleColumns& expected,
                     const series::SampleColumns& found, projector::VerifyResult& result) {
    changed_.clear();
    std::size_t other = 0;
    const auto tellExtra = [&] {
      if (found.times[other] > retired_ms_ && ++result.extra_count <= kListed)
        result.extra.push_back(nameOf(labels, found.times[other]));
      ++other;
    };
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const std::int64_t time = expected.times[i];
      while (other < found.size() && found.times[other] < time) tellExtra();
      if (other == found.size() || found.times[other] > time) {
        if (++result.missing_count <= kListed) result.missing.push_back(nameOf(labels, time));
        changed_.add(time, expected.values[i]);
        continue;
      }
      // By their bits: no NaN is like another, and 0 is not -0.
      if (std::bit_cast<std::uint64_t>(found.values[other]) != std::bit_cast<std::uint64_t>(expected.values[i])) {
        if (++result.different_count <= kListed) result.different.push_back({nameOf(labels, time), {"value"}});
        changed_.add(time, expected.values[i]);
      }
      ++other;
    }
    while (other < found.size()) tellExtra();
    result.checked += expected.size();
  }

  static std::string nameOf(const series::Labels& labels, std::int64_t time_ms) {
    return engine::promql::labelsText(labels) + " " + base::formatTime(time_ms);
  }

  Status compareFamilies(const std::vector<series::MetricMetadata>& expected) {
    projector::VerifyResult& result = moved_.compared;
    GYRE_TRY_ASSIGN(const auto found, to_.source().metadata("", 0));
    std::map<std::string_view, const series::MetricMetadata*> others;
    for (const series::MetricMetadata& family : found) others.emplace(family.name, &family);
    for (const series::MetricMetadata& family : expected) {
      const auto other = others.find(family.name);
      const std::string name = "metric family " + family.name;
      if (other == others.end()) {
        if (++result.missing_count; result.missing.size() < kListed) result.missing.push_back(name);
        continue;
      }
      projector::Difference difference{name, {}};
      if (family.type != other->second->type) difference.fields.emplace_back("type");
      if (family.help != other->second->help) difference.fields.emplace_back("help");
      if (family.unit != other->second->unit) difference.fields.emplace_back("unit");
      if (difference.fields.empty()) continue;
      if (++result.different_count; result.different.size() < kListed)
        result.different.push_back(std::move(difference));
    }
    moved_.families = expected.size();
    return {};
  }

  void count(const std::vector<RefusedRecord>& refused) {
    if (moved_.refused == 0 && !refused.empty()) moved_.refusal = refused.front().cause;
    moved_.refused += refused.size();
  }

  const SamplePlace& from_;
  SamplePlace& to_;
  const MoveOptions& options_;
  const std::int64_t retired_ms_;
  MovedSamples moved_;
  std::uint64_t total_ = 0;
  std::uint64_t put_ = 0;  // into the window under way
  series::SampleColumns changed_;
  Patience patience_;
};

}  // namespace

Result<MovedSamples> moveSamples(const SamplePlace& from, SamplePlace& to, const MoveOptions& options) {
  return Mover(from, to, options).run();
}

}  // namespace gyre::stream
