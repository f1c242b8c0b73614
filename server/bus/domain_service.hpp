// What does one served domain consist of? The parts the edges call, wired by the application.
//
// A domain whose plugin is loaded has a place among the served ones, open or not, so that it can be enabled later.
//
// THREADS: the parts are thread-safe, and are set before the gate is opened first. OWNS: nothing: the application owns
// the parts, and outlives the requests that use them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/bus/command_bus.hpp"
#include "server/bus/domain_gate.hpp"
#include "server/bus/handlers.hpp"
#include "server/bus/query_bus.hpp"
#include "server/projector/projector.hpp"
#include "server/search/search_engine.hpp"
#include "server/store/primary_store.hpp"
#include "server/stream/stream_service.hpp"

namespace gyre::bus {

struct DomainService {
  std::string name;
  const DomainHandlers* handlers = nullptr;
  CommandBus* commands = nullptr;
  QueryBus* queries = nullptr;
  projector::Projector* projector = nullptr;          // null where another server writes the index
  projector::Searchability* searchability = nullptr;  // of the index, whoever fills it
  store::PrimaryStore* store = nullptr;               // a server that only reads has one that refuses
  search::SearchEngine* engine = nullptr;
  stream::StreamService* stream = nullptr;  // of a stream, which has neither commands nor projector; else null
  DomainGate gate;                          // requests pass it; the parts above are there once it was opened
};

// A domain that the configuration names and that could not be served, with the reason.
struct FailedDomain {
  std::string name;
  std::string reason;
};

struct DomainCatalog {
  std::vector<DomainService> served;
  std::vector<FailedDomain> failed;

  // Open or not.
  const DomainService* find(std::string_view name) const {
    for (const DomainService& service : served)
      if (service.name == name) return &service;
    return nullptr;
  }
  const FailedDomain* findFailed(std::string_view name) const {
    for (const FailedDomain& domain : failed)
      if (domain.name == name) return &domain;
    return nullptr;
  }
};

}  // namespace gyre::bus
