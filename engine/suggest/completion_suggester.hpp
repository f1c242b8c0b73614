// Which completions begin with what the user typed?
//
//   {"suggest": {"name": {"prefix": "pay", "completion": {"field": "description.suggest", "size": 5}}}}
//
// The best inputs of all segments by score, then text; documents that are deleted are passed over, and each document
// appears once, by its best matching input. The score is the weight; with `fuzzy` or contexts it is multiplied by what
// they give (see completion_index.hpp), and a weight of 0 leaves just that.
//
// THREADS: a request is immutable.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/mapping/mapping.hpp"
#include "engine/segment/segment_reader.hpp"
#include "engine/suggest/completion_index.hpp"
#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// A category that an input may carry.
struct CompletionCategory {
  std::string name;  // "context\0value"
  bool is_prefix = false;
  float boost = 1;
};

struct CompletionRequest {
  std::string analysed;  // as the field's analyzer sees what was typed; "" finds nothing
  std::string path;
  std::uint32_t size = 5;
  bool skips_duplicates = false;
  std::optional<FuzzyPrefix> fuzzy;
  std::optional<CharAutomaton> regex;          // what an input must begin with; `analysed` does not count then
  std::vector<CompletionCategory> categories;  // any of them; empty asks for all
};

// `body` is what stands under "completion", `text` what was typed, or with `is_regex` a regular expression.
Result<CompletionRequest> parseCompletion(json::Value body, std::string_view text, bool is_regex,
                                          const Mapping& mapping);

struct CompletionOption {
  std::string text;
  float score = 0;
  std::uint32_t segment = 0;
  DocId doc = 0;
  std::string context;  // "name\0value" that it was found by; "" without contexts
};
std::vector<CompletionOption> findCompletions(const Snapshot& snapshot, const CompletionRequest& request);

}  // namespace gyre::engine
