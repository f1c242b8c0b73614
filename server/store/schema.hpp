// What does the primary store's file look like? Its schema, as the steps that lead to it.
//
// FORMAT: a SQLite file in WAL mode, UTF-8; `PRAGMA user_version` is the number of migrations it has seen. A migration
// that has been released never changes; a new one is appended.
#pragma once

#include <string_view>

namespace gyre::store {

inline constexpr std::string_view kMigrations[] = {
    // entity: keyed by id without a rowid, so a point read walks one B-tree; the organisation's index carries the id.
    // event: the log; the sequence is the rowid, so appending and reading after a sequence are both sequential.
    // receipt: rows in order of age (the rowid), so expired ones are found from the front without an index by time, and
    // the answers, the bulk of it, are appended; only the small key index is written at random places.
    R"sql(
CREATE TABLE entity(
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  state TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX entity_by_organization ON entity(organization_id);
CREATE TABLE event(
  sequence INTEGER PRIMARY KEY,
  entity_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  type TEXT NOT NULL,
  time_millis INTEGER NOT NULL,
  data TEXT NOT NULL
);
CREATE TABLE receipt(
  number INTEGER PRIMARY KEY,
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  kept_millis INTEGER NOT NULL,
  fingerprint BLOB NOT NULL,
  answer BLOB NOT NULL,
  UNIQUE(scope, key)
);
CREATE TABLE counter(name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counter(name, value) VALUES('entities', 0);
)sql",
    // cursor: how far this store has taken over the log of another domain.
    // dead_letter: ids are never used again, so that a client never drops another letter than the one it saw.
    R"sql(
CREATE TABLE cursor(name TEXT NOT NULL PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE dead_letter(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind INTEGER NOT NULL,
  entity_id TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  source TEXT NOT NULL,
  type TEXT NOT NULL,
  data TEXT NOT NULL,
  commands TEXT NOT NULL,
  code TEXT NOT NULL,
  cause TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  event_millis INTEGER NOT NULL,
  time_millis INTEGER NOT NULL,
  last_millis INTEGER NOT NULL
);
CREATE INDEX dead_letter_by_entity ON dead_letter(entity_id, kind);
)sql",
    // unique_key: what no two entities of an organisation may share, by the member that it comes from.
    R"sql(
CREATE TABLE unique_key(
  pointer TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  value TEXT NOT NULL,
  entity_id TEXT NOT NULL,
  PRIMARY KEY(pointer, organization_id, value)
) WITHOUT ROWID;
)sql",
    // record_batch: the log of a stream, by the sequence of a batch's last record, so that the newest row says where
    // the
    // log ends.
    R"sql(
CREATE TABLE record_batch(
  last_sequence INTEGER PRIMARY KEY,
  record_count INTEGER NOT NULL,
  time_millis INTEGER NOT NULL,
  data BLOB NOT NULL
);
)sql",
    // identity: tells this store from any other, for what is filled from it elsewhere. A copy has the same.
    R"sql(
CREATE TABLE identity(id TEXT NOT NULL);
INSERT INTO identity(id) VALUES(lower(hex(randomblob(16))));
)sql",
};

}  // namespace gyre::store
