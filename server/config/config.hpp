// How is this server set up? Typed options, read from one YAML file and --set key=value.
//
//   auto source = readSource(path, {"log.level=debug"});
//   load the plugins in pluginFolder(source, program_folder); declareDomain() each
//   auto config = readConfig(source, declarations);   // every fault at once
//   for (const Status& missing : checkDomains(config, names of the loaded plugins)) …
//
// An empty file is all defaults. A fault reads "gyre.yaml:3:11: api.listen: expected an address…, found \"8080\"", and
// an unknown key names the nearest known one; for an override the position is "--set api.listen". The table behind all
// this is in config.cpp; config/gyre.yaml and docs/CONFIGURATION.md are written from it.
//
// THREADS: values; reading is free.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/config/option.hpp"
#include "server/config/scrape_job.hpp"

namespace gyre::config {

enum class SearchEngineKind : std::uint8_t { kEmbedded, kOpenSearch, kElasticsearch };

// What this server does, of all that are set up over the same cluster.
struct ServerConfig {
  bool writes = false;             // commands, events, reads by id; fills the indices
  bool reads = false;              // searches
  std::vector<std::string> roles;  // as written
  std::string elsewhere;           // where what is left out is served; "" when nobody said
};

struct ApiConfig {
  Address listen;
  unsigned loops = 0;  // 0: one a core
};

struct DialectConfig {
  bool is_enabled = false;
  Address listen;
  unsigned loops = 0;  // 0: one a core
  bool has_free_indices = false;
  std::size_t max_indices = 0;  // free ones
  std::string version;          // what clients are told
  std::string distribution;     // "" for none
};

// Of both listeners; see http::Limits.
struct LimitsConfig {
  std::size_t request_line_bytes = 0, header_bytes = 0, header_count = 0;
  std::size_t body_bytes = 0, inflated_body_bytes = 0;
  std::int64_t header_timeout_ms = 0, body_timeout_ms = 0, idle_timeout_ms = 0, write_timeout_ms = 0;
  std::size_t output_bytes = 0, pipelined_requests = 0, connections = 0;
  std::int64_t shutdown_grace_ms = 0;  // for requests in flight when the server stops
};

struct StoreConfig {
  std::size_t queue_units = 0, batch_units = 0, cache_bytes = 0;
  std::int64_t receipt_lifetime_ms = 0;
};

struct SearchConfig {
  SearchEngineKind engine = SearchEngineKind::kEmbedded;
  std::optional<SearchEngineKind> shadow_engine;  // filled as well, and asked beside it
  unsigned shadow_percent = 0;                    // of queries
  // The rest when one of them is not embedded.
  std::vector<std::string> urls;  // of the nodes
  std::string index_prefix;
  unsigned shards = 0;  // 0: the domain's own
  int replicas = -1;    // -1: the domain's own
  std::string username, password, api_key;
  std::string ca_file, certificate_file, key_file;
  bool verifies_certificates = true;
  bool takes_over = false;
  bool packs_bodies = false;
  std::int64_t connect_timeout_ms = 0, request_timeout_ms = 0;
  std::size_t parallel_writes = 0;
  std::uint64_t backlog_events = 0, backlog_bytes = 0;  // 0: no limit
  std::int64_t backlog_age_ms = 0;                      // 0: no limit
};

struct EngineConfig {
  std::size_t buffer_bytes = 0;  // memory of one index's segment buffer
};

struct ReadersConfig {
  std::size_t threads = 0;  // never 0 after readConfig
  std::size_t queue = 0;
};

struct CacheConfig {
  std::size_t bytes = 0;
  std::int64_t lifetime_ms = 0;
  std::int64_t shared_lifetime_ms = 0;  // on a server that only reads
};

enum class LogFormat : std::uint8_t { kText, kJson };

struct LogConfig {
  base::Level level = base::Level::kInformation;
  LogFormat format = LogFormat::kText;
};

struct DomainConfig {
  std::string name;
  bool is_enabled = true;
  bool is_mentioned = false;  // in the file or by --set
  std::string position;       // where: "gyre.yaml:20:3"; "" when not mentioned
  std::size_t bulk_size = 0, bulk_bytes = 0;
  std::int64_t bulk_age_ms = 0, refresh_interval_ms = 0, commit_interval_ms = 0;
  std::uint64_t commit_operations = 0;
  std::int64_t verify_interval_ms = 0;  // 0: never by itself
  // Of streams.
  std::int64_t retention_ms = 0;  // 0: for ever
  std::int64_t generation_age_ms = 0;
  std::uint64_t generation_bytes = 0, max_backlog_bytes = 0;
  std::vector<std::string> listen;  // "tcp://127.0.0.1:5140", "udp://…"
  // Of series.
  std::int64_t minute_retention_ms = 0, hour_retention_ms = 0;  // of roll-ups; 0: for ever
  std::int64_t out_of_order_ms = 0;                             // 0: no limit
  std::vector<ScrapeJob> scrape;
  std::string index_prefix;  // in a cluster, after search.index_prefix
  std::string plugin_options =
      "{}";  // JSON object with every option the plugin declares; for PluginHandlers::configure
};

struct Config {
  ServerConfig server;
  ApiConfig api;
  DialectConfig dialect;
  LimitsConfig limits;
  std::string data_folder;
  std::string plugin_folder;  // as written: pluginFolder() resolves it
  StoreConfig store;
  SearchConfig search;
  EngineConfig engine;
  ReadersConfig readers;
  CacheConfig cache;
  LogConfig log;
  std::vector<DomainConfig> domains;  // the declared and the mentioned ones, by name

