#include "server/bus/activity_bus.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <string_view>
#include <tuple>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/clock.hpp"
#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"

namespace gyre::bus {

namespace {

constexpr std::int64_t kSearchNanos = 10'000'000'000;  // what one domain's search may take

// Where the stream goes on: behind `after` in time, or at its time but behind in name or id.
struct Bounds {
  std::optional<std::int64_t> at_most;  // times
  std::optional<std::int64_t> below;
  bool is_behind_id = false;  // search_after with the place itself
};

Bounds boundsOf(const ActivityDescription& activity, std::string_view domain, const ActivityRequest& request,
                const std::optional<ActivityPlace>& after) {
  Bounds bounds;
  bounds.at_most = request.to_millis;
  if (!after) return bounds;
  const auto stream = std::tuple(domain, activity.name);
  const auto place = std::tuple(std::string_view(after->domain), std::string_view(after->activity));
  if (stream == place) {
    bounds.is_behind_id = true;
  } else if (stream < place) {
    bounds.below = after->time_millis;
  } else {
    bounds.at_most = std::min(after->time_millis, request.to_millis.value_or(after->time_millis));
  }
  return bounds;
}

}  // namespace

std::uint64_t ActivityRequest::fingerprint() const {
  const auto bound = [](const std::optional<std::int64_t>& millis) { return millis ? std::to_string(*millis) : "-"; };
  const std::string text = bound(from_millis) + " " + bound(to_millis) + " " + organization_id;
  return XXH3_64bits(text.data(), text.size());
}

std::string activitySearch(const ActivityDescription& activity, std::string_view domain, const ActivityRequest& request,
                           const std::optional<ActivityPlace>& after, std::size_t limit) {
  const Bounds bounds = boundsOf(activity, domain, request, after);
  std::string text;
  JsonWriter out(text);
  out.beginObject().member("size", limit).member("track_total_hits", false);
  out.key("query").beginObject().key("bool").beginObject().key("filter").beginArray();
  out.beginObject()
      .key("term")
      .beginObject()
      .member(activity.organization_field, request.organization_id)
      .endObject()
      .endObject();
  out.beginObject().key("exists").beginObject().member("field", activity.time_field).endObject().endObject();
  if (request.from_millis || bounds.at_most || bounds.below) {
    out.beginObject().key("range").beginObject().key(activity.time_field).beginObject();
    const auto bound = [&out](std::string_view name, const std::optional<std::int64_t>& millis) {
      if (!millis) return;
      // Elasticsearch 7 takes no milliseconds before 1970.
      if (*millis < 0) {
        out.member(name, base::formatTime(*millis));
      } else {
        out.member(name, *millis);
      }
    };
    bound("gte", request.from_millis);
    bound("lte", bounds.at_most);
    bound("lt", bounds.below);
    out.member("format", "strict_date_optional_time||epoch_millis").endObject().endObject().endObject();
  }
  if (!activity.filter.empty()) out.raw(activity.filter);
  out.endArray().endObject().endObject();
  out.key("sort").beginArray();
  out.beginObject().key(activity.time_field).beginObject().member("order", "desc").endObject().endObject();
  out.beginObject().key(activity.id_field).beginObject().member("order", "asc").endObject().endObject().endArray();
  if (bounds.is_behind_id)
    out.key("search_after").beginArray().integer(after->time_millis).string(after->id).endArray();
  out.endObject();
  return text;
}

// One question on its way: first the indexes catch up, then a reader asks them one after the other.
class ActivityBus::Flight : public std::enable_shared_from_this<ActivityBus::Flight> {
 public:
  Flight(const ActivityBus& bus, ActivityRequest request, ActivityDone done)
      : bus_(bus), request_(std::move(request)), done_(std::move(done)) {
    for (const DomainService& domain : bus_.catalog_.served)
      if (!domain.handlers->activities().empty()) {
        if (DomainGate::Pass pass = domain.gate.enter()) {
          domains_.push_back(&domain);
          passes_.push_back(std::move(pass));
        }
      }
    waits_.resize(domains_.size());
  }

  void start() {
    if (request_.timeout_ms == 0 || domains_.empty()) return submit();
    pending_ = domains_.size();
    for (std::size_t i = 0; i < domains_.size(); ++i)
      domains_[i]->searchability->requireSequence(acknowledged(*domains_[i]), request_.timeout_ms,
                                                  [self = shared_from_this(), i](const Status& waited) {
                                                    self->waits_[i] = waited;
                                                    if (--self->pending_ == 0) self->submit();
                                                  });
  }

 private:
  // Where the log is written by another server, what that one has handed to the index is all that is known of it.
  static std::uint64_t acknowledged(const DomainService& domain) {
    return domain.projector != nullptr ? domain.store->lastSequence() : domain.engine->progress().applied;
  }

