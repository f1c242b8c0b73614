#include "server/observe/metrics.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcntl.h>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace gyre::observe {

namespace {

bool has(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

// The value on the line that starts with `name`, and its text up to the value.
std::optional<double> valueOf(const std::string& text, const std::string& name) {
  const std::size_t at = ("\n" + text).find("\n" + name + " ");
  if (at == std::string::npos) return std::nullopt;
  return std::stod(text.substr(at + name.size() + 1));
}

// True when `call` ends its process: our own bugs abort.
bool aborts(const std::function<void()>& call) {
  const pid_t child = fork();
  if (child == 0) {
    const int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDERR_FILENO);
    call();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

}  // namespace

class MetricsTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(MetricsTest);
  CPPUNIT_TEST(familiesAreWrittenInOrder);
  CPPUNIT_TEST(sameNameAndLabelsAreOneInstrument);
  CPPUNIT_TEST(labelValuesAndHelpAreEscaped);
  CPPUNIT_TEST(numbersAreWrittenAsPrometheusReadsThem);
  CPPUNIT_TEST(histogramsCumulate);
  CPPUNIT_TEST(histogramBoundsAreInclusive);
  CPPUNIT_TEST(collectorsRunAtEachScrape);
  CPPUNIT_TEST(collectorsOfOneFamilyAreWrittenTogether);
  CPPUNIT_TEST(handlesEndTheirCollectors);
  CPPUNIT_TEST(handlesMayOutliveTheRegistry);
  CPPUNIT_TEST(ourOwnBugsAbort);
  CPPUNIT_TEST(threadsLoseNothing);
  CPPUNIT_TEST(processMetricsArePlausible);
  CPPUNIT_TEST_SUITE_END();

 public:
  void familiesAreWrittenInOrder() {
    MetricsRegistry registry;
    registry.gauge("gyre_b", "second").set(1.5);
    registry.counter("gyre_a_total", "first", {{"domain", "payments"}, {"outcome", "ok"}}).add(3);
    registry.counter("gyre_a_total", "first", {{"domain", "logs"}, {"outcome", "ok"}}).add();
    CPPUNIT_ASSERT_EQUAL(std::string("# HELP gyre_a_total first\n# TYPE gyre_a_total counter\n"
                                     "gyre_a_total{domain=\"logs\",outcome=\"ok\"} 1\n"
                                     "gyre_a_total{domain=\"payments\",outcome=\"ok\"} 3\n"
                                     "# HELP gyre_b second\n# TYPE gyre_b gauge\ngyre_b 1.5\n"),
                         registry.write());
    CPPUNIT_ASSERT_EQUAL(std::string(), MetricsRegistry().write());
  }

  void sameNameAndLabelsAreOneInstrument() {
    MetricsRegistry registry;
    Counter& first = registry.counter("gyre_a_total", "a", {{"x", "1"}});
    for (int i = 0; i < 100; ++i) registry.counter("gyre_a_total", "a", {{"x", std::to_string(i)}});
    CPPUNIT_ASSERT(&first == &registry.counter("gyre_a_total", "a", {{"x", "1"}}));
    CPPUNIT_ASSERT(&first != &registry.counter("gyre_a_total", "a", {{"x", "2"}}));
  }

  void labelValuesAndHelpAreEscaped() {
    MetricsRegistry registry;
    registry.counter("gyre_a_total", "a \\ b\n\"c\"", {{"x", "back\\slash \"quote\"\nline"}}).add();
    const std::string text = registry.write();
    CPPUNIT_ASSERT(has(text, "# HELP gyre_a_total a \\\\ b\\n\"c\""));
    CPPUNIT_ASSERT(has(text, "gyre_a_total{x=\"back\\\\slash \\\"quote\\\"\\nline\"} 1"));
  }

  void numbersAreWrittenAsPrometheusReadsThem() {
    MetricsRegistry registry;
    const std::pair<double, std::string> cases[] = {{0, "0"},
                                                    {-0.5, "-0.5"},
                                                    {1e6, "1000000"},
                                                    {123456789012.0, "123456789012"},
                                                    {0.1, "0.1"},
                                                    {1e-7, "1e-07"},
                                                    {1e300, "1e+300"},
                                                    {HUGE_VAL, "+Inf"},
                                                    {-HUGE_VAL, "-Inf"},
                                                    {std::numeric_limits<double>::quiet_NaN(), "NaN"}};
    for (const auto& [value, expected] : cases) {
      registry.gauge("gyre_a", "a").set(value);
      CPPUNIT_ASSERT_MESSAGE(expected + " in " + registry.write(), has(registry.write(), "gyre_a " + expected));
    }
    registry.counter("gyre_big_total", "a").add(std::numeric_limits<std::uint64_t>::max());
    CPPUNIT_ASSERT(has(registry.write(), "gyre_big_total 18446744073709551615"));
  }

  void histogramsCumulate() {
    MetricsRegistry registry;
    const double bounds[] = {0.1, 1};
    Histogram& histogram = registry.histogram("gyre_h_seconds", "h", bounds, {{"x", "y"}});
    for (const double value : {0.05, 0.5, 0.5, 7.0}) histogram.observe(value);
    CPPUNIT_ASSERT_EQUAL(std::string("# HELP gyre_h_seconds h\n# TYPE gyre_h_seconds histogram\n"
                                     "gyre_h_seconds_bucket{x=\"y\",le=\"0.1\"} 1\n"
                                     "gyre_h_seconds_bucket{x=\"y\",le=\"1\"} 3\n"
                                     "gyre_h_seconds_bucket{x=\"y\",le=\"+Inf\"} 4\n"
                                     "gyre_h_seconds_sum{x=\"y\"} 8.05\n"
                                     "gyre_h_seconds_count{x=\"y\"} 4\n"),
                         registry.write());
  }

  void histogramBoundsAreInclusive() {
    const double bounds[] = {1, 2};
    Histogram histogram(bounds);
    for (const double value : {1.0, 2.0, 2.0000001, -5.0}) histogram.observe(value);
    const Histogram::Snapshot seen = histogram.snapshot();
    CPPUNIT_ASSERT((seen.counts == std::vector<std::uint64_t>{2, 1, 1}));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, seen.count);
    for (std::size_t i = 1; i < durationBounds().size(); ++i)
      CPPUNIT_ASSERT(durationBounds()[i - 1] < durationBounds()[i]);
  }

