#include "engine/search/nested_hit.hpp"

#include <algorithm>
#include <bit>

#include "engine/search/field_values.hpp"

namespace gyre::engine {
namespace {

// The nested field around `path`: objects of it are there wherever there are objects of `path`.
const NestedDocs::Path* outerOf(const NestedDocs& nested, std::string_view path) {
  const NestedDocs::Path* found = nullptr;
  for (const NestedDocs::Path& each : nested.paths()) {
    const bool is_around =
        each.path.size() < path.size() && path.starts_with(each.path) && path[each.path.size()] == '.';
    if (is_around && (found == nullptr || found->path.size() < each.path.size())) found = &each;
  }
  return found;
}

// The first document behind the last end of a block of that kind before `doc`.
DocId blockBegin(const NestedDocs& nested, const std::uint64_t* kind, DocId doc) {
  const DocId root = nested.blockBegin(doc);
  const DocId before = kind == nullptr ? kNoMoreDocs : lastBitBefore(kind, doc);
  return before == kNoMoreDocs ? root : std::max(root, before + 1);
}

}  // namespace

DocId rootOf(const SegmentReader& segment, DocId doc) {
  const NestedDocs* const nested = segment.nested();
  return nested == nullptr ? doc : nested->rootOf(doc);
}

DocId firstNestedIn(const SegmentReader& segment, DocId doc) {
  const NestedDocs* const nested = segment.nested();
  if (nested == nullptr) return doc;
  const std::string_view path = nested->pathOf(doc);
  return blockBegin(*nested, path.empty() ? nullptr : nested->objects(path), doc);
}

std::vector<NestedLevel> nestedLevelsOf(const SegmentReader& segment, DocId doc) {
  std::vector<NestedLevel> levels;
  const NestedDocs* const nested = segment.nested();
  if (nested == nullptr) return levels;
  for (std::string_view path = nested->pathOf(doc); !path.empty();) {
    const NestedDocs::Path* const outer = outerOf(*nested, path);
    const std::uint64_t* const own = nested->objects(path);
    std::uint32_t offset = 0;
    const DocId begin = blockBegin(*nested, outer == nullptr ? nullptr : outer->bits, doc);
    for (DocId each = nextBit(own, begin, doc); each != kNoMoreDocs; each = nextBit(own, each + 1, doc)) ++offset;
    levels.push_back({outer == nullptr ? path : path.substr(outer->path.size() + 1), offset});
    if (outer == nullptr) break;
    doc = nextBit(outer->bits, doc, segment.docCount());
    if (doc == kNoMoreDocs) break;
    path = outer->path;
  }
  std::reverse(levels.begin(), levels.end());
  return levels;
}

void writeNestedIdentity(const std::vector<NestedLevel>& levels, JsonWriter& writer) {
  for (const NestedLevel& level : levels) {
    if (&level != &levels.front()) writer.key("_nested");
    writer.beginObject().member("field", level.path).member("offset", level.offset);
  }
  for (std::size_t i = 0; i < levels.size(); ++i) writer.endObject();
}

json::Value nestedValue(json::Value source, const std::vector<NestedLevel>& levels) {
  std::vector<json::Value> values;
  for (const NestedLevel& level : levels) {
    values.clear();
    collectSourceValues(source, level.path, values);
    std::erase_if(values, [](json::Value value) { return !value.isObject(); });
    if (level.offset >= values.size()) return {};
    source = values[level.offset];
  }
  return source;
}

std::string sourceAround(std::string_view object, const std::vector<NestedLevel>& levels) {
  std::string text;
  JsonWriter writer(text);
  std::size_t open = 0;
  for (const NestedLevel& level : levels) {
    for (std::size_t from = 0; from <= level.path.size();) {
      const std::size_t dot = std::min(level.path.find('.', from), level.path.size());
      writer.beginObject().key(level.path.substr(from, dot - from));
      ++open;
      from = dot + 1;
    }
  }
  writer.raw(object);
  for (; open > 0; --open) writer.endObject();
  return text;
}

json::Value valueWithin(json::Value source, const std::vector<NestedLevel>& levels) {
  for (const NestedLevel& level : levels) {
    for (std::size_t from = 0; from <= level.path.size();) {
      const std::size_t dot = std::min(level.path.find('.', from), level.path.size());
      source = source[level.path.substr(from, dot - from)];
      from = dot + 1;
    }
  }
  return source;
}

}  // namespace gyre::engine
