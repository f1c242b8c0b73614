#include "engine/analysis/java_pattern.hpp"

#include <re2/re2.h>

#include <utility>

#include "engine/analysis/analysis_settings.hpp"

namespace gyre::engine {

namespace {

constexpr std::int64_t kMaxProgramBytes = 8 << 20;

// Java's names of classes that RE2 has under another.
std::string_view propertyOf(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"Alpha", "[A-Za-z]"},
      {"Digit", "[0-9]"},
      {"Alnum", "[A-Za-z0-9]"},
      {"Upper", "[A-Z]"},
      {"Lower", "[a-z]"},
      {"Punct", "[!-/:-@\\[-`{-~]"},
      {"Space", "[ \\t\\n\\x0b\\f\\r]"},
      {"XDigit", "[0-9A-Fa-f]"},
      {"Blank", "[ \\t]"},
      {"Cntrl", "[\\x00-\\x1f\\x7f]"},
      {"Graph", "[!-~]"},
      {"Print", "[ -~]"},
      {"ASCII", "[\\x00-\\x7f]"},
      {"IsAlphabetic", "\\p{L}"},
      {"IsLetter", "\\p{L}"},
      {"IsDigit", "\\p{Nd}"},
      {"IsUppercase", "\\p{Lu}"},
      {"IsLowercase", "\\p{Ll}"},
      {"IsPunctuation", "\\p{P}"},
      {"javaUpperCase", "\\p{Lu}"},
      {"javaLowerCase", "\\p{Ll}"},
      {"IsWhite_Space", "[\\s\\p{Z}]"},
  };
  for (const auto& [java, ours] : kNames)
    if (java == name) return ours;
  return {};
}

// Inside brackets a class stands without its own.
void appendClass(std::string_view known, bool is_inside, bool is_negated, std::string& out) {
  if (known.starts_with("\\p")) {
    out += is_negated ? "\\P" : "\\p";
    out += known.substr(2);
  } else if (is_inside) {
    out += known.substr(1, known.size() - 2);
  } else {
    out += is_negated ? "[^" : "[";
    out += known.substr(1);
  }
}

Status badPattern(std::string_view pattern, const std::string& why) {
  return analysisRefusal("the regular expression [" + std::string(pattern) + "] is not offered: " + why);
}

// Rewrites what the two dialects write differently.
Result<std::string> translate(std::string_view pattern) {
  std::string out;
  bool is_inside = false;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const char c = pattern[at];
    if (c == '[') {
      if (is_inside) return badPattern(pattern, "a class within a class");
      is_inside = true;
      out += c;
      if (at + 1 < pattern.size() && pattern[at + 1] == '^') out += pattern[++at];
      continue;
    }
    if (c == ']') is_inside = false;
    if (is_inside && c == '&' && at + 1 < pattern.size() && pattern[at + 1] == '&')
      return badPattern(pattern, "an intersection of classes");
    if (c != '\\' || at + 1 == pattern.size()) {
      const bool is_repetition = c == '*' || c == '+' || c == '?' || c == '}';
      if (!is_inside && is_repetition && at + 1 < pattern.size() && pattern[at + 1] == '+')
        return badPattern(pattern, "possessive repetition");
      out += c;
      continue;
    }
    const char next = pattern[++at];
    if (next == 's') {
      out += is_inside ? " \\t\\n\\x0b\\f\\r" : "[ \\t\\n\\x0b\\f\\r]";
    } else if (next == 'S' && !is_inside) {
      out += "[^ \\t\\n\\x0b\\f\\r]";
    } else if (next == 'h') {
      out += is_inside ? " \\t\\xa0\\x{2000}-\\x{200a}\\x{3000}" : "[ \\t\\xa0\\x{2000}-\\x{200a}\\x{3000}]";
    } else if (next == 'Z') {
      out += "\\z";
    } else if (next == 'u' && at + 4 < pattern.size()) {
      out += "\\x{" + std::string(pattern.substr(at + 1, 4)) + "}";
      at += 4;
    } else if ((next == 'p' || next == 'P') && at + 1 < pattern.size() && pattern[at + 1] == '{') {
      const std::size_t end = pattern.find('}', at);
      if (end == std::string_view::npos) return badPattern(pattern, "an unclosed character property");
      const std::string_view name = pattern.substr(at + 2, end - at - 2);
      if (const std::string_view known = propertyOf(name); !known.empty()) {
        if (is_inside && next == 'P' && !known.starts_with("\\p"))
          return badPattern(pattern, "a negated property within a class");
        appendClass(known, is_inside, next == 'P', out);
      } else {
        // \p{IsGreek}, \p{L} and their like.
        out += std::string("\\") + next + "{" + std::string(name.starts_with("Is") ? name.substr(2) : name) + "}";
      }
      at = end;
    } else if (next >= '1' && next <= '9') {
      return badPattern(pattern, "a reference back to a group");
    } else {
      out += c;
      out += next;
    }
  }
  return out;
}

