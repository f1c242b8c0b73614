#include "server/cli/import_command.hpp"

#include <Poco/Exception.h>
#include <Poco/InflatingStream.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "gyre/json.hpp"
#include "server/cli/api_client.hpp"
#include "server/cli/batch_sender.hpp"
#include "server/cli/csv_reader.hpp"
#include "server/cli/payment_import.hpp"
#include "server/cli/progress.hpp"
#include "server/setup.hpp"

namespace gyre::cli {

namespace {

constexpr unsigned kConnections = 2;  // while one batch is committed the other is read and decided

// A file's bytes, inflated when it is gzip.
class InputFile {
 public:
  explicit InputFile(const std::string& path) : file_(path, std::ios::binary) {
    const bool is_gzip = file_.get() == 0x1f && file_.get() == 0x8b;
    file_.clear();
    file_.seekg(0);
    if (is_gzip) inflated_ = std::make_unique<Poco::InflatingInputStream>(file_, Poco::InflatingStreamBuf::STREAM_GZIP);
  }
  bool isOpen() const { return file_.is_open(); }
  std::istream& stream() {
    if (inflated_) return *inflated_;
    return file_;
  }

 private:
  std::ifstream file_;
  std::unique_ptr<Poco::InflatingInputStream> inflated_;
};

bool isNdjson(const ImportOptions& options, std::string name) {
  if (!options.format.empty()) return options.format == "ndjson";
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  return name.ends_with(".ndjson") || name.ends_with(".jsonl") || name.ends_with(".json");
}

class Import {
 public:
  Import(const ImportOptions& options, ColumnMap map) : options_(options), payments_(std::move(map)), progress_("importing") {}

  Status run() {
    if (!options_.refused_file.empty()) {
      refused_file_.open(options_.refused_file);
      if (!refused_file_) return unavailable(options_.refused_file + ": cannot be written");
    }
    if (!options_.is_dry_run) {
      GYRE_TRY_ASSIGN(sender_, BatchSender::open(options_.url, options_.key, options_.domain, kConnections,
                                                 [this](const RowOutcome& outcome) { count(outcome); }));
    }
    for (const std::string& file : options_.files) GYRE_TRY(importFile(file));
    // Refunds need the payments they refund, and must leave out those that were refused.
    if (sender_) GYRE_TRY(sender_->flush());
    std::vector<PaymentImport::Credit> unmatched;
    for (RowCommands& refunds : payments_.finish(unmatched)) {
      GYRE_TRY(dropRefundsMade(refunds));
      if (refunds.lines.empty()) ++were_there_;
      else GYRE_TRY(submit(std::move(refunds)));
    }
    // When nothing was new, an earlier run of this import has dealt with its credit notes.
    const bool is_repeated = imported_ == 0 && were_there_ > 0;
    for (const PaymentImport::Credit& credit : unmatched) {
      if (is_repeated) ++were_there_;
      else GYRE_TRY(matchOnServer(credit));
    }
    if (sender_) {
      GYRE_TRY(sender_->flush());
      GYRE_TRY(waitUntilSearchable());
    }
    return {};
  }

  void printSummary(double seconds) {
    progress_.clear();
    std::cout << (options_.is_dry_run ? "would import " : "imported ") << imported_;
    if (were_there_ > 0) std::cout << ", already there " << were_there_;
    std::cout << ", refused " << refused_ << ", rows " << imported_ + were_there_ + refused_ << ", " << seconds << " s";
    if (!options_.is_dry_run && seconds > 0) std::cout << " (" << static_cast<std::uint64_t>(static_cast<double>(imported_) / seconds) << " a second, durable and searchable)";
    std::cout << '\n';
  }

 private:
  Status importFile(const std::string& file) {
    InputFile input(file);
    if (!input.isOpen()) return notFound(file + ": cannot be opened");
    try {
      return isNdjson(options_, file) ? importNdjson(file, input.stream()) : importCsv(file, input.stream());
    } catch (const Poco::Exception& error) {
      return invalidArgument(file + ": " + error.displayText());
    }
  }

