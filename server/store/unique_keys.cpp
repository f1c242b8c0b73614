#include "server/store/unique_keys.hpp"

#include <utility>

namespace gyre::store {

UniqueKeyStore::UniqueKeyStore(Database& database, Statement find)
    : find_(std::move(find)),
      insert_(database, "INSERT INTO unique_key(pointer, organization_id, value, entity_id) VALUES(?, ?, ?, ?)") {}

Result<UniqueKeyStore> UniqueKeyStore::open(Database& database) {
  GYRE_TRY_ASSIGN(auto find, Statement::prepare(database,
                                                "SELECT entity_id FROM unique_key "
                                                "WHERE pointer = ?1 AND organization_id = ?2 AND value = ?3"));
  return UniqueKeyStore(database, std::move(find));
}

Result<std::optional<std::string>> UniqueKeyStore::find(const UniqueKey& key) {
  find_.bind(1, key.pointer);
  find_.bind(2, key.organization_id);
  find_.bind(3, key.value);
  Statement::Cursor rows(find_);
  GYRE_TRY_ASSIGN(const bool is_row, rows.next());
  return is_row ? std::optional<std::string>(rows.text(0)) : std::nullopt;
}

void UniqueKeyStore::add(const UniqueKey& key, std::string_view entity_id) {
  pointers_.push_back(key.pointer);
  organizations_.push_back(key.organization_id);
  values_.push_back(key.value);
  entities_.emplace_back(entity_id);
}

Status UniqueKeyStore::write() {
  const Status status = values_.empty() ? Status() : insert_.run(pointers_, organizations_, values_, entities_);
  pointers_.clear();
  organizations_.clear();
  values_.clear();
  entities_.clear();
  return status;
}

}  // namespace gyre::store
