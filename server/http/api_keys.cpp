#include "server/http/api_keys.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include <Poco/DigestEngine.h>
#include <Poco/SHA2Engine.h>

#include "gyre/base64.hpp"
#include "gyre/excerpt.hpp"
#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/schema.hpp"

namespace gyre::http {

namespace {

constexpr std::string_view kPrefix = "gyre_";
constexpr std::size_t kMaxKeys = 10'000;
constexpr std::size_t kMaxName = 256;

Result<std::string> randomKey() {
  std::array<char, 32> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return unavailable("random bytes: " + std::generic_category().message(errno));
  std::string key(kPrefix);
  key += encodeBase64Url({bytes.data(), bytes.size()});
  return key;
}

std::string hashOf(std::string_view key) {
  Poco::SHA2Engine engine(Poco::SHA2Engine::SHA_256);
  engine.update(key.data(), key.size());
  return Poco::DigestEngine::digestToHex(engine.digest());
}

bool isRole(std::string_view role) {
  const std::size_t colon = role.find(':');
  if (colon == std::string_view::npos) return role == "admin" || role == "writer" || role == "reader";
  const std::string_view what = role.substr(colon + 1);
  return colon > 0 && isPrintable(role) && (what == "writer" || what == "reader");
}

bool hasRole(const ApiKey& key, std::string_view role) {
  return std::find(key.roles.begin(), key.roles.end(), role) != key.roles.end();
}

bool isAllowed(const ApiKey& key, Permission permission, std::string_view domain) {
  if (permission == Permission::kAny || hasRole(key, "admin")) return true;
  if (permission == Permission::kAdmin) return false;
  const std::string_view role = permission == Permission::kRead ? "reader" : "writer";
  return hasRole(key, role) || (!domain.empty() && hasRole(key, std::string(domain) + ":" + std::string(role)));
}

void writeKey(const ApiKey& key, JsonWriter& writer) {
  writer.beginObject().member("id", key.id).member("name", key.name).member("organizationId", key.organization_id);
  writer.key("roles").beginArray();
  for (const std::string& role : key.roles) writer.string(role);
  writer.endArray().member("created", key.created_millis);
  if (key.expires_millis) writer.member("expires", *key.expires_millis);
  writer.member("hash", key.hash).endObject();
}

// Written beside and renamed over, with both synced: the file is the old one or the new one.
Status replaceFile(const std::string& path, const std::string& text) {
  const auto failure = [&](const char* what) {
    return unavailable(path + ": cannot be " + what + ": " + std::generic_category().message(errno));
  };
  const std::string beside = path + ".new";
  const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return failure("written");
  bool is_written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  is_written = ::close(file) == 0 && is_written;
  if (!is_written) return failure("written");
  if (::rename(beside.c_str(), path.c_str()) != 0) return failure("replaced");
  const int folder = ::open(path.substr(0, path.rfind('/') + 1).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return failure("synced");
  const bool is_synced = ::fsync(folder) == 0;
  ::close(folder);
  return is_synced ? Status() : failure("synced");
}

}  // namespace

Result<std::unique_ptr<ApiKeys>> ApiKeys::open(std::string path, const base::Clock& clock) {
  std::unique_ptr<ApiKeys> keys(new ApiKeys(std::move(path), clock));
  GYRE_TRY(keys->load());
  return keys;
}

// A damaged file must not read as "no keys", which lets everybody in.
Status ApiKeys::load() {
  struct stat found {};
  if (::stat(path_.c_str(), &found) != 0)
    return errno == ENOENT ? Status() : unavailable(path_ + ": " + std::generic_category().message(errno));
  std::ifstream in(path_, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return unavailable(path_ + ": cannot be read");
  const std::string content = text.str();
  const auto document = json::Document::parse(content);
  const auto damaged = [&](const std::string& what) {
    return Status(Code::kCorruption, path_ + ": " + what + "; put it back from a copy");
  };
  if (!document.isOk()) return damaged(std::string(document.status().message()));
  const json::Value root = document->root();
  const auto number = root["nextNumber"].unsignedInteger();
  if (!number || !root["keys"].isArray()) return damaged("expected {\"nextNumber\",\"keys\"}");
  next_number_ = *number;
  for (const json::Value entry : root["keys"]) {
    ApiKey key;
    key.id = entry["id"].string();
    key.name = entry["name"].string();
    key.organization_id = entry["organizationId"].string();
    for (const json::Value role : entry["roles"]) key.roles.emplace_back(role.string());
    key.created_millis = entry["created"].integer().value_or(0);
    key.expires_millis = entry["expires"].integer();
    key.hash = entry["hash"].string();
    if (key.id.empty() || key.hash.size() != 64 || !std::all_of(key.roles.begin(), key.roles.end(), isRole))
      return damaged("expected a key, found " + std::string(excerpt(entry.raw(), 60)));
    keys_.push_back(std::move(key));
  }
  count_.store(keys_.size(), std::memory_order_release);
  return {};
}

Status ApiKeys::save(const std::vector<ApiKey>& keys, std::uint64_t next_number) const {
  std::string text;
  JsonWriter writer(text);
  writer.beginObject().member("nextNumber", next_number).key("keys").beginArray();
  for (const ApiKey& key : keys) writeKey(key, writer);
  writer.endArray().endObject();
  return replaceFile(path_, text);
}

Result<CreatedKey> ApiKeys::create(ApiKey key) {
  const std::lock_guard lock(mutex_);
  Status faults = invalidArgument("the key cannot be made");
  if (key.name.empty() || key.name.size() > kMaxName || !isPrintable(key.name))
    faults.addFault("/name", "expected 1 to 256 bytes without control characters");
  if (key.roles.empty()) faults.addFault("/roles", "expected at least one role");
  for (std::size_t i = 0; i < key.roles.size(); ++i)
    if (!isRole(key.roles[i]))
      faults.addFault("/roles/" + std::to_string(i),
                      "expected admin, writer, reader, DOMAIN:writer or DOMAIN:reader, found \"" + key.roles[i] + "\"");
  const bool is_admin = hasRole(key, "admin");
  if (is_admin && !key.organization_id.empty())
    faults.addFault("/organizationId", "an administrator's key cannot be bound to an organisation");
  if (key.expires_millis && *key.expires_millis <= clock_.nowMillis())
    faults.addFault("/expiresAt", "expected a time to come");
  if (keys_.empty() && (!is_admin || key.expires_millis))
    faults.addFault("/roles", "the first key must have the role admin and no end: from then on a key is required");
  if (!faults.faults().empty()) {
    const std::string message = faults.faults().front().pointer.substr(1) + ": " + faults.faults().front().detail;
    Status all = invalidArgument(message);
    for (const Fault& fault : faults.faults()) all.addFault(fault.pointer, fault.detail);
    return all;
  }
  if (keys_.size() >= kMaxKeys)
    return Status(Code::kResourceExhausted, "there are " + std::to_string(kMaxKeys) + " keys already: revoke some");
  CreatedKey created;
  GYRE_TRY_ASSIGN(created.secret, randomKey());
  key.id = "key-" + std::to_string(next_number_);
  key.created_millis = clock_.nowMillis();
  key.hash = hashOf(created.secret);
  std::vector<ApiKey> keys = keys_;
  keys.push_back(key);
  GYRE_TRY(save(keys, next_number_ + 1));
  ++next_number_;
  keys_ = std::move(keys);
  count_.store(keys_.size(), std::memory_order_release);
  created.key = std::move(key);
  return created;
}

std::vector<ApiKey> ApiKeys::list() const {
  const std::lock_guard lock(mutex_);
  return keys_;
}

Status ApiKeys::revoke(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const ApiKey& key) { return key.id == id; });
  if (found == keys_.end()) return notFound("there is no key \"" + std::string(id) + "\"");
  const auto is_lasting_admin = [](const ApiKey& key) { return hasRole(key, "admin") && !key.expires_millis; };
  const auto admins = std::count_if(keys_.begin(), keys_.end(), is_lasting_admin);
  // Without any key everybody may do everything: that must not come about by taking the last administrator away.
  if (is_lasting_admin(*found) && admins == 1)
    return {Code::kConflict, "last_admin_key",
            "key \"" + std::string(id) + "\" is the last administrator's: make another one first"};
  std::vector<ApiKey> keys = keys_;
  keys.erase(keys.begin() + (found - keys_.begin()));
  GYRE_TRY(save(keys, next_number_));
  keys_ = std::move(keys);
  count_.store(keys_.size(), std::memory_order_release);
  return {};
}

Result<ApiKey> ApiKeys::admit(std::string_view authorization, Permission permission, std::string_view domain) const {
  if (isEmpty()) return ApiKey();
  constexpr std::string_view kBearer = "bearer ";
  const bool is_bearer = authorization.size() > kBearer.size() &&
                         std::equal(kBearer.begin(), kBearer.end(), authorization.begin(),
                                    [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b); });
  if (!is_bearer)
    return Status(Code::kUnauthenticated, "expected the header Authorization: Bearer KEY, found " +
                                              std::string(authorization.empty() ? "none" : "another scheme"));
  const std::string hash = hashOf(authorization.substr(kBearer.size()));
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const ApiKey& key) { return key.hash == hash; });
  if (found == keys_.end())
    return Status(Code::kUnauthenticated, "the key is not known: it was never made, or was revoked");
  if (found->expires_millis && *found->expires_millis <= clock_.nowMillis())
    return Status(Code::kUnauthenticated, "key \"" + found->id + "\" has expired");
  if (!isAllowed(*found, permission, domain)) {
    const std::string needed = permission == Permission::kAdmin  ? "admin"
                               : permission == Permission::kRead ? "reader"
                                                                 : "writer";
    return Status(
        Code::kPermissionDenied,
        "key \"" + found->id + "\" needs the role " + needed +
            (domain.empty() || permission == Permission::kAdmin ? "" : " or " + std::string(domain) + ":" + needed));
  }
  return *found;
}

}  // namespace gyre::http
