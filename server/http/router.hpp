// Which call of the contract is this? Method and path to a name; no work is done here.
//
// THREADS: free function. The route borrows from `path`.
#pragma once

#include <string_view>

namespace gyre::http {

struct Route {
  enum class Kind {
    kNone,              // no such path
    kMethodNotAllowed,  // the path exists: `allow` names its methods
    kCommand,           // POST /v1/{domain}/commands/{name}
    kBatch,             // POST /v1/{domain}/commands
    kEvents,            // POST /v1/{domain}/events
    kQuery,             // GET, POST /v1/{domain}/queries/{name}
    kIngest,            // POST /v1/{domain}/ingest/{name}, and the paths of a stream's intakes
    kRecords,           // POST /v1/{domain}/records
    kEndpoint,          // GET, POST: the paths of a stream's endpoints
    kActivity,          // GET /v1/activity
    kKeys,              // GET, POST /admin/v1/keys
    kKey,               // DELETE /admin/v1/keys/{id}
    kPlugins,           // GET /admin/v1/plugins
    kEnablePlugin,      // POST /admin/v1/plugins/{name}/enable
    kDisablePlugin,     // POST /admin/v1/plugins/{name}/disable
    kReloadPlugin,      // POST /admin/v1/plugins/{name}/reload
    kSynchronize,       // POST /admin/v1/{domain}/synchronize
    kVerify,            // POST /admin/v1/{domain}/verify
    kReindex,           // POST /admin/v1/{domain}/reindex
    kDeadLetters,       // GET /admin/v1/{domain}/dead-letters
    kDeadLetter,        // GET, PUT, DELETE /admin/v1/{domain}/dead-letters/{id}
    kDeadLetterReplay,  // POST /admin/v1/{domain}/dead-letters/{id}/replay
    kJobs,              // GET /admin/v1/jobs
    kJob,               // GET, DELETE /admin/v1/jobs/{id}
    kHealth,            // GET /healthz
    kReady,             // GET /readyz
    kMetrics,           // GET /metrics
    kOpenApi,           // GET /openapi.json
    kConsole            // GET /
  };
  Kind kind = Kind::kNone;
  std::string_view domain;
  std::string_view name;   // of a command or query; the id of a job or dead letter
  std::string_view allow;  // "GET, POST"
};

// HEAD is matched as GET.
Route matchRoute(std::string_view method, std::string_view path);

}  // namespace gyre::http
