// How do samples come from targets that only answer? Each is fetched at its own moment of its interval, and what it
// says is appended to a stream of series as Prometheus would write it.
//
// Moments are spread over the interval by a hash of job and target, the same at every start. One fetch a target at a
// time: it ends when its time is up, before the next begins. A fetch that fails is written down too (up 0, stale
// markers), and logged when it begins to fail, fails otherwise, or works again. What the stream refuses for now (a full
// backlog) is lost and counted: there is no asking twice for the same moment.
//
// THREADS: start and stop from one, stats from any; all fetches are on one thread. OWNS: its sockets and its thread;
// the rest outlives it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/bus/domain_service.hpp"
#include "server/config/scrape_job.hpp"

namespace gyre::http {

struct ScraperOptions {
  std::vector<config::ScrapeJob> jobs;
  std::string agent;                          // what targets are told: "gyre/1.0.0"
  std::function<std::string()> self_metrics;  // the text of target "self"
};

struct ScraperStats {
  std::uint64_t targets = 0;
  std::uint64_t up = 0;        // whose last fetch worked
  std::uint64_t fetches = 0;   // since start, as all that follows
  std::uint64_t failures = 0;  // of fetches
  std::uint64_t samples = 0;   // appended
  std::uint64_t rejected = 0;  // lines that made no sense or could not be kept
  std::uint64_t lost = 0;      // fetches that the stream did not take
};

class Scraper {
 public:
  // invalid_argument when the domain is no stream of series with an intake "prometheus". REQUIRES: the jobs passed
  // config::scrapeFaults.
  static Result<std::unique_ptr<Scraper>> open(ScraperOptions options, const bus::DomainService& domain,
                                               const base::Clock& clock, base::Observer& observer);
  ~Scraper();  // stop()

  void start();
  // At once: fetches under way are let go.
  void stop();
  ScraperStats stats() const;

 private:
  class Loop;
  explicit Scraper(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace gyre::http
