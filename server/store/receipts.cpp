#include "server/store/receipts.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace gyre::store {

namespace {

constexpr std::size_t kPurgeStep = 256;  // about 1 ms of deleting

Poco::Data::LOB<unsigned char> bytesOf(const std::string& text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

}  // namespace

ReceiptStore::ReceiptStore(Database& database, Statement find, Statement first)
    : find_(std::move(find)),
      first_(std::move(first)),
      insert_(database,
              "INSERT OR REPLACE INTO receipt(scope, key, kept_millis, fingerprint, answer) VALUES(?, ?, ?, ?, ?)"),
      purge_(database,
             "DELETE FROM receipt WHERE kept_millis < ? AND number IN "
             "(SELECT number FROM receipt ORDER BY number LIMIT ?)") {}

Result<ReceiptStore> ReceiptStore::open(Database& database) {
  GYRE_TRY_ASSIGN(auto find, Statement::prepare(database,
                                                "SELECT fingerprint, answer, kept_millis FROM receipt "
                                                "WHERE scope = ?1 AND key = ?2"));
  GYRE_TRY_ASSIGN(auto first, Statement::prepare(database, "SELECT kept_millis FROM receipt ORDER BY number LIMIT 1"));
  return ReceiptStore(database, std::move(find), std::move(first));
}

Result<std::optional<Receipt>> ReceiptStore::find(std::string_view scope, std::string_view key,
                                                  std::int64_t oldest_millis) {
  find_.bind(1, scope);
  find_.bind(2, key);
  Statement::Cursor rows(find_);
  GYRE_TRY_ASSIGN(const bool is_row, rows.next());
  if (!is_row || rows.integer(2) < oldest_millis) return std::optional<Receipt>();
  return std::optional<Receipt>(Receipt{std::string(rows.text(0)), std::string(rows.text(1))});
}

void ReceiptStore::add(std::string_view scope, std::string_view key, const Receipt& receipt, std::int64_t kept_millis) {
  scopes_.emplace_back(scope);
  keys_.emplace_back(key);
  kept_.push_back(kept_millis);
  fingerprints_.push_back(bytesOf(receipt.fingerprint));
  answers_.push_back(bytesOf(receipt.answer));
}

Status ReceiptStore::write() {
  const Status status = writeColumns();
  written_ = keys_.size();
  scopes_.clear();
  keys_.clear();
  kept_.clear();
  fingerprints_.clear();
  answers_.clear();
  return status;
}

Status ReceiptStore::writeColumns() {
  if (keys_.empty()) return {};
  return insert_.run(scopes_, keys_, kept_, fingerprints_, answers_);
}

Result<std::optional<std::int64_t>> ReceiptStore::oldestKept() {
  Statement::Cursor rows(first_);
  GYRE_TRY_ASSIGN(const bool is_row, rows.next());
  return is_row ? std::optional<std::int64_t>(rows.integer(0)) : std::nullopt;
}

Status ReceiptStore::purge(std::int64_t oldest_millis) {
  if (oldest_kept_ && *oldest_kept_ >= oldest_millis) return {};
  GYRE_TRY_ASSIGN(oldest_kept_, oldestKept());
  if (!oldest_kept_ || *oldest_kept_ >= oldest_millis) return {};
  purge_before_.assign(1, oldest_millis);
  purge_limit_.assign(1, static_cast<Poco::Int64>(std::max(kPurgeStep, 2 * written_)));
  GYRE_TRY(purge_.run(purge_before_, purge_limit_));
  GYRE_TRY_ASSIGN(oldest_kept_, oldestKept());
  return {};
}

}  // namespace gyre::store
