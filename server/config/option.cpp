#include "server/config/option.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "gyre/excerpt.hpp"
#include "gyre/json.hpp"
#include "gyre/schema.hpp"

namespace gyre::config {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};
constexpr Unit kByteUnits[] = {
    {"TiB", 1LL << 40}, {"GiB", 1LL << 30}, {"MiB", 1LL << 20}, {"KiB", 1LL << 10}, {"B", 1}};
// The largest first: so a value is written in the largest unit that divides it.
constexpr Unit kTimeUnits[] = {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};

constexpr std::pair<OptionType, std::string_view> kTypeNames[] = {
    {OptionType::kString, "string"}, {OptionType::kBoolean, "boolean"},   {OptionType::kInteger, "integer"},
    {OptionType::kBytes, "bytes"},   {OptionType::kDuration, "duration"}, {OptionType::kAddress, "address"},
    {OptionType::kChoice, "choice"}, {OptionType::kList, "list"},         {OptionType::kTable, "table"},
};

bool isDigit(char c) { return c >= '0' && c <= '9'; }

// Decimal without sign tricks or leading zeros: 010 is eight to some readers and ten to others.
std::optional<std::int64_t> wholeNumber(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || (digits.size() > 1 && digits.front() == '0')) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "64KiB": digits and a unit. Nothing when it is neither, or does not fit.
std::optional<std::int64_t> measured(std::string_view text, std::span<const Unit> units) {
  const auto digits_end = std::find_if_not(text.begin(), text.end(), isDigit);
  const auto length = static_cast<std::size_t>(digits_end - text.begin());
  const std::optional<std::int64_t> count = wholeNumber(text.substr(0, length));
  const std::string_view name = text.substr(length);
  const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == name; });
  if (!count || unit == units.end()) return std::nullopt;
  if (*count > std::numeric_limits<std::int64_t>::max() / unit->factor) return std::nullopt;
  return *count * unit->factor;
}

std::string inLargestUnit(std::int64_t value, std::span<const Unit> units) {
  for (const Unit& unit : units)
    if (value != 0 && value % unit.factor == 0) return std::to_string(value / unit.factor) + std::string(unit.name);
  return std::to_string(value) + std::string(units.back().name);
}

std::optional<Address> readAddress(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::optional<std::int64_t> port = wholeNumber(text.substr(colon + 1));
  if (!port || *port < 0 || *port > 65'535) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  const auto is_host_part = [&](char c) {
    const bool is_hex = isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    const bool is_name = isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-';
    return is_bracketed ? is_hex || c == ':' || c == '.' : is_name;
  };
  // An IPv6 address must be bracketed, else its last group would be taken for the port.
  if (host.empty() || !std::all_of(host.begin(), host.end(), is_host_part)) return std::nullopt;
  if (is_bracketed && host.find(':') == std::string_view::npos) return std::nullopt;
  return Address{std::string(host), static_cast<std::uint16_t>(*port)};
}

bool isNull(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

std::optional<bool> readBoolean(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

// YAML 1.2 core schema: what a plain scalar would be if nobody asked for a type.
bool isYamlNumber(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0o")) {
    const bool is_hex = text[1] == 'x';
    return text.size() > 2 && std::all_of(text.begin() + 2, text.end(), [&](char c) {
             return (c >= '0' && c <= (is_hex ? '9' : '7')) ||
                    (is_hex && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
           });
  }
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text == ".inf" || text == ".Inf" || text == ".INF" || text == ".nan" || text == ".NaN" || text == ".NAN")
    return true;
  std::size_t i = 0;
  std::size_t digits = 0;
  for (; i < text.size() && isDigit(text[i]); ++i) ++digits;
  if (i < text.size() && text[i] == '.')
    for (++i; i < text.size() && isDigit(text[i]); ++i) ++digits;
  if (digits == 0) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    const std::size_t exponent = i;
    while (i < text.size() && isDigit(text[i])) ++i;
    if (i == exponent) return false;
  }
  return i == text.size();
}

std::string shown(Scalar scalar) {
  if (!scalar.is_quoted && isNull(scalar.text)) return "nothing";
  const std::string text = printableText(scalar.text);
  return scalar.is_quoted ? "the quoted text \"" + text + "\"" : "\"" + text + "\"";
}

