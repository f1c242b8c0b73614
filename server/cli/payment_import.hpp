// Which commands does a file of payments become?
//
// A row becomes CreatePayment and, by its status, ProcessPayment, FailPayment or RefundPayment, all at the row's own
// time. A negative amount is a credit note: it becomes refunds of earlier payments to the same supplier, found when all
// rows have been read (the latest payment on or before the credit's date that has enough left; else several, latest
// first). So the net of all payments equals the sum of the file's amounts. Payments that are not in the same import can
// be offered to match(). A transaction number that a council list uses again gets "#2", "#3" after it: both rows were
// paid.
//
// Columns are found by name, whatever the case, spaces and underscores. Council spending lists ("Trans No", "Supplier
// Name", "Paid Date") are known in their many spellings; any other column can be mapped: field=column, field==constant.
// Fields: paymentId, organizationId, userId, amount, currency, description, status, error, time, and metadata.NAME.
//
// THREADS: one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gyre/decimal.hpp"
#include "gyre/json.hpp"
#include "gyre/status.hpp"
#include "server/cli/importer.hpp"

namespace gyre::cli {

// What a credit note refunds: the lines of its commands, in their order.
struct Refund {
  std::string payment_id;
  Decimal total;  // what the payment's refunds then add up to
};
struct RefundCommands {
  RowCommands commands;
  std::vector<Refund> refunds;
};

class PaymentImport final : public Importer {
 public:
  static Result<std::unique_ptr<Importer>> make(const std::vector<std::string>& map);
  explicit PaymentImport(ColumnMap map) : map_(std::move(map)) {}

  std::string_view searchQuery() const override { return "SearchPayments"; }
  Status beginCsv(const std::string& file, const std::vector<std::string>& header) override;
  // Nothing for a credit note, which is kept for finish().
  Result<std::optional<RowCommands>> csvRow(std::size_t line, const std::vector<std::string>& fields) override;
  Result<std::optional<RowCommands>> jsonRow(const std::string& file, std::size_t line, std::string_view text) override;
  // Refunds need the payments they refund, and must leave out those that were refused.
  Status finish(ImportContext& context) override;
  // A payment that the server refused cannot be refunded.
  void forget(const std::string& payment_id) override;

  struct Payment {
    std::string id;
    std::int64_t time_millis = 0;
    Decimal left;
    Decimal refunded;
  };
  struct Credit {
    RowOrigin origin;
    std::string id, organization_id;
    std::string supplier;      // as written, for messages and searches
    std::string supplier_key;  // what makes two names one supplier
    std::int64_t time_millis = 0;
    Decimal amount;
  };
  // The refunds of one credit note from these payments; nothing when they have less left. Changes what they have left.
  static std::optional<RefundCommands> match(const Credit& credit, std::vector<Payment>& payments);
  // What makes two names one supplier: letters and digits, whatever the case.
  static std::string supplierKey(std::string_view name);

 private:
  // The refunds that the credit notes become; `unmatched` gets those for which this import has no payment.
  std::vector<RefundCommands> refunds(std::vector<Credit>& unmatched);
  static Status dropRefundsMade(RefundCommands& refunds, ImportContext& context);
  static Status matchOnServer(const Credit& credit, ImportContext& context);
  static Result<std::vector<Payment>> paymentsOnServer(const Credit& credit, ImportContext& context);

  struct Row {
    std::string payment_id, organization_id, user_id, amount, currency, description, status, error;
    std::optional<std::int64_t> time_millis;
    std::vector<std::pair<std::string, std::string>> metadata;
    std::vector<std::string> tags;
  };
  Result<std::optional<RowCommands>> commandsOf(RowOrigin origin, const Row& row);
  Result<Row> readCsvRow(const std::vector<std::string>& fields) const;
  void completeCouncilRow(Row& row);
  std::string_view field(const std::vector<std::string>& fields, std::string_view name) const;

  ColumnMap map_;
  std::string file_;
  std::map<std::string, std::size_t, std::less<>> column_of_;  // field to position
  std::vector<std::pair<std::string, std::size_t>> metadata_columns_;
  bool is_council_list_ = false;
  std::optional<std::int64_t> file_quarter_end_;
  std::unordered_map<std::string, std::vector<Payment>> by_supplier_;
  std::unordered_map<std::string, std::size_t> uses_of_id_;   // in council lists
  std::unordered_map<std::string, std::string> supplier_of_;  // payment id to key of by_supplier_
  std::vector<Credit> credits_;
};

}  // namespace gyre::cli
