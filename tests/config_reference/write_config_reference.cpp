// Writes config/gyre.yaml and docs/CONFIGURATION.md of the source folder given.
#include <fstream>
#include <iostream>
#include <string>

#include "tests/config_reference/shipped_domains.hpp"

int main(int argc, char** argv) {
  const auto domains = gyre::config::shippedDomains();
  if (argc != 2 || !domains.isOk()) {
    std::cerr << "usage: write_config_reference SOURCE_FOLDER\n" << domains.status().message() << '\n';
    return 2;
  }
  const std::string folder = argv[1];
  std::ofstream yaml(folder + "/config/gyre.yaml"), markdown(folder + "/docs/CONFIGURATION.md");
  yaml << gyre::config::referenceYaml(*domains);
  markdown << gyre::config::referenceMarkdown(*domains);
  yaml.close();
  markdown.close();
  return yaml && markdown ? 0 : 1;
}
