#include "server/config/config.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/schema.hpp"
#include "server/config/option_table.hpp"
#include "server/config/yaml_loader.hpp"

namespace gyre::config {

namespace {

constexpr std::size_t kMaxFileBytes = 1 << 20;
constexpr std::string_view kDomains = "domains";

std::string_view groupOf(std::string_view name) { return name.substr(0, name.find('.')); }

bool isDomainName(std::string_view name) {
  return !name.empty() && name.size() <= 63 && name.front() >= 'a' && name.front() <= 'z' &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

const char* kindText(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::kNull: return "nothing";
    case YamlNode::Kind::kScalar: return "a single value";
    case YamlNode::Kind::kList: return "a list";
    case YamlNode::Kind::kMap: return "a map";
  }
  return "";
}

// Everything that is wrong, in the order found; sorted by line when it is handed out.
class Faults {
 public:
  explicit Faults(std::string file) : file_(std::move(file)) {}

  void add(Position position, std::string_view key, std::string_view detail) {
    if (!place_.empty()) return addAt(place_, key, detail);
    add({position.line, position.column}, at(position), key, detail);
  }
  void addOverride(std::string_view key, std::string_view detail) {
    add({kAfterFile, 0}, "--set " + printableText(key), "", detail);
  }
  void addAt(const std::string& place, std::string_view key, std::string_view detail) {
    add({kAfterFile, 0}, place, key, detail);
  }

  // All that is added now is of one place, whatever its position; "" ends that.
  void placeAt(std::string place) { place_ = std::move(place); }

  std::string at(Position position) const {
    if (!place_.empty()) return place_;
    if (position.line == 0) return file_;
    return file_ + ":" + std::to_string(position.line) + ":" + std::to_string(position.column);
  }

  Status status() {
    if (list_.empty()) return {};
    std::stable_sort(list_.begin(), list_.end(), [](const Entry& a, const Entry& b) { return a.order < b.order; });
    std::string message = list_.front().fault.pointer + ": " + list_.front().fault.detail;
    if (list_.size() > 1) message += " (and " + std::to_string(list_.size() - 1) + " more)";
    Status status(Code::kInvalidArgument, "invalid_configuration", std::move(message));
    for (Entry& entry : list_) status.addFault(std::move(entry.fault.pointer), std::move(entry.fault.detail));
    return status;
  }

 private:
  static constexpr std::size_t kAfterFile = static_cast<std::size_t>(-1);
  static constexpr std::size_t kMaxDetailBytes = 1'000;
  struct Entry {
    std::pair<std::size_t, std::size_t> order;
    Fault fault;
  };
  void add(std::pair<std::size_t, std::size_t> order, std::string place, std::string_view key,
           std::string_view detail) {
    std::string text = key.empty() ? std::string() : printableText(key) + ": ";
    // Details of the YAML library quote the file too.
    list_.push_back({order, {std::move(place), printableText(text.append(detail), kMaxDetailBytes)}});
  }

  std::string file_;
  std::string place_;
  std::vector<Entry> list_;
};

// What was given for an option, and where.
struct Given {
  OptionValue value;
  std::string place;
};

// Reads the file and the overrides against the table, into values by full name.
class Reader {
 public:
  Reader(const Source& source, std::span<const DomainDeclaration> domains)
      : source_(source), declarations_(domains), faults_(source.file) {}

  Result<Config> read() {
    const YamlFile file = loadYaml(source_.text);
    for (const YamlFault& fault : file.faults) faults_.add(fault.position, fault.key, fault.detail);
    readRoot(file.root);
    for (const Override& given : source_.overrides) readOverride(given);
    Config config;
    fill(config);
    checkTogether(config);
    if (Status status = faults_.status(); !status.isOk()) return status;
    return config;
  }

  // The value of one option alone; nothing when it is not given or at fault.
  std::optional<OptionValue> readOnly(const std::string& name) {
    readRoot(loadYaml(source_.text).root);
    for (const Override& given : source_.overrides) readOverride(given);
    const auto found = given_.find(name);
    return found == given_.end() ? std::nullopt : std::optional<OptionValue>(found->second.value);
  }

