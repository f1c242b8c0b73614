// How is a domain put together? Store, engine, projector and buses around each plugin's handlers.
//
// A domain that cannot be opened does not keep the others from serving: it is listed as failed, with its reason.
//
// THREADS: open and stop from one thread. OWNS: all parts of all domains, the readers' pool and the jobs. The plugins
// and the data folder outlive it. Requests may be in flight until stop() has returned.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "base/thread_pool.hpp"
#include "gyre/status.hpp"
#include "server/bus/domain_service.hpp"
#include "server/bus/job_runner.hpp"
#include "server/config/config.hpp"
#include "server/data_folder.hpp"
#include "server/plugin/plugin_host.hpp"

namespace gyre {

class Domains {
 public:
  static Result<std::unique_ptr<Domains>> open(const config::Config& config, const plugin::PluginHost& plugins,
                                               const DataFolder& folder, const base::Clock& clock,
                                               base::Observer& observer);
  ~Domains();  // stop()
  Domains(const Domains&) = delete;
  Domains& operator=(const Domains&) = delete;

  const bus::DomainCatalog& catalog() const { return catalog_; }
  bus::JobRunner& jobs() { return *jobs_; }
  base::ThreadPool& readers() { return *readers_; }
  const bus::QueryCache& cache(std::size_t served) const;

  // Finishes what is queued, then closes every part: jobs, subscriptions, readers, stores (each unit gets its answer),
  // projectors with a last commit, engines. Harmless when repeated.
  void stop();

 private:
  struct Parts;
  Domains(const base::Clock& clock, base::Observer& observer);
  Result<std::unique_ptr<Parts>> openDomain(const config::Config& config, const config::DomainConfig& domain,
                                            plugin::PluginHandlers& handlers, const DataFolder& folder);
  void startSubscriptions();
  Result<std::string> runJob(const bus::Job& job, const bus::JobRunner::Progress& progress);

  const base::Clock& clock_;
  base::Observer& observer_;
  std::vector<std::unique_ptr<Parts>> parts_;
  bus::DomainCatalog catalog_;
  std::vector<std::unique_ptr<bus::Subscription>> subscriptions_;
  std::unique_ptr<base::ThreadPool> readers_;
  std::unique_ptr<bus::JobRunner> jobs_;
  bool is_stopped_ = false;
};

}  // namespace gyre
