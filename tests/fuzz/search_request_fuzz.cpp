// A search with any body over two small indices: it is answered with JSON or refused in words, within its time.
//
// A body whose first byte is '?' has a line of URL parameters before it.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/observer.hpp"
#include "engine/directory/ram_directory.hpp"
#include "engine/index.hpp"
#include "engine/search/searcher.hpp"
#include "gyre/json.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using gyre::engine::Index;
using gyre::engine::Operation;
using gyre::engine::SearchTarget;
using gyre::fuzz::require;

struct Indices {
  gyre::base::NullObserver observer;
  std::vector<std::unique_ptr<gyre::engine::RamDirectory>> directories;
  std::vector<std::unique_ptr<Index>> indices;
  std::vector<SearchTarget> targets;

  Indices() {
    add("a",
        R"({"k":{"type":"keyword"},"t":{"type":"text"},"n":{"type":"long"},"d":{"type":"double"},"at":{"type":"date"},
            "m":{"type":"scaled_float","scaling_factor":100},"b":{"type":"boolean"},"c":{"type":"completion"},
            "o":{"properties":{"x":{"type":"integer"}}}})",
        {R"({"k":"x","t":"quick fox","n":1,"d":1.5,"at":"2024-01-02","m":1.25,"b":true,"c":"pay one","o":{"x":1}})",
         R"({"k":["y","z"],"t":"lazy dog","n":[3,-4],"c":{"input":["pay two","paid"],"weight":3}})", R"({"n":2})"});
    add("b", R"({"k":{"type":"keyword"},"n":{"type":"keyword"},"z":{"type":"integer"}})",
        {R"({"k":"x","n":"abc","z":3})", R"({"z":4})"});
  }

  void add(std::string name, const std::string& properties, const std::vector<std::string>& documents) {
    directories.push_back(std::make_unique<gyre::engine::RamDirectory>());
    gyre::engine::IndexOptions options;
    options.name = name;
    options.merge_in_background = false;
    auto opened =
        Index::open(*directories.back(), "{\"mappings\":{\"properties\":" + properties + "}}", options, observer);
    require(opened.isOk(), "the mapping is accepted");
    indices.push_back(std::move(opened).value());
    std::uint64_t version = 0;
    for (const std::string& document : documents) {
      ++version;
      const std::string id = std::to_string(version);
      const Operation operation{Operation::Kind::kIndex, id, version, document};
      require(indices.back()->apply({&operation, 1}, version).isOk(), "documents are accepted");
    }
    require(indices.back()->refresh().isOk(), "documents become searchable");
    targets.push_back({std::move(name), indices.back()->snapshot()});
  }
};

void check(const gyre::engine::SearchReply& reply) {
  if (!reply.status.isOk()) {
    require(!reply.status.message().empty() && !reply.status.reason().empty(), "a refusal says why");
    return;
  }
  require(gyre::json::Document::parse(reply.body, {.max_depth = 1000}).isOk(), "an answer is JSON");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Indices indices;
  std::string_view body(reinterpret_cast<const char*>(data), size);
  gyre::engine::SearchParameters parameters;
  if (body.starts_with('?')) {
    const std::size_t end = std::min(body.find('\n'), body.size());
    std::istringstream pairs{std::string(body.substr(1, end - 1))};
    for (std::string pair; std::getline(pairs, pair, '&');) {
      const std::size_t equals = std::min(pair.find('='), pair.size());
      if (!parameters.read(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size()))).isOk()) return 0;
    }
    body.remove_prefix(std::min(end + 1, body.size()));
  }
  auto options = parameters.finish();
  if (!options.isOk()) return 0;
  options->response_bytes = 1u << 20;
  check(gyre::engine::runSearch({indices.targets.data(), 1}, body, options.value()));
  check(gyre::engine::runSearch(indices.targets, body, options.value()));
  check(gyre::engine::runCount(indices.targets, body, options.value()));
  return 0;
}
