// What has happened in an organisation, over all domains? Asks every served domain that offers activities and merges
// what they found; no domain is known by name.
//
// What was committed when the question came is waited for first, as a reader does who asks for its own writes, so the
// answer holds everything acknowledged before. A domain that is not served, whose index is behind or whose search fails
// is named in the answer and does not keep the others from answering.
//
// THREADS: ask from any; `done` is called exactly once, on the caller's thread or another, and must not block.
// REQUIRES: the catalog, readers and clock outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/thread_pool.hpp"
#include "gyre/status.hpp"
#include "server/bus/activity_page.hpp"
#include "server/bus/domain_service.hpp"

namespace gyre::bus {

struct ActivityRequest {
  std::string organization_id;
  std::optional<std::int64_t> from_millis;  // both inclusive
  std::optional<std::int64_t> to_millis;
  std::size_t size = 10;
  std::optional<ActivityCursor> cursor;
  std::int64_t timeout_ms = 5000;  // for an index that is behind; 0: as it is
  // Of organisation and times: what a cursor belongs to.
  std::uint64_t fingerprint() const;
};

struct ActivityItem {
  ActivityPlace place;
  std::string summary;
  std::string data;  // JSON object
};

struct ActivityAnswer {
  std::vector<ActivityItem> items;
  std::vector<ActivityFailure> failures;  // what the answer does not cover
  std::optional<ActivityCursor> next;
};
using ActivityDone = std::function<void(Result<ActivityAnswer>)>;

// The search for the items of one activity behind `after`, in the order of ActivityPlace.
std::string activitySearch(const ActivityDescription& activity, std::string_view domain, const ActivityRequest& request,
                           const std::optional<ActivityPlace>& after, std::size_t limit);

class ActivityBus {
 public:
  ActivityBus(const DomainCatalog& catalog, base::ThreadPool& readers, const base::Clock& clock)
      : catalog_(catalog), readers_(readers), clock_(clock) {}

  // resource_exhausted when the readers' queue is full.
  void ask(ActivityRequest request, ActivityDone done) const;

 private:
  class Flight;

  const DomainCatalog& catalog_;
  base::ThreadPool& readers_;
  const base::Clock& clock_;
};

}  // namespace gyre::bus
