// Which domains does the shipped configuration name? Those whose plugins are in the tree.
#pragma once

#include <vector>

#include "gyre/status.hpp"
#include "server/config/config.hpp"

namespace gyre::config {

Result<std::vector<DomainDeclaration>> shippedDomains();

}  // namespace gyre::config
