// What are the words of PromQL?
//
// THREADS: values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gyre::engine::promql {

enum class Token : std::uint8_t {
  kEnd,
  kNumber,
  kDuration,
  kString,
  kIdentifier,        // also keywords: `word` says which
  kMetricIdentifier,  // an identifier with a colon
  kLeftParen,
  kRightParen,
  kLeftBrace,
  kRightBrace,
  kLeftBracket,
  kRightBracket,
  kComma,
  kColon,
  kAt,
  kAssign,         // =
  kRegexMatch,     // =~
  kRegexMismatch,  // !~
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kPower,
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
};

// Words that mean something where an operator, a modifier or an aggregation may stand; case does not matter.
enum class Word : std::uint8_t {
  kNone,
  kAnd,
  kOr,
  kUnless,
  kAtan2,
  kBool,
  kBy,
  kWithout,
  kOn,
  kIgnoring,
  kGroupLeft,
  kGroupRight,
  kOffset,
  kStart,
  kEnd,
  kAggregation,  // sum, topk, …: `aggregationOf` says which
};

// A part of the query text, as byte offsets.
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

struct Item {
  Token token = Token::kEnd;
  Word word = Word::kNone;
  Span span;
  std::string text;           // the bytes of the source; the value of a string
  double number = 0;          // of kNumber
  std::int64_t duration = 0;  // of kDuration, ms
};

// "end of input", "string \"a\"", "\"+\"": for messages.
std::string describe(const Item& item);

}  // namespace gyre::engine::promql
