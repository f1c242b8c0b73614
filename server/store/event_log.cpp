#include "server/store/event_log.hpp"

#include <algorithm>
#include <limits>

namespace gyre::store {

namespace {

void bindRange(Statement& statement, std::uint64_t after, std::uint64_t last, std::size_t limit) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  statement.bind(1, static_cast<std::int64_t>(std::min(after, kMost)));
  statement.bind(2, static_cast<std::int64_t>(std::min(last, kMost)));
  statement.bind(3, static_cast<std::int64_t>(std::min<std::uint64_t>(limit, kMost)));
}

}  // namespace

EventReader::EventReader(Statement read, Statement changed, Statement last)
    : read_(std::move(read)), changed_(std::move(changed)), last_(std::move(last)) {}

Result<EventReader> EventReader::open(const Database& database) {
  GYRE_TRY_ASSIGN(auto read,
                  Statement::prepare(database,
                                     "SELECT sequence, entity_id, version, type, time_millis, data FROM event "
                                     "WHERE sequence > ?1 AND sequence <= ?2 ORDER BY sequence LIMIT ?3"));
  GYRE_TRY_ASSIGN(auto changed,
                  Statement::prepare(database,
                                     "SELECT sequence, entity_id FROM event "
                                     "WHERE sequence > ?1 AND sequence <= ?2 ORDER BY sequence LIMIT ?3"));
  GYRE_TRY_ASSIGN(auto last, Statement::prepare(database, "SELECT max(sequence) FROM event"));
  return EventReader(std::move(read), std::move(changed), std::move(last));
}

Result<std::vector<EventRecord>> EventReader::read(std::uint64_t after, std::uint64_t last, std::size_t limit) {
  bindRange(read_, after, last, limit);
  Statement::Cursor rows(read_);
  std::vector<EventRecord> events;
  for (;;) {
    GYRE_TRY_ASSIGN(const bool is_row, rows.next());
    if (!is_row) return events;
    EventRecord& event = events.emplace_back();
    event.sequence = rows.unsignedInteger(0);
    event.entity_id = rows.text(1);
    event.version = rows.unsignedInteger(2);
    event.type = rows.text(3);
    event.time_millis = rows.integer(4);
    event.data = rows.text(5);
  }
}

Result<std::vector<std::pair<std::uint64_t, std::string>>> EventReader::changed(std::uint64_t after, std::uint64_t last,
                                                                                std::size_t limit) {
  bindRange(changed_, after, last, limit);
  Statement::Cursor rows(changed_);
  std::vector<std::pair<std::uint64_t, std::string>> changes;
  for (;;) {
    GYRE_TRY_ASSIGN(const bool is_row, rows.next());
    if (!is_row) return changes;
    changes.emplace_back(rows.unsignedInteger(0), rows.text(1));
  }
}

Result<std::uint64_t> EventReader::lastSequence() {
  Statement::Cursor rows(last_);
  GYRE_TRY_ASSIGN(const bool is_row, rows.next());
  return is_row ? rows.unsignedInteger(0) : std::uint64_t{0};
}

EventWriter::EventWriter(Database& database)
    : insert_(database,
              "INSERT INTO event(sequence, entity_id, version, type, time_millis, data) VALUES(?, ?, ?, ?, ?, ?)") {}

void EventWriter::add(const EntityRecord& after, std::string_view type, std::string_view data,
                      std::int64_t time_millis) {
  sequences_.push_back(static_cast<Poco::Int64>(after.sequence));
  entity_ids_.push_back(after.id);
  versions_.push_back(static_cast<Poco::Int64>(after.version));
  types_.emplace_back(type);
  times_.push_back(time_millis);
  datas_.emplace_back(data);
}

void EventWriter::cutTo(std::size_t size) {
  sequences_.resize(size);
  entity_ids_.resize(size);
  versions_.resize(size);
  types_.resize(size);
  times_.resize(size);
  datas_.resize(size);
}

Status EventWriter::write() {
  Status status;
  if (size() > 0) status = insert_.run(sequences_, entity_ids_, versions_, types_, times_, datas_);
  cutTo(0);
  return status;
}

}  // namespace gyre::store
