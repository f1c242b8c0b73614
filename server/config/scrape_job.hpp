// What is scraped, how often, and within which limits? Of a domain of series: `scrape`, a list of jobs.
//
//   domains:
//     metrics:
//       scrape:
//         - name: node
//           interval: 15s
//           targets: ["127.0.0.1:9100", "http://web-1:8081/status/metrics"]
//           labels: [site=harbour]
//         - name: gyre
//           targets: [self]
//
// THREADS: values and free functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/status.hpp"
#include "server/config/option.hpp"

namespace gyre::config {

struct ScrapeJob {
  std::string name;
  std::int64_t interval_ms = 0;
  std::int64_t timeout_ms = 0;  // never 0 after readScrapeJobs
  std::vector<std::string> targets;
  std::string path;
  std::vector<std::string> labels;  // "name=value"
  std::size_t max_body = 0;         // bytes, as sent and unpacked
  std::size_t max_samples = 0;      // as all that follows: 0 for no limit
  std::size_t max_labels = 0;       // of a series, those of the target among them
  std::size_t max_label_bytes = 0;  // of a name or a value
  bool honors_labels = false;       // a scraped label wins over the target's of the same name
  bool honors_timestamps = true;
};

// Where one target is. `instance`: what the label says, "web-1:8081".
struct ScrapeTarget {
  bool is_self = false;  // this server's own metrics, without a network
  std::string host;      // without brackets
  std::string port;
  std::string path;
  std::string instance;
};

// "self", "HOST", "HOST:PORT" or "http://HOST[:PORT][/PATH]"; a target without a path has `path`. invalid_argument says
// what was expected.
Result<ScrapeTarget> parseScrapeTarget(std::string_view text, std::string_view path);
// REQUIRES: it has a '=', as scrapeFaults asks.
std::pair<std::string, std::string> splitLabel(std::string_view label);

// The option and its fields; its checked value as jobs; and what the table cannot tell: where ("[0].targets") and what.
Option scrapeOption();
std::vector<ScrapeJob> readScrapeJobs(std::string_view json);
std::vector<std::pair<std::string, std::string>> scrapeFaults(std::span<const ScrapeJob> jobs);

}  // namespace gyre::config