Status unexpected(const Option& option, Scalar scalar, std::string_view hint = {}) {
  std::string message = "expected " + expectation(option) + ", found " + shown(scalar);
  if (!hint.empty()) message.append(" (").append(hint) += ')';
  return invalidArgument(std::move(message));
}

bool isWithin(const Option& option, std::int64_t value) {
  return value >= option.minimum.value_or(std::numeric_limits<std::int64_t>::min()) &&
         value <= option.maximum.value_or(std::numeric_limits<std::int64_t>::max());
}

std::string measureText(const Option& option, std::int64_t value) {
  if (option.type == OptionType::kBytes) return inLargestUnit(value, kByteUnits);
  if (option.type == OptionType::kDuration) return inLargestUnit(value, kTimeUnits);
  return std::to_string(value);
}

std::string rangeText(const Option& option) {
  if (option.minimum && option.maximum)
    return " from " + measureText(option, *option.minimum) + " to " + measureText(option, *option.maximum);
  if (option.minimum) return " of at least " + measureText(option, *option.minimum);
  if (option.maximum) return " of at most " + measureText(option, *option.maximum);
  return {};
}

// The types whose text is typed the same whether or not YAML would have typed it otherwise.
Result<OptionValue> readText(const Option& option, Scalar scalar) {
  switch (option.type) {
    case OptionType::kAddress:
      if (const std::optional<Address> address = readAddress(scalar.text)) return OptionValue(*address);
      return unexpected(option, scalar);
    case OptionType::kChoice:
      if (std::find(option.choices.begin(), option.choices.end(), scalar.text) != option.choices.end())
        return OptionValue(std::string(scalar.text));
      return unexpected(option, scalar);
    default: return OptionValue(std::string(scalar.text));
  }
}

Result<OptionValue> readNumber(const Option& option, Scalar scalar) {
  // Quotes make text; units make text too, so only a bare number can be quoted by mistake.
  const bool has_unit = option.type != OptionType::kInteger;
  std::optional<std::int64_t> value;
  if (!scalar.is_quoted && option.type != OptionType::kDuration) value = wholeNumber(scalar.text);
  if (!value && has_unit)
    value = measured(scalar.text, option.type == OptionType::kBytes ? std::span<const Unit>(kByteUnits) : kTimeUnits);
  // Zero needs no unit.
  if (!value && option.type == OptionType::kDuration && scalar.text == "0" && !scalar.is_quoted) value = 0;
  if (!value || !isWithin(option, *value)) return unexpected(option, scalar);
  return OptionValue(*value);
}

std::optional<std::int64_t> boundOf(const Option& option, json::Value value) {
  if (value.isNumber()) return value.integer();
  if (option.type == OptionType::kBytes) return measured(value.string(), kByteUnits);
  if (option.type == OptionType::kDuration) return measured(value.string(), kTimeUnits);
  return std::nullopt;
}

// A default as the JSON of a declaration gives it, as the text we would read it from.
std::optional<std::string> defaultTextOf(const Option& option, json::Value value) {
  switch (option.type) {
    case OptionType::kBoolean: return value.isBoolean() ? std::optional<std::string>(value.raw()) : std::nullopt;
    case OptionType::kInteger: return value.isNumber() ? std::optional<std::string>(value.raw()) : std::nullopt;
    case OptionType::kBytes:
    case OptionType::kDuration:
      if (const std::optional<std::int64_t> number = value.integer()) return measureText(option, *number);
      return value.isString() ? std::optional<std::string>(value.string()) : std::nullopt;
    case OptionType::kList: {
      if (!value.isArray()) return std::nullopt;
      std::string joined;
      for (const json::Value element : value) {
        // The default is kept comma-separated, so an element cannot hold one.
        if (!element.isString() || element.string().empty() || element.string().find(',') != std::string_view::npos)
          return std::nullopt;
        if (!joined.empty()) joined += ',';
        joined += element.string();
      }
      return joined;
    }
    default: return value.isString() ? std::optional<std::string>(value.string()) : std::nullopt;
  }
}

bool isOptionName(std::string_view name) {
  return !name.empty() && name.size() <= 63 && name.front() >= 'a' && name.front() <= 'z' &&
         std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'a' && c <= 'z') || isDigit(c) || c == '_'; });
}

