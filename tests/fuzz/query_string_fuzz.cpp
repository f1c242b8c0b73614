// Any text as a query_string and as a simple_query_string: answered or refused, and what is answered can be described.
#include <cstdint>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "engine/query/lucene_syntax.hpp"
#include "engine/query/query_parser.hpp"
#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using gyre::fuzz::require;

const gyre::engine::Mapping& mapping() {
  static const auto parsed = [] {
    const auto document = gyre::json::Document::parse(
        R"({"properties":{"t":{"type":"text"},"k":{"type":"keyword"},"n":{"type":"long"},"d":{"type":"date"}}})");
    return gyre::engine::Mapping::parse(document.value().root());
  }();
  require(parsed.isOk(), "the mapping is one");
  return *parsed.value();
}

void ask(std::string_view kind, std::string_view text) {
  std::string body;
  gyre::JsonWriter writer(body);
  writer.beginObject().key(kind).beginObject().member("query", text).endObject().endObject();
  const auto document = gyre::json::Document::parse(body);
  if (!document.isOk()) return;
  gyre::engine::ParseContext context{mapping()};
  const auto query = gyre::engine::parseQuery(document.value().root(), context);
  if (!query.isOk()) {
    require(!query.status().message().empty(), "a refusal says why");
    return;
  }
  require(query.value() != nullptr && !query.value()->describe().empty(), "a query can be described");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)gyre::engine::parseLuceneSyntax(text, false).isOk();
  (void)gyre::engine::parseLuceneSyntax(text, true).isOk();
  if (!simdjson::validate_utf8(text.data(), text.size())) return 0;
  ask("query_string", text);
  ask("simple_query_string", text);
  return 0;
}
