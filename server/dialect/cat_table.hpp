// How is a _cat table written? Columns chosen, rows sorted, values in the units asked for, as text, JSON or YAML.
//
// THREADS: values.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/status.hpp"
#include "server/dialect/cat_columns.hpp"
#include "server/dialect/route_table.hpp"

namespace gyre::dialect {

// For a route's list of parameters.
#define GYRE_CAT_PARAMETERS "v h s help bytes time size local master_timeout cluster_manager_timeout expand_wildcards"

// A value, which sorts by what it is and not by how it is written.
struct CatCell {
  enum class Kind : std::uint8_t { kNone, kText, kNumber, kBytes, kNanos };
  Kind kind = Kind::kNone;
  std::string text;
  double number = 0;

  static CatCell of(std::string_view text) { return {Kind::kText, std::string(text), 0}; }
  static CatCell count(double number) { return {Kind::kNumber, {}, number}; }
  static CatCell bytes(double number) { return {Kind::kBytes, {}, number}; }
  static CatCell nanos(double number) { return {Kind::kNanos, {}, number}; }
};

class CatTable {
 public:
  using Row = std::map<std::string_view, CatCell>;  // by name of column; one that is absent is empty

  explicit CatTable(CatTableKind kind) : columns_(catColumns(kind)) {}

  // The row that was added, to be filled. Names are the columns'.
  Row& add() { return rows_.emplace_back(); }
  // Columns that are not shown unless the request names them.
  void hide(std::vector<std::string_view> names) { hidden_ = std::move(names); }
  // As the parameters of the request have it.
  Result<Response> write(const Call& call);

 private:
  struct Chosen {
    const CatColumn* column;
    std::string shown;  // the name it was asked for by
  };
  std::vector<Chosen> choose(const Call& call) const;
  const CatColumn* find(std::string_view name) const;
  Status sort(std::string_view keys);
  Response help() const;

  std::span<const CatColumn> columns_;
  std::vector<Row> rows_;
  std::vector<std::string_view> hidden_;
};

// "3.4kb", "208b"; "1.2s", "43ms": as people read them.
std::string humanBytes(double bytes);
std::string humanTime(double nanos);

}  // namespace gyre::dialect
