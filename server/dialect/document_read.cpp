#include "server/dialect/document_read.hpp"

#include <algorithm>
#include <utility>

#include "server/dialect/document_write.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/shard_number.hpp"
#include "server/dialect/source_parameters.hpp"

namespace gyre::dialect {

namespace {

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

Result<std::optional<engine::StoredDocument>> DocumentRead::run(const IndexEntry& index) const {
  if (refreshes) GYRE_TRY(index.engine->refresh());
  GYRE_TRY_ASSIGN(auto found, index.engine->get(id, {.is_realtime = is_realtime, .wants_source = showsSource()}));
  if (!found) return found;
  if (const ShardNumbers shards(index.settings); !shards.isSingle()) {
    const std::uint32_t asked = shards.of(id, routing);
    if (shards.of(id, found->routing) != asked) return std::optional<engine::StoredDocument>();
    if (version && static_cast<std::uint64_t>(*version) != found->version)
      return atShard(versionConflict(*this, found->version), index, asked);
  } else if (version && static_cast<std::uint64_t>(*version) != found->version) {
    return atShard(versionConflict(*this, found->version), index, 0);
  }
  return found;
}

Status DocumentRead::write(const IndexEntry& index, const std::optional<engine::StoredDocument>& found,
                           JsonWriter& writer) const {
  writer.member("_index", index.name).member("_id", id);
  if (found) {
    writer.member("_version", found->version);
    return writeFound(*found, writer);
  }
  writer.member("found", false);
  return {};
}

Status DocumentRead::writeFound(const engine::StoredDocument& found, JsonWriter& writer) const {
  writer.member("_seq_no", found.seq_no).member("_primary_term", engine::kPrimaryTerm);
  if (!found.routing.empty()) writer.member("_routing", found.routing);
  writer.member("found", true);
  if (!showsSource()) return {};
  if (!source || source->isWhole()) {
    writer.rawMember("_source", found.source);
    return {};
  }
  GYRE_TRY_ASSIGN(const std::string shown, source->apply(found.source));
  writer.rawMember("_source", shown);
  return {};
}

}  // namespace gyre::dialect
