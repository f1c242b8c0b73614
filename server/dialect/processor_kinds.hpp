// Which kinds of processors are there?
//
// THREADS: the tables are constant.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "gyre/status.hpp"
#include "server/dialect/ingest_pipeline.hpp"
#include "server/dialect/processor_config.hpp"

namespace gyre::dialect {

using ProcessorPtr = std::unique_ptr<Processor>;

struct ProcessorKind {
  std::string_view type;
  Result<ProcessorPtr> (*make)(ProcessorConfig& config);
};
std::span<const ProcessorKind> valueProcessors();
std::span<const ProcessorKind> textProcessors();
std::span<const ProcessorKind> patternProcessors();
std::span<const ProcessorKind> dateProcessors();

// Most processors are one function of the document.
using ProcessorWork = std::function<Status(IngestDocument& document, IngestRun& run)>;
ProcessorPtr makeProcessor(ProcessorWork work);

// A processor of one text: field, target_field, ignore_missing. Lists are worked on element by element.
using TextWork = std::function<Result<JsonTree>(const std::string& text)>;
Result<ProcessorPtr> makeTextProcessor(ProcessorConfig& config, TextWork work);

}  // namespace gyre::dialect
