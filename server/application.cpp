#include "server/application.hpp"

#include <Poco/Util/ServerApplication.h>
#include <Poco/Util/Subsystem.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "gyre/json_writer.hpp"
#include "server/data_folder.hpp"
#include "server/dialect_listener.hpp"
#include "server/domains.hpp"
#include "server/fatal_signals.hpp"
#include "server/http/api_handler.hpp"
#include "server/http/api_keys.hpp"
#include "server/http/http_server.hpp"
#include "server/observe/health.hpp"
#include "server/observe/line_queue.hpp"
#include "server/observe/log.hpp"
#include "server/observe/metrics.hpp"
#include "server/request_metrics.hpp"
#include "server/shadow.hpp"
#include "server/stream_setup.hpp"

namespace gyre {

namespace {

constexpr std::chrono::seconds kLogPatience(1);

// Everything the two subsystems share; outlives both.
struct Shared {
  SetupOptions options;
  base::SystemClock clock;
  observe::Log log{base::Level::kInformation, observe::LineFormat::kText, STDERR_FILENO, clock};
  observe::MetricsRegistry metrics;
  observe::Health health;
  Setup setup;
  std::unique_ptr<DataFolder> folder;
  std::unique_ptr<http::ApiKeys> keys;
  std::unique_ptr<Domains> domains;
  int exit_code = 0;

