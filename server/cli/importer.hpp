// What is the same in every domain's import? Rows that become commands, and what an importer may ask while it makes
// them.
//
// Importers are clients (docs/adr/0005): what a row means is known here, at the program's edge, one importer a domain.
// import_command.cpp has the list of them.
//
// THREADS: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace gyre::cli {

// Where a row came from, for messages.
struct RowOrigin {
  std::string file;
  std::size_t line = 0;
};

// The batch lines of one entity, to be sent together and in order.
struct RowCommands {
  RowOrigin origin;
  std::vector<std::string> lines;  // NDJSON, without line feed
  std::string entity_id;
  // How many rows they came of, and where those stood when they are lines of the entity (JSON pointer /lines/N): a
  // refusal that points at one is told at that row.
  std::size_t row_count = 1;
  std::vector<std::size_t> line_origins;
};

// "field=column" or "field==constant".
struct ColumnMap {
  std::vector<std::pair<std::string, std::string>> columns;
  std::vector<std::pair<std::string, std::string>> constants;
  // `known`: the fields there are; one that ends in '.' stands for all that begin with it.
  static Result<ColumnMap> parse(const std::vector<std::string>& entries, std::span<const std::string_view> known);
  // The value of a constant, "" when there is none.
  std::string_view constant(std::string_view field) const;
};

// Lower-case letters and digits only: "Trans No", "trans_no" and "TransNo " are one name.
std::string normalizedName(std::string_view name);
std::string_view trimmed(std::string_view text);
// A line of a batch; `key` "" for none.
std::string commandLine(std::string_view command, std::optional<std::int64_t> time_millis, std::string_view key,
                        std::string_view body);

// What an importer may do while it works. Failures are of the server or the connection, never of a row.
class ImportContext {
 public:
  virtual ~ImportContext() = default;
  virtual Status submit(RowCommands row) = 0;
  virtual void refuse(const RowOrigin& origin, const std::string& reason, std::size_t row_count) = 0;
  void refuse(const RowOrigin& origin, const std::string& reason) { refuse(origin, reason, 1); }
  // Rows whose entity was there already, in the end or after all.
  virtual void countThere() = 0;
  // Waits until everything submitted is answered.
  virtual Status flush() = 0;
  // Whether a submitted entity turned out to be there before; after flush().
  virtual bool wasThere(const std::string& entity_id) const = 0;
  // Nothing new was imported so far, but something was there: the import is repeated.
  virtual bool isRepeated() const = 0;
  virtual bool isDryRun() const = 0;
  // The answer of a query of the domain that has seen all that was submitted. REQUIRES: no dry run.
  virtual Result<json::Document> query(std::string_view name, const std::string& body) = 0;
};

class Importer {
 public:
  virtual ~Importer() = default;
  // A search that may be asked with size=0, to wait until all is searchable.
  virtual std::string_view searchQuery() const = 0;

  // Learns the columns of a CSV file; invalid_argument when what is needed is not there.
  virtual Status beginCsv(const std::string& file, const std::vector<std::string>& header) = 0;
  // The commands of a row; nothing when it waits for others. A refusal says why the row cannot be taken.
  virtual Result<std::optional<RowCommands>> csvRow(std::size_t line, const std::vector<std::string>& fields) = 0;
  // An NDJSON line: a batch line of the server's ({"command":…}) goes through as it is; else an entity's document.
  virtual Result<std::optional<RowCommands>> jsonRow(const std::string& file, std::size_t line,
                                                     std::string_view text) = 0;
  // A file that is one JSON object over several lines. False when this importer knows no such.
  virtual Result<bool> jsonDocument(const std::string& /*file*/, std::string_view /*text*/,
                                    ImportContext& /*context*/) {
    return false;
  }
  // What was waiting for the rest of its file.
  virtual Status endFile(ImportContext& /*context*/) { return {}; }
  // After all files.
  virtual Status finish(ImportContext& /*context*/) { return {}; }
  // The server refused this entity.
  virtual void forget(const std::string& /*entity_id*/) {}
};

}  // namespace gyre::cli
