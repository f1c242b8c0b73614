#include "severity.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string_view>

namespace gyre::logs {

namespace {

struct Word {
  std::string_view text;
  int severity;
};

// Sorted. Beside OpenTelemetry's own: syslog, log4j, java.util.logging, glog and logcat, Serilog, Python, zap.
constexpr Word kWords[] = {
    {"a", 19},
    {"alert", 19},
    {"all", 1},
    {"c", 18},
    {"config", 7},
    {"crit", 18},
    {"critical", 18},
    {"d", 5},
    {"debug", 5},
    {"debug2", 6},
    {"debug3", 7},
    {"debug4", 8},
    {"dpanic", 18},
    {"e", 17},
    {"emerg", 21},
    {"emergency", 21},
    {"err", 17},
    {"error", 17},
    {"error2", 18},
    {"error3", 19},
    {"error4", 20},
    {"f", 21},
    {"fatal", 21},
    {"fatal2", 22},
    {"fatal3", 23},
    {"fatal4", 24},
    {"fine", 5},
    {"finer", 3},
    {"finest", 1},
    {"i", 9},
    {"inf", 9},
    {"info", 9},
    {"info2", 10},
    {"info3", 11},
    {"info4", 12},
    {"information", 9},
    {"informational", 9},
    {"n", 10},
    {"notice", 10},
    {"panic", 21},
    {"severe", 17},
    {"t", 1},
    {"trace", 1},
    {"trace2", 2},
    {"trace3", 3},
    {"trace4", 4},
    {"trc", 1},
    {"v", 1},
    {"verbose", 1},
    {"w", 13},
    {"warn", 13},
    {"warn2", 14},
    {"warn3", 15},
    {"warn4", 16},
    {"warning", 13},
    {"wrn", 13},
};
static_assert(std::is_sorted(std::begin(kWords), std::end(kWords),
                             [](const Word& a, const Word& b) { return a.text < b.text; }));
constexpr std::size_t kLongest = 13;

}  // namespace

int severityOfText(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '[')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == ']')) text.remove_suffix(1);
  if (text.empty() || text.size() > kLongest) return 0;
  char lower[kLongest];
  for (std::size_t i = 0; i < text.size(); ++i)
    lower[i] = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
  const std::string_view word(lower, text.size());
  // These are nearly all there is.
  if (word == "info") return 9;
  if (word == "debug") return 5;
  const auto* const found = std::lower_bound(std::begin(kWords), std::end(kWords), word,
                                             [](const Word& a, std::string_view b) { return a.text < b; });
  return found != std::end(kWords) && found->text == word ? found->severity : 0;
}

}  // namespace gyre::logs
