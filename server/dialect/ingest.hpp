// Which pipelines does a document go through on its way into an index, and how does it come out?
//
// The one that the request names, or else the index' default_pipeline; then the index' final_pipeline. "_none" is none.
//
// THREADS: an Ingest belongs to one request.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gyre/status.hpp"
#include "server/dialect/catalog.hpp"
#include "server/dialect/ingest_pipeline.hpp"

namespace gyre::dialect {

struct Ingested {
  bool is_dropped = false;
  std::string index;
  std::optional<std::string> id;
  std::string routing;
  std::string source;  // JSON
  std::optional<std::int64_t> if_seq_no, if_term;
};

class Ingest {
 public:
  explicit Ingest(const Catalog& catalog);

  // Nothing when no pipeline is to be run.
  Result<std::optional<Ingested>> run(std::string_view index, std::string_view pipeline,
                                      std::optional<std::string_view> id, std::string_view routing,
                                      std::string_view source);

 private:
  struct Names {
    std::string usual, final;  // "" for none
  };
  const Names& namesOf(std::string_view index);

  std::shared_ptr<const CatalogState> state_;
  std::int64_t now_millis_;
  IngestRun run_;
  std::map<std::string, Names, std::less<>> names_;
};

}  // namespace gyre::dialect
