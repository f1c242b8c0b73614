#include "server/migrate.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <system_error>
#include <utility>

#include "base/clock.hpp"
#include "gyre/json_writer.hpp"
#include "server/cli/progress.hpp"
#include "server/cluster_setup.hpp"
#include "server/data_folder.hpp"
#include "server/embedded_index.hpp"
#include "server/http/admin_routes.hpp"
#include "server/index_build.hpp"
#include "server/index_slots.hpp"
#include "server/migrate_series.hpp"
#include "server/migrate_stream.hpp"
#include "server/search/opensearch/opensearch_engine.hpp"
#include "server/store/primary_store.hpp"
#include "server/store/store_copy.hpp"
#include "server/stream_setup.hpp"

namespace gyre {

namespace fs = std::filesystem;

namespace {

constexpr const char* kStoreFile = "store.sqlite";

class PlainObserver final : public base::Observer {
 public:
  bool isLogged(base::Level level) const override { return level >= base::Level::kWarning; }
  void log(base::Level level, std::string_view part, std::string_view message) override {
    if (isLogged(level)) std::cerr << part << ": " << message << '\n';
  }
};

std::string_view engineName(config::SearchEngineKind kind) {
  switch (kind) {
    case config::SearchEngineKind::kEmbedded: return "embedded";
    case config::SearchEngineKind::kOpenSearch: return "opensearch";
    case config::SearchEngineKind::kElasticsearch: return "elasticsearch";
  }
  return "";
}

// A file that goes when this does.
class CopiedStore {
 public:
  explicit CopiedStore(fs::path path) : path_(std::move(path)) { remove(); }
  ~CopiedStore() { remove(); }
  CopiedStore(const CopiedStore&) = delete;
  CopiedStore& operator=(const CopiedStore&) = delete;
  std::string path() const { return path_.string(); }

 private:
  void remove() const {
    std::error_code ignored;
    for (const char* const suffix : {"", "-wal", "-shm", "-journal"}) {
      std::string name = path_.string();
      fs::remove(name.append(suffix), ignored);
    }
  }
  const fs::path path_;
};

struct Outcome {
  projector::VerifyResult compared;
  std::uint64_t sequence = 0;
  std::uint64_t documents = 0;  // or records, or samples
  std::uint64_t refused = 0;
  std::string refusal;
  std::optional<stream::MovedSamples> samples = std::nullopt;  // what else is to be told of them
  bool isClean() const {
    return compared.missing_count == 0 && compared.extra_count == 0 && compared.different_count == 0 && refused == 0;
  }
};

class Migration {
 public:
  // `target`: the configuration with the engine that is moved to; `source`: with the one that is in use.
  Migration(const config::Config& source, const config::Config& target, const DataFolder& work,
            base::Observer& observer)
      : source_(source), target_(target), work_(work), observer_(observer) {}

  Status open() {
    GYRE_TRY(openOne(target_.search, cluster_));
    return openOne(source_.search, former_);
  }

  Result<Outcome> run(const config::DomainConfig& domain, plugin::PluginHandlers& handlers) {
    GYRE_TRY(handlers.configure(domain.plugin_options));
    const fs::path folder = fs::path(target_.data_folder) / domain.name;
    const CopiedStore copy(fs::path(work_.path()) / (domain.name + ".sqlite"));
    GYRE_TRY(store::copyStore((folder / kStoreFile).string(), copy.path()));
    store::StoreOptions options;
    options.path = copy.path();
    GYRE_TRY_ASSIGN(const auto store, store::PrimaryStore::open(std::move(options), clock_, observer_));
    GYRE_TRY_ASSIGN(const auto engine, openEngine(domain, handlers, folder.string(), *store));
    GYRE_TRY(engine->health());
    Result<Outcome> outcome = fill(domain.name, *store, *engine, handlers);
    GYRE_TRY(engine->close());
    return outcome;
  }

  // REQUIRES: no server runs.
  Result<Outcome> runStream(const config::DomainConfig& domain, plugin::PluginHandlers& handlers) {
    GYRE_TRY(handlers.configure(domain.plugin_options));
    const std::string folder = target_.data_folder + "/" + domain.name;
    store::StoreOptions options;
    options.path = folder + "/" + kStoreFile;
    GYRE_TRY_ASSIGN(const auto store, store::PrimaryStore::open(std::move(options), clock_, observer_));
    if (handlers.stream()->kind() == stream::Kind::kSeries) return runSeries(domain, handlers, folder, *store);
    GYRE_TRY_ASSIGN(const auto from,
                    openStreamIndex(source_, domain, handlers, {folder, *store, former_.get()}, clock_, observer_));
    GYRE_TRY(from->health());
    const std::string time_field(handlers.stream()->timeField());
    stream::RecordClock record_clock;
    GYRE_TRY_ASSIGN(const std::int64_t begin, firstRecordTime(*from, time_field));
    record_clock.moveTo(begin);
    GYRE_TRY_ASSIGN(const auto to, openStreamIndex(target_, domain, handlers, {folder, *store, cluster_.get(), true},
                                                   record_clock, observer_));
    cli::ProgressLine moving(domain.name + ": moving");
    GYRE_TRY_ASSIGN(MovedStream moved, moveStream(*from, *to, record_clock, time_field,
                                                  [&](auto done, auto total) { moving.show(done, total); }));
    moving.clear();
    GYRE_TRY(to->close());
    GYRE_TRY(from->close());
    return Outcome{std::move(moved.compared), moved.sequence, moved.records, moved.refused, std::move(moved.refusal)};
  }

