#include "server/bus/query_bus.hpp"

#include <utility>

#include "base/bytes.hpp"

namespace gyre::bus {
namespace {

constexpr std::int64_t kNanosPerMs = 1'000'000;

// What one search may take. The client's own patience is not used: others may be waiting for the same answer.
constexpr std::int64_t kSearchMs = 30'000;

Result<std::size_t> findQuery(const DomainHandlers& handlers, std::string_view name) {
  const std::vector<QueryDescription>& queries = handlers.queries();
  for (std::size_t i = 0; i < queries.size(); ++i)
    if (queries[i].name == name) return i;
  std::string known;
  for (const QueryDescription& query : queries) known += (known.empty() ? "" : ", ") + std::string(query.name);
  return Status{Code::kNotFound, "unknown_query",
                std::string(handlers.name()) + " has no query \"" + std::string(name) + "\"; it has " + known};
}

using Answer = std::shared_ptr<const CachedAnswer>;

// The dialect answers a search that ran out of time with what it has, and says so in its first members.
bool isPartial(std::string_view body) {
  return body.substr(0, 64).find("\"timed_out\":true") != std::string_view::npos;
}

}  // namespace

// One query on its way through the index: who asked, what, and how to answer.
class QueryBus::Flight : public std::enable_shared_from_this<QueryBus::Flight> {
 public:
  Flight(QueryBus& bus, std::size_t query, QueryRequest request, QueryDone done)
      : bus_(bus), query_(query), request_(std::move(request)), done_(std::move(done)) {}

  Result<PlannedQuery> plan() const { return bus_.handlers_.plan(query_, call()); }

  void answerFromStore(const std::string& entity_id) { done_(load(entity_id)); }

  // REQUIRES: at this generation the index covers what was asked for.
  void startAt(std::uint64_t generation, PlannedQuery plan) {
    plan_ = std::move(plan);
    if (request_.is_cache_bypassed || !plan_.is_cacheable) {
      outcome_ = CacheOutcome::kBypass;
      if (!bus_.readers_.trySubmit([self = shared_from_this()] { self->runAlone(); })) done_(overloaded());
      return;
    }
    generation_ = generation;
    bus_.writeKey(query_, request_, key_);
    outcome_ = CacheOutcome::kCoalesced;  // before the join: another thread may answer before it returns
    const QueryCache::Joined joined = bus_.cache_.join(
        generation_, key_, [self = shared_from_this()](const Result<Answer>& answer) { self->land(answer); });
    if (joined != QueryCache::Joined::kLeader) return;
    outcome_ = CacheOutcome::kMiss;  // nobody answers a leader but itself
    if (!bus_.readers_.trySubmit([self = shared_from_this()] { self->runForAll(); }))
      bus_.cache_.complete(generation_, key_, overloaded(), generation_);
  }

  // The same, once the projector has made sequences searchable.
  void startAfter(const Status& waited, PlannedQuery plan) {
    if (!waited.isOk()) return done_(waited);
    const std::uint64_t generation = bus_.engine_.progress().generation;
    startAt(generation, std::move(plan));
  }

  void refuse(const Status& why) { done_(why); }

 private:
  QueryCall call() const { return {request_.parameters, request_.is_lenient, request_.organization_id, time_millis_}; }
  static Status overloaded() { return {Code::kResourceExhausted, "all readers are busy and their queue is full"}; }

  Result<QueryAnswer> load(const std::string& entity_id) {
    const std::uint64_t sequence = bus_.store_.lastSequence();  // before the read, which may see more
    GYRE_TRY_ASSIGN(const std::optional<store::EntityRecord> record, bus_.store_.load(entity_id));
    const bool is_visible =
        record && (request_.organization_id.empty() || record->organization_id == request_.organization_id);
    if (!is_visible) return notFound(std::string(bus_.handlers_.name()) + ": there is no \"" + entity_id + "\"");
    GYRE_TRY_ASSIGN(std::string body, bus_.handlers_.present(query_, call(), record->state, record->version));
    return QueryAnswer{std::make_shared<const CachedAnswer>(CachedAnswer{std::move(body), sequence, record->version}),
                       CacheOutcome::kBypass};
  }

