#include "server/store/deliveries.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace gyre::store {

namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();

std::int64_t sqlNumber(std::uint64_t value) { return static_cast<std::int64_t>(std::min(value, kMost)); }

#define GYRE_LETTER_COLUMNS                                                                                     \
  "kind, entity_id, sequence, source, type, data, commands, code, cause, attempts, event_millis, time_millis, " \
  "last_millis"

DeadLetter read(const Statement::Cursor& row) {
  DeadLetter letter;
  letter.id = row.unsignedInteger(0);
  letter.kind = static_cast<DeadLetter::Kind>(row.integer(1));
  letter.entity_id = row.text(2);
  letter.sequence = row.unsignedInteger(3);
  letter.source = row.text(4);
  letter.type = row.text(5);
  letter.data = row.text(6);
  letter.commands = row.text(7);
  letter.code = row.text(8);
  letter.cause = row.text(9);
  letter.attempts = static_cast<std::uint32_t>(row.integer(10));
  letter.event_millis = row.integer(11);
  letter.time_millis = row.integer(12);
  letter.last_millis = row.integer(13);
  return letter;
}

Result<std::optional<DeadLetter>> readOne(Statement& statement) {
  Statement::Cursor rows(statement);
  GYRE_TRY_ASSIGN(const bool is_row, rows.next());
  return is_row ? std::optional<DeadLetter>(read(rows)) : std::nullopt;
}

Result<std::vector<DeadLetter>> readAll(Statement& statement) {
  Statement::Cursor rows(statement);
  std::vector<DeadLetter> letters;
  for (;;) {
    GYRE_TRY_ASSIGN(const bool is_row, rows.next());
    if (!is_row) return letters;
    letters.push_back(read(rows));
  }
}

Result<std::uint64_t> readNumber(Statement& statement) {
  Statement::Cursor rows(statement);
  GYRE_TRY_ASSIGN(const bool is_row, rows.next());
  return is_row ? rows.unsignedInteger(0) : std::uint64_t{0};
}

Status execute(Statement& statement) {
  Statement::Cursor rows(statement);
  return rows.next().status();
}

// The columns after the id, from ?2 on.
void bindLetter(Statement& statement, const DeadLetter& letter) {
  statement.bind(2, static_cast<std::int64_t>(letter.kind));
  statement.bind(3, letter.entity_id);
  statement.bind(4, sqlNumber(letter.sequence));
  statement.bind(5, letter.source);
  statement.bind(6, letter.type);
  statement.bind(7, letter.data);
  statement.bind(8, letter.commands);
  statement.bind(9, letter.code);
  statement.bind(10, letter.cause);
  statement.bind(11, static_cast<std::int64_t>(letter.attempts));
  statement.bind(12, letter.event_millis);
  statement.bind(13, letter.time_millis);
  statement.bind(14, letter.last_millis);
}

}  // namespace

DeliveryReader::DeliveryReader(Statement cursor, Statement find, Statement projection, Statement newest,
                               Statement up_to, Statement count)
    : cursor_(std::move(cursor)),
      find_(std::move(find)),
      projection_(std::move(projection)),
      newest_(std::move(newest)),
      up_to_(std::move(up_to)),
      count_(std::move(count)) {}

Result<DeliveryReader> DeliveryReader::open(const Database& database) {
  GYRE_TRY_ASSIGN(auto cursor, Statement::prepare(database, "SELECT sequence FROM cursor WHERE name = ?1"));
  GYRE_TRY_ASSIGN(auto find,
                  Statement::prepare(database, "SELECT id, " GYRE_LETTER_COLUMNS " FROM dead_letter WHERE id = ?1"));
  GYRE_TRY_ASSIGN(auto projection, Statement::prepare(database, "SELECT id, " GYRE_LETTER_COLUMNS
                                                                " FROM dead_letter WHERE entity_id = ?1 AND kind = 0 "
                                                                "ORDER BY id DESC LIMIT 1"));
  GYRE_TRY_ASSIGN(auto newest,
                  Statement::prepare(database, "SELECT id, " GYRE_LETTER_COLUMNS
                                               " FROM dead_letter WHERE id < ?1 ORDER BY id DESC LIMIT ?2"));
  GYRE_TRY_ASSIGN(auto up_to, Statement::prepare(database, "SELECT id, " GYRE_LETTER_COLUMNS
                                                           " FROM dead_letter WHERE entity_id = ?1 AND kind = ?2 AND "
                                                           "source = ?3 AND id <= ?4 ORDER BY id"));
  GYRE_TRY_ASSIGN(auto count, Statement::prepare(database, "SELECT count(*) FROM dead_letter"));
  return DeliveryReader(std::move(cursor), std::move(find), std::move(projection), std::move(newest), std::move(up_to),
                        std::move(count));
}