  // Null when it is neither declared nor mentioned.
  const DomainConfig* domain(std::string_view name) const;
};

// What a plugin says about its domain's options: the host's options with its own defaults, and its own.
struct DomainDeclaration {
  std::string name;
  std::vector<Option> host_options;
  std::vector<Option> plugin_options;
};
// `index_json`: its "settings" may carry "bulk_size" and "refresh_interval", which become defaults. `options_json`: see
// parseDeclaredOptions. A name that the host uses already is refused.
Result<DomainDeclaration> declareDomain(std::string_view name, std::string_view index_json,
                                        std::string_view options_json);

struct Override {
  std::string key, value;
};
struct Source {
  std::string file;  // as it is named in faults; "" when there is none
  std::string text;
  std::vector<Override> overrides;  // in order; the last one of a key counts
};
// `path` "" reads no file. `overrides`: "key=value" each. not_found or unavailable when the file cannot be read,
// too_large above 1 MiB, invalid_argument for an override without '='.
Result<Source> readSource(const std::string& path, const std::vector<std::string>& overrides);

// Where plugins lie, even when the rest of the configuration is at fault (then the default): they declare options, so
// they are loaded before the rest can be checked. A relative folder starts at the program's.
std::string pluginFolder(const Source& source, const std::string& program_folder);

// The configuration, or invalid_argument (reason "invalid_configuration") whose faults are all that is wrong: pointer
// is "file:line:column", detail the rest. Keys of a domain that nobody declared are not checked beyond the host's own.
Result<Config> readConfig(const Source& source, std::span<const DomainDeclaration> domains);
// The faults of such a status, a line each.
std::string faultLines(const Status& status);

// One failure for each domain that is mentioned and enabled but not among `known`; names the key and, from
// `plugin_folder`, the library expected.
std::vector<Status> checkDomains(const Config& config, std::span<const std::string> known,
                                 std::string_view plugin_folder);

// The whole table as a YAML file that sets every option to its default, with help as comments; as Markdown; and as
// plain lines for --help.
std::string referenceYaml(std::span<const DomainDeclaration> domains);
std::string referenceMarkdown(std::span<const DomainDeclaration> domains);
std::string referenceText();

}  // namespace gyre::config
