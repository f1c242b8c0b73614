#include "server/fatal_signals.hpp"

#include <execinfo.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstring>
#include <iterator>
#include <string_view>
#include <utility>

#include "server/observe/line_queue.hpp"

namespace gyre {

namespace {

constexpr std::array<std::pair<int, const char*>, 5> kFatal = {
    {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGFPE, "SIGFPE"}, {SIGILL, "SIGILL"}, {SIGABRT, "SIGABRT"}}};
constexpr int kMostFrames = 64;
constexpr std::chrono::milliseconds kQueuePatience(500);
constexpr int kSayPatienceMs = 1'000;  // with a reader of standard error

std::atomic<const observe::LineQueue*> queue_of_log = nullptr;

// Only what may be called in a signal handler, from here on.

// Once the reader takes nothing for too long, nothing more is said.
void say(std::string_view text) {
  static std::atomic<bool> is_heard = true;
  while (!text.empty() && is_heard) {
    struct pollfd look = {STDERR_FILENO, POLLOUT, 0};
    is_heard = ::poll(&look, 1, kSayPatienceMs) > 0;
    if (!is_heard) return;
    // A pipe that can be written to takes as much without waiting.
    const ssize_t written = ::write(STDERR_FILENO, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

// By way of a file in memory, since the library would wait for a reader.
void sayFrames(void* const* frames, int count) {
  const int file = ::memfd_create("gyre-frames", MFD_CLOEXEC);
  if (file < 0) return;
  ::backtrace_symbols_fd(frames, count, file);
  ::lseek(file, 0, SEEK_SET);
  std::array<char, 1024> part{};
  for (ssize_t size = 0; (size = ::read(file, part.data(), part.size())) > 0;)
    say({part.data(), static_cast<std::size_t>(size)});
  ::close(file);
}

extern "C" void reportAndDie(int signal) {
  const char* name = "a signal";
  for (const auto& [number, known] : kFatal)
    if (number == signal) name = known;
  if (const observe::LineQueue* const queue = queue_of_log.load()) queue->flushInSignalHandler(kQueuePatience);
  say("gyre " GYRE_VERSION ": fatal ");
  say(name);
  say("; the calls that led here:\n");
  std::array<void*, kMostFrames> frames{};
  const int count = ::backtrace(frames.data(), kMostFrames);
  sayFrames(frames.data(), count);
  // The handler was reset on entry: this time the signal ends the process.
  ::raise(signal);
}

}  // namespace

void flushAtFatalSignals(const observe::LineQueue* queue) { queue_of_log = queue; }

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