 private:
  void readRoot(const YamlNode& root) {
    if (root.kind == YamlNode::Kind::kNull) return;
    if (root.kind != YamlNode::Kind::kMap)
      return faults_.add(root.position, "", std::string("expected a map of options, found ") + kindText(root.kind));
    for (const YamlNode& group : root.children) {
      if (group.key == kDomains) {
        readDomains(group);
      } else if (groupHelp(group.key).empty()) {
        addUnknown(group.key_position, group.key);
      } else {
        readGroup(group);
      }
    }
  }

  // False, with a fault, when the node holds something else than members.
  bool isMap(const YamlNode& node, const std::string& path, std::string_view of_what) {
    if (node.kind == YamlNode::Kind::kMap) return true;
    if (node.kind != YamlNode::Kind::kNull)
      faults_.add(node.position, path, "expected a map of " + std::string(of_what) + ", found " + kindText(node.kind));
    return false;
  }

  void readGroup(const YamlNode& group) {
    if (!isMap(group, group.key, "options")) return;
    for (const YamlNode& node : group.children) {
      const std::string name = group.key + "." + node.key;
      if (const Option* const option = hostOption(name))
        readNode(name, *option, node);
      else
        addUnknown(node.key_position, name);
    }
  }

  void readDomains(const YamlNode& domains) {
    if (!isMap(domains, std::string(kDomains), "domains")) return;
    for (const YamlNode& domain : domains.children) {
      const std::string path = std::string(kDomains) + "." + domain.key;
      if (!isDomainName(domain.key)) {
        faults_.add(domain.key_position, path,
                    "expected the name of a domain: lower-case letters, digits and underscores");
        continue;
      }
      mentioned_.emplace(domain.key, faults_.at(domain.key_position));
      if (!isMap(domain, path, "options")) continue;
      for (const YamlNode& node : domain.children) {
        const std::string name = path + "." + node.key;
        if (const Option* const option = domainOption(domain.key, node.key))
          readNode(name, *option, node);
        else if (declaration(domain.key) != nullptr)
          addUnknown(node.key_position, name);
      }
    }
  }

  void readNode(const std::string& name, const Option& option, const YamlNode& node) {
    if (option.type == OptionType::kList) return readList(name, option, node);
    if (option.type == OptionType::kTable) return readTable(name, option, node);
    if (node.kind == YamlNode::Kind::kList || node.kind == YamlNode::Kind::kMap)
      return faults_.add(node.position, name, "expected " + expectation(option) + ", found " + kindText(node.kind));
    const auto value = readValue(option, {node.text, node.is_quoted});
    if (!value.isOk()) return faults_.add(node.position, name, value.status().message());
    given_.insert_or_assign(name, Given{*value, faults_.at(node.position)});
  }

  void readList(const std::string& name, const Option& option, const YamlNode& node) {
    if (node.kind != YamlNode::Kind::kList)
      return faults_.add(node.position, name, "expected " + expectation(option) + ", found " + kindText(node.kind));
    std::vector<std::string> elements;
    for (const YamlNode& child : node.children) {
      const bool is_nested = child.kind == YamlNode::Kind::kList || child.kind == YamlNode::Kind::kMap;
      if (is_nested) {
        faults_.add(child.position, name, std::string("expected text, found ") + kindText(child.kind));
      } else if (const Status status = checkElement(option, {child.text, child.is_quoted}); !status.isOk()) {
        faults_.add(child.position, name, status.message());
      } else {
        elements.push_back(child.text);
      }
    }
    given_.insert_or_assign(name, Given{std::move(elements), faults_.at(node.position)});
  }

  void readTable(const std::string& name, const Option& option, const YamlNode& node) {
    if (node.kind != YamlNode::Kind::kList)
      return faults_.add(node.position, name, "expected " + expectation(option) + ", found " + kindText(node.kind));
    std::string rows;
    JsonWriter writer(rows);
    writer.beginArray();
    for (std::size_t i = 0; i < node.children.size(); ++i)
      readRow(name + "[" + std::to_string(i) + "]", option, node.children[i], writer);
    writer.endArray();
    given_.insert_or_assign(name, Given{std::move(rows), faults_.at(node.position)});
  }

