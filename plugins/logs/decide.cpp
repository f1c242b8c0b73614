#include "document.hpp"
#include "gyre/faults.hpp"
#include "queries.hpp"

namespace gyre::logs {

namespace {

constexpr std::int64_t kMaxRecords = 100'000;
constexpr Member kAppendBody[] = {
    {"organizationId", Type::kId, false, "of records that say none"},
    {.name = "records",
     .type = Type::kObjectList,
     .is_required = true,
     .help = "log records: any JSON objects, as shippers send them",
     .maximum = kMaxRecords},
};

}  // namespace

Table appendLogsBody() { return kAppendBody; }

Status appendLogs(const Command& command, Records& records) {
  Faults faults(command.body, kAppendBody);
  GYRE_TRY(faults.status());
  const std::string_view own = faults.sound("organizationId").string();
  if (!command.organization_id.empty() && !own.empty() && own != command.organization_id)
    return {Code::kPermissionDenied, "organizationId: the key is bound to \"" + std::string(command.organization_id) +
                                         "\", found \"" + std::string(own) + "\""};
  const Arrival arrival{command.time_millis, command.organization_id, own};
  DocumentReader reader;
  std::string record;
  std::uint64_t position = 0;
  Status denied;
  for (const json::Value element : faults.sound("records")) {
    const std::string pointer = "/records/" + std::to_string(position);
    record.clear();
    const auto time = reader.read(element, arrival, record);
    if (time.isOk()) {
      if (faults.isEmpty()) records.add(position, *time, record);
    } else if (time.status().code() == Code::kPermissionDenied) {
      if (denied.isOk()) denied = time.status();
    } else {
      faults.add(pointer, std::string(time.status().message()));
    }
    ++position;
  }
  GYRE_TRY(denied);
  return faults.status();
}

}  // namespace gyre::logs
