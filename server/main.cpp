// The program: one verb, its options, its exit code.
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/heap.hpp"
#include "server/application.hpp"
#include "server/backup.hpp"
#include "server/cli/admin_command.hpp"
#include "server/cli/dead_letter_command.hpp"
#include "server/cli/import_command.hpp"
#include "server/cli/index_command.hpp"
#include "server/cli/keys_command.hpp"
#include "server/migrate.hpp"
#include "server/setup.hpp"

namespace {

constexpr std::string_view kUsage =
    R"(usage: gyre VERB [options]

  serve [--config FILE] [--set key=value]...      serve until SIGTERM or SIGINT
  check [--config FILE] [--set key=value]...      read the configuration, tell every fault (exit 78)
  plugins [--config FILE] [--set key=value]...    what is loaded, what was refused and why
  import DOMAIN FILE...                           files of others' records, gzip allowed
      [--map field=column]... [--map field==constant]... [--format csv|ndjson]
      [--server URL | --config FILE] [--key KEY] [--refused FILE] [--dry-run]
  synchronize DOMAIN [--id ID | --organization ID]   project entities to the index again
  verify DOMAIN [--id ID | --organization ID] [--repair]   compare store and index (exit 1 on a difference)
  reindex DOMAIN                                  builds the index anew beside the one in use, checks it, switches
      [--server URL] [--key KEY]
  dead-letters list DOMAIN                        what the index or a reaction refused, and why; a line each
  dead-letters show|replay|drop DOMAIN ID|--all   deliver again (older ones of its entity first), or forget it
  dead-letters edit DOMAIN ID --reaction FILE     the commands that a replay sends ("-" reads standard input)
      [--server URL] [--key KEY]
  keys create NAME --role ROLE... [--organization ID] [--expires TIME]   a new API key, told this once
  keys list, keys revoke ID                       from the first key on, a key is required
      [--server URL | --config FILE] [--key KEY]  with --config on the data of a server that does not run
  backup DIR [--config FILE]                      copies the primary stores and keys, while the server runs or not
  restore DIR [--config FILE] [--replace]         puts them back, with no server running; indexes are built from them
  migrate --to ENGINE [DOMAIN...] --config FILE   fills the indices of another engine (embedded, opensearch,
                                                  elasticsearch) from the stores, while the server runs or not, and
                                                  compares them (exit 1 on a difference) before it is switched to;
                                                  streams while no server runs (exit 75)
  index check DIR                                 verify every checksum and invariant of the indexes there (exit 1 on
                                                  damage); DIR is the folder of one index or of many
  --version, --help

Exit codes: 0 done, 1 a difference or damage was found, 64 wrong usage, 69 something needed is away, 70 a fault of the program,
75 the data folder is in use, 78 the configuration is at fault.
)";

constexpr std::string_view kDefaultServer = "http://127.0.0.1:8080";

// Options by name, the rest by place.
struct CommandLine {
  std::vector<std::string> places;
  std::vector<std::pair<std::string, std::string>> options;

  std::string value(std::string_view name, std::string_view otherwise = {}) const {
    for (const auto& [option, text] : options)
      if (option == name) return text;
    return std::string(otherwise);
  }
  std::vector<std::string> values(std::string_view name) const {
    std::vector<std::string> all;
    for (const auto& [option, text] : options)
      if (option == name) all.push_back(text);
    return all;
  }
  bool has(std::string_view name) const {
    for (const auto& [option, text] : options)
      if (option == name) return true;
    return false;
  }
};

struct Verb {
  std::string_view name;
  std::size_t min_places, max_places;
  std::vector<std::string_view> with_value, flags;
  int (*run)(const CommandLine& line);
};

int usage(const std::string& fault) {
  std::cerr << "gyre: " << fault << "; see gyre --help\n";
  return gyre::kExitUsage;
}

gyre::SetupOptions setupOptions(const CommandLine& line) { return {line.value("--config"), line.values("--set")}; }

// Log lines of short verbs go to standard error as they are.
class PlainObserver final : public gyre::base::Observer {
 public:
  bool isLogged(gyre::base::Level level) const override { return level >= gyre::base::Level::kWarning; }
  void log(gyre::base::Level level, std::string_view part, std::string_view message) override {
    if (isLogged(level)) std::cerr << part << ": " << message << '\n';
  }
};

