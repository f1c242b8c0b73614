#include "server/shadow.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "gyre/excerpt.hpp"
#include "server/index_build.hpp"
#include "server/search/answer_difference.hpp"

namespace gyre {

namespace {

constexpr std::size_t kQueued = 64;
constexpr std::size_t kRequestBytes = 64u << 10;  // a longer one is not compared
constexpr std::int64_t kIdleMs = 200;             // between two looks at the log, and at how far the other is
constexpr std::int64_t kFailedMs = 2'000;         // after a failure
constexpr int kTries = 5;                         // of a query whose answers differ
constexpr std::int64_t kSearchNanos = 30'000'000'000;
constexpr unsigned kTold = 10;  // differences logged a minute
constexpr std::size_t kShownBytes = 1'000;
constexpr std::string_view kPart = "shadow";

}  // namespace

// Passes every call on, and offers searches to the shadow.
class Shadow::View final : public search::SearchEngine {
 public:
  explicit View(Shadow& shadow) : shadow_(shadow), engine_(shadow.engine_) {}

  Result<std::vector<search::BulkItem>> bulk(std::span<const search::BulkOperation> operations,
                                             std::uint64_t sequence) override {
    return engine_.bulk(operations, sequence);
  }
  Status refresh() override { return engine_.refresh(); }
  Status commit() override { return engine_.commit(); }
  Result<search::SearchAnswer> search(std::string_view request, std::int64_t deadline_nanos) const override {
    shadow_.offer(request);
    return engine_.search(request, deadline_nanos);
  }
  Result<std::optional<search::IndexedDocument>> get(std::string_view id) const override { return engine_.get(id); }
  Status scan(const std::function<bool(std::string_view, std::uint64_t, std::string_view)>& visit) const override {
    return engine_.scan(visit);
  }
  search::Progress progress() const override { return engine_.progress(); }
  Status health() const override { return engine_.health(); }
  search::EngineStats stats() const override { return engine_.stats(); }
  Status close() override { return engine_.close(); }
  engine::Index* embedded() override { return engine_.embedded(); }

 private:
  Shadow& shadow_;
  search::SearchEngine& engine_;
};

Shadow::Shadow(std::string domain, unsigned percent, const store::PrimaryStore& store, search::SearchEngine& engine,
               std::unique_ptr<search::SearchEngine> other, const projector::Projection& projection,
               base::Observer& observer)
    : domain_(std::move(domain)),
      percent_(percent),
      store_(store),
      engine_(engine),
      other_(std::move(other)),
      projection_(projection),
      observer_(observer),
      view_(std::make_unique<View>(*this)) {}

Shadow::~Shadow() { stop(); }

search::SearchEngine& Shadow::view() { return *view_; }

void Shadow::start() {
  filling_ = std::thread([this] { fill(); });
  comparing_ = std::thread([this] { compare(); });
}

void Shadow::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(is_stopped_, true)) return;
  }
  changed_.notify_all();
  if (filling_.joinable()) filling_.join();
  if (comparing_.joinable()) comparing_.join();
  Status ended = other_->health().isOk() ? other_->commit() : Status();
  if (const Status closed = other_->close(); ended.isOk()) ended = closed;
  if (!ended.isOk()) observer_.log(base::Level::kWarning, kPart, domain_ + ": " + std::string(ended.message()));
}

ShadowStats Shadow::stats() const {
  const std::uint64_t last = store_.lastSequence();
  const std::uint64_t applied = other_->progress().applied;
  const std::lock_guard lock(mutex_);
  ShadowStats stats = stats_;
  stats.lag = last - std::min(last, applied);
  return stats;
}

// Every so many, evenly: no randomness that a test could not foresee.
void Shadow::offer(std::string_view request) {
  {
    const std::lock_guard lock(mutex_);
    share_ += percent_;
    if (share_ < 100 || is_stopped_) return;
    share_ -= 100;
    if (queue_.size() >= kQueued || request.size() > kRequestBytes) {
      ++stats_.skipped;
      return;
    }
    queue_.emplace_back(request);
  }
  changed_.notify_all();
}

