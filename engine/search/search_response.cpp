#include "engine/search/search_response.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "engine/analysis/utf8.hpp"
#include "engine/query/bool_query.hpp"
#include "engine/query/field_query.hpp"
#include "engine/search/hit_writer.hpp"
#include "engine/search/nested_hit.hpp"
#include "engine/search/nested_hits_run.hpp"
#include "engine/search/search_profile.hpp"
#include "engine/segment/stored_ahead.hpp"

namespace gyre::engine {

namespace {

Status tooLarge(std::uint64_t limit) {
  return {
      Code::kResourceExhausted, "circuit_breaking_exception",
      "[parent] Data too large, the response would be larger than the limit of [" + std::to_string(limit) + "] bytes"};
}

// "hits": {…} of a response, or of a group within a hit.
class HitsWriter {
 public:
  // `writer` appends to `out`.
  HitsWriter(const SearchPlan& plan, const SearchOptions& options, std::int64_t deadline_nanos, const std::string& out,
             JsonWriter& writer)
      : plan_(plan),
        options_(options),
        request_(plan.request()),
        deadline_nanos_(deadline_nanos),
        out_(out),
        writer_(writer) {
    for (const SortKey& key : request_.sort) sorts_by_score_ = sorts_by_score_ || key.kind == SortKey::Kind::kScore;
  }

  Status write(const SearchOutcome& outcome) {
    outcome_ = &outcome;
    writer_.beginObject();
    if (request_.shows_total) {
      if (options_.shows_total_as_number) {
        writer_.member("total", outcome.total);
      } else {
        writer_.key("total").beginObject();
        writer_.member("value", outcome.total).member("relation", outcome.is_total_exact ? "eq" : "gte").endObject();
      }
    } else if (options_.shows_total_as_number) {
      writer_.member("total", -1);
    }
    writer_.key("max_score");
    if (outcome.has_max_score || plan_.targets.empty()) {
      writeScore(outcome.max_score, writer_);
    } else {
      writer_.null();
    }
    writer_.key("hits").beginArray();
    GYRE_TRY(readSources());
    for (std::size_t i = 0; i < outcome.hits.size(); ++i) {
      GYRE_TRY(writeHit(outcome.hits[i], i));
      if (out_.size() > options_.response_bytes) return tooLarge(options_.response_bytes);
    }
    writer_.endArray().endObject();
    return {};
  }

  // "inner_hits" of the hit, when there is something to show.
  Status writeInnerHits(const Hit& hit, bool has_groups) {
    const std::vector<NestedHitsRequest>& nested = nestedHitsOf(hit.segment);
    if (!has_groups && nested.empty()) return {};
    writer_.key("inner_hits").beginObject();
    if (has_groups) GYRE_TRY(writeGroups(hit));
    for (const NestedHitsRequest& asked : nested) GYRE_TRY(writeNestedHits(asked, hit));
    writer_.endObject();
    return {};
  }

 private:
  bool showsScores() const { return !request_.isSorted() || sorts_by_score_ || request_.tracks_scores; }

  // An index' own mapping says what its hits show.
  const FetchRequest& fetchOf(std::uint32_t segment) const {
    const PlannedTarget& planned = plan_.targets[plan_.target_of[segment]];
    return plan_.shared == &plan_.common ? planned.request.fetch : request_.fetch;
  }

