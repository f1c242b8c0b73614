// Which settings does an index have? A flat list of names and texts, as the dialect keeps them.
//
// Read from nested objects, dotted names or both; every name of an index's gets the prefix "index." unless it has it.
// Scalars become texts ("1", "true"), lists stay lists.
//
// THREADS: values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/status.hpp"

namespace gyre::dialect {

class Settings {
 public:
  struct Value {
    bool is_list = false;
    std::vector<std::string> texts;  // one, unless it is a list
    bool operator==(const Value&) const = default;
  };
  using Values = std::map<std::string, Value, std::less<>>;

  // Adds what `object` says; a null takes a name out. illegal_argument_exception for what is no object.
  // The names that a null stood for are added to `nulls`; such a name may have wildcards.
  Status merge(json::Value object, std::string_view prefix = "index.", std::vector<std::string>* nulls = nullptr);
  // Adds all of `other`, which counts before what is held.
  void merge(const Settings& other);
  // Takes out every setting that matches, as "index.blocks.*" does.
  void erase(std::string_view name);
  void set(std::string_view name, std::string_view text);

  // Nothing when absent or a list.
  std::optional<std::string_view> text(std::string_view name) const;
  // As a number; `otherwise` when absent or none.
  std::int64_t whole(std::string_view name, std::int64_t otherwise) const;
  const Values& values() const { return values_; }
  Values& values() { return values_; }

  // {"index":{"number_of_shards":"1",…}}
  void writeNested(JsonWriter& writer) const;
  void write(bool is_flat, JsonWriter& writer) const { is_flat ? writeFlat(writer) : writeNested(writer); }
  // {"index.number_of_shards":"1",…}
  void writeFlat(JsonWriter& writer) const;
  std::string nestedJson() const;

 private:
  std::vector<std::string> objectPath(std::string_view name) const;
  void mergeAt(const std::string& path, json::Value value, std::string_view prefix, std::vector<std::string>* nulls);
  Values values_;
};

}  // namespace gyre::dialect