  Shared() { flushAtFatalSignals(log.queue()); }
  ~Shared() { flushAtFatalSignals(nullptr); }
  bool fail(int code, const Status& status) {
    exit_code = code;
    log.log(base::Level::kError, "server", status.message());
    return false;
  }
  void applyLogConfig(const config::LogConfig& config) {
    log.setLevel(config.level);
    log.setFormat(config.format == config::LogFormat::kJson ? observe::LineFormat::kJson : observe::LineFormat::kText);
  }
};

void collectProjector(const projector::Projector& of, const observe::Labels& labels, observe::Samples& samples) {
  const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
  const projector::ProjectorStats projector = of.stats();
  samples.gauge("gyre_projection_lag_events", "events that the index has not applied", labels, number(projector.lag));
  samples.counter("gyre_projection_documents_total", "documents sent to the index", labels,
                  number(projector.documents));
  samples.counter("gyre_projection_retries_total", "batches sent again", labels, number(projector.retries));
  samples.gauge("gyre_projection_dead_letters", "entities whose document the index refuses", labels,
                number(projector.dead_letters));
  samples.counter("gyre_index_refreshes_total", "refreshes published", labels, number(projector.refreshes));
  samples.counter("gyre_index_commits_total", "commits of the index", labels, number(projector.commits));
}

void collectStore(const bus::DomainService& domain, const observe::Labels& labels, observe::Samples& samples) {
  const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
  const store::StoreStats store = domain.store->stats();
  samples.gauge("gyre_store_entities", "entities in the primary store", labels, number(store.entities));
  samples.gauge("gyre_store_queued_units", "units of work that wait for the writer", labels, number(store.queued));
  samples.counter("gyre_store_units_total", "units of work run", labels, number(store.units));
  samples.counter("gyre_store_commits_total", "transactions committed", labels, number(store.commits));
  samples.counter("gyre_store_last_sequence", "last sequence of the event log", labels, number(store.last_sequence));
  samples.gauge("gyre_dead_letters", "documents and events that could not be delivered", labels,
                number(domain.store->deadLetterCount().isOk() ? domain.store->deadLetterCount().value() : 0));
}

// Of an index that another server writes.
void collectReader(const search::IndexReader& reader, const projector::IndexFollower& follower,
                   const observe::Labels& labels, observe::Samples& samples) {
  const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
  const search::Progress progress = reader.progress();
  samples.gauge("gyre_projection_lag_events", "events that the index has not applied", labels,
                number(reader.logEnd() - std::min(progress.applied, reader.logEnd())));
  samples.gauge("gyre_index_searchable_sequence", "all events up to it are seen by searches", labels,
                number(progress.searchable));
  samples.counter("gyre_index_refreshes_total", "refreshes published", labels, number(follower.refreshes()));
}

void collectShadow(const Shadow& shadow, const std::string& domain, observe::Samples& samples) {
  const ShadowStats stats = shadow.stats();
  const auto count = [&](std::string_view outcome, std::uint64_t number) {
    samples.counter("gyre_shadow_queries_total", "queries asked of both engines, by what came of it",
                    {{"domain", domain}, {"outcome", std::string(outcome)}}, static_cast<double>(number));
  };
  count("same", stats.same);
  count("different", stats.different);
  count("unsettled", stats.unsettled);
  count("failed", stats.failed);
  count("skipped", stats.skipped);
  samples.gauge("gyre_shadow_lag_events", "events that the other engine has not got", {{"domain", domain}},
                static_cast<double>(stats.lag));
}

void collectDomain(const bus::DomainService& domain, const Domains& domains, std::size_t place,
                   observe::Samples& samples) {
  const bus::QueryCache& cache = domains.cache(place);
  const projector::Backlog* const backlog = domains.backlog(place);
  const observe::Labels labels = {{"domain", domain.name}};
  const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
  if (const search::IndexReader* const reader = domains.reader(place))
    collectReader(*reader, *domains.follower(place), labels, samples);
  else
    collectStore(domain, labels, samples);
  if (domain.projector != nullptr) collectProjector(*domain.projector, labels, samples);
  if (const Shadow* const shadow = domains.shadow(place)) collectShadow(*shadow, domain.name, samples);
  if (backlog != nullptr) {
    const projector::BacklogFigures figures = backlog->figures();
    samples.gauge("gyre_projection_backlog_events", "events that the search cluster has not got", labels,
                  number(figures.events));
    samples.gauge("gyre_projection_backlog_bytes", "bytes of those events", labels, number(figures.bytes));
    samples.gauge("gyre_projection_backlog_age_seconds", "age of the oldest of them", labels,
                  static_cast<double>(figures.age_ms) / 1'000);
  }
  const search::EngineStats engine = domain.engine->stats();
  samples.gauge("gyre_index_documents", "live documents", labels, number(engine.doc_count));
  samples.gauge("gyre_index_segments", "segments", labels, number(engine.segment_count));
  samples.gauge("gyre_index_bytes", "bytes of all segments", labels, number(engine.size_bytes));
  const bus::QueryCacheStats stats = cache.stats();
  samples.counter("gyre_cache_hits_total", "queries answered from the cache", labels, number(stats.hits));
  samples.counter("gyre_cache_misses_total", "queries that were run", labels, number(stats.misses));
  samples.counter("gyre_cache_coalesced_total", "queries that waited for the same one to be run", labels,
                  number(stats.coalesced));
  samples.gauge("gyre_cache_bytes", "bytes of cached answers", labels, number(stats.bytes));
}

void collectSubscription(const std::string& domain, const Domains::SubscriptionReport& report,
                         observe::Samples& samples) {
  const observe::Labels pair = {{"domain", domain}, {"source", report.source}};
  const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
  samples.gauge("gyre_subscription_lag_events", "events of the source that the domain has not settled", pair,
                number(report.stats.lag));
  samples.counter("gyre_subscription_applied_total", "events whose commands took effect", pair,
                  number(report.stats.applied));
  samples.counter("gyre_subscription_refused_total", "events that became dead letters", pair,
                  number(report.stats.refused));
  samples.counter("gyre_subscription_retries_total", "deliveries tried again", pair, number(report.stats.retries));
}

void collectVerify(const std::string& domain, const Domains::VerifyReport& report, observe::Samples& samples) {
  const observe::Labels labels = {{"domain", domain}};
  const auto gauge = [&](const char* name, const char* help, std::uint64_t value) {
    samples.gauge(name, help, labels, static_cast<double>(value));
  };
  samples.gauge("gyre_verify_time_seconds", "when store and index were compared last", labels,
                static_cast<double>(report.time_millis) / 1000);
  gauge("gyre_verify_checked", "entities compared then", report.checked);
  gauge("gyre_verify_missing", "entities without a document then", report.missing);
  gauge("gyre_verify_extra", "documents without an entity then", report.extra);
  gauge("gyre_verify_different", "documents that were not as they should be then", report.different);
}

observe::DomainHealth readerHealth(const Domains& domains, std::string_view name) {
  const auto& served = domains.catalog().served;
  std::size_t place = 0;
  while (served[place].name != name) ++place;
  const search::IndexReader& reader = *domains.reader(place);
  const search::Progress progress = reader.progress();
  const Status engine = reader.health();
  const std::uint64_t end = reader.logEnd();
  return {engine.isOk() ? observe::DomainStatus::kReady : observe::DomainStatus::kFailed,
          end - std::min(progress.applied, end),
          engine.isOk() ? domains.follower(place)->lastError() : std::string(engine.message()),
          {{"sequence", end}, {"searchable", progress.searchable}, {"durable", progress.durable}}};
}

observe::DomainHealth healthOf(const bus::DomainService& domain, const Domains& domains) {
  if (!domain.gate.isOpen()) return {observe::DomainStatus::kDisabled, 0, "", {}};
  if (domain.stream != nullptr) return streamHealth(domain);
  if (domain.projector == nullptr) return readerHealth(domains, domain.name);
  const projector::ProjectorStats stats = domain.projector->stats();
  const Status engine = domain.engine->health();
  observe::DomainHealth health{
      engine.isOk() ? observe::DomainStatus::kReady : observe::DomainStatus::kFailed,
      stats.lag,
      engine.isOk() ? stats.last_error : std::string(engine.message()),
      {{"sequence", stats.last_sequence}, {"searchable", stats.searchable}, {"durable", stats.durable}}};
  for (const Domains::SubscriptionReport& report : domains.subscriptions(domain.name)) {
    health.values.emplace_back("behind_" + report.source, report.stats.lag);
    if (health.detail.empty()) health.detail = report.stats.last_error;
  }
  return health;
}

void collectCluster(const search::Cluster& cluster, observe::Samples& samples) {
  for (const search::NodeFigures& node : cluster.figures()) {
    const observe::Labels labels = {{"node", node.address}};
    samples.gauge("gyre_search_node_up", "1 while the node is used", labels, node.is_up ? 1 : 0);
    samples.counter("gyre_search_node_requests_total", "requests sent to the node", labels,
                    static_cast<double>(node.requests));
    samples.counter("gyre_search_node_failures_total", "requests that the node did not answer", labels,
                    static_cast<double>(node.failures));
  }
}

std::string pluginsJson(const plugin::PluginHost& plugins, const bus::DomainCatalog& catalog) {
  std::string text;
  JsonWriter writer(text);
  writer.beginObject().key("plugins").beginArray();
  for (const plugin::LoadedPlugin& loaded : plugins.plugins()) {
    const bus::DomainService* const service = catalog.find(loaded.domain());
    writer.beginObject()
        .member("name", loaded.domain())
        .member("version", service == nullptr ? loaded.handlers->version() : service->handlers->version())
        .member("file", loaded.file)
        .member("enabled", service != nullptr && service->gate.isOpen())
        .endObject();
  }
  writer.endArray().key("refused").beginArray();
  for (const plugin::RefusedPlugin& refused : plugins.refused())
    writer.beginObject().member("file", refused.file).member("why", refused.why.message()).endObject();
  writer.endArray().endObject();
  return text;
}

class DomainsSubsystem final : public Poco::Util::Subsystem {
 public:
  explicit DomainsSubsystem(Shared& shared) : shared_(shared) {}
  const char* name() const override { return "domains"; }

  bool start() {
    auto folder = DataFolder::open(shared_.setup.config.data_folder);
    if (!folder.isOk()) {
      const bool is_locked = folder.status().reason() == "data_folder_locked";
      return shared_.fail(is_locked ? kExitLocked : kExitUnavailable, folder.status());
    }
    shared_.folder = std::move(folder).value();
    auto keys = http::ApiKeys::open(shared_.folder->path() + "/keys.json", shared_.clock);
    if (!keys.isOk()) return shared_.fail(kExitUnavailable, keys.status());
    shared_.keys = std::move(keys).value();
    auto domains =
        Domains::open(shared_.setup.config, *shared_.setup.plugins, *shared_.folder, shared_.clock, shared_.log);
    if (!domains.isOk()) return shared_.fail(kExitUnavailable, domains.status());
    shared_.domains = std::move(domains).value();
    const bus::DomainCatalog& catalog = shared_.domains->catalog();
    for (std::size_t i = 0; i < catalog.served.size(); ++i) {
      const bus::DomainService& domain = catalog.served[i];
      const Domains& all = *shared_.domains;
      collectors_.push_back(shared_.metrics.addCollector([&all, &domain, i](observe::Samples& samples) {
        if (!domain.gate.wasOpened()) return;
        collectDomain(domain, all, i, samples);
        if (domain.stream != nullptr) collectStream(domain, samples);
        if (const http::SyslogListener* const syslog = all.syslog(i))
          collectSyslog(domain.name, syslog->stats(), samples);
        for (const Domains::SubscriptionReport& report : all.subscriptions(domain.name))
          collectSubscription(domain.name, report, samples);
        if (const auto verified = all.lastVerify(domain.name)) collectVerify(domain.name, *verified, samples);
      }));
      shared_.health.setDomain(domain.name, [&all, &domain] { return healthOf(domain, all); });
    }
    const config::ServerConfig& server = shared_.setup.config.server;
    shared_.health.setRoles(server.roles);
    collectors_.push_back(shared_.metrics.addCollector([&server](observe::Samples& samples) {
      samples.gauge("gyre_server_role", "1 when the server has this role", {{"role", "write"}}, server.writes ? 1 : 0);
      samples.gauge("gyre_server_role", "1 when the server has this role", {{"role", "read"}}, server.reads ? 1 : 0);
    }));
    if (const search::Cluster* const cluster = shared_.domains->cluster())
      collectors_.push_back(
          shared_.metrics.addCollector([cluster](observe::Samples& samples) { collectCluster(*cluster, samples); }));
    for (const bus::FailedDomain& failed : catalog.failed)
      shared_.health.setDomain(failed.name,
                               observe::DomainHealth{observe::DomainStatus::kFailed, 0, failed.reason, {}});
    return true;
  }
  void stop() {
    collectors_.clear();
    if (shared_.domains) shared_.domains->stop();
  }

 protected:
  void initialize(Poco::Util::Application&) override {}  // started by main(), where a failure has an exit code
  void uninitialize() override { stop(); }

 private:
  Shared& shared_;
  std::vector<observe::MetricsRegistry::CollectorHandle> collectors_;
};

http::Limits toLimits(const config::LimitsConfig& config) {
  http::Limits limits;
  limits.request_line_bytes = config.request_line_bytes;
  limits.header_bytes = config.header_bytes;
  limits.header_count = config.header_count;
  limits.body_bytes = config.body_bytes;
  limits.inflated_body_bytes = config.inflated_body_bytes;
  limits.header_timeout_ms = config.header_timeout_ms;
  limits.body_timeout_ms = config.body_timeout_ms;
  limits.idle_timeout_ms = config.idle_timeout_ms;
  limits.write_timeout_ms = config.write_timeout_ms;
  limits.output_bytes = config.output_bytes;
  limits.pipelined_requests = config.pipelined_requests;
  limits.connections = config.connections;
  return limits;
}

bool isLoopback(const std::string& host) { return host.starts_with("127.") || host == "::1" || host == "localhost"; }

void collectListener(const char* name, const http::HttpServer& server, observe::Samples& samples) {
  const http::Stats stats = server.stats();
  const observe::Labels labels = {{"listener", name}};
  samples.counter("gyre_http_accepted_total", "connections accepted", labels, static_cast<double>(stats.accepted));
  samples.gauge("gyre_http_open_connections", "connections open", labels, static_cast<double>(stats.open));
  samples.counter("gyre_http_requests_total", "requests read", labels, static_cast<double>(stats.requests));
  samples.counter("gyre_http_refused_total", "requests that the front refused", labels,
                  static_cast<double>(stats.refused));
  samples.counter("gyre_http_timeouts_total", "connections that took too long", labels,
                  static_cast<double>(stats.timeouts));
}

class HttpSubsystem final : public Poco::Util::Subsystem {
 public:
  explicit HttpSubsystem(Shared& shared)
      : shared_(shared), commands_(shared.metrics, "command"), queries_(shared.metrics, "query") {}
  const char* name() const override { return "http"; }

  bool start() {
    const config::Config& config = shared_.setup.config;
    if (shared_.keys->isEmpty() && !isLoopback(config.api.listen.host))
      return shared_.fail(
          kExitConfiguration,
          invalidArgument("api.listen: there are no API keys, so only a loopback address is allowed, found \"" +
                          config.api.listen.text() + "\""));
    Domains& domains = *shared_.domains;
    handler_ = std::make_unique<http::ApiHandler>(
        http::ApiContext{domains.catalog(), domains.jobs(), domains.readers(), shared_.clock, *shared_.keys,
                         [this] { return shared_.metrics.write(); },
                         [this] {
                           const observe::HealthAnswer answer = shared_.health.readiness();
                           return std::pair(answer.http_status == 200, answer.body);
                         },
                         [this] { return pluginsJson(*shared_.setup.plugins, shared_.domains->catalog()); },
                         [this](std::string_view name) { return enable(name); },
                         [this](std::string_view name) { return shared_.domains->disable(name); },
                         [this](std::string_view name) { return shared_.domains->reload(name); },
                         [this](auto domain, auto command, auto outcome, double seconds) {
                           commands_.count(domain, command, outcome, seconds);
                         },
                         [this](auto domain, auto query, auto outcome, double seconds) {
                           queries_.count(domain, query, outcome, seconds);
                         },
                         config.server});
    http::Options options;
    options.host = config.api.listen.host;
    options.port = config.api.listen.port;
    options.loops = config.api.loops;
    options.limits = toLimits(config.limits);
    server_ = std::make_unique<http::HttpServer>(std::move(options), *handler_, shared_.log);
    if (const Status status = server_->start(); !status.isOk()) return shared_.fail(kExitUnavailable, status);
    if (config.dialect.is_enabled && !startDialect()) return false;
    domains.onSwitchedIndex([this](const bus::DomainService& domain) {
      const std::lock_guard lock(dialect_mutex_);
      if (dialect_.server() != nullptr) dialect_.addDomain(domain);
    });
    if (!startScrapers()) return false;
    collector_ = shared_.metrics.addCollector([this](observe::Samples& samples) {
      collectListener("api", *server_, samples);
      if (dialect_.server() != nullptr) collectListener("dialect", *dialect_.server(), samples);
      dialect_.collect(samples);
      for (const auto& [domain, scraper] : scrapers_) collectScraper(domain, scraper->stats(), samples);
    });
    for (const auto& [domain, scraper] : scrapers_) scraper->start();
    return true;
  }
  void stop() {
    for (const auto& [domain, scraper] : scrapers_) scraper->stop();
    if (shared_.domains) shared_.domains->stopTails();
    if (server_) server_->stop(shared_.setup.config.limits.shutdown_grace_ms);
    dialect_.stop(shared_.setup.config.limits.shutdown_grace_ms);
  }
  std::uint16_t port() const { return server_->port(); }

 protected:
  void initialize(Poco::Util::Application&) override {}
  void uninitialize() override { stop(); }

 private:
  // A domain's health is what it is now, also when it could not be started at first.
  Status enable(std::string_view name) {
    GYRE_TRY(shared_.domains->enable(name));
    const bus::DomainService& domain = *shared_.domains->catalog().find(name);
    const Domains& domains = *shared_.domains;
    shared_.health.setDomain(domain.name, [&domains, &domain] { return healthOf(domain, domains); });
    const std::lock_guard lock(dialect_mutex_);
    if (dialect_.server() != nullptr) dialect_.addDomain(domain);
    return {};
  }

  bool startScrapers() {
    for (const config::DomainConfig& configured : shared_.setup.config.domains) {
      const bus::DomainService* const domain = shared_.domains->catalog().find(configured.name);
      if (configured.scrape.empty() || domain == nullptr) continue;
      auto scraper =
          http::Scraper::open({configured.scrape, "gyre/" GYRE_VERSION, [this] { return shared_.metrics.write(); }},
                              *domain, shared_.clock, shared_.log);
      if (!scraper.isOk()) return shared_.fail(kExitConfiguration, scraper.status());
      scrapers_.emplace_back(configured.name, std::move(scraper).value());
    }
    return true;
  }

  bool startDialect() {
    const config::Config& config = shared_.setup.config;
    if (shared_.keys->isEmpty() && !isLoopback(config.dialect.listen.host))
      return shared_.fail(
          kExitConfiguration,
          invalidArgument("dialect.listen: there are no API keys, so only a loopback address is allowed, found \"" +
                          config.dialect.listen.text() + "\""));
    const Status started =
        dialect_.start(config, toLimits(config.limits), shared_.folder->path(), shared_.domains->catalog(),
                       shared_.domains->cluster(), *shared_.keys, shared_.clock, shared_.log);
    if (!started.isOk()) return shared_.fail(kExitUnavailable, started);
    shared_.log.log(base::Level::kInformation, "server",
                    "dialect: http://" + config::Address{config.dialect.listen.host, dialect_.server()->port()}.text());
    return true;
  }

  Shared& shared_;
  RequestMetrics commands_;
  RequestMetrics queries_;
  std::unique_ptr<http::ApiHandler> handler_;
  std::unique_ptr<http::HttpServer> server_;
  DialectListener dialect_;
  std::mutex dialect_mutex_;                                                      // of domains added later
  std::vector<std::pair<std::string, std::unique_ptr<http::Scraper>>> scrapers_;  // by domain
  observe::MetricsRegistry::CollectorHandle collector_;
};

class ServeApplication final : public Poco::Util::ServerApplication {
 public:
  using Work = std::function<int(const std::string& url)>;
  // `work` empty: until a signal.
  ServeApplication(Shared& shared, Work work) : shared_(shared), work_(std::move(work)) {
    domains_ = new DomainsSubsystem(shared);
    http_ = new HttpSubsystem(shared);
    addSubsystem(domains_);  // Poco takes ownership, and stops them in reverse order
    addSubsystem(http_);
  }

 protected:
  int main(const std::vector<std::string>&) override {
    reportFatalSignals();  // here, for Poco's own handlers are set by now, and end the process without a word
    if (!domains_->start() || !http_->start()) return shared_.exit_code;
    shared_.health.setServing();
    const std::string url = "http://" + config::Address{shared_.setup.config.api.listen.host, http_->port()}.text();
    int code = 0;
    if (work_) {
      code = work_(url);
    } else {
      shared_.log.log(base::Level::kInformation, "server", "ready: " + url);
      waitForStop();
    }
    shared_.health.setStopping();
    http_->stop();
    domains_->stop();
    if (!work_) shared_.log.log(base::Level::kInformation, "server", "stopped");
    return code;
  }

 private:
  void waitForStop() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGHUP}) sigaddset(&signals, signal);
    for (;;) {
      int signal = 0;
      if (sigwait(&signals, &signal) != 0) continue;
      if (signal != SIGHUP) {
        shared_.log.log(base::Level::kInformation, "server",
                        signal == SIGTERM ? "SIGTERM: stopping" : "interrupted: stopping");
        return;
      }
      reload();
    }
  }
  void reload() {
    base::NullObserver quiet;  // the plugins stay as they are
    const auto again = prepare(shared_.options, quiet);
    if (!again.isOk()) {
      shared_.log.log(base::Level::kError, "server",
                      "SIGHUP: the configuration stays as it was: " + config::faultLines(again.status()));
      return;
    }
    shared_.applyLogConfig(again->config.log);
    shared_.log.log(base::Level::kInformation, "server", "SIGHUP: log level and format read again");
  }

