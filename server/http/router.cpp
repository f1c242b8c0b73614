#include "server/http/router.hpp"

#include <array>
#include <cstddef>

namespace gyre::http {

namespace {

using Kind = Route::Kind;

// `{domain}` and `{name}` take one path segment that is not empty. Patterns are tried in order, so a fixed segment
// stands before a variable one.
struct Pattern {
  std::string_view path;
  std::string_view methods;
  Kind kind;
};

constexpr std::array kPatterns = {
    Pattern{"/v1/{domain}/commands/{name}", "POST", Kind::kCommand},
    Pattern{"/v1/{domain}/commands", "POST", Kind::kBatch},
    Pattern{"/v1/{domain}/events", "POST", Kind::kEvents},
    Pattern{"/v1/{domain}/queries/{name}", "GET, POST", Kind::kQuery},
    Pattern{"/v1/{domain}/ingest/{name}", "POST", Kind::kIngest},
    Pattern{"/v1/{domain}/records", "POST", Kind::kRecords},
    Pattern{"/v1/activity", "GET", Kind::kActivity},
    Pattern{"/admin/v1/keys", "GET, POST", Kind::kKeys},
    Pattern{"/admin/v1/keys/{name}", "DELETE", Kind::kKey},
    Pattern{"/admin/v1/plugins", "GET", Kind::kPlugins},
    Pattern{"/admin/v1/plugins/{name}/enable", "POST", Kind::kEnablePlugin},
    Pattern{"/admin/v1/plugins/{name}/disable", "POST", Kind::kDisablePlugin},
    Pattern{"/admin/v1/plugins/{name}/reload", "POST", Kind::kReloadPlugin},
    Pattern{"/admin/v1/jobs", "GET", Kind::kJobs},
    Pattern{"/admin/v1/jobs/{name}", "GET, DELETE", Kind::kJob},
    Pattern{"/admin/v1/{domain}/synchronize", "POST", Kind::kSynchronize},
    Pattern{"/admin/v1/{domain}/verify", "POST", Kind::kVerify},
    Pattern{"/admin/v1/{domain}/reindex", "POST", Kind::kReindex},
    Pattern{"/admin/v1/{domain}/dead-letters", "GET", Kind::kDeadLetters},
    Pattern{"/admin/v1/{domain}/dead-letters/{name}", "GET, PUT, DELETE", Kind::kDeadLetter},
    Pattern{"/admin/v1/{domain}/dead-letters/{name}/replay", "POST", Kind::kDeadLetterReplay},
    Pattern{"/healthz", "GET", Kind::kHealth},
    Pattern{"/readyz", "GET", Kind::kReady},
    Pattern{"/metrics", "GET", Kind::kMetrics},
    Pattern{"/openapi.json", "GET", Kind::kOpenApi},
    Pattern{"/", "GET", Kind::kConsole},
};

// Takes the segment up to the next '/' off the front, that slash included.
std::string_view takeSegment(std::string_view& rest) {
  const std::size_t slash = rest.find('/');
  const std::string_view segment = rest.substr(0, slash);
  rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
  return segment;
}

bool matches(std::string_view pattern, std::string_view path, Route& route) {
  // A trailing slash would be one segment more; "/" alone is its own pattern.
  if ((pattern == "/") != (path == "/") || (path.size() > 1 && path.back() == '/')) return false;
  pattern.remove_prefix(1);
  path.remove_prefix(1);
  while (!pattern.empty() || !path.empty()) {
    if (pattern.empty() || path.empty()) return false;
    const std::string_view expected = takeSegment(pattern);
    const std::string_view found = takeSegment(path);
    if (expected == "{domain}")
      route.domain = found;
    else if (expected == "{name}")
      route.name = found;
    else if (expected != found)
      return false;
    if (found.empty()) return false;
  }
  return true;
}

// `methods` is a list such as "GET, POST".
bool allows(std::string_view methods, std::string_view method) {
  if (method == "HEAD") method = "GET";
  while (!methods.empty()) {
    const std::size_t comma = methods.find(", ");
    if (methods.substr(0, comma) == method) return true;
    methods.remove_prefix(comma == std::string_view::npos ? methods.size() : comma + 2);
  }
  return false;
}

}  // namespace

Route matchRoute(std::string_view method, std::string_view path) {
  for (const Pattern& pattern : kPatterns) {
    Route route;
    if (!matches(pattern.path, path, route)) continue;
    route.kind = allows(pattern.methods, method) ? pattern.kind : Kind::kMethodNotAllowed;
    route.allow = pattern.methods;
    return route;
  }
  return {};
}

}  // namespace gyre::http
