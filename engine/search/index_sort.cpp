#include "engine/search/index_sort.hpp"

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>

#include "engine/mapping/column_check.hpp"
#include "engine/mapping/failure_cause.hpp"
#include "engine/mapping/setting_value.hpp"
#include "engine/query/query_parser.hpp"
#include "engine/query/segment_run.hpp"

namespace gyre::engine {

namespace {

// What every document has beside its fields, and not as a column.
constexpr std::string_view kWithoutColumn[] = {"_routing", "_source",      "_field_names",
                                               "_version", "_nested_path", "_ignored"};

std::string cased(std::string_view text, bool is_upper) {
  std::string out(text);
  for (char& c : out) {
    if (is_upper && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (!is_upper && c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool isMode(const std::string& lower) {
  return lower == "min" || lower == "max" || lower == "sum" || lower == "avg" || lower == "median";
}

std::string listed(const std::vector<std::string>& texts, bool is_upper = false) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ", ";
    out += is_upper ? cased(text, true) : text;
  }
  return out += ']';
}

Status sizeMismatch(const IndexSortSettings& settings, std::string_view name, const std::string& list) {
  return illegalArgument("index.sort.field:" + listed(settings.fields) + " index.sort." + std::string(name) + ":" +
                         list + ", size mismatch");
}

std::optional<std::vector<std::string>> readList(json::Value settings, std::string_view name) {
  const json::Value value = indexSetting(settings, std::string("sort.").append(name));
  const auto textOf = [](json::Value each) { return std::string(each.isString() ? each.string() : each.raw()); };
  if (value.isMissing() || value.isNull()) return std::nullopt;
  if (!value.isArray()) return splitSortSetting(textOf(value));
  std::vector<std::string> texts;
  for (const json::Value each : value) texts.push_back(textOf(each));
  return texts;
}

Status checkValues(std::string_view name, const std::optional<std::vector<std::string>>& texts) {
  if (texts)
    for (const std::string& text : *texts) GYRE_TRY(checkSortSetting(name, text));
  return {};
}

// The dialect sorts an index by fewer types than a search.
Status checkField(const std::string& name, const Mapping& mapping) {
  const auto invalid = [&name] { return illegalArgument("invalid index sort field:[" + name + "]"); };
  if (name == "_id" || name == "_index") return invalid();
  if (name == "_seq_no") return illegalArgument("sorting an index by [_seq_no] is not offered");
  const auto withoutColumn = [&name](const Status& why) {
    return causedBy(illegalArgument("docvalues not found for index sort field:[" + name + "]"), why);
  };
  if (std::find(std::begin(kWithoutColumn), std::end(kWithoutColumn), name) != std::end(kWithoutColumn))
    return withoutColumn(illegalArgument("Fielddata is not supported on field [" + name + "] of type [" + name + "]"));
  if (mapping.flatObjectAt(name) != nullptr)
    return illegalArgument("sorting an index by [" + name + "] of a [flat_object] is not offered");
  const Field* const field = mapping.find(name);
  if (field == nullptr || (field->type == FieldType::kObject && !field->is_nested))
    return illegalArgument("unknown index sort field:[" + name + "]");
  if (field->type == FieldType::kText && field->has_fielddata) return invalid();
  if (const Status sortable = checkSortable(*field); !sortable.isOk())
    return field->type == FieldType::kBinary && field->has_doc_values ? sortable : withoutColumn(sortable);
  const bool is_taken = (isNumeric(field->type) && field->type != FieldType::kScaledFloat &&
                         field->type != FieldType::kUnsignedLong && !field->is_half) ||
                        field->type == FieldType::kIp ||
                        (field->type == FieldType::kKeyword && !field->constant_value.has_value());
  return is_taken ? Status() : invalid();
}

// The keys of one segment's documents, window by window.
class KeyReader {
 public:
  KeyReader(std::span<const SortKey> keys, std::shared_ptr<const OpenSegment> segment,
            std::shared_ptr<const LiveBits> live)
      : view_{std::move(segment), std::move(live), 0}, run_(view_, 0) {
    for (const SortKey& key : keys) columns_.push_back(std::make_unique<SortColumn>(key, run_));
    numbers_.resize(keys.size());
  }

  // Reads the next window; false behind the last.
  bool next() {
    const std::uint64_t first = std::uint64_t{next_window_} * kWindowDocs;
    if (first >= run_.docCount()) return false;
    window_ = next_window_++;
    docs_.clear();
    const std::uint32_t count = std::min<std::uint32_t>(kWindowDocs, run_.docCount() - static_cast<DocId>(first));
    for (std::uint32_t i = 0; i < count; ++i)
      if (isLive(view_.live.get(), static_cast<DocId>(first) + i)) docs_.push_back(static_cast<std::uint16_t>(i));
    for (std::size_t k = 0; k < columns_.size(); ++k) {
      numbers_[k].resize(docs_.size());
      columns_[k]->read(window_, docs_, nullptr, numbers_[k].data());
    }
    return true;
  }

  std::size_t size() const { return docs_.size(); }  // live documents of the window
  std::int64_t number(std::size_t key, std::size_t i) const { return numbers_[key][i]; }
  const std::vector<std::int64_t>& numbers(std::size_t key) const { return numbers_[key]; }
  SortValue valueOf(std::size_t key, std::int64_t number) const { return columns_[key]->valueOf(number); }

 private:
  const SegmentView view_;
  SegmentRun run_;
  std::vector<std::unique_ptr<SortColumn>> columns_;
  std::uint32_t next_window_ = 0;
  std::uint32_t window_ = 0;
  std::vector<std::uint16_t> docs_;
  std::vector<std::vector<std::int64_t>> numbers_;  // by key
};

// A source of a merge, and the values of the document that it stands on.
class SortedSource {
 public:
  SortedSource(std::span<const SortKey> keys, const MergeSource& source)
      : keys_(keys), reader_(keys, source.segment, source.live), values_(keys.size()) {}

  // False behind the last.
  bool next() {
    for (++at_; at_ >= reader_.size(); at_ = 0)
      if (!reader_.next()) return false;
    for (std::size_t k = 0; k < keys_.size(); ++k) {
      const std::int64_t number = reader_.number(k, at_);
      // Neighbours mostly have the same text, or what is read of it is.
      if (is_begun_ && number == values_[k].first) continue;
      values_[k] = {number, {}};
      if (keys_[k].kind == SortKey::Kind::kKeyword) values_[k].second = reader_.valueOf(k, number);
    }
    is_begun_ = true;
    return true;
  }

  // Below 0 when this one's document comes first.
  int compare(const SortedSource& other) const {
    for (std::size_t k = 0; k < keys_.size(); ++k) {
      const auto& [number, value] = values_[k];
      const auto& [other_number, other_value] = other.values_[k];
      if (keys_[k].kind == SortKey::Kind::kKeyword) {
        const int order = compareSortValues(keys_.subspan(k, 1), {&value, 1}, {&other_value, 1});
        if (order != 0) return order;
      } else if (number != other_number) {
        return number < other_number ? -1 : 1;
      }
    }
    return 0;
  }

 private:
  std::span<const SortKey> keys_;
  KeyReader reader_;
  std::size_t at_ = static_cast<std::size_t>(-1);
  bool is_begun_ = false;
  std::vector<std::pair<std::int64_t, SortValue>> values_;  // by key: its number, and what a keyword stands for
};

}  // namespace

// ---- settings
// --------------------------------------------------------------------------------------------------------

std::vector<std::string> splitSortSetting(std::string_view text) {
  std::vector<std::string> texts;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view each = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    while (!each.empty() && each.front() == ' ') each.remove_prefix(1);
    while (!each.empty() && each.back() == ' ') each.remove_suffix(1);
    if (!each.empty()) texts.emplace_back(each);
  }
  return texts;
}

Status checkSortSetting(std::string_view name, std::string_view text) {
  const std::string lower = cased(text, false);
  if (name == "order" && lower != "asc" && lower != "desc")
    return illegalArgument("Illegal sort order:" + std::string(text));
  if (name == "mode" && lower != "min" && lower != "max") {
    if (!isMode(lower)) return illegalArgument("Illegal sort mode: " + std::string(text));
    return illegalArgument("Illegal index sort mode:[" + cased(text, true) + "], must be one of [MAX, MIN]");
  }
  if (name == "missing" && text != "_last" && text != "_first")
    return illegalArgument("Illegal missing value:[" + std::string(text) + "], must be one of [_last, _first]");
  return {};
}

Status checkSortSizes(const IndexSortSettings& settings) {
  const auto fits = [&](const std::optional<std::vector<std::string>>& texts) {
    return !texts || texts->size() == settings.fields.size();
  };
  if (!fits(settings.orders)) return sizeMismatch(settings, "order", listed(*settings.orders));
  if (!fits(settings.modes)) return sizeMismatch(settings, "mode", listed(*settings.modes, true));
  if (!fits(settings.missings)) return sizeMismatch(settings, "missing", listed(*settings.missings));
  return {};
}

Status checkSortedMapping(const Mapping& mapping) {
  for (const Field& field : mapping.fields())
    if (field.is_nested) return illegalArgument("cannot have nested fields when index sort is activated");
  return {};
}

Result<std::vector<SortKey>> parseIndexSort(json::Value settings, const Mapping& mapping) {
  const IndexSortSettings set{readList(settings, "field").value_or(std::vector<std::string>()),
                              readList(settings, "order"), readList(settings, "mode"), readList(settings, "missing")};
  GYRE_TRY(checkValues("missing", set.missings));
  GYRE_TRY(checkValues("mode", set.modes));
  GYRE_TRY(checkValues("order", set.orders));
  GYRE_TRY(checkSortSizes(set));
  std::vector<SortKey> keys(set.fields.size());
  if (!keys.empty()) GYRE_TRY(checkSortedMapping(mapping));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    GYRE_TRY(checkField(set.fields[i], mapping));
    SortKey& key = keys[i];
    const Field& field = *mapping.find(set.fields[i]);
    key.path = field.path;  // an alias is another name
    key.type = field.type;
    key.kind = isTermValued(field.type) ? SortKey::Kind::kKeyword : SortKey::Kind::kNumber;
    key.is_descending = set.orders && cased((*set.orders)[i], false) == "desc";
    key.mode = key.is_descending ? SortKey::Mode::kLargest : SortKey::Mode::kSmallest;
    if (set.modes)
      key.mode = cased((*set.modes)[i], false) == "max" ? SortKey::Mode::kLargest : SortKey::Mode::kSmallest;
    if (set.missings && (*set.missings)[i] == "_first") key.missing = SortKey::Missing::kFirst;
  }
  return keys;
}

void writeIndexSort(std::span<const SortKey> keys, JsonWriter& writer) {
  writer.beginArray();
  for (const SortKey& key : keys) {
    const bool is_largest = (key.missing == SortKey::Missing::kFirst) == key.is_descending;
    const bool is_whole = key.type == FieldType::kLong || isDate(key.type);
    std::string missing;
    if (key.kind == SortKey::Kind::kKeyword) {
      missing = is_largest ? "SortField.STRING_LAST" : "SortField.STRING_FIRST";
    } else if (isFloating(key.type)) {
      missing = is_largest ? "Infinity" : "-Infinity";
    } else if (is_whole) {
      missing = std::to_string(is_largest ? INT64_MAX : INT64_MIN);
    } else {
      missing = std::to_string(is_largest ? INT32_MAX : INT32_MIN);
    }
    writer.beginObject()
        .member("field", key.path)
        .member("mode", key.mode == SortKey::Mode::kLargest ? "max" : "min")
        .member("missing", missing)
        .member("reverse", key.is_descending)
        .endObject();
  }
  writer.endArray();
}

// ---- order
// -----------------------------------------------------------------------------------------------------------

std::vector<DocId> sortedDocs(std::span<const SortKey> keys, const OpenSegment& segment) {
  if (keys.empty()) return {};
  // A view shares what it looks at; this one is gone before the segment is.
  KeyReader reader(keys, {std::shared_ptr<const OpenSegment>(), &segment}, nullptr);
  std::vector<std::vector<std::int64_t>> numbers(keys.size());
  while (reader.next())
    for (std::size_t k = 0; k < keys.size(); ++k)
      numbers[k].insert(numbers[k].end(), reader.numbers(k).begin(), reader.numbers(k).end());
  const auto is_before = [&](DocId a, DocId b) {
    for (const auto& of_key : numbers)
      if (of_key[a] != of_key[b]) return of_key[a] < of_key[b];
    return false;
  };
  std::vector<DocId> docs(segment.docCount());
  std::iota(docs.begin(), docs.end(), DocId{0});
  if (std::is_sorted(docs.begin(), docs.end(), is_before)) return {};
  std::stable_sort(docs.begin(), docs.end(), is_before);
  return docs;
}

Result<std::vector<std::uint16_t>> mergeOrder(std::span<const SortKey> keys, std::span<const MergeSource> sources,
                                              const std::atomic<bool>& stop) {
  std::vector<std::uint16_t> order;
  if (keys.empty() || sources.size() < 2) return order;
  std::vector<std::unique_ptr<SortedSource>> readers;
  std::vector<std::uint16_t> heap;
  // The earlier source first among equals.
  const auto is_after = [&](std::uint16_t a, std::uint16_t b) {
    const int compared = readers[a]->compare(*readers[b]);
    return compared != 0 ? compared > 0 : a > b;
  };
  for (const MergeSource& source : sources) {
    const auto number = static_cast<std::uint16_t>(readers.size());
    readers.push_back(std::make_unique<SortedSource>(keys, source));
    if (!readers.back()->next()) continue;
    heap.push_back(number);
    std::push_heap(heap.begin(), heap.end(), is_after);
  }
  while (!heap.empty()) {
    if (order.size() % kWindowDocs == 0 && stop.load(std::memory_order_relaxed)) return unavailable("merge stopped");
    std::pop_heap(heap.begin(), heap.end(), is_after);
    const std::uint16_t first = heap.back();
    order.push_back(first);
    if (readers[first]->next()) {
      std::push_heap(heap.begin(), heap.end(), is_after);
    } else {
      heap.pop_back();
    }
  }
  if (std::is_sorted(order.begin(), order.end())) order.clear();
  return order;
}

}  // namespace gyre::engine
