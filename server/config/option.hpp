// What is an option, and does this text fit it?
//
// Every option of the host and of each plugin is one Option: a row of a table from which reading, checking, defaults,
// the shipped configuration and the reference are derived, so they cannot disagree. Text is typed as YAML 1.2 types it:
// yes, no and 010 are strings, a quoted "true" is no boolean, a bare number is no string.
//
// THREADS: values and free functions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gyre/status.hpp"

namespace gyre::config {

enum class OptionType : std::uint8_t {
  kString,
  kBoolean,   // true or false
  kInteger,   // decimal, no leading zeros
  kBytes,     // a count of bytes: 4096, 64KiB, 8MiB, 2GiB
  kDuration,  // whole milliseconds inside: 500ms, 30s, 5m, 48h, 7d
  kAddress,   // 127.0.0.1:8080, [::1]:8080, localhost:0
  kChoice,    // one of the choices
  kList,      // of strings
  kTable,     // a list of maps that have the option's fields
};

// Where a listener listens.
struct Address {
  std::string host;        // without brackets
  std::uint16_t port = 0;  // 0: any free one
  std::string text() const;
  bool operator==(const Address&) const = default;
};

// A checked value: kString, kChoice; kBoolean; kInteger, kBytes, kDuration (milliseconds); kAddress; kList. kTable: a
// text, the JSON array of its rows, each an object with every field as valueJson writes it.
using OptionValue = std::variant<std::string, bool, std::int64_t, Address, std::vector<std::string>>;

struct Option {
  std::string name;  // "api.listen"; of a domain without "domains.NAME."
  OptionType type = OptionType::kString;
  std::string default_text;                                // as it would be written; kList: comma-separated
  std::string help;                                        // one sentence, lower case, no stop
  std::optional<std::int64_t> minimum = {}, maximum = {};  // kInteger, kBytes, kDuration
  std::vector<std::string> choices = {};
  std::vector<Option> fields = {};  // kTable: of a row; none is a kTable
  bool is_required = false;         // a field that every row gives
};

// One scalar as it was written.
struct Scalar {
  std::string_view text;
  bool is_quoted = false;
};

// The value, or invalid_argument with "expected …, found …". kList takes its elements one by one through checkElement,
// kTable its rows field by field.
Result<OptionValue> readValue(const Option& option, Scalar scalar);
// As on the command line: nothing is quoted, a kString takes any text, a kList is split at commas. Of a kTable only
// "[]".
Result<OptionValue> readBareValue(const Option& option, std::string_view text);
// Of a list.
Status checkElement(const Option& option, Scalar scalar);

// "an address like 127.0.0.1:8080 or [::1]:8080", with range and choices.
std::string expectation(const Option& option);
// The same in short, for references: "size from 1KiB to 1GiB".
std::string shape(const Option& option);
// "address", "duration": for the reference and for plugins' declarations.
std::string_view typeName(OptionType type);
std::optional<OptionType> typeNamed(std::string_view name);

// Text out of a file or a command line, fit for a message: at most `limit` bytes, cut between characters, without
// control characters (C0, DEL, C1). REQUIRES: UTF-8, else some bytes may stay that do not print.
std::string printableText(std::string_view text, std::size_t limit = 80);

// The value as JSON: bytes and durations (in milliseconds) are numbers, an address is text.
std::string valueJson(const OptionValue& value);
// The default as YAML: strings quoted where YAML needs it, lists in brackets.
std::string defaultYaml(const Option& option);

// The options a plugin declares, from its JSON array:
// {"name","type","default","help","minimum"?,"maximum"?,"choices"?}. Types as typeName says. Anything amiss, a default
// that does not fit its own option included, is invalid_argument.
Result<std::vector<Option>> parseDeclaredOptions(std::string_view json);

}  // namespace gyre::config
