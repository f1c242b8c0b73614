#include "server/dialect/catalog.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <random>
#include <set>
#include <system_error>

#include "engine/directory/mmap_directory.hpp"
#include "engine/writer/merge_budget.hpp"
#include "gyre/json.hpp"
#include "server/dialect/aliases.hpp"
#include "server/dialect/date_math_name.hpp"
#include "server/dialect/duration.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/index_blocks.hpp"
#include "server/dialect/index_composition.hpp"

namespace gyre::dialect {

namespace {

constexpr std::string_view kPart = "dialect";
constexpr std::string_view kCatalogFile = "catalog.json";
// How often free indices are looked at for refreshes and commits.
constexpr auto kMaintenancePeriod = std::chrono::milliseconds(100);
constexpr auto kIdlePeriod = std::chrono::seconds(1);  // while there are none
constexpr std::int64_t kDefaultRefreshMillis = 1'000;
// Without an interval of its own, an index that nobody searches is not refreshed; the next search does it.
constexpr std::int64_t kSearchIdleNanos = 30'000'000'000;
// A log beyond this is committed away; reading back more would make a start slow.
constexpr std::uint64_t kCommitLogBytes = 256u << 20;
constexpr std::int64_t kTombstoneMillis = 60'000;
constexpr int kIdBytes = 22;

std::int64_t steadyNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string definitionOf(const Settings& settings, std::string_view mappings) {
  std::string text;
  JsonWriter writer(text);
  writer.beginObject().key("settings");
  settings.writeNested(writer);
  writer.rawMember("mappings", mappings.empty() ? "{}" : mappings).endObject();
  return text;
}

void writeNamed(std::string_view name, const NamedTexts& texts, JsonWriter& writer) {
  writer.key(name).beginObject();
  for (const auto& [key, json] : texts) writer.rawMember(key, json);
  writer.endObject();
}

NamedTexts readNamed(json::Value object) {
  NamedTexts texts;
  for (const json::Value member : object) texts[std::string(member.key())] = member.raw();
  return texts;
}

Alias readAlias(json::Value value) {
  Alias alias;
  alias.filter = value["filter"].raw();
  alias.index_routing = value["index_routing"].string();
  alias.search_routing = value["search_routing"].string();
  if (value["is_write_index"].isBoolean()) alias.is_write_index = value["is_write_index"].boolean();
  if (value["is_hidden"].isBoolean()) alias.is_hidden = value["is_hidden"].boolean();
  return alias;
}

bool isFolderName(std::string_view name) { return name.size() == kIdBytes; }

}  // namespace

const IndexEntry* CatalogState::find(std::string_view name) const {
  const auto found = indices.find(name);
  return found == indices.end() ? nullptr : found->second.get();
}

std::optional<std::string_view> CatalogState::clusterSetting(std::string_view name) const {
  const auto transient = transient_settings.text(name);
  return transient ? transient : persistent_settings.text(name);
}

IndexEntry& CatalogState::edit(std::string_view name) {
  IndexPtr& held = indices.find(name)->second;
  auto copy = std::make_shared<IndexEntry>(*held);
  IndexEntry& edited = *copy;
  held = std::move(copy);
  return edited;
}

Status checkIndexName(std::string_view name) {
  const auto invalid = [name](std::string_view why) {
    Status status(Code::kInvalidArgument, "invalid_index_name_exception",
                  "Invalid index name [" + std::string(name) + "], " + std::string(why));
    status.addFault("index", std::string(name)).addFault("index_uuid", "_na_");
    return status;
  };
  if (name.empty()) return invalid("must not be empty");
  if (name.find_first_of("\\/*?\"<>| ,") != std::string_view::npos)
    return invalid("must not contain the following characters [ , \", *, \\, <, |, ,, >, /, ?]");
  if (name.find('#') != std::string_view::npos) return invalid("must not contain '#'");
  if (name.find(':') != std::string_view::npos) return invalid("must not contain ':'");
  if (name.front() == '_' || name.front() == '-' || name.front() == '+')
    return invalid("must not start with '_', '-', or '+'");
  if (std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
    return invalid("must be lowercase");
  if (name.size() > 255) return invalid("index name is too long, (" + std::to_string(name.size()) + " > 255)");
  if (name == "." || name == "..") return invalid("must not be '.' or '..'");
  return {};
}

std::string randomId() {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  thread_local std::mt19937_64 random{std::random_device()()};
  std::string id;
  for (int i = 0; i < kIdBytes; ++i) id += kAlphabet[random() % kAlphabet.size()];
  return id;
}

namespace {

// The engine says in which folder a definition is at fault; whoever sent it does not know that folder.
Status withoutFolder(const Status& status, std::string_view folder) {
  std::string_view message = status.message();
  if (!message.starts_with(folder)) return status;
  message.remove_prefix(folder.size());
  if (message.starts_with(": ")) message.remove_prefix(2);
  Status plain(status.code(), std::string(status.reason()), std::string(message));
  for (const Fault& fault : status.faults()) plain.addFault(fault.pointer, fault.detail);
  return plain;
}

}  // namespace

bool CatalogState::isAlias(std::string_view name) const {
  return std::any_of(indices.begin(), indices.end(),
                     [name](const auto& each) { return each.second->aliases.contains(name); });
}

// ---- opening
// ---------------------------------------------------------------------------------------------------------

Catalog::Catalog(Options options, const base::Clock& clock, base::Observer& observer)
    : options_(std::move(options)),
      merge_budget_(std::make_shared<engine::MergeBudget>()),
      clock_(clock),
      observer_(observer),
      state_(std::make_shared<CatalogState>()) {}

Result<std::unique_ptr<Catalog>> Catalog::open(Options options, const base::Clock& clock, base::Observer& observer) {
  std::unique_ptr<Catalog> catalog(new Catalog(std::move(options), clock, observer));
  GYRE_TRY(catalog->load());
  catalog->maintenance_ = std::thread([self = catalog.get()] { self->maintain(); });
  return catalog;
}

Catalog::~Catalog() { close(); }

Status Catalog::load() {
  GYRE_TRY_ASSIGN(directory_, engine::MmapDirectory::open(options_.folder));
  const auto file = directory_->open(kCatalogFile);
  if (!file.isOk()) {
    if (file.status().code() != Code::kNotFound) return file.status();
    cluster_uuid_ = randomId();
    node_id_ = randomId();
    return save(*state());
  }
  const auto parsed = json::Document::parse(base::asText(file.value()->bytes()), {.max_depth = 512});
  if (!parsed.isOk())
    return corruption(directory_->describe() + "/" + std::string(kCatalogFile) + ": " +
                      std::string(parsed.status().message()));
  const json::Value root = parsed.value().root();
  cluster_uuid_ = root["cluster_uuid"].isString() ? std::string(root["cluster_uuid"].string()) : randomId();
  node_id_ = root["node_id"].isString() ? std::string(root["node_id"].string()) : randomId();
  auto state = std::make_shared<CatalogState>();
  state->templates = readNamed(root["templates"]);
  state->index_templates = readNamed(root["index_templates"]);
  state->component_templates = readNamed(root["component_templates"]);
  state->pipelines = readNamed(root["pipelines"]);
  GYRE_TRY(state->persistent_settings.merge(root["persistent_settings"], ""));
  for (const json::Value member : root["indices"]) {
    GYRE_TRY_ASSIGN(auto entry, loadIndex(member));
    state->indices[entry->name] = std::move(entry);
  }
  removeStrayFolders(*state);
  setState(std::move(state));
  return {};
}

Result<std::shared_ptr<IndexEntry>> Catalog::loadIndex(json::Value definition) {
  auto entry = std::make_shared<IndexEntry>();
  entry->name = definition.key();
  entry->uuid = definition["uuid"].string();
  entry->created_millis = definition["created"].integer().value_or(0);
  entry->is_closed = definition["closed"].boolean();
  GYRE_TRY(entry->settings.merge(definition["settings"]));
  for (const json::Value alias : definition["aliases"]) entry->aliases[std::string(alias.key())] = readAlias(alias);
  auto opened = openIndex(entry->name, entry->uuid, "");
  if (!opened.isOk()) {
    // One damaged index must not keep the others from being served.
    observer_.log(base::Level::kError, kPart,
                  "index " + entry->name + " is not served: " + std::string(opened.status().message()));
    entry->is_closed = true;
  } else if (entry->is_closed) {
    // Opened only to learn its mapping, which is shown while it is closed.
    entry->closed_mapping = opened.value()->index->mapping();
    entry->closed_stats = opened.value()->index->stats();
    opened.value()->index->abandon();
  } else {
    entry->open = std::move(opened).value();
    entry->engine = entry->open->index.get();
  }
  return entry;
}

// What a crash between making an index and naming it, or between forgetting it and removing its files, left behind.
void Catalog::removeStrayFolders(const CatalogState& state) {
  std::set<std::string, std::less<>> known;
  for (const auto& [name, entry] : state.indices) known.insert(entry->uuid);
  std::error_code error;
  for (const auto& each : std::filesystem::directory_iterator(options_.folder, error)) {
    const std::string name = each.path().filename().string();
    if (!each.is_directory(error) || !isFolderName(name) || known.contains(name)) continue;
    observer_.log(base::Level::kInformation, kPart, "the folder " + name + " belongs to no index and is removed");
    std::filesystem::remove_all(each.path(), error);
  }
}

Result<std::shared_ptr<OpenIndex>> Catalog::openIndex(const std::string& name, const std::string& uuid,
                                                      const std::string& definition) {
  auto open = std::make_shared<OpenIndex>();
  GYRE_TRY_ASSIGN(open->directory, engine::MmapDirectory::open(options_.folder + "/" + uuid));
  engine::IndexOptions options;
  options.name = name;
  options.buffer_bytes = options_.buffer_bytes;
  options.merge_budget = merge_budget_;
  options.keeps_log = true;
  options.tombstone_millis = kTombstoneMillis;
  GYRE_TRY_ASSIGN(open->index, engine::Index::open(*open->directory, definition, options, observer_));
  return open;
}

void Catalog::addDomain(std::string name, engine::Index& index, bool is_entity_domain) {
  auto entry = std::make_shared<IndexEntry>();
  entry->name = name;
  entry->uuid = name;
  entry->settings.set("index.number_of_shards", "1");
  entry->settings.set("index.number_of_replicas", "0");
  // What works on all indices, down to removing them, is not meant for a domain's: it is named, or not touched.
  entry->settings.set("index.hidden", "true");
  entry->domain = name;
  entry->is_entity_domain = is_entity_domain;
  entry->engine = &index;
  auto next = std::make_shared<CatalogState>(*state());
  next->indices[std::move(name)] = std::move(entry);
  setState(std::move(next));
}

void Catalog::setStream(const std::string& domain, const std::vector<StreamGeneration>& generations,
                        const std::shared_ptr<StreamWriter>& writer) {
  // One change at a time, as all; what a stream shows is not kept on disk, so it cannot fail.
  const std::lock_guard lock(change_mutex_);
  auto next = std::make_shared<CatalogState>(*state());
  std::erase_if(next->indices, [&](const auto& named) { return named.second->domain == domain; });
  for (const StreamGeneration& generation : generations) {
    auto entry = std::make_shared<IndexEntry>();
    entry->name = generation.name;
    entry->uuid = generation.name;
    entry->created_millis = generation.created_millis;
    entry->settings.set("index.number_of_shards", "1");
    entry->settings.set("index.number_of_replicas", "0");
    entry->settings.set("index.hidden", "true");
    Alias alias;
    alias.is_write_index = &generation == &generations.back();
    entry->aliases.emplace(domain, std::move(alias));
    entry->domain = domain;
    entry->engine = generation.index;
    entry->is_closed = generation.index == nullptr;  // its records are elsewhere: see isElsewhere()
    entry->keeps = generation.keeps;
    entry->stream = writer;
    next->indices[generation.name] = std::move(entry);
  }
  setState(std::move(next));
}

// ---- state
// -----------------------------------------------------------------------------------------------------------

std::shared_ptr<const CatalogState> Catalog::state() const {
  const std::lock_guard lock(state_mutex_);
  return state_;
}

void Catalog::setState(std::shared_ptr<const CatalogState> state) {
  {
    const std::lock_guard lock(state_mutex_);
    state_.swap(state);
  }
  stop_changed_.notify_all();
}

Status Catalog::save(const CatalogState& state) {
  std::string text;
  JsonWriter writer(text);
  writer.beginObject()
      .member("version", 1)
      .member("cluster_uuid", cluster_uuid_)
      .member("node_id", node_id_)
      .key("indices")
      .beginObject();
  for (const auto& [name, entry] : state.indices) {
    if (!entry->domain.empty()) continue;
    writer.key(name).beginObject().member("uuid", entry->uuid).member("created", entry->created_millis);
    writer.member("closed", entry->is_closed).key("settings");
    entry->settings.writeFlat(writer);
    writer.key("aliases");
    writeAliases(entry->aliases, writer);
    writer.endObject();
  }
  writer.endObject();
  writeNamed("templates", state.templates, writer);
  writeNamed("index_templates", state.index_templates, writer);
  writeNamed("component_templates", state.component_templates, writer);
  writeNamed("pipelines", state.pipelines, writer);
  writer.key("persistent_settings");
  state.persistent_settings.writeFlat(writer);
  writer.endObject();
  return directory_->replace(kCatalogFile, base::asBytes(text));
}

Status Catalog::change(const std::function<Status(CatalogState&)>& change) {
  const std::lock_guard lock(change_mutex_);
  auto next = std::make_shared<CatalogState>(*state());
  GYRE_TRY(change(*next));
  GYRE_TRY(save(*next));
  setState(std::move(next));
  return {};
}

// ---- indices
// ---------------------------------------------------------------------------------------------------------

Result<IndexPtr> Catalog::create(std::string_view name, IndexRequest request) {
  if (!options_.has_free_indices)
    return Status(Code::kPermissionDenied, "security_exception",
                  "no index [" + std::string(name) + "] can be made: dialect.free_indices is false");
  GYRE_TRY(checkIndexName(name));
  auto entry = std::make_shared<IndexEntry>();
  entry->name = name;
  entry->uuid = randomId();
  entry->created_millis = clock_.nowMillis();
  entry->settings = std::move(request.settings);
  entry->aliases = std::move(request.aliases);
  const Status changed = change([&](CatalogState& state) -> Status {
    GYRE_TRY(checkNew(state, *entry));
    auto opened = openIndex(entry->name, entry->uuid, definitionOf(entry->settings, request.mappings));
    if (!opened.isOk()) return withoutFolder(opened.status(), options_.folder + "/" + entry->uuid);
    entry->open = std::move(opened).value();
    entry->engine = entry->open->index.get();
    for (const auto& [alias, properties] : entry->aliases)
      GYRE_TRY(checkAlias(alias, properties, entry->engine->mapping().get()));
    state.indices[entry->name] = entry;
    return checkWriteIndices(state);
  });
  if (!changed.isOk()) {
    if (entry->open) entry->open->index->abandon();
    std::error_code ignored;
    std::filesystem::remove_all(options_.folder + "/" + entry->uuid, ignored);
    return changed;
  }
  return IndexPtr(entry);
}

Status Catalog::checkNew(const CatalogState& state, const IndexEntry& entry) const {
  if (const IndexEntry* const held = state.find(entry.name)) {
    Status exists(Code::kInvalidArgument, "resource_already_exists_exception",
                  "index [" + entry.name + "/" + held->uuid + "] already exists");
    exists.addFault("index", entry.name).addFault("index_uuid", held->uuid);
    return exists;
  }
  if (state.isAlias(entry.name)) {
    Status exists(Code::kInvalidArgument, "invalid_index_name_exception",
                  "Invalid index name [" + entry.name + "], already exists as alias");
    exists.addFault("index", entry.name).addFault("index_uuid", "_na_");
    return exists;
  }
  for (const auto& [alias, properties] : entry.aliases) GYRE_TRY(checkAliasIsNoIndex(state, alias, entry.name));
  const auto count = static_cast<std::size_t>(std::count_if(
      state.indices.begin(), state.indices.end(), [](const auto& each) { return each.second->domain.empty(); }));
  if (count >= options_.max_indices)
    return {Code::kInvalidArgument, "validation_exception",
            "Validation Failed: 1: this action would add [1] index, but there already are [" + std::to_string(count) +
                "]/[" + std::to_string(options_.max_indices) +
                "] free indices, and dialect.max_indices allows no more;"};
  return {};
}

Result<IndexPtr> Catalog::forWrite(std::string_view name, bool may_create) {
  if (name.starts_with('<')) {
    GYRE_TRY_ASSIGN(const std::string resolved, resolveDateMath(name, clock_.nowMillis()));
    if (resolved != name) return forWrite(resolved, may_create);
  }
  const auto current = state();
  const auto writable = [](const IndexPtr& entry) -> Result<IndexPtr> {
    if (entry->stream) return entry;
    if (entry->is_closed) return indexClosed(*entry);
    GYRE_TRY(checkBlocks(entry->name, entry->settings, BlockedAction::kWrite));
    return entry;
  };
  if (const auto found = current->indices.find(name); found != current->indices.end()) return writable(found->second);
  std::vector<IndexPtr> candidates;
  IndexPtr write_index;
  for (const auto& [index, entry] : current->indices) {
    const auto alias = entry->aliases.find(name);
    if (alias == entry->aliases.end()) continue;
    candidates.push_back(entry);
    if (alias->second.is_write_index.value_or(false)) write_index = entry;
  }
  if (write_index) return writable(write_index);
  if (candidates.size() == 1 && !candidates.front()->aliases.find(name)->second.is_write_index.has_value())
    return writable(candidates.front());
  if (!candidates.empty())
    return illegalArgument(
        "no write index is defined for alias [" + std::string(name) +
        "]. The write index may be explicitly disabled using is_write_index=false or the alias points "
        "to multiple indices without one being designated as a write index");
  if (!may_create) return indexNotFound(name);
  GYRE_TRY(checkIndexName(name));
  GYRE_TRY_ASSIGN(IndexRequest request, composeIndex(*current, name, {}));
  auto created = create(name, std::move(request));
  // Somebody else was faster.
  if (!created.isOk() && created.status().reason() == "resource_already_exists_exception") return forWrite(name, false);
  return created;
}

Status Catalog::remove(const std::vector<IndexPtr>& indices) {
  const Status changed = change([&](CatalogState& state) -> Status {
    for (const IndexPtr& index : indices) {
      GYRE_TRY(checkFree(*index));
      // Somebody else may have been faster, and have made another of the name.
      const IndexEntry* const held = state.find(index->name);
      if (held == nullptr || held->uuid != index->uuid) return indexNotFound(index->name);
      state.indices.erase(index->name);
    }
    return {};
  });
  GYRE_TRY(changed);
  dispose(indices);
  return {};
}

void Catalog::dispose(const std::vector<IndexPtr>& indices) {
  for (const IndexPtr& index : indices) {
    // Requests that still hold it go on reading the files, which are mapped; writes are refused.
    if (index->open) index->open->index->abandon();
    std::error_code error;
    std::filesystem::remove_all(options_.folder + "/" + index->uuid, error);
    if (error)
      observer_.log(base::Level::kWarning, kPart,
                    "the folder of index " + index->name + " is left: " + error.message());
  }
}

Status Catalog::setClosed(std::string_view name, bool is_closed) {
  return change([&](CatalogState& state) -> Status {
    const auto found = state.indices.find(name);
    if (found == state.indices.end()) return indexNotFound(name);
    GYRE_TRY(checkFree(*found->second));
    if (found->second->is_closed == is_closed) return {};
    auto next = std::make_shared<IndexEntry>(*found->second);
    next->is_closed = is_closed;
    if (is_closed) {
      GYRE_TRY(next->engine->close());
      next->closed_mapping = next->engine->mapping();
      next->closed_stats = next->engine->stats();
      next->engine = nullptr;
      next->open.reset();
    } else {
      GYRE_TRY_ASSIGN(next->open, openIndex(next->name, next->uuid, ""));
      GYRE_TRY(next->open->index->putSettings(next->settings.nestedJson()));
      next->closed_mapping.reset();
      next->engine = next->open->index.get();
    }
    found->second = std::move(next);
    return {};
  });
}

Status Catalog::checkFree(const IndexEntry& entry) {
  if (entry.domain.empty()) return {};
  return {Code::kPermissionDenied, "security_exception",
          "index [" + entry.name + "] belongs to the domain " + entry.domain + " and is not changed here"};
}

// ---- maintenance
// -----------------------------------------------------------------------------------------------------

void Catalog::maintain() {
  bool is_any_open = true;
  std::unique_lock lock(stop_mutex_);
  while (!is_stopping_) {
    stop_changed_.wait_for(lock, is_any_open ? kMaintenancePeriod : kIdlePeriod);  // another state ends it, too
    if (is_stopping_) return;
    lock.unlock();
    is_any_open = false;
    for (const auto current = state(); const auto& [name, entry] : current->indices) {
      if (!entry->open) continue;
      is_any_open = true;
      maintainOne(*entry);
    }
    lock.lock();
  }
}

void Catalog::maintainOne(const IndexEntry& entry) {
  OpenIndex& open = *entry.open;
  const std::int64_t now = steadyNanos();
  const auto interval = entry.settings.text("index.refresh_interval");
  std::int64_t millis = kDefaultRefreshMillis;
  if (interval && !interval->empty()) {
    const auto duration = parseDuration(*interval);
    millis = duration.isOk() ? duration.value() : millis;
  }
  const bool is_idle = !interval && now - open.last_search_nanos > kSearchIdleNanos;
  Status status;
  if (millis >= 0 && !is_idle && now - open.last_refresh_nanos >= millis * 1'000'000) {
    open.last_refresh_nanos = now;
    status = open.index->refresh();
  }
  if (status.isOk() && open.index->logBytes() > kCommitLogBytes) status = open.index->commit();
  if (!status.isOk() && status.code() != Code::kUnavailable)
    observer_.log(base::Level::kError, kPart, "index " + entry.name + ": " + std::string(status.message()));
}

void Catalog::close() {
  {
    const std::lock_guard lock(stop_mutex_);
    is_stopping_ = true;
  }
  stop_changed_.notify_all();
  if (maintenance_.joinable()) maintenance_.join();
  for (const auto current = state(); const auto& [name, entry] : current->indices) {
    if (!entry->open) continue;
    if (const Status closed = entry->open->index->close(); !closed.isOk())
      observer_.log(base::Level::kError, kPart, "index " + name + ": " + std::string(closed.message()));
  }
}

}  // namespace gyre::dialect
