#include "server/http/scraper.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <limits>
#include <system_error>
#include <thread>
#include <utility>

#include "server/http/name_lookup.hpp"
#include "server/http/scrape_fetch.hpp"
#include "server/stream/scrape_series.hpp"

namespace gyre::http {

namespace {

constexpr std::string_view kIntake = "prometheus";
constexpr std::int64_t kNanosPerMilli = 1'000'000;
// A sample has the moment that was planned when it is no later than this part of the interval, so that times are even.
constexpr std::int64_t kEvenPart = 100;
constexpr std::int64_t kEvenMost = 50;
constexpr std::uint64_t kWakeId = ~std::uint64_t{0};

// FNV-1a: the same at every start.
std::uint64_t hashOf(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  // Its low bits are not even enough for short texts.
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdULL;
  return hash ^ (hash >> 33);
}

// Closed when nobody can wake the loop any more.
class WakeUp {
 public:
  WakeUp() : descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~WakeUp() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  WakeUp(const WakeUp&) = delete;
  WakeUp& operator=(const WakeUp&) = delete;
  int get() const { return descriptor_; }
  void wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(descriptor_, &one, sizeof one);
  }
  void drain() const {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t read = ::read(descriptor_, &count, sizeof count);
  }

 private:
  int descriptor_;
};

// Also told by appends that end after the scraper.
struct Counters {
  std::atomic<std::uint64_t> up{0}, fetches{0}, failures{0}, samples{0}, rejected{0}, lost{0};
};

stream::ScrapeRules rulesOf(const config::ScrapeJob& job, const config::ScrapeTarget& place) {
  stream::ScrapeRules rules;
  rules.labels = {{"job", job.name}, {"instance", place.instance}};
  for (const std::string& label : job.labels) {
    auto split = config::splitLabel(label);
    const auto found = std::find_if(rules.labels.begin(), rules.labels.end(),
                                    [&](const auto& known) { return known.first == split.first; });
    if (found == rules.labels.end())
      rules.labels.push_back(std::move(split));
    else
      found->second = std::move(split.second);
  }
  rules.honors_labels = job.honors_labels;
  rules.honors_timestamps = job.honors_timestamps;
  rules.max_samples = job.max_samples;
  rules.max_labels = job.max_labels;
  rules.max_label_bytes = job.max_label_bytes;
  return rules;
}

struct Target {
  Target(config::ScrapeJob of_job, config::ScrapeTarget at)
      : job(std::move(of_job)), place(std::move(at)), series(rulesOf(job, place)) {}

  config::ScrapeJob job;
  config::ScrapeTarget place;
  stream::ScrapeSeries series;
  std::string name;             // for messages: "node http://web-1:8081/metrics"
  std::int64_t offset_ms = 0;   // in the interval
  std::int64_t planned_ms = 0;  // by the wall's clock
  std::int64_t time_ms = 0;     // of the samples of the fetch under way
  std::int64_t due_nanos = 0;   // when it begins
  std::int64_t began_nanos = 0;
  std::int64_t deadline_nanos = 0;
  bool is_running = false;
  bool is_up = false;
  std::unique_ptr<ScrapeFetch> fetch;  // null while its name is looked up
  std::string trouble;                 // what was logged last; "" when it works
};

}  // namespace

class Scraper::Loop {
 public:
  Loop(ScraperOptions options, std::size_t intake, const bus::DomainService& domain, const base::Clock& clock,
       base::Observer& observer)
      : options_(std::move(options)),
        intake_(intake),
        domain_(domain),
        clock_(clock),
        observer_(observer),
        part_("scrape/" + domain.name) {}
  ~Loop() {
    stop();
    if (epoll_ >= 0) ::close(epoll_);
  }

