// How far is it? One line that is drawn over on a terminal, nothing elsewhere.
//
// THREADS: one.
#pragma once

#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>
#include <unistd.h>

namespace gyre::cli {

class ProgressLine {
 public:
  explicit ProgressLine(std::string_view what) : what_(what), is_terminal_(::isatty(STDERR_FILENO) != 0) {}
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // `total` 0 when it is not known. Draws at most ten times a second.
  void show(std::uint64_t done, std::uint64_t total) {
    const auto now = std::chrono::steady_clock::now();
    if (!is_terminal_ || now < next_) return;
    next_ = now + std::chrono::milliseconds(100);
    std::string line = "\r" + what_ + " ";
    if (total > 0) {
      constexpr std::uint64_t kWidth = 30;
      const std::uint64_t filled = done >= total ? kWidth : done * kWidth / total;
      line += "[" + std::string(filled, '#') + std::string(kWidth - filled, '.') + "] " + std::to_string(done) + "/" + std::to_string(total);
    } else {
      line += std::to_string(done);
    }
    std::cerr << line << "\x1b[K" << std::flush;
    is_drawn_ = true;
  }
  void clear() {
    if (is_drawn_) std::cerr << "\r\x1b[K" << std::flush;
    is_drawn_ = false;
  }

 private:
  const std::string what_;
  const bool is_terminal_;
  bool is_drawn_ = false;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace gyre::cli