int check(const CommandLine& line) {
  PlainObserver observer;
  const auto setup = gyre::prepare(setupOptions(line), observer);
  if (!setup.isOk()) {
    std::cerr << gyre::config::faultLines(setup.status());
    return gyre::kExitConfiguration;
  }
  const auto missing =
      gyre::config::checkDomains(setup->config, setup->plugins->domains(), setup->config.plugin_folder);
  for (const gyre::Status& status : missing) std::cerr << "warning: " << status.message() << '\n';
  std::cout << "the configuration is fine\n";
  return 0;
}

int plugins(const CommandLine& line) {
  PlainObserver observer;
  const auto setup = gyre::prepare(setupOptions(line), observer);
  if (!setup.isOk()) {
    std::cerr << gyre::config::faultLines(setup.status());
    return gyre::kExitConfiguration;
  }
  for (const auto& loaded : setup->plugins->plugins())
    std::cout << loaded.domain() << ' ' << loaded.handlers->version() << "  " << loaded.file << '\n';
  for (const auto& refused : setup->plugins->refused()) std::cout << "refused: " << refused.why.message() << '\n';
  return 0;
}

int import(const CommandLine& line) {
  gyre::cli::ImportOptions options;
  options.domain = line.places.front();
  options.files.assign(line.places.begin() + 1, line.places.end());
  options.map = line.values("--map");
  options.format = line.value("--format");
  options.key = line.value("--key");
  options.refused_file = line.value("--refused");
  options.is_dry_run = line.has("--dry-run");
  if (options.domain != "logs" && options.domain != "metrics" && !options.format.empty() && options.format != "csv" &&
      options.format != "ndjson" && options.format != "json")
    return usage("--format: expected csv, ndjson or json, found \"" + options.format + "\"");
  if (line.has("--config") && line.has("--server")) return usage("expected --config or --server, found both");
  if (line.has("--config") && !options.is_dry_run)
    return gyre::runWithServer(setupOptions(line), [&](const std::string& url) {
      options.url = url;
      return gyre::cli::runImport(options);
    });
  options.url = line.value("--server", kDefaultServer);
  return gyre::cli::runImport(options);
}

int admin(std::string_view kind, const CommandLine& line) {
  gyre::cli::AdminOptions options{std::string(kind),    line.places.front(),
                                  line.value("--id"),   line.value("--organization"),
                                  line.has("--repair"), line.value("--server", kDefaultServer),
                                  line.value("--key")};
  return gyre::cli::runAdmin(options);
}

int deadLetters(const CommandLine& line) {
  gyre::cli::DeadLetterOptions options{
      line.places[0],     line.places[1],           line.places.size() > 2 ? line.places[2] : std::string(),
      line.has("--all"),  line.value("--reaction"), line.value("--server", kDefaultServer),
      line.value("--key")};
  const bool is_known = options.action == "list" || options.action == "show" || options.action == "edit" ||
                        options.action == "replay" || options.action == "drop";
  if (!is_known)
    return usage("dead-letters: expected list, show, edit, replay or drop, found \"" + options.action + "\"");
  if (options.is_all && options.action != "replay" && options.action != "drop")
    return usage("--all: expected with replay or drop");
  if ((options.action == "list" || options.is_all) != options.id.empty())
    return usage("dead-letters " + options.action + (options.id.empty() ? ": the id is missing" : ": unexpected id"));
  if ((options.action == "edit") == options.reaction_file.empty())
    return usage("--reaction: expected with edit, and with nothing else");
  return gyre::cli::runDeadLetters(options);
}

int keys(const CommandLine& line) {
  gyre::cli::KeysOptions options;
  options.action = line.places[0];
  options.name_or_id = line.places.size() > 1 ? line.places[1] : std::string();
  options.organization_id = line.value("--organization");
  options.roles = line.values("--role");
  options.expires_at = line.value("--expires");
  options.key = line.value("--key");
  if (options.action != "create" && options.action != "list" && options.action != "revoke")
    return usage("keys: expected create, list or revoke, found \"" + options.action + "\"");
  if ((options.action == "list") != options.name_or_id.empty())
    return usage("keys " + options.action +
                 (options.name_or_id.empty() ? ": the name or id is missing" : ": unexpected argument"));
  if (options.action == "create" ? options.roles.empty()
                                 : line.has("--role") || line.has("--organization") || line.has("--expires"))
    return usage(options.action == "create" ? "keys create: expected at least one --role"
                                            : "keys " + options.action + ": unexpected option");
  if (line.has("--config") && line.has("--server")) return usage("expected --config or --server, found both");
  if (line.has("--config"))
    return gyre::runWithServer(setupOptions(line), [&](const std::string& url) {
      options.url = url;
      return gyre::cli::runKeys(options);
    });
  options.url = line.value("--server", kDefaultServer);
  return gyre::cli::runKeys(options);
}

