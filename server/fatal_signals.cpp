#include "server/fatal_signals.hpp"

#include <execinfo.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <iterator>
#include <utility>

namespace gyre {

namespace {

constexpr std::array<std::pair<int, const char*>, 5> kFatal = {
    {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGFPE, "SIGFPE"}, {SIGILL, "SIGILL"}, {SIGABRT, "SIGABRT"}}};
constexpr int kMostFrames = 64;

// Only what may be called in a signal handler.
void say(const char* text) {
  const std::size_t size = std::strlen(text);
  for (std::size_t at = 0; at < size;) {
    const ssize_t written = ::write(STDERR_FILENO, text + at, size - at);
    if (written <= 0) return;
    at += static_cast<std::size_t>(written);
  }
}

extern "C" void reportAndDie(int signal) {
  const char* name = "a signal";
  for (const auto& [number, known] : kFatal)
    if (number == signal) name = known;
  say("gyre " GYRE_VERSION ": fatal ");
  say(name);
  say("; the calls that led here:\n");
  std::array<void*, kMostFrames> frames{};
  const int count = ::backtrace(frames.data(), kMostFrames);
  ::backtrace_symbols_fd(frames.data(), count, STDERR_FILENO);
  // The handler was reset on entry: this time the signal ends the process.
  ::raise(signal);
}

}  // namespace

void reportFatalSignals() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // these tell more by themselves
  // The first call loads a library, which a handler must not.
  std::array<void*, 1> frame{};
  ::backtrace(frame.data(), 1);
  struct sigaction action {};
  action.sa_handler = reportAndDie;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
  sigemptyset(&action.sa_mask);
  for (const auto& [number, name] : kFatal) ::sigaction(number, &action, nullptr);
#endif
}

}  // namespace gyre
