// Whose request is it, and what may they do? The API keys, in one file of the data folder; only hashes are kept.
//
// A key is "gyre_" and 43 random characters (256 bits), so its hash needs no salt and no slowness. It carries roles and
// may be bound to one organisation. While there is none, everybody who reaches the listener may do everything, which is
// why it then listens on loopback only; the first key must be an administrator's, so that nobody locks himself out.
//
// Roles: admin (everything), writer (commands and events), reader (queries), and DOMAIN:writer, DOMAIN:reader.
//
// THREADS: any. OWNS: the file, which is replaced as a whole and is durable when create() or revoke() returns.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "gyre/status.hpp"

namespace gyre::http {

struct ApiKey {
  std::string id;  // "key-7": public, for listing and revoking
  std::string name;
  std::string organization_id;  // "" for none
  std::vector<std::string> roles;
  std::int64_t created_millis = 0;
  std::optional<std::int64_t> expires_millis;
  std::string hash;  // SHA-256 of the key, hexadecimal
};

enum class Permission : std::uint8_t {
  kAny,    // any valid key
  kRead,   // queries of a domain
  kWrite,  // commands and events of a domain
  kAdmin,
};

struct CreatedKey {
  ApiKey key;
  std::string secret;  // the key itself; never seen again
};

class ApiKeys {
 public:
  // Reads `path`; absent is none. corruption for anything that this program did not write.
  static Result<std::unique_ptr<ApiKeys>> open(std::string path, const base::Clock& clock);

  bool isEmpty() const { return count_.load(std::memory_order_acquire) == 0; }

  // `key.id`, `created_millis` and `hash` are assigned. invalid_argument with every fault: the name, unknown roles, an
  // administrator bound to an organisation, an end in the past, a first key that is no administrator's.
  Result<CreatedKey> create(ApiKey key);
  std::vector<ApiKey> list() const;  // oldest first
  // not_found; failed_precondition for the last administrator while other keys exist.
  Status revoke(std::string_view id);

  // Who sends this Authorization header, and may they? `domain` "" stands for all domains together. Without any key:
  // nobody in particular, who may. unauthenticated or permission_denied otherwise.
  Result<ApiKey> admit(std::string_view authorization, Permission permission, std::string_view domain) const;

 private:
  ApiKeys(std::string path, const base::Clock& clock) : path_(std::move(path)), clock_(clock) {}
  Status load();
  Status save(const std::vector<ApiKey>& keys, std::uint64_t next_number) const;

  const std::string path_;
  const base::Clock& clock_;
  std::atomic<std::size_t> count_{0};
  mutable std::mutex mutex_;
  std::vector<ApiKey> keys_;
  std::uint64_t next_number_ = 1;
};

}  // namespace gyre::http
