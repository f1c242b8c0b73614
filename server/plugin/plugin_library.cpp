#include "server/plugin/plugin_library.hpp"

#include <Poco/Exception.h>
#include <Poco/SharedLibrary.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <mutex>
#include <utility>
#include <vector>

#include "gyre/json.hpp"
#include "server/plugin/plugin_members.hpp"

namespace gyre::plugin {

namespace {

constexpr const char* kEntrySymbol = "gyre_plugin_entry_v1";
// Far above any real domain: a count beyond it is not a count but stray memory.
constexpr std::uint64_t kMaxEntries = 4096;

std::string_view view(gyre_bytes text) {
  return text.size == 0 ? std::string_view() : std::string_view(text.data, text.size);
}

Status refused(std::string message) { return {Code::kFailedPrecondition, "plugin_refused", std::move(message)}; }

bool isLower(char c) { return c >= 'a' && c <= 'z'; }
bool isUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool isDigit(char c) { return c >= '0' && c <= '9'; }

bool isDomainName(std::string_view name) {
  return !name.empty() && name.size() <= 63 && isLower(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) { return isLower(c) || isDigit(c) || c == '_'; });
}

bool isTypeName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && isUpper(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) { return isLower(c) || isUpper(c) || isDigit(c); });
}

// A name out of a stranger's memory, fit for a message.
std::string quoted(std::string_view text) {
  std::string shown = "\"";
  for (const char c : text.substr(0, 64)) shown += c >= 0x20 && c < 0x7f ? c : '?';
  return shown + "\"";
}

// REQUIRES: the bytes' struct was at least as large as ours.
Status checkText(std::string_view what, gyre_bytes text) {
  if (text.data == nullptr && text.size != 0)
    return refused(std::string(what) + ": expected text, found a null pointer with size " + std::to_string(text.size));
  if (!simdjson::validate_utf8(text.data, text.size)) return refused(std::string(what) + ": expected UTF-8 text");
  return {};
}

Status checkJson(std::string_view what, gyre_bytes text, json::Kind expected) {
  GYRE_TRY(checkText(what, text));
  const auto document = json::Document::parse(view(text));
  if (!document.isOk()) return refused(std::string(what) + ": " + std::string(document.status().message()));
  if (document->root().kind() != expected)
    return refused(std::string(what) + ": expected " + std::string(json::kindName(expected)) + ", found " +
                   std::string(json::kindName(document->root().kind())));
  return {};
}

Status checkPointer(std::string_view what, bool is_there) {
  return is_there ? Status() : refused(std::string(what) + ": expected a function, found null");
}

// One list of the table: its entries are there and large enough.
template <class Entry>
Status checkList(std::string_view kind, const Entry* const* entries, std::uint64_t count) {
  const std::string list = std::string(kind) + " list";
  if (count > kMaxEntries)
    return refused(list + ": expected at most " + std::to_string(kMaxEntries) + " entries, found " +
                   std::to_string(count));
  if (count > 0 && entries == nullptr)
    return refused(list + ": expected " + std::to_string(count) + " entries, found null");
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string where = std::string(kind) + " " + std::to_string(i);
    if (entries[i] == nullptr) return refused(where + ": expected an entry, found null");
    if (entries[i]->struct_size < sizeof(Entry))
      return refused(where + ": expected a struct_size of at least " + std::to_string(sizeof(Entry)) + ", found " +
                     std::to_string(entries[i]->struct_size));
  }
  return {};
}

// Its entries are well named too, and no name comes twice.
template <class Entry, class Check>
Status checkEntries(std::string_view kind, const Entry* const* entries, std::uint64_t count, Check check) {
  GYRE_TRY(checkList(kind, entries, count));
  std::vector<std::string_view> names;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string where = std::string(kind) + " " + std::to_string(i);
    GYRE_TRY(checkText(where + " name", entries[i]->name));
    const std::string_view name = view(entries[i]->name);
    if (!isTypeName(name)) return refused(where + ": expected a name like \"CreatePayment\", found " + quoted(name));
    if (std::find(names.begin(), names.end(), name) != names.end())
      return refused(std::string(kind) + " " + quoted(name) + " is declared twice");
    names.push_back(name);
    const std::string named = std::string(kind) + " " + std::string(name);
    GYRE_TRY(checkText(named + " help", entries[i]->help));
    GYRE_TRY(check(named, *entries[i]));
  }
  return {};
}

