#include "server/observe/line_queue.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <fstream>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/observe/log.hpp"
#include "tests/support/temp_folder.hpp"

namespace gyre::observe {

namespace {

using base::Level;
using Lines = std::vector<std::string>;

constexpr std::chrono::seconds kLong(20);
constexpr int kPipeBytes = 4096;  // the least there is

std::string noticeOf(std::uint64_t dropped) { return "dropped " + std::to_string(dropped); }

// A small pipe that is read when the test says so.
class Pipe {
 public:
  Pipe() {
    CPPUNIT_ASSERT_EQUAL(0, ::pipe(ends_.data()));
    CPPUNIT_ASSERT(::fcntl(ends_[1], F_SETPIPE_SZ, kPipeBytes) > 0);
  }
  ~Pipe() {
    closeReader();
    if (ends_[1] >= 0) ::close(ends_[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int in() const { return ends_[1]; }
  void closeReader() {
    if (ends_[0] >= 0) ::close(std::exchange(ends_[0], -1));
  }
  // Reads lines until one of them is the last.
  Lines readUntil(const std::string& last) {
    return std::async(std::launch::async,
                      [&] {
                        Lines lines;
                        std::string line;
                        for (char c = 0; ::read(ends_[0], &c, 1) == 1;) {
                          if (c != '\n') {
                            line.append(1, c);
                            continue;
                          }
                          lines.push_back(std::exchange(line, {}));
                          if (lines.back() == last) break;
                        }
                        return lines;
                      })
        .get();
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

std::string lineOf(std::string_view text, int number) {
  std::string line(text);
  line.append(" ").append(std::to_string(number));
  return line;
}

}  // namespace

class LineQueueTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(LineQueueTest);
  CPPUNIT_TEST(linesOfAllLevelsStayInOrder);
  CPPUNIT_TEST(nobodyWaitsForAReader);
  CPPUNIT_TEST(theOldestOfTheLeastSevereGoFirst);
  CPPUNIT_TEST(aFileGetsEveryLine);
  CPPUNIT_TEST(aLineLongerThanPipeAndQueueIsWritten);
  CPPUNIT_TEST(whoeverFlushesWaitsNoLongerThanHisPatience);
  CPPUNIT_TEST(aReaderThatHasGoneIsSurvived);
  CPPUNIT_TEST(aLogTellsWhatItDropped);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override { std::signal(SIGPIPE, SIG_IGN); }

  void linesOfAllLevelsStayInOrder() {
    Pipe pipe;
    LineQueue queue(pipe.in(), {}, noticeOf);
    Lines expected;
    for (int i = 0; i < 1'000; ++i) {
      expected.push_back(lineOf("line", i));
      queue.add(static_cast<Level>(i % 4), expected.back());
    }
    CPPUNIT_ASSERT(pipe.readUntil(expected.back()) == expected);
    CPPUNIT_ASSERT(queue.flush(kLong));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, queue.droppedCount());
  }

  void nobodyWaitsForAReader() {
    Pipe pipe;
    LineQueue queue(pipe.in(), {32'000, false}, noticeOf);
    constexpr int kLines = 2'000;
    for (int i = 0; i < kLines; ++i) queue.add(Level::kInformation, lineOf(std::string(200, 'x'), i));
    queue.add(Level::kError, "last");
    const std::uint64_t dropped = queue.droppedCount();
    CPPUNIT_ASSERT(dropped > 1'000);
    const Lines found = pipe.readUntil("last");
    // Every line is there, or counted where it would have been.
    std::uint64_t told = 0;
    int next = 0;
    for (const std::string& line : found) {
      if (line == "last") break;
      if (line.starts_with("dropped ")) {
        const int count = std::stoi(line.substr(8));
        told += static_cast<std::uint64_t>(count);
        next += count;
      } else {
        CPPUNIT_ASSERT_EQUAL(lineOf(std::string(200, 'x'), next), line);
        ++next;
      }
    }
    CPPUNIT_ASSERT_EQUAL(kLines, next);
    CPPUNIT_ASSERT_EQUAL(dropped, told);
  }

  void theOldestOfTheLeastSevereGoFirst() {
    Pipe pipe;
    LineQueue queue(pipe.in(), {4'000, false}, noticeOf);
    // The pipe, what is being written to it, and then the queue.
    while (queue.droppedCount() == 0) queue.add(Level::kInformation, std::string(100, 'i'));
    for (int i = 0; i < 10; ++i) queue.add(Level::kError, lineOf("error", i));
    for (int i = 0; i < 1'000; ++i) queue.add(Level::kWarning, lineOf("warning", i));
    const std::uint64_t before = queue.droppedCount();
    queue.add(Level::kDebug, "unheard");
    CPPUNIT_ASSERT_EQUAL(before + 1, queue.droppedCount());
    queue.add(Level::kError, "last");
    const Lines found = pipe.readUntil("last");
    Lines errors;
    for (const std::string& line : found) {
      CPPUNIT_ASSERT(line != "unheard" && line != lineOf("warning", 0));
      if (line.starts_with("error")) errors.push_back(line);
    }
    CPPUNIT_ASSERT_EQUAL(std::size_t{10}, errors.size());
    CPPUNIT_ASSERT_EQUAL(lineOf("warning", 999), found[found.size() - 2]);
  }

  void aFileGetsEveryLine() {
    const test::TempFolder folder;
    const std::string path = folder.path() / "log";
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    CPPUNIT_ASSERT(file >= 0);
    constexpr int kThreads = 4, kLines = 5'000;
    {
      LineQueue queue(file, {2'000, true}, noticeOf);
      std::vector<std::thread> threads;
      for (int t = 0; t < kThreads; ++t)
        threads.emplace_back([&queue, t] {
          for (int i = 0; i < kLines; ++i) queue.add(Level::kDebug, lineOf(lineOf("thread", t), i));
        });
      for (std::thread& thread : threads) thread.join();
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, queue.droppedCount());
    }
    ::close(file);
    std::array<int, kThreads> next{};
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
      const auto thread = static_cast<std::size_t>(line[7] - '0');
      CPPUNIT_ASSERT_EQUAL(lineOf(lineOf("thread", static_cast<int>(thread)), next[thread]++), line);
    }
    for (const int count : next) CPPUNIT_ASSERT_EQUAL(kLines, count);
  }

  void aLineLongerThanPipeAndQueueIsWritten() {
    Pipe pipe;
    LineQueue queue(pipe.in(), {1'000, false}, noticeOf);
    const std::string line(3 * kPipeBytes, 'l');
    queue.add(Level::kError, line);
    CPPUNIT_ASSERT(pipe.readUntil(line) == Lines({line}));
  }

  void whoeverFlushesWaitsNoLongerThanHisPatience() {
    Pipe pipe;
    LineQueue queue(pipe.in(), {}, noticeOf);
    for (int i = 0; i < 2; ++i) queue.add(Level::kError, std::string(kPipeBytes, 'x'));
    CPPUNIT_ASSERT(!queue.flush(std::chrono::milliseconds(1)));
    queue.flushInSignalHandler(std::chrono::milliseconds(1));
    // The queue ends all the same.
  }

  void aReaderThatHasGoneIsSurvived() {
    Pipe pipe;
    LineQueue queue(pipe.in(), {}, noticeOf);
    pipe.closeReader();
    for (int i = 0; i < 100; ++i) queue.add(Level::kError, std::string(kPipeBytes, 'x'));
    CPPUNIT_ASSERT(queue.flush(kLong));
  }

  void aLogTellsWhatItDropped() {
    Pipe pipe;
    const base::ManualClock clock(0);
    Log log(Level::kInformation, LineFormat::kJson, pipe.in(), clock);
    const std::string message(10'000, 'm');
    while (log.droppedCount() == 0) log.log(Level::kInformation, "x", message);
    log.setFormat(LineFormat::kText);
    log.log(Level::kError, "x", "last");
    const std::uint64_t dropped = log.droppedCount();
    const Lines found = pipe.readUntil("1970-01-01T00:00:00.000Z error x: last");
    std::string told("1970-01-01T00:00:00.000Z warning log: ");
    told += dropped == 1 ? "1 line was" : std::to_string(dropped) + " lines were";
    told += " dropped: nobody read them in time";
    CPPUNIT_ASSERT_EQUAL(std::ptrdiff_t{1}, std::count(found.begin(), found.end(), told));
    CPPUNIT_ASSERT_EQUAL(log.lineCount(Level::kInformation) + 1 - dropped, std::uint64_t{found.size()} - 1);
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(LineQueueTest);

}  // namespace gyre::observe