  void collectorsRunAtEachScrape() {
    MetricsRegistry registry;
    double queued = 1;
    const auto handle = registry.addCollector([&](Samples& samples) {
      samples.gauge("gyre_queued", "q", {{"domain", "d"}}, queued++);
    });
    CPPUNIT_ASSERT(has(registry.write(), "gyre_queued{domain=\"d\"} 1"));
    CPPUNIT_ASSERT(has(registry.write(), "gyre_queued{domain=\"d\"} 2"));
  }

  void collectorsOfOneFamilyAreWrittenTogether() {
    MetricsRegistry registry;
    registry.counter("gyre_a_total", "a", {{"d", "owned"}}).add(5);
    const auto first = registry.addCollector([](Samples& samples) {
      samples.counter("gyre_a_total", "a", {{"d", "1"}}, 1);
      samples.counter("gyre_b_total", "b", {{"d", "1"}}, 1);
    });
    const auto second = registry.addCollector([](Samples& samples) {
      samples.counter("gyre_a_total", "a", {{"d", "2"}}, 2);
    });
    CPPUNIT_ASSERT_EQUAL(std::string("# HELP gyre_a_total a\n# TYPE gyre_a_total counter\n"
                                     "gyre_a_total{d=\"1\"} 1\ngyre_a_total{d=\"2\"} 2\ngyre_a_total{d=\"owned\"} 5\n"
                                     "# HELP gyre_b_total b\n# TYPE gyre_b_total counter\ngyre_b_total{d=\"1\"} 1\n"),
                         registry.write());
  }

