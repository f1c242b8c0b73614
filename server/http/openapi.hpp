// What can be called? OpenAPI 3.1, generated from what the loaded plugins registered.
#pragma once

#include <string>

#include "server/bus/domain_service.hpp"

namespace gyre::http {

std::string openApiDocument(const bus::DomainCatalog& domains);

}  // namespace gyre::http
