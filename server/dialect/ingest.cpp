#include "server/dialect/ingest.hpp"

#include <charconv>

#include "base/clock.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/index_composition.hpp"

namespace gyre::dialect {

namespace {

constexpr std::string_view kNone = "_none";

std::string pipelineIn(const Settings& settings, std::string_view name) {
  const auto text = settings.text(name);
  return !text || *text == kNone ? std::string() : std::string(*text);
}

Result<std::optional<std::int64_t>> wholeIn(const IngestDocument& document, std::string_view name) {
  if (!document.hasMetadata(name)) return std::optional<std::int64_t>();
  const std::string text = document.metadata(name);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    return illegalArgument("[" + std::string(name) + "] must be a number, found [" + text + "]");
  return std::optional<std::int64_t>(number);
}

// The index that a write to this name goes to; null when there is none yet.
const IndexEntry* writeIndex(const CatalogState& state, std::string_view name) {
  if (const IndexEntry* const held = state.find(name)) return held;
  const IndexEntry* only = nullptr;
  for (const auto& [index, entry] : state.indices) {
    const auto alias = entry->aliases.find(name);
    if (alias == entry->aliases.end()) continue;
    if (alias->second.is_write_index.value_or(false)) return entry.get();
    only = entry.get();
  }
  return only;
}

}  // namespace

Ingest::Ingest(const Catalog& catalog)
    : state_(catalog.state()), now_millis_(catalog.clock().nowMillis()), run_(*state_, now_millis_) {}

const Ingest::Names& Ingest::namesOf(std::string_view index) {
  if (const auto found = names_.find(index); found != names_.end()) return found->second;
  Names names;
  if (const IndexEntry* const entry = writeIndex(*state_, index)) {
    names = {pipelineIn(entry->settings, "index.default_pipeline"),
             pipelineIn(entry->settings, "index.final_pipeline")};
  } else if (auto composed = composeIndex(*state_, index, {}); composed.isOk()) {
    const Settings& settings = composed.value().settings;
    names = {pipelineIn(settings, "index.default_pipeline"), pipelineIn(settings, "index.final_pipeline")};
  }
  return names_.emplace(std::string(index), std::move(names)).first->second;
}

Result<std::optional<Ingested>> Ingest::run(std::string_view index, std::string_view pipeline,
                                            std::optional<std::string_view> id, std::string_view routing,
                                            std::string_view source) {
  const Names& names = namesOf(index);
  const std::string first = pipeline.empty() ? names.usual : pipeline == kNone ? std::string() : std::string(pipeline);
  if (first.empty() && names.final.empty()) return std::optional<Ingested>();
  GYRE_TRY_ASSIGN(JsonTree tree, JsonTree::parse(source));
  if (!tree.isObject()) return illegalArgument("a document must be an object");
  IngestDocument document(std::move(tree), index, id);
  if (!routing.empty()) GYRE_TRY(document.set("_routing", JsonTree::text(routing)));
  document.ingest()["timestamp"] = JsonTree::text(base::formatTime(now_millis_));
  Ingested ingested;
  if (!first.empty()) {
    GYRE_TRY_ASSIGN(const IngestFlow flow, run_.runNamed(first, document));
    ingested.is_dropped = flow == IngestFlow::kDropped;
  }
  const std::string target = document.metadata("_index");
  const std::string& last = target == index ? names.final : namesOf(target).final;
  if (!ingested.is_dropped && !last.empty()) {
    GYRE_TRY_ASSIGN(const IngestFlow flow, run_.runNamed(last, document));
    ingested.is_dropped = flow == IngestFlow::kDropped;
    if (document.metadata("_index") != target)
      return Status(Code::kInternal, "illegal_state_exception",
                    "final pipeline [" + last + "] can't change the target index");
  }
  ingested.index = document.metadata("_index");
  if (document.hasMetadata("_id")) ingested.id = document.metadata("_id");
  ingested.routing = document.metadata("_routing");
  GYRE_TRY_ASSIGN(ingested.if_seq_no, wholeIn(document, "_if_seq_no"));
  GYRE_TRY_ASSIGN(ingested.if_term, wholeIn(document, "_if_primary_term"));
  ingested.source = document.source().json();
  return std::optional<Ingested>(std::move(ingested));
}

}  // namespace gyre::dialect
