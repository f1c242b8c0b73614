#include "server/projector/verify.hpp"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "server/projector/document_difference.hpp"
#include "server/projector/found_documents.hpp"

namespace gyre::projector {
namespace {

constexpr std::size_t kPage = 500;     // entities loaded and repaired at once
constexpr std::size_t kListed = 100;   // of each kind, by the contract
constexpr std::int64_t kWaitMs = 500;  // between two looks at whether to cancel

// An entity that changes faster than the index follows is looked at this often; then its next events will write it
// anyway.
constexpr int kLooks = 5;

// Without a step forward of the index in so many waits (a minute), it is not going to answer.
constexpr int kIdleWaits = 120;

// Blocks until the index has caught up. The waiter may outlive this call, so what it writes to is shared.
Status waitOnce(Projector& projector, std::uint64_t sequence) {
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Status> outcome;
  };
  const auto shared = std::make_shared<Shared>();
  projector.requireSequence(sequence, kWaitMs, [shared](const Status& status) {
    {
      const std::lock_guard lock(shared->mutex);
      shared->outcome = status;
    }
    shared->changed.notify_one();
  });
  std::unique_lock lock(shared->mutex);
  shared->changed.wait(lock, [&shared] { return shared->outcome.has_value(); });
  return *shared->outcome;
}

class Verification {
 public:
  Verification(store::PrimaryStore& store, search::SearchEngine& engine, Projector& projector,
               const Projection& projection, const VerifyScope& scope, bool is_repairing,
               const std::function<bool(std::uint64_t, std::uint64_t)>& progress)
      : store_(store),
        engine_(engine),
        projector_(projector),
        projection_(projection),
        scope_(scope),
        is_repairing_(is_repairing),
        progress_(progress) {}

  // What was found so far, when it is cancelled.
  Result<VerifyResult> run() {
    GYRE_TRY(catchUp(store_.lastSequence()));
    if (!scope_.entity_id.empty()) {
      GYRE_TRY(checkOne());
      return std::move(result_);
    }
    GYRE_TRY_ASSIGN(const std::uint64_t entities, store_.count(scope_.organization_id));
    // A document without an entity belongs to no organisation, so those are looked for only when all are asked for.
    const bool is_whole = scope_.organization_id.empty();
    total_ = entities + (is_whole ? engine_.stats().doc_count : 0);
    GYRE_TRY(checkEntities());
    if (is_whole && !is_cancelled_) GYRE_TRY(checkDocuments());
    return std::move(result_);
  }

 private:
  using Found = std::unordered_map<std::string, search::IndexedDocument>;

  bool report() {
    if (progress_ && !progress_(std::min(done_, total_), total_)) is_cancelled_ = true;
    return !is_cancelled_;
  }

  Status catchUp(std::uint64_t sequence) {
    std::uint64_t reached = 0;
    for (int idle = 0; !is_cancelled_;) {
      Status waited = waitOnce(projector_, sequence);
      if (waited.code() != Code::kDeadlineExceeded) return waited;
      const std::uint64_t applied = engine_.progress().applied;
      idle = applied > std::exchange(reached, applied) ? 0 : idle + 1;
      if (idle >= kIdleWaits) return waited;
      report();
    }
    return {};
  }

  Status checkOne() {
    total_ = 1;
    GYRE_TRY_ASSIGN(std::optional<store::EntityRecord> record, store_.load(scope_.entity_id));
    std::vector<std::string> wrong;
    if (record) {
      std::vector<store::EntityRecord> records;
      records.push_back(std::move(*record));
      GYRE_TRY(checkPage(std::move(records), wrong));
    } else {
      GYRE_TRY(checkOrphans({scope_.entity_id}, wrong));
    }
    done_ = 1;
    report();
    return repair(wrong);
  }

  Status checkEntities() {
    std::string after;
    while (!is_cancelled_) {
      GYRE_TRY_ASSIGN(std::vector<store::EntityRecord> page, store_.scan(after, scope_.organization_id, kPage));
      if (page.empty()) break;
      after = page.back().id;
      done_ += page.size();
      std::vector<std::string> wrong;
      GYRE_TRY(checkPage(std::move(page), wrong));
      GYRE_TRY(repair(wrong));
      report();
    }
    return {};
  }

