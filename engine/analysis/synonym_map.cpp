#include "engine/analysis/synonym_map.hpp"

#include <algorithm>

#include "engine/analysis/analysis_settings.hpp"

namespace gyre::engine {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

// Parts between separators that no backslash takes away.
std::vector<std::string> split(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts(1);
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.substr(at).starts_with(separator)) {
      parts.emplace_back();
      at += separator.size() - 1;
    } else {
      parts.back() += text[at];
      if (text[at] == '\\' && at + 1 < text.size()) parts.back() += text[++at];
    }
  }
  return parts;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) ++at;
    out += text[at];
  }
  return out;
}

Result<std::vector<SynonymMap::Words>> analyzeAll(std::string_view list, const SynonymMap::Options& options,
                                                  const SynonymMap::Analyze& analyze) {
  std::vector<SynonymMap::Words> all;
  for (const std::string& part : split(list, ",")) {
    auto words = analyze(unescaped(trimmed(part)));
    if (words.isOk())
      all.push_back(std::move(words).value());
    else if (!options.is_lenient)
      return words.status();
  }
  return all;
}

}  // namespace

void SynonymMap::add(const Words& input, const Words& output, bool keeps_original) {
  std::string key;
  for (const std::string& word : input) {
    if (&word != &input.front()) key += kSeparator;
    key += word;
  }
  longest_ = std::max(longest_, input.size());
  Entry& entry = entries_[key];
  entry.keeps_original = entry.keeps_original || keeps_original;
  if (std::find(entry.outputs.begin(), entry.outputs.end(), output) == entry.outputs.end())
    entry.outputs.push_back(output);
}

void SynonymMap::addGroup(const std::vector<Words>& group, bool expands) {
  if (!expands) {
    for (const Words& words : group) add(words, group.front(), false);
    return;
  }
  for (std::size_t i = 0; i < group.size(); ++i)
    for (std::size_t j = 0; j < group.size(); ++j)
      if (i != j) add(group[i], group[j], true);
}

Status SynonymMap::addSolr(const std::vector<std::string>& rules, const Options& options, const Analyze& analyze) {
  for (const std::string& rule : rules) {
    if (trimmed(rule).empty() || rule[0] == '#') continue;
    const std::vector<std::string> sides = split(rule, "=>");
    if (sides.size() > 2) {
      if (options.is_lenient) continue;
      return analysisRefusal("Failed to build synonyms: more than one explicit mapping specified on the same line: [" +
                             rule + "]");
    }
    GYRE_TRY_ASSIGN(const auto inputs, analyzeAll(sides.front(), options, analyze));
    if (sides.size() == 1) {
      addGroup(inputs, options.expands);
      continue;
    }
    GYRE_TRY_ASSIGN(const auto outputs, analyzeAll(sides.back(), options, analyze));
    for (const Words& input : inputs)
      for (const Words& output : outputs) add(input, output, false);
  }
  return {};
}

Status SynonymMap::addWordnet(const std::vector<std::string>& rules, const Options& options, const Analyze& analyze) {
  std::vector<Words> group;
  std::string group_id;
  for (const std::string& rule : rules) {
    const std::size_t first_quote = rule.find('\'');
    const std::size_t last_quote = rule.rfind('\'');
    if (!rule.starts_with("s(") || first_quote == std::string::npos || last_quote <= first_quote) {
      if (options.is_lenient) continue;
      return analysisRefusal("Failed to build synonyms: invalid rule [" + rule + "]");
    }
    const std::string id = rule.substr(2, rule.find(',') - 2);
    if (id != group_id) {
      addGroup(group, options.expands);
      group.clear();
      group_id = id;
    }
    std::string text = rule.substr(first_quote + 1, last_quote - first_quote - 1);
    for (std::size_t at = text.find("''"); at != std::string::npos; at = text.find("''", at + 1)) text.erase(at, 1);
    auto words = analyze(text);
    if (words.isOk())
      group.push_back(std::move(words).value());
    else if (!options.is_lenient)
      return words.status();
  }
  addGroup(group, options.expands);
  return {};
}

}  // namespace gyre::engine
