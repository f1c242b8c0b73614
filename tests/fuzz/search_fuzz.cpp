// Any bytes as the body of a search over a small index with every kind of field: refused with a reason, or answered
// with JSON, within the limits of memory and time that the request runs under.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "base/observer.hpp"
#include "engine/directory/ram_directory.hpp"
#include "engine/index.hpp"
#include "engine/search/searcher.hpp"
#include "gyre/json.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using gyre::engine::Index;
using gyre::engine::Operation;
using gyre::fuzz::require;

constexpr std::string_view kDefinition = R"({"mappings":{"properties":{
  "k":{"type":"keyword"},"t":{"type":"text","fields":{"k":{"type":"keyword"}}},"l":{"type":"long"},"d":{"type":"double"},
  "m":{"type":"scaled_float","scaling_factor":100},"flag":{"type":"boolean"},"at":{"type":"date"},"ip":{"type":"ip"},
  "r":{"type":"integer_range"},"geo":{"type":"geo_point"},"u":{"type":"unsigned_long"},"flat":{"type":"flat_object"},
  "n":{"type":"nested","properties":{"k":{"type":"keyword"},"l":{"type":"long"}}},"typed":{"type":"search_as_you_type"},
  "c":{"type":"completion"},"x":{"type":"completion","contexts":[{"name":"k","type":"category","path":"k"}]}}}})";

constexpr std::string_view kDocuments[] = {
    R"({"k":"red","t":"the quick brown fox","l":1,"d":0.5,"m":1.25,"flag":true,"at":"2024-01-31T10:00:00Z","ip":"10.0.0.1"})",
    R"({"k":["red","blue"],"t":"a slow brown dog","l":[2,2,9],"d":-3,"at":"2024-03-31T01:30:00Z","u":18446744073709551615})",
    R"({"n":[{"k":"a","l":1},{"k":"b","l":7}],"c":{"input":["brown fox","brown bear"],"weight":3},"typed":"brown fox"})",
    R"({"k":"green","x":"greenish","flat":{"a":{"b":"c"}},"r":{"gte":1,"lt":5},"geo":[13.4,52.5],"ip":"fe80::1"})",
    R"({"l":-9223372036854775808,"d":1e300,"at":0,"m":-0.01,"t":"Fuchs, Füchse und ein Bär","flag":false})",
    R"({"t":""})",
};

struct Fixture {
  gyre::engine::RamDirectory directory;
  gyre::base::NullObserver observer;
  std::unique_ptr<Index> index;

  Fixture() {
    gyre::engine::IndexOptions options;
    options.name = "i";
    options.merge_in_background = false;
    auto opened = Index::open(directory, kDefinition, options, observer);
    require(opened.isOk(), "the definition is one");
    index = std::move(opened).value();
    std::uint64_t version = 0;
    for (const std::string_view source : kDocuments) {
      const std::string id = std::to_string(++version);
      Operation operation;
      operation.id = id;
      operation.version = version;
      operation.source = source;
      const auto outcome = index->apply({&operation, 1}, version);
      require(outcome.isOk() && outcome.value().front().refusal.isOk(), "the documents are taken");
      if (version % 2 == 0) require(index->refresh().isOk(), "a segment is made");
    }
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Fixture fixture;
  const std::string body(reinterpret_cast<const char*>(data), size);
  const gyre::engine::SearchTarget target{"i", fixture.index->snapshot()};
  const gyre::engine::SearchReply reply = gyre::engine::runSearch({&target, 1}, body, {});
  if (!reply.status.isOk()) {
    const std::string_view reason = reply.status.message();
    require(!reason.empty(), "a refusal says why");
    require(simdjson::validate_utf8(reason.data(), reason.size()), "a refusal is text");
    return 0;
  }

  require(gyre::json::Document::parse(reply.body, {.max_depth = 1000}).isOk(), "an answer is JSON");
  return 0;
}