  void readRow(const std::string& name, const Option& option, const YamlNode& node, JsonWriter& writer) {
    if (node.kind != YamlNode::Kind::kMap)
      return faults_.add(node.position, name, std::string("expected a map of options, found ") + kindText(node.kind));
    for (const YamlNode& member : node.children) {
      const auto field = std::find_if(option.fields.begin(), option.fields.end(),
                                      [&](const Option& known) { return known.name == member.key; });
      if (field != option.fields.end()) {
        readNode(name + "." + member.key, *field, member);
        continue;
      }
      std::string detail = "unknown key";
      const std::string_view near =
          nearestName(member.key, option.fields, [](const Option& known) { return std::string_view(known.name); });
      if (!near.empty()) detail.append(", did you mean \"").append(near).append("\"?");
      faults_.add(member.key_position, name + "." + member.key, detail);
    }
    writer.beginObject();
    for (const Option& field : option.fields) {
      const std::string key = name + "." + field.name;
      if (field.is_required && !given_.contains(key))
        faults_.add(node.position, key, "expected " + expectation(field) + ", found nothing");
      writer.rawMember(field.name, valueJson(valueOf(key, field)));
    }
    writer.endObject();
  }

  // On a command line a table is JSON, which is YAML.
  void readTableOverride(const std::string& key, const Option& option, const std::string& text) {
    faults_.placeAt("--set " + printableText(key));
    const YamlFile value = loadYaml(text);
    for (const YamlFault& fault : value.faults) faults_.add(fault.position, key, fault.detail);
    if (value.faults.empty()) readTable(key, option, value.root);
    faults_.placeAt("");
  }

  void readOverride(const Override& given) {
    const std::string& key = given.key;
    const Option* option = hostOption(key);
    if (groupOf(key) == kDomains) {
      const std::string_view rest = std::string_view(key).substr(std::min(key.size(), kDomains.size() + 1));
      const std::string domain(groupOf(rest));
      if (!isDomainName(domain) || rest.size() <= domain.size() + 1)
        return faults_.addOverride(key, "expected a key like domains.NAME.enabled");
      mentioned_.emplace(domain, "--set " + key);
      const std::string_view member = rest.substr(domain.size() + 1);
      option = domainOption(domain, member);
      if (option == nullptr && declaration(domain) == nullptr) return;
    }
    if (option == nullptr) return faults_.addOverride(key, unknownDetail(key));
    if (option->type == OptionType::kTable) return readTableOverride(key, *option, given.value);
    const auto value = readBareValue(*option, given.value);
    if (!value.isOk()) return faults_.addOverride(key, value.status().message());
    given_.insert_or_assign(key, Given{*value, "--set " + key});
  }

  static const Option* hostOption(std::string_view name) {
    for (const auto& row : hostTable())
      if (row.option.name == name) return &row.option;
    return nullptr;
  }

  const DomainDeclaration* declaration(std::string_view domain) const {
    const auto found = std::find_if(declarations_.begin(), declarations_.end(),
                                    [&](const DomainDeclaration& d) { return d.name == domain; });
    return found == declarations_.end() ? nullptr : &*found;
  }

  // With the domain's own defaults and its plugin's options, when it has a plugin.
  const Option* domainOption(std::string_view domain, std::string_view member) const {
    if (const DomainDeclaration* const declared = declaration(domain)) {
      for (const auto* options : {&declared->host_options, &declared->plugin_options})
        for (const Option& option : *options)
          if (option.name == member) return &option;
      return nullptr;
    }
    for (const auto& row : domainTable())
      if (row.option.name == member) return &row.option;
    return nullptr;
  }

  void addUnknown(Position position, const std::string& name) { faults_.add(position, name, unknownDetail(name)); }