  // The answer, and in `generation` the one it was found on.
  Result<Answer> search(std::uint64_t& generation) {
    const std::int64_t deadline = bus_.clock_.monotonicNanos() + kSearchMs * kNanosPerMs;
    GYRE_TRY_ASSIGN(const search::SearchAnswer found, bus_.engine_.search(plan_.search, deadline));
    if (isPartial(found.body))
      return Status{Code::kDeadlineExceeded, "search_timed_out",
                    request_.name + ": the search took longer than " + std::to_string(kSearchMs) + " ms"};
    generation = found.generation;
    GYRE_TRY_ASSIGN(std::string body, bus_.handlers_.present(query_, call(), found.body, 0));
    return Answer(std::make_shared<const CachedAnswer>(CachedAnswer{std::move(body), found.sequence, 0}));
  }

  void runAlone() {
    std::uint64_t generation = 0;
    land(search(generation));
  }

  // Kept only when the index stood still between the look into the cache and the search.
  void runForAll() {
    std::uint64_t generation = generation_;
    Result<Answer> answer = search(generation);
    bus_.cache_.complete(generation_, key_, std::move(answer), generation);
  }

  void land(const Result<Answer>& answer) {
    if (!answer.isOk()) return done_(answer.status());
    done_(QueryAnswer{*answer, outcome_});
  }

  QueryBus& bus_;
  const std::size_t query_;
  const QueryRequest request_;
  const QueryDone done_;
  const std::int64_t time_millis_ = bus_.clock_.nowMillis();
  PlannedQuery plan_;
  CacheOutcome outcome_ = CacheOutcome::kMiss;
  std::uint64_t generation_ = 0;
  std::string key_;
};

QueryBus::QueryBus(const DomainHandlers& handlers, const store::PrimaryStore& store, const search::SearchEngine& engine,
                   projector::Searchability& searchability, QueryCache& cache, base::ThreadPool& readers,
                   const base::Clock& clock, QueryRefusals refusals)
    : handlers_(handlers),
      store_(store),
      engine_(engine),
      searchability_(searchability),
      cache_(cache),
      readers_(readers),
      clock_(clock),
      refusals_(std::move(refusals)) {}

// Lengths keep the parts apart, whatever bytes are in them. The domain is a part because a cache may serve several, and
// its version because another one may present the same answer otherwise.
void QueryBus::writeKey(std::size_t query, const QueryRequest& request, std::string& key) const {
  key.clear();
  base::appendVarint(key, handlers_.name().size());
  key += handlers_.name();
  base::appendVarint(key, handlers_.version().size());
  key += handlers_.version();
  base::appendVarint(key, query);
  base::appendVarint(key, request.organization_id.size());
  key += request.organization_id;
  key += request.is_lenient ? '\1' : '\0';
  key += request.parameters;
}

void QueryBus::ask(QueryRequest request, QueryDone done) {
  const Result<std::size_t> query = findQuery(handlers_, request.name);
  if (!query.isOk()) return done(query.status());
  const search::Progress progress = engine_.progress();
  const std::uint64_t wanted = request.min_sequence.value_or(0);
  const bool is_covered = wanted <= progress.searchable;
  if (const std::uint64_t last = is_covered ? wanted : store_.lastSequence(); wanted > last)
    return done(
        Status{Code::kInvalidArgument, "unknown_sequence",
               "sequence " + std::to_string(wanted) + " does not exist: the last one is " + std::to_string(last)});
  if (is_covered && !request.is_cache_bypassed) {
    static thread_local std::string key;  // its memory is kept: a hit allocates nothing
    writeKey(*query, request, key);
    if (auto hit = cache_.find(progress.generation, key)) return done(QueryAnswer{std::move(hit), CacheOutcome::kHit});
  }
  const std::int64_t timeout_ms = request.timeout_ms;
  const auto flight = std::make_shared<Flight>(*this, *query, std::move(request), std::move(done));
  Result<PlannedQuery> plan = flight->plan();
  if (!plan.isOk()) return flight->refuse(plan.status());
  if (const Status& refusal = plan->get ? refusals_.reads_by_id : refusals_.searches; !refusal.isOk())
    return flight->refuse(refusal);
  if (plan->get) return flight->answerFromStore(*plan->get);
  if (is_covered) return flight->startAt(progress.generation, std::move(*plan));
  searchability_.requireSequence(wanted, timeout_ms, [flight, planned = std::move(*plan)](const Status& waited) {
    flight->startAfter(waited, planned);
  });
}

}  // namespace gyre::bus
