// What does a text in Lucene's query syntax ask for, before any field is looked at?
//
// "title:fox^2 AND -body:[a TO c] \"quick fox\"~2" becomes a tree: clauses that must, should or must not match, and
// leaves, each with the field and the text as written. Words without an operator between them stay one text, so that
// they are analysed together.
//
// THREADS: values.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/status.hpp"

namespace gyre::engine {

struct SyntaxNode;
using SyntaxNodePtr = std::unique_ptr<SyntaxNode>;

enum class Occur : std::uint8_t { kShould, kMust, kMustNot };

struct SyntaxClause {
  Occur occur = Occur::kShould;
  SyntaxNodePtr node;
  bool is_word_list = false;  // the clauses its text becomes may stand in its place
};

struct SyntaxNode {
  enum class Kind : std::uint8_t { kClauses, kText, kPhrase, kPrefix, kWildcard, kRegexp, kFuzzy, kRange };
  Kind kind = Kind::kText;
  std::optional<std::string> field;      // nothing: the default fields
  std::string text;                      // as written without escapes; kWildcard keeps them
  std::optional<float> number;           // after ~: slop or edits
  std::optional<std::string> low, high;  // kRange; nothing: open
  bool is_low_included = false;
  bool is_high_included = false;
  std::optional<float> boost;
  std::vector<SyntaxClause> clauses;  // kClauses; with a boost a single one, the brackets that it belongs to
};

// Null for a text without clauses. A parse_exception says what was met where.
Result<SyntaxNodePtr> parseLuceneSyntax(std::string_view text, bool is_and_default);

}  // namespace gyre::engine
