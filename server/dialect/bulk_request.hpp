// What does the body of a bulk request ask for?
//
// Lines: an action with its parameters, and for all but delete a document. An unknown action or parameter refuses the
// whole request; what is wrong with a document is its own item's affair and is not looked at here. The grammar is the
// dialect's, with its leniencies: blank lines between items, anything after the action's parameters, a last action
// without a document.
//
// THREADS: values. Items borrow from the body and from the BulkRequest.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/search/source_filter.hpp"
#include "gyre/status.hpp"
#include "server/dialect/document_write.hpp"

namespace gyre::dialect {

// What the URL says for items that say nothing themselves.
struct BulkDefaults {
  std::string_view index;
  std::string_view routing;
  std::string_view pipeline;
  std::optional<engine::SourceFilter> shows;
  bool must_be_alias = false;
};

struct BulkRequest {
  std::vector<WriteItem> items;
  std::deque<std::string> texts;  // decoded, or made of something else than a string

  static Result<BulkRequest> parse(std::string_view body, const BulkDefaults& defaults);
};

}  // namespace gyre::dialect
