#include "engine/query/structured_query.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/analysis/utf8.hpp"
#include "engine/mapping/ip_address.hpp"
#include "engine/query/query_parser.hpp"
#include "engine/query/scorers.hpp"

namespace gyre::engine {

namespace {

Status notAnAddress(std::string_view value) {
  return queryShardException("'" + std::string(utf16Prefix(value, 100)) + "' is not an IP string literal.");
}

// Every different range of a segment is looked at once; their documents come from postings or the column.
class RangeFieldQuery final : public Query {
 public:
  RangeFieldQuery(std::string path, RangeBounds asked, RangeRelation relation, float boost)
      : path_(std::move(path)), asked_(std::move(asked)), relation_(relation), boost_(boost) {}

  Result<WeightPtr> weight(const Snapshot&, float boost, bool) const override {
    return makeWeight([this, score = boost * boost_](SegmentRun& run) -> ScorerPtr {
      const FieldReader* const field = run.segment().field(path_);
      if (field == nullptr || field->terms == nullptr) return nullptr;
      std::vector<TermInfo> infos;
      std::vector<std::uint32_t> ordinals;
      const auto cursor = field->terms->cursor();
      while (cursor->next()) {
        if (!isRelated(cursor->term(), asked_, relation_)) continue;
        infos.push_back(cursor->info());
        ordinals.push_back(cursor->ordinal());
      }
      if (infos.empty()) return nullptr;
      return makeTermSetScorer(run, *field, infos, std::move(ordinals), score);
    });
  }

 private:
  std::string path_;
  RangeBounds asked_;
  RangeRelation relation_;
  float boost_;
};

}  // namespace

Result<QueryPtr> makeIpQuery(const Field& field, std::string_view value, float boost) {
  if (value.find('/') != std::string_view::npos) {
    auto block = parseIpBlock(value);
    if (!block) return notAnAddress(value);
    return makeTermRangeQuery(field.path, {std::move(block->first), std::move(block->last), true, true}, boost);
  }
  auto address = parseIp(value);
  if (!address) return notAnAddress(value);
  return makeTermSetQuery(field.path, {std::move(*address)}, boost);
}

Status applyIpEnd(RangeEnd end, std::string_view value, TermBounds& bounds) {
  auto address = parseIp(value);
  if (!address) return notAnAddress(value);
  const bool is_included = end == RangeEnd::kGreaterOrEqual || end == RangeEnd::kLessOrEqual;
  if (end == RangeEnd::kGreater || end == RangeEnd::kGreaterOrEqual) {
    bounds.lowest = std::move(address);
    bounds.is_lowest_included = is_included;
  } else {
    bounds.highest = std::move(address);
    bounds.is_highest_included = is_included;
  }
  return {};
}

QueryPtr makeRangeFieldQuery(const Field& field, RangeBounds asked, RangeRelation relation, float boost) {
  if (asked.lowest > asked.highest) return makeNoneQuery();
  return std::make_unique<RangeFieldQuery>(field.path, std::move(asked), relation, boost);
}

Result<QueryPtr> makeRangeHoldsQuery(const Field& field, std::string_view value, float boost, std::int64_t now_millis) {
  GYRE_TRY_ASSIGN(const DateFormat format, DateFormat::parse(field.format));
  RangeBounds asked = wholeRange(field);
  for (const RangeEnd end : {RangeEnd::kGreaterOrEqual, RangeEnd::kLessOrEqual})
    if (const Status read = narrowRange(field, end, value, format, {}, now_millis, asked); !read.isOk())
      return queryShardException(std::string(read.message()));
  return makeRangeFieldQuery(field, std::move(asked), RangeRelation::kIntersects, boost);
}

}  // namespace gyre::engine
