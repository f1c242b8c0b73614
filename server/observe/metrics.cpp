#include "server/observe/metrics.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace gyre::observe {

namespace {

[[noreturn]] void abortOn(std::string_view what, std::string_view name) {
  std::fprintf(stderr, "gyre: metric \"%.*s\": %.*s\n", static_cast<int>(name.size()), name.data(),
               static_cast<int>(what.size()), what.data());
  std::abort();
}

bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool isDigit(char c) { return c >= '0' && c <= '9'; }

void checkName(std::string_view name) {
  const auto is_part = [](char c) { return isLetter(c) || isDigit(c) || c == ':'; };
  if (name.empty() || isDigit(name.front()) || !std::all_of(name.begin(), name.end(), is_part))
    abortOn("expected a metric name", name);
}

void checkLabelNames(std::string_view name, const Labels& labels) {
  for (const auto& [label, value] : labels)
    if (label.empty() || isDigit(label.front()) || label.starts_with("__") ||
        !std::all_of(label.begin(), label.end(), [](char c) { return isLetter(c) || isDigit(c); }))
      abortOn("expected label names of letters, digits and underscores", name);
}

void appendNumber(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    char text[32];
    // Counters are whole numbers: written as such, not as 1e+06.
    const bool is_whole = value == std::floor(value) && std::fabs(value) < 9007199254740992.0;  // 2^53
    const auto end = is_whole ? std::to_chars(text, text + sizeof text, static_cast<std::int64_t>(value)).ptr
                              : std::to_chars(text, text + sizeof text, value).ptr;
    out.append(text, end);
  }
}

void appendCount(std::string& out, std::uint64_t value) { out += std::to_string(value); }

// Label values escape backslash, quote and line feed; help escapes backslash and line feed.
void appendEscaped(std::string& out, std::string_view text, bool is_label) {
  for (const char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else if (c == '"' && is_label)
      out += "\\\"";
    else
      out += c;
  }
}

// {a="x",b="y"}, with `last` (already written) at the end; nothing when there are no labels.
std::string labelText(const Labels& labels, std::string_view last = {}) {
  std::string text;
  for (const auto& [name, value] : labels) {
    text += text.empty() ? '{' : ',';
    text += name;
    text += "=\"";
    appendEscaped(text, value, true);
    text += '"';
  }
  if (!last.empty()) {
    text += text.empty() ? '{' : ',';
    text += last;
  }
  if (!text.empty()) text += '}';
  return text;
}

std::string_view kindName(MetricKind kind) {
  switch (kind) {
    case MetricKind::kCounter: return "counter";
    case MetricKind::kGauge: return "gauge";
    case MetricKind::kHistogram: return "histogram";
  }
  return "untyped";
}

void appendHistogram(std::string& out, std::string_view name, const Labels& labels, const Histogram& histogram) {
  const Histogram::Snapshot seen = histogram.snapshot();
  std::uint64_t cumulated = 0;
  for (std::size_t i = 0; i < seen.counts.size(); ++i) {
    cumulated += seen.counts[i];
    std::string bound = "le=\"";
    appendNumber(bound, i < histogram.bounds().size() ? histogram.bounds()[i] : HUGE_VAL);
    bound += '"';
    out.append(name).append("_bucket").append(labelText(labels, bound)) += ' ';
    appendCount(out, cumulated);
    out += '\n';
  }
  out.append(name).append("_sum").append(labelText(labels)) += ' ';
  appendNumber(out, seen.sum);
  out += '\n';
  out.append(name).append("_count").append(labelText(labels)) += ' ';
  appendCount(out, seen.count);
  out += '\n';
}

constexpr double kDurationBounds[] = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                      0.05,    0.1,    0.25,    0.5,    1,     2.5,    5,     10};

}  // namespace

std::span<const double> durationBounds() { return kDurationBounds; }

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds.begin(), bounds.end()),
      counts_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds.size() + 1)) {}

