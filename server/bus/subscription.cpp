#include "server/bus/subscription.hpp"

#include <chrono>
#include <functional>
#include <limits>
#include <optional>
#include <utility>

namespace gyre::bus {

namespace {

// Events under way at once: enough for one commit to carry many, few enough to wait for all of them.
constexpr std::size_t kPortion = 512;
// A cursor that stands further behind than this, over events that are not ours, is moved by itself, so that a restart
// does not read them all again.
constexpr std::uint64_t kIdleStretch = 8'192;
// A wake-up to stop that falls between our last look and the store's wait is missed; this is what it then costs.
constexpr std::int64_t kLongestWaitMs = 1'000;

// Moves the cursor over events that are not ours.
class CursorUnit final : public store::Unit {
 public:
  CursorUnit(std::string name, std::uint64_t sequence, std::function<void(const Status&)> done)
      : name_(std::move(name)), sequence_(sequence), done_(std::move(done)) {}
  Status run(store::UnitOfWork& work) override {
    GYRE_TRY_ASSIGN(const std::uint64_t settled, work.cursor(name_));
    return settled >= sequence_ ? Status() : work.setCursor(name_, sequence_);
  }
  void done(const Status& outcome) override { done_(outcome); }

 private:
  const std::string name_;
  const std::uint64_t sequence_;
  const std::function<void(const Status&)> done_;
};

}  // namespace

// What became of the units under way; they are answered on the store's thread.
struct Subscription::Portion {
  std::mutex mutex;
  std::condition_variable answered;
  std::size_t waiting = 0;
  std::uint64_t applied = 0;
  std::uint64_t refused = 0;
  std::uint64_t failed_sequence = std::numeric_limits<std::uint64_t>::max();  // the first of those that failed
  Status failure;

