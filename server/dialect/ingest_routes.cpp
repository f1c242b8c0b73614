// Ingest pipelines: kept, shown, removed and tried out.
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "gyre/json.hpp"
#include "server/dialect/answered.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/grok.hpp"
#include "server/dialect/index_view.hpp"
#include "server/dialect/ingest_pipeline.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/service.hpp"

namespace gyre::dialect {

namespace {

Result<Response> putPipeline(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  GYRE_TRY(requireBody(call));
  const std::string_view name = call.variable("name");
  GYRE_TRY_ASSIGN(const JsonTree definition, JsonTree::parse(call.request.body));
  if (!definition.isObject()) return illegalArgument("a pipeline must be an object");
  GYRE_TRY(Pipeline::parse(name, definition).status());
  const Status changed = service.catalog().change([&](CatalogState& state) -> Status {
    state.pipelines.insert_or_assign(std::string(name), definition.json());
    return {};
  });
  GYRE_TRY(changed);
  return acknowledged();
}

Result<Response> getPipeline(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  GYRE_TRY(call.flag("summary").status());
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject();
  bool has_any = false;
  for (const auto& [name, text] : service.catalog().state()->pipelines) {
    if (!matchesList(call.variable("name"), name)) continue;
    has_any = true;
    writer.rawMember(name, text);
  }
  writer.endObject();
  if (!has_any) response.status = 404;
  return response;
}

// An index that has it as its own would refuse every write.
Status checkUnused(const CatalogState& state, std::string_view pipeline) {
  std::string defaults, finals;
  for (const auto& [name, entry] : state.indices) {
    if (entry->settings.text("index.default_pipeline") == pipeline) defaults += (defaults.empty() ? "" : ",") + name;
    if (entry->settings.text("index.final_pipeline") == pipeline) finals += (finals.empty() ? "" : ",") + name;
  }
  if (defaults.empty() && finals.empty()) return {};
  return illegalArgument("pipeline [" + std::string(pipeline) + "] cannot be deleted because it is " +
                         (defaults.empty() ? "the final pipeline" : "the default pipeline") + " for index(es) [" +
                         (defaults.empty() ? finals : defaults) + "]");
}

Result<Response> deletePipeline(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  const std::string_view pattern = call.variable("name");
  const Status changed = service.catalog().change([&](CatalogState& state) -> Status {
    std::vector<std::string> names;
    for (const auto& [name, text] : state.pipelines)
      if (matchesWildcard(pattern, name)) names.push_back(name);
    if (names.empty() && pattern != "*")
      return {Code::kNotFound, "resource_not_found_exception", "pipeline [" + std::string(pattern) + "] is missing"};
    for (const std::string& name : names) {
      GYRE_TRY(checkUnused(state, name));
      state.pipelines.erase(name);
    }
    return {};
  });
  GYRE_TRY(changed);
  return acknowledged();
}

// "2026-11-24T16:17:16.075600176Z"; the clock knows milliseconds.
JsonTree timestampOf(std::int64_t millis) { return JsonTree::text(base::formatTime(millis)); }

Status missingProperty(std::string_view name) {
  Status status(Code::kInvalidArgument, "parse_exception", "[" + std::string(name) + "] required property is missing");
  status.addFault("property_name", std::string(name));
  return status;
}

Result<IngestDocument> readDocument(const JsonTree& entry) {
  const JsonTree* const source = entry.find("_source");
  if (source == nullptr || !source->isObject()) return missingProperty("_source");
  const auto text_of = [&entry](std::string_view name, std::string_view otherwise) {
    const JsonTree* const held = entry.find(name);
    return held == nullptr || held->isNull() ? std::string(otherwise) : plainText(*held);
  };
  const std::string id = text_of("_id", "_id");
  IngestDocument document(*source, text_of("_index", "_index"), id);
  for (const std::string_view name : {"_routing", "_version", "_version_type", "_if_seq_no", "_if_primary_term"})
    if (const JsonTree* const held = entry.find(name); held != nullptr && !held->isNull())
      GYRE_TRY(document.set(name, *held));
  for (const auto& [name, value] : entry.members()) {
    static constexpr std::string_view kKnown =
        " _source _index _type _id _routing _version _version_type _if_seq_no _if_primary_term ";
    if (kKnown.find(" " + name + " ") == std::string_view::npos)
      return illegalArgument("[docs] unknown field [" + name + "]");
  }
  return document;
}

Status simulate(const CatalogState& state, const Pipeline& pipeline, IngestDocument& document, std::int64_t now,
                bool is_verbose, JsonWriter& writer) {
  IngestRun run(state, now);
  document.ingest()["timestamp"] = timestampOf(now);
  if (is_verbose) {
    writer.beginObject().key("processor_results").beginArray();
    run.setTrace(&writer);
    const auto traced = run.runPipeline(pipeline, document);
    writer.endArray().endObject();
    // A pipeline that is not there is the request's fault.
    const std::string_view why = traced.status().message();
    return why.starts_with("Pipeline processor configured for non-existent") ? illegalArgument(std::string(why))
                                                                             : Status();
  }
  const auto flow = run.runPipeline(pipeline, document);
  if (!flow.isOk()) {
    writer.beginObject().key("error");
    writeError(flow.status(), writer);
    writer.endObject();
  } else if (flow.value() == IngestFlow::kDropped) {
    writer.null();
  } else {
    writer.beginObject().key("doc");
    writeIngested(document, writer);
    writer.endObject();
  }
  return {};
}

Result<Response> simulatePipeline(Service& service, Call& call) {
  GYRE_TRY(requireBody(call));
  GYRE_TRY_ASSIGN(const bool is_verbose, call.flag("verbose"));
  GYRE_TRY_ASSIGN(const JsonTree body, JsonTree::parse(call.request.body));
  const auto state = service.catalog().state();
  const std::int64_t now = service.catalog().clock().nowMillis();
  std::shared_ptr<const Pipeline> pipeline;
  if (const std::string_view name = call.variable("name"); !name.empty()) {
    IngestRun run(*state, now);
    const auto found = state->pipelines.find(name);
    if (found == state->pipelines.end()) return illegalArgument("pipeline [" + std::string(name) + "] does not exist");
    GYRE_TRY_ASSIGN(pipeline, run.find(name));
  } else {
    const JsonTree* const definition = body.find("pipeline");
    if (definition == nullptr || !definition->isObject()) return missingProperty("pipeline");
    GYRE_TRY_ASSIGN(pipeline, Pipeline::parse("_simulate_pipeline", *definition));
  }
  const JsonTree* const documents = body.find("docs");
  if (documents == nullptr || !documents->isArray()) return missingProperty("docs");
  if (documents->elements().empty()) return illegalArgument("must specify at least one document in [docs]");
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject().key("docs").beginArray();
  for (const JsonTree& entry : documents->elements()) {
    GYRE_TRY_ASSIGN(IngestDocument document, readDocument(entry));
    GYRE_TRY(simulate(*state, *pipeline, document, now, is_verbose, writer));
  }
  writer.endArray().endObject();
  return response;
}

Result<Response> grokPatterns(Service&, Call& call) {
  GYRE_TRY(call.flag("s").status());
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject().key("patterns").beginObject();
  for (const auto& [name, pattern] : Grok::bank()) writer.member(name, pattern);
  writer.endObject().endObject();
  return response;
}

constexpr Route kRoutes[] = {
    {"PUT", "/_ingest/pipeline/{name}", answered<putPipeline>, GYRE_TIMEOUT_PARAMETERS},
    {"GET", "/_ingest/pipeline/{name}", answered<getPipeline>, "master_timeout cluster_manager_timeout summary"},
    {"GET", "/_ingest/pipeline", answered<getPipeline>, "master_timeout cluster_manager_timeout summary"},
    {"DELETE", "/_ingest/pipeline/{name}", answered<deletePipeline>, GYRE_TIMEOUT_PARAMETERS},
    {"GET POST", "/_ingest/pipeline/_simulate", answered<simulatePipeline>, "verbose"},
    {"GET POST", "/_ingest/pipeline/{name}/_simulate", answered<simulatePipeline>, "verbose"},
    {"GET", "/_ingest/processor/grok", answered<grokPatterns>, "s", true},
};

}  // namespace

std::span<const Route> ingestRoutes() { return kRoutes; }

}  // namespace gyre::dialect
