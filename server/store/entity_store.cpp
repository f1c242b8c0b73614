#include "server/store/entity_store.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace gyre::store {

namespace {

void read(const Statement::Cursor& row, EntityRecord& record) {
  record.id = row.text(0);
  record.organization_id = row.text(1);
  record.version = row.unsignedInteger(2);
  record.sequence = row.unsignedInteger(3);
  record.state = row.text(4);
}

std::int64_t sqlLimit(std::size_t limit) {
  return static_cast<std::int64_t>(
      std::min<std::size_t>(limit, static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max())));
}

Result<std::uint64_t> oneNumber(Statement& statement) {
  Statement::Cursor rows(statement);
  GYRE_TRY_ASSIGN(const bool is_row, rows.next());
  return is_row ? rows.unsignedInteger(0) : std::uint64_t{0};
}

}  // namespace

EntityReader::EntityReader(Statement load, Statement scan, Statement scan_organization, Statement count_organization,
                           Statement count)
    : load_(std::move(load)),
      scan_(std::move(scan)),
      scan_organization_(std::move(scan_organization)),
      count_organization_(std::move(count_organization)),
      count_(std::move(count)) {}

Result<EntityReader> EntityReader::open(const Database& database) {
  GYRE_TRY_ASSIGN(auto load, Statement::prepare(database,
                                                "SELECT id, organization_id, version, sequence, state FROM entity "
                                                "WHERE id = ?1"));
  GYRE_TRY_ASSIGN(auto scan, Statement::prepare(database,
                                                "SELECT id, organization_id, version, sequence, state FROM entity "
                                                "WHERE id > ?1 ORDER BY id LIMIT ?2"));
  GYRE_TRY_ASSIGN(auto scan_organization,
                  Statement::prepare(database,
                                     "SELECT id, organization_id, version, sequence, state FROM entity "
                                     "WHERE organization_id = ?3 AND id > ?1 ORDER BY id LIMIT ?2"));
  GYRE_TRY_ASSIGN(auto count_organization,
                  Statement::prepare(database, "SELECT count(*) FROM entity WHERE organization_id = ?1"));
  GYRE_TRY_ASSIGN(auto count, Statement::prepare(database, "SELECT value FROM counter WHERE name = 'entities'"));
  return EntityReader(std::move(load), std::move(scan), std::move(scan_organization), std::move(count_organization),
                      std::move(count));
}

Result<bool> EntityReader::load(std::string_view id, EntityRecord& found) {
  load_.bind(1, id);
  Statement::Cursor rows(load_);
  GYRE_TRY_ASSIGN(const bool is_row, rows.next());
  if (is_row) read(rows, found);
  return is_row;
}

Result<std::vector<EntityRecord>> EntityReader::scan(std::string_view after_id, std::string_view organization_id,
                                                     std::size_t limit) {
  Statement& statement = organization_id.empty() ? scan_ : scan_organization_;
  statement.bind(1, after_id);
  statement.bind(2, sqlLimit(limit));
  if (!organization_id.empty()) statement.bind(3, organization_id);
  Statement::Cursor rows(statement);
  std::vector<EntityRecord> records;
  for (;;) {
    GYRE_TRY_ASSIGN(const bool is_row, rows.next());
    if (!is_row) return records;
    read(rows, records.emplace_back());
  }
}

Result<std::uint64_t> EntityReader::countOf(std::string_view organization_id) {
  count_organization_.bind(1, organization_id);
  return oneNumber(count_organization_);
}

Result<std::uint64_t> EntityReader::countAll() { return oneNumber(count_); }

EntityWriter::EntityWriter(Database& database)
    : insert_(database, "INSERT INTO entity(id, organization_id, version, sequence, state) VALUES(?, ?, ?, ?, ?)"),
      update_(database, "UPDATE entity SET version = ?, sequence = ?, state = ? WHERE id = ?"),
      move_(database, "UPDATE entity SET organization_id = ?, version = ?, sequence = ?, state = ? WHERE id = ?"),
      count_(database, "UPDATE counter SET value = value + ? WHERE name = 'entities'") {}

void EntityWriter::Columns::add(const EntityRecord& record) {
  ids.push_back(record.id);
  organizations.push_back(record.organization_id);
  versions.push_back(static_cast<Poco::Int64>(record.version));
  sequences.push_back(static_cast<Poco::Int64>(record.sequence));
  states.push_back(record.state);
}

void EntityWriter::Columns::clear() {
  ids.clear();
  organizations.clear();
  versions.clear();
  sequences.clear();
  states.clear();
}

void EntityWriter::addNew(const EntityRecord& record) { new_.add(record); }

void EntityWriter::addChanged(const EntityRecord& record, bool is_moved) { (is_moved ? moved_ : changed_).add(record); }

Status EntityWriter::write() {
  const Status status = writeColumns();
  new_.clear();
  changed_.clear();
  moved_.clear();
  return status;
}

Status EntityWriter::writeColumns() {
  if (!new_.ids.empty()) {
    GYRE_TRY(insert_.run(new_.ids, new_.organizations, new_.versions, new_.sequences, new_.states));
    added_.assign(1, static_cast<Poco::Int64>(new_.ids.size()));
    GYRE_TRY(count_.run(added_));
  }
  if (!changed_.ids.empty())
    GYRE_TRY(update_.run(changed_.versions, changed_.sequences, changed_.states, changed_.ids));
  if (!moved_.ids.empty())
    GYRE_TRY(move_.run(moved_.organizations, moved_.versions, moved_.sequences, moved_.states, moved_.ids));
  return {};
}

}  // namespace gyre::store