  std::string unknownDetail(std::string_view name) const {
    std::vector<std::string> known;
    const bool is_group = name.find('.') == std::string_view::npos;
    std::set<std::string> groups = {std::string(kDomains)};
    for (const auto& row : hostTable()) {
      known.push_back(row.option.name);
      groups.emplace(groupOf(row.option.name));
    }
    for (const DomainDeclaration& domain : declarations_)
      for (const auto* options : {&domain.host_options, &domain.plugin_options})
        for (const Option& option : *options)
          known.push_back(std::string(kDomains) + "." + domain.name + "." + option.name);
    if (is_group) known.assign(groups.begin(), groups.end());
    std::string detail = "unknown key";
    if (const std::string near = nearestKey(name, known); !near.empty()) detail += ", did you mean \"" + near + "\"?";
    return detail;
  }

  static std::string nearestKey(std::string_view name, const std::vector<std::string>& known) {
    const std::string_view near =
        nearestName(name, known, [](const std::string& text) { return std::string_view(text); });
    if (!near.empty()) return std::string(near);
    // A short last part differs too much from all whole names: look among those of its own group.
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos) return {};
    std::vector<std::string_view> members;
    for (const std::string& text : known)
      if (text.size() > dot && text.compare(0, dot + 1, name.substr(0, dot + 1)) == 0)
        members.push_back(std::string_view(text).substr(dot + 1));
    const std::string_view member =
        nearestName(name.substr(dot + 1), members, [](std::string_view text) { return text; });
    return member.empty() ? std::string() : std::string(name.substr(0, dot + 1)).append(member);
  }

  // REQUIRES: the option's default passes its own checks, which a test asserts for every row and declareDomain for
  // plugins.
  OptionValue valueOf(const std::string& name, const Option& option) const {
    if (const auto found = given_.find(name); found != given_.end()) return found->second.value;
    return std::move(readBareValue(option, option.default_text)).value();
  }

  void fill(Config& config) const {
    for (const auto& row : hostTable()) row.assign(config, valueOf(row.option.name, row.option));
    std::set<std::string> names;
    for (const auto& [name, place] : mentioned_) names.insert(name);
    for (const DomainDeclaration& domain : declarations_) names.insert(domain.name);
    for (const std::string& name : names) config.domains.push_back(domainConfig(name));
  }

  DomainConfig domainConfig(const std::string& name) const {
    DomainConfig domain;
    domain.name = name;
    if (const auto found = mentioned_.find(name); found != mentioned_.end()) {
      domain.is_mentioned = true;
      domain.position = found->second;
    }
    const std::string prefix = std::string(kDomains) + "." + name + ".";
    for (const auto& row : domainTable())
      row.assign(domain, valueOf(prefix + row.option.name, *domainOption(name, row.option.name)));
    if (const DomainDeclaration* const declared = declaration(name)) {
      domain.plugin_options.clear();
      JsonWriter writer(domain.plugin_options);
      writer.beginObject();
      for (const Option& option : declared->plugin_options)
        writer.rawMember(option.name, valueJson(valueOf(prefix + option.name, option)));
      writer.endObject();
    }
    return domain;
  }

  std::string placeOf(const std::string& name) const {
    const auto found = given_.find(name);
    return found == given_.end() ? "default" : found->second.place;
  }

