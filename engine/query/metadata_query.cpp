#include "engine/query/metadata_query.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <memory>
#include <utility>

#include "engine/mapping/ignored_fields.hpp"
#include "engine/query/char_automaton.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/regexp_parser.hpp"
#include "engine/query/scorers.hpp"

namespace gyre::engine {

namespace {

constexpr std::array<std::string_view, 9> kFields{"_id",     "_index",   "_routing", "_seq_no",     "_version",
                                                  "_source", "_ignored", "_type",    "_field_names"};

class IdsQuery final : public Query {
 public:
  IdsQuery(std::vector<std::string> ids, float boost) : ids_(std::move(ids)), boost_(boost) {}
  Result<WeightPtr> weight(const Snapshot&, float boost, bool) const override {
    const float score = boost * boost_;
    return makeWeight(
        [this, score](SegmentRun& run) {
          std::vector<DocId> docs;
          for (const std::string& id : ids_)
            if (const auto doc = run.segment().find(id)) docs.push_back(*doc);
          std::sort(docs.begin(), docs.end());
          docs.erase(std::unique(docs.begin(), docs.end()), docs.end());
          return makeListScorer(std::move(docs), score);
        },
        describeConstant(plain(), score));
  }
  std::string describe() const override { return describeBoosted(plain(), boost_); }

 private:
  std::string plain() const {
    std::string text = "_id:(";
    for (const std::string& id : ids_) text += (&id == ids_.data() ? "" : " ") + id;
    return text + ")";
  }

  std::vector<std::string> ids_;
  float boost_;
};

// Documents that a look at each of them accepts: nothing indexes these values.
class ScanQuery final : public Query {
 public:
  using Accepts = std::function<bool(const SegmentReader&, DocId)>;
  ScanQuery(Accepts accepts, std::string description, float boost)
      : accepts_(std::move(accepts)), description_(std::move(description)), boost_(boost) {}
  Result<WeightPtr> weight(const Snapshot&, float boost, bool) const override {
    const float score = boost * boost_;
    return makeWeight(
        [this, score](SegmentRun& run) {
          std::vector<DocId> docs;
          for (DocId doc = 0; doc < run.docCount(); ++doc)
            if (accepts_(run.segment(), doc)) docs.push_back(doc);
          return makeListScorer(std::move(docs), score);
        },
        describeConstant(description_, score));
  }
  std::string describe() const override { return describeBoosted(description_, boost_); }

 private:
  Accepts accepts_;
  std::string description_;
  float boost_;
};

std::string describeValues(std::string_view path, const std::vector<std::string>& values) {
  std::string text = std::string(path) + ":";
  if (values.size() == 1) return text + values.front();
  text += "(";
  for (const std::string& value : values) text += (&value == values.data() ? "" : " ") + value;
  return text + ")";
}

Result<std::int64_t> parseSequence(const std::string& value) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (value.empty() || error != std::errc() || end != value.data() + value.size())
    return queryShardException("For input string: \"" + value + "\"");
  return number;
}

Status notSearchable(std::string_view path) {
  return shardRefusal("The " + std::string(path) + " field is not searchable");
}

// Documents that ignored a value of one of the fields; of any, when none is named. They are read again.
QueryPtr makeIgnoredQuery(const Mapping& mapping, std::vector<std::string> paths, std::string description,
                          float boost) {
  const auto ignored = std::make_shared<IgnoredFields>(mapping);
  return std::make_unique<ScanQuery>(
      [ignored, paths = std::move(paths)](const SegmentReader& segment, DocId doc) {
        if (segment.nested() != nullptr && !segment.nested()->isRoot(doc)) return false;
        const auto source = segment.source(doc);
        if (!source.isOk()) return false;
        const std::vector<std::string> found = ignored->of(source.value());
        if (paths.empty()) return !found.empty();
        return std::any_of(found.begin(), found.end(), [&](const std::string& path) {
          return std::find(paths.begin(), paths.end(), path) != paths.end();
        });
      },
      std::move(description), boost);
}

}  // namespace

bool isMetadataField(std::string_view path) {
  return path.starts_with('_') && std::find(kFields.begin(), kFields.end(), path) != kFields.end();
}

QueryPtr makeIdsQuery(std::vector<std::string> ids, float boost) {
  return std::make_unique<IdsQuery>(std::move(ids), boost);
}

