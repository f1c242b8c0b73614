// What does an index on a cluster look like for a domain? Its settings and mapping, from those that the domain gives.
//
// The host's own settings are left out, shards and replicas are the operator's when he says so, and only we refresh: so
// we know what a search sees, and cached answers are never behind that. A type that the product knows by another name
// gets that name.
//
// THREADS: const methods from any.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/status.hpp"
#include "server/search/opensearch/exact_sums.hpp"
#include "server/search/opensearch/product.hpp"

namespace gyre::search {

class IndexDefinition {
 public:
  struct Options {
    std::string name;     // of the domain
    std::string text;     // {"settings":{…},"mappings":{…}}, as the domain gives it
    unsigned shards = 0;  // 0: as the text says
    int replicas = -1;    // -1: as the text says
  };
  using Members = std::function<void(JsonWriter&)>;

  IndexDefinition() = default;
  // invalid_argument when the text is none.
  static Result<IndexDefinition> read(Options options);

  const ExactSums& sums() const { return sums_; }
  // Of the text; in an index' mapping as "_meta"."gyre"."definition".
  const std::string& fingerprint() const { return fingerprint_; }

  // "settings" and "mappings" into an object that is open. `members`: more of "_meta"."gyre"; may be empty.
  void write(JsonWriter& writer, Product product, const Members& members = {}) const;

 private:
  void writeSettings(json::Value settings, JsonWriter& writer) const;
  void writeMappings(json::Value mappings, JsonWriter& writer, Product product, const Members& members) const;

  Options options_;
  std::string fingerprint_;
  ExactSums sums_;
};

}  // namespace gyre::search
