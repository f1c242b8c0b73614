#include "tests/config_reference/shipped_domains.hpp"

#include <fstream>
#include <iterator>
#include <string>
#include <utility>

namespace gyre::config {

Result<std::vector<DomainDeclaration>> shippedDomains() {
  std::vector<DomainDeclaration> domains;
  for (const std::string name : {"payments"}) {
    const std::string path = std::string(GYRE_SOURCE_DIR) + "/plugins/" + name + "/mapping.json";
    std::ifstream file(path);
    const std::string index((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    auto declared = declareDomain(name, index, "[]");
    if (!declared.isOk()) return declared.status().withPrefix(path);
    domains.push_back(std::move(*declared));
  }
  return domains;
}

}  // namespace gyre::config
