// Which options are there? The one table that reading, defaults, the shipped configuration and the reference come from.
//
// THREADS: constants, made at first use.
#pragma once

#include <span>
#include <string_view>

#include "server/config/config.hpp"
#include "server/config/option.hpp"

namespace gyre::config {

// An option and where its value goes. REQUIRES of assign: the value has the option's type and passed its checks.
template <class Target>
struct Row {
  Option option;
  void (*assign)(Target& target, const OptionValue& value);
};

// In the order of the reference.
std::span<const Row<Config>> hostTable();
// Of each domain, below domains.NAME.
std::span<const Row<DomainConfig>> domainTable();

// One sentence over a group of options: "api" → "the api listener: …".
std::string_view groupHelp(std::string_view group);

}  // namespace gyre::config
