// Which request does a file of log lines become? The lines themselves: an intake of the server's domain reads them, so
// that a line means the same however it arrives (docs/adr/0005).
//
// Files go in pieces of about a megabyte, cut where a record may begin; a piece is durable before the next one is sent.
// Gzip files are inflated. The format is told by the first lines unless it is named: "ndjson", "access", "log4j" or
// "syslog".
//
// THREADS: one.
#pragma once

#include <optional>
#include <string_view>

#include "server/cli/import_command.hpp"

namespace gyre::cli {

struct LogFormat {
  std::string_view name;    // as --format has it
  std::string_view target;  // below /v1/logs/
  std::string_view media_type;
  bool goes_on = false;  // a record may take several lines
};

// By its name; nothing when there is none of that name.
std::optional<LogFormat> findLogFormat(std::string_view name);
// By the first lines of a file; nothing when they are of no format that is known.
std::optional<LogFormat> detectLogFormat(std::string_view head);
// Whether a record may begin with this line, in a format whose records go on over several.
bool mayBeginRecord(std::string_view line);

// As runImport.
int runLogsImport(const ImportOptions& options);

}  // namespace gyre::cli
