#include "engine/query/nested_query.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <utility>

#include "engine/query/field_query.hpp"
#include "engine/query/query_parser.hpp"
#include "engine/query/scorers.hpp"
#include "engine/query/term_visitor.hpp"

namespace gyre::engine {

NestedJoin::NestedJoin(const SegmentReader& segment, std::string_view path, std::string_view parent_path)
    : doc_count(segment.docCount()) {
  const NestedDocs* const nested = segment.nested();
  if (nested == nullptr) return;
  roots = nested->roots();
  objects = nested->objects(path);
  parents = parent_path.empty() ? roots : nested->objects(parent_path);
}

DocId NestedJoin::firstBefore(DocId doc) const {
  const DocId root = lastBitBefore(roots, doc);
  const DocId parent = parents == roots ? root : lastBitBefore(parents, doc);
  const DocId after_root = root == kNoMoreDocs ? 0 : root + 1;
  return parent == kNoMoreDocs ? after_root : std::max(after_root, parent + 1);
}

namespace {

class NestedScorer final : public Scorer {
 public:
  NestedScorer(SegmentRun& run, const Weight& inner, const NestedJoin& join, NestedScore score)
      : run_(run.view(), run.ordinal(), run.docBase()), join_(join), score_(score), inner_(inner.scorer(run_)) {}

  bool isEmpty() const { return inner_ == nullptr; }
  std::uint64_t cost() const override { return inner_->cost(); }

  DocId nextCandidate(DocId from) override {
    // What was found beyond the last parent belongs to the next one.
    if (count_ > 0) return nextBit(join_.parents, from, join_.doc_count);
    const DocId first = std::max({windowBegin(next_window_), join_.firstBefore(from), floor_});
    if (first >= join_.doc_count) return kNoMoreDocs;
    floor_ = std::max(first, inner_->nextCandidate(first));
    if (floor_ >= join_.doc_count) return kNoMoreDocs;
    return nextBit(join_.parents, std::max(from, floor_), join_.doc_count);
  }

  void evaluate(std::uint32_t window, std::uint64_t* bits, float* scores) override {
    clearBits(bits);
    // Where the block begins that is open at the window's first document; nothing before `floor_` matches.
    const std::uint32_t open = std::max(windowOf(join_.firstBefore(windowBegin(window))), windowOf(floor_));
    if (open > next_window_) {
      reset();
      next_window_ = open;
    }
    for (; next_window_ <= window; ++next_window_)
      joinWindow(next_window_, next_window_ == window ? bits : nullptr, scores);
  }

  float maxScore(std::uint32_t) override {
    return score_ == NestedScore::kNone ? 0.0f : std::numeric_limits<float>::infinity();
  }

 private:
  void reset() {
    count_ = 0;
    sum_ = 0;
  }

  void take(float score) {
    sum_ += score;
    least_ = count_ == 0 ? score : std::min(least_, score);
    most_ = count_ == 0 ? score : std::max(most_, score);
    ++count_;
  }

  float result() const {
    switch (score_) {
      case NestedScore::kAverage: return static_cast<float>(sum_ / count_);
      case NestedScore::kSum: return static_cast<float>(sum_);
      case NestedScore::kMin: return least_;
      case NestedScore::kMax: return most_;
      case NestedScore::kNone: break;
    }
    return 0;
  }