  // What no single option can tell.
  void checkTogether(const Config& config) {
    if (config.dialect.is_enabled && config.api.listen == config.dialect.listen && config.api.listen.port != 0)
      faults_.addAt(placeOf("dialect.listen"), "dialect.listen",
                    "expected another address than api.listen, found " + config.api.listen.text() + " for both");
    for (const char* name : {"data.dir", "plugins.dir"})
      if ((name[0] == 'd' ? config.data_folder : config.plugin_folder).empty())
        faults_.addAt(placeOf(name), name, "expected a folder, found nothing");
    if (config.limits.inflated_body_bytes < config.limits.body_bytes)
      faults_.addAt(placeOf("limits.inflated_body"), "limits.inflated_body",
                    "expected at least limits.body, found less");
    for (const DomainConfig& domain : config.domains)
      for (const auto& [where, detail] : scrapeFaults(domain.scrape)) {
        const std::string name = std::string(kDomains) + "." + domain.name + ".scrape";
        faults_.addAt(placeOf(name), name + where, detail);
      }
    checkRoles(config);
    checkShadow(config);
    const auto& shadow = config.search.shadow_engine;
    if (config.search.engine == SearchEngineKind::kEmbedded && (!shadow || *shadow == SearchEngineKind::kEmbedded)) return;
    if (config.search.urls.empty())
      faults_.addAt(placeOf("search.urls"), "search.urls",
                    "expected at least one address like http://127.0.0.1:9200, found none");
    for (const std::string& url : config.search.urls) checkUrl(url);
    if (!config.search.username.empty() && !config.search.api_key.empty())
      faults_.addAt(placeOf("search.api_key"), "search.api_key", "expected a user or an API key, found both");
    if (config.search.username.empty() && !config.search.password.empty())
      faults_.addAt(placeOf("search.password"), "search.password", "expected search.username with it, found none");
    if (config.search.certificate_file.empty() && !config.search.key_file.empty())
      faults_.addAt(placeOf("search.key_file"), "search.key_file",
                    "expected search.certificate_file with it, found none");
  }

  void checkRoles(const Config& config) {
    const std::string name = "server.roles";
    if (config.server.roles.empty()) faults_.addAt(placeOf(name), name, "expected write, read or both, found none");
    for (const std::string& role : config.server.roles)
      if (role != "write" && role != "read")
        faults_.addAt(placeOf(name), name, "expected write, read or both, found \"" + printableText(role) + "\"");
    if (config.server.reads && !config.server.writes && config.search.engine == SearchEngineKind::kEmbedded)
      faults_.addAt(placeOf(name), name,
                    "the role read alone takes indices that another server fills: expected search.engine opensearch or "
                    "elasticsearch, found embedded, whose indices lie on the machine that writes them");
  }

  void checkShadow(const Config& config) {
    const std::string name = "search.shadow_engine";
    if (!config.search.shadow_engine) return;
    const bool is_embedded = config.search.engine == SearchEngineKind::kEmbedded;
    if (is_embedded == (*config.search.shadow_engine == SearchEngineKind::kEmbedded))
      faults_.addAt(placeOf(name), name,
                    is_embedded ? "expected opensearch or elasticsearch beside search.engine embedded, found embedded"
                                : "expected embedded beside a search.engine that is a cluster, found another cluster");
    if (!config.server.writes)
      faults_.addAt(placeOf(name), name,
                    "expected none on a server that only reads: the other engine is filled from the store");
  }

  void checkUrl(const std::string& url) {
    Option option;
    option.type = OptionType::kAddress;
    std::string_view rest = url;
    bool has_scheme = false;
    for (const std::string_view scheme : {"http://", "https://"}) {
      if (has_scheme || !rest.starts_with(scheme)) continue;
      has_scheme = true;
      rest.remove_prefix(scheme.size());
    }
    rest = rest.substr(0, rest.find('/'));
    if (rest.find('@') != std::string_view::npos) {  // not repeated: there may be a password in it
      faults_.addAt(placeOf("search.urls"), "search.urls",
                    "expected addresses without credentials: give search.username and search.password");
      return;
    }
    const auto address = readValue(option, {rest, true});
    const bool is_good = has_scheme && address.isOk() && std::get<Address>(*address).port != 0;
    if (!is_good)
      faults_.addAt(placeOf("search.urls"), "search.urls",
                    "expected addresses like http://127.0.0.1:9200 or https://search.example:9200, found \"" +
                        printableText(url) + "\"");
  }

  const Source& source_;
  std::span<const DomainDeclaration> declarations_;
  Faults faults_;
  std::map<std::string, Given> given_;            // by full name
  std::map<std::string, std::string> mentioned_;  // domains, and where
};

}  // namespace

const DomainConfig* Config::domain(std::string_view name) const {
  const auto found =
      std::find_if(domains.begin(), domains.end(), [&](const DomainConfig& d) { return d.name == name; });
  return found == domains.end() ? nullptr : &*found;
}