Status checkSchema(const std::string& named, gyre_bytes schema) {
  return checkJson(named + " schema", schema, json::Kind::kObject);
}

Status checkCommand(const std::string& named, const gyre_command& command) {
  GYRE_TRY(checkSchema(named, command.schema));
  GYRE_TRY(checkText(named + " id_member", command.id_member));
  return checkPointer(named + " decide", command.decide != nullptr);
}

// An event that is not accepted from outside has no decide.
Status checkEvent(const std::string& named, const gyre_event& event) { return checkSchema(named, event.schema); }

Status checkQuery(const std::string& named, const gyre_query& query) {
  GYRE_TRY(checkSchema(named, query.schema));
  GYRE_TRY(checkPointer(named + " plan", query.plan != nullptr));
  return checkPointer(named + " present", query.present != nullptr);
}

Status checkActivity(const std::string& named, const gyre_activity& activity) {
  const std::pair<std::string_view, gyre_bytes> fields[] = {{" time_field", activity.time_field},
                                                            {" id_field", activity.id_field},
                                                            {" organization_field", activity.organization_field}};
  for (const auto& [which, field] : fields) {
    GYRE_TRY(checkText(named + std::string(which), field));
    if (field.size == 0) return refused(named + std::string(which) + ": expected the name of a field, found nothing");
  }
  if (activity.filter.size > 0) GYRE_TRY(checkJson(named + " filter", activity.filter, json::Kind::kObject));
  return checkPointer(named + " present", activity.present != nullptr);
}

// An event type is one domain's, so a subscription is named by both.
Status checkSubscriptions(const gyre_plugin& table) {
  GYRE_TRY(checkList("subscription", table.subscriptions, table.subscription_count));
  std::vector<std::string> names;
  for (std::uint64_t i = 0; i < table.subscription_count; ++i) {
    const gyre_subscription& subscription = *table.subscriptions[i];
    const std::string where = "subscription " + std::to_string(i);
    GYRE_TRY(checkText(where + " domain", subscription.domain));
    GYRE_TRY(checkText(where + " type", subscription.type));
    const std::string_view domain = view(subscription.domain);
    if (!isDomainName(domain))
      return refused(where + " domain: expected a name like \"payments\", found " + quoted(domain));
    if (domain == view(table.domain))
      return refused(where + " domain: expected another domain than its own, found " + quoted(domain));
    const std::string_view type = view(subscription.type);
    if (!isTypeName(type))
      return refused(where + " type: expected a name like \"PaymentCreated\", found " + quoted(type));
    std::string named = "subscription " + std::string(domain) + "." + std::string(type);
    if (std::find(names.begin(), names.end(), named) != names.end()) return refused(named + " is declared twice");
    GYRE_TRY(checkText(named + " help", subscription.help));
    GYRE_TRY(checkPointer(named + " react", subscription.react != nullptr));
    names.push_back(std::move(named));
  }
  return {};
}

Status checkIntakes(const gyre_stream& stream) {
  GYRE_TRY(checkList("intake", stream.intakes, stream.intake_count));
  std::vector<std::string_view> names;
  for (std::uint64_t i = 0; i < stream.intake_count; ++i) {
    const gyre_intake& intake = *stream.intakes[i];
    const std::string where = "intake " + std::to_string(i);
    GYRE_TRY(checkText(where + " name", intake.name));
    const std::string_view name = view(intake.name);
    if (!isDomainName(name)) return refused(where + ": expected a name like \"otlp\", found " + quoted(name));
    if (std::find(names.begin(), names.end(), name) != names.end())
      return refused("intake " + quoted(name) + " is declared twice");
    names.push_back(name);
    GYRE_TRY(checkText(where + " help", intake.help));
    GYRE_TRY(checkText(where + " path", intake.path));
    if (intake.path.size > 0 && !view(intake.path).starts_with('/'))
      return refused(where + " path: expected one like \"/v1/logs\", found " + quoted(view(intake.path)));
    GYRE_TRY(checkText(where + " framing", intake.framing));
    if (intake.framing.size > 0 && view(intake.framing) != "syslog")
      return refused(where + " framing: expected \"\" or \"syslog\", found " + quoted(view(intake.framing)));
    GYRE_TRY(checkPointer(where + " take", intake.take != nullptr));
  }
  return {};
}

