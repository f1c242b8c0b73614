#include "server/cli/import_command.hpp"

#include <Poco/Exception.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "gyre/json.hpp"
#include "server/cli/api_client.hpp"
#include "server/cli/batch_sender.hpp"
#include "server/cli/csv_reader.hpp"
#include "server/cli/importer.hpp"
#include "server/cli/input_file.hpp"
#include "server/cli/intake_sender.hpp"
#include "server/cli/invoice_import.hpp"
#include "server/cli/logs_import.hpp"
#include "server/cli/metrics_import.hpp"
#include "server/cli/payment_import.hpp"
#include "server/cli/progress.hpp"
#include "server/cli/searchable_wait.hpp"
#include "server/setup.hpp"

namespace gyre::cli {

namespace {

constexpr unsigned kConnections = 2;  // while one batch is committed the other is read and decided

// One a domain.
struct KnownImporter {
  std::string_view domain;
  Result<std::unique_ptr<Importer>> (*make)(const std::vector<std::string>& map);
};
constexpr KnownImporter kImporters[] = {{"payments", &PaymentImport::make}, {"invoices", &InvoiceImport::make}};

enum class Format : std::uint8_t { kCsv, kNdjson, kJson };

// A file called .json may be either: one whose first line is not a whole value is one document.
Format formatOf(const ImportOptions& options, std::string name) {
  if (options.format == "json") return Format::kJson;
  if (options.format == "ndjson") return Format::kNdjson;
  if (options.format == "csv") return Format::kCsv;
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  if (name.ends_with(".json")) return Format::kJson;
  return name.ends_with(".ndjson") || name.ends_with(".jsonl") ? Format::kNdjson : Format::kCsv;
}

class Import final : public ImportContext {
 public:
  Import(const ImportOptions& options, std::unique_ptr<Importer> importer)
      : options_(options), importer_(std::move(importer)), progress_("importing") {}

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
    GYRE_TRY(importer_->finish(*this));
    GYRE_TRY(flush());
    if (!sender_) return {};
    GYRE_TRY_ASSIGN(auto client, ApiClient::connect(options_.url, options_.key));
    GYRE_TRY(waitUntilSearchable(
        *client, {options_.domain, importer_->searchQuery(), R"({"size":0})", sender_->lastSequence()}));
    is_searchable_ = true;
    return {};
  }

  void printSummary(double seconds) {
    progress_.clear();
    std::cout << (options_.is_dry_run ? "would import " : "imported ") << imported_;
    if (were_there_ > 0) std::cout << ", already there " << were_there_;
    std::cout << ", refused " << refused_ << ", rows " << imported_ + were_there_ + refused_;
    if (entities_ != imported_) std::cout << ", " << options_.domain << ' ' << entities_;
    std::cout << ", " << seconds << " s";
    if (!options_.is_dry_run) std::cout << describeRate(imported_, seconds, is_searchable_);
    std::cout << '\n';
  }

  // ---- what the importer may do

  Status submit(RowCommands row) override {
    if (sender_) return sender_->add(std::move(row));
    imported_ += row.row_count;
    ++entities_;
    return {};
  }
  using ImportContext::refuse;
  void refuse(const RowOrigin& origin, const std::string& reason, std::size_t row_count) override {
    refused_ += row_count;
    std::ostream& out = refused_file_.is_open() ? static_cast<std::ostream&>(refused_file_) : std::cerr;
    if (!refused_file_.is_open()) progress_.clear();
    out << origin.file << ':' << origin.line << ": refused: " << reason << '\n';
  }
  void countThere() override { ++were_there_; }
  Status flush() override { return sender_ ? sender_->flush() : Status(); }
  bool wasThere(const std::string& entity_id) const override { return there_.contains(entity_id); }
  bool isRepeated() const override { return imported_ == 0 && were_there_ > 0; }
  bool isDryRun() const override { return options_.is_dry_run; }
  Result<json::Document> query(std::string_view name, const std::string& body) override {
    GYRE_TRY_ASSIGN(const ApiAnswer answer, ask(name, body));
    if (answer.status != 200) return unavailable(std::string(name) + ": " + problemText(answer));
    return json::Document::parse(answer.body);
  }

 private:
  Status importFile(const std::string& file) {
    InputFile input(file);
    if (!input.isOpen()) return notFound(file + ": cannot be opened");
    try {
      const Format format = formatOf(options_, file);
      GYRE_TRY(format == Format::kCsv      ? importCsv(file, input.stream())
               : format == Format::kNdjson ? importNdjson(file, input.stream())
                                           : importJson(file, input.stream()));
      return importer_->endFile(*this);
    } catch (const Poco::Exception& error) {
      return invalidArgument(file + ": " + error.displayText());
    }
  }