Result<PatternPtr> compile(std::string_view given, const std::string& pattern, const RE2::Options& options) {
  auto compiled = std::make_shared<const RE2>(pattern, options);
  if (!compiled->ok()) return badPattern(given, compiled->error());
  return PatternPtr(std::move(compiled));
}

RE2::Options quietOptions() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxProgramBytes);
  return options;
}

}  // namespace

Result<PatternPtr> compileJavaPattern(std::string_view pattern, std::string_view flags) {
  RE2::Options options = quietOptions();
  std::string prefix;
  while (!flags.empty()) {
    const std::size_t bar = flags.find('|');
    const std::string_view flag = flags.substr(0, bar);
    flags = bar == std::string_view::npos ? std::string_view() : flags.substr(bar + 1);
    if (flag == "CASE_INSENSITIVE")
      options.set_case_sensitive(false);
    else if (flag == "MULTILINE")
      prefix += "(?m)";
    else if (flag == "DOTALL")
      options.set_dot_nl(true);
    else if (flag == "LITERAL")
      options.set_literal(true);
    else if (flag != "UNICODE_CASE" && flag != "UNIX_LINES" && !flag.empty())
      return analysisRefusal("Unknown regex flag [" + std::string(flag) + "]");
  }
  if (options.literal()) return compile(pattern, std::string(pattern), options);
  GYRE_TRY_ASSIGN(const std::string translated, translate(pattern));
  return compile(pattern, prefix + translated, options);
}

Result<PatternPtr> compileAutomatonPattern(std::string_view pattern) {
  RE2::Options options = quietOptions();
  options.set_longest_match(true);
  options.set_dot_nl(true);
  std::string out;
  bool is_inside = false;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const char c = pattern[at];
    if (c == '\\' && at + 1 < pattern.size()) {
      const std::string_view next = pattern.substr(++at, 1);
      // A backslash takes the next character as it is, but for the classes of the newer syntax.
      out += std::string_view("dDsSwW").find(next) != std::string_view::npos ? "\\" + std::string(next)
                                                                             : RE2::QuoteMeta(std::string(next));
      continue;
    }
    if (c == '[') is_inside = true;
    if (c == ']') is_inside = false;
    if (!is_inside && std::string_view("&~@#<\"").find(c) != std::string_view::npos)
      return badPattern(pattern, std::string("the operator ") + c);
    if (!is_inside && (c == '^' || c == '$')) out += '\\';
    out += c;
  }
  return compile(pattern, out, options);
}

Result<std::string> rewriteOfJava(std::string_view replacement, const RE2& pattern) {
  std::string out;
  for (std::size_t at = 0; at < replacement.size(); ++at) {
    const char c = replacement[at];
    if (c == '\\' && at + 1 < replacement.size()) {
      const char next = replacement[++at];
      if (next == '\\') out += '\\';
      out += next;
    } else if (c == '$') {
      int group = -1;
      if (at + 1 < replacement.size() && replacement[at + 1] == '{') {
        const std::size_t end = replacement.find('}', at);
        const std::string name(replacement.substr(at + 2, end == std::string_view::npos ? 0 : end - at - 2));
        const auto found = pattern.NamedCapturingGroups().find(name);
        if (found == pattern.NamedCapturingGroups().end()) return analysisRefusal("No group with name {" + name + "}");
        group = found->second;
        at = end;
      } else if (at + 1 < replacement.size() && replacement[at + 1] >= '0' && replacement[at + 1] <= '9') {
        group = replacement[++at] - '0';
      }
      if (group < 0) return analysisRefusal("Illegal group reference");
      if (group > pattern.NumberOfCapturingGroups() || group > 9)
        return analysisRefusal("No group " + std::to_string(group));
      out += '\\';
      out += static_cast<char>('0' + group);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace gyre::engine