  Status importCsv(const std::string& file, std::istream& in) {
    CsvReader reader(in);
    CsvRecord record;
    GYRE_TRY_ASSIGN(const bool has_header, reader.next(record));
    if (!has_header) return invalidArgument(file + ": expected a header, found an empty file");
    GYRE_TRY(payments_.beginCsv(file, record.fields));
    for (;;) {
      const auto read = reader.next(record);
      if (read.isOk() && !*read) return in.bad() ? unavailable(file + ": cannot be read to its end") : Status();
      if (!read.isOk()) {
        refuse({file, record.line}, std::string(read.status().message()));
        continue;
      }
      if (record.fields.size() == 1 && record.fields.front().empty()) continue;  // a blank line
      GYRE_TRY(take(RowOrigin{file, record.line}, payments_.csvRow(record.line, record.fields)));
    }
  }

  Status importNdjson(const std::string& file, std::istream& in) {
    std::string text;
    for (std::size_t line = 1; std::getline(in, text); ++line) {
      if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
      GYRE_TRY(take(RowOrigin{file, line}, payments_.jsonRow(file, line, text)));
    }
    return in.bad() ? unavailable(file + ": cannot be read to its end") : Status();
  }

  Status take(RowOrigin origin, Result<std::optional<RowCommands>> row) {
    if (!row.isOk()) {
      refuse(origin, std::string(row.status().message()));
      return {};
    }
    return row->has_value() ? submit(std::move(**row)) : Status();
  }
  Status submit(RowCommands row) {
    if (sender_) return sender_->add(std::move(row));
    ++imported_;
    return {};
  }

  void count(const RowOutcome& outcome) {
    if (outcome.is_imported) {
      ++imported_;
    } else if (outcome.was_there) {
      ++were_there_;
      there_.insert(outcome.payment_id);
    } else {
      payments_.forget(outcome.payment_id);
      refuse(outcome.origin, outcome.reason);
    }
    progress_.show(imported_ + were_there_ + refused_, 0);
  }
  void refuse(const RowOrigin& origin, const std::string& reason) {
    ++refused_;
    std::ostream& out = refused_file_.is_open() ? static_cast<std::ostream&>(refused_file_) : std::cerr;
    if (!refused_file_.is_open()) progress_.clear();
    out << origin.file << ':' << origin.line << ": refused: " << reason << '\n';
  }

  // A credit note whose payments came with an earlier import: they are looked for on the server, by the supplier's name.
  Status matchOnServer(const PaymentImport::Credit& credit) {
    std::vector<PaymentImport::Payment> payments;
    if (sender_) {
      GYRE_TRY_ASSIGN(payments, paymentsOnServer(credit));
    }
    if (auto refunds = PaymentImport::match(credit, payments)) {
      // At once, so that the next credit note sees what this one leaves.
      GYRE_TRY(submit(std::move(*refunds)));
      return sender_->flush();
    }
    refuse(credit.origin, "credit note " + credit.id + " of " + credit.amount.toText() + ": the payments to \"" + credit.supplier +
                              "\" have less than that left to refund");
    return {};
  }

  Result<std::vector<PaymentImport::Payment>> paymentsOnServer(const PaymentImport::Credit& credit) {
    std::string body;
    JsonWriter writer(body);
    writer.beginObject().member("organizationId", credit.organization_id).member("searchText", credit.supplier).member("size", 1000);
    writer.key("statuses").beginArray().string("completed").string("refunded").endArray().endObject();
    GYRE_TRY_ASSIGN(auto client, ApiClient::connect(options_.url, options_.key));
    GYRE_TRY_ASSIGN(const ApiAnswer answer,
                    client->send("POST", "/v1/payments/queries/SearchPayments", "application/json", body,
                                 {{"Gyre-Min-Sequence", std::to_string(sender_->lastSequence())}, {"Gyre-Timeout", "100000"}}));
    if (answer.status != 200) return unavailable("looking for payments: " + problemText(answer));
    GYRE_TRY_ASSIGN(const json::Document found, json::Document::parse(answer.body));
    std::vector<PaymentImport::Payment> payments;
    for (const json::Value payment : found.root()["payments"]) {
      if (PaymentImport::supplierKey(payment["metadata"]["supplier"].string()) != credit.supplier_key) continue;
      GYRE_TRY_ASSIGN(const Decimal amount, Decimal::parse(payment["amount"].numberText()));
      Decimal refunded;
      if (payment["refundAmount"].isNumber()) {
        GYRE_TRY_ASSIGN(refunded, Decimal::parse(payment["refundAmount"].numberText()));
      }
      GYRE_TRY_ASSIGN(const Decimal left, amount.subtract(refunded));
      payments.push_back({std::string(payment["paymentId"].string()),
                          base::parseTime(payment["processedAt"].string()).value_or(0), left, refunded});
    }
    return payments;
  }

