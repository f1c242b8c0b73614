// How does an operator deal with dead letters from the command line? A client of a running server.
#pragma once

#include <string>

namespace gyre::cli {

struct DeadLetterOptions {
  std::string action;  // "list", "show", "edit", "replay", "drop"
  std::string domain;
  std::string id;             // "" for list, and with is_all
  bool is_all = false;        // replay, drop: every letter, oldest first
  std::string reaction_file;  // edit: a JSON file, "-" for standard input
  std::string url;
  std::string key;
};

// An exit code: 0 done, 1 something was refused again. What came of it goes to standard output, a line each.
int runDeadLetters(const DeadLetterOptions& options);

}  // namespace gyre::cli
