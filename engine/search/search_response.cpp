#include "engine/search/search_response.hpp"

#include <charconv>
#include <cmath>

namespace gyre::engine {

namespace {

// The shortest text of the float itself, with a fraction: 0.2876821, 1.0.
void writeScore(float score, JsonWriter& writer) {
  if (!std::isfinite(score)) {
    writer.null();
    return;
  }
  char text[32];
  std::string shortest(text, std::to_chars(text, text + sizeof text, score).ptr);
  if (shortest.find_first_of(".e") == std::string::npos) shortest += ".0";
  writer.raw(shortest);
}

class ResponseWriter {
 public:
  ResponseWriter(const Snapshot& snapshot, std::string_view index_name, const SearchRequest& request,
                 SearchOutcome& outcome)
      : snapshot_(snapshot), index_name_(index_name), request_(request), outcome_(outcome), writer_(out_) {
    for (const SortKey& key : request.sort) sorts_by_score_ = sorts_by_score_ || key.kind == SortKey::Kind::kScore;
  }

  Result<std::string> run(std::int64_t took_millis) {
    writer_.beginObject();
    writer_.member("took", took_millis).member("timed_out", outcome_.is_timed_out);
    writer_.key("_shards").beginObject();
    writer_.member("total", 1).member("successful", 1).member("skipped", 0).member("failed", 0).endObject();
    GYRE_TRY(writeHits());
    if (request_.has_aggregations) {
      AggregationOutput output{writer_};
      writer_.key("aggregations").beginObject();
      GYRE_TRY(outcome_.aggregators.writeMembers(0, output));
      writer_.endObject();
    }
    if (request_.has_suggest) {
      writer_.key("suggest").beginObject();
      for (const CompletionRequest& suggestion : request_.suggestions) GYRE_TRY(writeSuggestion(suggestion));
      writer_.endObject();
    }
    writer_.endObject();
    return std::move(out_);
  }

 private:
  bool showsScores() const { return !request_.isSorted() || sorts_by_score_ || request_.tracks_scores; }

  Status writeHits() {
    writer_.key("hits").beginObject();
    if (request_.shows_total) {
      writer_.key("total").beginObject();
      writer_.member("value", outcome_.total).member("relation", outcome_.is_total_exact ? "eq" : "gte").endObject();
    }
    writer_.key("max_score");
    if (outcome_.has_max_score) {
      writeScore(outcome_.max_score, writer_);
    } else {
      writer_.null();
    }
    writer_.key("hits").beginArray();
    for (std::size_t i = 0; i < outcome_.hits.size(); ++i) GYRE_TRY(writeHit(outcome_.hits[i], i));
    writer_.endArray().endObject();
    return {};
  }

  Status writeHit(const Hit& hit, std::size_t position) {
    const SegmentReader& segment = *snapshot_.segments[hit.segment].segment;
    writer_.beginObject();
    writer_.member("_index", index_name_);
    if (request_.shows_metadata) GYRE_TRY(writeId(segment, hit.doc));
    if (request_.shows_version) writer_.member("_version", segment.version(hit.doc));
    if (request_.shows_sequence) writer_.member("_seq_no", segment.version(hit.doc)).member("_primary_term", 1);
    writer_.key("_score");
    if (showsScores()) {
      writeScore(hit.score, writer_);
    } else {
      writer_.null();
    }
    GYRE_TRY(writeSource(segment, hit.doc));
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

  Status writeId(const SegmentReader& segment, DocId doc) {
    GYRE_TRY_ASSIGN(const std::string id, segment.id(doc));
    writer_.member("_id", id);
    return {};
  }

  Status writeSource(const SegmentReader& segment, DocId doc) {
    if (request_.source.isHidden()) return {};
    GYRE_TRY_ASSIGN(const std::string source, segment.source(doc));
    GYRE_TRY_ASSIGN(const std::string shown, request_.source.apply(source));
    writer_.rawMember("_source", shown);
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
    for (const CompletionOption& option : findCompletions(snapshot_, suggestion)) {
      const SegmentReader& segment = *snapshot_.segments[option.segment].segment;
      writer_.beginObject().member("text", option.text).member("_index", index_name_);
      GYRE_TRY(writeId(segment, option.doc));
      writer_.key("_score");
      writeScore(static_cast<float>(option.weight), writer_);
      GYRE_TRY(writeSource(segment, option.doc));
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

  const Snapshot& snapshot_;
  std::string_view index_name_;
  const SearchRequest& request_;
  SearchOutcome& outcome_;
  bool sorts_by_score_ = false;
  std::string out_;
  JsonWriter writer_;
};

}  // namespace

Result<std::string> writeResponse(const Snapshot& snapshot, std::string_view index_name, const SearchRequest& request,
                                  SearchOutcome& outcome, std::int64_t took_millis) {
  return ResponseWriter(snapshot, index_name, request, outcome).run(took_millis);
}

}  // namespace gyre::engine
