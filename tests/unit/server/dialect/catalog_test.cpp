#include "server/dialect/catalog.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

#include "tests/support/temp_folder.hpp"

namespace gyre::dialect {

class CatalogTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(CatalogTest);
  CPPUNIT_TEST(aNameIsTakenOnce);
  CPPUNIT_TEST(namesAreChecked);
  CPPUNIT_TEST(expressionsName);
  CPPUNIT_TEST(missingIndicesAreNamed);
  CPPUNIT_TEST(filteredAliasesCarryTheirFilter);
  CPPUNIT_TEST(writesGoToTheWriteIndex);
  CPPUNIT_TEST(everythingIsThereAfterARestart);
  CPPUNIT_TEST(withoutFreeIndicesNoneIsMade);
  CPPUNIT_TEST(aDomainsIndexIsNotRemoved);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override { open(); }
  void tearDown() override { catalog_.reset(); }

 private:
  using Aliases = std::map<std::string, Alias, std::less<>>;

  void open(bool has_free_indices = true) {
    catalog_.reset();
    Catalog::Options options;
    options.folder = (folder_.path() / "free").string();
    options.has_free_indices = has_free_indices;
    auto opened = Catalog::open(std::move(options), clock_, observer_);
    CPPUNIT_ASSERT_MESSAGE(std::string(opened.status().message()), opened.isOk());
    catalog_ = std::move(opened).value();
  }
  IndexPtr make(std::string_view name, Aliases aliases = {}) {
    auto made =
        catalog_->create(name, {{}, R"({"dynamic":false,"properties":{"n":{"type":"long"}}})", std::move(aliases)});
    CPPUNIT_ASSERT_MESSAGE(std::string(made.status().message()), made.isOk());
    return std::move(made).value();
  }
  std::string names(std::string_view expression, const ResolveOptions& options = {}) {
    const auto resolved = catalog_->resolve(expression, options);
    if (!resolved.isOk()) return std::string(resolved.status().reason());
    std::string list;
    for (const Resolved& each : resolved.value()) list += (list.empty() ? "" : ",") + each.index->name;
    return list;
  }

  void aNameIsTakenOnce() {
    make("a");
    CPPUNIT_ASSERT_EQUAL(std::string("resource_already_exists_exception"),
                         std::string(catalog_->create("a", {}).status().reason()));
    CPPUNIT_ASSERT(catalog_->remove({catalog_->resolveOne("a").value()}).isOk());
    CPPUNIT_ASSERT_EQUAL(std::string("index_not_found_exception"),
                         std::string(catalog_->resolveOne("a").status().reason()));
    make("a");
  }

  void namesAreChecked() {
    for (const std::string name : {"", "A", "_a", "-a", "a b", "a/b", "a*", "a:b", ".", "..", "a#b"})
      CPPUNIT_ASSERT_EQUAL_MESSAGE(name, std::string("invalid_index_name_exception"),
                                   std::string(catalog_->create(name, {}).status().reason()));
    CPPUNIT_ASSERT(!catalog_->create(std::string(256, 'a'), {}).isOk());
    make(std::string(255, 'a'));
    make("größe-2024.01");
  }

  void expressionsName() {
    for (const std::string_view name : {"logs-1", "logs-2", "pay"}) make(name);
    Settings hidden;
    hidden.set("index.hidden", "true");
    CPPUNIT_ASSERT(catalog_->create(".hidden", {hidden, "", {}}).isOk());
    CPPUNIT_ASSERT_EQUAL(std::string("logs-1,logs-2,pay"), names(""));
    CPPUNIT_ASSERT_EQUAL(std::string("logs-1,logs-2,pay"), names("_all"));
    CPPUNIT_ASSERT_EQUAL(std::string("logs-1,logs-2"), names("logs*"));
    CPPUNIT_ASSERT_EQUAL(std::string("logs-2,pay"), names("*,-logs-1"));
    CPPUNIT_ASSERT_EQUAL(std::string("pay"), names("pay,pay"));
    CPPUNIT_ASSERT_EQUAL(std::string(".hidden"), names(".hid*"));
    CPPUNIT_ASSERT_EQUAL(std::string(""), names("x*"));
    CPPUNIT_ASSERT(catalog_->setClosed("logs-1", true).isOk());
    CPPUNIT_ASSERT_EQUAL(std::string("logs-2"), names("logs*"));
    CPPUNIT_ASSERT_EQUAL(std::string("index_closed_exception"), names("logs-1"));
    CPPUNIT_ASSERT(catalog_->setClosed("logs-1", false).isOk());
    CPPUNIT_ASSERT_EQUAL(std::string("logs-1"), names("logs-1"));
  }

