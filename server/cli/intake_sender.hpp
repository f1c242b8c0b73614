// How do pieces of files reach the intakes of a stream, and what became of them? One request a piece, each durable
// before the next is sent; every refusal is told with file, line and reason.
//
// A 429 or 503 is sent again after a pause that grows.
//
// THREADS: one. OWNS: its connection and the file of refusals; the options outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "gyre/json.hpp"
#include "gyre/status.hpp"
#include "server/cli/api_client.hpp"
#include "server/cli/import_command.hpp"
#include "server/cli/progress.hpp"

namespace gyre::cli {

// Some lines of a file.
struct FilePiece {
  std::string_view file;
  std::size_t first_line = 1;  // in its file, of what the intake counts from
  std::size_t lines = 0;
  std::string_view text;
};

class IntakeSender {
 public:
  explicit IntakeSender(const ImportOptions& options) : options_(options), progress_("importing") {}

  // Connects, unless it is a dry run.
  Status open();
  // Calls import_file for each file until one fails; what Poco throws of a file is its failure.
  Status importEach(const std::function<Status(const std::string& file)>& import_file);
  // `target`: below /v1/DOMAIN/. What is refused, a piece's every line too, is told and no error. Counts only, in a dry
  // run.
  Status send(const FilePiece& piece, std::string_view target, std::string_view media_type);
  // After this, what was taken is seen by queries. `request`: a cheap one.
  Status waitUntilSearchable(std::string_view query, std::string_view request);
  void refuse(std::string_view file, std::size_t line, std::string_view reason);
  // "imported 3, refused 0, lines 4, 0.1 s".
  void printSummary(double seconds);

 private:
  void refuseAll(const FilePiece& piece, json::Value faults, std::string_view otherwise);
  Result<ApiAnswer> sendPatiently(const std::string& target, std::string_view media_type, std::string_view text);

  const ImportOptions& options_;
  ProgressLine progress_;
  std::ofstream refused_file_;
  std::unique_ptr<ApiClient> client_;
  std::uint64_t imported_ = 0, refused_ = 0, lines_ = 0, last_sequence_ = 0;
  bool is_searchable_ = false;  // all that was sent
};

// Also counts a last line that does not end.
std::size_t lineCount(std::string_view text);

// The exit code of an import that ended so, and its error message printed.
int importExit(const Status& status);

}  // namespace gyre::cli
