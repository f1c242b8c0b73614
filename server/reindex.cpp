#include "server/reindex.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "gyre/json_writer.hpp"
#include "server/embedded_index.hpp"
#include "server/index_build.hpp"
#include "server/search/opensearch/opensearch_engine.hpp"

namespace gyre {

namespace {

// Events that may be left for the moment in which the projector stands still; about 100 ms.
constexpr std::uint64_t kLastStretch = 2'000;

}  // namespace

NextIndex nextEmbeddedIndex(IndexSlots slots, search::EmbeddedOptions options,
                            std::function<std::uint64_t()> last_sequence, base::Observer& observer) {
  NextIndex next;
  next.open = [slots, options, last_sequence, &observer]() mutable -> Result<std::unique_ptr<search::SearchEngine>> {
    GYRE_TRY(slots.beginBuilding());
    GYRE_TRY_ASSIGN(options.folder, slots.next());
    return openEmbeddedIndex(options, last_sequence(), observer);
  };
  next.take =
      [slots](std::unique_ptr<search::SearchEngine> built) mutable -> Result<std::unique_ptr<search::SearchEngine>> {
    GYRE_TRY(slots.switchOver());
    return built;
  };
  return next;
}

NextIndex nextClusterIndex(search::ClusterIndexOptions options, search::SwitchedEngine& former,
                           search::Cluster& cluster, const base::Clock& clock, base::Observer& observer) {
  search::ClusterIndexOptions building = options;
  building.is_build = true;
  building.is_shared = false;
  NextIndex next;
  next.open = [building, &cluster, &clock, &observer]() -> Result<std::unique_ptr<search::SearchEngine>> {
    GYRE_TRY(cluster.health());
    GYRE_TRY_ASSIGN(auto engine, search::openOpenSearchEngine(building, cluster, clock, observer));
    GYRE_TRY(engine->health());
    return engine;
  };
  next.take = [options, building, &former, &cluster, &clock, &observer](
                  std::unique_ptr<search::SearchEngine> built) -> Result<std::unique_ptr<search::SearchEngine>> {
    const std::uint64_t whole = built->progress().durable;
    GYRE_TRY_ASSIGN(search::ClusterIndex index, search::ClusterIndex::read(building));
    GYRE_TRY_ASSIGN(const std::uint64_t covered, index.open(cluster, clock, observer));
    if (covered < whole) return unavailable("the index that was built is not there any more");
    GYRE_TRY(index.takeIntoUse(cluster));
    // It must not say again how far it is: that would be of the index before.
    GYRE_TRY(former.inUse().close());
    return search::openOpenSearchEngine(options, cluster, clock, observer);
  };
  return next;
}

Result<std::string> reindex(const ReindexParts& parts, const bus::JobRunner::Progress& progress,
                            base::Observer& observer) {
  GYRE_TRY_ASSIGN(auto engine, parts.next.open());
  IndexBuild build(parts.store, *engine, parts.projection, progress);
  GYRE_TRY(build.follow(0));
  GYRE_TRY(engine->commit());
  GYRE_TRY(build.check());
  GYRE_TRY(build.follow(kLastStretch));
  std::uint64_t sequence = 0;
  const Status switched = parts.projector.runBetweenBatches([&](std::uint64_t position) -> Result<std::uint64_t> {
    GYRE_TRY(build.finish(position));
    sequence = std::max(position, build.applied());
    GYRE_TRY_ASSIGN(auto taken, parts.next.take(std::move(engine)));
    parts.engine.switchTo(std::move(taken));
    return sequence;
  });
  GYRE_TRY(Status(switched));
  observer.log(base::Level::kInformation, "reindex",
               parts.domain + ": a new index is in use, up to sequence " + std::to_string(sequence));
  // What the new index refuses becomes a dead letter in the projector's hands.
  const std::vector<std::string> refused = build.refused();
  if (!refused.empty()) GYRE_TRY(parts.projector.synchronize(refused).status());
  std::string text;
  JsonWriter(text)
      .beginObject()
      .member("documents", build.documents())
      .member("checked", build.checked())
      .member("refused", static_cast<std::uint64_t>(refused.size()))
      .member("sequence", sequence)
      .endObject();
  return text;
}

}  // namespace gyre
