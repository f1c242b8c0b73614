// top_hits: the best hits of each bucket.
#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/mapping/failure_cause.hpp"
#include "engine/query/query_parser.hpp"
#include "engine/search/hit_writer.hpp"
#include "engine/search/sort.hpp"

namespace gyre::engine {

namespace {

struct TopHitsSpec {
  std::uint32_t from = 0;
  std::uint32_t size = 3;
  std::vector<SortKey> sort;  // empty: by score
  bool tracks_scores = false;
  FetchRequest fetch;

  bool hasScoreKey() const {
    return std::any_of(sort.begin(), sort.end(), [](const SortKey& key) { return key.kind == SortKey::Kind::kScore; });
  }
  bool showsScores() const { return sort.empty() || tracks_scores || hasScoreKey(); }
};

class TopHitsAggregator final : public Aggregator {
 public:
  TopHitsAggregator(const TopHitsSpec& spec, const Snapshot& snapshot)
      : spec_(spec), snapshot_(snapshot), wanted_(std::size_t{spec.from} + spec.size) {}

  void beginSegment(SegmentRun& run) override {
    segment_ = run.ordinal();
    columns_.clear();
    for (const SortKey& key : spec_.sort) columns_.push_back(std::make_unique<SortColumn>(key, run));
  }

  void collect(const DocBlock& block) override {
    if (tops_.size() < block.bucket_count) tops_.resize(block.bucket_count);
    docs_.resize(block.size);
    for (std::uint32_t i = 0; i < block.size; ++i) docs_[i] = static_cast<std::uint16_t>(block.doc(i));
    keys_.resize(std::size_t{block.size} * columns_.size());
    for (std::size_t k = 0; k < columns_.size(); ++k)
      columns_[k]->read(block.window, docs_, block.scores, keys_.data() + k * block.size);
    const DocId base = block.window * kWindowDocs;
    for (std::uint32_t i = 0; i < block.size; ++i) {
      Top& top = tops_[block.bucket(i)];
      ++top.count;
      const float score = block.scores == nullptr ? 0 : block.scores[docs_[i]];
      top.max_score = std::max(top.max_score, score);
      offer(top, base + docs_[i], score, i, block.size);
    }
  }

  Status write(std::uint32_t bucket, AggregationOutput& out) override {
    static const Top kNothing;
    const Top& top = bucket < tops_.size() ? tops_[bucket] : kNothing;
    JsonWriter& writer = out.writer;
    writer.key("hits").beginObject();
    writer.key("total").beginObject().member("value", top.count).member("relation", "eq").endObject();
    writer.key("max_score");
    if (top.count > 0 && (spec_.sort.empty() || spec_.tracks_scores)) {
      writeScore(top.max_score, writer);
    } else {
      writer.null();
    }
    writer.key("hits").beginArray();
    for (std::size_t i = spec_.from; i < top.entries.size(); ++i) GYRE_TRY(writeHit(top.entries[i], out));
    writer.endArray().endObject();
    return {};
  }

  std::size_t memoryBytes() const override { return tops_.capacity() * sizeof(Top) + entry_count_ * kEntryBytes; }

 private:
  struct Entry {
    std::uint32_t segment;
    DocId doc;
    float score;
    std::vector<SortValue> values;
  };
  struct Top {
    std::uint64_t count = 0;
    float max_score = 0;
    std::vector<Entry> entries;  // best first
  };
  // A hit with a sort value or two, and their texts.
  static constexpr std::size_t kEntryBytes = sizeof(Entry) + 2 * sizeof(SortValue) + 64;

  // Documents come in index order, so an equal one stays behind those that are in already.
  void offer(Top& top, DocId doc, float score, std::uint32_t i, std::uint32_t size) {
    if (spec_.sort.empty()) {
      const auto at =
          std::find_if(top.entries.begin(), top.entries.end(), [&](const Entry& e) { return score > e.score; });
      return insert(top, at, {segment_, doc, score, {}});
    }
    // The first key alone decides most: within a segment numbers compare as they are.
    if (top.entries.size() == wanted_ && !top.entries.empty() &&
        keys_[i] > columns_[0]->numberOf(top.entries.back().values[0]))
      return;
    Entry entry{segment_, doc, score, {}};
    for (std::size_t k = 0; k < columns_.size(); ++k) entry.values.push_back(columns_[k]->valueOf(keys_[k * size + i]));
    const auto at = std::find_if(top.entries.begin(), top.entries.end(), [&](const Entry& e) {
      return compareSortValues(spec_.sort, entry.values, e.values) < 0;
    });
    insert(top, at, std::move(entry));
  }
  void insert(Top& top, std::vector<Entry>::iterator at, Entry entry) {
    if (at == top.entries.end() && top.entries.size() == wanted_) return;
    top.entries.insert(at, std::move(entry));
    if (top.entries.size() > wanted_) {
      top.entries.pop_back();
    } else {
      ++entry_count_;
    }
  }