// False once it is to stop.
bool Shadow::sleep(std::int64_t millis) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, std::chrono::milliseconds(millis), [this] { return is_stopped_; });
}

bool Shadow::isStopped() {
  const std::lock_guard lock(mutex_);
  return is_stopped_;
}

void Shadow::fill() {
  std::string failure;
  std::uint64_t filled = 0;
  bool goes_on = true;
  while (goes_on) {
    const Status outcome = fillOnce();
    const std::string now(outcome.message());
    if (!outcome.isOk() && outcome.reason() != "cancelled" && now != failure)
      observer_.log(base::Level::kWarning, kPart, domain_ + ": " + now);
    if (outcome.isOk() && std::exchange(filled, 1) == 0)
      observer_.log(
          base::Level::kInformation, kPart,
          domain_ + ": the other engine is filled; " + std::to_string(percent_) + " % of queries are compared");
    failure = now;
    goes_on = sleep(outcome.isOk() ? kIdleMs : kFailedMs);
  }
}

Status Shadow::fillOnce() {
  if (!other_->health().isOk()) GYRE_TRY(other_->refresh());  // which finds its index, once its cluster is there
  const search::Progress before = other_->progress();
  if (before.searchable >= store_.lastSequence()) return {};
  const IndexBuild::Progress goes_on = [this](std::uint64_t, std::uint64_t) {
    const std::lock_guard lock(mutex_);
    return !is_stopped_;
  };
  IndexBuild build(store_, *other_, projection_, goes_on);
  GYRE_TRY(build.follow(0));
  if (!build.refused().empty())
    observer_.log(base::Level::kWarning, kPart,
                  domain_ + ": the other engine refuses " + std::to_string(build.refused().size()) +
                      " documents: " + build.refusal());
  return other_->refresh();
}

void Shadow::compare() {
  for (;;) {
    std::string request;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return is_stopped_ || !queue_.empty(); });
      if (is_stopped_) return;
      request = std::move(queue_.front());
      queue_.pop_front();
    }
    compareOnce(request);
  }
}

void Shadow::compareOnce(const std::string& request) {
  std::string difference, failure;
  bool is_settled = false;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const auto covered = [this] {
      const std::uint64_t last = store_.lastSequence();
      return engine_.progress().searchable >= last && other_->progress().searchable >= last ? last : 0;
    };
    const std::uint64_t before = covered();
    const base::SystemClock clock;
    const auto one = engine_.search(request, clock.monotonicNanos() + kSearchNanos);
    if (isStopped()) return;
    const auto two = other_->search(request, clock.monotonicNanos() + kSearchNanos);
    failure.clear();
    difference.clear();
    if (one.isOk() && two.isOk()) {
      difference = search::answerDifference(one->body, two->body).value_or("");
    } else if (one.isOk() != two.isOk()) {
      // One that says no to what the other answers is a difference; one that is away is not.
      const Status& why = one.isOk() ? two.status() : one.status();
      (why.code() == Code::kUnavailable || why.code() == Code::kDeadlineExceeded ? failure : difference) =
          why.message();
    }
    is_settled = before != 0 && before == covered() && before == store_.lastSequence();
    if (difference.empty() && failure.empty()) break;
    if (!difference.empty() && is_settled) break;
    if (!sleep(kIdleMs)) return;
  }
  {
    const std::lock_guard lock(mutex_);
    ++(!failure.empty()     ? stats_.failed
       : difference.empty() ? stats_.same
       : is_settled         ? stats_.different
                            : stats_.unsettled);
  }
  if (!difference.empty() && is_settled) tell(request, difference);
}

void Shadow::tell(const std::string& request, const std::string& what) {
  const std::int64_t minute = base::SystemClock().nowMillis() / 60'000;
  if (std::exchange(told_minute_, minute) != minute) told_ = 0;
  if (++told_ > kTold + 1) return;
  std::string text = domain_ + ": ";
  if (told_ > kTold)
    text += "more differences are counted, and not told in this minute";
  else
    text.append("the engines differ: ").append(what).append("; request: ").append(excerpt(request, kShownBytes));
  observer_.log(base::Level::kWarning, kPart, text);
}

}  // namespace gyre