Result<QueryPtr> makeMetadataValuesQuery(std::string_view path, const std::vector<std::string>& values, float boost,
                                         const ParseContext& context) {
  if (path == "_id") return makeIdsQuery(values, boost);
  if (path == "_index") {
    const bool is_asked = std::find(values.begin(), values.end(), context.index_name) != values.end();
    return is_asked ? makeAllQuery(boost)
                    : makeNoneQuery("The index [" + std::string(context.index_name) + "] is not asked for");
  }
  if (path == "_routing")
    return QueryPtr(std::make_unique<ScanQuery>(
        [values](const SegmentReader& segment, DocId doc) {
          const std::string_view routing = segment.routing(doc);
          return !routing.empty() && std::find(values.begin(), values.end(), routing) != values.end();
        },
        describeValues(path, values), boost));
  if (path == "_seq_no") {
    std::vector<std::uint64_t> numbers;
    for (const std::string& value : values) {
      GYRE_TRY_ASSIGN(const std::int64_t number, parseSequence(value));
      numbers.push_back(static_cast<std::uint64_t>(number));
    }
    return QueryPtr(std::make_unique<ScanQuery>(
        [numbers](const SegmentReader& segment, DocId doc) {
          return std::find(numbers.begin(), numbers.end(), segment.seqNo(doc)) != numbers.end();
        },
        describeValues(path, values), boost));
  }
  if (path == "_version" || path == "_source") return notSearchable(path);
  if (path == "_ignored" && IgnoredFields::mayHave(context.mapping))
    return makeIgnoredQuery(context.mapping, values, describeValues(path, values), boost);
  return makeNoneQuery("no document has [" + std::string(path) + "]");
}

Result<QueryPtr> makeMetadataPatternQuery(std::string_view kind, std::string_view path, const std::string& pattern,
                                          float boost, bool folds_case, const ParseContext& context) {
  if (path == "_index" || path == "_routing") {
    std::optional<CharAutomaton> automaton;
    if (kind == "prefix") {
      automaton = prefixAutomaton(pattern, folds_case);
    } else if (kind == "wildcard") {
      automaton = wildcardAutomaton(pattern, folds_case);
      if (!automaton) return queryShardException("Determinizing " + pattern + " would require more than 10000 effort.");
    } else {
      RegexpOptions options;
      options.folds_case = folds_case;
      GYRE_TRY_ASSIGN(automaton, parseRegexp(pattern, options));
    }
    if (path == "_index")
      return automaton->accepts(context.index_name) ? makeAllQuery(boost) : makeNoneQuery("The index does not match");
    return QueryPtr(std::make_unique<ScanQuery>(
        [accepting = std::move(*automaton)](const SegmentReader& segment, DocId doc) {
          const std::string_view routing = segment.routing(doc);
          return !routing.empty() && accepting.accepts(routing);
        },
        std::string(path) + ":" + pattern, boost));
  }
  return shardRefusal("Can only use " + std::string(kind) + " queries on keyword and text fields - not on [" +
                      std::string(path) + "] which is of type [" + std::string(path) + "]");
}

Result<QueryPtr> makeMetadataRangeQuery(std::string_view path, std::int64_t lowest, std::int64_t highest, float boost) {
  if (path == "_seq_no")
    return QueryPtr(std::make_unique<ScanQuery>(
        [lowest, highest](const SegmentReader& segment, DocId doc) {
          const auto number = static_cast<std::int64_t>(segment.seqNo(doc));
          return number >= lowest && number <= highest;
        },
        "_seq_no:[" + std::to_string(lowest) + " TO " + std::to_string(highest) + "]", boost));
  if (path == "_version" || path == "_source") return notSearchable(path);
  return queryShardException("Field [" + std::string(path) + "] of type [" + std::string(path) +
                             "] does not support range queries");
}

Result<QueryPtr> makeMetadataExistsQuery(std::string_view path, float boost, const ParseContext& context) {
  if (path == "_id" || path == "_index" || path == "_seq_no" || path == "_version") return makeAllQuery(boost);
  if (path == "_routing")
    return QueryPtr(std::make_unique<ScanQuery>(
        [](const SegmentReader& segment, DocId doc) { return !segment.routing(doc).empty(); },
        "ConstantScore(_field_names:_routing)", boost));
  if (path == "_source") return notSearchable(path);
  if (path == "_ignored" && IgnoredFields::mayHave(context.mapping))
    return makeIgnoredQuery(context.mapping, {}, "ConstantScore(_field_names:_ignored)", boost);
  return makeNoneQuery("no document has [" + std::string(path) + "]");
}

}  // namespace gyre::engine
