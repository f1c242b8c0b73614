// What answers there? OpenSearch 1 to 3 or Elasticsearch 7.10 to 8, and which of the two.
//
// THREADS: values.
#pragma once

#include <string>
#include <string_view>

#include "gyre/status.hpp"

namespace gyre::search {

enum class Product { kOpenSearch, kElasticsearch };

std::string_view productName(Product product);

struct ProductVersion {
  Product product = Product::kOpenSearch;
  unsigned major = 0;
  unsigned minor = 0;
  std::string number;  // "2.19.6"
};

// From the body of `GET /`. unavailable with the reason "unknown_search_engine" when that is something else.
Result<ProductVersion> readProduct(std::string_view body);
// unavailable with the reason "unsupported_search_engine" when it is another one than expected, or of a version that we
// do not speak to; says both.
Status checkProduct(Product expected, const ProductVersion& found);

}  // namespace gyre::search
