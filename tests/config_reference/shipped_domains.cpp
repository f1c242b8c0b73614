#include "tests/config_reference/shipped_domains.hpp"

#include <fstream>
#include <iterator>
#include <string>
#include <utility>

namespace gyre::config {

Result<std::vector<DomainDeclaration>> shippedDomains() {
  std::vector<DomainDeclaration> domains;
  const auto text_of = [](const std::string& path, const char* otherwise) {
    std::ifstream file(path);
    return file ? std::string(std::istreambuf_iterator<char>(file), {}) : std::string(otherwise);
  };
  for (const std::string name : {"payments", "invoices", "logs", "metrics"}) {
    const std::string folder = std::string(GYRE_SOURCE_DIR) + "/plugins/" + name;
    auto declared = declareDomain(name, text_of(folder + "/mapping.json", ""), text_of(folder + "/options.json", "[]"));
    if (!declared.isOk()) return declared.status().withPrefix(folder);
    domains.push_back(std::move(*declared));
  }
  return domains;
}

}  // namespace gyre::config
