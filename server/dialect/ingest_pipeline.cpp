#include "server/dialect/ingest_pipeline.hpp"

#include <algorithm>
#include <utility>

#include "server/dialect/failure.hpp"

namespace gyre::dialect {

namespace {

constexpr std::size_t kMaxDepth = 64;

// The failure as the processors for that case see it.
class FailureNote {
 public:
  FailureNote(IngestDocument& document, std::string_view message, std::string_view type, std::string_view tag,
              std::string_view pipeline)
      : document_(document) {
    JsonTree& notes = document.ingest();
    notes["on_failure_message"] = JsonTree::text(message);
    notes["on_failure_processor_type"] = JsonTree::text(type);
    notes["on_failure_processor_tag"] = tag.empty() ? JsonTree() : JsonTree::text(tag);
    if (!pipeline.empty()) notes["on_failure_pipeline"] = JsonTree::text(pipeline);
  }
  ~FailureNote() {
    for (const std::string_view name :
         {"on_failure_message", "on_failure_processor_type", "on_failure_processor_tag", "on_failure_pipeline"})
      document_.ingest().erase(name);
  }
  FailureNote(const FailureNote&) = delete;
  FailureNote& operator=(const FailureNote&) = delete;

 private:
  IngestDocument& document_;
};

}  // namespace

Result<Processors> parseProcessors(const JsonTree& list, std::string_view property) {
  if (!list.isArray())
    return Status(Code::kInvalidArgument, "parse_exception", "[" + std::string(property) + "] property isn't a list");
  Processors processors;
  for (const JsonTree& entry : list.elements()) {
    GYRE_TRY_ASSIGN(auto processor, parseProcessor(entry));
    processors.push_back(std::move(processor));
  }
  return processors;
}

Result<std::shared_ptr<const Pipeline>> Pipeline::parse(std::string_view id, const JsonTree& definition) {
  auto pipeline = std::make_shared<Pipeline>();
  pipeline->id = id;
  const JsonTree* const processors = definition.find("processors");
  if (processors == nullptr) {
    Status status(Code::kInvalidArgument, "parse_exception", "[processors] required property is missing");
    status.addFault("property_name", "processors");
    return status;
  }
  GYRE_TRY_ASSIGN(pipeline->processors, parseProcessors(*processors, "processors"));
  for (const auto& [name, value] : definition.members()) {
    if (name == "on_failure") {
      GYRE_TRY_ASSIGN(pipeline->on_failure, parseProcessors(value, "on_failure"));
      if (pipeline->on_failure.empty())
        return Status(Code::kInvalidArgument, "parse_exception",
                      "pipeline [" + std::string(id) + "] cannot have an empty on_failure option defined");
    } else if (name != "processors" && name != "description" && name != "version" && name != "_meta") {
      return Status(Code::kInvalidArgument, "parse_exception",
                    "pipeline [" + std::string(id) +
                        "] doesn't support one or more provided configuration parameters [" + name + "]");
    }
  }
  return std::shared_ptr<const Pipeline>(std::move(pipeline));
}

IngestRun::IngestRun(const CatalogState& state, std::int64_t now_millis) : state_(state), now_millis_(now_millis) {}

Result<std::shared_ptr<const Pipeline>> IngestRun::find(std::string_view name) {
  if (const auto found = pipelines_.find(name); found != pipelines_.end()) return found->second;
  const auto held = state_.pipelines.find(name);
  if (held == state_.pipelines.end())
    return illegalArgument("pipeline with id [" + std::string(name) + "] does not exist");
  GYRE_TRY_ASSIGN(const JsonTree definition, JsonTree::parse(held->second));
  GYRE_TRY_ASSIGN(auto pipeline, Pipeline::parse(name, definition));
  pipelines_[std::string(name)] = pipeline;
  return pipeline;
}

Result<IngestFlow> IngestRun::runNamed(std::string_view name, IngestDocument& document) {
  GYRE_TRY_ASSIGN(const auto pipeline, find(name));
  return runPipeline(*pipeline, document);
}

Result<IngestFlow> IngestRun::runPipeline(const Pipeline& pipeline, IngestDocument& document) {
  if (std::find(stack_.begin(), stack_.end(), pipeline.id) != stack_.end() || stack_.size() >= kMaxDepth)
    return Status(Code::kInternal, "illegal_state_exception", "Cycle detected for pipeline: " + pipeline.id);
  stack_.push_back(pipeline.id);
  if (!pipeline.id.empty()) document.ingest()["pipeline"] = JsonTree::text(pipeline.id);
  auto flow = runAll(pipeline.processors, document);
  if (!flow.isOk() && !pipeline.on_failure.empty()) {
    const FailureNote note(document, flow.status().message(), failed_type_, failed_tag_, pipeline.id);
    flow = runAll(pipeline.on_failure, document);
  }
  stack_.pop_back();
  if (stack_.empty() || stack_.back().empty())
    document.ingest().erase("pipeline");
  else
    document.ingest()["pipeline"] = JsonTree::text(stack_.back());
  return flow;
}

Result<IngestFlow> IngestRun::runAll(const Processors& processors, IngestDocument& document) {
  for (const auto& processor : processors) {
    GYRE_TRY_ASSIGN(const IngestFlow flow, runOne(*processor, document));
    if (flow == IngestFlow::kDropped) return flow;
  }
  return IngestFlow::kGoesOn;
}

Result<IngestFlow> IngestRun::runOne(const Processor& processor, IngestDocument& document) {
  // One that runs others is shown before them; what keeps it from running them at all is told in its place.
  if (trace_ != nullptr && processor.isTransparent()) {
    if (stack_.size() == 1) {
      if (Status refused = tryOut(processor, document); !refused.isOk()) return refused;
    }
    trace(processor, "success", {}, nullptr);
  }
  auto flow = processor.run(document, *this);
  if (flow.isOk()) {
    if (!processor.isTransparent())
      trace(processor, flow.value() == IngestFlow::kDropped ? "dropped" : "success", {},
            flow.value() == IngestFlow::kDropped ? nullptr : &document);
    return flow;
  }
  if (processor.ignores_failure) {
    trace(processor, "error_ignored", flow.status(), &document);
    return IngestFlow::kGoesOn;
  }
  // A processor that runs others has told of the one that failed.
  if (!processor.isTransparent()) {
    trace(processor, "error", flow.status(), nullptr);
    failed_type_ = processor.type;
    failed_tag_ = processor.tag;
  }
  if (processor.on_failure.empty()) return flow;
  const FailureNote note(document, flow.status().message(), failed_type_, failed_tag_,
                         stack_.empty() ? std::string_view() : std::string_view(stack_.back()));
  return runAll(processor.on_failure, document);
}

// A cycle is found by running, so a copy of the document goes through first.
Status IngestRun::tryOut(const Processor& processor, const IngestDocument& document) {
  JsonWriter* const trace_before = std::exchange(trace_, nullptr);
  IngestDocument copy = document;
  const auto flow = processor.run(copy, *this);
  trace_ = trace_before;
  if (flow.isOk() || flow.status().reason() != "illegal_state_exception") return {};
  if (flow.status().message().starts_with("Cycle detected")) trace(processor, "error", flow.status(), nullptr);
  return flow.status();
}

void IngestRun::trace(const Processor& processor, std::string_view status, const Status& failure,
                      const IngestDocument* document) {
  if (trace_ == nullptr) return;
  JsonWriter& writer = *trace_;
  writer.beginObject().member("processor_type", processor.type).member("status", status);
  if (!processor.description.empty()) writer.member("description", processor.description);
  if (!processor.tag.empty()) writer.member("tag", processor.tag);
  if (!failure.isOk()) {
    const bool is_ignored = processor.ignores_failure;
    if (is_ignored) writer.key("ignored_error").beginObject();
    writer.key("error");
    writeError(failure, writer);
    if (is_ignored) writer.endObject();
  }
  if (document != nullptr) {
    writer.key("doc");
    writeIngested(*document, writer);
  }
  writer.endObject();
}

void writeIngested(const IngestDocument& document, JsonWriter& writer) {
  writer.beginObject();
  for (const std::string_view name :
       {"_index", "_id", "_routing", "_version", "_version_type", "_if_seq_no", "_if_primary_term"})
    if (document.hasMetadata(name)) writer.member(name, document.metadata(name));
  writer.key("_source");
  document.source().write(writer);
  writer.key("_ingest");
  document.ingest().write(writer);
  writer.endObject();
}

}  // namespace gyre::dialect
