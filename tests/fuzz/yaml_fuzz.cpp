// Does reading a configuration end, in bounded depth, with positions inside the file and faults that print?
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "gyre/schema.hpp"
#include "server/config/config.hpp"
#include "server/config/yaml_loader.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using gyre::config::YamlFile;
using gyre::config::YamlNode;
using gyre::fuzz::require;

std::size_t depthOf(const YamlNode& node) {
  std::size_t depth = 0;
  for (const YamlNode& child : node.children) depth = std::max(depth, depthOf(child));
  return depth + 1;
}

std::size_t countNodes(const YamlNode& node) {
  std::size_t count = 1;
  for (const YamlNode& child : node.children) count += countNodes(child);
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const YamlFile file = gyre::config::loadYaml(text);
  require(depthOf(file.root) <= 256, "the tree is shallow");
  require(countNodes(file.root) <= size + 2, "nothing expands");
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) +
                     std::count(text.begin(), text.end(), '\r') + 2;
  for (const auto& fault : file.faults) require(fault.position.line <= lines, "a fault is inside the file");

  const gyre::config::Source source{"fuzz.yaml", text, {}};
  const auto config = gyre::config::readConfig(source, {});
  require(config.isOk() || !config.status().faults().empty(), "a refusal names its faults");
  require(file.faults.empty() || !config.isOk(), "what the loader faults is refused");
  for (const auto& fault : config.status().faults()) require(gyre::isPrintable(fault.detail), "a fault prints");
  require(!gyre::config::pluginFolder(source, "/opt/bin").empty(), "there is always a plugin folder");
  return 0;
}