Result<DomainDeclaration> declareDomain(std::string_view name, std::string_view index_json,
                                        std::string_view options_json) {
  DomainDeclaration declared;
  declared.name = name;
  for (const auto& row : domainTable()) declared.host_options.push_back(row.option);

  const auto index = json::Document::parse(index_json);
  if (!index.isOk()) return index.status().withPrefix(declared.name + ": index");
  for (Option& option : declared.host_options) {
    const json::Value value = index->root()["settings"][option.name];
    if (value.isMissing()) continue;
    option.default_text = value.isString() ? value.string() : value.raw();
    if (const auto read = readBareValue(option, option.default_text); !read.isOk())
      return read.status().withPrefix(declared.name + ": index settings: " + option.name);
  }

  Result<std::vector<Option>> options = parseDeclaredOptions(options_json);
  if (!options.isOk()) return options.status().withPrefix(declared.name);
  declared.plugin_options = std::move(*options);
  for (const Option& option : declared.plugin_options)
    for (const Option& taken : declared.host_options)
      if (option.name == taken.name)
        return invalidArgument(declared.name + ": options: \"" + option.name + "\" is an option of the host");
  return declared;
}

Result<Source> readSource(const std::string& path, const std::vector<std::string>& overrides) {
  Source source;
  source.file = path;
  for (const std::string& given : overrides) {
    const std::size_t equals = given.find('=');
    if (equals == std::string::npos || equals == 0)
      return invalidArgument("--set " + printableText(given) + ": expected key=value");
    source.overrides.push_back({given.substr(0, equals), given.substr(equals + 1)});
  }
  if (path.empty()) return source;
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return unavailable(path + ": expected a file, found a folder");
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const int reason = errno;
    return Status(reason == ENOENT ? Code::kNotFound : Code::kUnavailable,
                  path + ": cannot be opened: " + std::strerror(reason));
  }
  source.text.resize(kMaxFileBytes + 1);
  file.read(source.text.data(), static_cast<std::streamsize>(source.text.size()));
  source.text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad()) return unavailable(path + ": cannot be read");
  if (source.text.size() > kMaxFileBytes) return Status(Code::kTooLarge, path + ": expected at most 1 MiB, found more");
  return source;
}

std::string pluginFolder(const Source& source, const std::string& program_folder) {
  constexpr const char* kName = "plugins.dir";
  std::string folder;
  if (const std::optional<OptionValue> given = Reader(source, {}).readOnly(kName))
    folder = std::get<std::string>(*given);
  if (folder.empty())
    for (const auto& row : hostTable())
      if (row.option.name == kName) folder = row.option.default_text;
  const std::filesystem::path path(folder);
  return (path.is_absolute() ? path : std::filesystem::path(program_folder) / path).lexically_normal().string();
}

Result<Config> readConfig(const Source& source, std::span<const DomainDeclaration> domains) {
  return Reader(source, domains).read();
}

std::string faultLines(const Status& status) {
  std::string lines;
  for (const Fault& fault : status.faults()) lines += fault.pointer + ": " + fault.detail + "\n";
  if (lines.empty() && !status.isOk()) lines = std::string(status.message()) + "\n";
  return lines;
}

std::vector<Status> checkDomains(const Config& config, std::span<const std::string> known,
                                 std::string_view plugin_folder) {
  std::vector<Status> missing;
  for (const DomainConfig& domain : config.domains) {
    if (!domain.is_mentioned || !domain.is_enabled) continue;
    if (std::find(known.begin(), known.end(), domain.name) != known.end()) continue;
    std::string message = domain.position + ": domains." + domain.name + ": expected the plugin " +
                          (std::filesystem::path(plugin_folder) / (domain.name + ".so")).string() +
                          ", found none that serves this domain";
    const std::string_view near =
        nearestName(domain.name, known, [](const std::string& name) { return std::string_view(name); });
    if (!near.empty()) message += ", did you mean \"" + std::string(near) + "\"?";
    missing.emplace_back(Code::kNotFound, "plugin_missing", std::move(message));
  }
  return missing;
}

}  // namespace gyre::config
