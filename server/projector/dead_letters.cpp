#include "server/projector/dead_letters.hpp"

#include <condition_variable>
#include <iterator>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

namespace gyre::projector {

namespace {

constexpr std::size_t kPage = 1'000;

// A letter to be kept, or none: the entity's is dropped.
struct Change {
  std::string entity_id;
  std::optional<store::DeadLetter> letter;
};

}  // namespace

struct DeadLetters::Shared {
  mutable std::mutex mutex;
  std::condition_variable landed;
  std::unordered_set<std::string> entities;  // that have a letter once everything is durable
  std::vector<Change> waiting;
  bool is_under_way = false;

  void land(std::vector<Change> changes, const Status& outcome) {
    const std::lock_guard lock(mutex);
    is_under_way = false;
    if (!outcome.isOk())
      waiting.insert(waiting.begin(), std::move_iterator(changes.begin()), std::move_iterator(changes.end()));
    landed.notify_all();
  }
};

namespace {

template <class Land>
class LetterUnit final : public store::Unit {
 public:
  LetterUnit(std::vector<Change> changes, Land land) : changes_(std::move(changes)), land_(std::move(land)) {}

  Status run(store::UnitOfWork& work) override {
    for (const Change& change : changes_) {
      GYRE_TRY_ASSIGN(const std::optional<store::DeadLetter> kept, work.projectionLetter(change.entity_id));
      if (change.letter) {
        store::DeadLetter letter = *change.letter;
        if (kept) {
          letter.id = kept->id;
          letter.attempts += kept->attempts;
          letter.time_millis = kept->time_millis;
        }
        GYRE_TRY(work.putDeadLetter(letter).status());
      } else if (kept) {
        GYRE_TRY(work.dropDeadLetter(kept->id).status());
      }
    }
    return {};
  }
  void done(const Status& outcome) override { land_(std::move(changes_), outcome); }

 private:
  std::vector<Change> changes_;
  const Land land_;
};

}  // namespace

DeadLetters::DeadLetters(store::PrimaryStore& store, const base::Clock& clock)
    : clock_(clock), store_(store), shared_(std::make_shared<Shared>()) {}

DeadLetters::~DeadLetters() = default;

Status DeadLetters::load() {
  std::uint64_t before = 0;
  for (;;) {
    GYRE_TRY_ASSIGN(const std::vector<store::DeadLetter> letters, store_.deadLetters(before, kPage));
    if (letters.empty()) return {};
    const std::lock_guard lock(shared_->mutex);
    for (const store::DeadLetter& letter : letters)
      if (letter.kind == store::DeadLetter::Kind::kProjection) shared_->entities.insert(letter.entity_id);
    before = letters.back().id;
  }
}

void DeadLetters::refuse(std::string entity_id, std::uint64_t sequence, const Status& why, std::uint32_t attempts) {
  store::DeadLetter letter;
  letter.kind = store::DeadLetter::Kind::kProjection;
  letter.entity_id = entity_id;
  letter.sequence = sequence;
  letter.code = why.reason();
  letter.cause = why.message();
  letter.attempts = attempts;
  letter.time_millis = letter.last_millis = clock_.nowMillis();
  const std::lock_guard lock(shared_->mutex);
  shared_->entities.insert(entity_id);
  shared_->waiting.push_back({std::move(entity_id), std::move(letter)});
}

void DeadLetters::accept(const std::string& entity_id) {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->entities.erase(entity_id) > 0) shared_->waiting.push_back({entity_id, std::nullopt});
}

bool DeadLetters::settle() {
  std::vector<Change> changes;
  {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->is_under_way) return false;
    if (shared_->waiting.empty()) return true;
    changes = std::exchange(shared_->waiting, {});
    shared_->is_under_way = true;
  }
  // Whoever waits for what comes next is woken; after a failure he looks again when he does anyway, not at once.
  const auto land = [shared = shared_, store = &store_](std::vector<Change> back, const Status& outcome) {
    shared->land(std::move(back), outcome);
    if (outcome.isOk()) store->wakeWaiters();
  };
  store_.submit(std::make_unique<LetterUnit<decltype(land)>>(std::move(changes), land));
  const std::lock_guard lock(shared_->mutex);
  return !shared_->is_under_way && shared_->waiting.empty();
}

bool DeadLetters::finish() {
  if (settle()) return true;
  {
    std::unique_lock lock(shared_->mutex);
    shared_->landed.wait(lock, [&] { return !shared_->is_under_way; });
  }
  return settle();
}

std::uint64_t DeadLetters::count() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->entities.size();
}

}  // namespace gyre::projector
