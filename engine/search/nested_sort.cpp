#include "engine/search/nested_sort.hpp"

#include <algorithm>
#include <utility>

#include "engine/query/query_parser.hpp"

namespace gyre::engine {
namespace {

Status checkPath(const std::string& path, const Mapping& mapping) {
  const Field* const object = mapping.find(path);
  const auto refused = [](std::string message) {
    return Status(Code::kInvalidArgument, "query_shard_exception", std::move(message));
  };
  if (object == nullptr || object->type != FieldType::kObject)
    return refused("[nested] failed to find nested object under path [" + path + "]");
  if (!object->is_nested) return refused("[nested] nested object under path [" + path + "] is not of nested type");
  return {};
}

Status readFilter(json::Value value, const Mapping& mapping, std::int64_t now_millis, NestedSort& sort) {
  ParseContext context{mapping, now_millis, 0, 0, {}};
  context.nested_scope = mapping.find(sort.path);
  GYRE_TRY_ASSIGN(sort.filter, parseQuery(value, context));
  return {};
}

}  // namespace

Result<std::shared_ptr<const NestedSort>> parseNestedSort(json::Value body, const Mapping& mapping,
                                                          std::int64_t now_millis) {
  auto sort = std::make_shared<NestedSort>();
  json::Value filter;
  for (const json::Value member : body) {
    if (member.key() == "path" && member.isString()) {
      sort->path = member.string();
    } else if (member.key() == "filter" && member.isObject()) {
      filter = member;
    } else if (member.key() == "max_children" && member.isNumber()) {
      GYRE_TRY_ASSIGN(const std::int64_t most, parseWhole("nested", member));
      if (most < 0 || most > std::numeric_limits<std::int32_t>::max())
        return illegalArgument("[nested] [max_children] must be a whole number from 0, found " + std::to_string(most));
      sort->max_children = static_cast<std::uint32_t>(most);
    } else if (member.key() == "nested" && member.isObject()) {
      GYRE_TRY_ASSIGN(sort->within, parseNestedSort(member, mapping, now_millis));
    } else {
      return Status(Code::kInvalidArgument, "x_content_parse_exception",
                    "[field_sort] failed to parse field [nested]: malformed nested sort format, unknown field name [" +
                        std::string(member.key()) + "]");
    }
  }
  if (!sort->path.empty()) GYRE_TRY(checkPath(sort->path, mapping));
  if (!filter.isMissing()) GYRE_TRY(readFilter(filter, mapping, now_millis, *sort));
  return std::shared_ptr<const NestedSort>(std::move(sort));
}

Result<std::shared_ptr<const NestedSort>> parseNestedSort(json::Value path, json::Value filter, const Mapping& mapping,
                                                          std::int64_t now_millis) {
  auto sort = std::make_shared<NestedSort>();
  sort->path = path.string();
  if (!sort->path.empty()) GYRE_TRY(checkPath(sort->path, mapping));
  if (!filter.isMissing()) GYRE_TRY(readFilter(filter, mapping, now_millis, *sort));
  return std::shared_ptr<const NestedSort>(std::move(sort));
}

NestedSortObjects::NestedSortObjects(const NestedSort& sort, const SegmentView& view)
    : nested_(view.segment->nested()), most_(sort.max_children) {
  if (nested_ == nullptr) return;
  for (const NestedSort* level = &sort; level != nullptr && status_.isOk(); level = level->within.get()) {
    status_ = narrow(*level, view);
    if (bits_.empty()) return;
  }
}

// From the objects of the level before, if there is one, to those of this level within them.
Status NestedSortObjects::narrow(const NestedSort& sort, const SegmentView& view) {
  const std::uint64_t* const objects = nested_->objects(sort.path);
  if (objects == nullptr) {
    bits_.clear();
    return {};
  }
  const std::uint32_t docs = view.segment->docCount();
  const std::uint32_t windows = (docs + kWindowDocs - 1) / kWindowDocs;
  std::vector<std::uint64_t> chosen(objects, objects + std::size_t{windows} * kWindowWords);
  if (!bits_.empty()) {
    // An object stands in the next one of the level around it, if that comes before the root.
    const std::uint64_t* const around = nested_->objects(around_path_);
    for (DocId each = nextBit(objects, 0, docs); each != kNoMoreDocs; each = nextBit(objects, each + 1, docs)) {
      const DocId holder = nextBit(around, each, nested_->rootOf(each));
      if (holder == kNoMoreDocs || (bits_[holder / 64] >> (holder % 64) & 1) == 0)
        chosen[each / 64] &= ~(std::uint64_t{1} << (each % 64));
    }
  }
  if (sort.filter != nullptr) {
    // The filter's statistics do not matter: nothing is scored.
    Snapshot alone;
    alone.segments.push_back(view);
    GYRE_TRY_ASSIGN(const auto weight, sort.filter->weight(alone, 1, false));
    SegmentRun run(alone.segments.front(), 0);
    const ScorerPtr scorer = weight->scorer(run);
    if (scorer == nullptr) chosen.clear();
    for (std::uint32_t window = 0; !chosen.empty() && window < windows; ++window) {
      std::uint64_t* const bits = &chosen[std::size_t{window} * kWindowWords];
      if (hasBits(bits)) scorer->narrow(window, bits, nullptr);
    }
  }
  bits_ = std::move(chosen);
  around_path_ = sort.path;
  return {};
}

}  // namespace gyre::engine
