// How is a processor configured? Its members, asked for one by one; what nobody asked for is refused by name.
//
// THREADS: belongs to one parse.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/status.hpp"
#include "server/dialect/json_tree.hpp"

namespace gyre::dialect {

class ProcessorConfig {
 public:
  ProcessorConfig(std::string_view type, const JsonTree& members) : type_(type), members_(members) {}

  // Required ones; parse_exception when they are missing or of another type.
  Result<std::string> text(std::string_view name);
  Result<std::string> textOr(std::string_view name, std::string_view otherwise);
  Result<std::optional<std::string>> optionalText(std::string_view name);
  Result<bool> flag(std::string_view name, bool otherwise);
  // A list of texts, or one.
  Result<std::vector<std::string>> texts(std::string_view name);
  Result<std::vector<std::string>> optionalTexts(std::string_view name);
  // Null when absent.
  const JsonTree* optional(std::string_view name);
  Result<const JsonTree*> required(std::string_view name);

  // A text that may be filled in from the document.
  Result<std::string> templateText(std::string_view name);

  Status finish() const;
  Status fault(std::string_view property, std::string message) const;
  const std::string& type() const { return type_; }

 private:
  std::string type_;
  const JsonTree& members_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace gyre::dialect
