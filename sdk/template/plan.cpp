#include "note.hpp"

#include <string>
#include <utility>

#include "gyre/faults.hpp"

namespace gyre::notes {

namespace {

constexpr Member kSearchParameters[] = {
    {.name = "searchText", .type = Type::kString, .is_required = true, .help = "words", .max_bytes = 1024},
    {"size", Type::kInteger, false, "notes at most", "10", 1, 100},
};

}  // namespace

Table searchNotesParameters() { return kSearchParameters; }

Result<Plan> planSearch(const Query& query) {
  GYRE_TRY_ASSIGN(const Arguments asked,
                  Arguments::read(query.parameters, kSearchParameters, {.is_lenient = query.is_lenient}));
  std::string request;
  JsonWriter out(request);
  out.beginObject().member("size", asked.integer("size", 10)).key("query").beginObject().key("bool").beginObject();
  out.key("must")
      .beginObject()
      .key("match")
      .beginObject()
      .member("text", asked.text("searchText"))
      .endObject()
      .endObject();
  if (!query.organization_id.empty())  // a key that is bound to an organisation sees that one's notes alone
    out.key("filter")
        .beginObject()
        .key("term")
        .beginObject()
        .member("organizationId", query.organization_id)
        .endObject()
        .endObject();
  out.endObject().endObject().endObject();
  return Plan::search(std::move(request));
}

Status presentSearch(const Query&, json::Value answer, std::uint64_t, JsonWriter& out) {
  out.beginObject().key("notes").beginArray();
  for (const json::Value hit : answer["hits"]["hits"]) out.raw(hit["_source"].raw());
  out.endArray().endObject();
  return {};
}

}  // namespace gyre::notes
