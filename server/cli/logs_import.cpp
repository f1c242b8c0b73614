#include "server/cli/logs_import.hpp"

#include <Poco/Exception.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>

#include "gyre/json.hpp"
#include "server/cli/api_client.hpp"
#include "server/cli/input_file.hpp"
#include "server/cli/progress.hpp"
#include "server/setup.hpp"

namespace gyre::cli {

namespace {

constexpr std::size_t kPiece = 1u << 20;
constexpr std::size_t kHead = 64u << 10;  // looked at to tell the format
constexpr int kAttempts = 10;

constexpr LogFormat kFormats[] = {{"ndjson", "records", "application/x-ndjson", false},
                                  {"access", "ingest/access", "text/plain", false},
                                  {"log4j", "ingest/log4j", "text/plain", true},
                                  {"syslog", "ingest/syslog_lines", "text/plain", false}};

bool isDigit(char c) { return c >= '0' && c <= '9'; }

// In a shape each d is a digit, a point anything, all else itself.
bool begins(std::string_view line, std::string_view shape) {
  if (line.size() < shape.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] == 'd' ? !isDigit(line[i]) : line[i] != shape[i] && shape[i] != '.') return false;
  return true;
}

bool hasLevel(std::string_view line) {
  const std::string_view front = line.substr(0, 100);
  for (const std::string_view level : {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "SEVERE"})
    if (front.find(level) != std::string_view::npos) return true;
  return false;
}

std::string_view formatNameOf(std::string_view line) {
  constexpr std::string_view kMonths = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec ";
  if (line.starts_with('{')) return "ndjson";
  const std::size_t bracket = line.find(" [");
  if (bracket != std::string_view::npos && begins(line.substr(bracket + 2), "dd/.../dddd:dd:dd:dd")) return "access";
  if (mayBeginRecord(line) && hasLevel(line)) return "log4j";
  if (begins(line, "<d") && line.substr(0, 5).find('>') != std::string_view::npos) return "syslog";
  if (begins(line, "dddd-dd-ddTdd:dd:dd")) return "syslog";
  if (line.size() > 15 && kMonths.find(line.substr(0, 4)) % 4 == 0 &&
      (begins(line.substr(4), "dd dd:dd:dd") || begins(line.substr(4), " d dd:dd:dd")))
    return "syslog";
  return {};
}

class LogsImport {
 public:
  explicit LogsImport(const ImportOptions& options) : options_(options), progress_("importing") {}

  Status run() {
    if (!options_.refused_file.empty()) {
      refused_file_.open(options_.refused_file);
      if (!refused_file_) return unavailable(options_.refused_file + ": cannot be written");
    }
    if (!options_.is_dry_run) {
      GYRE_TRY_ASSIGN(client_, ApiClient::connect(options_.url, options_.key));
    }
    for (const std::string& file : options_.files) {
      try {
        GYRE_TRY(importFile(file));
      } catch (const Poco::Exception& error) {
        return invalidArgument(file + ": " + error.displayText());
      }
    }
    return client_ && last_sequence_ > 0 ? waitUntilSearchable() : Status();
  }

  void printSummary(double seconds) {
    progress_.clear();
    std::cout << (options_.is_dry_run ? "would send " : "imported ") << (options_.is_dry_run ? lines_ : imported_)
              << ", refused " << refused_ << ", lines " << lines_ << ", " << seconds << " s";
    if (!options_.is_dry_run && seconds > 0)
      std::cout << " (" << static_cast<std::uint64_t>(static_cast<double>(imported_) / seconds)
                << " a second, durable and searchable)";
    std::cout << '\n';
  }

 private:
  Status importFile(const std::string& file) {
    InputFile input(file);
    if (!input.isOpen()) return notFound(file + ": cannot be opened");
    std::istream& in = input.stream();
    std::string head(kHead, '\0');
    in.read(head.data(), static_cast<std::streamsize>(head.size()));
    head.resize(static_cast<std::size_t>(in.gcount()));
    if (head.empty()) return in.bad() ? unavailable(file + ": cannot be read") : Status();
    const auto format = options_.format.empty() ? detectLogFormat(head) : findLogFormat(options_.format);
    if (!format)
      return invalidArgument(file +
                             ": its first lines are of no format that is known; name one by --format: ndjson, access, "
                             "log4j or syslog");
    file_ = file;
    first_line_ = 1;
    piece_ = std::move(head);
    while (in.good()) {
      const std::size_t before = piece_.size();
      piece_.resize(before + kPiece);
      in.read(piece_.data() + before, static_cast<std::streamsize>(kPiece));
      piece_.resize(before + static_cast<std::size_t>(in.gcount()));
      GYRE_TRY(sendWhole(*format));
    }
    if (in.bad()) return unavailable(file + ": cannot be read to its end");
    return piece_.empty() ? Status() : send(*format, std::exchange(piece_, {}));
  }

  // Everything up to where the last record begins.
  Status sendWhole(const LogFormat& format) {
    if (piece_.size() < kPiece) return {};
    for (std::size_t end = piece_.rfind('\n'); end != std::string::npos && end > 0; end = piece_.rfind('\n', end - 1)) {
      const std::string_view after = std::string_view(piece_).substr(end + 1);
      if (format.goes_on && !mayBeginRecord(after)) continue;
      std::string rest(after);
      piece_.resize(end + 1);
      return send(format, std::exchange(piece_, std::move(rest)));
    }
    return {};
  }

