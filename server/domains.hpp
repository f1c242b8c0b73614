// How is a domain put together? Store, engine, projector and buses around each plugin's handlers.
//
// A domain that cannot be opened does not keep the others from serving: it is listed as failed, with its reason.
//
// THREADS: open and stop from one thread, the rest from any. OWNS: all parts of all domains, the readers' pool and the
// jobs. The plugins and the data folder outlive it. Requests may be in flight until stop() has returned.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "base/thread_pool.hpp"
#include "gyre/status.hpp"
#include "server/bus/domain_service.hpp"
#include "server/bus/job_runner.hpp"
#include "server/bus/subscription.hpp"
#include "server/config/config.hpp"
#include "server/data_folder.hpp"
#include "server/plugin/plugin_host.hpp"
#include "server/plugin/switched_handlers.hpp"
#include "server/projector/backlog_watch.hpp"
#include "server/projector/index_follower.hpp"
#include "server/search/index_reader.hpp"
#include "server/search/opensearch/cluster.hpp"
#include "server/verify_schedule.hpp"

namespace gyre::http {
class SyslogListener;
}

namespace gyre {

class Shadow;

class Domains {
 public:
  // All arguments outlive it.
  static Result<std::unique_ptr<Domains>> open(const config::Config& config, plugin::PluginHost& plugins,
                                               const DataFolder& folder, const base::Clock& clock,
                                               base::Observer& observer);
  ~Domains();  // stop()
  Domains(const Domains&) = delete;
  Domains& operator=(const Domains&) = delete;

  const bus::DomainCatalog& catalog() const { return catalog_; }
  bus::JobRunner& jobs() { return *jobs_; }
  base::ThreadPool& readers() { return *readers_; }
  // REQUIRES: the domain at this place was opened.
  const bus::QueryCache& cache(std::size_t served) const;
  // Null with an embedded engine.
  search::Cluster* cluster() { return cluster_.get(); }
  const projector::Backlog* backlog(std::size_t served) const;
  // Null unless another server writes the index.
  const search::IndexReader* reader(std::size_t served) const;
  const projector::IndexFollower* follower(std::size_t served) const;
  // Null when no other engine is compared with.
  const Shadow* shadow(std::size_t served) const;
  // Null when it listens for none.
  const http::SyslogListener* syslog(std::size_t served) const;

  struct SubscriptionReport {
    std::string source;
    bus::SubscriptionStats stats;
  };
  // To the events of other domains.
  std::vector<SubscriptionReport> subscriptions(std::string_view domain) const;

  // Opens a domain that was disabled, by the configuration or by disable(). not_found, or why it cannot be opened.
  Status enable(std::string_view name);
  // New requests are refused, those inside end; it hears of no events until it is enabled again, and misses none.
  Status disable(std::string_view name);
  // Takes a plugin file that was replaced into use, between two requests. Nothing happens when it is the one in use.
  // conflict when its index has another definition; deadline_exceeded when requests do not end within 30 s.
  Status reload(std::string_view name);

  struct VerifyReport {
    std::int64_t time_millis = 0;
    std::uint64_t checked = 0, missing = 0, extra = 0, different = 0;
  };
  // Of the last job that compared all of the domain, since the start.
  std::optional<VerifyReport> lastVerify(std::string_view domain) const;

  // Called after a domain got another index, on a job's thread. Set before requests come.
  void onSwitchedIndex(std::function<void(const bus::DomainService&)> call) { on_switched_index_ = std::move(call); }

  // Finishes what is queued, then closes every part: jobs, subscriptions, readers, stores (each unit gets its answer),
  // projectors with a last commit, engines. Harmless when repeated.
  void stop();
  // Ends who follows streams, so that the listeners can stop.
  void stopTails();

 private:
  struct Parts;
  Domains(const config::Config& config, plugin::PluginHost& plugins, const DataFolder& folder, const base::Clock& clock,
          base::Observer& observer);
  // A domain whose store and index are another server's.
  Status openForReading(const config::DomainConfig& domain, const plugin::SwitchedHandlers& handlers, Parts& parts);
  // A stream's parts; store and cache are there.
  Status openStream(const config::DomainConfig& domain, const plugin::SwitchedHandlers& handlers,
                    const std::string& path, Parts& parts);
  Result<std::unique_ptr<Parts>> openDomain(const config::DomainConfig& domain, plugin::PluginHandlers& plugin,
                                            const plugin::SwitchedHandlers& handlers);
  Status openAt(std::size_t place);
  Result<std::size_t> placeOf(std::string_view name) const;
  void startSubscriptions();
  void stopSubscriptions(std::string_view subscriber);
  Result<std::string> runReindex(const bus::DomainService& domain, const bus::JobRunner::Progress& progress);
  Status openEngine(const config::Config& config, const config::DomainConfig& domain, std::string definition,
                    const std::string& path, Parts& parts);
  Result<std::unique_ptr<Shadow>> openShadow(const config::DomainConfig& domain,
                                             const plugin::SwitchedHandlers& handlers, const std::string& path,
                                             Parts& parts);
  Result<std::string> runJob(const bus::Job& job, const bus::JobRunner::Progress& progress);

  struct Heard {
    std::string subscriber;
    std::unique_ptr<bus::Subscription> subscription;
  };

  const config::Config& config_;
  plugin::PluginHost& plugins_;
  const DataFolder& folder_;
  const base::Clock& clock_;
  base::Observer& observer_;
  std::unique_ptr<search::Cluster> cluster_;
  std::unique_ptr<search::Cluster> shadow_cluster_;  // of the other engine, when that is one
  std::vector<std::unique_ptr<Parts>> parts_;                        // as catalog_.served; null until opened
  std::vector<std::unique_ptr<plugin::SwitchedHandlers>> handlers_;  // as catalog_.served
  projector::BacklogWatch backlog_watch_;
  bus::DomainCatalog catalog_;
  std::mutex lifecycle_mutex_;              // one change at a time
  mutable std::mutex subscriptions_mutex_;  // guards what follows
  std::vector<Heard> subscriptions_;
  std::unique_ptr<base::ThreadPool> readers_;
  std::unique_ptr<bus::JobRunner> jobs_;
  std::unique_ptr<VerifySchedule> schedule_;
  mutable std::mutex verify_mutex_;  // guards what follows
  std::map<std::string, VerifyReport, std::less<>> verified_;
  bool is_stopped_ = false;
  std::function<void(const bus::DomainService&)> on_switched_index_;
};

}  // namespace gyre
