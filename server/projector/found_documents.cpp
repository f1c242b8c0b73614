#include "server/projector/found_documents.hpp"

#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"

namespace gyre::projector {

Result<std::unordered_map<std::string, search::IndexedDocument>> findDocuments(
    const search::SearchEngine& engine, const std::vector<store::EntityRecord>& records) {
  std::string request;
  JsonWriter writer(request);
  writer.beginObject().member("size", records.size()).member("track_total_hits", false).member("version", true);
  writer.key("query").beginObject().key("ids").beginObject().key("values").beginArray();
  for (const store::EntityRecord& record : records) writer.string(record.id);
  writer.endArray().endObject().endObject().endObject();
  GYRE_TRY_ASSIGN(const search::SearchAnswer answer, engine.search(request, 0));
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(answer.body));
  std::unordered_map<std::string, search::IndexedDocument> found;
  found.reserve(records.size());
  for (const json::Value hit : document.root()["hits"]["hits"])
    found[std::string(hit["_id"].string())] = {std::string(hit["_source"].raw()),
                                               hit["_version"].unsignedInteger().value_or(0)};
  return found;
}

}  // namespace gyre::projector
