// What can be done with the fields of several indices: _field_caps.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/mapping/field_caps.hpp"
#include "engine/search/searcher.hpp"
#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "server/dialect/answered.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/name_match.hpp"
#include "server/dialect/resolve_options.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/search_failure.hpp"
#include "server/dialect/search_scope.hpp"
#include "server/dialect/service.hpp"

namespace gyre::dialect {

namespace {

constexpr json::Limits kLimits{.max_depth = 400};  // the engine bounds queries itself

// ---- index_filter
// Leaves out an index of which the filter alone tells that it has no match, as the dialect does: by the first and the
// last instant of a date, and by the index' name. Other clauses are not looked into.
class IndexFilter {
 public:
  IndexFilter(const engine::SearchTarget& target, std::int64_t now_millis) : target_(target) {
    options_.now_millis = now_millis;
  }

  Result<bool> mayMatch(json::Value clause) const {
    const json::Value body = *clause.begin();
    const std::string_view kind = body.key();
    if (kind == "match_none") return false;
    if (kind == "constant_score") return mayMatch(body["filter"]);
    if (kind == "bool") return mayMatchAll(body);
    if (kind == "range") return mayMatchRange(body);
    constexpr std::string_view kByName[] = {"term", "terms", "prefix", "wildcard"};
    if (!body["_index"].isMissing() && std::find(std::begin(kByName), std::end(kByName), kind) != std::end(kByName))
      return target_.snapshot->segments.empty() ? Result<bool>(isNamed(kind, body["_index"])) : hasMatch(clause.raw());
    if (kind == "exists") return hasField(body["field"].string());
    return true;
  }

 private:
  // The same for an index without documents, which a search finds nothing in.
  bool isNamed(std::string_view kind, json::Value wanted) const {
    if (wanted.isArray())
      return std::any_of(wanted.begin(), wanted.end(), [&](json::Value each) { return isNamed(kind, each); });
    const std::string_view text = wanted.isObject() ? (*wanted.begin()).string() : wanted.string();
    if (kind == "prefix") return target_.index_name.starts_with(text);
    return kind == "wildcard" ? matchesWildcard(text, target_.index_name) : text == target_.index_name;
  }

  // A field, or an object that has fields.
  bool hasField(std::string_view path) const {
    const engine::Mapping& mapping = *target_.snapshot->mapping;
    if (path.starts_with('_') || mapping.find(path) != nullptr) return true;
    return std::any_of(mapping.fields().begin(), mapping.fields().end(), [&](const engine::Field& field) {
      const std::string_view known = field.path;
      return matchesWildcard(path, known) || (known.starts_with(path) && known.substr(path.size()).starts_with('.'));
    });
  }

  Result<bool> mayMatchAll(json::Value body) const {
    for (const std::string_view name : {"must", "filter"}) {
      const json::Value clauses = body[name];
      if (clauses.isObject()) {
        GYRE_TRY_ASSIGN(const bool may, mayMatch(clauses));
        if (!may) return false;
        continue;
      }
      for (const json::Value clause : clauses) {
        GYRE_TRY_ASSIGN(const bool may, mayMatch(clause));
        if (!may) return false;
      }
    }
    return true;
  }

  // A range is outside of what the index has when there is nothing above its begin, or nothing below its end.
  Result<bool> mayMatchRange(json::Value body) const {
    if (body.size() == 0) return true;
    const json::Value bounds = *body.begin();
    const engine::Field* const field = target_.snapshot->mapping->find(bounds.key());
    if (field == nullptr) return false;
    if (field->type != engine::FieldType::kDate && field->type != engine::FieldType::kDateNanos) return true;
    for (const bool is_begin : {true, false}) {
      std::string half;
      JsonWriter writer(half);
      writer.beginObject().key("range").beginObject().key(bounds.key()).beginObject();
      for (const json::Value bound : bounds) {
        const std::string_view name = bound.key();
        const bool is_lower = name == "gt" || name == "gte" || name == "from" || name == "include_lower";
        const bool is_upper = name == "lt" || name == "lte" || name == "to" || name == "include_upper";
        if (!(is_begin ? is_upper : is_lower)) writer.rawMember(name, bound.raw());
      }
      writer.endObject().endObject().endObject();
      GYRE_TRY_ASSIGN(const bool has, hasMatch(half));
      if (!has) return false;
    }
    return true;
  }

  Result<bool> hasMatch(std::string_view query) const {
    const engine::SearchReply reply =
        engine::runCount({&target_, 1}, "{\"query\":" + std::string(query) + "}", options_);
    if (!reply.status.isOk()) return reply.status;
    GYRE_TRY_ASSIGN(const json::Document counted, json::Document::parse(reply.body));
    return counted.root()["count"].integer().value_or(0) > 0;
  }

  const engine::SearchTarget& target_;
  engine::SearchOptions options_;
};

// ---- the answer
// What several indices say of fields of one name and type.
struct MergedCapability {
  std::vector<std::string> indices, not_searchable, not_aggregatable;
  std::map<std::string, std::set<std::string>> meta;

  void add(const std::string& index, const engine::FieldCapability& capability) {
    indices.push_back(index);
    if (!capability.is_searchable) not_searchable.push_back(index);
    if (!capability.is_aggregatable) not_aggregatable.push_back(index);
    for (const auto& [name, value] : capability.meta) meta[name].insert(value);
  }
};

class FieldCaps {
 public:
  explicit FieldCaps(std::vector<std::string_view> patterns) : patterns_(std::move(patterns)) {}

