// What mapping does the index have, and how does it change? The part of the writer that keeps it.
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "engine/analysis/analysis_registry.hpp"
#include "engine/mapping/document_parser.hpp"
#include "engine/mapping/mapping.hpp"
#include "engine/search/index_sort.hpp"
#include "engine/segment/segment_buffer.hpp"
#include "engine/writer/index_writer.hpp"
#include "gyre/json.hpp"

namespace gyre::engine {
namespace {

constexpr std::uint32_t kDefinitionDepth = 200;  // of its JSON; the mapping has a limit of its own

Status closed() { return unavailable("index is closed"); }

}  // namespace

Status IndexWriter::setDefinition(std::string_view definition, bool is_new) {
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(definition, {kDefinitionDepth}));
  const json::Value settings = document.root()["settings"];
  GYRE_TRY_ASSIGN(auto analysis, AnalysisRegistry::parse(settings));
  GYRE_TRY_ASSIGN(const MappingOptions options, MappingOptions::parse(settings, options_.default_dynamic));
  // A mapping that is there already may be larger than limits which were lowered since.
  GYRE_TRY_ASSIGN(mapping_, Mapping::parse(document.root()["mappings"], is_new ? options : options.withoutLimits(),
                                           std::move(analysis)));
  if (!is_new) mapping_ = mapping_->withOptions(options);
  GYRE_TRY_ASSIGN(sort_, parseIndexSort(settings, *mapping_));
  settings_ = settings.isMissing() ? std::string() : std::string(settings.raw());
  parser_ = std::make_unique<DocumentParser>(mapping_);
  buffer_ = std::make_unique<SegmentBuffer>(mapping_);
  return {};
}

Status IndexWriter::checkSameMapping(std::string_view definition) const {
  GYRE_TRY_ASSIGN(const json::Document wanted, json::Document::parse(definition, {kDefinitionDepth}));
  const json::Value mappings = wanted.root()["mappings"];
  if (mappings.isMissing()) return {};
  const Status changed(Code::kFailedPrecondition, "mapping_changed",
                       "the index was created with another mapping; rebuild it");
  const auto parsed = Mapping::parse(mappings, mapping_->options(), mapping_->sharedAnalysis());
  if (!parsed.isOk()) return parsed.status();
  if (parsed.value()->json() == mapping_->json()) return {};
  // One that grew by its documents holds more than it was created with.
  if (mapping_->dynamic() == Dynamic::kStrict) return changed;
  const auto merged = mapping_->updated(mappings);
  return merged.isOk() && merged.value()->json() == mapping_->json() ? Status() : changed;
}

void IndexWriter::adoptMapping(std::shared_ptr<const Mapping> mapping, std::unique_ptr<DocumentParser> parser) {
  parser_ = std::move(parser);
  const std::lock_guard lock(snapshot_mutex_);
  mapping_ = std::move(mapping);
}

std::shared_ptr<const Mapping> IndexWriter::mapping() const {
  const std::lock_guard lock(snapshot_mutex_);
  return mapping_;
}

Status IndexWriter::putMapping(std::string_view mappings) {
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(mappings, {kDefinitionDepth}));
  {
    const std::lock_guard lock(writer_mutex_);
    if (is_closed_) return closed();
    GYRE_TRY_ASSIGN(auto updated, mapping_->updated(document.root()));
    if (updated->json() == mapping_->json()) return {};
    if (!sort_.empty()) GYRE_TRY(checkSortedMapping(*updated));
    publishMapping(std::move(updated));
  }
  return commit();
}

Status IndexWriter::putSettings(std::string_view settings) {
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(settings, {kDefinitionDepth}));
  GYRE_TRY_ASSIGN(const MappingOptions options, MappingOptions::parse(document.root(), options_.default_dynamic));
  {
    const std::lock_guard lock(writer_mutex_);
    if (is_closed_) return closed();
    settings_ = settings;
    publishMapping(mapping_->withOptions(options));
  }
  return commit();
}

// Searches see the new mapping over the documents that they saw before.
void IndexWriter::publishMapping(std::shared_ptr<const Mapping> updated) {
  {
    const std::lock_guard lock(state_mutex_);
    buffer_->adopt(updated);
  }
  auto parser = std::make_unique<DocumentParser>(updated);
  adoptMapping(std::move(updated), std::move(parser));
  auto next = std::make_shared<Snapshot>(*snapshot());
  next->mapping = mapping_;
  next->generation = ++generation_;
  setSnapshot(std::move(next));
}

}  // namespace gyre::engine
