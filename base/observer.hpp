// Where do parts of the host say what they see? Passed in, never global.
//
// A part logs lines, counts, and times; where that goes (Poco::Logger, Prometheus text, nothing) is the host's business.
// Log lines are built only when somebody listens: call isLogged() first when building one costs anything.
//
// THREADS: every method may be called from any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace gyre::base {

enum class Level : std::uint8_t { kDebug, kInformation, kWarning, kError };

class Observer {
 public:
  virtual ~Observer() = default;
  virtual bool isLogged(Level level) const = 0;
  // `part` names the speaker ("engine", "projector/payments").
  virtual void log(Level level, std::string_view part, std::string_view message) = 0;
};

// Hears nothing; for tests and tools.
class NullObserver final : public Observer {
 public:
  bool isLogged(Level) const override { return false; }
  void log(Level, std::string_view, std::string_view) override {}
};

}  // namespace gyre::base
