#include "server/domains.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "gyre/json.hpp"
#include "server/cluster_setup.hpp"
#include "server/config/server_roles.hpp"
#include "server/embedded_index.hpp"
#include "server/http/admin_routes.hpp"
#include "server/http/syslog_listener.hpp"
#include "server/index_slots.hpp"
#include "server/projector/verify.hpp"
#include "server/reindex.hpp"
#include "server/search/opensearch/opensearch_engine.hpp"
#include "server/search/opensearch/opensearch_reader.hpp"
#include "server/search/switched_engine.hpp"
#include "server/store/absent_store.hpp"
#include "server/shadow.hpp"
#include "server/stream_setup.hpp"

namespace gyre {

namespace {

constexpr std::chrono::seconds kLongestDrain(30);  // of requests, before a reload
constexpr const char* kStoreFile = "/store.sqlite";
constexpr std::size_t kStreamPageCacheBytes = 4u << 20;

const config::DomainConfig& configOf(const config::Config& config, std::string_view name) {
  return *std::find_if(config.domains.begin(), config.domains.end(),
                       [&](const config::DomainConfig& domain) { return domain.name == name; });
}

bool isOfSamples(const bus::DomainHandlers& handlers) {
  return handlers.stream() != nullptr && handlers.stream()->kind() == stream::Kind::kSeries;
}

// Ids handed to the projector at once by a synchronise job: enough to fill its batches, little enough to report
// progress.
constexpr std::size_t kSynchronizePortion = 1'000;

Result<std::string> synchronizeDomain(const bus::DomainService& domain, const projector::VerifyScope& scope,
                                      const bus::JobRunner::Progress& progress) {
  std::uint64_t done = 0;
  if (!scope.entity_id.empty()) {
    GYRE_TRY_ASSIGN(done, domain.projector->synchronize({scope.entity_id}));
  } else {
    GYRE_TRY_ASSIGN(const std::uint64_t total, domain.store->count(scope.organization_id));
    std::string after;
    for (;;) {
      if (!progress(done, total))
        return Status(Code::kUnavailable, "cancelled", "the job was ended before it was done");
      GYRE_TRY_ASSIGN(const auto records, domain.store->scan(after, scope.organization_id, kSynchronizePortion));
      if (records.empty()) break;
      std::vector<std::string> ids;
      ids.reserve(records.size());
      for (const store::EntityRecord& record : records) ids.push_back(record.id);
      after = ids.back();
      GYRE_TRY_ASSIGN(const std::uint64_t sent, domain.projector->synchronize(ids));
      done += sent;
    }
    progress(done, std::max(done, total));
  }
  std::string text;
  JsonWriter(text).beginObject().member("synchronized", done).endObject();
  return text;
}

}  // namespace

// In order of construction; destroyed in reverse.
struct Domains::Parts {
  std::unique_ptr<store::PrimaryStore> store;
  std::unique_ptr<search::SwitchedEngine> engine;
  search::IndexReader* reader = nullptr;  // the engine, where another server writes the index
  std::unique_ptr<projector::IndexFollower> follower;
  std::unique_ptr<projector::Projector> projector;
  std::unique_ptr<projector::Backlog> backlog;
  std::unique_ptr<Shadow> shadow;
  std::unique_ptr<stream::StreamIndex> stream_index;
  std::unique_ptr<stream::StreamService> stream;
  std::unique_ptr<http::SyslogListener> syslog;
  std::unique_ptr<bus::QueryCache> cache;
  std::unique_ptr<bus::CommandBus> commands;
  std::unique_ptr<bus::QueryBus> queries;
  projector::Searchability* searchability = nullptr;
};

Domains::Domains(const config::Config& config, plugin::PluginHost& plugins, const DataFolder& folder,
                 const base::Clock& clock, base::Observer& observer)
    : config_(config), plugins_(plugins), folder_(folder), clock_(clock), observer_(observer) {}

Domains::~Domains() { stop(); }

Result<std::unique_ptr<Domains>> Domains::open(const config::Config& config, plugin::PluginHost& plugins,
                                               const DataFolder& folder, const base::Clock& clock,
                                               base::Observer& observer) {
  std::unique_ptr<Domains> domains(new Domains(config, plugins, folder, clock, observer));
  if (config.search.engine != config::SearchEngineKind::kEmbedded) {
    GYRE_TRY_ASSIGN(domains->cluster_, openCluster(config.search, clock, observer));
  }
  if (config.search.shadow_engine.value_or(config::SearchEngineKind::kEmbedded) !=
      config::SearchEngineKind::kEmbedded) {
    config::SearchConfig other = config.search;
    other.engine = *config.search.shadow_engine;
    GYRE_TRY_ASSIGN(domains->shadow_cluster_, openCluster(other, clock, observer));
  }
  domains->readers_ = std::make_unique<base::ThreadPool>(config.readers.threads, config.readers.queue);
  // All places first: they must not move once requests look at them.
  for (const config::DomainConfig& domain : config.domains) {
    const plugin::LoadedPlugin* const loaded = plugins.find(domain.name);
    if (loaded == nullptr) continue;
    domains->handlers_.push_back(std::make_unique<plugin::SwitchedHandlers>(*loaded->handlers));
    domains->parts_.push_back(nullptr);
    bus::DomainService& service = domains->catalog_.served.emplace_back();
    service.name = domain.name;
    service.handlers = domains->handlers_.back().get();
  }
  for (std::size_t place = 0; place < domains->catalog_.served.size(); ++place) {
    const std::string& name = domains->catalog_.served[place].name;
    if (!configOf(config, name).is_enabled) continue;
    if (!config.server.writes && isOfSamples(*domains->catalog_.served[place].handlers)) {
      observer.log(
          base::Level::kInformation, "domains",
          "domain " + name + " is a stream of samples, which are read where they are written: it is not served here");
      continue;
    }
    if (const Status opened = domains->openAt(place); !opened.isOk()) {
      const std::string reason(opened.message());
      observer.log(base::Level::kError, "domains", "domain " + name + " is not served: " + reason);
      domains->catalog_.failed.push_back({name, reason});
    }
  }
  for (const Status& missing : config::checkDomains(config, plugins.domains(), config.plugin_folder)) {
    observer.log(base::Level::kError, "domains", missing.message());
  }
  for (const config::DomainConfig& domain : config.domains)
    if (domain.is_enabled && domain.is_mentioned && plugins.find(domain.name) == nullptr)
      domains->catalog_.failed.push_back({domain.name, "there is no plugin for it"});
  domains->startSubscriptions();
  Domains* const self = domains.get();
  domains->jobs_ = std::make_unique<bus::JobRunner>(
      folder.path() + "/jobs.json",
      [self](const bus::Job& job, const auto& progress) { return self->runJob(job, progress); }, clock, observer);
  std::vector<VerifySchedule::Entry> scheduled;
  for (const bus::DomainService& domain : domains->catalog_.served)
    if (const std::int64_t interval = configOf(config, domain.name).verify_interval_ms;
        interval > 0 && domain.handlers->stream() == nullptr && config.server.writes)
      scheduled.push_back({domain.name, interval});
  domains->schedule_ = std::make_unique<VerifySchedule>(std::move(scheduled), *domains->jobs_, observer);
  return domains;
}

// REQUIRES: nobody else opens or changes a domain.
Status Domains::openAt(std::size_t place) {
  bus::DomainService& service = catalog_.served[place];
  if (!config_.server.writes && isOfSamples(*service.handlers))
    return config::lacksRole(config_.server, config::kWriteRole, "streams of samples are");
  GYRE_TRY_ASSIGN(parts_[place], openDomain(configOf(config_, service.name), *plugins_.find(service.name)->handlers,
                                            *handlers_[place]));
  const Parts& parts = *parts_[place];
  service.commands = parts.commands.get();
  service.queries = parts.queries.get();
  service.projector = parts.projector.get();
  service.searchability = parts.searchability;
  service.store = parts.store.get();
  service.engine =
      parts.stream_index ? static_cast<search::SearchEngine*>(parts.stream_index.get()) : parts.engine.get();
  service.stream = parts.stream.get();
  service.gate.open();
  return {};
}

Result<std::size_t> Domains::placeOf(std::string_view name) const {
  for (std::size_t place = 0; place < catalog_.served.size(); ++place)
    if (catalog_.served[place].name == name) return place;
  return notFound("there is no plugin \"" + std::string(name) + "\"");
}

Status Domains::enable(std::string_view name) {
  const std::lock_guard lock(lifecycle_mutex_);
  GYRE_TRY_ASSIGN(const std::size_t place, placeOf(name));
  if (is_stopped_) return unavailable("the server is stopping");
  bus::DomainGate& gate = catalog_.served[place].gate;
  if (gate.isOpen()) return {};
  if (gate.wasOpened())
    gate.open();
  else
    GYRE_TRY(openAt(place));
  startSubscriptions();
  observer_.log(base::Level::kInformation, "domains", "domain " + std::string(name) + " is enabled");
  return {};
}

Status Domains::disable(std::string_view name) {
  const std::lock_guard lock(lifecycle_mutex_);
  GYRE_TRY_ASSIGN(const std::size_t place, placeOf(name));
  catalog_.served[place].gate.close();
  stopSubscriptions(name);
  observer_.log(base::Level::kInformation, "domains", "domain " + std::string(name) + " is disabled");
  return {};
}

Status Domains::reload(std::string_view name) {
  const std::lock_guard lock(lifecycle_mutex_);
  GYRE_TRY_ASSIGN(const std::size_t place, placeOf(name));
  GYRE_TRY_ASSIGN(plugin::PluginHandlers* const newer, plugins_.reopen(name));
  if (newer == nullptr) return {};
  GYRE_TRY(newer->configure(configOf(config_, name).plugin_options));
  bus::DomainGate& gate = catalog_.served[place].gate;
  const bool was_open = gate.isOpen();
  gate.close();
  stopSubscriptions(name);
  // A request that began with the old plugin ends with it: commands are known by their place in its list.
  const bool is_empty = gate.waitUntilEmpty(kLongestDrain);
  if (is_empty) handlers_[place]->switchTo(*newer);
  if (was_open) gate.open();
  startSubscriptions();
  if (!is_empty)
    return {Code::kDeadlineExceeded, "requests_in_flight",
            "domain " + std::string(name) + ": requests did not end within 30 s; the plugin stays as it was"};
  return {};
}

Result<std::unique_ptr<Domains::Parts>> Domains::openDomain(const config::DomainConfig& domain,
                                                            plugin::PluginHandlers& plugin,
                                                            const plugin::SwitchedHandlers& handlers) {
  const config::Config& config = config_;
  GYRE_TRY(plugin.configure(domain.plugin_options));
  auto parts = std::make_unique<Parts>();
  if (!config.server.writes) {
    GYRE_TRY(openForReading(domain, handlers, *parts));
    return parts;
  }
  GYRE_TRY_ASSIGN(const std::string path, folder_.domainFolder(domain.name));

  store::StoreOptions store_options;
  store_options.path = path + kStoreFile;
  store_options.queue_units = config.store.queue_units;
  store_options.batch_units = config.store.batch_units;
  store_options.cache_bytes = config.store.cache_bytes;
  // A log of batches is written at its end and read once: what is kept of it is not asked for again.
  if (handlers.stream() != nullptr) store_options.page_cache_bytes = kStreamPageCacheBytes;
  store_options.receipt_lifetime_ms = config.store.receipt_lifetime_ms;
  GYRE_TRY_ASSIGN(parts->store, store::PrimaryStore::open(std::move(store_options), clock_, observer_));

  parts->cache =
      std::make_unique<bus::QueryCache>(bus::QueryCache::Options{config.cache.bytes, config.cache.lifetime_ms}, clock_);
  if (handlers.stream() != nullptr) {
    GYRE_TRY(openStream(domain, handlers, path, *parts));
    return parts;
  }

  GYRE_TRY(openEngine(config, domain, std::string(handlers.indexDefinition()), path, *parts));

  projector::ProjectorOptions projector_options;
  projector_options.domain = domain.name;
  projector_options.bulk_count = domain.bulk_size;
  projector_options.bulk_bytes = domain.bulk_bytes;
  projector_options.bulk_age_ms = domain.bulk_age_ms;
  projector_options.refresh_interval_ms = domain.refresh_interval_ms;
  projector_options.commit_interval_ms = domain.commit_interval_ms;
  projector_options.commit_operations = domain.commit_operations;
  parts->projector = std::make_unique<projector::Projector>(std::move(projector_options), *parts->store, *parts->engine,
                                                            handlers, clock_, observer_);
  parts->commands = std::make_unique<bus::CommandBus>(handlers, *parts->store, clock_, parts->backlog.get());
  bus::QueryRefusals refusals;
  if (!config.server.reads)
    refusals.searches = config::lacksRole(config.server, config::kReadRole, "searches of " + domain.name + " are");
  if (config.search.shadow_engine) {
    GYRE_TRY_ASSIGN(parts->shadow, openShadow(domain, handlers, path, *parts));
  }
  search::SearchEngine& asked =
      parts->shadow ? parts->shadow->view() : static_cast<search::SearchEngine&>(*parts->engine);
  parts->queries = std::make_unique<bus::QueryBus>(handlers, *parts->store, asked, *parts->projector,
                                                   *parts->cache, *readers_, clock_, std::move(refusals));
  parts->searchability = parts->projector.get();
  parts->projector->start();
  if (parts->shadow) parts->shadow->start();
  if (parts->backlog) backlog_watch_.add(*parts->backlog);
  return parts;
}

// In the place where it will be looked for once it is the one in use.
Result<std::unique_ptr<Shadow>> Domains::openShadow(const config::DomainConfig& domain,
                                                    const plugin::SwitchedHandlers& handlers, const std::string& path,
                                                    Parts& parts) {
  std::unique_ptr<search::SearchEngine> other;
  const store::PrimaryStore* const store = parts.store.get();
  if (shadow_cluster_) {
    GYRE_TRY_ASSIGN(search::MarkOwner owner, markOwner(config_.search, path + kStoreFile, clock_.nowMillis()));
    GYRE_TRY_ASSIGN(other, search::openOpenSearchEngine(
                               clusterIndexOptions(config_.search, domain, std::string(handlers.indexDefinition()),
                                                   [store] { return store->lastSequence(); }, std::move(owner)),
                               *shadow_cluster_, clock_, observer_));
  } else {
    search::EmbeddedOptions options;
    GYRE_TRY_ASSIGN(options.folder, IndexSlots(path).current());
    options.definition = handlers.indexDefinition();
    options.index.buffer_bytes = config_.engine.buffer_bytes;
    GYRE_TRY_ASSIGN(other, openEmbeddedIndex(options, store->lastSequence(), observer_));
  }
  return std::make_unique<Shadow>(domain.name, config_.search.shadow_percent, *store, *parts.engine, std::move(other),
                                  handlers, observer_);
}

Status Domains::openForReading(const config::DomainConfig& domain, const plugin::SwitchedHandlers& handlers,
                               Parts& parts) {
  const Status no_store =
      config::lacksRole(config_.server, config::kWriteRole, "reads by id of " + domain.name + " are");
  parts.store = std::make_unique<store::AbsentStore>(no_store);
  GYRE_TRY_ASSIGN(auto reader,
                  handlers.stream() != nullptr
                      ? openStreamReader(config_, domain, handlers, *cluster_, clock_, observer_)
                      : search::openOpenSearchReader(
                            clusterIndexOptions(config_.search, domain, std::string(handlers.indexDefinition())),
                            *cluster_, clock_, observer_));
  parts.reader = reader.get();
  parts.engine = std::make_unique<search::SwitchedEngine>(std::move(reader));
  parts.follower = std::make_unique<projector::IndexFollower>(
      *parts.engine, [reader = parts.reader] { return reader->look(); }, clock_);
  parts.cache = std::make_unique<bus::QueryCache>(
      bus::QueryCache::Options{config_.cache.bytes, config_.cache.shared_lifetime_ms}, clock_);
  bus::QueryRefusals refusals;
  refusals.reads_by_id = no_store;
  parts.queries = std::make_unique<bus::QueryBus>(handlers, *parts.store, *parts.engine, *parts.follower, *parts.cache,
                                                  *readers_, clock_, std::move(refusals));
  parts.searchability = parts.follower.get();
  parts.follower->start();
  return {};
}

Status Domains::openStream(const config::DomainConfig& domain, const plugin::SwitchedHandlers& handlers,
                           const std::string& path, Parts& parts) {
  GYRE_TRY_ASSIGN(parts.stream_index,
                  openStreamIndex(config_, domain, handlers, {path, *parts.store, cluster_.get()}, clock_, observer_));
  GYRE_TRY_ASSIGN(parts.stream,
                  stream::StreamService::open(streamOptions(domain, path, cluster_ != nullptr), *handlers.stream(),
                                              *parts.store, *parts.stream_index, clock_, observer_));
  parts.queries = std::make_unique<bus::QueryBus>(handlers, *parts.store, *parts.stream_index, parts.stream->applier(),
                                                  *parts.cache, *readers_, clock_);
  if (!domain.listen.empty()) {
    const auto& intakes = handlers.stream()->intakes();
    const auto intake = std::find_if(intakes.begin(), intakes.end(),
                                     [](const stream::IntakeDescription& known) { return known.framing == "syslog"; });
    if (intake == intakes.end())
      return invalidArgument("domains." + domain.name + ".listen: its plugin has no intake that is framed as syslog");
    GYRE_TRY_ASSIGN(parts.syslog,
                    http::SyslogListener::open(domain.listen, static_cast<std::size_t>(intake - intakes.begin()),
                                               *parts.stream, clock_, observer_));
  }
  parts.searchability = &parts.stream->applier();
  parts.stream->start();
  if (parts.syslog) parts.syslog->start();
  return {};
}

// A domain that is open hears of those that were opened; what happens in the others waits in their logs.
void Domains::startSubscriptions() {
  if (!config_.server.writes) return;
  const std::lock_guard lock(subscriptions_mutex_);
  for (const bus::DomainService& subscriber : catalog_.served) {
    if (!subscriber.gate.isOpen()) continue;
    std::set<std::string_view> sources;
    for (const bus::SubscriptionDescription& subscription : subscriber.handlers->subscriptions())
      sources.insert(subscription.domain);
    for (const std::string_view source : sources) {
      const bus::DomainService* const service = catalog_.find(source);
      if (service == nullptr || !service->gate.wasOpened()) {
        observer_.log(base::Level::kInformation, "domains",
                      subscriber.name + " subscribes to events of " + std::string(source) + ", which is not served");
        continue;
      }
      const bool is_running = std::any_of(subscriptions_.begin(), subscriptions_.end(), [&](const Heard& heard) {
        return heard.subscriber == subscriber.name && heard.subscription->source() == source;
      });
      if (is_running) continue;
      subscriptions_.push_back({subscriber.name, std::make_unique<bus::Subscription>(
                                                     *subscriber.handlers, *subscriber.store, std::string(source),
                                                     *service->store, clock_, observer_)});
      subscriptions_.back().subscription->start();
    }
  }
}

void Domains::stopSubscriptions(std::string_view subscriber) {
  const std::lock_guard lock(subscriptions_mutex_);
  std::erase_if(subscriptions_, [&](const Heard& heard) { return heard.subscriber == subscriber; });
}

std::vector<Domains::SubscriptionReport> Domains::subscriptions(std::string_view domain) const {
  const std::lock_guard lock(subscriptions_mutex_);
  std::vector<SubscriptionReport> reports;
  for (const Heard& heard : subscriptions_)
    if (heard.subscriber == domain) reports.push_back({heard.subscription->source(), heard.subscription->stats()});
  return reports;
}

Status Domains::openEngine(const config::Config& config, const config::DomainConfig& domain, std::string definition,
                           const std::string& path, Parts& parts) {
  if (!cluster_) {
    search::EmbeddedOptions options;
    const IndexSlots slots(path);
    GYRE_TRY_ASSIGN(options.folder, slots.current());
    options.definition = std::move(definition);
    options.index.buffer_bytes = config.engine.buffer_bytes;
    GYRE_TRY_ASSIGN(auto engine, openEmbeddedIndex(options, parts.store->lastSequence(), observer_));
    parts.engine = std::make_unique<search::SwitchedEngine>(std::move(engine));
    return {};
  }
  const store::PrimaryStore* const store = parts.store.get();
  GYRE_TRY_ASSIGN(search::MarkOwner owner, markOwner(config.search, path + kStoreFile, clock_.nowMillis()));
  GYRE_TRY_ASSIGN(auto engine,
                  search::openOpenSearchEngine(clusterIndexOptions(
                                                   config.search, domain, std::move(definition),
                                                   [store] { return store->lastSequence(); }, std::move(owner)),
                                               *cluster_, clock_, observer_));
  parts.engine = std::make_unique<search::SwitchedEngine>(std::move(engine));
  parts.backlog = std::make_unique<projector::Backlog>(*parts.store, *parts.engine, backlogLimits(config.search),
                                                       path + "/indexed", clock_);
  return {};
}

const search::IndexReader* Domains::reader(std::size_t served) const { return parts_[served]->reader; }

const projector::IndexFollower* Domains::follower(std::size_t served) const { return parts_[served]->follower.get(); }

const Shadow* Domains::shadow(std::size_t served) const { return parts_[served]->shadow.get(); }

const bus::QueryCache& Domains::cache(std::size_t served) const { return *parts_[served]->cache; }

const http::SyslogListener* Domains::syslog(std::size_t served) const { return parts_[served]->syslog.get(); }

const projector::Backlog* Domains::backlog(std::size_t served) const { return parts_[served]->backlog.get(); }

Result<std::string> Domains::runJob(const bus::Job& job, const bus::JobRunner::Progress& progress) {
  if (!config_.server.writes) return config::lacksRole(config_.server, config::kWriteRole, "jobs are");
  const bus::DomainService* const domain = catalog_.find(job.domain);
  if (domain == nullptr || !domain->gate.wasOpened()) return unavailable("domain " + job.domain + " is not served");
  if (domain->stream != nullptr)
    return Status(Code::kConflict, "stream_domain",
                  "a stream has no store beside its index to compare with or fill from");
  if (job.kind == "reindex") return runReindex(*domain, progress);
  GYRE_TRY_ASSIGN(const json::Document parameters, json::Document::parse(job.parameters));
  const projector::VerifyScope scope{std::string(parameters.root()["id"].string()),
                                     std::string(parameters.root()["organizationId"].string())};
  if (job.kind == "synchronize") return synchronizeDomain(*domain, scope, progress);
  GYRE_TRY_ASSIGN(const projector::VerifyResult result,
                  projector::verify(*domain->store, *domain->engine, *domain->projector, *domain->handlers, scope,
                                    parameters.root()["repair"].boolean(), progress));
  if (scope.entity_id.empty() && scope.organization_id.empty()) {
    const std::lock_guard lock(verify_mutex_);
    verified_[job.domain] = {clock_.nowMillis(), result.checked, result.missing_count, result.extra_count,
                             result.different_count};
  }
  return http::verifyJson(result);
}

std::optional<Domains::VerifyReport> Domains::lastVerify(std::string_view domain) const {
  const std::lock_guard lock(verify_mutex_);
  const auto found = verified_.find(domain);
  return found == verified_.end() ? std::nullopt : std::optional(found->second);
}

Result<std::string> Domains::runReindex(const bus::DomainService& domain, const bus::JobRunner::Progress& progress) {
  GYRE_TRY_ASSIGN(const std::size_t place, placeOf(domain.name));
  GYRE_TRY_ASSIGN(const std::string path, folder_.domainFolder(domain.name));
  search::SwitchedEngine& engine = *parts_[place]->engine;
  const auto last_sequence = [store = domain.store] { return store->lastSequence(); };
  NextIndex next;
  if (cluster_) {
    GYRE_TRY_ASSIGN(search::MarkOwner owner, markOwner(config_.search, path + kStoreFile, clock_.nowMillis()));
    next = nextClusterIndex(
        clusterIndexOptions(config_.search, configOf(config_, domain.name),
                            std::string(domain.handlers->indexDefinition()), last_sequence, std::move(owner)),
        engine, *cluster_, clock_, observer_);
  } else {
    search::EmbeddedOptions options;
    options.definition = domain.handlers->indexDefinition();
    options.index.buffer_bytes = config_.engine.buffer_bytes;
    next = nextEmbeddedIndex(IndexSlots(path), std::move(options), last_sequence, observer_);
  }
  const ReindexParts parts{domain.name, *domain.store, engine, *domain.projector, *domain.handlers, std::move(next)};
  GYRE_TRY_ASSIGN(std::string result, reindex(parts, progress, observer_));
  if (on_switched_index_) on_switched_index_(domain);
  return result;
}

void Domains::stopTails() {
  for (const auto& parts : parts_)
    if (parts && parts->stream) parts->stream->stopTails();
}

void Domains::stop() {
  stopTails();
  {
    const std::lock_guard lock(lifecycle_mutex_);
    if (std::exchange(is_stopped_, true)) return;
  }
  if (schedule_) schedule_->stop();
  if (jobs_) jobs_->stop();
  {
    const std::lock_guard lock(subscriptions_mutex_);
    subscriptions_.clear();
  }
  std::erase(parts_, nullptr);
  for (const auto& parts : parts_)
    if (parts->syslog) parts->syslog->stop();
  // Its last commit makes most of the log superfluous, which the store then still can take out.
  for (const auto& parts : parts_)
    if (parts->stream) parts->stream->stop();
  for (const auto& parts : parts_)
    if (parts->shadow) parts->shadow->stop();
  for (const auto& parts : parts_) parts->store->close();
  for (const auto& parts : parts_) {
    if (parts->follower) parts->follower->stop();
    if (parts->projector) parts->projector->stop();
  }
  backlog_watch_.stop();
  if (readers_) readers_->stop();
  for (const auto& parts : parts_)
    if (const Status status = parts->engine ? parts->engine->close() : parts->stream_index->close(); !status.isOk())
      observer_.log(base::Level::kError, "domains", status.message());
}

}  // namespace gyre