  void handlesEndTheirCollectors() {
    MetricsRegistry registry;
    MetricsRegistry::CollectorHandle kept;
    {
      auto handle = registry.addCollector([](Samples& samples) { samples.gauge("gyre_a", "a", {}, 1); });
      CPPUNIT_ASSERT(!registry.write().empty());
      kept = std::move(handle);
    }
    CPPUNIT_ASSERT(!registry.write().empty());
    kept = registry.addCollector([](Samples& samples) { samples.gauge("gyre_b", "b", {}, 1); });
    CPPUNIT_ASSERT(!has(registry.write(), "gyre_a 1") && has(registry.write(), "gyre_b 1"));
    kept = MetricsRegistry::CollectorHandle();
    CPPUNIT_ASSERT_EQUAL(std::string(), registry.write());
  }

  void handlesMayOutliveTheRegistry() {
    MetricsRegistry::CollectorHandle handle;
    {
      MetricsRegistry registry;
      handle = registry.addCollector([](Samples&) {});
    }
    handle = MetricsRegistry::CollectorHandle();
  }

  void ourOwnBugsAbort() {
    const double bounds[] = {2, 1};
    const std::function<void(MetricsRegistry&)> bugs[] = {
        [](MetricsRegistry& r) { r.counter("gyre-a", "a"); },
        [](MetricsRegistry& r) { r.counter("", "a"); },
        [](MetricsRegistry& r) { r.counter("1a", "a"); },
        [](MetricsRegistry& r) {
          r.counter("gyre_a", "a", {{"x-y", "1"}});
        },
        [](MetricsRegistry& r) {
          r.counter("gyre_a", "a", {{"__x", "1"}});
        },
        [](MetricsRegistry& r) { r.counter("gyre_a", "a"), r.gauge("gyre_a", "a"); },
        [&](MetricsRegistry& r) { r.histogram("gyre_a", "a", bounds); },
    };
    for (const auto& bug : bugs)
      CPPUNIT_ASSERT(aborts([&] {
        MetricsRegistry registry;
        bug(registry);
      }));
    CPPUNIT_ASSERT(!aborts([] { MetricsRegistry().counter("gyre_a", "a"); }));
  }

  void threadsLoseNothing() {
    MetricsRegistry registry;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&registry, t] {
        Counter& counter = registry.counter("gyre_a_total", "a");
        Gauge& gauge = registry.gauge("gyre_g", "g");
        Histogram& histogram = registry.histogram("gyre_h", "h", durationBounds());
        for (int i = 0; i < 2'000; ++i) {
          counter.add();
          gauge.add(1);
          histogram.observe(0.001);
          if (i % 500 == 0) {
            const auto handle = registry.addCollector([t](Samples& samples) {
              samples.gauge("gyre_t", "t", {{"t", std::to_string(t)}}, 1);
            });
            CPPUNIT_ASSERT(!registry.write().empty());
          }
        }
      });
    for (std::thread& thread : threads) thread.join();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{8'000}, registry.counter("gyre_a_total", "a").value());
    CPPUNIT_ASSERT_EQUAL(8'000.0, registry.gauge("gyre_g", "g").value());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{8'000}, registry.histogram("gyre_h", "h", durationBounds()).snapshot().count);
  }

  void processMetricsArePlausible() {
    MetricsRegistry registry;
    const auto handle = addProcessMetrics(registry, "1.2.3");
    const std::string text = registry.write();
    CPPUNIT_ASSERT(has(text, "gyre_build_info{version=\"1.2.3\"} 1"));
    CPPUNIT_ASSERT(valueOf(text, "gyre_process_cpu_seconds_total").value() > 0);
    CPPUNIT_ASSERT(valueOf(text, "gyre_process_resident_memory_bytes").value() > 1e6);
    CPPUNIT_ASSERT(valueOf(text, "gyre_process_threads").value() >= 1);
    const double now = static_cast<double>(time(nullptr));
    const double start = valueOf(text, "gyre_process_start_time_seconds").value();
    CPPUNIT_ASSERT_MESSAGE(text, start > now - 3'600 && start <= now + 1);

    const double before = valueOf(text, "gyre_process_open_fds").value();
    const int file = open("/dev/null", O_RDONLY);
    const double after = valueOf(registry.write(), "gyre_process_open_fds").value();
    close(file);
    CPPUNIT_ASSERT_EQUAL(before + 1, after);
    CPPUNIT_ASSERT(valueOf(text, "gyre_process_max_fds").value() >= after);
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(MetricsTest);

}  // namespace gyre::observe
