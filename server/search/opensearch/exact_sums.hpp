// How does a cluster that adds doubles give exact sums?
//
// A domain marks a whole number of money with "meta": {"sum": "exact"} in its mapping. The embedded engine adds such
// numbers in 128 bits anyway. OpenSearch and Elasticsearch add doubles, which are whole up to 2^53 only; so we index
// two more numbers beside it, the value's part above and its part below 2^26, and ask for the sums of these. Each is
// exact in doubles, in whatever order it is added, while it stays below 2^53: for 134 million values a bucket, and
// totals up to 2^79. Beyond that the answer is refused, never rounded.
//
// The two numbers stand in a member of their own at the end of the object that has the number (the document, an object
// or nested documents in it), which nobody else sees: it is cut out of whatever comes back.
//
// THREADS: const methods from any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/status.hpp"

namespace gyre::search {

class ExactSums {
 public:
  ExactSums() = default;
  // The fields of `properties`, inner ones too, that ask for it. invalid_argument when one is no whole number.
  static Result<ExactSums> read(json::Value properties);

  bool isEmpty() const { return fields_.empty(); }
  // The member beside those of a mapping's `properties` (not its inner ones) that ask for it; nothing if none does.
  static void writeProperty(json::Value properties, JsonWriter& writer);

  // The source with the parts of its numbers; as it was when it has none, or is no JSON object.
  std::string extend(std::string source) const;
  // Takes out again what extend() put in, wherever it stands in a text of JSON.
  static void strip(std::string& text);

  // The request with sums of the parts beside each sum of a marked field; nothing when it has none.
  std::optional<std::string> extendRequest(std::string_view request) const;
  // The answer to such a request with exact sums in their places: "30.0". unprocessable (reason "sum_beyond_exactness")
  // when one is beyond the bounds above.
  static Result<std::string> mergeAnswer(std::string_view answer);

 private:
  // An object of the mapping that has marked fields, or objects that have some.
  struct Level {
    std::string name;
    std::vector<std::string> fields;
    std::vector<Level> objects;
  };
  struct Insertion {
    const char* before;  // in the document
    std::string text;
  };

  Status read(json::Value properties, std::string_view path, Level& level);
  static void collect(json::Value value, const Level& level, std::vector<Insertion>& insertions);
  bool isMarked(std::string_view field) const;
  void writeRequest(json::Value request, JsonWriter& writer, bool& has_any) const;
  void writeAggregations(json::Value aggregations, JsonWriter& writer, bool& has_any) const;

  std::vector<std::string> fields_;  // whole paths
  Level root_;
};

}  // namespace gyre::search
