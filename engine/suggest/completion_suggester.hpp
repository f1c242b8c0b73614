// Which completions begin with what the user typed?
//
//   {"suggest": {"name": {"prefix": "pay", "completion": {"field": "description.suggest", "size": 5}}}}
//
// The best inputs of all segments by weight, then text; documents that are deleted are passed over, and each document
// appears once, by its heaviest matching input.
//
// THREADS: a request is immutable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/mapping/mapping.hpp"
#include "engine/segment/segment_reader.hpp"
#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

struct CompletionRequest {
  std::string name;
  std::string text;      // as typed
  std::string analysed;  // as the field's analyzer sees it
  std::string path;
  std::uint32_t size = 5;
  bool skips_duplicates = false;
  std::vector<std::string> contexts;  // "name\0value", any of them; empty asks for all
};

// The "suggest" object of a request.
Result<std::vector<CompletionRequest>> parseSuggest(json::Value body, const Mapping& mapping);

struct CompletionOption {
  std::string text;
  std::uint32_t weight = 0;
  std::uint32_t segment = 0;
  DocId doc = 0;
  std::string context;  // "name\0value" that it was found by; "" without contexts
};
std::vector<CompletionOption> findCompletions(const Snapshot& snapshot, const CompletionRequest& request);

}  // namespace gyre::engine
