// Which commands does a file of invoices become?
//
// CSV: a row is a line of an invoice; rows of one number in one file are one invoice, wherever they stand. It is
// created and issued at its own time. "Online Retail" (InvoiceNo, StockCode, …) is known by its columns and says
// nothing of parties and taxes, so these are filled in: sold by "Online Retail" in GB, outside the scope of tax. A
// number that begins with C there is a credit note and its quantities are turned; an invoice that only takes back is
// corrective; a negative price, which no rule allows, turns its quantity instead.
//
// JSON: Chinook's tables in one document; the totals that it states are compared. NDJSON: bodies of CreateInvoice with
// an optional "status" (draft or issued), or batch lines of the server's.
//
// An invoice with a row that cannot be taken is left out whole, and the row is told.
//
// THREADS: one.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/decimal.hpp"
#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/status.hpp"
#include "server/cli/importer.hpp"

namespace gyre::cli {

class InvoiceImport final : public Importer {
 public:
  static Result<std::unique_ptr<Importer>> make(const std::vector<std::string>& map);
  explicit InvoiceImport(ColumnMap map) : map_(std::move(map)) {}

  std::string_view searchQuery() const override { return "SearchInvoices"; }
  Status beginCsv(const std::string& file, const std::vector<std::string>& header) override;
  Result<std::optional<RowCommands>> csvRow(std::size_t line, const std::vector<std::string>& fields) override;
  Result<std::optional<RowCommands>> jsonRow(const std::string& file, std::size_t line, std::string_view text) override;
  Result<bool> jsonDocument(const std::string& file, std::string_view text, ImportContext& context) override;
  Status endFile(ImportContext& context) override;

  // "EIRE", "USA", "Germany" or "de" as a code; another text as it is, for the server to refuse.
  static std::string countryCode(std::string_view text);

 private:
  struct Line {
    std::size_t row = 0;
    std::string product, description, quantity, unit_price, unit, tax_rate, tax_category;
  };
  // What the rows of one number say; the first that says something has the word.
  struct Draft {
    std::string organization, number, type, currency, customer_id, customer_name, country, issued, due;
    std::vector<Line> lines;
    std::size_t fault_row = 0;  // of a row that could not be taken; 0 for none
    std::size_t row_count = 0;
  };
  std::string field(const std::vector<std::string>& fields, std::string_view name) const;
  Status addLine(Draft& draft, std::size_t row, const std::vector<std::string>& fields);
  void completeRetail(Draft& draft) const;
  Result<RowCommands> commandsOf(const Draft& draft) const;
  void writeHead(JsonWriter& out, const Draft& draft, std::string_view id) const;
  void writeParties(JsonWriter& out, const Draft& draft) const;

  ColumnMap map_;
  std::string file_;
  bool is_retail_ = false;
  std::map<std::string, std::size_t, std::less<>> column_of_;  // field to position
  std::map<std::string, std::size_t> draft_of_;                // number to position
  std::vector<Draft> drafts_;                                  // in the order of their first rows
};

}  // namespace gyre::cli
