// Which settings are there, what may they be, and when may they change?
//
// A setting of the dialect that means nothing here (where shards are allocated, how a Java heap is filled) is accepted
// and kept, since it changes no answer; a setting that would, and cannot be honoured, is refused by name.
//
// THREADS: the tables are constant.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "gyre/status.hpp"
#include "server/dialect/settings.hpp"

namespace gyre::dialect {

enum class SettingKind : std::uint8_t { kText, kWhole, kReal, kFlag, kTime, kBytes, kChoice };
enum class SettingChange : std::uint8_t {
  kDynamic,  // at any time
  kStatic,   // when the index is made, or while it is closed
  kFinal,    // when the index is made
};

struct SettingDefinition {
  std::string_view name;  // one that ends in ".*" stands for all below
  SettingKind kind;
  SettingChange change;
  std::string_view otherwise;     // the default, as include_defaults shows it; "" for an empty one
  double least = 0, most = 0;     // kWhole, kReal: when most is above least
  std::string_view choices = "";  // kChoice: separated by spaces
};

std::span<const SettingDefinition> indexSettings();
std::span<const SettingDefinition> clusterSettings();
// Null when there is none of that name.
const SettingDefinition* findSetting(std::span<const SettingDefinition> table, std::string_view name);

// Every setting is known and well formed; illegal_argument_exception otherwise, with the nearest names.
Status checkSettings(std::span<const SettingDefinition> table, const Settings& settings);
// checkSettings, and what settings must hold together.
Status checkIndexSettings(const Settings& settings);
// The lists of index.sort.* are as long as each other. Apart, since settings of a template may come together first.
Status checkSortSizes(const Settings& settings);
// Whether the index' documents are sorted.
bool isSorted(const Settings& settings);

// The defaults of the settings of an index that are not set.
Settings defaultSettings(const Settings& set);

// In bytes: "10", "10b", "5kb", "1.5gb". illegal_argument_exception naming `what` ("setting [x]").
Result<std::int64_t> parseBytes(std::string_view text, std::string_view what);

}  // namespace gyre::dialect
