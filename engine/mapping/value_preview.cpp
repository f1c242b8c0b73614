#include "engine/mapping/value_preview.hpp"

namespace gyre::engine {

std::string previewOf(json::Value value) {
  if (value.isString()) return std::string(value.string());
  if (!value.isObject() && !value.isArray()) return std::string(value.raw());
  std::string shown(1, value.isObject() ? '{' : '[');
  for (const json::Value child : value) {
    if (shown.size() > 1) shown += ", ";
    if (value.isObject()) shown.append(child.key()).append(1, '=');
    shown += previewOf(child);
  }
  return shown.append(1, value.isObject() ? '}' : ']');
}

}  // namespace gyre::engine
