#include "server/search/opensearch/product.hpp"

#include <charconv>

#include "gyre/json.hpp"

namespace gyre::search {
namespace {

Status unknown(std::string what) {
  return {Code::kUnavailable, "unknown_search_engine",
          "expected OpenSearch or Elasticsearch, found " + std::move(what)};
}

Status unsupported(Product expected, const ProductVersion& found) {
  const char* const wanted = expected == Product::kOpenSearch ? "OpenSearch 1 to 3" : "Elasticsearch 7.10 to 8";
  return {Code::kUnavailable, "unsupported_search_engine",
          "search.engine: expected " + std::string(wanted) + ", found " + std::string(productName(found.product)) +
              " " + found.number};
}

bool readVersion(std::string_view number, ProductVersion& version) {
  const char* const end = number.data() + number.size();
  const auto major = std::from_chars(number.data(), end, version.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return false;
  return std::from_chars(major.ptr + 1, end, version.minor).ec == std::errc();
}

}  // namespace

std::string_view productName(Product product) {
  return product == Product::kOpenSearch ? "OpenSearch" : "Elasticsearch";
}

Result<ProductVersion> readProduct(std::string_view body) {
  const Result<json::Document> document = json::Document::parse(body);
  if (!document.isOk()) return unknown("no JSON");
  const json::Value version = document->root()["version"];
  const json::Value number = version["number"];
  if (!number.isString()) return unknown("an answer without version.number");
  ProductVersion found;
  found.number = number.string();
  if (!readVersion(found.number, found)) return unknown("the version \"" + found.number + "\"");
  const json::Value distribution = version["distribution"];
  if (distribution.isString() && distribution.string() != "opensearch")
    return unknown("the distribution \"" + std::string(distribution.string()) + "\"");
  found.product = distribution.isString() ? Product::kOpenSearch : Product::kElasticsearch;
  if (found.product == Product::kElasticsearch && document->root()["tagline"].string() != "You Know, for Search")
    return unknown("another product, of version " + found.number);
  return found;
}

// 7.10 is the first Elasticsearch with require_alias in bulk requests. OpenSearch says 7.10.2 when it is told to be
// taken for that (compatibility.override_main_response_version).
Status checkProduct(Product expected, const ProductVersion& found) {
  if (found.product != expected) return unsupported(expected, found);
  if (expected == Product::kOpenSearch) {
    const bool is_disguised = found.number == "7.10.2";
    return is_disguised || (found.major >= 1 && found.major <= 3) ? Status() : unsupported(expected, found);
  }
  return (found.major == 7 && found.minor >= 10) || found.major == 8 ? Status() : unsupported(expected, found);
}

}  // namespace gyre::search
