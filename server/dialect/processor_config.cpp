#include "server/dialect/processor_config.hpp"

#include "server/dialect/ingest_document.hpp"

namespace gyre::dialect {

Status ProcessorConfig::fault(std::string_view property, std::string message) const {
  Status status(Code::kInvalidArgument, "parse_exception",
                property.empty() ? std::move(message) : "[" + std::string(property) + "] " + std::move(message));
  status.addFault("processor_type", type_);
  if (const JsonTree* const tag = members_.find("tag"); tag != nullptr && tag->isText())
    status.addFault("processor_tag", tag->text());
  if (!property.empty()) status.addFault("property_name", std::string(property));
  return status;
}

const JsonTree* ProcessorConfig::optional(std::string_view name) {
  asked_.emplace(name);
  return members_.find(name);
}

Result<const JsonTree*> ProcessorConfig::required(std::string_view name) {
  const JsonTree* const value = optional(name);
  if (value == nullptr) return fault(name, "required property is missing");
  return value;
}

Result<std::optional<std::string>> ProcessorConfig::optionalText(std::string_view name) {
  const JsonTree* const value = optional(name);
  if (value == nullptr || value->isNull()) return std::optional<std::string>();
  if (value->isText() || value->isNumber() || value->isBoolean()) return std::optional<std::string>(value->text());
  return fault(name, "property isn't a string, but of type [" + std::string(typeNameOf(*value)) + "]");
}

Result<std::string> ProcessorConfig::text(std::string_view name) {
  GYRE_TRY_ASSIGN(auto value, optionalText(name));
  if (!value) return fault(name, "required property is missing");
  return *value;
}

Result<std::string> ProcessorConfig::textOr(std::string_view name, std::string_view otherwise) {
  GYRE_TRY_ASSIGN(auto value, optionalText(name));
  return value.value_or(std::string(otherwise));
}

Result<std::string> ProcessorConfig::templateText(std::string_view name) {
  GYRE_TRY_ASSIGN(std::string value, text(name));
  if (!isPlainTemplate(value)) return fault(name, "sections and partials of templates are not served");
  return value;
}

Result<bool> ProcessorConfig::flag(std::string_view name, bool otherwise) {
  const JsonTree* const value = optional(name);
  if (value == nullptr) return otherwise;
  if (value->isBoolean()) return value->isTrue();
  return fault(name, "property isn't a boolean, but of type [" + std::string(typeNameOf(*value)) + "]");
}

Result<std::vector<std::string>> ProcessorConfig::optionalTexts(std::string_view name) {
  std::vector<std::string> texts;
  const JsonTree* const value = optional(name);
  if (value == nullptr) return texts;
  if (value->isText()) {
    texts.push_back(value->text());
    return texts;
  }
  if (!value->isArray())
    return fault(name, "property isn't a list, but of type [" + std::string(typeNameOf(*value)) + "]");
  for (const JsonTree& each : value->elements()) texts.push_back(plainText(each));
  return texts;
}

Result<std::vector<std::string>> ProcessorConfig::texts(std::string_view name) {
  if (members_.find(name) == nullptr) {
    asked_.emplace(name);
    return fault(name, "required property is missing");
  }
  return optionalTexts(name);
}

Status ProcessorConfig::finish() const {
  std::string unknown;
  for (const auto& [name, value] : members_.members())
    if (!asked_.contains(name)) unknown += (unknown.empty() ? "" : ", ") + name;
  if (unknown.empty()) return {};
  return fault(
      "", "processor [" + type_ + "] doesn't support one or more provided configuration parameters [" + unknown + "]");
}

}  // namespace gyre::dialect
