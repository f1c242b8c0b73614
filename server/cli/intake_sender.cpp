#include "server/cli/intake_sender.hpp"

#include <Poco/Exception.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "gyre/json.hpp"
#include "server/cli/searchable_wait.hpp"
#include "server/setup.hpp"

namespace gyre::cli {

namespace {

constexpr int kAttempts = 10;

}  // namespace

Status IntakeSender::open() {
  if (!options_.refused_file.empty()) {
    refused_file_.open(options_.refused_file);
    if (!refused_file_) return unavailable(options_.refused_file + ": cannot be written");
  }
  if (options_.is_dry_run) return {};
  GYRE_TRY_ASSIGN(client_, ApiClient::connect(options_.url, options_.key));
  return {};
}

Status IntakeSender::importEach(const std::function<Status(const std::string& file)>& import_file) {
  for (const std::string& file : options_.files) {
    try {
      GYRE_TRY(import_file(file));
    } catch (const Poco::Exception& error) {
      return invalidArgument(file + ": " + error.displayText());
    }
  }
  return {};
}

Status IntakeSender::send(const FilePiece& piece, std::string_view target, std::string_view media_type) {
  lines_ += piece.lines;
  progress_.show(lines_, 0);
  if (!client_) return {};
  GYRE_TRY_ASSIGN(const ApiAnswer answer,
                  sendPatiently("/v1/" + options_.domain + "/" + std::string(target), media_type, piece.text));
  const auto document = json::Document::parse(answer.body);
  if (answer.status == 400) {
    refuseAll(piece, document.isOk() ? document->root()["errors"] : json::Value(), problemText(answer));
    return {};
  }
  if (answer.status < 200 || answer.status > 299)
    return unavailable(std::string(piece.file) + ": " + problemText(answer));
  last_sequence_ = std::max(last_sequence_, answer.sequence);
  if (!document.isOk()) return {};
  imported_ += document->root()["accepted"].unsignedInteger().value_or(0);
  std::uint64_t told = 0;
  for (const json::Value item : document->root()["rejected"]) {
    refuse(piece.file, piece.first_line + static_cast<std::size_t>(item["line"].unsignedInteger().value_or(1)) - 1,
           item["reason"].string());
    ++told;
  }
  refused_ += document->root()["rejectedCount"].unsignedInteger().value_or(told) - told;
  return {};
}

// A server that has too much to do says so; it is asked again after a pause that grows.
Result<ApiAnswer> IntakeSender::sendPatiently(const std::string& target, std::string_view media_type,
                                              std::string_view text) {
  auto pause = std::chrono::milliseconds(100);
  for (int attempt = 1;; ++attempt) {
    auto answer = client_->send("POST", target, media_type, text);
    if (!answer.isOk() || attempt == kAttempts || (answer->status != 429 && answer->status != 503)) return answer;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds(5000));
  }
}

// None of the lines could be taken, each for its reason, or the piece is not what the intake reads.
void IntakeSender::refuseAll(const FilePiece& piece, json::Value faults, std::string_view otherwise) {
  if (faults.size() == 0) return refuse(piece.file, piece.first_line, otherwise);
  for (const json::Value fault : faults) {
    const std::string pointer(fault["pointer"].string());
    const std::size_t position = pointer.empty() ? 0 : std::strtoull(pointer.c_str() + 1, nullptr, 10);
    refuse(piece.file, piece.first_line + position, fault["detail"].string());
  }
}

void IntakeSender::refuse(std::string_view file, std::size_t line, std::string_view reason) {
  ++refused_;
  std::ostream& out = refused_file_.is_open() ? static_cast<std::ostream&>(refused_file_) : std::cerr;
  if (!refused_file_.is_open()) progress_.clear();
  out << file << ':' << line << ": refused: " << reason << '\n';
}

Status IntakeSender::waitUntilSearchable(std::string_view query, std::string_view request) {
  if (!client_) return {};
  GYRE_TRY(cli::waitUntilSearchable(*client_, {options_.domain, query, request, last_sequence_}));
  is_searchable_ = true;
  return {};
}

void IntakeSender::printSummary(double seconds) {
  progress_.clear();
  std::cout << (options_.is_dry_run ? "would send " : "imported ") << (options_.is_dry_run ? lines_ : imported_)
            << ", refused " << refused_ << ", lines " << lines_ << ", " << seconds << " s";
  if (!options_.is_dry_run) std::cout << describeRate(imported_, seconds, is_searchable_);
  std::cout << '\n';
}

std::size_t lineCount(std::string_view text) {
  const auto ends = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  return ends + (text.empty() || text.ends_with('\n') ? 0 : 1);
}

int importExit(const Status& status) {
  if (status.isOk()) return 0;
  std::cerr << "gyre import: " << status.message() << '\n';
  return status.code() == Code::kInvalidArgument || status.code() == Code::kNotFound ? kExitUsage : kExitUnavailable;
}

}  // namespace gyre::cli