  // Stored documents are read in their own order, so that each compressed block is unpacked once for all its hits.
  Status readSources() {
    constexpr std::size_t kFewHits = 4;
    const std::vector<Hit>& hits = outcome_->hits;
    if (hits.size() <= kFewHits) return {};
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < hits.size(); ++i)
      if (fetchOf(hits[i].segment).readsSource() && isRoot(hits[i])) order.push_back(i);
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return hits[a].segment != hits[b].segment ? hits[a].segment < hits[b].segment : hits[a].doc < hits[b].doc;
    });
    sources_.resize(hits.size());
    constexpr std::size_t kAhead = 6;
    const auto fetchAhead = [&](std::size_t place) {
      if (place >= order.size()) return;
      const Hit& hit = hits[order[place]];
      const SegmentReader& segment = *plan_.snapshot.segments[hit.segment].segment;
      if (const auto* const ahead = dynamic_cast<const StoredAhead*>(&segment)) ahead->fetchAhead(hit.doc);
    };
    for (std::size_t place = 0; place < kAhead; ++place) fetchAhead(place);
    std::uint64_t bytes = 0;
    for (std::size_t place = 0; place < order.size(); ++place) {
      const std::size_t i = order[place];
      fetchAhead(place + kAhead);
      GYRE_TRY_ASSIGN(sources_[i], plan_.snapshot.segments[hits[i].segment].segment->source(hits[i].doc));
      bytes += sources_[i]->size();
      if (bytes > options_.response_bytes) return tooLarge(options_.response_bytes);
    }
    return {};
  }

  // Objects of nested fields have no source of their own.
  bool isRoot(const Hit& hit) const {
    return rootOf(*plan_.snapshot.segments[hit.segment].segment, hit.doc) == hit.doc;
  }

  // A group shows its value as a column does, after what was asked for, under the name that was.
  const Field* groupFieldOf(std::uint32_t segment) const {
    if (!request_.collapse) return nullptr;
    const std::size_t target = plan_.target_of[segment];
    return plan_.targets[target].target->snapshot->mapping->find(plan_.groupPathOf(target));
  }
  std::string_view groupName() const { return request_.collapse ? request_.collapse->name : std::string_view(); }

  const Query* queryOf(std::uint32_t segment) const {
    const PlannedTarget& planned = plan_.targets[plan_.target_of[segment]];
    return planned.query != nullptr ? planned.query : planned.request.query.get();
  }

  Status writeHit(const Hit& hit, std::size_t position) {
    const SegmentReader& segment = *plan_.snapshot.segments[hit.segment].segment;
    HitWriter hit_writer(fetchOf(hit.segment), writer_, queryOf(hit.segment));
    writer_.beginObject();
    if (request_.explains) {
      writer_.member("_shard", "[" + std::string(plan_.indexOf(hit.segment)) + "][0]");
      writer_.member("_node", options_.node_id);
    }
    writer_.member("_index", plan_.indexOf(hit.segment));
    GYRE_TRY(hit_writer.writeIdentity(segment, hit.doc));
    writer_.key("_score");
    if (showsScores()) {
      writeScore(hit.score, writer_);
    } else {
      writer_.null();
    }
    const bool is_read = !sources_.empty() && sources_[position].has_value();
    const std::string* const source = is_read ? &*sources_[position] : nullptr;
    GYRE_TRY(hit_writer.writeContent(segment, hit.doc, {source, groupFieldOf(hit.segment), groupName()}));
    if (request_.isSorted()) {
      writer_.key("sort").beginArray();
      for (std::size_t k = 0; k < request_.sort.size(); ++k) writeSortValue(request_.sort[k], hit.values[k], writer_);
      writer_.endArray();
    }
    if (!outcome_->matched.empty() && !outcome_->matched[position].empty()) writeNames(outcome_->matched[position]);
    if (!outcome_->explanations.empty()) writer_.key("_explanation").raw(outcome_->explanations[position]);
    GYRE_TRY(writeInnerHits(hit, request_.collapse && !request_.collapse->inner_hits.empty()));
    writer_.endObject();
    return {};
  }

  void writeNames(const std::vector<SearchOutcome::NamedMatch>& matched) {
    writer_.key("matched_queries");
    if (options_.shows_named_scores) {
      writer_.beginObject();
      for (const auto& [name, score] : matched) {
        writer_.key(name);
        writeScore(score, writer_);
      }
      writer_.endObject();
    } else {
      writer_.beginArray();
      for (const auto& [name, score] : matched) writer_.string(name);
      writer_.endArray();
    }
  }

  // The hits of this one's group, as often as they are asked for.
  Status writeGroups(const Hit& hit) {
    std::vector<QueryPtr> groups;
    for (std::size_t t = 0; t < plan_.targets.size(); ++t)
      groups.push_back(groupQuery(hit.group, plan_.groupPathOf(t), *plan_.targets[t].target->snapshot->mapping));
    for (const GroupHits& asked : request_.collapse->inner_hits) {
      SearchPlan plan;
      plan.makeOfGroup(plan_, *asked.request, groups);
      GYRE_TRY_ASSIGN(const SearchOutcome outcome, runPlan(plan, deadline_nanos_));
      writer_.key(asked.name).beginObject().key("hits");
      GYRE_TRY(HitsWriter(plan, options_, deadline_nanos_, out_, writer_).write(outcome));
      writer_.endObject();
    }
    return {};
  }

  const std::vector<NestedHitsRequest>& nestedHitsOf(std::uint32_t segment) const {
    const bool is_own = plan_.shared == nullptr || plan_.shared == &plan_.common;
    return is_own ? plan_.targets[plan_.target_of[segment]].request.nested_hits : request_.nested_hits;
  }

  // The objects within this hit, which may show objects within them in turn.
  Status writeNestedHits(const NestedHitsRequest& asked, const Hit& hit) {
    NestedRun& run = nested_runs_[&asked];
    if (run.weight == nullptr) {
      run.plan = std::make_unique<SearchPlan>();
      run.plan->makeOfObjects(plan_, *asked.request);
      // What highlights show the finds of.
      for (PlannedTarget& target : run.plan->targets) target.query = asked.query;
      const SearchTarget& target = plan_.targetOf(hit.segment);
      GYRE_TRY_ASSIGN(run.weight, asked.query->weight(*target.snapshot, 1, true));
    }
    GYRE_TRY_ASSIGN(const SearchOutcome outcome, runNestedHits(*run.plan, *run.weight, asked.path, hit));
    writer_.key(asked.name).beginObject().key("hits");
    GYRE_TRY(HitsWriter(*run.plan, options_, deadline_nanos_, out_, writer_).write(outcome));
    writer_.endObject();
    return {};
  }

  // The group's documents in one target.
  static QueryPtr groupQuery(const GroupKey& key, const std::string& path, const Mapping& mapping) {
    const Field* const field = mapping.find(path);
    if (key.is_missing) {
      BoolClauses clauses;
      clauses.filter.push_back(makeAllQuery(1));
      if (field != nullptr) clauses.must_not.push_back(makeExistsQuery({field}, 1));
      return makeBoolQuery(std::move(clauses), 1);
    }
    if (field == nullptr) return makeNoneQuery();
    if (field->type == FieldType::kKeyword) return makeTermSetQuery(path, {key.text}, 1);
    return makeNumberRangeQuery(*field, key.number, key.number, 1);
  }

  const SearchPlan& plan_;
  const SearchOptions& options_;
  const SearchRequest& request_;
  std::int64_t deadline_nanos_;
  const SearchOutcome* outcome_ = nullptr;
  std::vector<std::optional<std::string>> sources_;  // of the hits; nothing where one is read by itself
  bool sorts_by_score_ = false;
  const std::string& out_;
  JsonWriter& writer_;
  // A nested query's objects are asked for with the same weight in every hit. A request belongs to one target.
  struct NestedRun {
    std::unique_ptr<SearchPlan> plan;
    WeightPtr weight;
  };
  std::map<const NestedHitsRequest*, NestedRun> nested_runs_;
};

