#include "server/projector/backlog.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>
#include <vector>

namespace gyre::projector {
namespace {

constexpr std::size_t kPiece = 1'024;        // events; what the bytes may be wrong by
constexpr std::size_t kMostPieces = 64;      // read in one look, so that it ends
constexpr std::uint64_t kKeptEvery = 1'000;  // events between two writes of the file

std::uint64_t readFloor(const std::string& path) {
  std::uint64_t floor = 0;
  std::ifstream(path) >> floor;
  return floor;
}

Status full(const char* option, const std::string& figure, const std::string& limit) {
  return {Code::kUnavailable, "backlog_full",
          "the search cluster is behind by " + figure + " and the limit (" + option + ") is " + limit +
              ": no command is taken until it has caught up"};
}

}  // namespace

Backlog::Backlog(const store::PrimaryStore& store, const search::SearchEngine& engine, BacklogLimits limits,
                 std::string path, const base::Clock& clock)
    : store_(store), engine_(engine), limits_(limits), path_(std::move(path)), clock_(clock) {
  // A store that was put back from an older copy ends before it.
  kept_ = std::min(readFloor(path_), store_.lastSequence());
  floor_ = kept_;
}

std::uint64_t Backlog::covered() const { return std::max(floor_.load(), engine_.progress().applied); }

void Backlog::measure() {
  floor_ = std::max(floor_.load(), engine_.progress().durable);
  const std::uint64_t covered = this->covered();
  while (!pieces_.empty() && pieces_.front().last_sequence <= covered) pieces_.pop_front();
  measured_ = std::max(measured_, covered);
  for (std::size_t i = 0; i < kMostPieces && measured_ < store_.lastSequence(); ++i) {
    const auto events = store_.readAfter(measured_, kPiece);
    if (!events.isOk() || events->empty()) break;
    Piece piece{events->back().sequence, 0, events->front().time_millis};
    for (const store::EventRecord& event : *events) {
      piece.bytes += event.entity_id.size() + event.type.size() + event.data.size();
      piece.oldest_millis = std::min(piece.oldest_millis, event.time_millis);
    }
    measured_ = piece.last_sequence;
    pieces_.push_back(piece);
  }
  std::uint64_t bytes = 0;
  for (const Piece& piece : pieces_) bytes += piece.bytes;
  bytes_ = bytes;
  oldest_millis_ = pieces_.empty() ? -1 : pieces_.front().oldest_millis;
  if (floor_ < kept_ + kKeptEvery && (floor_ == kept_ || !pieces_.empty())) return;
  const std::string beside = path_ + ".new";
  {
    std::ofstream file(beside, std::ios::trunc);
    file << floor_.load() << '\n';
    if (!file.flush()) return;
  }
  std::error_code error;
  std::filesystem::rename(beside, path_, error);
  if (!error) kept_ = floor_;
}

BacklogFigures Backlog::figures() const {
  BacklogFigures figures;
  const std::uint64_t last = store_.lastSequence();
  figures.events = last - std::min(last, covered());
  if (figures.events == 0) return figures;
  figures.bytes = bytes_;
  const std::int64_t oldest = oldest_millis_;
  if (oldest >= 0) figures.age_ms = std::max<std::int64_t>(0, clock_.nowMillis() - oldest);
  return figures;
}

Status Backlog::admit() const {
  const BacklogFigures figures = this->figures();
  if (figures.events == 0) return {};
  if (limits_.events != 0 && figures.events >= limits_.events)
    return full("search.backlog_events", std::to_string(figures.events) + " events", std::to_string(limits_.events));
  if (limits_.bytes != 0 && figures.bytes >= limits_.bytes)
    return full("search.backlog_bytes", std::to_string(figures.bytes) + " bytes", std::to_string(limits_.bytes));
  if (limits_.age_ms != 0 && figures.age_ms >= limits_.age_ms)
    return full("search.backlog_age", std::to_string(figures.age_ms / 1'000) + " s",
                std::to_string(limits_.age_ms / 1'000) + " s");
  return {};
}

}  // namespace gyre::projector
