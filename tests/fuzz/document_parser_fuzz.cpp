// The document parser on any bytes, against a mapping with every type: what it accepts is JSON to the strict reader,
// and every value that it hands on is one the index can keep. Members below "free" found fields: a mapping that grew
// for a document takes it, or refuses it for what it says, and is read back as itself.
#include <cstdint>
#include <memory>
#include <string_view>

#include "engine/mapping/document_parser.hpp"
#include "gyre/json.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using gyre::engine::Field;
using gyre::engine::FieldType;
using gyre::fuzz::require;

constexpr std::string_view kMapping = R"({"dynamic":false,"properties":{
  "k":{"type":"keyword","ignore_above":20},"t":{"type":"text","fields":{"c":{"type":"completion"},"k":{"type":"keyword"}}},
  "l":{"type":"long"},"i":{"type":"integer"},"s":{"type":"short"},"b":{"type":"byte"},"d":{"type":"double"},
  "f":{"type":"float"},"m":{"type":"scaled_float","scaling_factor":100},"flag":{"type":"boolean"},"at":{"type":"date"},
  "day":{"type":"date","format":"yyyy/MM/dd[ HH:mm]||epoch_second||date_optional_time"},
  "o":{"dynamic":"strict","properties":{"k":{"type":"keyword"},"p":{"properties":{"l":{"type":"long"}}}}},
  "off":{"type":"object","enabled":false},"free":{"type":"object","dynamic":true},
  "ip":{"type":"ip"},"r":{"type":"integer_range"},"dr":{"type":"date_range"},"nr":{"type":"ip_range"},"geo":{"type":"geo_point"},
  "h":{"type":"half_float","ignore_malformed":true},"tc":{"type":"token_count","analyzer":"standard"},
  "copied":{"type":"keyword","copy_to":["t","free.copy"]},"other":{"type":"alias","path":"k"},
  "c":{"type":"completion","contexts":[{"name":"x","type":"category","path":"o.k"}]}}})";

class CheckingSink final : public gyre::engine::DocumentSink {
 public:
  void term(const Field& field, std::string_view term, std::uint32_t) override {
    require(field.type == FieldType::kText && !term.empty() && isUtf8(term), "terms are text");
  }
  void keyword(const Field& field, std::string_view value) override {
    require(gyre::engine::isTermValued(field.type) && value.size() <= 32'766, "keywords are short");
    if (field.type == FieldType::kIp) return require(value.size() == 16, "an address has 16 bytes");
    if (field.type == FieldType::kRange)
      return require(value.size() == 16 || value.size() == 32, "a range has two ends");
    require(isUtf8(value), "keywords are text");
  }
  void number(const Field& field, std::int64_t encoded) override {
    require(gyre::engine::isNumeric(field.type), "numbers belong to numeric fields");
    require(field.type != FieldType::kByte || (encoded >= -128 && encoded <= 127), "bytes are in range");
    require(field.type != FieldType::kBoolean || encoded == 0 || encoded == 1, "booleans are 0 or 1");
  }
  void completion(const Field& field, std::string_view input, std::string_view analysed, std::uint32_t,
                  std::string_view contexts) override {
    require(field.type == FieldType::kCompletion && isUtf8(input) && isUtf8(analysed), "completions are text");
    require(contexts.empty() || contexts.back() == '\x1d', "contexts are ended");
  }

 private:
  static bool isUtf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::shared_ptr<const gyre::engine::Mapping> mapping = [] {
    const auto document = gyre::json::Document::parse(kMapping);
    require(document.isOk(), "the mapping is JSON");
    auto parsed = gyre::engine::Mapping::parse(document->root());
    require(parsed.isOk(), "the mapping is accepted");
    return parsed.value();
  }();
  static gyre::engine::DocumentParser parser(mapping);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckingSink sink;
  gyre::Status status = parser.parse(text, sink);
  if (parser.mustGrow()) {
    const auto grown = mapping->grownFor(text);
    require(!grown.isOk() || grown.value() != nullptr, "what must grow grows");
    status = grown.status();
    if (grown.isOk()) {
      gyre::engine::DocumentParser larger(grown.value());
      status = larger.parse(text, sink);
      require(!larger.mustGrow(), "once is enough");
      const auto again = gyre::json::Document::parse(grown.value()->json(), {200});
      require(again.isOk(), "a mapping is JSON");
      const auto parsed = gyre::engine::Mapping::parse(again->root());
      require(parsed.isOk() && parsed.value()->json() == grown.value()->json(), "a mapping is read back as itself");
    }
  }
  require(status.isOk() || status.code() == gyre::Code::kInvalidArgument, "a refusal blames the document");
  require(status.isOk() || simdjson::validate_utf8(status.message().data(), status.message().size()),
          "a refusal is text");
  if (status.isOk()) require(gyre::json::Document::parse(text, {200}).isOk(), "what is accepted is JSON");
  return 0;
}