Result<std::uint64_t> DeliveryReader::cursor(std::string_view name) {
  cursor_.bind(1, name);
  return readNumber(cursor_);
}

Result<std::optional<DeadLetter>> DeliveryReader::find(std::uint64_t id) {
  find_.bind(1, sqlNumber(id));
  return readOne(find_);
}

Result<std::optional<DeadLetter>> DeliveryReader::findProjection(std::string_view entity_id) {
  projection_.bind(1, entity_id);
  return readOne(projection_);
}

Result<std::vector<DeadLetter>> DeliveryReader::newest(std::uint64_t before_id, std::size_t limit) {
  newest_.bind(1, sqlNumber(before_id == 0 ? kMost : before_id));
  newest_.bind(2, sqlNumber(limit));
  return readAll(newest_);
}

Result<std::vector<DeadLetter>> DeliveryReader::upTo(const DeadLetter& letter) {
  up_to_.bind(1, letter.entity_id);
  up_to_.bind(2, static_cast<std::int64_t>(letter.kind));
  up_to_.bind(3, letter.source);
  up_to_.bind(4, sqlNumber(letter.id));
  return readAll(up_to_);
}

Result<std::uint64_t> DeliveryReader::count() { return readNumber(count_); }

DeliveryWriter::DeliveryWriter(Statement save, Statement release, Statement undo, Statement cursor, Statement insert,
                               Statement replace, Statement drop, Statement changes)
    : save_(std::move(save)),
      release_(std::move(release)),
      undo_(std::move(undo)),
      cursor_(std::move(cursor)),
      insert_(std::move(insert)),
      replace_(std::move(replace)),
      drop_(std::move(drop)),
      changes_(std::move(changes)) {}

Result<DeliveryWriter> DeliveryWriter::open(const Database& database) {
  GYRE_TRY_ASSIGN(auto save, Statement::prepare(database, "SAVEPOINT unit"));
  GYRE_TRY_ASSIGN(auto release, Statement::prepare(database, "RELEASE unit"));
  GYRE_TRY_ASSIGN(auto undo, Statement::prepare(database, "ROLLBACK TO unit"));
  GYRE_TRY_ASSIGN(auto cursor, Statement::prepare(database,
                                                  "INSERT INTO cursor(name, sequence) VALUES(?1, ?2) "
                                                  "ON CONFLICT(name) DO UPDATE SET sequence = excluded.sequence"));
  GYRE_TRY_ASSIGN(auto insert, Statement::prepare(database, "INSERT INTO dead_letter(" GYRE_LETTER_COLUMNS
                                                            ") VALUES(?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
                                                            "?13, ?14) RETURNING id"));
  GYRE_TRY_ASSIGN(auto replace, Statement::prepare(database, "UPDATE dead_letter SET (" GYRE_LETTER_COLUMNS
                                                             ") = (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
                                                             "?13, ?14) WHERE id = ?1"));
  GYRE_TRY_ASSIGN(auto drop, Statement::prepare(database, "DELETE FROM dead_letter WHERE id = ?1"));
  GYRE_TRY_ASSIGN(auto changes, Statement::prepare(database, "SELECT changes()"));
  return DeliveryWriter(std::move(save), std::move(release), std::move(undo), std::move(cursor), std::move(insert),
                        std::move(replace), std::move(drop), std::move(changes));
}

void DeliveryWriter::begin() {
  has_savepoint_ = false;
  is_unit_saved_ = false;
}

// One savepoint at a time: that of the unit before is let go, which keeps what it wrote.
Status DeliveryWriter::save() {
  if (is_unit_saved_) return {};
  if (has_savepoint_) GYRE_TRY(execute(release_));
  has_savepoint_ = false;
  GYRE_TRY(execute(save_));
  has_savepoint_ = is_unit_saved_ = true;
  return {};
}

Status DeliveryWriter::undoUnit() { return is_unit_saved_ ? execute(undo_) : Status(); }

Status DeliveryWriter::setCursor(std::string_view name, std::uint64_t sequence) {
  GYRE_TRY(save());
  cursor_.bind(1, name);
  cursor_.bind(2, sqlNumber(sequence));
  return execute(cursor_);
}

Result<std::uint64_t> DeliveryWriter::put(const DeadLetter& letter) {
  GYRE_TRY(save());
  if (letter.id == 0) {
    bindLetter(insert_, letter);
    return readNumber(insert_);
  }
  replace_.bind(1, sqlNumber(letter.id));
  bindLetter(replace_, letter);
  GYRE_TRY(execute(replace_));
  return letter.id;
}

Result<bool> DeliveryWriter::drop(std::uint64_t id) {
  GYRE_TRY(save());
  drop_.bind(1, sqlNumber(id));
  GYRE_TRY(execute(drop_));
  GYRE_TRY_ASSIGN(const std::uint64_t dropped, readNumber(changes_));
  return dropped > 0;
}

}  // namespace gyre::store
