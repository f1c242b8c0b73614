#include "server/dialect/document_read.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/mapping/ignored_fields.hpp"
#include "engine/search/stored_values.hpp"
#include "server/dialect/document_write.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/shard_number.hpp"
#include "server/dialect/source_parameters.hpp"

namespace gyre::dialect {

namespace {

std::int64_t steadyNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Status versionConflict(const DocumentRead& read, std::uint64_t held) {
  return {Code::kConflict, "version_conflict_engine_exception",
          "[" + read.id + "]: version conflict, current version [" + std::to_string(held) +
              "] is different than the one provided [" + std::to_string(*read.version) + "]"};
}

}  // namespace

std::vector<std::string> splitNames(std::string_view list) {
  std::vector<std::string> names;
  for (std::size_t from = 0; from < list.size();) {
    const std::size_t comma = std::min(list.find(',', from), list.size());
    if (comma > from) names.emplace_back(list.substr(from, comma - from));
    from = comma + 1;
  }
  return names;
}

Result<DocumentRead> DocumentRead::fromParameters(const Call& call) {
  DocumentRead read;
  if (call.request.parameters.empty()) return read;
  if (call.has("fields"))
    return illegalArgument(
        "the parameter [fields] is no longer supported, please use [stored_fields] to retrieve stored fields or "
        "[_source] to load the field from _source");
  read.routing = call.text("routing");
  GYRE_TRY_ASSIGN(read.is_realtime, call.flag("realtime", true));
  GYRE_TRY_ASSIGN(read.refreshes, call.flag("refresh"));
  if (call.has("version")) {
    GYRE_TRY_ASSIGN(read.version, call.whole("version", 0));
  }
  GYRE_TRY(parseVersionType(call.text("version_type", "internal")).status());
  GYRE_TRY_ASSIGN(read.source, readSourceParameters(call));
  if (call.has("stored_fields")) read.stored_fields = splitNames(call.text("stored_fields"));
  return read;
}

bool DocumentRead::showsSource() const {
  if (source) return !source->isHidden();
  return !stored_fields || std::find(stored_fields->begin(), stored_fields->end(), "_source") != stored_fields->end();
}

Result<std::optional<FoundDocument>> DocumentRead::run(const IndexEntry& index) const {
  using Found = std::optional<FoundDocument>;
  const auto mapping = index.mapping();
  if (routing.empty() && mapping->root().is_routing_required) return routingMissing(index, id);
  if (refreshes) GYRE_TRY(index.engine->refresh());
  const bool may_ignore = engine::IgnoredFields::mayHave(*mapping);
  const bool wants_source = showsSource() || stored_fields.has_value() || may_ignore;
  GYRE_TRY_ASSIGN(auto stored, getCounted(index, id, {.is_realtime = is_realtime, .wants_source = wants_source}));
  if (!stored) return Found();
  std::uint32_t shard = 0;
  if (const ShardNumbers shards(index.settings); !shards.isSingle()) {
    shard = shards.of(id, routing);
    if (shards.of(id, stored->routing) != shard) return Found();
  }
  if (version && static_cast<std::uint64_t>(*version) != stored->version)
    return atShard(versionConflict(*this, stored->version), index, shard);
  FoundDocument found;
  found.version = stored->version;
  found.seq_no = stored->seq_no;
  found.routing = std::move(stored->routing);
  if (may_ignore) found.ignored = engine::IgnoredFields(*mapping).of(stored->source);
  if (wants_source) GYRE_TRY(readContent(*mapping, std::move(stored->source), found));
  return Found(std::move(found));
}

Status DocumentRead::readContent(const engine::Mapping& mapping, std::string stored, FoundDocument& found) const {
  if (stored_fields) {
    engine::StoredValues values;
    for (const std::string& name : *stored_fields)
      // Aliases and patterns name nothing that is stored.
      if (const engine::Field* const field = mapping.declared(name);
          field != nullptr && field->type != engine::FieldType::kAlias)
        GYRE_TRY(values.add(name, mapping));
    JsonWriter writer(found.fields);
    writer.beginObject();
    GYRE_TRY(values.write(stored, std::nullopt, writer));
    writer.endObject();
  }
  if (!showsSource()) return {};
  GYRE_TRY_ASSIGN(auto kept, keptSource(mapping, std::move(stored)));
  found.has_source = kept.has_value();
  if (kept) found.source = *std::move(kept);
  return {};
}

Status DocumentRead::write(const IndexEntry& index, const std::optional<FoundDocument>& found,
                           JsonWriter& writer) const {
  writer.member("_index", index.name).member("_id", id);
  if (found) {
    writer.member("_version", found->version);
    return writeFound(*found, writer);
  }
  writer.member("found", false);
  return {};
}

Status DocumentRead::writeFound(const FoundDocument& found, JsonWriter& writer) const {
  writer.member("_seq_no", found.seq_no).member("_primary_term", engine::kPrimaryTerm);
  if (!found.routing.empty()) writer.member("_routing", found.routing);
  if (!found.ignored.empty()) {
    writer.key("_ignored").beginArray();
    for (const std::string& path : found.ignored) writer.string(path);
    writer.endArray();
  }
  writer.member("found", true);
  if (found.has_source) {
    if (!source || source->isWhole()) {
      writer.rawMember("_source", found.source);
    } else {
      GYRE_TRY_ASSIGN(const std::string shown, source->apply(found.source));
      writer.rawMember("_source", shown);
    }
  }
  if (found.fields.size() > 2) writer.rawMember("fields", found.fields);
  return {};
}

Result<std::optional<std::string>> keptSource(const engine::Mapping& mapping, std::string stored) {
  const auto kept = engine::SourceFilter::of(mapping.root());
  if (kept.isHidden()) return std::optional<std::string>();
  if (kept.isWhole()) return std::optional(std::move(stored));
  GYRE_TRY_ASSIGN(std::string shown, kept.apply(stored));
  return std::optional(std::move(shown));
}

Result<std::optional<engine::StoredDocument>> getCounted(const IndexEntry& index, std::string_view id,
                                                         engine::GetOptions options) {
  const std::int64_t began = steadyNanos();
  auto found = index.engine->get(id, options);
  if (found.isOk() && index.open) {
    IndexCounters& counters = index.open->counters;
    (found.value() ? counters.gets_found : counters.gets_missing).add(steadyNanos() - began);
  }
  return found;
}

}  // namespace gyre::dialect
