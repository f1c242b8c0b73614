#include "server/cli/metrics_import.hpp"

#include <Poco/URI.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <string>
#include <utility>

#include "gyre/json.hpp"
#include "server/cli/input_file.hpp"
#include "server/cli/intake_sender.hpp"
#include "server/setup.hpp"

namespace gyre::cli {

namespace {

constexpr std::size_t kPiece = 1u << 20;
constexpr std::size_t kHead = 64u << 10;  // looked at to tell the format

struct MetricFormat {
  std::string_view name;    // as --format has it
  std::string_view target;  // below /v1/metrics/
  std::string_view media_type;
  bool takes_labels = true;
};
constexpr MetricFormat kFormats[] = {
    {"csv", "ingest/csv", "text/csv"},
    {"json", "ingest/json", "application/x-ndjson"},
    {"ndjson", "records", "application/x-ndjson", false},
    {"prometheus", "ingest/prometheus", "text/plain"},
    {"openmetrics", "ingest/prometheus", "application/openmetrics-text"},
};

const MetricFormat* findFormat(std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(kFormats), std::end(kFormats), [&](const MetricFormat& one) { return one.name == name; });
  return found == std::end(kFormats) ? nullptr : found;
}

bool isBlank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

// Takes the first line off, without its end.
std::string_view takeLine(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::string_view firstLine(std::string_view text) {
  while (!text.empty())
    if (const std::string_view line = takeLine(text); !isBlank(line)) return line;
  return {};
}

// "name{" or "name " and a number.
bool isExposition(std::string_view line) {
  const std::size_t end = line.find_first_of("{ \t");
  if (end == 0 || end == std::string_view::npos || line.find(',') < end) return false;
  const std::size_t value = line[end] == '{' ? line.rfind('}') : end;
  return value != std::string_view::npos && line.find_first_of("0123456789NI", value + 1) != std::string_view::npos;
}

class MetricsImport {
 public:
  explicit MetricsImport(const ImportOptions& options) : options_(options), sender_(options) {}

  Status run() {
    GYRE_TRY(readMap());
    GYRE_TRY(sender_.open());
    GYRE_TRY(sender_.importEach([this](const std::string& file) { return importFile(file); }));
    return sender_.waitUntilSearchable("ListMetricNames", R"({"limit":1})");
  }

  void printSummary(double seconds) { sender_.printSummary(seconds); }

 private:
  Status readMap() {
    for (const std::string& entry : options_.map) {
      const std::size_t equals = entry.find("==");
      if (equals == std::string::npos || equals == 0)
        return invalidArgument("--map: expected label==value, found \"" + entry + "\"");
      addParameter(labels_, entry.substr(0, equals), entry.substr(equals + 2));
    }
    return {};
  }

  static void addParameter(std::string& query, const std::string& name, const std::string& value) {
    constexpr const char* kReserved = "&=+?#%/;:,@!$'()*[]";
    query.append(1, query.empty() ? '?' : '&');
    Poco::URI::encode(name, kReserved, query);
    query.append(1, '=');
    Poco::URI::encode(value, kReserved, query);
  }

  Status importFile(const std::string& file) {
    InputFile input(file);
    if (!input.isOpen()) return notFound(file + ": cannot be opened");
    std::istream& in = input.stream();
    file_ = file;
    first_line_ = 1;
    header_.clear();
    piece_.clear();
    read(in, kHead);
    if (piece_.empty()) return in.bad() ? unavailable(file + ": cannot be read") : Status();
    const MetricFormat* const format =
        findFormat(options_.format.empty() ? detectMetricFormat(file, piece_) : options_.format);
    if (format == nullptr)
      return invalidArgument(file +
                             ": its first lines are of no format that is known; name one by --format: csv, json, "
                             "ndjson, prometheus or openmetrics");
    if (!format->takes_labels && !labels_.empty())
      return invalidArgument(file + ": --map: " + std::string(format->name) + " has all its labels in the file");
    target_ = format->target;
    target_ += labels_;
    if (format->name == "csv") {
      std::string query = labels_;
      addParameter(query, "path", pathOf(file));
      target_ = std::string(format->target) + query;
      header_ = firstLine(piece_);
    }
    if (options_.format.empty() && piece_.find("\"resourceMetrics\"") != std::string::npos)
      return invalidArgument(file + ": an OTLP request is not imported: POST it to /v1/metrics");
    const bool is_one = format->name == "json" && isOneDocument(in);
    while (in.good()) {
      read(in, kPiece);
      if (!is_one) GYRE_TRY(sendWhole(*format));
    }
    if (in.bad()) return unavailable(file + ": cannot be read to its end");
    return piece_.empty() ? Status() : send(*format, std::exchange(piece_, {}));
  }

  void read(std::istream& in, std::size_t count) {
    const std::size_t before = piece_.size();
    piece_.resize(before + count);
    in.read(piece_.data() + before, static_cast<std::streamsize>(count));
    piece_.resize(before + static_cast<std::size_t>(in.gcount()));
  }

  // Its folder's name and its own: what the series are called does not follow from where one stands.
  static std::string pathOf(const std::string& file) {
    const std::filesystem::path path = std::filesystem::absolute(file).lexically_normal();
    return (path.parent_path().filename() / path.filename()).string();
  }

  // A document over several lines becomes one line; text of JSON has no line ends.
  bool isOneDocument(std::istream& in) {
    if (json::Document::parse(firstLine(piece_)).isOk()) return false;
    while (in.good()) read(in, kPiece);
    if (!json::Document::parse(piece_).isOk()) return false;
    std::replace(piece_.begin(), piece_.end(), '\n', ' ');
    return true;
  }

  // Everything up to where a line begins; of an exposition, where a family begins, if one does.
  Status sendWhole(const MetricFormat& format) {
    if (piece_.size() < kPiece) return {};
    std::size_t end = std::string::npos;
    if (format.target == "ingest/prometheus") end = piece_.rfind("\n# HELP ");
    if (end == std::string::npos || end == 0) end = piece_.rfind('\n');
    if (end == std::string::npos) return {};
    std::string rest = piece_.substr(end + 1);
    piece_.resize(end + 1);
    return send(format, std::exchange(piece_, std::move(rest)));
  }

  Status send(const MetricFormat& format, std::string text) {
    FilePiece piece{file_, first_line_, lineCount(text), text};
    first_line_ += piece.lines;
    // Each piece of a CSV file begins with the header.
    if (piece.first_line > 1 && !header_.empty()) {
      text.insert(0, header_ + "\n");
      piece.text = text;
      --piece.first_line;
    }
    return sender_.send(piece, target_, format.media_type);
  }

  const ImportOptions& options_;
  IntakeSender sender_;
  std::string labels_;  // a query string, or nothing
  std::string file_, target_, header_, piece_;
  std::size_t first_line_ = 1;  // of piece_, in its file
};

}  // namespace

std::string_view detectMetricFormat(std::string_view file, std::string_view head) {
  if (file.ends_with(".gz")) file.remove_suffix(3);
  if (file.ends_with(".csv")) return "csv";
  std::string_view line = firstLine(head);
  if (line.starts_with('{')) {
    const auto document = json::Document::parse(line);
    const bool is_sample =
        document.isOk() && document->root()["name"].isString() && !document->root()["value"].isMissing();
    return is_sample ? "ndjson" : "json";
  }
  while (line.starts_with('#')) {
    if (line.starts_with("# HELP ") || line.starts_with("# TYPE ")) return "prometheus";
    head.remove_prefix(static_cast<std::size_t>(line.data() - head.data()));
    takeLine(head);
    line = firstLine(head);
  }
  if (isExposition(line)) return "prometheus";
  return line.find(',') != std::string_view::npos && line.find("time") != std::string_view::npos ? "csv"
                                                                                                 : std::string_view();
}

int runMetricsImport(const ImportOptions& options) {
  if (!options.format.empty() && findFormat(options.format) == nullptr) {
    std::cerr << "gyre import: metrics are read as csv, json, ndjson, prometheus or openmetrics, not as \""
              << options.format << "\"\n";
    return kExitUsage;
  }
  const auto started = std::chrono::steady_clock::now();
  MetricsImport import(options);
  const Status status = import.run();
  import.printSummary(std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  return importExit(status);
}

}  // namespace gyre::cli
