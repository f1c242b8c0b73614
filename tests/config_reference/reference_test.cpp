#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "server/config/config.hpp"
#include "server/config/option_table.hpp"
#include "tests/config_reference/shipped_domains.hpp"

namespace gyre::config {

namespace {

std::string contentsOf(const std::string& path) {
  std::ifstream file(std::string(GYRE_SOURCE_DIR) + "/" + path);
  CPPUNIT_ASSERT_MESSAGE(path, file.good());
  return {(std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>()};
}

std::vector<DomainDeclaration> domains() {
  auto shipped = shippedDomains();
  CPPUNIT_ASSERT_MESSAGE(std::string(shipped.status().message()), shipped.isOk());
  return std::move(*shipped);
}

Result<Config> readText(const std::string& text) { return readConfig({"gyre.yaml", text, {}}, domains()); }

}  // namespace

class ReferenceTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ReferenceTest);
  CPPUNIT_TEST(shippedFilesAreWrittenFromTheTable);
  CPPUNIT_TEST(shippedFileNamesEveryOptionWithDefaultAndHelp);
  CPPUNIT_TEST(shippedFileMeansTheDefaults);
  CPPUNIT_TEST(developmentFileIsAccepted);
  CPPUNIT_TEST(everyReferenceHoldsEveryOption);
  CPPUNIT_TEST_SUITE_END();

 public:
  void shippedFilesAreWrittenFromTheTable() {
    CPPUNIT_ASSERT_EQUAL_MESSAGE("run: cmake --build … --target config_reference", referenceYaml(domains()),
                                 contentsOf("config/gyre.yaml"));
    CPPUNIT_ASSERT_EQUAL_MESSAGE("run: cmake --build … --target config_reference", referenceMarkdown(domains()),
                                 contentsOf("docs/CONFIGURATION.md"));
  }

  void shippedFileNamesEveryOptionWithDefaultAndHelp() {
    const std::string text = contentsOf("config/gyre.yaml");
    const auto check = [&](const std::string& name, const Option& option) {
      const std::size_t setting = text.find(" " + name + ": " + defaultYaml(option) + "\n");
      CPPUNIT_ASSERT_MESSAGE(option.name, setting != std::string::npos);
      CPPUNIT_ASSERT_MESSAGE(option.name, text.find("# " + option.help) != std::string::npos);
    };
    for (const auto& row : hostTable()) check(row.option.name.substr(row.option.name.find('.') + 1), row.option);
    for (const DomainDeclaration& domain : domains())
      for (const Option& option : domain.host_options) check(option.name, option);
  }

  // Every member: a default that the file misquotes would show as another configuration.
  void shippedFileMeansTheDefaults() {
    const auto shipped = readText(contentsOf("config/gyre.yaml"));
    CPPUNIT_ASSERT_MESSAGE(faultLines(shipped.status()), shipped.isOk());
    const auto plain = readText("");
    CPPUNIT_ASSERT(shipped->api.listen == plain->api.listen && shipped->dialect.listen == plain->dialect.listen);
    CPPUNIT_ASSERT_EQUAL(plain->data_folder, shipped->data_folder);
    CPPUNIT_ASSERT_EQUAL(plain->plugin_folder, shipped->plugin_folder);
    CPPUNIT_ASSERT(plain->search.urls == shipped->search.urls && plain->search.engine == shipped->search.engine);
    CPPUNIT_ASSERT_EQUAL(plain->limits.body_bytes, shipped->limits.body_bytes);
    CPPUNIT_ASSERT_EQUAL(plain->limits.idle_timeout_ms, shipped->limits.idle_timeout_ms);
    CPPUNIT_ASSERT_EQUAL(plain->store.receipt_lifetime_ms, shipped->store.receipt_lifetime_ms);
    CPPUNIT_ASSERT_EQUAL(plain->cache.bytes, shipped->cache.bytes);
    CPPUNIT_ASSERT_EQUAL(plain->domains.size(), shipped->domains.size());
    for (const DomainConfig& domain : plain->domains) {
      const DomainConfig* const same = shipped->domain(domain.name);
      CPPUNIT_ASSERT_MESSAGE(domain.name, same != nullptr);
      CPPUNIT_ASSERT_EQUAL(domain.bulk_size, same->bulk_size);
      CPPUNIT_ASSERT_EQUAL(domain.refresh_interval_ms, same->refresh_interval_ms);
      CPPUNIT_ASSERT_EQUAL(domain.plugin_options, same->plugin_options);
    }
  }

  void developmentFileIsAccepted() {
    const auto config = readText(contentsOf("config/gyre.dev.yaml"));
    CPPUNIT_ASSERT_MESSAGE(faultLines(config.status()), config.isOk());
    CPPUNIT_ASSERT(config->log.level == base::Level::kDebug);
  }

  void everyReferenceHoldsEveryOption() {
    const std::string text = referenceText();
    const std::string markdown = referenceMarkdown({});
    for (const auto& row : hostTable()) {
      CPPUNIT_ASSERT_MESSAGE(row.option.name, text.find("  " + row.option.name + ": ") != std::string::npos);
      CPPUNIT_ASSERT_MESSAGE(row.option.name, markdown.find("| `" + row.option.name + "` | `" +
                                                            defaultYaml(row.option) + "` |") != std::string::npos);
    }
    for (const auto& row : domainTable()) {
      CPPUNIT_ASSERT_MESSAGE(row.option.name,
                             text.find("  domains.NAME." + row.option.name + ": ") != std::string::npos);
      CPPUNIT_ASSERT_MESSAGE(row.option.name,
                             markdown.find("| `domains.NAME." + row.option.name + "` |") != std::string::npos);
    }
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ReferenceTest);

}  // namespace gyre::config