  void answer(std::uint64_t sequence, ReactionUnit::Outcome outcome, const Status& status) {
    const std::lock_guard lock(mutex);
    if (outcome == ReactionUnit::Outcome::kApplied) ++applied;
    if (outcome == ReactionUnit::Outcome::kRefused) ++refused;
    if (outcome == ReactionUnit::Outcome::kFailed && sequence < failed_sequence) {
      failed_sequence = sequence;
      failure = status;
    }
    --waiting;
    answered.notify_all();
  }
};

Subscription::Subscription(const DomainHandlers& subscriber, store::PrimaryStore& store, std::string source,
                           store::PrimaryStore& source_store, const base::Clock& clock, base::Observer& observer)
    : subscriber_(subscriber),
      store_(store),
      source_(std::move(source)),
      source_store_(source_store),
      clock_(clock),
      observer_(observer),
      part_("events/" + source_ + "/" + std::string(subscriber.name())),
      back_off_(static_cast<std::uint64_t>(clock.monotonicNanos())) {}

Subscription::~Subscription() { stop(); }

void Subscription::start() {
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

void Subscription::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  stopped_.notify_all();
  source_store_.wakeWaiters();
  if (thread_.joinable()) thread_.join();
}

SubscriptionStats Subscription::stats() const {
  SubscriptionStats stats;
  {
    const std::lock_guard lock(mutex_);
    stats = stats_;
  }
  stats.last_sequence = source_store_.lastSequence();
  stats.lag = stats.last_sequence > stats.position ? stats.last_sequence - stats.position : 0;
  return stats;
}

void Subscription::run() {
  bool is_begun = false;
  while (!is_stopping_) {
    const Status outcome = is_begun ? deliver() : begin();
    is_begun = is_begun || outcome.isOk();
    report(outcome);
    if (!outcome.isOk())
      pause(back_off_.nextNanos());
    else
      back_off_.reset();
  }
  if (is_begun && position_ > durable_) report(keepPosition());
}

// Where the last run ended. A log that ends before that place was put back from an older copy: it holds other events
// under the sequences that were settled, and no rule says which of the two is right.
Status Subscription::begin() {
  GYRE_TRY_ASSIGN(const std::uint64_t cursor, store_.cursor(cursorName(source_)));
  if (const std::uint64_t last = source_store_.lastSequence(); cursor > last)
    return {Code::kUnavailable, "source_behind",
            "events of " + source_ + " are settled up to sequence " + std::to_string(cursor) +
                ", but its log ends at " + std::to_string(last) + ": it was put back from an older copy; put back " +
                std::string(subscriber_.name()) + " from the same one"};
  position_ = durable_ = cursor;
  const std::lock_guard lock(mutex_);
  stats_.position = position_;
  return {};
}

Status Subscription::deliver() {
  if (source_store_.lastSequence() <= position_) {
    source_store_.waitForSequenceAbove(position_, kLongestWaitMs);
    return {};
  }
  GYRE_TRY_ASSIGN(const std::vector<store::EventRecord> events, source_store_.readAfter(position_, kPortion));
  if (events.empty()) return {};
  if (Status submitted = submit(events); !submitted.isOk()) {
    // Some may be settled, and some not: the cursor knows.
    GYRE_TRY_ASSIGN(position_, store_.cursor(cursorName(source_)));
    durable_ = position_;
    return submitted;
  }
  position_ = events.back().sequence;
  if (position_ - durable_ >= kIdleStretch) return keepPosition();
  return {};
}

Status Subscription::submit(const std::vector<store::EventRecord>& events) {
  const auto portion = std::make_shared<Portion>();
  std::uint64_t after = durable_;
  const std::vector<SubscriptionDescription>& subscriptions = subscriber_.subscriptions();
  for (const store::EventRecord& event : events) {
    std::size_t place = 0;
    while (place < subscriptions.size() &&
           (subscriptions[place].domain != source_ || subscriptions[place].type != event.type))
      ++place;
    if (place == subscriptions.size()) continue;
    Result<PlannedReaction> reaction = subscriber_.react(
        place, {source_, event.type, event.entity_id, event.data, event.version, event.sequence, event.time_millis});
    if (reaction.isOk() && reaction->commands.empty()) continue;
    ReactionUnit::Delivery delivery{source_, event, after, std::move(reaction),
                                    event.sequence == failing_sequence_ && failures_ + 1 >= kAttempts};
    after = event.sequence;
    {
      const std::lock_guard lock(portion->mutex);
      ++portion->waiting;
    }
    store_.submit(std::make_unique<ReactionUnit>(
        subscriber_, clock_, std::move(delivery),
        [this, portion, sequence = event.sequence, id = event.entity_id, type = event.type](
            ReactionUnit::Outcome outcome, const Status& status) {
          if (outcome == ReactionUnit::Outcome::kRefused)
            observer_.log(base::Level::kWarning, part_,
                          "dead letter: " + type + " of \"" + id + "\" at sequence " + std::to_string(sequence) + ": " +
                              std::string(status.message()));
          portion->answer(sequence, outcome, status);
        }));
  }
  std::unique_lock lock(portion->mutex);
  portion->answered.wait(lock, [&] { return portion->waiting == 0; });
  {
    const std::lock_guard own(mutex_);
    stats_.applied += portion->applied;
    stats_.refused += portion->refused;
  }
  if (portion->failure.isOk()) {
    durable_ = after;
    return {};
  }
  failures_ = portion->failed_sequence == failing_sequence_ ? failures_ + 1 : 1;
  failing_sequence_ = portion->failed_sequence;
  return portion->failure;
}

Status Subscription::keepPosition() {
  const auto portion = std::make_shared<Portion>();
  portion->waiting = 1;
  store_.submit(std::make_unique<CursorUnit>(cursorName(source_), position_, [portion](const Status& outcome) {
    portion->answer(0, outcome.isOk() ? ReactionUnit::Outcome::kDelivered : ReactionUnit::Outcome::kFailed, outcome);
  }));
  std::unique_lock lock(portion->mutex);
  portion->answered.wait(lock, [&] { return portion->waiting == 0; });
  if (portion->failure.isOk()) durable_ = position_;
  return portion->failure;
}

void Subscription::report(const Status& outcome) {
  {
    const std::lock_guard lock(mutex_);
    stats_.position = position_;
    if (outcome.isOk()) {
      stats_.last_error.clear();
      return;
    }
    ++stats_.retries;
    if (stats_.last_error == outcome.message()) return;  // said already
    stats_.last_error = outcome.message();
  }
  observer_.log(base::Level::kWarning, part_, std::string(outcome.message()) + "; trying again");
}

void Subscription::pause(std::int64_t nanos) {
  std::unique_lock lock(mutex_);
  stopped_.wait_for(lock, std::chrono::nanoseconds(nanos), [&] { return is_stopping_.load(); });
}

}  // namespace gyre::bus
