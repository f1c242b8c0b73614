#include "server/domains.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "gyre/json.hpp"
#include "server/http/admin_routes.hpp"
#include "server/projector/verify.hpp"
#include "server/search/embedded_engine.hpp"

namespace gyre {

namespace {

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

// An index that covers more than the log belongs to another history: the store was put back from an older copy. It is
// set aside and filled again from the store.
Result<std::unique_ptr<search::SearchEngine>> openIndex(const search::EmbeddedOptions& options,
                                                        std::uint64_t last_sequence, base::Observer& observer) {
  GYRE_TRY_ASSIGN(auto engine, search::openEmbeddedEngine(options, observer));
  const std::uint64_t applied = engine->progress().applied;
  if (applied <= last_sequence) return engine;
  GYRE_TRY(engine->close());
  engine.reset();
  const std::string aside = options.folder + ".ahead";
  std::error_code error;
  std::filesystem::remove_all(aside, error);
  std::filesystem::rename(options.folder, aside, error);
  if (error) return unavailable(options.folder + ": cannot be set aside: " + error.message());
  observer.log(base::Level::kWarning, "domains",
               options.folder + ": covers sequence " + std::to_string(applied) + " but the event log ends at " +
                   std::to_string(last_sequence) + "; kept as " + aside + ", and the index is built again");
  return search::openEmbeddedEngine(options, observer);
}

}  // namespace

// In order of construction; destroyed in reverse.
struct Domains::Parts {
  std::unique_ptr<store::PrimaryStore> store;
  std::unique_ptr<search::SearchEngine> engine;
  std::unique_ptr<projector::Projector> projector;
  std::unique_ptr<bus::QueryCache> cache;
  std::unique_ptr<bus::CommandBus> commands;
  std::unique_ptr<bus::QueryBus> queries;
};

Domains::Domains(const base::Clock& clock, base::Observer& observer) : clock_(clock), observer_(observer) {}

Domains::~Domains() { stop(); }

Result<std::unique_ptr<Domains>> Domains::open(const config::Config& config, const plugin::PluginHost& plugins,
                                               const DataFolder& folder, const base::Clock& clock,
                                               base::Observer& observer) {
  std::unique_ptr<Domains> domains(new Domains(clock, observer));
  domains->readers_ = std::make_unique<base::ThreadPool>(config.readers.threads, config.readers.queue);
  for (const config::DomainConfig& domain : config.domains) {
    const plugin::LoadedPlugin* const loaded = plugins.find(domain.name);
    if (!domain.is_enabled || loaded == nullptr) continue;
    auto parts = domains->openDomain(config, domain, *loaded->handlers, folder);
    if (!parts.isOk()) {
      const std::string reason(parts.status().message());
      observer.log(base::Level::kError, "domains", "domain " + domain.name + " is not served: " + reason);
      domains->catalog_.failed.push_back({domain.name, reason});
      continue;
    }
    Parts& p = **parts;
    domains->catalog_.served.push_back({domain.name,
                                        loaded->handlers.get(),
                                        p.commands.get(),
                                        p.queries.get(),
                                        p.projector.get(),
                                        p.store.get(),
                                        p.engine.get(),
                                        {}});
    domains->parts_.push_back(std::move(parts).value());
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
  return domains;
}

Result<std::unique_ptr<Domains::Parts>> Domains::openDomain(const config::Config& config,
                                                            const config::DomainConfig& domain,
                                                            plugin::PluginHandlers& handlers,
                                                            const DataFolder& folder) {
  if (config.search.engine != config::SearchEngineKind::kEmbedded)
    return Status(Code::kUnimplemented, "search.engine: only \"embedded\" is built into this version");
  GYRE_TRY(handlers.configure(domain.plugin_options));
  GYRE_TRY_ASSIGN(const std::string path, folder.domainFolder(domain.name));
  auto parts = std::make_unique<Parts>();

  store::StoreOptions store_options;
  store_options.path = path + "/store.sqlite";
  store_options.queue_units = config.store.queue_units;
  store_options.batch_units = config.store.batch_units;
  store_options.cache_bytes = config.store.cache_bytes;
  store_options.receipt_lifetime_ms = config.store.receipt_lifetime_ms;
  GYRE_TRY_ASSIGN(parts->store, store::PrimaryStore::open(std::move(store_options), clock_, observer_));

  search::EmbeddedOptions engine_options;
  engine_options.folder = path + "/index";
  engine_options.definition = handlers.indexDefinition();
  engine_options.index.buffer_bytes = config.engine.buffer_bytes;
  GYRE_TRY_ASSIGN(parts->engine, openIndex(engine_options, parts->store->lastSequence(), observer_));

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
  parts->cache =
      std::make_unique<bus::QueryCache>(bus::QueryCache::Options{config.cache.bytes, config.cache.lifetime_ms}, clock_);
  parts->commands = std::make_unique<bus::CommandBus>(handlers, *parts->store, clock_);
  parts->queries = std::make_unique<bus::QueryBus>(handlers, *parts->store, *parts->engine, *parts->projector,
                                                   *parts->cache, *readers_, clock_);
  parts->projector->start();
  return parts;
}

// A domain hears of those that are served; what happens in the others waits in their logs.
void Domains::startSubscriptions() {
  for (bus::DomainService& subscriber : catalog_.served) {
    std::set<std::string_view> sources;
    for (const bus::SubscriptionDescription& subscription : subscriber.handlers->subscriptions())
      sources.insert(subscription.domain);
    for (const std::string_view source : sources) {
      const bus::DomainService* const service = catalog_.find(source);
      if (service == nullptr) {
        observer_.log(base::Level::kInformation, "domains",
                      subscriber.name + " subscribes to events of " + std::string(source) + ", which is not served");
        continue;
      }
      subscriptions_.push_back(std::make_unique<bus::Subscription>(
          *subscriber.handlers, *subscriber.store, std::string(source), *service->store, clock_, observer_));
      subscriber.subscriptions.push_back(subscriptions_.back().get());
      subscriptions_.back()->start();
    }
  }
}

const bus::QueryCache& Domains::cache(std::size_t served) const { return *parts_[served]->cache; }

Result<std::string> Domains::runJob(const bus::Job& job, const bus::JobRunner::Progress& progress) {
  const bus::DomainService* const domain = catalog_.find(job.domain);
  if (domain == nullptr) return unavailable("domain " + job.domain + " is not served");
  GYRE_TRY_ASSIGN(const json::Document parameters, json::Document::parse(job.parameters));
  const projector::VerifyScope scope{std::string(parameters.root()["id"].string()),
                                     std::string(parameters.root()["organizationId"].string())};
  if (job.kind == "synchronize") return synchronizeDomain(*domain, scope, progress);
  GYRE_TRY_ASSIGN(const projector::VerifyResult result,
                  projector::verify(*domain->store, *domain->engine, *domain->projector, *domain->handlers, scope,
                                    parameters.root()["repair"].boolean(), progress));
  return http::verifyJson(result);
}

void Domains::stop() {
  if (std::exchange(is_stopped_, true)) return;
  if (jobs_) jobs_->stop();
  for (const auto& subscription : subscriptions_) subscription->stop();
  for (const auto& parts : parts_) parts->store->close();
  for (const auto& parts : parts_) parts->projector->stop();
  if (readers_) readers_->stop();
  for (const auto& parts : parts_)
    if (const Status status = parts->engine->close(); !status.isOk())
      observer_.log(base::Level::kError, "domains", status.message());
}

}  // namespace gyre
