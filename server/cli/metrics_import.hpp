// Which request does a file of measurements become? What it holds, as it is: an intake of the server's domain reads it,
// so that a sample means the same however it arrives.
//
// Formats: "csv" (a header, then a time and numbers a line; folder and name of the file name the series), "json"
// (documents full of numbers, one a line or one a file), "ndjson" (a sample a line, as RecordMetrics has it),
// "prometheus" and "openmetrics" (text exposition). Told by the file's name and first lines unless
// named.
// --map label==value gives every sample of the import a label; --map name==value names the metric of CSV and goes
// before the names of JSON. Files go in pieces of a megabyte, whole ones of the formats that are one document. Gzip is
// inflated.
//
// THREADS: one.
#pragma once

#include <string_view>

#include "server/cli/import_command.hpp"

namespace gyre::cli {

// "" when it is of no format that is known. `head`: the first bytes of the file.
std::string_view detectMetricFormat(std::string_view file, std::string_view head);

// As runImport.
int runMetricsImport(const ImportOptions& options);

}  // namespace gyre::cli
