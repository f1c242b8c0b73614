#include "server/observe/line_queue.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <condition_variable>
#include <ctime>
#include <deque>
#include <mutex>
#include <string_view>
#include <utility>

namespace gyre::observe {

namespace {

constexpr std::chrono::seconds kLastPatience(1);
constexpr std::chrono::milliseconds kEndPatience(500);  // with a write that was begun
constexpr int kLookMs = 100;                            // how late it is noticed that nobody waits any more

pid_t threadId() { return static_cast<pid_t>(::syscall(SYS_gettid)); }

}  // namespace

struct LineQueue::State {
  struct Line {
    std::uint64_t number;
    std::string text;
    std::size_t size() const { return sizeof(Line) + text.size(); }
  };

  State(int to_file, Options with, Notice by) : file(to_file), options(with), notice(std::move(by)) {}

  // The rest with the mutex held.
  bool isEmpty() const {
    return std::all_of(waiting.begin(), waiting.end(), [](const auto& lines) { return lines.empty(); });
  }
  void drop(std::size_t level) {
    bytes -= waiting[level].front().size();
    waiting[level].pop_front();
    ++dropped;
    ++dropped_in_all;
    --unwritten;
  }
  // Whether there is room for a line, after what is no more severe has made some.
  bool makeRoom(std::size_t level, std::size_t size) {
    for (std::size_t least = 0; least <= level; ++least)
      while (bytes + size > options.bytes && !waiting[least].empty()) drop(least);
    return bytes == 0 || bytes + size <= options.bytes;
  }
  // The next whole lines, no more than a pipe takes at once unless one alone is longer; and how many.
  std::size_t take(std::string& batch) {
    std::size_t count = 0;
    batch.clear();
    if (dropped > 0) batch.append(notice(std::exchange(dropped, 0))).append(1, '\n');
    for (;;) {
      std::deque<Line>* first = nullptr;
      for (auto& lines : waiting)
        if (!lines.empty() && (first == nullptr || lines.front().number < first->front().number)) first = &lines;
      if (first == nullptr) break;
      const std::string& text = first->front().text;
      if (!batch.empty() && batch.size() + text.size() + 1 > PIPE_BUF) break;
      batch.append(text).append(1, '\n');
      bytes -= first->front().size();
      first->pop_front();
      ++count;
    }
    return count;
  }
  // Without the mutex. Not more at once than a pipe that can be written to takes, so that write() does not wait.
  void write(std::string_view text) {
    while (!text.empty() && !is_given_up) {
      struct pollfd look = {file, POLLOUT, 0};
      if (::poll(&look, 1, kLookMs) == 0) continue;
      const ssize_t written = ::write(file, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
      if (written > 0)
        text.remove_prefix(static_cast<std::size_t>(written));
      else if (written < 0 && errno != EINTR && errno != EAGAIN)
        return;
    }
  }

  const int file;
  const Options options;
  const Notice notice;
  std::atomic<bool> is_given_up = false;
  std::atomic<std::uint64_t> unwritten = 0;  // lines that wait or are being written
  std::atomic<std::uint64_t> dropped_in_all = 0;
  std::atomic<pid_t> writer = 0;

  std::mutex mutex;  // what follows
  std::condition_variable added;
  std::condition_variable went;             // lines were written, or the thread has ended
  std::array<std::deque<Line>, 4> waiting;  // by level
  std::uint64_t next_number = 0;
  std::size_t bytes = 0;
  std::uint64_t dropped = 0;  // and not told yet
  bool is_stopping = false;
  bool has_ended = false;
};

LineQueue::LineQueue(int file, Options options, Notice notice)
    : state_(std::make_shared<State>(file, options, std::move(notice))), thread_([state = state_] { run(state); }) {}

LineQueue::~LineQueue() {
  if (!flush(kLastPatience)) state_->is_given_up = true;
  std::unique_lock lock(state_->mutex);
  state_->is_stopping = true;
  state_->added.notify_one();
  const bool has_ended = state_->went.wait_for(lock, kEndPatience, [this] { return state_->has_ended; });
  lock.unlock();
  if (has_ended)
    thread_.join();
  else
    thread_.detach();  // a terminal that was halted within a write
}

void LineQueue::add(base::Level level, std::string line) {
  State::Line added{0, std::move(line)};
  const std::size_t size = added.size();
  const auto at = static_cast<std::size_t>(level);
  std::unique_lock lock(state_->mutex);
  if (state_->options.waits_for_room)
    state_->went.wait(lock, [&] { return state_->bytes == 0 || state_->bytes + size <= state_->options.bytes; });
  if (!state_->makeRoom(at, size)) {
    ++state_->dropped;
    ++state_->dropped_in_all;
    return;
  }
  state_->bytes += size;
  added.number = state_->next_number++;
  state_->waiting[at].push_back(std::move(added));
  ++state_->unwritten;
  state_->added.notify_one();
}

bool LineQueue::flush(std::chrono::milliseconds patience) {
  std::unique_lock lock(state_->mutex);
  return state_->went.wait_for(lock, patience, [this] { return state_->unwritten == 0; });
}

void LineQueue::flushInSignalHandler(std::chrono::milliseconds patience) const noexcept {
  constexpr std::int64_t kStepMs = 5;
  if (state_->writer == threadId()) return;
  for (std::int64_t left = patience.count(); left > 0 && state_->unwritten > 0; left -= kStepMs) {
    const struct timespec step = {0, kStepMs * 1'000'000};
    ::nanosleep(&step, nullptr);
  }
}

std::uint64_t LineQueue::droppedCount() const { return state_->dropped_in_all; }

void LineQueue::run(const std::shared_ptr<State>& state) {
  state->writer = threadId();
  std::string batch;
  std::unique_lock lock(state->mutex);
  for (;;) {
    state->added.wait(lock, [&] { return state->is_stopping || !state->isEmpty(); });
    if (state->isEmpty() || state->is_given_up) break;
    const std::size_t count = state->take(batch);
    lock.unlock();
    state->write(batch);
    lock.lock();
    state->unwritten -= count;
    state->went.notify_all();
  }
  state->has_ended = true;
  state->went.notify_all();
}

}  // namespace gyre::observe
