#include "engine/search/search_profile.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "engine/aggs/aggregation.hpp"
#include "engine/query/query_profile.hpp"

namespace gyre::engine {

namespace {

// "date_histogram" is a DateHistogramAggregator; terms are told apart by what they count.
std::string aggregatorName(std::string_view kind) {
  if (kind == "lterms" || kind == "dterms" || kind == "ulterms") return "NumericTermsAggregator";
  if (kind == "sterms") return "StringTermsAggregator";
  std::string name;
  bool is_first = true;
  for (const char c : kind) {
    if (c == '_') {
      is_first = true;
      continue;
    }
    name += is_first && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    is_first = false;
  }
  return name + "Aggregator";
}

void writeAggregations(const Aggregations& aggregations, JsonWriter& writer) {
  writer.beginArray();
  for (const auto& each : aggregations) {
    const AggregationProfile* const profile = each->profile.get();
    if (profile == nullptr || each->pipeline() != nullptr) continue;
    const WorkTime none;
    const std::pair<std::string_view, const WorkTime*> parts[] = {
        {"initialize", &profile->initialize},
        {"build_leaf_collector", &profile->build_leaf_collector},
        {"collect", &profile->collect},
        {"post_collection", &profile->post_collection},
        {"build_aggregation", &profile->build_aggregation},
        {"reduce", &none},  // there is one table for all segments
    };
    std::uint64_t total = 0;
    for (const auto& [name, time] : parts) total += time->nanos;
    writer.beginObject().member("type", aggregatorName(each->typedName())).member("description", each->name);
    writer.member("time_in_nanos", total).key("breakdown").beginObject();
    for (const auto& [name, time] : parts)
      writer.member(name, time->nanos).member(std::string(name) + "_count", time->count);
    writer.endObject();
    if (profile->work.size() > 2) writer.rawMember("debug", profile->work);
    if (each->subs() != nullptr && !each->subs()->empty()) {
      writer.key("children");
      writeAggregations(*each->subs(), writer);
    }
    writer.endObject();
  }
  writer.endArray();
}

void writeCollector(std::string_view name, std::string_view reason, std::uint64_t nanos, JsonWriter& writer) {
  writer.member("name", name).member("reason", reason).member("time_in_nanos", nanos);
}

void writeCollectors(const SearchRequest& request, const SearchOutcome& outcome, JsonWriter& writer) {
  const std::string_view hits = request.collapse     ? "CollapsingTopDocsCollectorContext"
                                : request.size == 0  ? "EarlyTerminatingCollector"
                                : request.isSorted() ? "SimpleFieldCollector"
                                                     : "SimpleTopScoreDocCollector";
  const std::string_view reason = request.size == 0 ? "search_count" : "search_top_hits";
  writer.beginArray().beginObject();
  if (request.aggregations.empty()) {
    writeCollector(hits, reason, outcome.collect_time.nanos, writer);
  } else {
    writeCollector("MultiCollector", "search_multi", outcome.collect_time.nanos + outcome.aggregate_time.nanos, writer);
    std::string names;
    for (const auto& each : request.aggregations) names += (names.empty() ? "" : ", ") + each->name;
    writer.key("children").beginArray().beginObject();
    writeCollector(hits, reason, outcome.collect_time.nanos, writer);
    writer.endObject().beginObject();
    writeCollector("ProfilingAggregator: [" + names + "]", "aggregation", outcome.aggregate_time.nanos, writer);
    writer.endObject().endArray();
  }
  writer.endObject().endArray();
}

}  // namespace

void writeProfile(const SearchPlan& plan, const SearchOutcome& outcome, JsonWriter& writer) {
  writer.key("profile").beginObject().key("shards").beginArray();
  for (std::size_t t = 0; t < plan.targets.size(); ++t) {
    const PlannedTarget& planned = plan.targets[t];
    const QueryProfile& profile = *planned.request.profile;
    writer.beginObject().member("id", "[" + planned.target->index_name + "][0]");
    writer.member("inbound_network_time_in_millis", 0).member("outbound_network_time_in_millis", 0);
    writer.key("searches").beginArray().beginObject().key("query");
    profile.write(writer);
    writer.member("rewrite_time", profile.rewrite.nanos).key("collector");
    if (t == 0) {
      writeCollectors(plan.request(), outcome, writer);
    } else {
      writer.beginArray().endArray();
    }
    writer.endObject().endArray().key("aggregations");
    if (t == 0) {
      writeAggregations(plan.request().aggregations, writer);
    } else {
      writer.beginArray().endArray();
    }
    writer.endObject();
  }
  writer.endArray().endObject();
}

}  // namespace gyre::engine
