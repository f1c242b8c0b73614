#include "server/config/config.hpp"

#include <algorithm>

#include "server/config/option_table.hpp"

namespace gyre::config {

namespace {

std::string_view groupOf(std::string_view name) { return name.substr(0, name.find('.')); }
std::string_view memberOf(std::string_view name) { return name.substr(name.find('.') + 1); }

void appendYamlOption(std::string& out, std::string_view indent, std::string_view name, const Option& option) {
  out.append(indent).append("# ").append(option.help).append(" (").append(shape(option)).append(")\n");
  for (const Option& field : option.fields) {
    out.append(indent).append("#   ").append(field.name).append(": ").append(field.help);
    out.append(" (").append(shape(field));
    if (!field.is_required) out.append("; ").append(defaultYaml(field));
    out.append(")\n");
  }
  out.append(indent).append(name).append(": ").append(defaultYaml(option)).append("\n");
}

void appendMarkdownHeader(std::string& out) {
  out += "| option | default | what it is | values |\n|---|---|---|---|\n";
}

void appendMarkdownOption(std::string& out, std::string_view prefix, const Option& option) {
  out.append("| `").append(prefix).append(option.name).append("` | `").append(defaultYaml(option)).append("` | ");
  out.append(option.help).append(" | ").append(shape(option)).append(" |\n");
  for (const Option& field : option.fields) {
    out.append("| `").append(prefix).append(option.name).append("[].").append(field.name).append("` | ");
    if (!field.is_required) out.append("`").append(defaultYaml(field)).append("`");
    out.append(" | ").append(field.help).append(" | ").append(shape(field)).append(" |\n");
  }
}

}  // namespace

std::string referenceYaml(std::span<const DomainDeclaration> domains) {
  std::string out =
      "# Every option of gyre with its default; leave out what need not differ. docs/CONFIGURATION.md is the same as a "
      "table.\n"
      "# Check a changed file with: gyre check --config FILE\n";
  std::string_view group;
  for (const auto& row : hostTable()) {
    if (groupOf(row.option.name) != group) {
      group = groupOf(row.option.name);
      out.append("\n# ").append(groupHelp(group)).append("\n").append(group).append(":\n");
    }
    appendYamlOption(out, "  ", memberOf(row.option.name), row.option);
  }
  if (domains.empty()) return out;
  out.append("\n# ").append(groupHelp("domains")).append("\ndomains:\n");
  for (const DomainDeclaration& domain : domains) {
    out.append("  ").append(domain.name).append(":\n");
    for (const auto* options : {&domain.host_options, &domain.plugin_options})
      for (const Option& option : *options) appendYamlOption(out, "    ", option.name, option);
  }
  return out;
}

std::string referenceMarkdown(std::span<const DomainDeclaration> domains) {
  std::string out =
      "# Configuration\n\n"
      "Written from the table in `server/config/option_table.cpp`; a test compares.\n\n"
      "`gyre serve --config FILE` reads one YAML file; `--set key=value` overrides one option, lists comma-separated. "
      "An empty\n"
      "file means the defaults. Every fault is reported at once, with file, line and column, and nothing starts before "
      "all are\n"
      "mended. YAML is read strictly: `yes`, `no` and `010` are neither booleans nor numbers, keys are unique, one "
      "document,\n"
      "no anchors, aliases or tags.\n";
  std::string_view group;
  for (const auto& row : hostTable()) {
    if (groupOf(row.option.name) != group) {
      group = groupOf(row.option.name);
      out.append("\n## ").append(group).append("\n\n").append(groupHelp(group)).append("\n\n");
      appendMarkdownHeader(out);
    }
    appendMarkdownOption(out, "", row.option);
  }
  out.append("\n## domains\n\n").append(groupHelp("domains")).append("; `NAME` is the domain's.\n\n");
  appendMarkdownHeader(out);
  for (const auto& row : domainTable()) appendMarkdownOption(out, "domains.NAME.", row.option);
  for (const DomainDeclaration& domain : domains) {
    if (domain.plugin_options.empty()) continue;
    out.append("\n### ").append(domain.name).append("\n\n");
    appendMarkdownHeader(out);
    for (const Option& option : domain.plugin_options)
      appendMarkdownOption(out, "domains." + domain.name + ".", option);
  }
  return out;
}

std::string referenceText() {
  std::string out;
  const auto append = [&](std::string_view prefix, const Option& option) {
    std::string line = "  " + std::string(prefix) + option.name + ": " + defaultYaml(option);
    line.resize(std::max<std::size_t>(line.size() + 2, 46), ' ');
    out.append(line).append(option.help).append("\n");
  };
  for (const auto& row : hostTable()) append("", row.option);
  for (const auto& row : domainTable()) append("domains.NAME.", row.option);
  return out;
}

}  // namespace gyre::config