Status checkEndpoints(const gyre_stream& stream) {
  const std::uint64_t count = endpointCount(stream);
  if (count == 0) return {};
  GYRE_TRY(checkList("endpoint", stream.endpoints, count));
  for (std::uint64_t i = 0; i < count; ++i) {
    const gyre_endpoint& endpoint = *stream.endpoints[i];
    const std::string where = "endpoint " + std::to_string(i);
    GYRE_TRY(checkText(where + " path", endpoint.path));
    GYRE_TRY(checkText(where + " help", endpoint.help));
    if (!view(endpoint.path).starts_with('/'))
      return refused(where + " path: expected one like \"/api/v1/query\", found " + quoted(view(endpoint.path)));
    GYRE_TRY(checkPointer(where + " plan", endpoint.plan != nullptr));
    GYRE_TRY(checkPointer(where + " present", endpoint.present != nullptr));
  }
  return {};
}

Status checkTail(const std::string& named, const gyre_tail& tail) {
  GYRE_TRY(checkSchema(named, tail.schema));
  return checkPointer(named + " match", tail.match != nullptr);
}

Status checkStream(const gyre_stream& stream) {
  constexpr std::size_t kSmallest = offsetof(gyre_stream, endpoints);
  if (stream.struct_size < kSmallest)
    return refused("stream: expected a struct_size of at least " + std::to_string(kSmallest) + ", found " +
                   std::to_string(stream.struct_size));
  GYRE_TRY(checkText("stream kind", stream.kind));
  const std::string_view kind = view(stream.kind);
  if (kind != "documents" && kind != "series")
    return refused("stream kind: expected \"documents\" or \"series\", found " + quoted(kind));
  GYRE_TRY(checkText("stream time_field", stream.time_field));
  if (kind == "documents" && stream.time_field.size == 0)
    return refused("stream time_field: expected the name of a date field, found nothing");
  GYRE_TRY(checkIntakes(stream));
  GYRE_TRY(checkEndpoints(stream));
  return checkEntries("tail", stream.tails, stream.tail_count, checkTail);
}

Status checkVersion(const gyre_plugin& table) {
  if (table.abi_major != GYRE_ABI_MAJOR)
    return refused("expected ABI version " + std::to_string(GYRE_ABI_MAJOR) + ".x, found " +
                   std::to_string(table.abi_major) + "." + std::to_string(table.abi_minor));
  if (table.struct_size < kTableSize10)
    return refused("expected a plugin table of at least " + std::to_string(kTableSize10) + " bytes (ABI " +
                   std::to_string(GYRE_ABI_MAJOR) + ".0), found " + std::to_string(table.struct_size));
  return {};
}

}  // namespace