 private:
  Result<Outcome> runSeries(const config::DomainConfig& domain, const plugin::PluginHandlers& handlers,
                            const std::string& folder, store::PrimaryStore& store) {
    stream::RecordClock record_clock;
    GYRE_TRY_ASSIGN(const auto from,
                    openSamples(source_, domain, handlers, {folder, store, former_.get()}, nullptr, observer_));
    GYRE_TRY_ASSIGN(const auto first,
                    from->place().firstTime({engine::series::kFirstTimeMs, engine::series::kLastTimeMs}));
    record_clock.moveTo(first.value_or(clock_.nowMillis()));
    GYRE_TRY_ASSIGN(const auto to, openSamples(target_, domain, handlers, {folder, store, cluster_.get(), true},
                                               &record_clock, observer_));
    cli::ProgressLine moving(domain.name + ": moving");
    stream::MoveOptions options;
    options.progress = [&](auto done, auto total) { moving.show(done, total); };
    if (cluster_) options.longest_window_ms = domain.generation_age_ms;
    GYRE_TRY_ASSIGN(stream::MovedSamples moved, stream::moveSamples(from->place(), to->place(), options));
    moving.clear();
    Outcome outcome{moved.compared, moved.sequence, moved.samples, moved.refused, moved.refusal};
    outcome.samples = std::move(moved);
    return outcome;
  }
  Status openOne(const config::SearchConfig& config, std::unique_ptr<search::Cluster>& cluster) {
    if (config.engine == config::SearchEngineKind::kEmbedded) return {};
    GYRE_TRY_ASSIGN(cluster, openCluster(config, clock_, observer_));
    return cluster->health();
  }
  Result<std::unique_ptr<search::SearchEngine>> openEngine(const config::DomainConfig& domain,
                                                           const plugin::PluginHandlers& handlers,
                                                           const std::string& folder,
                                                           const store::PrimaryStore& store) {
    const std::uint64_t last = store.lastSequence();
    if (!cluster_) {
      search::EmbeddedOptions options;
      GYRE_TRY_ASSIGN(options.folder, IndexSlots(folder).current());
      options.definition = handlers.indexDefinition();
      options.index.buffer_bytes = target_.engine.buffer_bytes;
      return openEmbeddedIndex(options, last, observer_);
    }
    GYRE_TRY_ASSIGN(search::MarkOwner owner, markOwner(target_.search, folder + "/" + kStoreFile, clock_.nowMillis()));
    search::ClusterIndexOptions options = clusterIndexOptions(
        target_.search, domain, std::string(handlers.indexDefinition()), [&store] { return store.lastSequence(); },
        std::move(owner));
    options.is_shared = false;  // nobody reads it yet
    return search::openOpenSearchEngine(std::move(options), *cluster_, clock_, observer_);
  }

  Result<Outcome> fill(const std::string& name, const store::PrimaryStore& store, search::SearchEngine& engine,
                       const plugin::PluginHandlers& handlers) {
    const auto shown = [](cli::ProgressLine& line) {
      return IndexBuild::Progress([&line](std::uint64_t done, std::uint64_t total) {
        line.show(done, total);
        return true;
      });
    };
    Outcome outcome;
    outcome.sequence = store.lastSequence();
    cli::ProgressLine filling(name + ": filling");
    const IndexBuild::Progress progress = shown(filling);
    IndexBuild build(store, engine, handlers, progress);
    GYRE_TRY(build.follow(0));
    GYRE_TRY(build.finish(outcome.sequence));
    filling.clear();
    cli::ProgressLine comparing(name + ": comparing");
    const IndexBuild::Progress compared = shown(comparing);
    GYRE_TRY_ASSIGN(outcome.compared, IndexBuild(store, engine, handlers, compared).compare());
    outcome.documents = build.documents();
    outcome.refused = build.refused().size();
    outcome.refusal = build.refusal();
    return outcome;
  }