  Status open() {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event event{EPOLLIN, {}};
    event.data.u64 = kWakeId;
    if (epoll_ < 0 || wake_->get() < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_->get(), &event) != 0)
      return unavailable(part_ + ": " + std::generic_category().message(errno));
    for (const config::ScrapeJob& job : options_.jobs)
      for (const std::string& text : job.targets) {
        GYRE_TRY_ASSIGN(const config::ScrapeTarget place, config::parseScrapeTarget(text, job.path));
        Target target(job, place);
        target.name = job.name + " " + (place.is_self ? place.instance : "http://" + place.instance + place.path);
        target.offset_ms = static_cast<std::int64_t>(hashOf(target.name) % static_cast<std::uint64_t>(job.interval_ms));
        targets_.push_back(std::move(target));
      }
    return {};
  }

  void start() {
    thread_ = std::thread([this] { run(); });
  }
  void stop() {
    if (!thread_.joinable()) return;
    is_stopping_ = true;
    wake_->wake();
    thread_.join();
  }

  ScraperStats stats() const {
    return {targets_.size(),    counters_->up,       counters_->fetches, counters_->failures,
            counters_->samples, counters_->rejected, counters_->lost};
  }

 private:
  void run() {
    const std::int64_t now = clock_.monotonicNanos();
    for (Target& target : targets_) plan(target, now, clock_.nowMillis());
    std::array<epoll_event, 64> events;
    while (!is_stopping_) {
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), waitMillis());
      for (int i = 0; i < count && !is_stopping_; ++i) {
        const std::uint64_t id = events[static_cast<std::size_t>(i)].data.u64;
        if (id == kWakeId)
          wake_->drain();
        else
          advance(static_cast<std::size_t>(id));
      }
      for (const FoundAddress& found : lookup_.take()) connect(static_cast<std::size_t>(found.id), found);
      for (std::size_t i = 0; i < targets_.size() && !is_stopping_; ++i) lookAt(i);
    }
    for (Target& target : targets_) target.fetch.reset();
  }

  // The next moment of the target's own after now.
  static void plan(Target& target, std::int64_t now_nanos, std::int64_t now_ms) {
    const std::int64_t interval = target.job.interval_ms;
    std::int64_t next = now_ms - now_ms % interval + target.offset_ms;
    if (next <= now_ms) next += interval;
    if (next > now_ms + interval) next -= interval;
    target.planned_ms = next;
    target.due_nanos = now_nanos + (next - now_ms) * kNanosPerMilli;
  }

  int waitMillis() const {
    std::int64_t next = std::numeric_limits<std::int64_t>::max();
    for (const Target& target : targets_)
      next = std::min(next, target.is_running ? target.deadline_nanos : target.due_nanos);
    const std::int64_t nanos = std::max<std::int64_t>(0, next - clock_.monotonicNanos());
    return static_cast<int>(std::min<std::int64_t>((nanos + kNanosPerMilli - 1) / kNanosPerMilli, 60'000));
  }

  void lookAt(std::size_t index) {
    Target& target = targets_[index];
    const std::int64_t now = clock_.monotonicNanos();
    if (!target.is_running && now >= target.due_nanos) begin(index);
    if (target.is_running && now >= target.deadline_nanos)
      fail(target, "no whole answer within " + std::to_string(target.job.timeout_ms) + "ms: still " +
                       (target.fetch ? target.fetch->stage() : "looking up the name"));
  }

  void begin(std::size_t index) {
    Target& target = targets_[index];
    target.began_nanos = clock_.monotonicNanos();
    target.deadline_nanos = target.began_nanos + target.job.timeout_ms * kNanosPerMilli;
    const std::int64_t now_ms = clock_.nowMillis();
    const std::int64_t late = now_ms - target.planned_ms;
    const bool is_even = late >= 0 && late <= std::min(target.job.interval_ms / kEvenPart, kEvenMost);
    target.time_ms = is_even ? target.planned_ms : now_ms;
    plan(target, target.began_nanos, now_ms);
    if (!domain_.gate.isOpen()) return;  // its time passes
    target.is_running = true;
    ++counters_->fetches;
    if (target.place.is_self) return take(target, options_.self_metrics(), "text/plain");
    FoundAddress found;
    found.id = index;
    if (NameLookup::isNumeric(target.place.host, target.place.port, found)) return connect(index, found);
    lookup_.ask(index, target.place.host, target.place.port);
  }

  void connect(std::size_t index, const FoundAddress& found) {
    Target& target = targets_[index];
    if (!target.is_running || target.fetch) return;  // its time was up
    if (!found.failure.empty()) return fail(target, "the name cannot be looked up: " + found.failure);
    target.fetch = std::make_unique<ScrapeFetch>(FetchRequest{target.place.instance, target.place.path, options_.agent,
                                                              target.job.timeout_ms, target.job.max_body});
    if (const Status begun = target.fetch->connect(found.address, found.size); !begun.isOk())
      return fail(target, std::string(begun.message()));
    epoll_event event{EPOLLOUT, {}};
    event.data.u64 = index;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, target.fetch->descriptor(), &event) != 0)
      fail(target, std::generic_category().message(errno));
  }

  void advance(std::size_t index) {
    Target& target = targets_[index];
    if (!target.fetch) return;  // it ended in this turn
    const bool was_sending = target.fetch->isSending();
    const Result<bool> is_whole = target.fetch->advance();
    if (!is_whole.isOk()) return fail(target, std::string(is_whole.status().message()));
    if (*is_whole) return take(target, std::move(target.fetch->body()), target.fetch->mediaType());
    if (!was_sending || target.fetch->isSending()) return;
    epoll_event event{EPOLLIN, {}};
    event.data.u64 = index;
    if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, target.fetch->descriptor(), &event) != 0)
      fail(target, std::generic_category().message(errno));
  }

  double secondsOf(const Target& target) const {
    return static_cast<double>(clock_.monotonicNanos() - target.began_nanos) * 1e-9;
  }

  void take(Target& target, std::string body, const std::string& media_type) {
    const bus::DomainGate::Pass pass = domain_.gate.enter();
    if (!pass) return end(target);
    const auto taken =
        domain_.stream->handlers().take(intake_, {body, media_type, "{}", "", target.place.instance, target.time_ms});
    if (!taken.isOk()) return fail(target, std::string(taken.status().message()));
    counters_->rejected += taken->rejected.size();
    std::string trouble;
    if (!taken->rejected.empty())
      trouble = std::to_string(taken->rejected.size()) + " of its lines are left out; line " +
                std::to_string(taken->rejected.front().position + 1) + ": " + taken->rejected.front().reason;
    if (taken->records.isEmpty() && !taken->rejected.empty()) return fail(target, trouble);
    auto outcome = target.series.took(taken->records, target.time_ms, secondsOf(target));
    if (!outcome.failure.isOk()) {
      trouble = outcome.failure.message();
      ++counters_->failures;
    }
    settle(target, std::move(outcome.records), outcome.failure.isOk(), trouble);
  }

  void fail(Target& target, const std::string& why) {
    ++counters_->failures;
    const bus::DomainGate::Pass pass = domain_.gate.enter();
    if (!pass) return end(target);
    settle(target, target.series.failed(target.time_ms, secondsOf(target)), false, why);
  }

  // REQUIRES: the domain's gate was passed.
  void settle(Target& target, stream::RecordBatch records, bool is_up, const std::string& trouble) {
    if (is_up != target.is_up) counters_->up += is_up ? 1 : std::uint64_t{0} - 1;
    target.is_up = is_up;
    if (trouble != target.trouble) {
      target.trouble = trouble;
      if (trouble.empty())
        observer_.log(base::Level::kInformation, part_, target.name + ": works again");
      else
        observer_.log(base::Level::kWarning, part_, target.name + (is_up ? ": " : ": up 0: ") + trouble);
    }
    domain_.stream->append(std::move(records), std::nullopt,
                           [counters = counters_, &observer = observer_, part = part_,
                            name = target.name](const Result<stream::Appended>& appended) {
                             if (appended.isOk()) {
                               counters->samples += appended->count;
                               return;
                             }
                             ++counters->lost;
                             observer.log(base::Level::kWarning, part,
                                          name + ": what it said is lost: " + std::string(appended.status().message()));
                           });
    end(target);
  }

  static void end(Target& target) {
    target.fetch.reset();  // which takes its socket out of epoll
    target.is_running = false;
  }

  const ScraperOptions options_;
  const std::size_t intake_;
  const bus::DomainService& domain_;
  const base::Clock& clock_;
  base::Observer& observer_;
  const std::string part_;
  const std::shared_ptr<Counters> counters_ = std::make_shared<Counters>();
  const std::shared_ptr<WakeUp> wake_ = std::make_shared<WakeUp>();
  int epoll_ = -1;
  std::vector<Target> targets_;
  NameLookup lookup_{[wake = wake_] { wake->wake(); }};
  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

Scraper::Scraper(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
Scraper::~Scraper() = default;

Result<std::unique_ptr<Scraper>> Scraper::open(ScraperOptions options, const bus::DomainService& domain,
                                               const base::Clock& clock, base::Observer& observer) {
  const stream::StreamHandlers* const handlers = domain.handlers->stream();
  const auto intake = handlers == nullptr || handlers->kind() != stream::Kind::kSeries ? std::optional<std::size_t>()
                                                                                       : handlers->findIntake(kIntake);
  if (!intake)
    return invalidArgument("domains." + domain.name +
                           ".scrape: its plugin keeps no series that an intake \"prometheus\" takes");
  auto loop = std::make_unique<Loop>(std::move(options), *intake, domain, clock, observer);
  GYRE_TRY(loop->open());
  return std::unique_ptr<Scraper>(new Scraper(std::move(loop)));
}

void Scraper::start() { loop_->start(); }
void Scraper::stop() { loop_->stop(); }
ScraperStats Scraper::stats() const { return loop_->stats(); }

}  // namespace gyre::http