void Histogram::observe(double value) {
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

Histogram::Snapshot Histogram::snapshot() const {
  Snapshot seen;
  for (std::size_t i = 0; i <= bounds_.size(); ++i) {
    seen.counts.push_back(counts_[i].load(std::memory_order_relaxed));
    seen.count += seen.counts.back();
  }
  seen.sum = sum_.load(std::memory_order_relaxed);
  return seen;
}

Samples::Family& Samples::family(std::string_view name, MetricKind kind, std::string_view help) {
  auto found = families_.find(name);
  if (found == families_.end()) {
    checkName(name);
    found = families_.emplace(std::string(name), Family{kind, std::string(help), {}}).first;
  }
  if (found->second.kind != kind) abortOn("used for two kinds", name);
  return found->second;
}

void Samples::counter(std::string_view name, std::string_view help, const Labels& labels, double value) {
  checkLabelNames(name, labels);
  std::string& lines = family(name, MetricKind::kCounter, help).lines;
  lines.append(name).append(labelText(labels)) += ' ';
  appendNumber(lines, value);
  lines += '\n';
}

void Samples::gauge(std::string_view name, std::string_view help, const Labels& labels, double value) {
  checkLabelNames(name, labels);
  std::string& lines = family(name, MetricKind::kGauge, help).lines;
  lines.append(name).append(labelText(labels)) += ' ';
  appendNumber(lines, value);
  lines += '\n';
}

struct MetricsRegistry::Family {
  MetricKind kind;
  std::string help;
  // By labels; a node never moves, so references stay good.
  std::map<Labels, std::unique_ptr<Counter>> counters = {};
  std::map<Labels, std::unique_ptr<Gauge>> gauges = {};
  std::map<Labels, std::unique_ptr<Histogram>> histograms = {};
};

struct MetricsRegistry::Collectors {
  std::mutex mutex;  // held while collectors run, so that removing one waits for it
  std::uint64_t next_id = 1;
  std::map<std::uint64_t, Collector> by_id;
};

MetricsRegistry::MetricsRegistry() : collectors_(std::make_shared<Collectors>()) {}

MetricsRegistry::~MetricsRegistry() = default;

MetricsRegistry::Family& MetricsRegistry::family(std::string_view name, MetricKind kind, std::string_view help) {
  auto found = families_.find(name);
  if (found == families_.end()) {
    checkName(name);
    found = families_.emplace(std::string(name), std::make_unique<Family>(Family{kind, std::string(help)})).first;
  }
  if (found->second->kind != kind) abortOn("used for two kinds", name);
  return *found->second;
}

Counter& MetricsRegistry::counter(std::string_view name, std::string_view help, Labels labels) {
  const std::lock_guard lock(mutex_);
  checkLabelNames(name, labels);
  std::unique_ptr<Counter>& slot = family(name, MetricKind::kCounter, help).counters[std::move(labels)];
  if (!slot) slot = std::make_unique<Counter>();
  return *slot;
}

Gauge& MetricsRegistry::gauge(std::string_view name, std::string_view help, Labels labels) {
  const std::lock_guard lock(mutex_);
  checkLabelNames(name, labels);
  std::unique_ptr<Gauge>& slot = family(name, MetricKind::kGauge, help).gauges[std::move(labels)];
  if (!slot) slot = std::make_unique<Gauge>();
  return *slot;
}

Histogram& MetricsRegistry::histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                                      Labels labels) {
  const std::lock_guard lock(mutex_);
  checkLabelNames(name, labels);
  if (!std::is_sorted(bounds.begin(), bounds.end())) abortOn("expected ascending bounds", name);
  std::unique_ptr<Histogram>& slot = family(name, MetricKind::kHistogram, help).histograms[std::move(labels)];
  if (!slot) slot = std::make_unique<Histogram>(bounds);
  if (!std::equal(bounds.begin(), bounds.end(), slot->bounds().begin(), slot->bounds().end()))
    abortOn("used with two sets of bounds", name);
  return *slot;
}

MetricsRegistry::CollectorHandle MetricsRegistry::addCollector(Collector collector) {
  const std::lock_guard lock(collectors_->mutex);
  const std::uint64_t id = collectors_->next_id++;
  collectors_->by_id.emplace(id, std::move(collector));
  return {collectors_, id};
}

std::string MetricsRegistry::write() const {
  Samples samples;
  {
    const std::lock_guard lock(collectors_->mutex);
    for (const auto& [id, collect] : collectors_->by_id) collect(samples);
  }
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, family] : families_) {
      std::string& lines = samples.family(name, family->kind, family->help).lines;
      for (const auto& [labels, histogram] : family->histograms) appendHistogram(lines, name, labels, *histogram);
      for (const auto& [labels, counter] : family->counters) {
        lines.append(name).append(labelText(labels)) += ' ';
        appendCount(lines, counter->value());
        lines += '\n';
      }
      for (const auto& [labels, gauge] : family->gauges) {
        lines.append(name).append(labelText(labels)) += ' ';
        appendNumber(lines, gauge->value());
        lines += '\n';
      }
    }
  }
  std::string out;
  for (const auto& [name, family] : samples.families_) {
    out.append("# HELP ").append(name) += ' ';
    appendEscaped(out, family.help, false);
    out.append("\n# TYPE ").append(name) += ' ';
    out.append(kindName(family.kind)) += '\n';
    out += family.lines;
  }
  return out;
}

MetricsRegistry::CollectorHandle& MetricsRegistry::CollectorHandle::operator=(CollectorHandle&& other) noexcept {
  if (this != &other) {
    remove();
    collectors_ = std::move(other.collectors_);
    id_ = other.id_;
  }
  return *this;
}

MetricsRegistry::CollectorHandle::~CollectorHandle() { remove(); }

void MetricsRegistry::CollectorHandle::remove() {
  const std::shared_ptr<Collectors> collectors = collectors_.lock();
  if (!collectors) return;
  const std::lock_guard lock(collectors->mutex);
  collectors->by_id.erase(id_);
}

}  // namespace gyre::observe
