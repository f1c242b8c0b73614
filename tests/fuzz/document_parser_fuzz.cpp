// The document parser on any bytes, against a mapping with every type: what it accepts is JSON to the strict reader,
// and every value that it hands on is one the index can keep.
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
  "off":{"type":"object","enabled":false},
  "c":{"type":"completion","contexts":[{"name":"x","type":"category","path":"o.k"}]}}})";

class CheckingSink final : public gyre::engine::DocumentSink {
 public:
  void term(const Field& field, std::string_view term, std::uint32_t) override {
    require(field.type == FieldType::kText && !term.empty() && isUtf8(term), "terms are text");
  }
  void keyword(const Field& field, std::string_view value) override {
    require(field.type == FieldType::kKeyword && value.size() <= 32'766 && isUtf8(value), "keywords are text");
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
  static gyre::engine::DocumentParser parser = [] {
    const auto document = gyre::json::Document::parse(kMapping);
    require(document.isOk(), "the mapping is JSON");
    auto mapping = gyre::engine::Mapping::parse(document->root());
    require(mapping.isOk(), "the mapping is accepted");
    return gyre::engine::DocumentParser(mapping.value());
  }();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckingSink sink;
  const gyre::Status status = parser.parse(text, sink);
  require(status.isOk() || status.code() == gyre::Code::kInvalidArgument, "a refusal blames the document");
  require(status.isOk() || simdjson::validate_utf8(status.message().data(), status.message().size()),
          "a refusal is text");
  if (status.isOk()) require(gyre::json::Document::parse(text, {200}).isOk(), "what is accepted is JSON");
  return 0;
}
