#include "filter.hpp"
#include "queries.hpp"
#include "timestamp.hpp"

namespace gyre::logs {

namespace {

constexpr Member kTailParameters[] = {GYRE_LOGS_RECORD_PARAMETERS};

}  // namespace

Table tailLogsParameters() { return kTailParameters; }

Status matchTail(const TailCall& call, TailMatches& matches) {
  Faults faults(call.parameters, kTailParameters, {.is_lenient = call.is_lenient});
  LogFilter filter = LogFilter::read(faults, false);
  GYRE_TRY(faults.status());
  GYRE_TRY_ASSIGN(filter.organization_id, visibleTo(call.organization_id, filter.organization_id));
  std::string shown;
  for (std::uint64_t index = 0; index < call.record_count; ++index) {
    const auto record = json::Document::parse(call.record(index));
    if (!record.isOk() || !filter.matches(record->root())) continue;
    const auto at = parseInstant(record->root()["@timestamp"].string());
    const RecordId id{at ? at->millis : 0, static_cast<std::int64_t>(call.sequence(index))};
    shown.clear();
    JsonWriter out(shown);
    writeShown(id.toText(), record->root().raw(), out);
    matches.show(index, shown);
  }
  return {};
}

}  // namespace gyre::logs