Status checkPluginTable(const gyre_plugin* table) {
  if (table == nullptr) return refused("expected a plugin table, found null");
  GYRE_TRY(checkVersion(*table));
  GYRE_TRY(checkText("domain", table->domain));
  if (!isDomainName(view(table->domain)))
    return refused("domain: expected a name like \"payments\", found " + quoted(view(table->domain)));
  GYRE_TRY(checkText("version", table->version));
  if (table->version.size == 0) return refused("version: expected text like \"1.0.0\", found nothing");
  GYRE_TRY(checkText("help", table->help));
  GYRE_TRY(checkJson("index", table->index, json::Kind::kObject));
  GYRE_TRY(checkJson("options", table->options, json::Kind::kArray));
  GYRE_TRY(checkPointer("configure", table->configure != nullptr));
  GYRE_TRY(checkPointer("evolve", table->evolve != nullptr));
  GYRE_TRY(checkPointer("project", table->project != nullptr));
  GYRE_TRY(checkEntries("command", table->commands, table->command_count, checkCommand));
  GYRE_TRY(checkEntries("event", table->events, table->event_count, checkEvent));
  GYRE_TRY(checkEntries("query", table->queries, table->query_count, checkQuery));
  if (const gyre_stream* const stream = streamOf(*table)) GYRE_TRY(checkStream(*stream));
  if (!hasMinor1(*table)) return {};
  GYRE_TRY(checkSubscriptions(*table));
  return checkEntries("activity", table->activities, table->activity_count, checkActivity);
}

// What the plugin sees of us, and what it says through it.
struct PluginLibrary::HostSide {
  HostSide(std::string file_name, std::string host_version, base::Observer& an_observer)
      : part("plugin/" + file_name), version(std::move(host_version)), observer(an_observer) {
    table = {sizeof(gyre_host), GYRE_ABI_MAJOR, GYRE_ABI_MINOR, this, {version.data(), version.size()}, &log};
  }

  static void log(void* context, std::int32_t level, gyre_bytes message) {
    auto& self = *static_cast<HostSide*>(context);
    if (message.data == nullptr) message.size = 0;
    const auto known = static_cast<base::Level>(std::clamp(level, 0, 3));
    if (self.observer.isLogged(known)) self.observer.log(known, self.part, view(message));
    const std::lock_guard lock(self.mutex);
    self.last_message = view(message);
  }

  std::string lastMessage() {
    const std::lock_guard lock(mutex);
    return last_message;
  }

  const std::string part;
  const std::string version;
  base::Observer& observer;
  gyre_host table{};
  std::mutex mutex;
  std::string last_message;  // the reason, when the entry function gives no table
};

PluginLibrary::PluginLibrary(std::string file, std::unique_ptr<HostSide> host_side)
    : file_(std::move(file)), host_side_(std::move(host_side)) {}

PluginLibrary::~PluginLibrary() = default;

Result<std::unique_ptr<PluginLibrary>> PluginLibrary::open(const std::string& file, std::string host_version,
                                                           base::Observer& observer, const std::string& path) {
  gyre_plugin_entry_fn entry = nullptr;
  try {
    // Local symbols: two plugins may each have a helper of the same name. Destroying a SharedLibrary does not unload
    // it.
    Poco::SharedLibrary library(path.empty() ? file : path, Poco::SharedLibrary::SHLIB_LOCAL);
    if (!library.hasSymbol(kEntrySymbol))
      return refused(file + ": expected the symbol " + kEntrySymbol +
                     ", found none: not a plugin, or one for another ABI major");
    entry = reinterpret_cast<gyre_plugin_entry_fn>(library.getSymbol(kEntrySymbol));
  } catch (const Poco::Exception& error) {
    const std::string reason = error.message();
    return refused(reason.find(file) == std::string::npos ? file + ": " + reason : reason);
  } catch (const std::exception& error) {
    return refused(file + ": " + error.what());
  }

  const std::size_t slash = file.rfind('/');
  auto host_side = std::make_unique<HostSide>(slash == std::string::npos ? file : file.substr(slash + 1),
                                              std::move(host_version), observer);
  const gyre_plugin* const table = entry(&host_side->table);
  if (table == nullptr) {
    const std::string reason = host_side->lastMessage();
    return refused(file + ": the plugin cannot serve this host (ABI " + std::to_string(GYRE_ABI_MAJOR) + "." +
                   std::to_string(GYRE_ABI_MINOR) + "): " + (reason.empty() ? "it gave no reason" : reason));
  }
  if (Status checked = checkPluginTable(table); !checked.isOk()) return checked.withPrefix(file);
  std::unique_ptr<PluginLibrary> opened(new PluginLibrary(file, std::move(host_side)));
  opened->table_ = table;
  return opened;
}

}  // namespace gyre::plugin