  const config::Config& source_;
  const config::Config& target_;
  const DataFolder& work_;
  base::Observer& observer_;
  base::SystemClock clock_;
  std::unique_ptr<search::Cluster> cluster_;  // of the target, when it is one
  std::unique_ptr<search::Cluster> former_;   // of the source, likewise
};

int fail(const Status& status, int code) {
  std::cerr << "gyre: " << status.message() << '\n';
  return code;
}

void writeOutcome(const std::string& name, const Outcome& outcome) {
  std::string text;
  JsonWriter writer(text);
  writer.beginObject().member("domain", name).member("sequence", outcome.sequence);
  writer.member("documents", outcome.documents).member("refused", outcome.refused);
  if (!outcome.refusal.empty()) writer.member("refusal", outcome.refusal);
  if (outcome.samples) writeSamples(*outcome.samples, writer);
  writer.rawMember("verify", http::verifyJson(outcome.compared)).endObject();
  std::cout << text << std::endl;
  if (!outcome.samples) return;
  if (const std::string left = leftBehind(*outcome.samples); !left.empty()) std::cerr << name << ": " << left;
}

// The domains to move, as configured; a name that is not one of them is a fault.
Result<std::vector<const config::DomainConfig*>> chosen(const config::Config& config,
                                                        const std::vector<std::string>& names) {
  std::vector<const config::DomainConfig*> domains;
  for (const std::string& name : names) {
    const config::DomainConfig* const domain = config.domain(name);
    if (domain == nullptr) return notFound("there is no domain \"" + name + "\"");
    domains.push_back(domain);
  }
  if (names.empty())
    for (const config::DomainConfig& domain : config.domains)
      if (domain.is_enabled) domains.push_back(&domain);
  return domains;
}

}  // namespace

int migrate(const SetupOptions& options, const MigrateOptions& asked) {
  PlainObserver observer;
  SetupOptions moved = options;
  moved.overrides.push_back("search.engine=" + asked.to);
  const auto now = prepare(options, observer);
  const auto setup = prepare(moved, observer);
  for (const auto* const read : {&now, &setup})
    if (!read->isOk()) {
      std::cerr << config::faultLines(read->status());
      return kExitConfiguration;
    }
  const config::Config& target = setup->config;
  if (now->config.search.engine == target.search.engine)
    return fail(invalidArgument("search.engine is " + asked.to +
                                " already: there is nothing to move; to compare its "
                                "indices with the store, ask the server: gyre verify DOMAIN"),
                kExitConfiguration);
  if (!target.server.writes)
    return fail(invalidArgument("server.roles: a server that only reads has no store to move from"),
                kExitConfiguration);
  const auto domains = chosen(target, asked.domains);
  if (!domains.isOk()) return fail(domains.status(), kExitUsage);

  const auto work = DataFolder::open(target.data_folder + "/.migrate");  // one at a time; no domain is called that
  if (!work.isOk()) return fail(work.status(), kExitLocked);
  Migration migration(now->config, target, **work, observer);
  if (const Status opened = migration.open(); !opened.isOk()) return fail(opened, kExitUnavailable);
  int code = 0;
  bool is_left = false;  // a stream was
  for (const config::DomainConfig* const domain : *domains) {
    const plugin::LoadedPlugin* const plugin = setup->plugins->find(domain->name);
    if (plugin == nullptr) continue;
    const stream::StreamHandlers* const stream = plugin->handlers->stream();
    if (!fs::exists(fs::path(target.data_folder) / domain->name / kStoreFile)) {
      std::cerr << domain->name << ": has no store yet, so there is nothing to move\n";
      continue;
    }
    std::unique_ptr<DataFolder> data;
    if (stream != nullptr) {
      auto locked = DataFolder::open(target.data_folder);
      if (!locked.isOk()) {
        std::cerr << domain->name << ": a stream is moved while no server runs, because its records are in its index "
                  << "alone: " << locked.status().message() << '\n';
        is_left = true;
        continue;
      }
      data = std::move(*locked);
    }
    const auto outcome =
        stream != nullptr ? migration.runStream(*domain, *plugin->handlers) : migration.run(*domain, *plugin->handlers);
    if (!outcome.isOk()) return fail(outcome.status().withPrefix(domain->name), kExitUnavailable);
    writeOutcome(domain->name, *outcome);
    if (!outcome->isClean()) code = 1;
  }
  if (code == 0 && is_left) {
    std::cerr << "do not switch yet: stop the server and run this again for what was left\n";
    return kExitLocked;
  }
  if (code == 0)
    std::cerr << "store and indices agree: set search.engine to " << asked.to << " (it is "
              << engineName(now->config.search.engine) << ") and restart the server\n";
  else
    std::cerr << "do not switch yet: store and indices differ, see above\n";
  return code;
}

}  // namespace gyre