  Shared& shared_;
  const Work work_;
  DomainsSubsystem* domains_ = nullptr;
  HttpSubsystem* http_ = nullptr;
};

// Blocked before any thread starts, so that all inherit it and sigwait() gets them.
void blockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

int run(const SetupOptions& options, ServeApplication::Work work) {
  Shared shared;
  shared.options = options;
  auto setup = prepare(options, shared.log);
  if (!setup.isOk()) {
    shared.log.queue()->flush(kLogPatience);  // what was said before goes first
    std::cerr << config::faultLines(setup.status());
    return kExitConfiguration;
  }
  shared.setup = std::move(setup).value();
  shared.applyLogConfig(shared.setup.config.log);
  const auto process_metrics = observe::addProcessMetrics(shared.metrics, GYRE_VERSION);
  const auto log_metrics = shared.metrics.addCollector([&log = shared.log](observe::Samples& samples) {
    samples.counter("gyre_log_lines_dropped_total", "lines of the log that nobody read in time", {},
                    static_cast<double>(log.droppedCount()));
  });
  try {
    Poco::AutoPtr<ServeApplication> application = new ServeApplication(shared, std::move(work));
    return application->run(std::vector<std::string>{"gyre"});
  } catch (const Poco::Exception& error) {
    shared.log.log(base::Level::kError, "server", error.displayText());
    return kExitSoftware;
  }
}

}  // namespace

int serve(const SetupOptions& options) {
  blockSignals();
  return run(options, {});
}

int runWithServer(const SetupOptions& options, const std::function<int(const std::string& url)>& work) {
  std::signal(SIGPIPE, SIG_IGN);
  SetupOptions local = options;
  local.overrides.emplace_back("api.listen=127.0.0.1:0");
  local.overrides.emplace_back("dialect.enabled=false");  // nobody asks it
  return run(local, work);
}

}  // namespace gyre
