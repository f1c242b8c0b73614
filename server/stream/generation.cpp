#include "server/stream/generation.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "base/durable_file.hpp"
#include "engine/directory/mmap_directory.hpp"
#include "gyre/excerpt.hpp"
#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"

namespace gyre::stream {

namespace {

constexpr std::string_view kList = "/generations.json";

Status damagedList(const std::string& path, const std::string& what) { return corruption(path + ": " + what); }

Result<GenerationEntry> readEntry(const std::string& path, json::Value value) {
  GenerationEntry entry;
  const auto number = value["number"].unsignedInteger();
  const auto first = value["firstSequence"].unsignedInteger();
  const auto created = value["created"].integer();
  const auto min = value["minTime"].integer();
  const auto max = value["maxTime"].integer();
  const auto newest = value["newest"].integer();
  if (!number || !first || !created || !min || !max || !newest || !value["definition"].isObject())
    return damagedList(path, "expected a generation, found " + std::string(excerpt(value.raw(), 100)));
  return GenerationEntry{*number, *first, *created, {*min, *max, *newest}, std::string(value["definition"].raw())};
}

}  // namespace

void GenerationRange::add(std::int64_t time_millis, std::int64_t arrived_millis) {
  min_time = std::min(min_time, time_millis);
  max_time = std::max(max_time, time_millis);
  newest = std::max(newest, std::min(time_millis, arrived_millis));
}

Result<std::vector<GenerationEntry>> readGenerations(const std::string& folder) {
  const std::string path = folder + std::string(kList);
  std::vector<GenerationEntry> entries;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return entries;
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return unavailable(path + ": cannot be read");
  const std::string content = std::move(text).str();
  const auto document = json::Document::parse(content, {.max_depth = 128});
  if (!document.isOk()) return damagedList(path, std::string(document.status().message()));
  for (const json::Value value : document->root()["generations"]) {
    GYRE_TRY_ASSIGN(entries.emplace_back(), readEntry(path, value));
  }
  if (entries.empty()) return damagedList(path, "expected generations, found none");
  return entries;
}

Status writeGenerations(const std::string& folder, const std::vector<GenerationEntry>& entries) {
  std::string text;
  JsonWriter writer(text);
  writer.beginObject().key("generations").beginArray();
  for (const GenerationEntry& entry : entries) {
    writer.beginObject().member("number", entry.number).member("firstSequence", entry.first_sequence);
    writer.member("created", entry.created_millis).member("minTime", entry.range.min_time);
    writer.member("maxTime", entry.range.max_time).member("newest", entry.range.newest);
    writer.key("definition").raw(entry.definition).endObject();
  }
  writer.endArray().endObject();
  return base::replaceFile(folder + std::string(kList), text);
}

Generation::Generation(GenerationEntry entry, std::string name, std::string path)
    : entry_(std::move(entry)), name_(std::move(name)), path_(std::move(path)) {}

Generation::~Generation() {
  if (!is_dropped_) return;
  if (index_) index_->abandon();
  index_.reset();
  directory_.reset();
  std::error_code ignored;  // a folder that is not listed is removed at the next start
  std::filesystem::remove_all(path_, ignored);
}

Result<std::shared_ptr<Generation>> Generation::open(const Options& options, GenerationEntry entry,
                                                     base::Observer& observer) {
  const std::string path = options.folder + "/" + std::to_string(entry.number);
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return unavailable(path + ": cannot be created: " + error.message());
  std::shared_ptr<Generation> generation(new Generation(std::move(entry), options.name, path));
  GYRE_TRY_ASSIGN(generation->directory_, engine::MmapDirectory::open(path));
  engine::IndexOptions index;
  index.name = options.name;
  index.buffer_bytes = options.buffer_bytes;
  index.merge_budget = options.merge_budget;
  index.default_dynamic = engine::Dynamic::kStrict;
  GYRE_TRY_ASSIGN(generation->index_,
                  engine::Index::open(*generation->directory_, generation->entry_.definition, index, observer));
  return generation;
}

GenerationRange Generation::range() const {
  const std::lock_guard lock(mutex_);
  return entry_.range;
}

GenerationEntry Generation::entry() const {
  const std::lock_guard lock(mutex_);
  return entry_;
}

void Generation::widen(const GenerationRange& range) {
  const std::lock_guard lock(mutex_);
  entry_.range.min_time = std::min(entry_.range.min_time, range.min_time);
  entry_.range.max_time = std::max(entry_.range.max_time, range.max_time);
  entry_.range.newest = std::max(entry_.range.newest, range.newest);
}

}  // namespace gyre::stream