Result<Option> parseDeclaredOption(json::Value declared) {
  constexpr std::array<std::string_view, 7> kMembers = {"name",    "type",    "default", "help",
                                                        "minimum", "maximum", "choices"};
  if (!declared.isObject())
    return invalidArgument("expected an object, found " + std::string(json::kindName(declared.kind())));
  for (const json::Value member : declared)
    if (std::find(kMembers.begin(), kMembers.end(), member.key()) == kMembers.end())
      return invalidArgument("unknown member \"" + std::string(member.key()) + "\"");

  Option option;
  option.name = declared["name"].string();
  if (!isOptionName(option.name))
    return invalidArgument("name: expected a name like \"page_size\", found " + std::string(declared["name"].raw()));
  const auto fault = [&](std::string text) { return invalidArgument(option.name + ": " + std::move(text)); };
  const std::optional<OptionType> type = typeNamed(declared["type"].string());
  if (!type || *type == OptionType::kTable)
    return fault("type: expected string, boolean, integer, bytes, duration, address, choice or list, found " +
                 std::string(declared["type"].raw()));
  option.type = *type;
  option.help = declared["help"].string();
  if (option.help.empty() || !isPrintable(option.help)) return fault("help: expected a sentence");
  for (const auto& [name, bound] : {std::pair{"minimum", &option.minimum}, std::pair{"maximum", &option.maximum}}) {
    if (declared[name].isMissing()) continue;
    *bound = boundOf(option, declared[name]);
    if (!*bound)
      return fault(std::string(name) + ": expected a value of the option's type, found " +
                   std::string(declared[name].raw()));
  }
  for (const json::Value choice : declared["choices"]) option.choices.emplace_back(choice.string());
  if ((option.type == OptionType::kChoice) == option.choices.empty())
    return fault("choices: expected some for a choice and none for any other type");
  const std::optional<std::string> text = defaultTextOf(option, declared["default"]);
  if (!text)
    return fault("default: expected a value of the option's type, found " +
                 std::string(declared["default"].isMissing() ? "nothing" : declared["default"].raw()));
  option.default_text = *text;
  if (const auto value = readBareValue(option, option.default_text); !value.isOk())
    return value.status().withPrefix(option.name + ": default");
  return option;
}

}  // namespace

std::string Address::text() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<OptionValue> readValue(const Option& option, Scalar scalar) {
  if (!scalar.is_quoted && isNull(scalar.text)) return unexpected(option, scalar);
  switch (option.type) {
    case OptionType::kBoolean:
      if (const std::optional<bool> value = readBoolean(scalar.text); value && !scalar.is_quoted)
        return OptionValue(*value);
      return unexpected(option, scalar);
    case OptionType::kInteger:
    case OptionType::kBytes:
    case OptionType::kDuration: return readNumber(option, scalar);
    case OptionType::kList:
    case OptionType::kTable: return unexpected(option, scalar);
    case OptionType::kString:
      if (Status status = checkElement(option, scalar); !status.isOk()) return status;
      return readText(option, scalar);
    default: return readText(option, scalar);
  }
}

Result<OptionValue> readBareValue(const Option& option, std::string_view text) {
  if (option.type == OptionType::kString) return readText(option, {text, true});
  if (option.type == OptionType::kTable && text == "[]") return OptionValue(std::string(text));
  if (option.type != OptionType::kList) return readValue(option, {text, false});
  std::vector<std::string> elements;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (comma == 0) return invalidArgument("expected " + expectation(option) + ", found an empty element");
    elements.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return OptionValue(std::move(elements));
}

Status checkElement(const Option& option, Scalar scalar) {
  if (scalar.is_quoted) return {};
  if (!isNull(scalar.text) && !readBoolean(scalar.text) && !isYamlNumber(scalar.text)) return {};
  Option element = option;
  element.type = OptionType::kString;
  return unexpected(element, scalar, isNull(scalar.text) ? "" : "put it in quotes to mean text");
}