  void add(const std::string& index, const engine::Mapping& mapping) {
    indices_.push_back(index);
    const auto capabilities = engine::fieldCapabilities(mapping);
    const auto isObject = [](const engine::FieldCapability& each) {
      return each.type == "object" || each.type == "nested";
    };
    // Objects come with what stands in them.
    std::set<std::string_view> above;
    for (const engine::FieldCapability& each : capabilities) {
      if (isObject(each) || !isWanted(each.path)) continue;
      merged_[each.path][std::string(each.type)].add(index, each);
      for (std::size_t dot = each.path.rfind('.'); dot != std::string::npos && dot > 0;
           dot = each.path.rfind('.', dot - 1))
        above.insert(std::string_view(each.path).substr(0, dot));
    }
    for (const engine::FieldCapability& each : capabilities)
      if (isObject(each) && above.contains(each.path)) merged_[each.path][std::string(each.type)].add(index, each);
  }

  // Each field of any index counts as "unmapped" in those that lack it.
  void addUnmapped() {
    for (auto& [path, types] : merged_) {
      std::set<std::string_view> having;
      for (const auto& [type, merged] : types) having.insert(merged.indices.begin(), merged.indices.end());
      for (const std::string& index : indices_)
        if (!having.contains(index)) unmapped_[path].add(index, {path, "unmapped", false, false, {}});
    }
    for (auto& [path, merged] : unmapped_) merged_[path]["unmapped"] = std::move(merged);
  }

  void write(JsonWriter& writer) const {
    writer.beginObject();
    writeNames("indices", indices_, writer);
    writer.key("fields").beginObject();
    for (const auto& [path, types] : merged_) {
      writer.key(path).beginObject();
      for (const auto& [type, merged] : types) writeOne(type, merged, types.size() > 1, writer);
      writer.endObject();
    }
    writer.endObject().endObject();
  }

 private:
  static void writeNames(std::string_view name, const std::vector<std::string>& names, JsonWriter& writer) {
    writer.key(name).beginArray();
    for (const std::string& each : names) writer.string(each);
    writer.endArray();
  }

  static void writeOne(const std::string& type, const MergedCapability& merged, bool names_indices,
                       JsonWriter& writer) {
    writer.key(type).beginObject().member("type", type);
    writer.member("searchable", merged.not_searchable.empty());
    writer.member("aggregatable", merged.not_aggregatable.empty());
    if (names_indices) writeNames("indices", merged.indices, writer);
    // Named where the indices differ.
    const auto differs = [&](const std::vector<std::string>& without) {
      return !without.empty() && without.size() < merged.indices.size();
    };
    if (differs(merged.not_searchable)) writeNames("non_searchable_indices", merged.not_searchable, writer);
    if (differs(merged.not_aggregatable)) writeNames("non_aggregatable_indices", merged.not_aggregatable, writer);
    if (!merged.meta.empty()) {
      writer.key("meta").beginObject();
      for (const auto& [name, values] : merged.meta) writeNames(name, {values.begin(), values.end()}, writer);
      writer.endObject();
    }
    writer.endObject();
  }

  bool isWanted(std::string_view path) const {
    return std::any_of(patterns_.begin(), patterns_.end(),
                       [path](std::string_view pattern) { return matchesWildcard(pattern, path); });
  }

  std::vector<std::string_view> patterns_;
  std::vector<std::string> indices_;
  // By path, then type.
  std::map<std::string, std::map<std::string, MergedCapability>> merged_;
  std::map<std::string, MergedCapability> unmapped_;
};

Result<Response> getFieldCaps(Service& service, Call& call) {
  const std::vector<std::string_view> fields = splitList(call.text("fields"));
  if (fields.empty()) return illegalArgument("specified fields can't be null or empty");
  GYRE_TRY_ASSIGN(const bool shows_unmapped, call.flag("include_unmapped"));
  GYRE_TRY_ASSIGN(const ResolveOptions resolve, readResolveOptions(call));
  GYRE_TRY_ASSIGN(const json::Document body,
                  json::Document::parse(call.request.body.empty() ? "{}" : call.request.body, kLimits));
  for (const json::Value member : body.root())
    if (member.key() != "index_filter" || !member.isObject())
      return Status(Code::kInvalidArgument, "parsing_exception",
                    "request does not support [" + std::string(member.key()) + "]");
  GYRE_TRY_ASSIGN(const SearchScope scope, resolveSearch(service.catalog(), call.variable("index"), resolve));
  const json::Value filter = body.root()["index_filter"];
  const std::int64_t now = service.catalog().clock().nowMillis();
  if (filter.isObject()) {
    // Whatever is wrong with the query is told of every index, before any is left out.
    const engine::SearchReply reply =
        engine::runCount(scope.targets, "{\"query\":" + std::string(filter.raw()) + "}", {});
    if (!reply.status.isOk()) return searchFailure(reply, scope, service.identity());
  }
  FieldCaps caps(fields);
  for (const engine::SearchTarget& target : scope.targets) {
    if (filter.isObject()) {
      GYRE_TRY_ASSIGN(const bool may_match, IndexFilter(target, now).mayMatch(filter));
      if (!may_match) continue;
    }
    caps.add(target.index_name, *target.snapshot->mapping);
  }
  if (shows_unmapped) caps.addUnmapped();
  Response response;
  JsonWriter writer(response.body);
  caps.write(writer);
  return response;
}

constexpr std::string_view kParameters = GYRE_RESOLVE_PARAMETERS " fields include_unmapped";

constexpr Route kRoutes[] = {
    {"GET POST", "/_field_caps", answered<getFieldCaps>, kParameters},
    {"GET POST", "/{index}/_field_caps", answered<getFieldCaps>, kParameters},
};

}  // namespace

std::span<const Route> fieldCapsRoutes() { return kRoutes; }

}  // namespace gyre::dialect