class ResponseWriter {
  static constexpr std::size_t kReservedBytes = std::size_t{1} << 20;

 public:
  ResponseWriter(const SearchPlan& plan, const SearchOptions& options, std::int64_t deadline_nanos,
                 SearchOutcome& outcome)
      : plan_(plan),
        options_(options),
        request_(plan.request()),
        deadline_nanos_(deadline_nanos),
        outcome_(outcome),
        writer_(out_),
        hit_writer_(plan.request().fetch, writer_) {}

  Result<WrittenResponse> run(std::int64_t took_millis) {
    // Most answers then grow in one piece; many hits are a document of some hundred bytes each.
    constexpr std::size_t kHitBytes = 640;
    out_.reserve(1024 + std::min(outcome_.hits.size() * kHitBytes, kReservedBytes));
    writer_.beginObject();
    if (!options_.scroll_id.empty()) writer_.member("_scroll_id", options_.scroll_id);
    if (!options_.pit_id.empty()) writer_.member("pit_id", options_.pit_id);
    writer_.member("took", took_millis).member("timed_out", outcome_.is_timed_out);
    if (request_.terminate_after > 0) writer_.member("terminated_early", outcome_.is_terminated_early);
    writeShards(plan_, writer_);
    writer_.key("hits");
    GYRE_TRY(HitsWriter(plan_, options_, deadline_nanos_, out_, writer_).write(outcome_));
    if (request_.has_aggregations && !request_.aggregations.empty()) {
      AggregationOutput output{writer_, options_.names_types};
      for (const PlannedTarget& planned : plan_.targets)
        output.max_buckets = std::min(output.max_buckets, planned.target->max_buckets);
      output.index_of = [this](std::uint32_t segment) { return plan_.indexOf(segment); };
      // Hits of a bucket show what the query's nested clauses show of the search's own.
      HitsWriter hits(plan_, options_, deadline_nanos_, out_, writer_);
      output.write_inner_hits = [this, &hits](std::uint32_t segment, DocId doc) {
        const bool is_root = rootOf(*plan_.snapshot.segments[segment].segment, doc) == doc;
        return is_root ? hits.writeInnerHits({segment, doc, 0, {}, {}}, false) : Status();
      };
      writer_.key("aggregations").beginObject();
      GYRE_TRY(outcome_.aggregators.writeMembers(0, output));
      writer_.endObject();
    }
    if (request_.has_suggest && !request_.suggestions.empty()) {
      writer_.key("suggest").beginObject();
      for (const SuggestRequest& suggestion : request_.suggestions) GYRE_TRY(writeSuggestion(suggestion));
      writer_.endObject();
    }
    if (request_.profile != nullptr) writeProfile(plan_, outcome_, writer_);
    writer_.endObject();
    return WrittenResponse{std::move(out_), outcome_.hits.size()};
  }