  // A payment that was there before may have been refunded by an earlier run of this import: then its refunds add up to what
  // this one would make of them, for the same rows are matched in the same order.
  Status dropRefundsMade(RowCommands& refunds) {
    for (std::size_t i = 0; i < refunds.refunds.size();) {
      const RowCommands::Refund& refund = refunds.refunds[i];
      bool is_made = false;
      if (there_.contains(refund.payment_id)) {
        GYRE_TRY_ASSIGN(auto client, ApiClient::connect(options_.url, options_.key));
        std::string body;
        JsonWriter(body).beginObject().member("paymentId", refund.payment_id).endObject();
        GYRE_TRY_ASSIGN(const ApiAnswer answer, client->send("POST", "/v1/payments/queries/GetPaymentById", "application/json", body));
        if (answer.status != 200) return unavailable("reading a payment: " + problemText(answer));
        GYRE_TRY_ASSIGN(const json::Document payment, json::Document::parse(answer.body));
        const auto refunded = Decimal::parse(payment.root()["refundAmount"].numberText());
        is_made = refunded.isOk() && *refunded >= refund.total;
      }
      if (is_made) {
        refunds.refunds.erase(refunds.refunds.begin() + static_cast<std::ptrdiff_t>(i));
        refunds.lines.erase(refunds.lines.begin() + static_cast<std::ptrdiff_t>(i));
      } else {
        ++i;
      }
    }
    return {};
  }

  // One read that asks for the last sequence makes the index publish what it has been given.
  Status waitUntilSearchable() {
    if (sender_->lastSequence() == 0) return {};
    GYRE_TRY_ASSIGN(auto client, ApiClient::connect(options_.url, options_.key));
    GYRE_TRY_ASSIGN(const ApiAnswer answer,
                    client->send("GET", "/v1/" + options_.domain + "/queries/SearchPayments?size=0", "", "",
                                 {{"Gyre-Min-Sequence", std::to_string(sender_->lastSequence())}, {"Gyre-Timeout", "100000"}}));
    return answer.status == 200 ? Status() : unavailable("waiting for the index: " + problemText(answer));
  }

  const ImportOptions& options_;
  PaymentImport payments_;
  ProgressLine progress_;
  std::ofstream refused_file_;
  std::unique_ptr<BatchSender> sender_;
  std::unordered_set<std::string> there_;  // payments that were there before
  std::uint64_t imported_ = 0, were_there_ = 0, refused_ = 0;
};

}  // namespace

int runImport(const ImportOptions& options) {
  if (options.domain != "payments") {
    std::cerr << "gyre import: there is no importer for \"" << options.domain << "\"; known is payments\n";
    return kExitUsage;
  }
  auto map = ColumnMap::parse(options.map);
  if (!map.isOk()) {
    std::cerr << "gyre import: " << map.status().message() << '\n';
    return kExitUsage;
  }
  const auto started = std::chrono::steady_clock::now();
  Import import(options, std::move(map).value());
  const Status status = import.run();
  import.printSummary(std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  if (status.isOk()) return 0;
  std::cerr << "gyre import: " << status.message() << '\n';
  return status.code() == Code::kInvalidArgument || status.code() == Code::kNotFound ? kExitUsage : kExitUnavailable;
}

}  // namespace gyre::cli
