#include "names.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

namespace gyre::logs {

namespace {

struct Entry {
  std::string_view name;
  Field field;
  std::uint8_t rank;
};

// By byte order. The rank is the place in the order of preference of its field.
constexpr Entry kEntries[] = {
    {"@l", Field::kLevel, 8},
    {"@m", Field::kMessage, 7},
    {"@message", Field::kMessage, 5},
    {"@mt", Field::kMessage, 12},
    {"@sp", Field::kSpanId, 6},
    {"@t", Field::kTimestamp, 4},
    {"@timestamp", Field::kTimestamp, 0},
    {"@tr", Field::kTraceId, 6},
    {"APP-NAME", Field::kService, 11},
    {"Attributes", Field::kAttributes, 1},
    {"Body", Field::kMessage, 11},
    {"HOST", Field::kHost, 4},
    {"HOSTNAME", Field::kHost, 5},
    {"HostName", Field::kHost, 8},
    {"Hostname", Field::kHost, 7},
    {"ISODATE", Field::kTimestamp, 11},
    {"LEVEL", Field::kLevel, 7},
    {"LEVEL_NUM", Field::kSyslogSeverity, 4},
    {"Level", Field::kLevel, 6},
    {"LogLevel", Field::kLevel, 10},
    {"LoggerName", Field::kLogger, 5},
    {"MESSAGE", Field::kMessage, 4},
    {"MachineName", Field::kHost, 12},
    {"Message", Field::kMessage, 10},
    {"MessageTemplate", Field::kMessage, 13},
    {"ObservedTimestamp", Field::kObserved, 2},
    {"PRIORITY", Field::kSyslogSeverity, 3},
    {"PRIORITY_TEXT", Field::kLevel, 12},
    {"PROGRAM", Field::kService, 14},
    {"Properties.SourceContext", Field::kLogger, 7},
    {"RenderedMessage", Field::kMessage, 8},
    {"Resource", Field::kResource, 1},
    {"SYSLOG_IDENTIFIER", Field::kService, 15},
    {"ServiceName", Field::kService, 4},
    {"SeverityNumber", Field::kSeverityNumber, 2},
    {"SeverityText", Field::kSeverityText, 2},
    {"SourceContext", Field::kLogger, 4},
    {"SpanId", Field::kSpanId, 4},
    {"TimeUnixNano", Field::kTimestamp, 14},
    {"Timestamp", Field::kTimestamp, 5},
    {"TraceId", Field::kTraceId, 4},
    {"_HOSTNAME", Field::kHost, 6},
    {"__REALTIME_TIMESTAMP", Field::kTimestamp, 13},
    {"agent.hostname", Field::kHost, 13},
    {"app", Field::kService, 5},
    {"app-name", Field::kService, 9},
    {"appName", Field::kService, 10},
    {"app_name", Field::kService, 7},
    {"application", Field::kService, 6},
    {"appname", Field::kService, 8},
    {"asctime", Field::kTimestamp, 9},
    {"attributes", Field::kAttributes, 0},
    {"beat.hostname", Field::kHost, 14},
    {"body", Field::kMessage, 2},
    {"body_bytes_sent", Field::kBytes, 2},
    {"bytes", Field::kBytes, 0},
    {"bytes_sent", Field::kBytes, 3},
    {"client", Field::kClient, 0},
    {"client.address", Field::kClient, 1},
    {"client.ip", Field::kClient, 2},
    {"client_ip", Field::kClient, 4},
    {"clientip", Field::kClient, 3},
    {"computer_name", Field::kHost, 11},
    {"container_name", Field::kService, 16},
    {"date", Field::kTimestamp, 10},
    {"datetime", Field::kTimestamp, 6},
    {"dd.trace_id", Field::kTraceId, 7},
    {"event.ingested", Field::kObserved, 4},
    {"eventTime", Field::kTimestamp, 7},
    {"event_time", Field::kTimestamp, 8},
    {"fields.SourceContext", Field::kLogger, 6},
    {"fromhost", Field::kHost, 10},
    {"host", Field::kHost, 0},
    {"host.hostname", Field::kHost, 2},
    {"host.name", Field::kHost, 1},
    {"hostname", Field::kHost, 3},
    {"http.request.line", Field::kRequest, 1},
    {"http.response.body.bytes", Field::kBytes, 1},
    {"http.response.status_code", Field::kStatus, 1},
    {"kubernetes.container_name", Field::kService, 17},
    {"level", Field::kLevel, 0},
    {"level_name", Field::kLevel, 9},
    {"levelname", Field::kLevel, 5},
    {"log", Field::kMessage, 3},
    {"log.level", Field::kLevel, 1},
    {"log.logger", Field::kLogger, 1},
    {"log.message", Field::kMessage, 13},
    {"log.syslog.severity.code", Field::kSyslogSeverity, 1},
    {"log.syslog.severity.name", Field::kSeverityText, 4},
    {"log_level", Field::kLevel, 3},
    {"logger", Field::kLogger, 0},
    {"loggerName", Field::kLogger, 3},
    {"logger_name", Field::kLogger, 2},
    {"loglevel", Field::kLevel, 2},
    {"lvl", Field::kLevel, 4},
    {"message", Field::kMessage, 0},
    {"msg", Field::kMessage, 1},
    {"nanoseconds", Field::kNanoseconds, 0},
    {"observed", Field::kObserved, 0},
    {"observedTimestamp", Field::kObserved, 1},
    {"observed_timestamp", Field::kObserved, 3},
    {"organization.id", Field::kOrganization, 1},
    {"organizationId", Field::kOrganization, 0},
    {"organization_id", Field::kOrganization, 2},
    {"otelSpanID", Field::kSpanId, 7},
    {"otelTraceID", Field::kTraceId, 8},
    {"pattern", Field::kIgnored, 1},
    {"program", Field::kService, 13},
    {"programname", Field::kService, 12},
    {"remote_addr", Field::kClient, 5},
    {"remote_host", Field::kClient, 8},
    {"renderedMessage", Field::kMessage, 9},
    {"request", Field::kRequest, 0},
    {"resource", Field::kResource, 0},
    {"response", Field::kStatus, 3},
    {"sequence", Field::kIgnored, 0},
    {"service", Field::kService, 0},
    {"service.name", Field::kService, 1},
    {"serviceName", Field::kService, 3},
    {"service_name", Field::kService, 2},
    {"severity", Field::kSeverity, 0},
    {"severityNumber", Field::kSeverityNumber, 1},
    {"severityText", Field::kSeverityText, 1},
    {"severity_code", Field::kSyslogSeverity, 2},
    {"severity_label", Field::kLevel, 11},
    {"severity_number", Field::kSeverityNumber, 0},
    {"severity_text", Field::kSeverityText, 0},
    {"short_message", Field::kMessage, 6},
    {"source.address", Field::kClient, 6},
    {"source.ip", Field::kClient, 7},
    {"source_host", Field::kHost, 9},
    {"span.id", Field::kSpanId, 1},
    {"spanID", Field::kSpanId, 5},
    {"spanId", Field::kSpanId, 2},
    {"span_id", Field::kSpanId, 0},
    {"spanid", Field::kSpanId, 3},
    {"status", Field::kStatus, 0},
    {"status_code", Field::kStatus, 2},
    {"syslog.message", Field::kMessage, 14},
    {"syslog.severity_code", Field::kSyslogSeverity, 14},
    {"syslog_severity_code", Field::kSyslogSeverity, 5},
    {"syslogseverity", Field::kSyslogSeverity, 0},
    {"syslogseverity-text", Field::kSeverityText, 3},
    {"syslogtag", Field::kSyslogTag, 0},
    {"tag.appname", Field::kService, 21},
    {"tag.host", Field::kHost, 13},
    {"tag.hostname", Field::kHost, 12},
    {"tag.level", Field::kLevel, 14},
    {"tag.service", Field::kService, 20},
    {"tag.severity", Field::kSeverityText, 14},
    {"tail.message", Field::kMessage, 15},
    {"tail.value", Field::kMessage, 16},
    {"time", Field::kTimestamp, 2},
    {"timeUnixNano", Field::kTimestamp, 15},
    {"timereported", Field::kTimestamp, 12},
    {"timestamp", Field::kTimestamp, 1},
    {"trace.id", Field::kTraceId, 1},
    {"traceID", Field::kTraceId, 5},
    {"traceId", Field::kTraceId, 2},
    {"trace_id", Field::kTraceId, 0},
    {"traceid", Field::kTraceId, 3},
    {"ts", Field::kTimestamp, 3},
    {"unindexed", Field::kUnindexed, 0},
};
static_assert(std::is_sorted(std::begin(kEntries), std::end(kEntries),
                             [](const Entry& a, const Entry& b) { return a.name < b.name; }));

// Open addressing, a power of two and sparse: a look-up is a hash of size, first and last bytes, and one comparison or
// two.
constexpr std::size_t kSlots = 1024;
constexpr std::size_t slotOf(std::string_view name) {
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(name[i])); };
  return (name.size() * 131 + byte(0) * 7 + byte(name.size() / 2) * 61 + byte(name.size() - 1) * 31) % kSlots;
}
constexpr std::array<std::uint8_t, kSlots> kTable = [] {
  static_assert(std::size(kEntries) < 255);
  std::array<std::uint8_t, kSlots> table{};
  for (std::size_t i = 0; i < std::size(kEntries); ++i) {
    std::size_t slot = slotOf(kEntries[i].name);
    while (table[slot] != 0) slot = (slot + 1) % kSlots;
    table[slot] = static_cast<std::uint8_t>(i + 1);
  }
  return table;
}();

constexpr std::string_view kHolders[] = {
    "Properties", "agent",        "beat",    "client", "dd",   "event",  "fields", "host", "http", "kubernetes",
    "log",        "organization", "service", "source", "span", "syslog", "tag",    "tail", "trace"};

}  // namespace

Name fieldOf(std::string_view path) {
  if (path.empty()) return {};
  for (std::size_t slot = slotOf(path); kTable[slot] != 0; slot = (slot + 1) % kSlots) {
    const Entry& entry = kEntries[kTable[slot] - 1];
    if (entry.name == path) return {entry.field, entry.rank};
  }
  return {};
}

bool holdsFields(std::string_view name) {
  return std::find(std::begin(kHolders), std::end(kHolders), name) != std::end(kHolders);
}

}  // namespace gyre::logs