 private:
  Status writeSuggestion(const SuggestRequest& suggestion) {
    const auto* const completion = std::get_if<CompletionRequest>(&suggestion.asked);
    const auto* const term = std::get_if<TermSuggestRequest>(&suggestion.asked);
    const std::string_view kind = completion != nullptr ? "completion#" : term != nullptr ? "term#" : "phrase#";
    writer_.key(options_.names_types ? std::string(kind) + suggestion.name : suggestion.name).beginArray();
    if (completion != nullptr) {
      beginEntry(suggestion.text, 0, static_cast<std::uint32_t>(utf16Length(suggestion.text)));
      GYRE_TRY(writeCompletions(*completion));
      endEntry();
    } else if (term == nullptr) {
      beginEntry(suggestion.text, 0, static_cast<std::uint32_t>(utf16Length(suggestion.text)));
      writePhrases(std::get<PhraseSuggestRequest>(suggestion.asked));
      endEntry();
    } else {
      for (const TextWord& word : term->words) {
        beginEntry(word.term, word.offset, word.length);
        for (const WordOption& option : findWords(plan_.snapshot, term->options, word.term)) {
          writer_.beginObject().member("text", option.text).key("score");
          writeScore(option.score, writer_);
          writer_.member("freq", option.freq).endObject();
        }
        endEntry();
      }
    }
    writer_.endArray();
    return {};
  }

  void beginEntry(std::string_view text, std::uint32_t offset, std::uint32_t length) {
    writer_.beginObject().member("text", text).member("offset", offset).member("length", length);
    writer_.key("options").beginArray();
  }
  void endEntry() { writer_.endArray().endObject(); }

  void writePhrases(const PhraseSuggestRequest& phrase) {
    for (const PhraseOption& option : findPhrases(plan_.snapshot, phrase)) {
      writer_.beginObject().member("text", option.text);
      if (phrase.is_highlighted) writer_.member("highlighted", option.highlighted);
      writer_.key("score");
      writeScore(static_cast<float>(option.score), writer_);
      writer_.endObject();
    }
  }

  Status writeCompletions(const CompletionRequest& completion) {
    for (const CompletionOption& option : findCompletions(plan_.snapshot, completion)) {
      const SegmentReader& segment = *plan_.snapshot.segments[option.segment].segment;
      writer_.beginObject().member("text", option.text).member("_index", plan_.indexOf(option.segment));
      GYRE_TRY(hit_writer_.writeIdentity(segment, option.doc));
      writer_.key("_score");
      writeScore(option.score, writer_);
      GYRE_TRY(hit_writer_.writeContent(segment, option.doc));
      if (!option.context.empty()) {
        const std::size_t end_of_name = option.context.find('\0');
        writer_.key("contexts").beginObject().key(std::string_view(option.context).substr(0, end_of_name)).beginArray();
        writer_.string(std::string_view(option.context).substr(end_of_name + 1)).endArray().endObject();
      }
      writer_.endObject();
    }
    return {};
  }

  const SearchPlan& plan_;
  const SearchOptions& options_;
  const SearchRequest& request_;
  std::int64_t deadline_nanos_;
  SearchOutcome& outcome_;
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
                                      std::int64_t deadline_nanos, std::int64_t took_millis) {
  return ResponseWriter(plan, options, deadline_nanos, outcome).run(took_millis);
}

}  // namespace gyre::engine