std::string expectation(const Option& option) {
  switch (option.type) {
    case OptionType::kString: return "text";
    case OptionType::kBoolean: return "true or false";
    case OptionType::kInteger: return "a whole number" + rangeText(option);
    case OptionType::kBytes: return "a size like 4096, 64KiB or 8MiB" + rangeText(option);
    case OptionType::kDuration: return "a duration like 500ms, 30s, 5m or 48h" + rangeText(option);
    case OptionType::kAddress: return "an address like 127.0.0.1:8080 or [::1]:8080";
    case OptionType::kChoice: {
      std::string text = "one of ";
      for (std::size_t i = 0; i < option.choices.size(); ++i) text.append(i == 0 ? "" : ", ") += option.choices[i];
      return text;
    }
    case OptionType::kList: return "a list of texts like [a, b]";
    case OptionType::kTable: {
      std::string text = "a list of maps with ";
      for (const Option& field : option.fields) text.append(&field == option.fields.data() ? "" : ", ") += field.name;
      return text;
    }
  }
  return {};
}

std::string shape(const Option& option) {
  switch (option.type) {
    case OptionType::kString: return "text";
    case OptionType::kInteger: return "number" + rangeText(option);
    case OptionType::kBytes: return "size" + rangeText(option);
    case OptionType::kDuration: return "duration" + rangeText(option);
    case OptionType::kAddress: return "address and port";
    case OptionType::kList: return "list";
    case OptionType::kTable: return "list of maps";
    default: return expectation(option);
  }
}

std::string_view typeName(OptionType type) {
  for (const auto& [known, name] : kTypeNames)
    if (known == type) return name;
  return {};
}

std::optional<OptionType> typeNamed(std::string_view name) {
  for (const auto& [type, known] : kTypeNames)
    if (known == name) return type;
  return std::nullopt;
}

std::string printableText(std::string_view text, std::size_t limit) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t end = excerpt(text, limit).size();
  std::string shown;
  for (std::size_t i = 0; i < end; ++i) {
    const bool is_c1 = byte(i) == 0xc2 && i + 1 < end && byte(i + 1) < 0xa0;
    shown += is_c1 || byte(i) < 0x20 || byte(i) == 0x7f ? '?' : text[i];
    if (is_c1) ++i;
  }
  return end < text.size() ? shown + "…" : shown;
}

std::string valueJson(const OptionValue& value) {
  std::string out;
  JsonWriter writer(out);
  if (const auto* text = std::get_if<std::string>(&value))
    writer.string(*text);
  else if (const auto* flag = std::get_if<bool>(&value))
    writer.boolean(*flag);
  else if (const auto* number = std::get_if<std::int64_t>(&value))
    writer.integer(*number);
  else if (const auto* address = std::get_if<Address>(&value))
    writer.string(address->text());
  else {
    writer.beginArray();
    for (const std::string& element : std::get<std::vector<std::string>>(value)) writer.string(element);
    writer.endArray();
  }
  return out;
}

std::string defaultYaml(const Option& option) {
  // JSON strings are YAML strings.
  const auto quoted = [](std::string_view text) {
    std::string out;
    JsonWriter(out).string(text);
    return out;
  };
  if (option.type == OptionType::kList) {
    const auto value = readBareValue(option, option.default_text);
    std::string list = "[";
    if (value.isOk())
      for (const std::string& element : std::get<std::vector<std::string>>(*value))
        list.append(list.size() == 1 ? "" : ", ") += quoted(element);
    return list + "]";
  }
  if (option.type != OptionType::kString) return option.default_text;
  // Plain only where no reader of YAML could take it for anything but text.
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || isDigit(c) || c == '.' || c == '/' || c == '_';
  };
  const std::string_view text = option.default_text;
  const bool is_safe = std::all_of(text.begin(), text.end(), is_plain) && checkElement(option, {text, false}).isOk() &&
                       text != "yes" && text != "no" && text != "on" && text != "off";
  return is_safe ? std::string(text) : quoted(text);
}

Result<std::vector<Option>> parseDeclaredOptions(std::string_view json) {
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(json));
  if (!document.root().isArray())
    return invalidArgument("options: expected an array, found " + std::string(json::kindName(document.root().kind())));
  std::vector<Option> options;
  for (const json::Value declared : document.root()) {
    Result<Option> option = parseDeclaredOption(declared);
    if (!option.isOk()) return option.status().withPrefix("options[" + std::to_string(options.size()) + "]");
    for (const Option& other : options)
      if (other.name == option->name) return invalidArgument("options: \"" + other.name + "\" is declared twice");
    options.push_back(std::move(*option));
  }
  return options;
}

}  // namespace gyre::config