  // `bits` is null for windows whose parents are not asked about.
  void joinWindow(std::uint32_t window, std::uint64_t* bits, float* scores) {
    const std::size_t first = std::size_t{window} * kWindowWords;
    std::copy_n(join_.objects + first, kWindowWords, matches_.data());
    const bool is_scored = scores != nullptr && score_ != NestedScore::kNone;
    if (hasBits(matches_.data())) {
      if (is_scored) inner_scores_.fill(0);
      inner_->narrow(window, matches_.data(), is_scored ? inner_scores_.data() : nullptr);
    }
    for (std::uint32_t w = 0; w < kWindowWords; ++w) {
      std::uint64_t found = matches_[w];
      if (found == 0 && count_ == 0) continue;
      const std::uint64_t ends = join_.parents[first + w] | join_.roots[first + w];
      for (std::uint64_t both = found | ends; both != 0 && (found != 0 || count_ > 0); both &= both - 1) {
        const std::uint64_t bit = both & (~both + 1);
        const std::uint32_t i = w * 64 + static_cast<std::uint32_t>(std::countr_zero(both));
        if ((found & bit) != 0) {
          take(is_scored ? inner_scores_[i] : 0);
          found &= ~bit;
          continue;
        }
        if (count_ == 0) continue;
        if (bits != nullptr && (join_.parents[first + w] & bit) != 0) {
          setBit(bits, i);
          if (scores != nullptr) scores[i] += result();
        }
        reset();
      }
    }
  }

  SegmentRun run_;  // of its own: the objects' windows lie behind the parents'
  NestedJoin join_;
  NestedScore score_;
  ScorerPtr inner_;
  std::uint32_t next_window_ = 0;  // of objects: the first that was not joined yet
  DocId floor_ = 0;
  // Of the objects joined so far whose parent is still to come.
  std::uint32_t count_ = 0;
  double sum_ = 0;
  float least_ = 0;
  float most_ = 0;
  WindowBits matches_{};
  std::array<float, kWindowDocs> inner_scores_{};
};

class NestedQuery final : public Query {
 public:
  NestedQuery(std::string path, std::string parent_path, QueryPtr inner, NestedScore score, float boost)
      : path_(std::move(path)),
        parent_path_(std::move(parent_path)),
        inner_(std::move(inner)),
        score_(score),
        boost_(boost) {}

  void visitTerms(TermVisitor& visitor) const override {
    const BoostedVisit around(visitor, boost_);
    inner_->visitTerms(visitor);
  }
  Result<WeightPtr> weight(const Snapshot& snapshot, float boost, bool needs_scores) const override {
    GYRE_TRY_ASSIGN(auto inner, inner_->weight(snapshot, boost * boost_, needs_scores && score_ != NestedScore::kNone));
    return makeWeight([this, inner = std::move(inner)](SegmentRun& run) -> ScorerPtr {
      const NestedJoin join(run.segment(), path_, parent_path_);
      if (join.isEmpty()) return nullptr;
      auto scorer = std::make_unique<NestedScorer>(run, *inner, join, score_);
      return scorer->isEmpty() ? nullptr : std::move(scorer);
    });
  }