  void submit() {
    if (!bus_.readers_.trySubmit([self = shared_from_this()] { self->run(); }))
      done_(Status(Code::kResourceExhausted, "the queue of readers is full"));
  }

  void run() {
    std::vector<ActivityStream> streams;
    for (std::size_t i = 0; i < domains_.size(); ++i) addStreams(*domains_[i], waits_[i], streams);
    for (const FailedDomain& failed : bus_.catalog_.failed) {
      const DomainService* const domain = bus_.catalog_.find(failed.name);
      if (domain != nullptr && domain->gate.wasOpened()) continue;  // it was started later
      const Status why(Code::kUnavailable, "domain_unavailable",
                       "domain " + failed.name + " could not be started: " + failed.reason);
      streams.push_back(
          {failed.name, "", [why](const auto&, std::size_t) { return Result<std::vector<FoundActivity>>(why); }});
    }
    ActivityCursor cursor = request_.cursor.value_or(ActivityCursor());
    cursor.fingerprint = request_.fingerprint();
    ActivityPage page = mergeActivities(streams, cursor, request_.size);
    ActivityAnswer answer;
    answer.failures = std::move(page.failures);
    answer.next = std::move(page.next);
    for (FoundActivity& found : page.items) answer.items.push_back(present(std::move(found), answer.failures));
    done_(std::move(answer));
  }

  void addStreams(const DomainService& domain, const Status& waited, std::vector<ActivityStream>& streams) const {
    for (const ActivityDescription& activity : domain.handlers->activities())
      streams.push_back({domain.name, std::string(activity.name),
                         [this, &domain, &activity, &waited](const auto& after, std::size_t limit) {
                           return find(domain, activity, waited, after, limit);
                         }});
  }

  Result<std::vector<FoundActivity>> find(const DomainService& domain, const ActivityDescription& activity,
                                          const Status& waited, const std::optional<ActivityPlace>& after,
                                          std::size_t limit) const {
    GYRE_TRY(Status(waited));
    const std::string search = activitySearch(activity, domain.name, request_, after, limit);
    GYRE_TRY_ASSIGN(const search::SearchAnswer answer,
                    domain.engine->search(search, bus_.clock_.monotonicNanos() + kSearchNanos));
    GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(answer.body, {.max_depth = 128}));
    if (document.root()["timed_out"].boolean())
      return Status(Code::kDeadlineExceeded, "search_timed_out", domain.name + ": the search took too long");
    std::vector<FoundActivity> found;
    for (const json::Value hit : document.root()["hits"]["hits"]) {
      FoundActivity item;
      std::size_t place = 0;
      for (const json::Value value : hit["sort"]) {
        if (place++ == 0)
          item.place.time_millis = value.integer().value_or(0);
        else
          item.place.id = value.string();
      }
      if (place != 2 || item.place.id.empty())
        return internalError(domain.name + ": " + std::string(activity.name) + " found a document without " +
                             std::string(activity.id_field));
      item.place.domain = domain.name;
      item.place.activity = activity.name;
      item.document = hit["_source"].raw();
      found.push_back(std::move(item));
    }
    return found;
  }

  // An item that its domain cannot put in words is an item all the same, and the failure is named.
  ActivityItem present(FoundActivity found, std::vector<ActivityFailure>& failures) const {
    ActivityItem item{std::move(found.place), "", "{}"};
    const DomainService& domain = *bus_.catalog_.find(item.place.domain);
    const std::vector<ActivityDescription>& activities = domain.handlers->activities();
    const auto which = std::find_if(activities.begin(), activities.end(), [&](const ActivityDescription& activity) {
      return activity.name == item.place.activity;
    });
    auto presented =
        domain.handlers->presentActivity(static_cast<std::size_t>(which - activities.begin()), found.document);
    if (presented.isOk()) {
      item.summary = std::move(presented->summary);
      item.data = std::move(presented->data);
    } else if (std::none_of(failures.begin(), failures.end(), [&](const ActivityFailure& failure) {
                 return failure.domain == item.place.domain && failure.activity == item.place.activity;
               })) {
      failures.push_back({item.place.domain, item.place.activity, presented.status()});
    }
    return item;
  }

  const ActivityBus bus_;  // three references
  const ActivityRequest request_;
  const ActivityDone done_;
  std::vector<const DomainService*> domains_;
  std::vector<DomainGate::Pass> passes_;  // into them
  std::vector<Status> waits_;             // one a domain; each written before pending_ goes down
  std::atomic<std::size_t> pending_{0};
};

void ActivityBus::ask(ActivityRequest request, ActivityDone done) const {
  std::make_shared<Flight>(*this, std::move(request), std::move(done))->start();
}

}  // namespace gyre::bus
