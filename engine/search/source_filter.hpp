// Which part of a stored document does a hit show?
//
// THREADS: immutable once parsed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/mapping/mapping.hpp"
#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

class SourceFilter {
 public:
  SourceFilter() = default;  // shows everything
  // true, false, "field", ["a.*", "b"], {"includes": […], "excludes": […]}.
  static Result<SourceFilter> parse(json::Value value);

  // What the mapping keeps of sources ("_source": {"enabled": …, "includes": …, "excludes": …}).
  static SourceFilter of(const MappingRoot& root) {
    SourceFilter filter;
    filter.is_hidden_ = !root.is_source_enabled;
    filter.includes_ = root.source_includes;
    filter.excludes_ = root.source_excludes;
    return filter;
  }
  static SourceFilter nothing() {
    SourceFilter filter;
    filter.is_hidden_ = true;
    return filter;
  }

  bool isHidden() const { return is_hidden_; }
  bool isWhole() const { return includes_.empty() && excludes_.empty(); }
  // What is left of `source`. REQUIRES: !isHidden(); valid JSON.
  Result<std::string> apply(std::string_view source) const;

 private:
  bool write(json::Value value, const std::string& path, bool is_included, std::string& out) const;
  bool writeObject(json::Value value, const std::string& path, bool is_included, std::string& out) const;
  bool writeArray(json::Value value, const std::string& path, bool is_included, std::string& out) const;

  bool is_hidden_ = false;
  std::vector<std::string> includes_;
  std::vector<std::string> excludes_;
};

}  // namespace gyre::engine
