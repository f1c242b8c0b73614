#include "engine/search/search_response.hpp"

#include <utility>

#include "engine/search/hit_writer.hpp"

namespace gyre::engine {

namespace {

class ResponseWriter {
 public:
  ResponseWriter(const SearchPlan& plan, const SearchOptions& options, SearchOutcome& outcome)
      : plan_(plan),
        options_(options),
        request_(plan.request()),
        outcome_(outcome),
        writer_(out_),
        hit_writer_(plan.request().fetch, writer_) {
    for (const SortKey& key : request_.sort) sorts_by_score_ = sorts_by_score_ || key.kind == SortKey::Kind::kScore;
  }

  Result<WrittenResponse> run(std::int64_t took_millis) {
    writer_.beginObject();
    if (!options_.scroll_id.empty()) writer_.member("_scroll_id", options_.scroll_id);
    if (!options_.pit_id.empty()) writer_.member("pit_id", options_.pit_id);
    writer_.member("took", took_millis).member("timed_out", outcome_.is_timed_out);
    if (outcome_.is_terminated_early) writer_.member("terminated_early", true);
    writeShards(plan_, writer_);
    GYRE_TRY(writeHits());
    if (request_.has_aggregations && !request_.aggregations.empty()) {
      AggregationOutput output{writer_};
      writer_.key("aggregations").beginObject();
      GYRE_TRY(outcome_.aggregators.writeMembers(0, output));
      writer_.endObject();
    }
    if (request_.has_suggest && !request_.suggestions.empty()) {
      writer_.key("suggest").beginObject();
      for (const CompletionRequest& suggestion : request_.suggestions) GYRE_TRY(writeSuggestion(suggestion));
      writer_.endObject();
    }
    writer_.endObject();
    return WrittenResponse{std::move(out_), outcome_.hits.size()};
  }

 private:
  bool showsScores() const { return !request_.isSorted() || sorts_by_score_ || request_.tracks_scores; }

  Status writeHits() {
    writer_.key("hits").beginObject();
    if (request_.shows_total) {
      if (options_.shows_total_as_number) {
        writer_.member("total", outcome_.total);
      } else {
        writer_.key("total").beginObject();
        writer_.member("value", outcome_.total).member("relation", outcome_.is_total_exact ? "eq" : "gte").endObject();
      }
    } else if (options_.shows_total_as_number) {
      writer_.member("total", -1);
    }
    writer_.key("max_score");
    if (outcome_.has_max_score) {
      writeScore(outcome_.max_score, writer_);
    } else {
      writer_.null();
    }
    writer_.key("hits").beginArray();
    for (std::size_t i = 0; i < outcome_.hits.size(); ++i) {
      GYRE_TRY(writeHit(outcome_.hits[i], i));
      GYRE_TRY(checkSize());
    }
    writer_.endArray().endObject();
    return {};
  }

  Status checkSize() const {
    if (out_.size() <= options_.response_bytes) return {};
    return {Code::kResourceExhausted, "circuit_breaking_exception",
            "[parent] Data too large, the response would be larger than the limit of [" +
                std::to_string(options_.response_bytes) + "] bytes"};
  }

  Status writeHit(const Hit& hit, std::size_t position) {
    const SegmentReader& segment = *plan_.snapshot.segments[hit.segment].segment;
    writer_.beginObject();
    writer_.member("_index", plan_.indexOf(hit.segment));
    GYRE_TRY(hit_writer_.writeIdentity(segment, hit.doc));
    writer_.key("_score");
    if (showsScores()) {
      writeScore(hit.score, writer_);
    } else {
      writer_.null();
    }
    GYRE_TRY(hit_writer_.writeContent(segment, hit.doc));
    if (request_.isSorted()) {
      writer_.key("sort").beginArray();
      for (std::size_t k = 0; k < request_.sort.size(); ++k) writeSortValue(request_.sort[k], hit.values[k], writer_);
      writer_.endArray();
    }
    if (!outcome_.matched.empty() && !outcome_.matched[position].empty()) {
      writer_.key("matched_queries").beginArray();
      for (const std::string& name : outcome_.matched[position]) writer_.string(name);
      writer_.endArray();
    }
    writer_.endObject();
    return {};
  }

  Status writeSuggestion(const CompletionRequest& suggestion) {
    writer_.key(suggestion.name).beginArray().beginObject();
    writer_.member("text", suggestion.text).member("offset", 0);
    std::size_t length = 0;  // in UTF-16 units, as the dialect counts
    for (const char c : suggestion.text) {
      const auto byte = static_cast<unsigned char>(c);
      length += ((byte & 0xc0) != 0x80 ? 1u : 0u) + (byte >= 0xf0 ? 1u : 0u);
    }
    writer_.member("length", static_cast<std::uint64_t>(length)).key("options").beginArray();
    for (const CompletionOption& option : findCompletions(plan_.snapshot, suggestion)) {
      const SegmentReader& segment = *plan_.snapshot.segments[option.segment].segment;
      writer_.beginObject().member("text", option.text).member("_index", plan_.indexOf(option.segment));
      GYRE_TRY(hit_writer_.writeIdentity(segment, option.doc));
      writer_.key("_score");
      writeScore(static_cast<float>(option.weight), writer_);
      GYRE_TRY(hit_writer_.writeContent(segment, option.doc));
      if (!option.context.empty()) {
        const std::size_t end_of_name = option.context.find('\0');
        writer_.key("contexts").beginObject().key(std::string_view(option.context).substr(0, end_of_name)).beginArray();
        writer_.string(std::string_view(option.context).substr(end_of_name + 1)).endArray().endObject();
      }
      writer_.endObject();
    }
    writer_.endArray().endObject().endArray();
    return {};
  }

  const SearchPlan& plan_;
  const SearchOptions& options_;
  const SearchRequest& request_;
  SearchOutcome& outcome_;
  bool sorts_by_score_ = false;
  std::string out_;
  JsonWriter writer_;
  HitWriter hit_writer_;
};

}  // namespace

void writeShardFailure(const ShardFailure& failure, JsonWriter& writer) {
  writer.beginObject().member("shard", 0).member("index", failure.index).key("reason").beginObject();
  writer.member("type", failure.cause.reason()).member("reason", failure.cause.message());
  if (failure.cause.reason() == "query_shard_exception") writer.member("index", failure.index);
  writer.endObject().endObject();
}

void writeShards(const SearchPlan& plan, JsonWriter& writer) {
  writer.key("_shards").beginObject();
  writer.member("total", plan.shard_count).member("successful", plan.shard_count - plan.failed_shard_count);
  writer.member("skipped", 0).member("failed", plan.failed_shard_count);
  if (!plan.failures.empty()) {
    writer.key("failures").beginArray();
    for (const ShardFailure& failure : plan.failures) writeShardFailure(failure, writer);
    writer.endArray();
  }
  writer.endObject();
}

Result<WrittenResponse> writeResponse(const SearchPlan& plan, const SearchOptions& options, SearchOutcome& outcome,
                                      std::int64_t took_millis) {
  return ResponseWriter(plan, options, outcome).run(took_millis);
}

}  // namespace gyre::engine
