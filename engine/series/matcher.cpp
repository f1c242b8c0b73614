#include "engine/series/matcher.hpp"

#include <re2/re2.h>

#include <algorithm>

#include "gyre/excerpt.hpp"

namespace gyre::engine::series {
namespace {

// A program of this many bytes is refused: "(a{1000}){1000}" would need gigabytes.
constexpr std::int64_t kRegexBytes = 1 << 20;
constexpr std::size_t kShownBytes = 200;  // of what is wrong with an expression, which quotes it

// "a|b|c" and "a" as their literals; nothing when any other character of the syntax occurs.
std::vector<std::string> literalsOf(std::string_view pattern) {
  std::vector<std::string> literals;
  if (pattern.find_first_of("\\.+*?()[]{}^$") != std::string_view::npos) return literals;
  for (std::size_t begin = 0;;) {
    const std::size_t end = pattern.find('|', begin);
    literals.emplace_back(pattern.substr(begin, end == std::string_view::npos ? end : end - begin));
    if (end == std::string_view::npos) break;
    begin = end + 1;
  }
  return literals;
}

}  // namespace

Result<Matcher> Matcher::make(std::string name, Kind kind, std::string value) {
  Matcher made(std::move(name), kind, std::move(value));
  if (kind == Kind::kRegex || kind == Kind::kNotRegex) {
    made.literals_ = literalsOf(made.value_);
    if (made.literals_.empty()) {
      re2::RE2::Options options;
      options.set_log_errors(false);
      options.set_max_mem(kRegexBytes);
      options.set_dot_nl(false);  // as Prometheus had it before 3.0
      auto regex = std::make_shared<const re2::RE2>(made.value_, options);
      if (!regex->ok())
        return invalidArgument("matcher of label " + made.name_ +
                               ": no valid regular expression: " + std::string(excerpt(regex->error(), kShownBytes)));
      made.regex_ = std::move(regex);
    }
  } else {
    made.literals_.push_back(made.value_);
  }
  made.matches_absent_ = made.matches("");
  // Only what must be one of them is looked up by value.
  if (kind == Kind::kNotEqual || kind == Kind::kNotRegex) {
    if (made.regex_ == nullptr && kind == Kind::kNotRegex) {
      made.excluded_ = std::move(made.literals_);
    }
    made.literals_.clear();
  }
  return made;
}

bool Matcher::matches(std::string_view value) const {
  switch (kind_) {
    case Kind::kEqual: return value == value_;
    case Kind::kNotEqual: return value != value_;
    case Kind::kRegex:
    case Kind::kNotRegex: break;
  }
  const std::vector<std::string>& among = excluded_.empty() ? literals_ : excluded_;
  const bool is_match = regex_ ? re2::RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *regex_)
                               : std::find(among.begin(), among.end(), value) != among.end();
  return is_match == (kind_ == Kind::kRegex);
}

std::string Matcher::text() const {
  static constexpr std::string_view kSigns[] = {"=", "!=", "=~", "!~"};
  std::string out = name_;
  out += kSigns[static_cast<std::size_t>(kind_)];
  out.append(1, '"');
  for (const char c : value_) {
    if (c == '"' || c == '\\') out.append(1, '\\');
    if (c == '\n')
      out.append("\\n");
    else
      out.append(1, c);
  }
  out.append(1, '"');
  return out;
}

bool matchesAll(const Matchers& matchers, const Labels& labels) {
  return std::all_of(matchers.begin(), matchers.end(),
                     [&](const Matcher& matcher) { return matcher.matches(labelValue(labels, matcher.name())); });
}

}  // namespace gyre::engine::series