  Status send(const LogFormat& format, std::string text) {
    const auto lines =
        static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + (text.ends_with('\n') ? 0 : 1);
    const std::size_t first = first_line_;
    first_line_ += lines;
    lines_ += lines;
    progress_.show(lines_, 0);
    if (!client_) return {};
    GYRE_TRY_ASSIGN(const ApiAnswer answer,
                    sendPatiently("/v1/logs/" + std::string(format.target), format.media_type, text));
    const auto document = json::Document::parse(answer.body);
    // None of the lines could be taken.
    if (answer.status == 400 && document.isOk() && document->root()["errors"].size() > 0) {
      for (const json::Value fault : document->root()["errors"]) {
        const std::size_t position =
            std::strtoull(std::string(fault["pointer"].string().substr(1)).c_str(), nullptr, 10);
        refuse(first + position, fault["detail"].string());
      }
      return {};
    }
    if (answer.status < 200 || answer.status > 299) return unavailable(file_ + ": " + problemText(answer));
    last_sequence_ = std::max(last_sequence_, answer.sequence);
    if (!document.isOk()) return {};
    imported_ += document->root()["accepted"].unsignedInteger().value_or(0);
    std::uint64_t told = 0;
    for (const json::Value item : document->root()["rejected"]) {
      refuse(first + static_cast<std::size_t>(item["line"].unsignedInteger().value_or(1)) - 1, item["reason"].string());
      ++told;
    }
    refused_ += document->root()["rejectedCount"].unsignedInteger().value_or(told) - told;
    return {};
  }

  // A server that has too much to do says so; it is asked again after a pause that grows.
  Result<ApiAnswer> sendPatiently(const std::string& target, std::string_view media_type, const std::string& text) {
    auto pause = std::chrono::milliseconds(100);
    for (int attempt = 1;; ++attempt) {
      auto answer = client_->send("POST", target, media_type, text);
      if (!answer.isOk() || attempt == kAttempts || (answer->status != 429 && answer->status != 503)) return answer;
      std::this_thread::sleep_for(pause);
      pause = std::min(pause * 2, std::chrono::milliseconds(5000));
    }
  }

  void refuse(std::size_t line, std::string_view reason) {
    ++refused_;
    std::ostream& out = refused_file_.is_open() ? static_cast<std::ostream&>(refused_file_) : std::cerr;
    if (!refused_file_.is_open()) progress_.clear();
    out << file_ << ':' << line << ": refused: " << reason << '\n';
  }

  Status waitUntilSearchable() {
    GYRE_TRY_ASSIGN(const ApiAnswer answer,
                    client_->send("POST", "/v1/logs/queries/SearchLogs", "application/json", R"({"size":1})",
                                  {{"Gyre-Min-Sequence", std::to_string(last_sequence_)}, {"Gyre-Timeout", "100000"}}));
    return answer.status == 200 ? Status() : unavailable("waiting for the index: " + problemText(answer));
  }

  const ImportOptions& options_;
  ProgressLine progress_;
  std::ofstream refused_file_;
  std::unique_ptr<ApiClient> client_;
  std::string file_, piece_;
  std::size_t first_line_ = 1;  // of piece_, in its file
  std::uint64_t imported_ = 0, refused_ = 0, lines_ = 0, last_sequence_ = 0;
};

}  // namespace

std::optional<LogFormat> findLogFormat(std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(kFormats), std::end(kFormats), [&](const LogFormat& one) { return one.name == name; });
  return found == std::end(kFormats) ? std::nullopt : std::optional(*found);
}

bool mayBeginRecord(std::string_view line) {
  if (line.starts_with('[')) line.remove_prefix(1);
  return begins(line, "dddd-dd-dd") || begins(line, "dddd/dd/dd") || begins(line, "dd/.../dddd") ||
         begins(line, "dd-...-dddd");
}

// The first line that is of any format: what stands before it may be the rest of a record.
std::optional<LogFormat> detectLogFormat(std::string_view head) {
  for (int lines = 0; lines < 100 && !head.empty(); ++lines) {
    const std::size_t end = head.find('\n');
    if (const auto format = findLogFormat(formatNameOf(head.substr(0, end)))) return format;
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + 1);
  }
  return std::nullopt;
}

int runLogsImport(const ImportOptions& options) {
  if (!options.format.empty() && !findLogFormat(options.format)) {
    std::cerr << "gyre import: logs are read as ndjson, access, log4j or syslog, not as \"" << options.format << "\"\n";
    return kExitUsage;
  }
  if (!options.map.empty()) {
    std::cerr << "gyre import: logs take no --map: members are known by the names of their senders\n";
    return kExitUsage;
  }
  const auto started = std::chrono::steady_clock::now();
  LogsImport import(options);
  const Status status = import.run();
  import.printSummary(std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  if (status.isOk()) return 0;
  std::cerr << "gyre import: " << status.message() << '\n';
  return status.code() == Code::kInvalidArgument || status.code() == Code::kNotFound ? kExitUsage : kExitUnavailable;
}

}  // namespace gyre::cli
