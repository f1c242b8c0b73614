#include "server/dialect/source_parameters.hpp"

#include <algorithm>

#include "gyre/json_writer.hpp"

namespace gyre::dialect {

namespace {

void writeList(std::string_view list, JsonWriter& writer) {
  writer.beginArray();
  for (std::size_t from = 0; from <= list.size();) {
    const std::size_t comma = std::min(list.find(',', from), list.size());
    if (comma > from) writer.string(list.substr(from, comma - from));
    from = comma + 1;
  }
  writer.endArray();
}

}  // namespace

Result<std::optional<engine::SourceFilter>> readSourceParameters(const Call& call) {
  if (std::none_of(std::begin(kSourceParameters), std::end(kSourceParameters),
                   [&](std::string_view name) { return call.has(name); }))
    return std::optional<engine::SourceFilter>();
  const std::string_view shown = call.text("_source");
  std::string text;
  JsonWriter writer(text);
  if (shown == "true" || shown == "false") {
    if (shown == "false" || (!call.has("_source_includes") && !call.has("_source_excludes"))) writer.raw(shown);
  }
  if (text.empty()) {
    const bool names_fields = !shown.empty() && shown != "true";
    writer.beginObject().key("includes");
    writeList(call.has("_source_includes") || !names_fields ? call.text("_source_includes") : shown, writer);
    writer.key("excludes");
    writeList(call.text("_source_excludes"), writer);
    writer.endObject();
  }
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(text));
  GYRE_TRY_ASSIGN(engine::SourceFilter filter, engine::SourceFilter::parse(document.root()));
  return std::optional(std::move(filter));
}

Result<engine::SourceFilter> readSourceMember(json::Value value) {
  if (value.isNumber() || value.isNull())
    return Status(Code::kInvalidArgument, "parse_exception",
                  std::string("illegal type for _source: [") + (value.isNull() ? "VALUE_NULL" : "VALUE_NUMBER") + "]");
  return engine::SourceFilter::parse(value);
}

}  // namespace gyre::dialect