  // Compares until no entity of the page is on its way to the index any more.
  Status checkPage(std::vector<store::EntityRecord> page, std::vector<std::string>& wrong) {
    result_.checked += page.size();
    for (int look = 0; look < kLooks && !page.empty() && !is_cancelled_; ++look) {
      std::vector<std::string> moving;
      std::uint64_t newest = 0;
      // In this process each is looked up as quickly.
      Found found;
      if (page.size() > 1 && engine_.embedded() == nullptr) {
        GYRE_TRY_ASSIGN(found, findDocuments(engine_, page));
      }
      for (const store::EntityRecord& record : page) {
        GYRE_TRY_ASSIGN(const bool is_settled, check(record, found, wrong));
        if (is_settled) continue;
        moving.push_back(record.id);
        newest = std::max(newest, record.sequence);
      }
      if (moving.empty()) return {};
      GYRE_TRY(catchUp(newest));
      GYRE_TRY_ASSIGN(page, store_.loadMany(moving));
    }
    return {};
  }

  // False when the two cannot be compared yet: one of them changed between our two looks.
  Result<bool> check(const store::EntityRecord& record, const Found& found, std::vector<std::string>& wrong) {
    const std::uint64_t applied = engine_.progress().applied;  // before the look at the document
    std::optional<search::IndexedDocument> held;
    if (const auto seen = found.find(record.id); seen != found.end() && seen->second.version == record.sequence) {
      held = seen->second;
    } else {
      GYRE_TRY_ASSIGN(held, engine_.get(record.id));
    }
    const bool is_same_version = held && held->version == record.sequence;
    if (!is_same_version && record.sequence > applied) return false;
    if (held && held->version > record.sequence) {
      GYRE_TRY_ASSIGN(const std::optional<store::EntityRecord> latest, store_.load(record.id));
      if (latest && latest->sequence > record.sequence) return false;
    }
    if (!held) {
      add(result_.missing_count, result_.missing, record.id);
      wrong.push_back(record.id);
      return true;
    }
    // A state that cannot be projected is a dead letter, and whatever the index holds for it is out of date.
    const Result<std::string> expected = projection_.project(record.id, record.state, record.version);
    std::optional<std::vector<std::string>> fields = std::vector<std::string>();
    if (expected.isOk()) fields = difference(*expected, held->source);
    if (fields) {
      add(result_.different_count, result_.different, Difference{record.id, std::move(*fields)});
      wrong.push_back(record.id);
    }
    return true;
  }

  Status checkDocuments() {
    std::vector<std::string> page;
    std::vector<std::string> orphans;
    Status failure;
    const auto checkGathered = [&] {
      done_ += page.size();
      failure = checkOrphans(std::exchange(page, {}), orphans);
      return failure.isOk() && report();
    };
    GYRE_TRY(engine_.scan([&](std::string_view id, std::uint64_t, std::string_view) {
      page.emplace_back(id);
      return page.size() < kPage || checkGathered();
    }));
    GYRE_TRY(Status(failure));
    if (!is_cancelled_ && !page.empty()) checkGathered();
    GYRE_TRY(Status(failure));
    return repair(orphans);
  }

  // Entities are never removed, so a document whose entity is not there now has none.
  Status checkOrphans(const std::vector<std::string>& ids, std::vector<std::string>& orphans) {
    GYRE_TRY_ASSIGN(const std::vector<store::EntityRecord> records, store_.loadMany(ids));
    auto record = records.begin();
    for (const std::string& id : ids) {
      if (record != records.end() && record->id == id) {
        ++record;
        continue;
      }
      GYRE_TRY_ASSIGN(const std::optional<search::IndexedDocument> held, engine_.get(id));
      if (!held) continue;
      add(result_.extra_count, result_.extra, id);
      orphans.push_back(id);
    }
    return {};
  }

  template <class Item>
  static void add(std::uint64_t& count, std::vector<Item>& list, Item item) {
    ++count;
    if (list.size() < kListed) list.push_back(std::move(item));
  }

  Status repair(const std::vector<std::string>& ids) {
    if (!is_repairing_ || ids.empty()) return {};
    GYRE_TRY_ASSIGN(const std::uint64_t repaired, projector_.synchronize(ids));
    result_.repaired += repaired;
    return {};
  }

  store::PrimaryStore& store_;
  search::SearchEngine& engine_;
  Projector& projector_;
  const Projection& projection_;
  const VerifyScope& scope_;
  const bool is_repairing_;
  const std::function<bool(std::uint64_t, std::uint64_t)>& progress_;
  VerifyResult result_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
  bool is_cancelled_ = false;
};

}  // namespace

Result<VerifyResult> verify(store::PrimaryStore& store, search::SearchEngine& engine, Projector& projector,
                            const Projection& projection, const VerifyScope& scope, bool repair,
                            const std::function<bool(std::uint64_t done, std::uint64_t total)>& progress) {
  return Verification(store, engine, projector, projection, scope, repair, progress).run();
}

}  // namespace gyre::projector