int index(const CommandLine& line) {
  if (line.places.front() != "check") return usage("index: expected check, found \"" + line.places.front() + "\"");
  return gyre::cli::runIndexCheck(line.places.back());
}

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> kVerbs = {
      {"serve",
       0,
       0,
       {"--config", "--set"},
       {},
       [](const CommandLine& line) { return gyre::serve(setupOptions(line)); }},
      {"check", 0, 0, {"--config", "--set"}, {}, &check},
      {"plugins", 0, 0, {"--config", "--set"}, {}, &plugins},
      {"import",
       2,
       1'000'000,
       {"--map", "--format", "--server", "--config", "--set", "--key", "--refused"},
       {"--dry-run"},
       &import},
      {"reindex", 1, 1, {"--server", "--key"}, {}, [](const CommandLine& line) { return admin("reindex", line); }},
      {"dead-letters", 2, 3, {"--server", "--key", "--reaction"}, {"--all"}, &deadLetters},
      {"keys", 1, 2, {"--role", "--organization", "--expires", "--server", "--config", "--set", "--key"}, {}, &keys},
      {"backup",
       1,
       1,
       {"--config", "--set"},
       {},
       [](const CommandLine& line) { return gyre::runBackup(setupOptions(line), line.places.front()); }},
      {"restore",
       1,
       1,
       {"--config", "--set"},
       {"--replace"},
       [](const CommandLine& line) {
         return gyre::runRestore(setupOptions(line), line.places.front(), line.has("--replace"));
       }},
      {"migrate",
       0,
       64,
       {"--to", "--config", "--set"},
       {},
       [](const CommandLine& line) {
         const std::string to = line.value("--to");
         if (to != "embedded" && to != "opensearch" && to != "elasticsearch")
           return usage("--to: expected embedded, opensearch or elasticsearch, found \"" + to + "\"");
         return gyre::migrate(setupOptions(line), {to, line.places});
       }},
      {"index", 2, 2, {}, {}, &index},
      {"synchronize",
       1,
       1,
       {"--id", "--organization", "--server", "--key"},
       {},
       [](const CommandLine& line) { return admin("synchronize", line); }},
      {"verify",
       1,
       1,
       {"--id", "--organization", "--server", "--key"},
       {"--repair"},
       [](const CommandLine& line) { return admin("verify", line); }},
  };
  return kVerbs;
}

bool contains(const std::vector<std::string_view>& names, std::string_view name) {
  for (const std::string_view known : names)
    if (known == name) return true;
  return false;
}

int runVerb(const Verb& verb, const std::vector<std::string>& arguments) {
  CommandLine line;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (!argument.starts_with("--")) {
      line.places.push_back(argument);
      continue;
    }
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    if (contains(verb.flags, name) && equals == std::string::npos) {
      line.options.emplace_back(name, "");
    } else if (contains(verb.with_value, name)) {
      if (equals == std::string::npos && i + 1 == arguments.size()) return usage(name + ": expected a value");
      line.options.emplace_back(name, equals == std::string::npos ? arguments[++i] : argument.substr(equals + 1));
    } else {
      return usage(std::string(verb.name) + ": unknown option " + name);
    }
  }
  if (line.places.size() < verb.min_places) return usage(std::string(verb.name) + ": an argument is missing");
  if (line.places.size() > verb.max_places)
    return usage(std::string(verb.name) + ": unexpected argument \"" + line.places.back() + "\"");
  return verb.run(line);
}

int runProgram(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    std::cerr << kUsage;
    return gyre::kExitUsage;
  }
  if (arguments.front() == "--version") {
    std::cout << "gyre " << GYRE_VERSION << '\n';
    return 0;
  }
  if (arguments.front() == "--help" || arguments.front() == "help") {
    std::cout << kUsage << "\nConfiguration, with defaults:\n\n" << gyre::config::referenceText();
    return 0;
  }
  for (const Verb& verb : verbs())
    if (verb.name == arguments.front()) return runVerb(verb, {arguments.begin() + 1, arguments.end()});
  return usage("unknown verb \"" + arguments.front() + "\"");
}

}  // namespace

int main(int argc, char** argv) {
  gyre::base::useFewArenas();
  try {
    return runProgram({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "gyre: " << error.what() << '\n';
    return gyre::kExitSoftware;
  }
}
