#include "server/config/option_table.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace gyre::config {

namespace {

constexpr std::int64_t kKiB = 1 << 10;
constexpr std::int64_t kMiB = 1 << 20;
constexpr std::int64_t kGiB = 1 << 30;
constexpr std::int64_t kSecond = 1'000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

std::int64_t number(const OptionValue& value) { return std::get<std::int64_t>(value); }
std::size_t count(const OptionValue& value) { return static_cast<std::size_t>(number(value)); }
unsigned smallCount(const OptionValue& value) { return static_cast<unsigned>(number(value)); }
const std::string& text(const OptionValue& value) { return std::get<std::string>(value); }
bool flag(const OptionValue& value) { return std::get<bool>(value); }
const Address& address(const OptionValue& value) { return std::get<Address>(value); }

base::Level levelOf(const std::string& name) {
  if (name == "debug") return base::Level::kDebug;
  if (name == "warning") return base::Level::kWarning;
  if (name == "error") return base::Level::kError;
  return base::Level::kInformation;
}

SearchEngineKind engineOf(const std::string& name) {
  if (name == "opensearch") return SearchEngineKind::kOpenSearch;
  if (name == "elasticsearch") return SearchEngineKind::kElasticsearch;
  return SearchEngineKind::kEmbedded;
}

ServerConfig withRoles(ServerConfig config, std::vector<std::string> roles) {
  config.writes = std::find(roles.begin(), roles.end(), "write") != roles.end();
  config.reads = std::find(roles.begin(), roles.end(), "read") != roles.end();
  config.roles = std::move(roles);
  return config;
}

using Value = OptionValue;

std::vector<Row<Config>> makeListenerRows() {
  return {
      {{"server.roles", OptionType::kList, "write,read",
        "write: commands, events, reads by id, filling the indices; read: searches, over a cluster that others fill"},
       [](Config& c, const Value& v) { c.server = withRoles(c.server, std::get<std::vector<std::string>>(v)); }},
      {{"server.elsewhere", OptionType::kString, "",
        "address of a server with the role that this one lacks; refusals name it"},
       [](Config& c, const Value& v) { c.server.elsewhere = text(v); }},
      {{"api.listen", OptionType::kAddress, "127.0.0.1:8080", "where commands, queries and administration are served"},
       [](Config& c, const Value& v) { c.api.listen = address(v); }},
      {{"api.loops", OptionType::kInteger, "0", "event loops of the listener; 0: one a core", 0, 256},
       [](Config& c, const Value& v) { c.api.loops = smallCount(v); }},
      {{"dialect.enabled", OptionType::kBoolean, "true", "whether the Elasticsearch dialect is served"},
       [](Config& c, const Value& v) { c.dialect.is_enabled = flag(v); }},
      {{"dialect.listen", OptionType::kAddress, "127.0.0.1:9200", "where the dialect is served"},
       [](Config& c, const Value& v) { c.dialect.listen = address(v); }},
      {{"dialect.loops", OptionType::kInteger, "0", "event loops of the listener; 0: one a core", 0, 256},
       [](Config& c, const Value& v) { c.dialect.loops = smallCount(v); }},
      {{"dialect.free_indices", OptionType::kBoolean, "false",
        "whether indices of any name may be written besides the domains'; with an engine on a cluster they are the cluster's"},
       [](Config& c, const Value& v) { c.dialect.has_free_indices = flag(v); }},
      {{"dialect.max_indices", OptionType::kInteger, "1000", "so many indices may there be besides the domains'", 1,
        1'000'000},
       [](Config& c, const Value& v) { c.dialect.max_indices = count(v); }},
      {{"dialect.version", OptionType::kString, "2.19.0", "the version that clients of the dialect are told"},
       [](Config& c, const Value& v) { c.dialect.version = text(v); }},
      {{"dialect.distribution", OptionType::kString, "opensearch",
        "the distribution that clients are told; empty for Elasticsearch, whose clients want 7.14 or later as version"},
       [](Config& c, const Value& v) { c.dialect.distribution = text(v); }},
  };
}

std::vector<Row<Config>> makeLimitRows() {
  return {
      {{"limits.request_line", OptionType::kBytes, "16KiB", "a longer request line is answered 414", 1 * kKiB,
        1 * kMiB},
       [](Config& c, const Value& v) { c.limits.request_line_bytes = count(v); }},
      {{"limits.headers", OptionType::kBytes, "64KiB", "larger header fields, all together, are answered 431", 1 * kKiB,
        16 * kMiB},
       [](Config& c, const Value& v) { c.limits.header_bytes = count(v); }},
      {{"limits.header_count", OptionType::kInteger, "128", "more header fields are answered 431", 8, 10'000},
       [](Config& c, const Value& v) { c.limits.header_count = count(v); }},
      {{"limits.body", OptionType::kBytes, "8MiB", "a larger body, as sent, is answered 413", 1 * kKiB, 1 * kGiB},
       [](Config& c, const Value& v) { c.limits.body_bytes = count(v); }},
      {{"limits.inflated_body", OptionType::kBytes, "64MiB",
        "a compressed body that inflates beyond it is answered 413", 1 * kKiB, 4 * kGiB},
       [](Config& c, const Value& v) { c.limits.inflated_body_bytes = count(v); }},
      {{"limits.header_timeout", OptionType::kDuration, "10s",
        "from a request's first byte to the end of its header; past it: 408", 100, kHour},
       [](Config& c, const Value& v) { c.limits.header_timeout_ms = number(v); }},
      {{"limits.body_timeout", OptionType::kDuration, "20s", "without a byte of progress in a body; past it: 408", 100,
        kHour},
       [](Config& c, const Value& v) { c.limits.body_timeout_ms = number(v); }},
      {{"limits.idle_timeout", OptionType::kDuration, "1m",
        "between two requests of a connection; past it the connection is closed", 100, kDay},
       [](Config& c, const Value& v) { c.limits.idle_timeout_ms = number(v); }},
      {{"limits.write_timeout", OptionType::kDuration, "30s",
        "a peer that does not read its answer for so long is closed", 100, kHour},
       [](Config& c, const Value& v) { c.limits.write_timeout_ms = number(v); }},
      {{"limits.output", OptionType::kBytes, "16MiB",
        "answers waiting on one connection; above it no more requests are read from it", 64 * kKiB, 1 * kGiB},
       [](Config& c, const Value& v) { c.limits.output_bytes = count(v); }},
      {{"limits.pipelined_requests", OptionType::kInteger, "64",
        "requests in progress on one connection; above it no more are read from it", 1, 10'000},
       [](Config& c, const Value& v) { c.limits.pipelined_requests = count(v); }},
      {{"limits.connections", OptionType::kInteger, "10000", "open connections of a listener; one more is answered 503",
        1, 1'000'000},
       [](Config& c, const Value& v) { c.limits.connections = count(v); }},
      {{"limits.shutdown_grace", OptionType::kDuration, "20s",
        "how long requests in progress may take to finish when the server stops", 0, kHour},
       [](Config& c, const Value& v) { c.limits.shutdown_grace_ms = number(v); }},
  };
}

std::vector<Row<Config>> makeDataRows() {
  return {
      {{"data.dir", OptionType::kString, "./data",
        "the folder of all data; a relative one starts at the working directory"},
       [](Config& c, const Value& v) { c.data_folder = text(v); }},
      {{"store.queue", OptionType::kInteger, "65536",
        "commands of one domain waiting for the writer; one more is answered 429", 16, 10'000'000},
       [](Config& c, const Value& v) { c.store.queue_units = count(v); }},
      {{"store.batch", OptionType::kInteger, "4096", "commands committed together at most", 1, 1'000'000},
       [](Config& c, const Value& v) { c.store.batch_units = count(v); }},
      {{"store.cache", OptionType::kBytes, "32MiB", "memory for the states of one domain's entities", 0, 1024 * kGiB},
       [](Config& c, const Value& v) { c.store.cache_bytes = count(v); }},
      {{"store.receipt_lifetime", OptionType::kDuration, "48h", "how long answers to idempotency keys are kept", kDay,
        365 * kDay},
       [](Config& c, const Value& v) { c.store.receipt_lifetime_ms = number(v); }},
      {{"search.engine",
        OptionType::kChoice,
        "embedded",
        "which search engine holds the indices",
        {},
        {},
        {"embedded", "opensearch", "elasticsearch"}},
       [](Config& c, const Value& v) { c.search.engine = engineOf(text(v)); }},
      {{"search.shadow_engine",
        OptionType::kChoice,
        "none",
        "an engine that is filled as well and asked beside the one in use, to compare their answers",
        {},
        {},
        {"none", "embedded", "opensearch", "elasticsearch"}},
       [](Config& c, const Value& v) {
         if (text(v) != "none") c.search.shadow_engine = engineOf(text(v));
       }},
      {{"search.shadow_percent", OptionType::kInteger, "1", "of a hundred queries so many are compared", 0, 100},
       [](Config& c, const Value& v) { c.search.shadow_percent = smallCount(v); }},
      {{"search.urls", OptionType::kList, "http://127.0.0.1:9210", "the nodes of an engine that is not embedded"},
       [](Config& c, const Value& v) { c.search.urls = std::get<std::vector<std::string>>(v); }},
      {{"search.request_timeout", OptionType::kDuration, "30s", "how long such a node may take to answer", 10, kHour},
       [](Config& c, const Value& v) { c.search.request_timeout_ms = number(v); }},
      {{"search.connect_timeout", OptionType::kDuration, "5s", "how long connecting to such a node may take", 10,
        kHour},
       [](Config& c, const Value& v) { c.search.connect_timeout_ms = number(v); }},
      {{"search.index_prefix", OptionType::kString, "", "what the names of all indices in the cluster begin with"},
       [](Config& c, const Value& v) { c.search.index_prefix = text(v); }},
      {{"search.take_over", OptionType::kBoolean, "false",
        "whether indices that a server with another store has filled are taken from it; only when that one is gone"},
       [](Config& c, const Value& v) { c.search.takes_over = flag(v); }},
      {{"search.shards", OptionType::kInteger, "0", "primary shards of a new index; 0: as its domain says", 0, 1024},
       [](Config& c, const Value& v) { c.search.shards = smallCount(v); }},
      {{"search.replicas", OptionType::kInteger, "-1", "replicas of a new index; -1: as its domain says", -1, 100},
       [](Config& c, const Value& v) { c.search.replicas = static_cast<int>(number(v)); }},
      {{"search.username", OptionType::kString, "", "user of the cluster, for basic authentication; empty for none"},
       [](Config& c, const Value& v) { c.search.username = text(v); }},
      {{"search.password", OptionType::kString, "", "that user's password; keep the file to yourself"},
       [](Config& c, const Value& v) { c.search.password = text(v); }},
      {{"search.api_key", OptionType::kString, "", "an API key of the cluster instead, base64 as it was given out"},
       [](Config& c, const Value& v) { c.search.api_key = text(v); }},
      {{"search.ca_file", OptionType::kString, "",
        "PEM file of the authorities that sign the nodes' certificates; empty for those of the system"},
       [](Config& c, const Value& v) { c.search.ca_file = text(v); }},
      {{"search.certificate_file", OptionType::kString, "",
        "PEM file of our own certificate, when the nodes ask for one"},
       [](Config& c, const Value& v) { c.search.certificate_file = text(v); }},
      {{"search.key_file", OptionType::kString, "", "PEM file of its private key, when it is not in the same file"},
       [](Config& c, const Value& v) { c.search.key_file = text(v); }},
      {{"search.verify_certificates", OptionType::kBoolean, "true", "false takes any certificate: for tests only"},
       [](Config& c, const Value& v) { c.search.verifies_certificates = flag(v); }},
      {{"search.gzip", OptionType::kBoolean, "false",
        "whether bodies are packed on the way; worth it on slow networks"},
       [](Config& c, const Value& v) { c.search.packs_bodies = flag(v); }},
      {{"search.parallel_writes", OptionType::kInteger, "4",
        "bulk requests of one domain on their way together, at most", 1, 64},
       [](Config& c, const Value& v) { c.search.parallel_writes = count(v); }},
      {{"search.backlog_events", OptionType::kInteger, "10000000",
        "events of one domain that the cluster may be behind; more commands are answered 503; 0: no limit", 0},
       [](Config& c, const Value& v) { c.search.backlog_events = static_cast<std::uint64_t>(number(v)); }},
      {{"search.backlog_bytes", OptionType::kBytes, "4GiB", "bytes of such events, likewise; 0: no limit", 0},
       [](Config& c, const Value& v) { c.search.backlog_bytes = static_cast<std::uint64_t>(number(v)); }},
      {{"search.backlog_age", OptionType::kDuration, "0ms", "age of the oldest such event, likewise; 0ms: no limit", 0},
       [](Config& c, const Value& v) { c.search.backlog_age_ms = number(v); }},
      {{"engine.buffer", OptionType::kBytes, "64MiB", "memory of one embedded index for documents not in a segment yet",
        1 * kMiB, 64 * kGiB},
       [](Config& c, const Value& v) { c.engine.buffer_bytes = count(v); }},
      {{"readers.threads", OptionType::kInteger, "4", "threads that run queries", 1, 1024},
       [](Config& c, const Value& v) { c.readers.threads = count(v); }},
      {{"readers.queue", OptionType::kInteger, "1024", "queries waiting for a thread; one more is answered 429", 1,
        1'000'000},
       [](Config& c, const Value& v) { c.readers.queue = count(v); }},
      {{"cache.bytes", OptionType::kBytes, "64MiB", "memory for answers of queries", 0, 1024 * kGiB},
       [](Config& c, const Value& v) { c.cache.bytes = count(v); }},
      {{"cache.lifetime", OptionType::kDuration, "5m",
        "an older answer is computed anew; an index that changed makes it unreachable at once", 0, kDay},
       [](Config& c, const Value& v) { c.cache.lifetime_ms = number(v); }},
      {{"cache.shared_lifetime", OptionType::kDuration, "5s",
        "the same on a server with the role read alone, whose indices others write", 0, kDay},
       [](Config& c, const Value& v) { c.cache.shared_lifetime_ms = number(v); }},
      {{"plugins.dir", OptionType::kString, "../lib/gyre/plugins",
        "the folder of the plugins; a relative one starts at the program's"},
       [](Config& c, const Value& v) { c.plugin_folder = text(v); }},
      {{"log.level",
        OptionType::kChoice,
        "information",
        "the least severe lines that are written",
        {},
        {},
        {"debug", "information", "warning", "error"}},
       [](Config& c, const Value& v) { c.log.level = levelOf(text(v)); }},
      {{"log.format", OptionType::kChoice, "text", "how a line looks", {}, {}, {"text", "json"}},
       [](Config& c, const Value& v) { c.log.format = text(v) == "json" ? LogFormat::kJson : LogFormat::kText; }},
  };
}

std::vector<Row<Config>> makeHostRows() {
  std::vector<Row<Config>> rows = makeListenerRows();
  for (auto* make : {&makeLimitRows, &makeDataRows})
    for (Row<Config>& row : make()) rows.push_back(std::move(row));
  return rows;
}

std::vector<Row<DomainConfig>> makeDomainRows() {
  return {
      {{"enabled", OptionType::kBoolean, "true", "whether the domain is served"},
       [](DomainConfig& d, const Value& v) { d.is_enabled = flag(v); }},
      {{"bulk_size", OptionType::kInteger, "100", "documents worth a batch to the index", 1, 100'000},
       [](DomainConfig& d, const Value& v) { d.bulk_size = count(v); }},
      {{"bulk_bytes", OptionType::kBytes, "8MiB", "a batch is sent when it is as large", 64 * kKiB, 256 * kMiB},
       [](DomainConfig& d, const Value& v) { d.bulk_bytes = count(v); }},
      {{"bulk_age", OptionType::kDuration, "50ms", "a smaller batch waits no longer", 0, kMinute},
       [](DomainConfig& d, const Value& v) { d.bulk_age_ms = number(v); }},
      {{"refresh_interval", OptionType::kDuration, "30s",
        "how often what was indexed becomes searchable when nobody asks for his own write", 10, kDay},
       [](DomainConfig& d, const Value& v) { d.refresh_interval_ms = number(v); }},
      {{"commit_interval", OptionType::kDuration, "10s",
        "how often the index is made durable; until then it is filled again from the store after a crash", 100, kDay},
       [](DomainConfig& d, const Value& v) { d.commit_interval_ms = number(v); }},
      {{"commit_operations", OptionType::kInteger, "200000", "or after so many documents, whichever comes first", 1,
        100'000'000},
       [](DomainConfig& d, const Value& v) { d.commit_operations = count(v); }},
      {{"verify_interval", OptionType::kDuration, "0",
        "how often store and index are compared by a job of their own; 0 is never. What was found is in the metrics", 0,
        30 * kDay},
       [](DomainConfig& d, const Value& v) { d.verify_interval_ms = number(v); }},
      {{"retention", OptionType::kDuration, "0",
        "streams: how long records are kept; what is older goes a generation at a time. 0 is for ever", 0,
        36'500 * kDay},
       [](DomainConfig& d, const Value& v) { d.retention_ms = number(v); }},
      {{"generation_age", OptionType::kDuration, "24h",
        "streams: records go to a new generation of the index after this", 1'000, 3'650 * kDay},
       [](DomainConfig& d, const Value& v) { d.generation_age_ms = number(v); }},
      {{"generation_bytes", OptionType::kBytes, "10GiB", "streams: or when it is as large, whichever comes first",
        64 * kKiB, 1024 * 1024 * kMiB},
       [](DomainConfig& d, const Value& v) { d.generation_bytes = count(v); }},
      {{"max_backlog_bytes", OptionType::kBytes, "4GiB",
        "streams: what the log may hold that the index has not taken over; beyond it records are refused with 429",
        kMiB, 1024 * 1024 * kMiB},
       [](DomainConfig& d, const Value& v) { d.max_backlog_bytes = count(v); }},
      {{"listen", OptionType::kList, "",
        "streams: sockets for the intake that is framed as syslog, as \"tcp://127.0.0.1:5140\", "
        "\"udp://127.0.0.1:5140\""},
       [](DomainConfig& d, const Value& v) { d.listen = std::get<std::vector<std::string>>(v); }},
      {{"minute_retention", OptionType::kDuration, "0",
        "series: how long roll-ups of a minute are kept; retention is for the samples. 0 is for ever", 0,
        36'500 * kDay},
       [](DomainConfig& d, const Value& v) { d.minute_retention_ms = number(v); }},
      {{"hour_retention", OptionType::kDuration, "0", "series: the same for roll-ups of an hour", 0, 36'500 * kDay},
       [](DomainConfig& d, const Value& v) { d.hour_retention_ms = number(v); }},
      {{"out_of_order_window", OptionType::kDuration, "0",
        "series: a sample older than the newest of all by more than this is refused; 0 takes any", 0, 36'500 * kDay},
       [](DomainConfig& d, const Value& v) { d.out_of_order_ms = number(v); }},
      {scrapeOption(), [](DomainConfig& d, const Value& v) { d.scrape = readScrapeJobs(text(v)); }},
      {{"index_prefix", OptionType::kString, "",
        "what the name of the index in a cluster begins with, after search.index_prefix"},
       [](DomainConfig& d, const Value& v) { d.index_prefix = text(v); }},
  };
}

constexpr std::pair<std::string_view, std::string_view> kGroups[] = {
    {"server", "what this server does, of several over one cluster"},
    {"api", "commands, queries, events, administration, health, metrics and the console"},
    {"dialect", "the Elasticsearch and OpenSearch REST dialect"},
    {"limits", "what one client may ask of either listener"},
    {"data", "where data lies"},
    {"store", "the primary store of each domain"},
    {"search", "the search engine behind every domain"},
    {"engine", "the embedded search engine"},
    {"readers", "the threads behind the query bus"},
    {"cache", "answers of queries, kept"},
    {"plugins", "where domains come from"},
    {"log", "lines to the standard error stream"},
    {"domains", "a domain is served when its plugin is there, unless it is disabled here"},
};

}  // namespace

std::span<const Row<Config>> hostTable() {
  static const std::vector<Row<Config>> rows = makeHostRows();
  return rows;
}

std::span<const Row<DomainConfig>> domainTable() {
  static const std::vector<Row<DomainConfig>> rows = makeDomainRows();
  return rows;
}

std::string_view groupHelp(std::string_view group) {
  for (const auto& [name, help] : kGroups)
    if (name == group) return help;
  return {};
}

}  // namespace gyre::config
