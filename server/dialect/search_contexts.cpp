#include "server/dialect/search_contexts.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "server/dialect/catalog.hpp"

namespace gyre::dialect {

namespace {

constexpr std::string_view kScrollPrefix = "R3lyZVNjcm9sbA";  // "GyreScroll"
constexpr std::string_view kPointPrefix = "R3lyZVBvaW50";     // "GyrePoint"
constexpr auto kSweepPeriod = std::chrono::seconds(1);

std::int64_t steadyNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::int64_t expiryAfter(std::int64_t keep_alive_millis) { return steadyNanos() + keep_alive_millis * 1'000'000; }

// A prefix, a number that makes ids sort by age, and what nobody can guess.
std::string makeId(std::string_view prefix, std::uint64_t number) {
  std::string digits = std::to_string(number);
  return std::string(prefix) + std::string(12 - std::min<std::size_t>(digits.size(), 12), '0') + digits + randomId();
}

bool isId(std::string_view id, std::string_view prefix) {
  return id.starts_with(prefix) && id.size() >= prefix.size() + 34;
}

Status tooMany(std::string_view what, std::size_t limit, std::string_view setting) {
  return {Code::kResourceExhausted, "rejected_execution_exception",
          "Trying to create too many " + std::string(what) + " contexts. Must be less than or equal to: [" +
              std::to_string(limit) + "]. This limit can be set by changing the [" + std::string(setting) +
              "] setting."};
}

}  // namespace

void CountedContext::open(Kind kind, const std::vector<IndexPtr>& indices) {
  kind_ = kind;
  began_nanos_ = steadyNanos();
  for (const IndexPtr& index : indices) {
    if (!index->open) continue;
    indices_.push_back(index);
    IndexCounters& counters = index->open->counters;
    ++(kind == Kind::kScroll ? counters.open_scrolls : counters.open_points_in_time);
  }
}

CountedContext::~CountedContext() {
  const std::int64_t nanos = steadyNanos() - began_nanos_;
  for (const IndexPtr& index : indices_) {
    IndexCounters& counters = index->open->counters;
    --(kind_ == Kind::kScroll ? counters.open_scrolls : counters.open_points_in_time);
    (kind_ == Kind::kScroll ? counters.scrolls : counters.points_in_time).add(nanos);
  }
}

SearchContexts::SearchContexts(Limits limits) : limits_(limits), thread_([this] { endExpired(); }) {}

SearchContexts::~SearchContexts() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Result<std::string> SearchContexts::add(std::shared_ptr<Scroll> scroll, std::int64_t keep_alive_millis) {
  const std::lock_guard lock(mutex_);
  if (scrolls_.size() >= limits_.scrolls) return tooMany("scroll", limits_.scrolls, "search.max_open_scroll_context");
  std::string id = makeId(kScrollPrefix, next_++);
  scrolls_[id] = {std::move(scroll), expiryAfter(keep_alive_millis)};
  return id;
}

Result<std::string> SearchContexts::add(std::shared_ptr<PointInTime> point, std::int64_t keep_alive_millis) {
  const std::lock_guard lock(mutex_);
  if (points_.size() >= limits_.points_in_time)
    return tooMany("Point In Time", limits_.points_in_time, "search.max_open_pit_context");
  std::string id = makeId(kPointPrefix, next_++);
  points_[id] = {std::move(point), expiryAfter(keep_alive_millis)};
  return id;
}

template <class Context>
std::shared_ptr<Context> SearchContexts::find(Contexts<Context>& contexts, std::string_view id,
                                              std::int64_t keep_alive_millis) {
  const auto found = contexts.find(id);
  if (found == contexts.end() || found->second.expires_nanos < steadyNanos()) return nullptr;
  if (keep_alive_millis >= 0) found->second.expires_nanos = expiryAfter(keep_alive_millis);
  return found->second.context;
}

std::shared_ptr<SearchContexts::Scroll> SearchContexts::findScroll(std::string_view id,
                                                                   std::int64_t keep_alive_millis) {
  const std::lock_guard lock(mutex_);
  return find(scrolls_, id, keep_alive_millis);
}

std::shared_ptr<SearchContexts::PointInTime> SearchContexts::findPointInTime(std::string_view id,
                                                                             std::int64_t keep_alive_millis) {
  const std::lock_guard lock(mutex_);
  return find(points_, id, keep_alive_millis);
}

template <class Context>
bool SearchContexts::remove(Contexts<Context>& contexts, std::string_view id) {
  std::shared_ptr<Context> dropped;  // let go after the lock: it may hold much
  const std::lock_guard lock(mutex_);
  const auto found = contexts.find(id);
  if (found == contexts.end()) return false;
  dropped = std::move(found->second.context);
  contexts.erase(found);
  return true;
}
template bool SearchContexts::remove(Contexts<Scroll>&, std::string_view);
template bool SearchContexts::remove(Contexts<PointInTime>&, std::string_view);

std::size_t SearchContexts::removeAllScrolls() {
  Contexts<Scroll> dropped;
  const std::lock_guard lock(mutex_);
  dropped.swap(scrolls_);
  return dropped.size();
}

std::vector<std::pair<std::string, std::shared_ptr<SearchContexts::PointInTime>>> SearchContexts::pointsInTime() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, std::shared_ptr<PointInTime>>> points;
  for (const auto& [id, held] : points_)
    if (held.expires_nanos >= steadyNanos()) points.emplace_back(id, held.context);
  return points;
}

bool SearchContexts::isScrollId(std::string_view id) { return isId(id, kScrollPrefix); }
bool SearchContexts::isPointInTimeId(std::string_view id) { return isId(id, kPointPrefix); }

Status checkPointInTimeId(std::string_view id) {
  if (SearchContexts::isPointInTimeId(id)) return {};
  return {Code::kInvalidArgument, "illegal_argument_exception", "invalid id: [" + std::string(id) + "]"};
}

void SearchContexts::endExpired() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kSweepPeriod, [this] { return is_stopping_; })) {
    const std::int64_t now = steadyNanos();
    std::vector<std::shared_ptr<void>> dropped;
    const auto sweep = [&](auto& contexts) {
      for (auto each = contexts.begin(); each != contexts.end();) {
        if (each->second.expires_nanos >= now) {
          ++each;
          continue;
        }
        dropped.push_back(std::move(each->second.context));
        each = contexts.erase(each);
      }
    };
    sweep(scrolls_);
    sweep(points_);
    lock.unlock();
    dropped.clear();
    lock.lock();
  }
}

}  // namespace gyre::dialect
