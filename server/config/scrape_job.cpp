#include "server/config/scrape_job.hpp"

#include <algorithm>

#include "gyre/json.hpp"

namespace gyre::config {

namespace {

constexpr std::int64_t kLongestTimeoutMs = 10'000;  // when none is given
constexpr std::string_view kSelf = "self";

bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool isDigit(char c) { return c >= '0' && c <= '9'; }

bool isLabelName(std::string_view name) {
  return !name.empty() && isLetter(name.front()) && !name.starts_with("__") &&
         std::all_of(name.begin(), name.end(), [](char c) { return isLetter(c) || isDigit(c); });
}

bool isPath(std::string_view path) {
  return path.starts_with('/') && std::all_of(path.begin(), path.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::vector<std::string> texts(json::Value list) {
  std::vector<std::string> found;
  for (const json::Value element : list) found.emplace_back(element.string());
  return found;
}

std::size_t count(json::Value value) { return static_cast<std::size_t>(value.integer().value_or(0)); }

Status wrongTarget(std::string_view text, std::string_view why = {}) {
  return invalidArgument(R"(expected "self", "HOST:PORT" or "http://HOST:PORT/PATH", found ")" + printableText(text) +
                         "\"" + std::string(why));
}

}  // namespace

Result<ScrapeTarget> parseScrapeTarget(std::string_view text, std::string_view path) {
  ScrapeTarget target;
  target.path = path;
  if (text == kSelf) {
    target.is_self = true;
    target.instance = kSelf;
    return target;
  }
  std::string_view rest = text;
  if (rest.starts_with("https://")) return wrongTarget(text, ": https is not spoken to targets");
  if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
    if (const std::size_t slash = rest.find('/'); slash != std::string_view::npos) {
      target.path = rest.substr(slash);
      rest = rest.substr(0, slash);
      if (!isPath(target.path)) return wrongTarget(text, ": the path holds what no path holds");
    }
  }
  std::string address(rest);
  const bool has_port = rest.ends_with(']') ? false : rest.rfind(':') != std::string_view::npos;
  if (!has_port) address += ":80";
  Option option;
  option.type = OptionType::kAddress;
  const auto read = readValue(option, {address, true});
  if (!read.isOk() || std::get<Address>(*read).port == 0) return wrongTarget(text);
  const auto& found = std::get<Address>(*read);
  target.host = found.host;
  target.port = std::to_string(found.port);
  target.instance = found.text();
  return target;
}

std::pair<std::string, std::string> splitLabel(std::string_view label) {
  const std::size_t equals = label.find('=');
  return {std::string(label.substr(0, equals)), std::string(label.substr(equals + 1))};
}

Option scrapeOption() {
  constexpr std::int64_t kDay = 86'400'000;
  constexpr std::int64_t kMiB = 1 << 20;
  Option option{"scrape", OptionType::kTable, "[]",
                "series: jobs that fetch targets in Prometheus' text formats; up, scrape_duration_seconds and their "
                "like are written too"};
  option.fields = {
      {"name", OptionType::kString, "", "the label job of all its series"},
      {"targets", OptionType::kList, "",
       "HOST:PORT, http://HOST:PORT/PATH, or self for this server's own metrics; the label instance says which"},
      {"interval", OptionType::kDuration, "1m", "how often each target is fetched", 100, kDay},
      {"timeout", OptionType::kDuration, "0",
       "after which a fetch has failed, never above the interval; 0 is 10s, or the interval when that is shorter", 0,
       kDay},
      {"path", OptionType::kString, "/metrics", "path and query of targets that do not say one"},
      {"labels", OptionType::kList, "", "further labels of all its series, as name=value"},
      {"max_body", OptionType::kBytes, "16MiB", "a larger body fails the fetch, packed or unpacked", 1'024,
       1'024 * kMiB},
      {"max_samples", OptionType::kInteger, "0", "more samples fail the fetch; 0 is no limit", 0, 100'000'000},
      {"max_labels", OptionType::kInteger, "0", "a series with more labels fails the fetch; 0 is no limit", 0, 10'000},
      {"max_label_bytes", OptionType::kInteger, "0", "a longer name or value of a label fails the fetch; 0 is no limit",
       0, kMiB},
      {"honor_labels", OptionType::kBoolean, "false",
       "whether a scraped label wins over the target's; else it becomes exported_NAME"},
      {"honor_timestamps", OptionType::kBoolean, "true", "whether a scraped sample's own time counts"},
  };
  option.fields[0].is_required = option.fields[1].is_required = true;
  return option;
}

std::vector<ScrapeJob> readScrapeJobs(std::string_view json) {
  std::vector<ScrapeJob> jobs;
  const auto document = json::Document::parse(json);
  if (!document.isOk()) return jobs;  // REQUIRES: a checked value
  for (const json::Value row : document->root()) {
    ScrapeJob job;
    job.name = row["name"].string();
    job.interval_ms = row["interval"].integer().value_or(0);
    job.timeout_ms = row["timeout"].integer().value_or(0);
    if (job.timeout_ms == 0) job.timeout_ms = std::min(job.interval_ms, kLongestTimeoutMs);
    job.targets = texts(row["targets"]);
    job.path = row["path"].string();
    job.labels = texts(row["labels"]);
    job.max_body = count(row["max_body"]);
    job.max_samples = count(row["max_samples"]);
    job.max_labels = count(row["max_labels"]);
    job.max_label_bytes = count(row["max_label_bytes"]);
    job.honors_labels = row["honor_labels"].boolean();
    job.honors_timestamps = row["honor_timestamps"].boolean();
    jobs.push_back(std::move(job));
  }
  return jobs;
}

std::vector<std::pair<std::string, std::string>> scrapeFaults(std::span<const ScrapeJob> jobs) {
  std::vector<std::pair<std::string, std::string>> faults;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const ScrapeJob& job = jobs[i];
    const auto fault = [&](std::string_view field, std::string detail) {
      faults.emplace_back("[" + std::to_string(i) + "]." + std::string(field), std::move(detail));
    };
    const auto is_same = [&](const ScrapeJob& other) { return other.name == job.name; };
    if (job.name.empty()) fault("name", "expected a name, found nothing");
    if (std::any_of(jobs.begin(), jobs.begin() + static_cast<std::ptrdiff_t>(i), is_same))
      fault("name", "expected another name than the other jobs', found \"" + printableText(job.name) + "\"");
    if (job.timeout_ms > job.interval_ms)
      fault("timeout", "expected at most the interval of " + std::to_string(job.interval_ms) + "ms, found " +
                           std::to_string(job.timeout_ms) + "ms");
    if (!isPath(job.path)) fault("path", "expected a path like /metrics, found \"" + printableText(job.path) + "\"");
    if (job.targets.empty()) fault("targets", "expected at least one target, found none");
    for (const std::string& target : job.targets)
      if (const auto parsed = parseScrapeTarget(target, job.path); !parsed.isOk())
        fault("targets", std::string(parsed.status().message()));
    for (const std::string& label : job.labels)
      if (label.find('=') == std::string::npos || !isLabelName(std::string_view(label).substr(0, label.find('='))))
        fault("labels", "expected name=value with a name like site, found \"" + printableText(label) + "\"");
  }
  return faults;
}

}  // namespace gyre::config