 private:
  std::string path_;
  std::string parent_path_;
  QueryPtr inner_;
  NestedScore score_;
  float boost_;
};

struct NestedBody {
  CommonParameters common;
  std::string path;
  json::Value query;
  json::Value inner_hits;
  NestedScore score = NestedScore::kAverage;
  bool ignores_unmapped = false;
};

Result<NestedScore> parseScore(json::Value value) {
  constexpr std::pair<std::string_view, NestedScore> kModes[] = {{"avg", NestedScore::kAverage},
                                                                 {"sum", NestedScore::kSum},
                                                                 {"min", NestedScore::kMin},
                                                                 {"max", NestedScore::kMax},
                                                                 {"none", NestedScore::kNone}};
  for (const auto& [name, mode] : kModes)
    if (name == value.string()) return mode;
  return illegalArgument("No score mode for child query [" +
                         std::string(value.isString() ? value.string() : value.raw()) + "] found");
}

Result<NestedBody> readBody(json::Value body) {
  NestedBody read;
  bool has_path = false;
  for (const json::Value member : body) {
    if (member.key() == "path" && (member.isString() || member.isNumber() || member.isBoolean())) {
      GYRE_TRY_ASSIGN(read.path, parseScalarText("nested", member));
      has_path = true;
    } else if (member.key() == "query" && member.isObject()) {
      read.query = member;
    } else if (member.key() == "inner_hits" && member.isObject()) {
      read.inner_hits = member;
    } else if (member.key() == "score_mode") {
      GYRE_TRY_ASSIGN(read.score, parseScore(member));
    } else if (member.key() == "ignore_unmapped") {
      GYRE_TRY_ASSIGN(read.ignores_unmapped, parseBoolean("nested", member));
    } else {
      GYRE_TRY_ASSIGN(const bool is_common, readCommon("nested", member, read.common));
      if (!is_common) return unknownParameter("nested", member.key());
    }
  }
  if (!has_path) return illegalArgument("[nested] requires 'path' field");
  if (read.query.isMissing()) return illegalArgument("[nested] requires 'query' field");
  return read;
}

Status tooDeep(std::int64_t levels, std::int64_t most) {
  return queryShardException("The depth of Nested Query is [" + std::to_string(levels) +
                             "] has exceeded the allowed maximum of [" + std::to_string(most) +
                             "]. This maximum can be set by changing the [index.query.max_nested_depth] index level "
                             "setting.");
}

}  // namespace

QueryPtr makeNestedQuery(std::string path, std::string parent_path, QueryPtr inner, NestedScore score, float boost) {
  return std::make_unique<NestedQuery>(std::move(path), std::move(parent_path), std::move(inner), score, boost);
}

Result<QueryPtr> parseNested(json::Value body, ParseContext& context) {
  if (!context.allows_expensive) return expensiveRefusal("joining");
  GYRE_TRY_ASSIGN(const NestedBody read, readBody(body));
  const Field* const object = context.mapping.find(read.path);
  const bool is_object = object != nullptr && object->type == FieldType::kObject;
  if (is_object && !object->is_nested)
    return queryShardException("[nested] nested object under path [" + read.path + "] is not of nested type");

  const Field* const outer = std::exchange(context.nested_scope, is_object ? object : context.nested_scope);
  std::vector<NestedHits> outer_hits = std::exchange(context.nested_hits, {});
  const std::size_t named = context.named.size();
  const bool is_too_deep = is_object && context.nested_levels >= context.limits.nested_depth;
  context.nested_levels += is_object ? 1 : 0;
  auto inner = parseQuery(read.query, context);
  context.nested_levels -= is_object ? 1 : 0;
  context.nested_scope = outer;
  std::vector<NestedHits> inner_hits = std::exchange(context.nested_hits, std::move(outer_hits));
  // Nothing is known of the fields below an object that is not there.
  if (!inner.isOk() && (is_object || inner.status().reason() != "query_shard_exception")) return inner.status();
  // What is wrong with the request itself comes first.
  if (is_too_deep) return tooDeep(context.nested_levels + 1, context.limits.nested_depth);
  if (!is_object && !read.ignores_unmapped)
    return queryShardException("[nested] failed to find nested object under path [" + read.path + "]");
  // Only what stands in the scope's objects can be joined to them.
  const std::string scope = outer == nullptr ? std::string() : outer->path;
  if (!is_object || (outer != nullptr && !object->path.starts_with(scope + "."))) {
    context.named.resize(named);
    return finishQuery(makeNoneQuery(), read.common, context);
  }

  if (!read.inner_hits.isMissing()) {
    NestedHits hits{read.path, read.path, inner.value().get(), read.inner_hits, std::move(inner_hits)};
    if (const json::Value name = read.inner_hits["name"]; name.isString()) hits.name = name.string();
    for (const NestedHits& other : context.nested_hits)
      if (other.name == hits.name)
        return illegalArgument("[inner_hits] already contains an entry for key [" + hits.name + "]");
    context.nested_hits.push_back(std::move(hits));
  }
  return finishQuery(makeNestedQuery(object->path, scope, std::move(inner).value(), read.score, read.common.boost),
                     read.common, context);
}

}  // namespace gyre::engine
