// What does this YAML file say, and where? A tree of maps, lists and scalars that remembers lines and columns.
//
// YAML is read narrower than its library reads it, because a configuration that is misread is worse than one that is
// refused: one document; no duplicate keys; no anchors, aliases or tags (so nothing can expand); every quote closed;
// keys are scalars; UTF-8. All such faults are found at once; a syntax error ends the reading.
//
// THREADS: free function.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gyre::config {

// From 1, in bytes; line 0 is nowhere.
struct Position {
  std::size_t line = 0;
  std::size_t column = 0;
};

struct YamlNode {
  enum class Kind : std::uint8_t { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  bool is_quoted = false;  // kScalar: in quotes, or a block
  std::string key;         // in a map
  std::string text;        // kScalar
  Position key_position;   // in a map
  Position position;
  std::vector<YamlNode> children;
};

struct YamlFault {
  Position position;
  std::string key;  // dotted path, "" for the whole
  std::string detail;
};

struct YamlFile {
  YamlNode root;  // kNull for an empty file
  std::vector<YamlFault> faults;
};

YamlFile loadYaml(std::string_view text);

}  // namespace gyre::config