  Status writeHit(const Entry& entry, AggregationOutput& out) const {
    JsonWriter& writer = out.writer;
    const SegmentReader& segment = *snapshot_.segments[entry.segment].segment;
    HitWriter hits(spec_.fetch, writer);
    const std::string_view index = out.index_of ? out.index_of(entry.segment) : std::string_view();
    GYRE_TRY(spec_.fetch.checkSources(index));
    writer.beginObject().member("_index", index);
    GYRE_TRY(hits.writeIdentity(segment, entry.doc));
    writer.key("_score");
    if (spec_.showsScores()) {
      writeScore(entry.score, writer);
    } else {
      writer.null();
    }
    GYRE_TRY(hits.writeContent(segment, entry.doc));
    if (out.write_inner_hits) GYRE_TRY(out.write_inner_hits(entry.segment, entry.doc));
    if (!spec_.sort.empty()) {
      writer.key("sort").beginArray();
      for (std::size_t k = 0; k < spec_.sort.size(); ++k) writeSortValue(spec_.sort[k], entry.values[k], writer);
      writer.endArray();
    }
    writer.endObject();
    return {};
  }

  const TopHitsSpec& spec_;
  const Snapshot& snapshot_;
  std::size_t wanted_;
  std::uint32_t segment_ = 0;
  std::vector<std::unique_ptr<SortColumn>> columns_;
  std::vector<Top> tops_;
  std::size_t entry_count_ = 0;
  std::vector<std::uint16_t> docs_;
  std::vector<std::int64_t> keys_;  // by key, then document
};

class TopHitsAggregation final : public Aggregation {
 public:
  explicit TopHitsAggregation(TopHitsSpec spec) : spec_(std::move(spec)) {}
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const override {
    return std::unique_ptr<Aggregator>(std::make_unique<TopHitsAggregator>(spec_, snapshot));
  }
  std::string_view typedName() const override { return "top_hits"; }
  bool needsScores() const override { return spec_.showsScores(); }

 private:
  TopHitsSpec spec_;
};

}  // namespace

Result<AggregationPtr> parseTopHits(AggregationRequest& request) {
  TopHitsSpec spec;
  for (const json::Value member : request.body) {
    const std::string_view key = member.key();
    if (key == "from" || key == "size") {
      GYRE_TRY_ASSIGN(const std::int64_t number, parseWhole(request.kind, member));
      if (number < 0)
        return illegalArgument("[" + std::string(key) + "] must be greater than or equal to 0. Found [" +
                               std::to_string(number) + "] in [" + std::string(request.name) + "]");
      (key == "from" ? spec.from : spec.size) = static_cast<std::uint32_t>(std::min<std::int64_t>(number, INT32_MAX));
    } else if (key == "sort") {
      GYRE_TRY_ASSIGN(spec.sort, parseSort(member, request.context.mapping, request.context.now_millis));
    } else if (key == "track_scores") {
      GYRE_TRY_ASSIGN(spec.tracks_scores, parseFlag(member));
    } else if (key == "explain" && member.isBoolean() && !member.boolean()) {
      continue;
    } else {
      GYRE_TRY_ASSIGN(const bool is_taken, spec.fetch.read(member, request.context));
      if (!is_taken)
        return parsingException("Unknown key for " + std::string(json::kindName(member.kind())) + " in [" +
                                std::string(key) + "] of [top_hits].");
    }
  }
  GYRE_TRY(spec.fetch.finish(request.context));
  const std::int64_t window = std::int64_t{spec.from} + spec.size;
  if (window > request.context.limits.inner_result_window)
    return noticedBy(
        kByIndex,
        illegalArgument("Top hits result window is too large, the top hits aggregator [" + std::string(request.name) +
                        "]'s from + size must be less than or equal to: [" +
                        std::to_string(request.context.limits.inner_result_window) + "] but was [" +
                        std::to_string(window) +
                        "]. This limit can be set by changing the [index.max_inner_result_window] index level "
                        "setting."));
  if (window == 0)
    return illegalArgument(
        "numHits must be > 0; please use TotalHitCountCollectorManager if you just need the total hit count");
  // By score alone is the order of hits without a sort.
  if (spec.sort.size() == 1 && spec.sort.front().kind == SortKey::Kind::kScore && spec.sort.front().is_descending)
    spec.sort.clear();
  return AggregationPtr(std::make_unique<TopHitsAggregation>(std::move(spec)));
}

}  // namespace gyre::engine
