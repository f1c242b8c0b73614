#include "server/projector/log_feed.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace gyre::projector {
namespace {

// Events read from the log at once. While a backlog is worked off every batch is cut by bytes only; the portion bounds
// the ids in memory and how far apart two events of one entity may be to cost one document.
constexpr std::size_t kPortion = 8'192;

}  // namespace

LogFeed::LogFeed(const store::PrimaryStore& store, const search::SearchEngine& engine, const Projection& projection,
                 std::size_t bytes, std::size_t count)
    : store_(store), count_(std::max<std::size_t>(count, 1)), buffer_(store, engine, projection, bytes) {}

void LogFeed::clear() {
  buffer_.clear();
  ahead_.reset();
}

Result<Batch> LogFeed::next(std::uint64_t position) {
  if (ahead_) {
    Batch batch = std::move(*ahead_);
    ahead_.reset();
    return batch;
  }
  if (buffer_.isEmpty()) GYRE_TRY(readPortion(position));
  return buffer_.next();
}

bool LogFeed::isWorthReading(std::uint64_t position) const {
  return !ahead_ && (!buffer_.isEmpty() || store_.lastSequence() >= position + count_);
}

void LogFeed::readAhead(std::uint64_t position) {
  if (ahead_ || (buffer_.isEmpty() && !readPortion(position).isOk())) return;
  buffer_.setIndexBusy(true);
  Result<Batch> batch = buffer_.next();
  buffer_.setIndexBusy(false);
  if (batch.isOk()) ahead_ = std::move(batch).value();
}

Status LogFeed::readPortion(std::uint64_t position) {
  GYRE_TRY_ASSIGN(auto changes, store_.changedAfter(position, std::max(kPortion, count_)));
  if (changes.empty())
    return internalError("the event log has nothing after sequence " + std::to_string(position) + " but ends at " +
                         std::to_string(store_.lastSequence()));
  buffer_.takeChanges(std::move(changes));
  return {};
}

}  // namespace gyre::projector
