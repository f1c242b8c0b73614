#include "server/stream_setup.hpp"

#include <algorithm>
#include <future>
#include <utility>
#include <vector>

#include "server/cluster_setup.hpp"
#include "server/stream/cluster_document_index.hpp"
#include "server/stream/cluster_series_index.hpp"
#include "server/stream/cluster_stream_reader.hpp"
#include "server/stream/document_index.hpp"
#include "server/stream/series_index.hpp"

namespace gyre {

namespace {

// A commit on a cluster is one small write, however long a local index would rather wait.
constexpr std::int64_t kClusterCommitMs = 10'000;
constexpr std::uint64_t kClusterCommitRecords = 1'000'000;

// Does nothing, after all that was asked of the store before.
class Barrier final : public store::Unit {
 public:
  explicit Barrier(std::promise<Status>& reached) : reached_(reached) {}
  Status run(store::UnitOfWork&) override { return {}; }
  void done(const Status& outcome) override { reached_.set_value(outcome); }

 private:
  std::promise<Status>& reached_;
};

Result<std::uint64_t> firstSequence(store::PrimaryStore& store) {
  std::promise<Status> reached;
  store.submit(std::make_unique<Barrier>(reached));
  GYRE_TRY(reached.get_future().get());
  GYRE_TRY_ASSIGN(const std::vector<store::StoredBatch> first, store.batchesAfter(0, 1));
  return first.empty() ? store.lastSequence() + 1 : first.front().first_sequence;
}

stream::ClusterStreamOptions clusterStreamOptions(const config::Config& config, const config::DomainConfig& domain,
                                                  const bus::DomainHandlers& handlers) {
  stream::ClusterStreamOptions options;
  options.prefix = config.search.index_prefix + domain.index_prefix;
  options.name = domain.name;
  options.definition = handlers.indexDefinition();
  options.time_field = handlers.stream()->timeField();
  options.shards = config.search.shards;
  options.replicas = config.search.replicas;
  options.generation_age_ms = domain.generation_age_ms;
  options.generation_bytes = domain.generation_bytes;
  return options;
}

// Of the stream in the place, there.
Result<stream::ClusterStreamOptions> clusterPlaceOptions(const config::Config& config,
                                                         const config::DomainConfig& domain,
                                                         const bus::DomainHandlers& handlers, const StreamPlace& place,
                                                         const base::Clock& clock) {
  stream::ClusterStreamOptions options = clusterStreamOptions(config, domain, handlers);
  GYRE_TRY_ASSIGN(options.owner, markOwner(config.search, place.folder + "/store.sqlite", clock.nowMillis()));
  store::PrimaryStore& store = place.store;
  options.last_sequence = [&store] { return store.lastSequence(); };
  options.first_sequence = [&store] { return firstSequence(store); };
  if (place.is_moved_to) options.first_sequence = [] { return Result<std::uint64_t>(std::uint64_t{1}); };
  return options;
}

}  // namespace

engine::series::SeriesStoreOptions seriesStoreOptions(const config::DomainConfig& domain) {
  engine::series::SeriesStoreOptions options;
  options.sample_retention_ms = domain.retention_ms;
  options.minute_retention_ms = domain.minute_retention_ms;
  options.hour_retention_ms = domain.hour_retention_ms;
  options.out_of_order_ms = domain.out_of_order_ms;
  return options;
}

Result<std::unique_ptr<stream::ClusterSeriesIndex>> openClusterSeries(
    const config::Config& config, const config::DomainConfig& domain, const bus::DomainHandlers& handlers,
    const StreamPlace& place, const base::Clock& clock, base::Observer& observer) {
  GYRE_TRY_ASSIGN(stream::ClusterStreamOptions options, clusterPlaceOptions(config, domain, handlers, place, clock));
  if (domain.minute_retention_ms > 0 || domain.hour_retention_ms > 0)
    observer.log(base::Level::kWarning, "stream",
                 domain.name + ": minute_retention and hour_retention are not looked at: a cluster holds no roll-ups");
  return stream::ClusterSeriesIndex::open(std::move(options), domain.out_of_order_ms, *place.cluster, clock, observer);
}

Result<std::unique_ptr<stream::StreamIndex>> openStreamIndex(const config::Config& config,
                                                             const config::DomainConfig& domain,
                                                             const bus::DomainHandlers& handlers,
                                                             const StreamPlace& place, const base::Clock& clock,
                                                             base::Observer& observer) {
  store::PrimaryStore& store = place.store;
  const std::string folder = place.folder + "/stream";
  const bool is_series = handlers.stream()->kind() == stream::Kind::kSeries;
  if (place.cluster != nullptr && is_series) {
    GYRE_TRY_ASSIGN(auto index, openClusterSeries(config, domain, handlers, place, clock, observer));
    return std::unique_ptr<stream::StreamIndex>(std::move(index));
  }
  if (place.cluster != nullptr) {
    GYRE_TRY_ASSIGN(stream::ClusterStreamOptions options, clusterPlaceOptions(config, domain, handlers, place, clock));
    GYRE_TRY_ASSIGN(auto index,
                    stream::ClusterDocumentIndex::open(std::move(options), *place.cluster, clock, observer));
    return std::unique_ptr<stream::StreamIndex>(std::move(index));
  }
  if (is_series) {
    stream::SeriesIndexOptions options;
    options.folder = folder;
    options.name = domain.name;
    options.store = seriesStoreOptions(domain);
    GYRE_TRY_ASSIGN(auto index, stream::SeriesIndex::open(std::move(options), store.lastSequence(), clock, observer));
    return std::unique_ptr<stream::StreamIndex>(std::move(index));
  }
  GYRE_TRY_ASSIGN(const std::vector<store::StoredBatch> first, store.batchesAfter(0, 1));
  stream::DocumentIndexOptions options;
  if (!first.empty() && !place.is_moved_to) options.first_sequence = first.front().first_sequence;
  options.folder = folder;
  options.name = domain.name;
  options.definition = handlers.indexDefinition();
  options.time_field = handlers.stream()->timeField();
  options.buffer_bytes = config.engine.buffer_bytes;
  options.generation_age_ms = domain.generation_age_ms;
  options.generation_bytes = domain.generation_bytes;
  GYRE_TRY_ASSIGN(auto index, stream::DocumentIndex::open(std::move(options), store.lastSequence(), clock, observer));
  return std::unique_ptr<stream::StreamIndex>(std::move(index));
}

Result<std::unique_ptr<search::IndexReader>> openStreamReader(const config::Config& config,
                                                              const config::DomainConfig& domain,
                                                              const bus::DomainHandlers& handlers,
                                                              search::Cluster& cluster, const base::Clock& clock,
                                                              base::Observer& observer) {
  GYRE_TRY_ASSIGN(auto reader, stream::ClusterStreamReader::open(clusterStreamOptions(config, domain, handlers),
                                                                 cluster, clock, observer));
  return std::unique_ptr<search::IndexReader>(std::move(reader));
}

stream::StreamOptions streamOptions(const config::DomainConfig& domain, const std::string& folder, bool is_on_cluster) {
  stream::StreamOptions options;
  options.folder = folder;
  options.max_backlog_bytes = domain.max_backlog_bytes;
  options.applier.domain = domain.name;
  options.applier.refresh_interval_ms = domain.refresh_interval_ms;
  options.applier.commit_interval_ms = domain.commit_interval_ms;
  options.applier.commit_records = domain.commit_operations;
  options.applier.retention_ms = domain.retention_ms;
  if (is_on_cluster) {
    options.applier.commit_interval_ms = std::min(options.applier.commit_interval_ms, kClusterCommitMs);
    options.applier.commit_records = std::min(options.applier.commit_records, kClusterCommitRecords);
  }
  return options;
}

void collectStream(const bus::DomainService& domain, observe::Samples& samples) {
  const observe::Labels labels = {{"domain", domain.name}};
  const stream::StreamStats stats = domain.stream->stats();
  const auto counter = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    samples.counter(name, help, labels, static_cast<double>(value));
  };
  const auto gauge = [&](std::string_view name, std::string_view help, double value) {
    samples.gauge(name, help, labels, value);
  };
  counter("gyre_stream_last_sequence", "last sequence of the stream's log", stats.last_sequence);
  counter("gyre_stream_appended_batches_total", "batches appended", stats.appended_batches);
  counter("gyre_stream_appended_records_total", "records appended", stats.appended_records);
  counter("gyre_stream_refused_batches_total", "batches refused by a limit", stats.refused_batches);
  counter("gyre_stream_late_records_total", "records refused because the index would have dropped them",
          stats.screened_records);
  counter("gyre_stream_dropped_records_total", "records that the index dropped as too late when it came to them",
          stats.dropped_records);
  counter("gyre_stream_dead_letters_total", "records that the index refused", stats.applier.dead_letters);
  gauge("gyre_stream_lag_records", "records that the index has not applied",
        static_cast<double>(stats.last_sequence - std::min(stats.last_sequence, stats.applier.applied)));
  gauge("gyre_stream_backlog_bytes", "bytes of the log that the index does not hold durably",
        static_cast<double>(stats.backlog_bytes));
  gauge("gyre_stream_backlog_age_seconds", "age of the oldest of them",
        static_cast<double>(stats.backlog_age_ms) / 1'000);
  gauge("gyre_stream_inflight_bytes", "memory of batches that wait for the disk",
        static_cast<double>(stats.inflight_bytes));
  gauge("gyre_stream_followers", "who follows", static_cast<double>(stats.tails.followers));
  counter("gyre_stream_shown_total", "records shown to followers", stats.tails.shown);
  counter("gyre_stream_slow_followers_total", "followers that were dropped for being slow", stats.tails.dropped);
  counter("gyre_index_refreshes_total", "refreshes published", stats.applier.refreshes);
  counter("gyre_index_commits_total", "commits of the index", stats.applier.commits);
  counter("gyre_stream_retention_deleted_records_total", "records deleted by retention", stats.applier.deleted_records);
  gauge("gyre_stream_retention_last_run_seconds", "when retention ran last",
        static_cast<double>(stats.applier.last_retain_millis) / 1'000);
  gauge("gyre_stream_retention_next_run_seconds", "when it runs next",
        static_cast<double>(stats.applier.next_retain_millis) / 1'000);
  gauge("gyre_stream_retention_overdue", "1 when that was an interval ago", stats.applier.is_retain_overdue ? 1 : 0);
}

void collectSyslog(const std::string& domain, const http::SyslogStats& stats, observe::Samples& samples) {
  const observe::Labels labels = {{"domain", domain}};
  const auto counter = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    samples.counter(name, help, labels, static_cast<double>(value));
  };
  samples.gauge("gyre_syslog_connections", "senders connected", labels, static_cast<double>(stats.connections));
  counter("gyre_syslog_messages_total", "messages received", stats.messages);
  counter("gyre_syslog_cut_total", "messages that were longer than may be", stats.cut);
  counter("gyre_syslog_rejected_total", "messages that the plugin did not take", stats.rejected);
  counter("gyre_syslog_dropped_total", "datagrams dropped because the stream was full", stats.dropped);
}

void collectScraper(const std::string& domain, const http::ScraperStats& stats, observe::Samples& samples) {
  const observe::Labels labels = {{"domain", domain}};
  const auto counter = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    samples.counter(name, help, labels, static_cast<double>(value));
  };
  samples.gauge("gyre_scrape_targets", "targets that are fetched", labels, static_cast<double>(stats.targets));
  samples.gauge("gyre_scrape_targets_up", "whose last fetch worked", labels, static_cast<double>(stats.up));
  counter("gyre_scrape_fetches_total", "fetches begun", stats.fetches);
  counter("gyre_scrape_failures_total", "fetches that failed", stats.failures);
  counter("gyre_scrape_samples_total", "samples appended", stats.samples);
  counter("gyre_scrape_rejected_total", "lines that were left out", stats.rejected);
  counter("gyre_scrape_lost_total", "fetches that the stream did not take", stats.lost);
}

namespace {

std::vector<stream::DocumentIndex::Damaged> damagedOf(const bus::DomainService& domain) {
  const auto* const index = dynamic_cast<const stream::DocumentIndex*>(&domain.stream->index());
  return index != nullptr ? index->damaged() : std::vector<stream::DocumentIndex::Damaged>();
}

// Why it serves less than it was given; "" when it does not.
std::string damageOf(const bus::DomainService& domain) {
  std::string text;
  for (const stream::DocumentIndex::Damaged& one : damagedOf(domain))
    text += (text.empty() ? "" : "; ") + ("generation " + std::to_string(one.entry.number)) +
            " is damaged and set aside: " + one.why;
  return text;
}

}  // namespace

observe::DomainHealth streamHealth(const bus::DomainService& domain) {
  const stream::StreamStats stats = domain.stream->stats();
  const Status index = domain.engine->health();
  return {index.isOk() ? observe::DomainStatus::kReady : observe::DomainStatus::kFailed,
          stats.last_sequence - std::min(stats.last_sequence, stats.applier.applied),
          !index.isOk()                      ? std::string(index.message())
          : stats.applier.last_error.empty() ? damageOf(domain)
                                             : stats.applier.last_error,
          {{"sequence", stats.last_sequence},
           {"searchable", stats.applier.searchable},
           {"durable", stats.applier.durable},
           {"backlog_bytes", stats.backlog_bytes}}};
}

}  // namespace gyre
