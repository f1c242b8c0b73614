#include "server/dialect_listener.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/dialect/index_figures.hpp"
#include "server/stream/document_index.hpp"
#include "server/stream_documents.hpp"

namespace gyre {

Status DialectListener::start(const config::Config& config, const http::Limits& limits, const std::string& folder,
                              const bus::DomainCatalog& domains, search::Cluster* cluster, const http::ApiKeys& keys,
                              const base::Clock& clock, base::Observer& observer) {
  dialect::Catalog::Options options;
  options.folder = folder + "/free";
  options.has_free_indices = config.dialect.has_free_indices && cluster == nullptr;
  options.buffer_bytes = config.engine.buffer_bytes;
  options.max_indices = config.dialect.max_indices;
  GYRE_TRY_ASSIGN(catalog_, dialect::Catalog::open(std::move(options), clock, observer));
  for (const bus::DomainService& domain : domains.served)
    if (domain.gate.wasOpened()) addDomain(domain);
  dialect::Identity identity;
  identity.version = config.dialect.version;
  identity.distribution = config.dialect.distribution;
  identity.host = config.dialect.listen.host;
  service_ = std::make_unique<dialect::Service>(*catalog_, std::move(identity));
  pool_ = std::make_unique<base::ThreadPool>(config.readers.threads, config.readers.queue);
  if (config.dialect.has_free_indices && cluster != nullptr) relay_ = std::make_unique<ClusterRelay>(*cluster, config);
  handler_ = std::make_unique<http::DialectHandler>(*service_, *pool_, keys, relay_.get());
  http::Options server_options;
  server_options.host = config.dialect.listen.host;
  server_options.port = config.dialect.listen.port;
  server_options.loops = config.dialect.loops;
  server_options.limits = limits;
  server_ = std::make_unique<http::HttpServer>(std::move(server_options), *handler_, observer);
  GYRE_TRY(server_->start());
  service_->setPort(server_->port());
  return {};
}

void DialectListener::addStream(const bus::DomainService& domain) {
  const auto writer = std::make_shared<StreamDocuments>(*domain.stream, catalog_->clock());
  auto* const index = dynamic_cast<stream::DocumentIndex*>(&domain.stream->index());
  if (index == nullptr)  // samples, or on a search cluster
    return catalog_->setStream(
        domain.name, {{".ds-" + domain.name + "-elsewhere", catalog_->clock().nowMillis(), nullptr, {}}}, writer);
  streams_.push_back(index);
  const auto show = [this, index, writer, name = domain.name] {
    std::vector<dialect::StreamGeneration> shown;
    const auto generations = index->generations();
    for (const auto& generation : *generations) {
      std::string number = std::to_string(generation->number());
      number.insert(0, number.size() < 6 ? 6 - number.size() : 0, '0');
      shown.push_back({".ds-" + name + "-" + number, generation->createdMillis(), &generation->index(), generation});
    }
    catalog_->setStream(name, shown, writer);
  };
  index->onChanged(show);
  show();
}

void DialectListener::addDomain(const bus::DomainService& domain) {
  if (domain.stream != nullptr) return addStream(domain);
  if (engine::Index* const index = domain.engine->embedded()) catalog_->addDomain(domain.name, *index, true);
}

void DialectListener::collect(observe::Samples& samples) const {
  if (!catalog_) return;
  dialect::IndexFigures all;
  double count = 0;
  for (const auto state = catalog_->state(); const auto& [name, entry] : state->indices) {
    if (!entry->domain.empty()) continue;
    all.add(dialect::figuresOf(*entry));
    ++count;
  }
  const auto gauge = [&samples](std::string_view name, std::string_view help, double value) {
    samples.gauge(name, help, {}, value);
  };
  gauge("gyre_free_indices", "free indices, open or closed", count);
  gauge("gyre_free_documents", "searchable documents of the free indices", static_cast<double>(all.doc_count));
  gauge("gyre_free_bytes", "bytes on disk of the free indices", static_cast<double>(all.size_bytes));
  gauge("gyre_free_segments", "segments of the free indices", static_cast<double>(all.segment_count));
  gauge("gyre_free_buffer_bytes", "memory of what is not in a segment yet", static_cast<double>(all.buffer_bytes));
  gauge("gyre_free_log_bytes", "bytes of operation logs that no commit covers", static_cast<double>(all.log_bytes));
}

void DialectListener::stop(std::int64_t grace_ms) {
  // First, so that nobody who waits for a task keeps the server from stopping.
  if (service_) service_->tasks().stop();
  if (server_) server_->stop(grace_ms);
  if (pool_) pool_->stop();
  for (stream::DocumentIndex* const index : std::exchange(streams_, {})) index->onChanged(nullptr);
  if (catalog_) catalog_->close();
}

}  // namespace gyre
