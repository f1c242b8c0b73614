// Where is the search node of this test run, if there is one? As tests/search_node/node.py wrote it into the file that
// GYRE_SEARCH_NODE_FILE names.
#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "gyre/json.hpp"

namespace gyre::test {

struct SearchNode {
  std::string url;
  bool is_elasticsearch = false;
};

inline std::optional<SearchNode> searchNode() {
  const char* const path = std::getenv("GYRE_SEARCH_NODE_FILE");
  if (path == nullptr) return std::nullopt;
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto document = json::Document::parse(text);
  if (!document.isOk()) return std::nullopt;
  return SearchNode{std::string(document->root()["url"].string()),
                    document->root()["engine"].string() == "elasticsearch"};
}

}  // namespace gyre::test
