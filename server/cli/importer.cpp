#include "server/cli/importer.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "gyre/json_writer.hpp"

namespace gyre::cli {

Result<ColumnMap> ColumnMap::parse(const std::vector<std::string>& entries, std::span<const std::string_view> known) {
  ColumnMap map;
  for (const std::string& entry : entries) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0)
      return invalidArgument("--map: expected field=column or field==constant, found \"" + entry + "\"");
    std::string name = entry.substr(0, equals);
    const bool is_known = std::any_of(known.begin(), known.end(), [&](std::string_view field) {
      return field.ends_with('.') ? name.starts_with(field) && name.size() > field.size() : name == field;
    });
    if (!is_known) {
      std::string fields;
      for (const std::string_view field : known)
        fields.append(fields.empty() ? "" : ", ").append(field).append(field.ends_with('.') ? "NAME" : "");
      return invalidArgument("--map: there is no field \"" + name + "\"; known are " + fields);
    }
    if (entry.substr(equals).starts_with("=="))
      map.constants.emplace_back(std::move(name), entry.substr(equals + 2));
    else
      map.columns.emplace_back(std::move(name), entry.substr(equals + 1));
  }
  return map;
}

std::string_view ColumnMap::constant(std::string_view field) const {
  for (const auto& [name, value] : constants)
    if (name == field) return value;
  return {};
}

std::string normalizedName(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z')
      out += static_cast<char>(c + 32);
    else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
      out += c;
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string commandLine(std::string_view command, std::optional<std::int64_t> time_millis, std::string_view key,
                        std::string_view body) {
  std::string line;
  JsonWriter writer(line);
  writer.beginObject().member("command", command);
  if (!key.empty()) writer.member("idempotencyKey", key);
  if (time_millis) writer.member("time", base::formatTime(*time_millis));
  writer.rawMember("body", body).endObject();
  return line;
}

}  // namespace gyre::cli
