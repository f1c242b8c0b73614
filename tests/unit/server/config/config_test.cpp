#include "server/config/config.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "server/config/option_table.hpp"

namespace gyre::config {

namespace {

constexpr const char* kPaymentsIndex = R"({"settings":{"bulk_size":250,"refresh_interval":"10s"},"mappings":{}})";

std::vector<DomainDeclaration> payments(const char* options = "[]") {
  std::vector<DomainDeclaration> declared;
  declared.push_back(std::move(declareDomain("payments", kPaymentsIndex, options)).value());
  return declared;
}

Source sourceOf(std::string text, std::vector<Override> overrides = {}) {
  return {"gyre.yaml", std::move(text), std::move(overrides)};
}

Config read(std::string text, std::vector<Override> overrides = {},
            const std::vector<DomainDeclaration>& domains = payments()) {
  auto config = readConfig(sourceOf(std::move(text), std::move(overrides)), domains);
  CPPUNIT_ASSERT_MESSAGE(faultLines(config.status()), config.isOk());
  return std::move(config).value();
}

std::string faults(std::string text, std::vector<Override> overrides = {},
                   const std::vector<DomainDeclaration>& domains = payments()) {
  const auto config = readConfig(sourceOf(std::move(text), std::move(overrides)), domains);
  if (!config.isOk()) CPPUNIT_ASSERT_EQUAL(std::string("invalid_configuration"), std::string(config.status().reason()));
  return faultLines(config.status());
}

}  // namespace

class ConfigTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ConfigTest);
  CPPUNIT_TEST(everyDefaultPassesItsOwnChecks);
  CPPUNIT_TEST(emptyFileIsAllDefaults);
  CPPUNIT_TEST(theFixedKeysAreRead);
  CPPUNIT_TEST(everyKindOfValueArrives);
  CPPUNIT_TEST(allFaultsComeAtOnceInOrder);
  CPPUNIT_TEST(unknownKeysNameTheNearest);
  CPPUNIT_TEST(misplacedShapesAreFaults);
  CPPUNIT_TEST(nullsAreFaultsForOptionsButNotForGroups);
  CPPUNIT_TEST(overridesWinAndAreChecked);
  CPPUNIT_TEST(overrideSyntaxIsChecked);
  CPPUNIT_TEST(domainsTakeDefaultsOfTheirPlugin);
  CPPUNIT_TEST(pluginOptionsAreMerged);
  CPPUNIT_TEST(pluginOptionsOfUnknownDomainsAreLeft);
  CPPUNIT_TEST(brokenDeclarationsOfDomainsAreRefused);
  CPPUNIT_TEST(missingPluginsAreNamed);
  CPPUNIT_TEST(optionsAreCheckedTogether);
  CPPUNIT_TEST(rolesFitTheEngine);
  CPPUNIT_TEST(aShadowIsAnotherEngine);
  CPPUNIT_TEST(pluginFolderIsFoundInABrokenFile);
  CPPUNIT_TEST(filesAreRead);
  CPPUNIT_TEST(terminalCodesDoNotReachMessages);
  CPPUNIT_TEST_SUITE_END();

 public:
  void everyDefaultPassesItsOwnChecks() {
    const auto check = [](const Option& option) {
      const auto value = readBareValue(option, option.default_text);
      CPPUNIT_ASSERT_MESSAGE(option.name + ": " + std::string(value.status().message()), value.isOk());
      CPPUNIT_ASSERT_MESSAGE(option.name, !option.help.empty() && option.help.back() != '.');
    };
    for (const auto& row : hostTable()) {
      check(row.option);
      CPPUNIT_ASSERT_MESSAGE(row.option.name, !groupHelp(row.option.name.substr(0, row.option.name.find('.'))).empty());
    }
    for (const auto& row : domainTable()) check(row.option);
  }

  void emptyFileIsAllDefaults() {
    for (const char* const text : {"", "# nothing\n", "---\n", "{}\n", "api:\n", "domains:\n"}) {
      const Config config = read(text);
      CPPUNIT_ASSERT_EQUAL(std::string("127.0.0.1:8080"), config.api.listen.text());
      CPPUNIT_ASSERT_EQUAL(std::string("127.0.0.1:9200"), config.dialect.listen.text());
      CPPUNIT_ASSERT(config.dialect.is_enabled && !config.dialect.has_free_indices);
      CPPUNIT_ASSERT_EQUAL(std::string("./data"), config.data_folder);
      CPPUNIT_ASSERT(config.search.engine == SearchEngineKind::kEmbedded);
      CPPUNIT_ASSERT_EQUAL(std::size_t{64} << 20, config.cache.bytes);
      CPPUNIT_ASSERT_EQUAL(std::int64_t{300'000}, config.cache.lifetime_ms);
      CPPUNIT_ASSERT_EQUAL(std::size_t{1}, config.domains.size());
      CPPUNIT_ASSERT(config.domains[0].is_enabled && !config.domains[0].is_mentioned);
    }
  }

  void theFixedKeysAreRead() {
    const Config config = read(R"(api:     { listen: 127.0.0.1:8080 }
dialect: { listen: 127.0.0.1:9200, enabled: true, free_indices: false }
data:    { dir: ./data }
search:
  engine: embedded                 # or opensearch, elasticsearch
  urls: [ "http://127.0.0.1:9210" ]
domains:
  payments: { enabled: true }
  invoices: { enabled: true }
  logs:     { enabled: true }
  metrics:  { enabled: true }
)");
    CPPUNIT_ASSERT_EQUAL(std::size_t{4}, config.domains.size());
    CPPUNIT_ASSERT_EQUAL(std::string("gyre.yaml:9:3"), config.domain("invoices")->position);
    CPPUNIT_ASSERT(config.domain("nothing") == nullptr);
  }

  void everyKindOfValueArrives() {
    const Config config = read(R"(api: {listen: "[::1]:81", loops: 3}
dialect: {enabled: false, listen: "localhost:0", loops: 2, free_indices: true}
limits: {body: 1MiB, header_timeout: 3s, header_count: 20, inflated_body: 2MiB, connections: 7, shutdown_grace: 0s}
data: {dir: /srv/gyre}
store: {queue: 17, batch: 5, cache: 0, receipt_lifetime: 2d}
search: {engine: opensearch, urls: ["http://a:9200", 'http://[::1]:9201/'], request_timeout: 1s}
engine: {buffer: 8MiB}
readers: {threads: 2, queue: 9}
cache: {bytes: 0, lifetime: 0}
plugins: {dir: plugins}
log: {level: debug, format: json}
domains: {payments: {enabled: false, bulk_size: 7, bulk_bytes: 64KiB, bulk_age: 0, refresh_interval: 1s, commit_interval: 2s, commit_operations: 3, verify_interval: 1h}}
)");
    CPPUNIT_ASSERT_EQUAL(std::string("[::1]:81"), config.api.listen.text());
    CPPUNIT_ASSERT_EQUAL(3u, config.api.loops);
    CPPUNIT_ASSERT(!config.dialect.is_enabled && config.dialect.has_free_indices && config.dialect.loops == 2);
    CPPUNIT_ASSERT_EQUAL(std::uint16_t{0}, config.dialect.listen.port);
    CPPUNIT_ASSERT_EQUAL(std::size_t{1} << 20, config.limits.body_bytes);
    CPPUNIT_ASSERT_EQUAL(std::size_t{2} << 20, config.limits.inflated_body_bytes);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{3'000}, config.limits.header_timeout_ms);
    CPPUNIT_ASSERT(config.limits.header_count == 20 && config.limits.connections == 7 &&
                   config.limits.shutdown_grace_ms == 0);
    CPPUNIT_ASSERT_EQUAL(std::string("/srv/gyre"), config.data_folder);
    CPPUNIT_ASSERT(config.store.queue_units == 17 && config.store.batch_units == 5 && config.store.cache_bytes == 0);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{2 * 86'400'000}, config.store.receipt_lifetime_ms);
    CPPUNIT_ASSERT(config.search.engine == SearchEngineKind::kOpenSearch && config.search.urls.size() == 2);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{1'000}, config.search.request_timeout_ms);
    CPPUNIT_ASSERT_EQUAL(std::size_t{8} << 20, config.engine.buffer_bytes);
    CPPUNIT_ASSERT(config.readers.threads == 2 && config.readers.queue == 9);
    CPPUNIT_ASSERT(config.cache.bytes == 0 && config.cache.lifetime_ms == 0);
    CPPUNIT_ASSERT_EQUAL(std::string("plugins"), config.plugin_folder);
    CPPUNIT_ASSERT(config.log.level == base::Level::kDebug && config.log.format == LogFormat::kJson);
    const DomainConfig& domain = config.domains.at(0);
    CPPUNIT_ASSERT(!domain.is_enabled && domain.bulk_size == 7 && domain.bulk_bytes == 65'536 &&
                   domain.bulk_age_ms == 0);
    CPPUNIT_ASSERT(domain.refresh_interval_ms == 1'000 && domain.commit_interval_ms == 2'000 &&
                   domain.commit_operations == 3 && domain.verify_interval_ms == 3'600'000);
  }

  void allFaultsComeAtOnceInOrder() {
    CPPUNIT_ASSERT_EQUAL(
        std::string(
            "gyre.yaml:2:11: api.listen: expected an address like 127.0.0.1:8080 or [::1]:8080, found \"8080\"\n"
            "gyre.yaml:3:3: api.listen: expected one, found a second; the first is at line 2\n"
            "gyre.yaml:4:1: dialct: unknown key, did you mean \"dialect\"?\n"
            "gyre.yaml:5:20: dialect.enabled: expected true or false, found \"yes\"\n"
            "gyre.yaml:6:20: readers.threads: expected a whole number from 1 to 1024, found \"010\"\n"
            "gyre.yaml:6:32: readers.queue: expected a whole number from 1 to 1000000, found \"0\"\n"
            "gyre.yaml:7:18: search.engine: expected one of embedded, opensearch, elasticsearch, found \"lucene\"\n"
            "--set log.levle: unknown key, did you mean \"log.level\"?\n"),
        faults("api:\n  listen: 8080\n  listen: 9090\ndialct: {}\ndialect: {enabled: yes}\nreaders: {threads: 010, "
               "queue: 0}\nsearch: {engine: lucene}\n",
               {{"log.levle", "debug"}}));
  }

  void unknownKeysNameTheNearest() {
    CPPUNIT_ASSERT_EQUAL(std::string("gyre.yaml:1:7: api.lisen: unknown key, did you mean \"api.listen\"?\n"),
                         faults("api: {lisen: 1}\n"));
    CPPUNIT_ASSERT_EQUAL(std::string("gyre.yaml:1:8: data.dirr: unknown key, did you mean \"data.dir\"?\n"),
                         faults("data: {dirr: x}\n"));
    CPPUNIT_ASSERT_EQUAL(
        std::string(
            "gyre.yaml:1:22: domains.payments.bulksize: unknown key, did you mean \"domains.payments.bulk_size\"?\n"),
        faults("domains: {payments: {bulksize: 5}}\n"));
    CPPUNIT_ASSERT_EQUAL(std::string("gyre.yaml:1:1: entirely: unknown key\n"), faults("entirely: 5\n"));
    CPPUNIT_ASSERT_EQUAL(
        std::string("gyre.yaml:1:1: api.listen: unknown key, did you mean \"api.listen\"?\n").substr(0, 40),
        faults("api.listen: a:1\n").substr(0, 40));
  }

  void misplacedShapesAreFaults() {
    CPPUNIT_ASSERT_EQUAL(std::string("gyre.yaml:1:1: expected a map of options, found a list\n"), faults("[a]\n"));
    CPPUNIT_ASSERT_EQUAL(std::string("gyre.yaml:1:1: expected a map of options, found a single value\n"),
                         faults("word\n"));
    CPPUNIT_ASSERT_EQUAL(std::string("gyre.yaml:1:6: api: expected a map of options, found a single value\n"),
                         faults("api: 5\n"));
    CPPUNIT_ASSERT_EQUAL(
        std::string("gyre.yaml:1:15: api.listen: expected an address like 127.0.0.1:8080 or [::1]:8080, found a map\n"),
        faults("api: {listen: {a: 1}}\n"));
    CPPUNIT_ASSERT_EQUAL(
        std::string("gyre.yaml:1:16: search.urls: expected a list of texts like [a, b], found a single value\n"),
        faults("search: {urls: a}\n"));
    CPPUNIT_ASSERT_EQUAL(
        std::string("gyre.yaml:1:20: search.urls: expected text, found \"5\" (put it in quotes to mean text)\n"),
        faults("search: {urls: [a, 5]}\n"));
    CPPUNIT_ASSERT_EQUAL(std::string("gyre.yaml:1:17: search.urls: expected text, found a list\n"),
                         faults("search: {urls: [[a]]}\n"));
    CPPUNIT_ASSERT_EQUAL(std::string("gyre.yaml:1:10: domains: expected a map of domains, found a list\n"),
                         faults("domains: [payments]\n"));
    CPPUNIT_ASSERT_EQUAL(
        std::string("gyre.yaml:1:21: domains.payments: expected a map of options, found a single value\n"),
        faults("domains: {payments: true}\n"));
    CPPUNIT_ASSERT_EQUAL(
        std::string(
            "gyre.yaml:1:11: domains.Pay: expected the name of a domain: lower-case letters, digits and underscores\n"),
        faults("domains: {Pay: {}}\n"));
  }

  void nullsAreFaultsForOptionsButNotForGroups() {
    CPPUNIT_ASSERT(faults("api:\n  listen:\n")
                       .find("api.listen: expected an address like 127.0.0.1:8080 or [::1]:8080, found nothing") !=
                   std::string::npos);
    CPPUNIT_ASSERT(
        faults("search:\n  urls:\n").find("search.urls: expected a list of texts like [a, b], found nothing") !=
        std::string::npos);
    CPPUNIT_ASSERT_EQUAL(std::string(), faults("domains:\n  payments:\n"));
  }

  void overridesWinAndAreChecked() {
    const Config config = read("log: {level: debug}\n", {{"log.level", "warning"},
                                                         {"log.level", "error"},
                                                         {"search.urls", "http://a:1,http://b:2"},
                                                         {"data.dir", "123"},
                                                         {"domains.payments.enabled", "false"},
                                                         {"domains.logs.enabled", "false"}});
    CPPUNIT_ASSERT(config.log.level == base::Level::kError);
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, config.search.urls.size());
    CPPUNIT_ASSERT_EQUAL(std::string("123"), config.data_folder);
    CPPUNIT_ASSERT(!config.domain("payments")->is_enabled);
    CPPUNIT_ASSERT_EQUAL(std::string("--set domains.logs.enabled"), config.domain("logs")->position);
    CPPUNIT_ASSERT_EQUAL(
        std::string("--set dialect.enabled: expected true or false, found \"yes\"\n"
                    "--set cache.bytes: expected a size like 4096, 64KiB or 8MiB from 0B to 1TiB, found \"64MB\"\n"
                    "--set domains: expected a key like domains.NAME.enabled\n"),
        faults("", {{"dialect.enabled", "yes"}, {"cache.bytes", "64MB"}, {"domains", "x"}}));
  }

  void overrideSyntaxIsChecked() {
    for (const char* const given : {"log.level", "=x", ""})
      CPPUNIT_ASSERT_MESSAGE(given, !readSource("", {given}).isOk());
    const auto source = readSource("", {"data.dir=a=b"});
    CPPUNIT_ASSERT_EQUAL(std::string("a=b"), source->overrides.at(0).value);
    for (const char* const key : {"domains.", "domains.payments", "domains.payments.", "domains.P.enabled",
                                  "domains..enabled", "api", "", "domainsx.a.b"})
      CPPUNIT_ASSERT_MESSAGE(key, !faults("", {{key, "true"}}).empty());
  }

  void domainsTakeDefaultsOfTheirPlugin() {
    const Config config = read("domains: {logs: {enabled: false}}\n");
    CPPUNIT_ASSERT_EQUAL(std::size_t{250}, config.domain("payments")->bulk_size);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{10'000}, config.domain("payments")->refresh_interval_ms);
    CPPUNIT_ASSERT_EQUAL(std::size_t{100}, config.domain("logs")->bulk_size);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{30'000}, config.domain("logs")->refresh_interval_ms);
  }

  void pluginOptionsAreMerged() {
    const auto declared =
        payments(R"([{"name":"page_size","type":"integer","default":10,"help":"h","minimum":1,"maximum":100},
                                       {"name":"window","type":"duration","default":"1h","help":"h"},
                                       {"name":"currencies","type":"list","default":["EUR"],"help":"h"}])");
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"page_size":10,"window":3600000,"currencies":["EUR"]})"),
                         read("", {}, declared).domains[0].plugin_options);
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"page_size":20,"window":5000,"currencies":["USD","CHF"]})"),
                         read("domains: {payments: {page_size: 20, currencies: [USD, CHF]}}\n",
                              {{"domains.payments.window", "5s"}}, declared)
                             .domains[0]
                             .plugin_options);
    CPPUNIT_ASSERT_EQUAL(
        std::string(
            "gyre.yaml:1:33: domains.payments.page_size: expected a whole number from 1 to 100, found \"101\"\n"
            "gyre.yaml:1:38: domains.payments.pagesize: unknown key, did you mean \"domains.payments.page_size\"?\n"),
        faults("domains: {payments: {page_size: 101, pagesize: 1}}\n", {}, declared));
  }

  void pluginOptionsOfUnknownDomainsAreLeft() {
    CPPUNIT_ASSERT_EQUAL(std::string(), faults("domains: {logs: {colour: red}}\n", {{"domains.logs.shape", "round"}}));
    CPPUNIT_ASSERT(!faults("domains: {logs: {enabled: yes}}\n").empty());
    CPPUNIT_ASSERT_EQUAL(std::string("{}"), read("domains: {logs: {colour: red}}\n").domain("logs")->plugin_options);
  }

  void brokenDeclarationsOfDomainsAreRefused() {
    CPPUNIT_ASSERT(!declareDomain("a", "{", "[]").isOk());
    CPPUNIT_ASSERT(!declareDomain("a", R"({"settings":{"bulk_size":0}})", "[]").isOk());
    CPPUNIT_ASSERT(!declareDomain("a", R"({"settings":{"refresh_interval":"soon"}})", "[]").isOk());
    CPPUNIT_ASSERT(!declareDomain("a", "{}", "{}").isOk());
    CPPUNIT_ASSERT_EQUAL(
        std::string("a: options: \"bulk_size\" is an option of the host"),
        std::string(declareDomain("a", "{}", R"([{"name":"bulk_size","type":"integer","default":1,"help":"h"}])")
                        .status()
                        .message()));
  }

  void missingPluginsAreNamed() {
    const Config config = read("domains:\n  payments: {}\n  paymnts: {}\n  logs: {enabled: false}\n  metrics: {}\n");
    const std::vector<std::string> known = {"payments"};
    const std::vector<Status> missing = checkDomains(config, known, "/lib/gyre");
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, missing.size());
    CPPUNIT_ASSERT_EQUAL(std::string("gyre.yaml:5:3: domains.metrics: expected the plugin /lib/gyre/metrics.so, found "
                                     "none that serves this domain"),
                         std::string(missing[0].message()));
    CPPUNIT_ASSERT(missing[1].message().ends_with("did you mean \"payments\"?"));
  }

  void optionsAreCheckedTogether() {
    CPPUNIT_ASSERT_EQUAL(std::string("gyre.yaml:1:19: dialect.listen: expected another address than api.listen, found "
                                     "127.0.0.1:8080 for both\n"),
                         faults("dialect: {listen: \"127.0.0.1:8080\"}\n"));
    CPPUNIT_ASSERT_EQUAL(std::string(), faults("dialect: {listen: \"127.0.0.1:8080\", enabled: false}\n"));
    CPPUNIT_ASSERT_EQUAL(std::string(), faults("dialect: {listen: \"127.0.0.1:0\"}\napi: {listen: \"127.0.0.1:0\"}\n"));
    CPPUNIT_ASSERT(!faults("search: {engine: opensearch, urls: []}\n").empty());
    for (const char* const url : {"ftp://a:1", "a:1", "http://a", "http://a:0", "https://", "http://u:secret@a:1"}) {
      const std::string found = faults(std::string("search: {engine: opensearch, urls: ['") + url + "']}\n");
      CPPUNIT_ASSERT_MESSAGE(url, !found.empty() && found.find("secret") == std::string::npos);
    }
    CPPUNIT_ASSERT_EQUAL(std::string(), faults("search: {engine: elasticsearch, urls: ['https://a.b:1/path/', "
                                               "'http://[::1]:1'], username: u, password: p, "
                                               "ca_file: a, certificate_file: b, key_file: c}\n"));
    for (const char* const more : {"username: u, api_key: k", "password: p", "key_file: c"})
      CPPUNIT_ASSERT_MESSAGE(more, !faults(std::string("search: {engine: opensearch, ") + more + "}\n").empty());
    CPPUNIT_ASSERT(!faults("data: {dir: ''}\n").empty());
    CPPUNIT_ASSERT(!faults("limits: {body: 128MiB}\n").empty());
  }

  void rolesFitTheEngine() {
    const std::string cluster = "search: {engine: opensearch}\n";
    for (const char* const roles : {"[write]", "[read]", "[read, write]"})
      CPPUNIT_ASSERT_EQUAL(std::string(), faults(cluster + "server: {roles: " + roles + "}\n"));
    CPPUNIT_ASSERT_EQUAL(std::string(), faults("server: {roles: [write]}\n"));
    const std::string local = faults("server: {roles: [read]}\n");
    CPPUNIT_ASSERT_MESSAGE(local, local.starts_with("gyre.yaml:1:17: server.roles: the role read alone"));
    CPPUNIT_ASSERT_MESSAGE(local, local.find("found embedded") != std::string::npos);
    CPPUNIT_ASSERT_EQUAL(std::string("gyre.yaml:1:17: server.roles: expected write, read or both, found none\n"),
                         faults("server: {roles: []}\n"));
    CPPUNIT_ASSERT_EQUAL(std::string("gyre.yaml:1:17: server.roles: expected write, read or both, found \"reed\"\n"),
                         faults("server: {roles: [write, reed]}\n"));
  }

  void aShadowIsAnotherEngine() {
    CPPUNIT_ASSERT_EQUAL(std::string(), faults("search: {engine: opensearch, shadow_engine: embedded}\n"));
    CPPUNIT_ASSERT_EQUAL(std::string(), faults("search: {shadow_engine: elasticsearch}\n"));
    CPPUNIT_ASSERT_EQUAL(
        std::string("gyre.yaml:1:25: search.shadow_engine: expected opensearch or elasticsearch beside "
                    "search.engine embedded, found embedded\n"),
        faults("search: {shadow_engine: embedded}\n"));
    const std::string two = faults("search: {engine: opensearch, shadow_engine: elasticsearch}\n");
    CPPUNIT_ASSERT_MESSAGE(two, two.find("found another cluster") != std::string::npos);
    const std::string nowhere = faults("search: {shadow_engine: opensearch, urls: []}\n");
    CPPUNIT_ASSERT_MESSAGE(nowhere, nowhere.find("search.urls: expected at least one address") != std::string::npos);
    const std::string reader =
        faults("server: {roles: [read]}\nsearch: {engine: opensearch, shadow_engine: embedded}\n");
    CPPUNIT_ASSERT_MESSAGE(reader, reader.find("filled from the store") != std::string::npos);
  }

  void pluginFolderIsFoundInABrokenFile() {
    CPPUNIT_ASSERT_EQUAL(std::string("/opt/lib/gyre/plugins"), pluginFolder(sourceOf(""), "/opt/bin"));
    CPPUNIT_ASSERT_EQUAL(std::string("/opt/lib/gyre/plugins"), pluginFolder(sourceOf("a: ["), "/opt/bin"));
    CPPUNIT_ASSERT_EQUAL(std::string("/x"), pluginFolder(sourceOf("plugins: {dir: /x}\nfault: 1\n"), "/opt/bin"));
    CPPUNIT_ASSERT_EQUAL(std::string("/opt/bin/x"),
                         pluginFolder(sourceOf("plugins: {dir: /y}\n", {{"plugins.dir", "x"}}), "/opt/bin"));
  }

  void filesAreRead() {
    namespace fs = std::filesystem;
    const fs::path folder = fs::temp_directory_path() / ("gyre_config_test_" + std::to_string(getpid()));
    fs::create_directories(folder);
    const std::string file = (folder / "gyre.yaml").string();
    std::ofstream(file) << "api: {loops: 5}\n";
    const auto source = readSource(file, {});
    CPPUNIT_ASSERT_EQUAL(5u, std::move(readConfig(*source, {})).value().api.loops);
    CPPUNIT_ASSERT(readSource((folder / "absent.yaml").string(), {}).status().code() == Code::kNotFound);
    CPPUNIT_ASSERT(readSource((folder / "absent.yaml").string(), {}).status().message().find("absent.yaml") !=
                   std::string::npos);
    CPPUNIT_ASSERT(readSource(folder.string(), {}).status().code() == Code::kUnavailable);
    std::ofstream(file) << std::string((1 << 20) + 1, '#');
    CPPUNIT_ASSERT(readSource(file, {}).status().code() == Code::kTooLarge);
    std::ofstream(file) << std::string(1 << 20, '#');
    CPPUNIT_ASSERT(readSource(file, {}).isOk());
    fs::remove_all(folder);
  }

  void terminalCodesDoNotReachMessages() {
    const std::string lines = faults("\"\\e[31mred\": 1\napi: {listen: \"\\e]0;x\\a\"}\n", {{"\x1b[0m", "x"}});
    CPPUNIT_ASSERT(!lines.empty());
    CPPUNIT_ASSERT(lines.find('\x1b') == std::string::npos && lines.find('\a') == std::string::npos);
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ConfigTest);

}  // namespace gyre::config
