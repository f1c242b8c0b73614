// What does a pipeline do to a document before it is indexed? Processors, one after the other.
//
// A processor that fails ends the pipeline, unless it says ignore_failure or has processors for that case; so does a
// pipeline as a whole. Conditions ("if") and scripts are refused by name: there is no scripting language.
//
// THREADS: a Pipeline is immutable; a run belongs to one document.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/json_writer.hpp"
#include "gyre/status.hpp"
#include "server/dialect/catalog.hpp"
#include "server/dialect/ingest_document.hpp"
#include "server/dialect/json_tree.hpp"

namespace gyre::dialect {

class IngestRun;

// What became of the document.
enum class IngestFlow : std::uint8_t { kGoesOn, kDropped };

class Processor {
 public:
  virtual ~Processor() = default;
  virtual Result<IngestFlow> run(IngestDocument& document, IngestRun& run) const = 0;
  // It runs others, which are shown in its place.
  virtual bool isTransparent() const { return false; }

  std::string type, tag, description;
  bool ignores_failure = false;
  std::vector<std::unique_ptr<Processor>> on_failure;
};
using Processors = std::vector<std::unique_ptr<Processor>>;

struct Pipeline {
  std::string id;
  Processors processors, on_failure;

  // parse_exception names the processor and what is wrong with it.
  static Result<std::shared_ptr<const Pipeline>> parse(std::string_view id, const JsonTree& definition);
};
// One processor, {"type": {…}}.
Result<std::unique_ptr<Processor>> parseProcessor(const JsonTree& entry);
Result<Processors> parseProcessors(const JsonTree& list, std::string_view property);

// The work on one document.
class IngestRun {
 public:
  IngestRun(const CatalogState& state, std::int64_t now_millis);

  Result<IngestFlow> runPipeline(const Pipeline& pipeline, IngestDocument& document);
  // By name; illegal_argument_exception when there is none.
  Result<IngestFlow> runNamed(std::string_view name, IngestDocument& document);
  Result<IngestFlow> runAll(const Processors& processors, IngestDocument& document);
  Result<std::shared_ptr<const Pipeline>> find(std::string_view name);

  std::int64_t nowMillis() const { return now_millis_; }
  // Writes what each processor did, for a simulation. Null: nothing is written.
  void setTrace(JsonWriter* trace) { trace_ = trace; }

 private:
  Result<IngestFlow> runOne(const Processor& processor, IngestDocument& document);
  Status tryOut(const Processor& processor, const IngestDocument& document);
  void trace(const Processor& processor, std::string_view status, const Status& failure,
             const IngestDocument* document);

  const CatalogState& state_;
  std::int64_t now_millis_;
  std::map<std::string, std::shared_ptr<const Pipeline>, std::less<>> pipelines_;
  std::vector<std::string> stack_;        // names of the pipelines that are under way
  std::string failed_type_, failed_tag_;  // of the processor that failed last
  JsonWriter* trace_ = nullptr;
};

// {"_index": …, "_source": {…}, "_ingest": {…}}
void writeIngested(const IngestDocument& document, JsonWriter& writer);

}  // namespace gyre::dialect
