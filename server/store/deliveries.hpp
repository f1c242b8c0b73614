// How far has this store taken over the logs of others, and what could not be delivered? Cursors and dead letters.
//
// They are few and small, so unlike states and events they are written at once, inside the batch's transaction; a
// savepoint lets one unit be taken back without the others.
//
// THREADS: one thread at a time, with its Database. REQUIRES: the Database outlives them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "gyre/status.hpp"
#include "server/store/database.hpp"
#include "server/store/dead_letter.hpp"
#include "server/store/statement.hpp"

namespace gyre::store {

class DeliveryReader {
 public:
  static Result<DeliveryReader> open(const Database& database);

  // 0 when there is none.
  Result<std::uint64_t> cursor(std::string_view name);
  Result<std::optional<DeadLetter>> find(std::uint64_t id);
  // The newest projection letter of an entity.
  Result<std::optional<DeadLetter>> findProjection(std::string_view entity_id);
  // Newest first, ids below `before_id` (0: from the newest), at most `limit`.
  Result<std::vector<DeadLetter>> newest(std::uint64_t before_id, std::size_t limit);
  // About the same entity of the same source, oldest first, up to this one.
  Result<std::vector<DeadLetter>> upTo(const DeadLetter& letter);
  Result<std::uint64_t> count();

 private:
  DeliveryReader(Statement cursor, Statement find, Statement projection, Statement newest, Statement up_to,
                 Statement count);

  Statement cursor_;
  Statement find_;
  Statement projection_;
  Statement newest_;
  Statement up_to_;
  Statement count_;
};

class DeliveryWriter {
 public:
  static Result<DeliveryWriter> open(const Database& database);

  // Of a transaction; of a unit in it.
  void begin();
  void beginUnit() { is_unit_saved_ = false; }
  // Takes back what was written since beginUnit().
  Status undoUnit();

  Status setCursor(std::string_view name, std::uint64_t sequence);
  // The id given; a letter that has one already is replaced.
  Result<std::uint64_t> put(const DeadLetter& letter);
  // False when there is none.
  Result<bool> drop(std::uint64_t id);

 private:
  DeliveryWriter(Statement save, Statement release, Statement undo, Statement cursor, Statement insert,
                 Statement replace, Statement drop, Statement changes);
  Status save();

  Statement save_;
  Statement release_;
  Statement undo_;
  Statement cursor_;
  Statement insert_;
  Statement replace_;
  Statement drop_;
  Statement changes_;
  bool has_savepoint_ = false;  // in this transaction
  bool is_unit_saved_ = false;  // and it was made by this unit
};

}  // namespace gyre::store