  Status importCsv(const std::string& file, std::istream& in) {
    CsvReader reader(in);
    CsvRecord record;
    GYRE_TRY_ASSIGN(const bool has_header, reader.next(record));
    if (!has_header) return invalidArgument(file + ": expected a header, found an empty file");
    GYRE_TRY(importer_->beginCsv(file, record.fields));
    for (;;) {
      const auto read = reader.next(record);
      if (read.isOk() && !*read) return in.bad() ? unavailable(file + ": cannot be read to its end") : Status();
      if (!read.isOk()) {
        refuse({file, record.line}, std::string(read.status().message()));
        continue;
      }
      if (record.fields.size() == 1 && record.fields.front().empty()) continue;  // a blank line
      GYRE_TRY(take(RowOrigin{file, record.line}, importer_->csvRow(record.line, record.fields)));
    }
  }

  Status importNdjson(const std::string& file, std::istream& in) {
    std::string text;
    for (std::size_t line = 1; std::getline(in, text); ++line) {
      if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
      GYRE_TRY(take(RowOrigin{file, line}, importer_->jsonRow(file, line, text)));
    }
    return in.bad() ? unavailable(file + ": cannot be read to its end") : Status();
  }

  // One document over several lines, or else lines that are one each.
  Status importJson(const std::string& file, std::istream& in) {
    std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    if (in.bad()) return unavailable(file + ": cannot be read to its end");
    const std::string_view first = std::string_view(text).substr(0, text.find('\n'));
    if (!json::Document::parse(first).isOk()) {
      GYRE_TRY_ASSIGN(const bool is_known, importer_->jsonDocument(file, text, *this));
      if (is_known) return {};
    }
    std::istringstream lines(std::move(text));
    return importNdjson(file, lines);
  }

  Status take(RowOrigin origin, Result<std::optional<RowCommands>> row) {
    if (!row.isOk()) {
      refuse(origin, std::string(row.status().message()));
      return {};
    }
    return row->has_value() ? submit(std::move(**row)) : Status();
  }

  void count(const RowOutcome& outcome) {
    if (outcome.is_imported) {
      imported_ += outcome.row_count;
      ++entities_;
    } else if (outcome.was_there) {
      were_there_ += outcome.row_count;
      there_.insert(outcome.entity_id);
    } else {
      importer_->forget(outcome.entity_id);
      refuse(outcome.origin, outcome.reason, outcome.row_count);
    }
    progress_.show(imported_ + were_there_ + refused_, 0);
  }

  // One read that asks for the last sequence makes the index publish what it has been given.
  Result<ApiAnswer> ask(std::string_view query, const std::string& body) {
    GYRE_TRY_ASSIGN(auto client, ApiClient::connect(options_.url, options_.key));
    return client->send("POST", "/v1/" + options_.domain + "/queries/" + std::string(query), "application/json", body,
                        {{"Gyre-Min-Sequence", std::to_string(sender_->lastSequence())}, {"Gyre-Timeout", "100000"}});
  }

  const ImportOptions& options_;
  const std::unique_ptr<Importer> importer_;
  ProgressLine progress_;
  std::ofstream refused_file_;
  std::unique_ptr<BatchSender> sender_;
  std::unordered_set<std::string> there_;                      // entities that were there before
  std::uint64_t imported_ = 0, were_there_ = 0, refused_ = 0;  // rows
  std::uint64_t entities_ = 0;                                 // imported
  bool is_searchable_ = false;                                 // all of it
};

}  // namespace

int runImport(const ImportOptions& options) {
  if (options.domain == "logs") return runLogsImport(options);
  if (options.domain == "metrics") return runMetricsImport(options);
  const auto* const known = std::find_if(std::begin(kImporters), std::end(kImporters),
                                         [&](const KnownImporter& one) { return one.domain == options.domain; });
  if (known == std::end(kImporters)) {
    std::cerr << "gyre import: there is no importer for \"" << options.domain << "\"; known are";
    for (const KnownImporter& one : kImporters) std::cerr << ' ' << one.domain;
    std::cerr << " logs metrics\n";
    return kExitUsage;
  }
  auto importer = known->make(options.map);
  if (!importer.isOk()) {
    std::cerr << "gyre import: " << importer.status().message() << '\n';
    return kExitUsage;
  }
  const auto started = std::chrono::steady_clock::now();
  Import import(options, std::move(importer).value());
  const Status status = import.run();
  import.printSummary(std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  return importExit(status);
}

}  // namespace gyre::cli
