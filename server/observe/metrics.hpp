// How often, how much, how long? A registry of counters, gauges and histograms, written as Prometheus text.
//
//   Counter& commands = registry.counter("gyre_commands_total", "commands answered", {{"domain", "payments"}});
//   commands.add();                                       // lock-free, from any thread
//   auto handle = registry.addCollector([&](Samples& samples) { samples.gauge("gyre_…", "…", {}, store.stats().queued);
//   });
//
// Instruments are found or made once, under a lock, and kept by who uses them; adding to one is an atomic add. What a
// part already counts by itself is read by a collector when somebody scrapes.
//
// Names are the program's own constants: a malformed one, or one used for two kinds, is our bug and aborts. Label
// values may be any text.
//
// THREADS: everything from any thread; a collector runs on the scraper's. OWNS: the registry owns its instruments,
// which live as long as it does; a collector lives until its handle is destroyed.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gyre::observe {

using Labels = std::vector<std::pair<std::string, std::string>>;

// Only grows.
class Counter {
 public:
  void add(std::uint64_t amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  void add(double amount) { value_.fetch_add(amount, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_ = 0;
};

// Counts observations in buckets; a bucket holds what is at most its upper bound.
class Histogram {
 public:
  // `bounds`: finite, ascending; a last bucket without bound is added.
  explicit Histogram(std::span<const double> bounds);
  void observe(double value);

  struct Snapshot {
    std::vector<std::uint64_t> counts;  // per bucket, not cumulated; one more than bounds
    std::uint64_t count = 0;            // their sum
    double sum = 0;
  };
  Snapshot snapshot() const;
  std::span<const double> bounds() const { return bounds_; }

 private:
  std::vector<double> bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
  std::atomic<double> sum_ = 0;
};

// Seconds from 50 µs to 10 s, in steps of 2 to 2.5: from a cached answer to a timeout.
std::span<const double> durationBounds();

enum class MetricKind : std::uint8_t { kCounter, kGauge, kHistogram };

// What one scrape sees; collectors add to it.
class Samples {
 public:
  void counter(std::string_view name, std::string_view help, const Labels& labels, double value);
  void gauge(std::string_view name, std::string_view help, const Labels& labels, double value);

 private:
  friend class MetricsRegistry;
  struct Family {
    MetricKind kind = MetricKind::kCounter;
    std::string help;
    std::string lines;
  };
  Family& family(std::string_view name, MetricKind kind, std::string_view help);
  std::map<std::string, Family, std::less<>> families_;
};

class MetricsRegistry {
 public:
  MetricsRegistry();
  ~MetricsRegistry();
  MetricsRegistry(const MetricsRegistry&) = delete;
  MetricsRegistry& operator=(const MetricsRegistry&) = delete;

  // The instrument of that name and those labels; made when there is none. All labels of one name have the same names.
  Counter& counter(std::string_view name, std::string_view help, Labels labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, Labels labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                       Labels labels = {});

  using Collector = std::function<void(Samples&)>;
  class CollectorHandle;
  // The collector runs at every write() until the handle is destroyed, which waits for a run in progress. It must not
  // call the registry.
  [[nodiscard]] CollectorHandle addCollector(Collector collector);

  // Prometheus text exposition format 0.0.4, families by name.
  std::string write() const;

 private:
  struct Collectors;
  struct Family;
  Family& family(std::string_view name, MetricKind kind, std::string_view help);

  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Family>, std::less<>> families_;
  std::shared_ptr<Collectors> collectors_;  // handles may outlive the registry
};

// Unregisters its collector when destroyed.
class MetricsRegistry::CollectorHandle {
 public:
  CollectorHandle() = default;
  CollectorHandle(std::weak_ptr<Collectors> collectors, std::uint64_t id)
      : collectors_(std::move(collectors)), id_(id) {}
  CollectorHandle(CollectorHandle&& other) noexcept : collectors_(std::move(other.collectors_)), id_(other.id_) {}
  CollectorHandle& operator=(CollectorHandle&& other) noexcept;
  CollectorHandle(const CollectorHandle&) = delete;
  CollectorHandle& operator=(const CollectorHandle&) = delete;
  ~CollectorHandle();

 private:
  void remove();
  std::weak_ptr<Collectors> collectors_;
  std::uint64_t id_ = 0;
};

// The Content-Type of what write() returns.
inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

// A collector of this process's CPU seconds, resident memory, threads, file descriptors and start time
// (gyre_process_*), and gyre_build_info with the version as label.
[[nodiscard]] MetricsRegistry::CollectorHandle addProcessMetrics(MetricsRegistry& registry, std::string version);

}  // namespace gyre::observe
