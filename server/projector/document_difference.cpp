#include "server/projector/document_difference.hpp"

#include <algorithm>
#include <map>

#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"

namespace gyre::projector {

namespace {

std::string canonical(json::Value value) {
  std::string text;
  JsonWriter writer(text);
  json::writeCanonical(value, writer);
  return text;
}

}  // namespace

std::optional<std::vector<std::string>> difference(std::string_view expected, std::string_view found) {
  if (expected == found) return std::nullopt;
  const Result<json::Document> left = json::Document::parse(expected);
  const Result<json::Document> right = json::Document::parse(found);
  if (!left.isOk() || !right.isOk()) return std::vector<std::string>();
  std::map<std::string_view, std::string> members;
  for (const json::Value member : left->root()) members.emplace(member.key(), canonical(member));
  std::vector<std::string> fields;
  for (const json::Value member : right->root()) {
    const auto same = members.find(member.key());
    if (same == members.end() || same->second != canonical(member)) fields.emplace_back(member.key());
    if (same != members.end()) members.erase(same);
  }
  for (const auto& [name, text] : members) fields.emplace_back(name);
  if (fields.empty() && canonical(left->root()) == canonical(right->root())) return std::nullopt;
  std::sort(fields.begin(), fields.end());
  return fields;
}

}  // namespace gyre::projector
