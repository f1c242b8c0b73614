#include "server/migrate_series.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/clock.hpp"
#include "engine/directory/mmap_directory.hpp"

namespace gyre {

namespace {

class OpenStore final : public OpenSamples {
 public:
  static Result<std::unique_ptr<OpenSamples>> open(const std::string& folder, const config::DomainConfig& domain,
                                                   std::uint64_t last_sequence) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return unavailable(folder + ": cannot be created: " + error.message());
    auto opened = std::make_unique<OpenStore>();
    GYRE_TRY_ASSIGN(opened->directory_, engine::MmapDirectory::open(folder));
    GYRE_TRY_ASSIGN(opened->store_, engine::series::SeriesStore::open(*opened->directory_, seriesStoreOptions(domain)));
    if (const auto damage = opened->store_->damage(); !damage.empty())
      return corruption(folder + ": " + damage.front() + ": `gyre index check` tells all damage there is");
    if (const std::uint64_t held = opened->store_->durableSequence(); held > last_sequence)
      return Status(Code::kUnavailable, "index_ahead",
                    folder + ": holds samples up to sequence " + std::to_string(held) + " but the log ends at " +
                        std::to_string(last_sequence) + ": the store is older than the index");
    opened->place_.emplace(*opened->store_);
    return std::unique_ptr<OpenSamples>(std::move(opened));
  }
  stream::SamplePlace& place() override { return *place_; }

 private:
  std::unique_ptr<engine::Directory> directory_;
  std::unique_ptr<engine::series::SeriesStore> store_;
  std::optional<stream::StoredSamples> place_;
};

class OpenIndex final : public OpenSamples {
 public:
  OpenIndex(std::unique_ptr<stream::ClusterSeriesIndex> index, stream::RecordClock* record_clock)
      : index_(std::move(index)), place_(*index_, record_clock) {}
  stream::SamplePlace& place() override { return place_; }

 private:
  const std::unique_ptr<stream::ClusterSeriesIndex> index_;
  stream::ClusterSamples place_;
};

}  // namespace

Result<std::unique_ptr<OpenSamples>> openSamples(const config::Config& config, const config::DomainConfig& domain,
                                                 const bus::DomainHandlers& handlers, const StreamPlace& place,
                                                 stream::RecordClock* record_clock, base::Observer& observer) {
  if (place.cluster == nullptr) return OpenStore::open(place.folder + "/stream", domain, place.store.lastSequence());
  static const base::SystemClock kSystem;
  const base::Clock& clock = record_clock == nullptr ? static_cast<const base::Clock&>(kSystem) : *record_clock;
  GYRE_TRY_ASSIGN(auto index, openClusterSeries(config, domain, handlers, place, clock, observer));
  GYRE_TRY(index->health());
  return std::unique_ptr<OpenSamples>(std::make_unique<OpenIndex>(std::move(index), record_clock));
}

void writeSamples(const stream::MovedSamples& moved, JsonWriter& writer) {
  writer.member("families", moved.families);
  if (moved.roll_ups.buckets > 0) {
    writer.key("rollUps").beginObject().member("buckets", moved.roll_ups.buckets);
    writer.member("from", base::formatTime(moved.roll_ups.first_ms));
    writer.member("to", base::formatTime(moved.roll_ups.last_ms)).endObject();
  }
  if (moved.retired > 0) {
    writer.key("retired").beginObject().member("samples", moved.retired);
    writer.member("to", base::formatTime(moved.retired_until_ms)).endObject();
  }
}

std::string leftBehind(const stream::MovedSamples& moved) {
  std::string text;
  if (moved.roll_ups.buckets > 0)
    text.append("of ")
        .append(std::to_string(moved.roll_ups.buckets))
        .append(" roll-ups from ")
        .append(base::formatTime(moved.roll_ups.first_ms))
        .append(" to ")
        .append(base::formatTime(moved.roll_ups.last_ms))
        .append(
            ", whose samples retention has deleted, the last sample of each is moved; sums, minima, maxima and "
            "counts are not: they stay in the store that is moved from\n");
  if (moved.retired > 0)
    text.append(std::to_string(moved.retired))
        .append(" samples up to ")
        .append(base::formatTime(moved.retired_until_ms))
        .append(
            " are not moved: retention has deleted that time in the store that is moved to, which keeps its "
            "roll-ups of it\n");
  return text;
}

}  // namespace gyre
