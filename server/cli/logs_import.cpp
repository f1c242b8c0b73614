#include "server/cli/logs_import.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <iterator>
#include <string>
#include <utility>

#include "server/cli/input_file.hpp"
#include "server/cli/intake_sender.hpp"
#include "server/setup.hpp"

namespace gyre::cli {

namespace {

constexpr std::size_t kPiece = 1u << 20;
constexpr std::size_t kHead = 64u << 10;  // looked at to tell the format

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
  explicit LogsImport(const ImportOptions& options) : options_(options), sender_(options) {}

  Status run() {
    GYRE_TRY(sender_.open());
    GYRE_TRY(sender_.importEach([this](const std::string& file) { return importFile(file); }));
    return sender_.waitUntilSearchable("SearchLogs", R"({"size":1})");
  }

  void printSummary(double seconds) { sender_.printSummary(seconds); }

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

  Status send(const LogFormat& format, const std::string& text) {
    const std::size_t lines = lineCount(text);
    const FilePiece piece{file_, std::exchange(first_line_, first_line_ + lines), lines, text};
    return sender_.send(piece, format.target, format.media_type);
  }

  const ImportOptions& options_;
  IntakeSender sender_;
  std::string file_, piece_;
  std::size_t first_line_ = 1;  // of piece_, in its file
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
  return importExit(status);
}

}  // namespace gyre::cli