  void missingIndicesAreNamed() {
    make("a");
    ResolveOptions options;
    CPPUNIT_ASSERT_EQUAL(std::string("index_not_found_exception"), names("a,b"));
    options.ignores_unavailable = true;
    CPPUNIT_ASSERT_EQUAL(std::string("a"), names("a,b", options));
    options.allows_none = false;
    CPPUNIT_ASSERT_EQUAL(std::string("index_not_found_exception"), names("x*", options));
  }

  void filteredAliasesCarryTheirFilter() {
    Alias filtered;
    filtered.filter = R"({"term":{"n":1}})";
    make("a", {{"one", filtered}, {"all", Alias()}});
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, catalog_->resolve("one", {}).value().front().filters.size());
    CPPUNIT_ASSERT_EQUAL(std::size_t{0}, catalog_->resolve("all", {}).value().front().filters.size());
    // Named itself too, it shows everything.
    CPPUNIT_ASSERT_EQUAL(std::size_t{0}, catalog_->resolve("one,a", {}).value().front().filters.size());
  }

  void writesGoToTheWriteIndex() {
    Alias writes;
    writes.is_write_index = true;
    make("a-1", {{"a", Alias()}});
    CPPUNIT_ASSERT_EQUAL(std::string("a-1"), catalog_->forWrite("a").value()->name);
    make("a-2", {{"a", writes}});
    CPPUNIT_ASSERT_EQUAL(std::string("a-2"), catalog_->forWrite("a").value()->name);
    CPPUNIT_ASSERT_EQUAL(std::string("new"), catalog_->forWrite("new").value()->name);
    CPPUNIT_ASSERT_EQUAL(std::string("index_not_found_exception"),
                         std::string(catalog_->forWrite("newer", false).status().reason()));
  }

  void everythingIsThereAfterARestart() {
    Alias alias;
    alias.filter = R"({"term":{"n":1}})";
    alias.is_write_index = true;
    Settings settings;
    settings.set("index.refresh_interval", "7s");
    CPPUNIT_ASSERT(
        catalog_->create("a", {settings, R"({"dynamic":false,"properties":{"n":{"type":"long"}}})", {{"x", alias}}})
            .isOk());
    make("closed");
    CPPUNIT_ASSERT(catalog_->setClosed("closed", true).isOk());
    CPPUNIT_ASSERT(catalog_
                       ->change([](CatalogState& state) {
                         state.templates["t"] = R"({"index_patterns":["l*"]})";
                         return Status();
                       })
                       .isOk());
    const std::string uuid = catalog_->resolveOne("a").value()->uuid;
    engine::Operation operation;
    operation.id = "1";
    operation.source = R"({"n":1})";
    operation.versioning = engine::Operation::Versioning::kInternal;
    CPPUNIT_ASSERT(catalog_->resolveOne("a").value()->engine->apply({&operation, 1}, 0).isOk());
    open();
    const IndexPtr found = catalog_->resolveOne("x").value();
    CPPUNIT_ASSERT_EQUAL(uuid, found->uuid);
    CPPUNIT_ASSERT(found->settings.text("index.refresh_interval") == "7s");
    CPPUNIT_ASSERT(found->aliases.at("x").is_write_index == true && found->aliases.at("x").filter == alias.filter);
    CPPUNIT_ASSERT(found->engine->get("1").value()->version == 1);
    CPPUNIT_ASSERT(catalog_->state()->find("closed")->is_closed);
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"index_patterns":["l*"]})"), catalog_->state()->templates.at("t"));
  }

  void withoutFreeIndicesNoneIsMade() {
    open(false);
    CPPUNIT_ASSERT(catalog_->create("a", {}).status().code() == Code::kPermissionDenied);
    CPPUNIT_ASSERT(catalog_->forWrite("a").status().code() == Code::kPermissionDenied);
  }

  void aDomainsIndexIsNotRemoved() {
    const IndexPtr other = make("other");
    catalog_->addDomain("payments", *other->engine, true);
    CPPUNIT_ASSERT_EQUAL(std::string("other"), names("*"));
    CPPUNIT_ASSERT_EQUAL(std::string("payments"), names("payments"));
    ResolveOptions everything;
    everything.expands_hidden = true;
    CPPUNIT_ASSERT_EQUAL(std::string("other,payments"), names("*", everything));
    CPPUNIT_ASSERT(catalog_->remove({catalog_->resolveOne("payments").value()}).code() == Code::kPermissionDenied);
  }

  test::TempFolder folder_;
  base::ManualClock clock_{1'700'000'000'000};
  base::NullObserver observer_;
  std::unique_ptr<Catalog> catalog_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(CatalogTest);

}  // namespace gyre::dialect
