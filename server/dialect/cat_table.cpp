#include "server/dialect/cat_table.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/clock.hpp"
#include "gyre/json_writer.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/name_match.hpp"
#include "server/dialect/resolve_options.hpp"

namespace gyre::dialect {

namespace {

struct Unit {
  std::string_view name;
  double size;
};
constexpr Unit kByteUnits[] = {{"b", 1},
                               {"kb", 1024.0},
                               {"mb", 1048576.0},
                               {"gb", 1073741824.0},
                               {"tb", 1099511627776.0},
                               {"pb", 1125899906842624.0}};
constexpr Unit kTimeUnits[] = {{"nanos", 1}, {"micros", 1e3}, {"ms", 1e6},   {"s", 1e9},
                               {"m", 6e10},  {"h", 3.6e12},   {"d", 8.64e13}};

// One decimal, cut and not rounded; none when it is 0.
std::string oneDecimal(double value, std::string_view unit) {
  const auto tenths = static_cast<std::int64_t>(value * 10);
  std::string text = std::to_string(tenths / 10);
  if (tenths % 10 != 0) text += "." + std::to_string(tenths % 10);
  return text.append(unit);
}

std::string human(double value, std::span<const Unit> units) {
  if (value == 0) return units.front().name == "b" ? "0b" : "0s";
  const Unit* best = &units.front();
  for (const Unit& unit : units)
    if (value >= unit.size) best = &unit;
  return oneDecimal(value / best->size, best->name);
}

const Unit* findUnit(std::span<const Unit> units, std::string_view name) {
  for (const Unit& unit : units)
    if (unit.name == name || (unit.name.size() == 2 && unit.name.substr(0, 1) == name && unit.name != "ms"))
      return &unit;
  return nullptr;
}

std::string wholeText(double value) {
  if (value == std::floor(value) && std::abs(value) < 9e15) return std::to_string(static_cast<std::int64_t>(value));
  std::string text;
  JsonWriter(text).real(value);
  return text;
}

std::string textOf(const CatCell& cell, const Unit* bytes, const Unit* time) {
  switch (cell.kind) {
    case CatCell::Kind::kNone: return "";
    case CatCell::Kind::kText: return cell.text;
    case CatCell::Kind::kNumber: return wholeText(cell.number);
    case CatCell::Kind::kBytes:
      return bytes ? wholeText(std::floor(cell.number / bytes->size)) : humanBytes(cell.number);
    case CatCell::Kind::kNanos: return time ? wholeText(std::floor(cell.number / time->size)) : humanTime(cell.number);
  }
  return "";
}

// In characters, not in bytes.
std::size_t widthOf(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void pad(std::string& out, std::string_view text, std::size_t width, bool is_right, bool is_last) {
  const std::size_t gap = width - std::min(width, widthOf(text));
  if (is_right) out.append(gap, ' ');
  out += text;
  if (!is_right && !is_last) out.append(gap, ' ');
}

bool hasAlias(const CatColumn& column, std::string_view name) {
  if (column.name == name) return true;
  const auto aliases = splitList(column.aliases);
  return std::find(aliases.begin(), aliases.end(), name) != aliases.end();
}

bool isBelow(const CatCell& a, const CatCell& b) {
  const bool has_a = a.kind != CatCell::Kind::kNone, has_b = b.kind != CatCell::Kind::kNone;
  if (!has_a || !has_b) return !has_a && has_b;
  if (a.kind == CatCell::Kind::kText || b.kind == CatCell::Kind::kText) return a.text < b.text;
  return a.number < b.number;
}

const CatCell& cellOf(const CatTable::Row& row, const CatColumn& column) {
  static const CatCell kEmpty;
  const auto found = row.find(column.name);
  return found == row.end() ? kEmpty : found->second;
}

std::string_view formatOf(const Call& call) {
  if (const auto format = call.request.parameter("format")) return *format;
  if (call.request.accept.find("yaml") != std::string::npos) return "yaml";
  // Clients say application/json by habit beside text/plain.
  const std::string& accept = call.request.accept;
  const bool wants_json = accept.starts_with("application/json") || accept.starts_with("application/vnd.");
  return wants_json && accept.find("text/plain") == std::string::npos ? "json" : "text";
}

}  // namespace

std::string humanBytes(double bytes) { return human(bytes, kByteUnits); }
std::string humanTime(double nanos) { return human(nanos, kTimeUnits); }

const CatColumn* CatTable::find(std::string_view name) const {
  for (const CatColumn& column : columns_)
    if (column.name == name) return &column;
  for (const CatColumn& column : columns_)
    if (hasAlias(column, name)) return &column;
  return nullptr;
}

std::vector<CatTable::Chosen> CatTable::choose(const Call& call) const {
  std::vector<Chosen> chosen;
  if (!call.has("h")) {
    for (const CatColumn& column : columns_)
      if (column.is_shown && std::find(hidden_.begin(), hidden_.end(), column.name) == hidden_.end())
        chosen.push_back({&column, std::string(column.name)});
    return chosen;
  }
  for (const std::string_view name : splitList(call.text("h"))) {
    if (name.find('*') == std::string_view::npos) {
      if (const CatColumn* const column = find(name)) chosen.push_back({column, std::string(name)});
      continue;
    }
    for (const CatColumn& column : columns_)
      if (matchesWildcard(name, column.name)) chosen.push_back({&column, std::string(column.name)});
  }
  return chosen;
}

Status CatTable::sort(std::string_view keys) {
  struct Key {
    const CatColumn* column;
    bool is_descending;
  };
  std::vector<Key> order;
  for (std::string_view each : splitList(keys)) {
    bool is_descending = false;
    if (each.ends_with(":desc")) {
      is_descending = true;
      each.remove_suffix(5);
    } else if (each.ends_with(":asc")) {
      each.remove_suffix(4);
    }
    const CatColumn* const column = find(each);
    if (column == nullptr)
      return {Code::kInternal, "unsupported_operation_exception",
              "Unable to sort by unknown sort key `" + std::string(each) + "`"};
    order.push_back({column, is_descending});
  }
  std::stable_sort(rows_.begin(), rows_.end(), [&order](const Row& a, const Row& b) {
    for (const Key& key : order) {
      const CatCell& left = cellOf(a, *key.column);
      const CatCell& right = cellOf(b, *key.column);
      if (isBelow(left, right)) return !key.is_descending;
      if (isBelow(right, left)) return key.is_descending;
    }
    return false;
  });
  return {};
}

Response CatTable::help() const {
  std::size_t name_width = 0, alias_width = 0, help_width = 0;
  for (const CatColumn& column : columns_) {
    name_width = std::max(name_width, column.name.size());
    alias_width = std::max(alias_width, column.aliases.size());
    help_width = std::max(help_width, column.help.size());
  }
  Response response;
  response.content_type = "text/plain; charset=UTF-8";
  for (const CatColumn& column : columns_) {
    pad(response.body, column.name, name_width, false, false);
    response.body += " | ";
    pad(response.body, column.aliases, alias_width, false, false);
    response.body += " | ";
    pad(response.body, column.help, help_width, false, false);
    response.body += "\n";
  }
  return response;
}

Result<Response> CatTable::write(const Call& call) {
  GYRE_TRY_ASSIGN(const bool wants_help, call.flag("help"));
  if (wants_help) return help();
  GYRE_TRY_ASSIGN(const bool has_header, call.flag("v"));
  if (call.has("s")) GYRE_TRY(sort(call.text("s")));
  const Unit* const bytes = findUnit(kByteUnits, call.text("bytes"));
  const Unit* const time = findUnit(kTimeUnits, call.text("time"));
  const std::vector<Chosen> chosen = choose(call);
  const std::string_view format = formatOf(call);
  Response response;
  if (format == "json") {
    JsonWriter writer(response.body);
    writer.beginArray();
    for (const Row& row : rows_) {
      writer.beginObject();
      for (const Chosen& each : chosen) {
        const CatCell& cell = cellOf(row, *each.column);
        writer.key(each.shown);
        if (cell.kind == CatCell::Kind::kNone)
          writer.null();
        else
          writer.string(textOf(cell, bytes, time));
      }
      writer.endObject();
    }
    writer.endArray();
    return response;
  }
  if (format == "yaml") {
    response.content_type = "application/yaml";
    response.body = "---\n";
    if (rows_.empty()) response.body += "[]\n";
    for (const Row& row : rows_) {
      bool is_first = true;
      for (const Chosen& each : chosen) {
        const CatCell& cell = cellOf(row, *each.column);
        response.body += is_first ? "- " : "  ";
        is_first = false;
        response.body += each.shown + ": ";
        if (cell.kind == CatCell::Kind::kNone)
          response.body += "null";
        else
          JsonWriter(response.body).string(textOf(cell, bytes, time));
        response.body += "\n";
      }
    }
    return response;
  }
  // A format that is none is text.
  response.content_type = "text/plain; charset=UTF-8";
  std::vector<std::vector<std::string>> texts;
  if (has_header) {
    texts.emplace_back();
    for (const Chosen& each : chosen) texts.back().push_back(each.shown);
  }
  for (const Row& row : rows_) {
    texts.emplace_back();
    for (const Chosen& each : chosen) texts.back().push_back(textOf(cellOf(row, *each.column), bytes, time));
  }
  std::vector<std::size_t> widths(chosen.size());
  for (const auto& line : texts)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], widthOf(line[i]));
  for (const auto& line : texts) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      const bool is_last = i + 1 == line.size();
      pad(response.body, line[i], widths[i], chosen[i].column->is_right, is_last);
      if (!is_last) response.body += ' ';
    }
    response.body += '\n';
  }
  return response;
}

}  // namespace gyre::dialect
