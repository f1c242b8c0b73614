// gyre import DOMAIN FILE…: how do records from elsewhere become commands here?
//
// Importers are clients: they turn foreign files into the commands anybody could send, so nothing enters a domain past
// its rules. Files may be gzip-compressed. Ends with imported, refused and seconds; every refused row with file, line
// and reason.
//
// THREADS: one.
#pragma once

#include <string>
#include <vector>

#include "gyre/status.hpp"

namespace gyre::cli {

struct ImportOptions {
  std::string domain;
  std::vector<std::string> files;
  std::vector<std::string> map;  // --map
  std::string format;            // "csv", "ndjson", "json", "" by the file's name
  std::string url;               // of the server
  std::string key;
  std::string refused_file;  // "" prints refusals to standard error
  bool is_dry_run = false;
};

// 0 when every row was imported, was there already, or was refused with its reason; another exit code when it could not
// be done.
int runImport(const ImportOptions& options);

}  // namespace gyre::cli
