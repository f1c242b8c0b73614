#include "document.hpp"
#include "lines.hpp"
#include "logs_mapping.hpp"
#include "logs_options.hpp"
#include "loki.hpp"
#include "otlp.hpp"
#include "queries.hpp"
#include "syslog.hpp"

namespace gyre::logs {

void describe(StreamDomain& domain) {
  domain.name("logs", "1.0.0", "log records of services, from any sender")
      .index(kIndexDefinition)
      .options(kOptions, &configure)
      .documents("@timestamp")
      .command("AppendLogs", appendLogsBody(), "appends log records, all of them or none", &appendLogs)
      .intake("document", {}, "NDJSON: an object a line, by any sender's names", &takeDocuments)
      .intake("otlp", "/v1/logs", "OpenTelemetry logs over HTTP, JSON or protobuf", &takeOtlp)
      .intake("loki", "/loki/api/v1/push", "Loki's push, JSON or protobuf", &takeLoki)
      .syslog("syslog", "a message of RFC 5424 or RFC 3164", &takeSyslog)
      .intake("syslog_lines", {}, "a syslog file: a message a line", &takeSyslogLines)
      .intake("access", {}, "an access log, common or combined", &takeAccessLines)
      .intake("log4j", {}, "lines of log4j, logback or Kafka, continuation lines joined", &takeLog4jLines)
      .query("SearchLogs", searchLogsParameters(),
             "records by words, level, service, attributes and time, newest first", &planSearch, &presentSearch)
      .query("GetLogStatistics", getLogStatisticsParameters(),
             "counts by level, by service, over time and by pattern; the share of errors", &planStatistics,
             &presentStatistics)
      .query("GetLogContext", getLogContextParameters(), "the records before and after one, of its service and host",
             &planContext, &presentContext)
      .query("GetLogFields", getLogFieldsParameters(), "fields and attributes with their most frequent values",
             &planFields, &presentFields)
      .tail("TailLogs", tailLogsParameters(), "records as they arrive", &matchTail);
}

}  // namespace gyre::logs

GYRE_STREAM_PLUGIN(gyre::logs::describe)
