// What do an index's settings say about analysis?
//
// Settings come nested or dotted, with or without "index." before them, scalars as text or not; all of that is one flat
// list of dotted names here. A list may be written as an array, as text with commas, or by numbered names.
//
// THREADS: FlatSettings is a value; a ComponentSettings belongs to the one who builds the component.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

class FlatSettings {
 public:
  struct Entry {
    std::vector<std::string> values;
    bool is_list = false;
  };
  FlatSettings() = default;
  explicit FlatSettings(json::Value settings);

  // The names directly below "prefix.", each with its own settings.
  std::map<std::string, FlatSettings> groups(std::string_view prefix) const;
  // What stands below "prefix.".
  FlatSettings below(std::string_view prefix) const;
  const std::map<std::string, Entry>& entries() const { return entries_; }
  const Entry* find(std::string_view name) const;
  // The first value; "" when there is none.
  std::string_view text(std::string_view name) const;
  std::int64_t number(std::string_view name, std::int64_t otherwise) const;

 private:
  void add(json::Value value, const std::string& name);
  std::map<std::string, Entry> entries_;
};

// The settings of one analyzer, tokenizer or filter. Asking marks a setting as known; finish() refuses those nobody
// asked for, and the first one that could not be read.
class ComponentSettings {
 public:
  // `kind` is "filter", "tokenizer", …; `name` what the index calls it.
  ComponentSettings(std::string_view kind, std::string name, FlatSettings settings);

  const std::string& name() const { return name_; }
  // Asked for by its type's name, without a definition.
  bool isBare() const { return is_bare_; }
  void setBare() { is_bare_ = true; }

  bool has(std::string_view name);
  std::string text(std::string_view name, std::string_view otherwise = "");
  std::int32_t number(std::string_view name, std::int32_t otherwise);
  bool boolean(std::string_view name, bool otherwise);
  std::vector<std::string> list(std::string_view name, std::vector<std::string> otherwise = {});
  // Makes finish() refuse, unless something else did before.
  void refuse(std::string why);
  void ignore(std::string_view name) { known_.emplace(name); }
  Status finish() const;

 private:
  const FlatSettings::Entry* find(std::string_view name);
  std::string kind_;
  std::string name_;
  FlatSettings settings_;
  std::set<std::string, std::less<>> known_;
  Status failure_;
  bool is_bare_ = false;
};

Status analysisRefusal(std::string message);  // illegal_argument_exception

}  // namespace gyre::engine
