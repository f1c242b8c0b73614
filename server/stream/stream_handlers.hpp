// What can the host ask of a stream's domain? Records out of bodies and commands, and who that follows sees which.
//
// server/plugin implements this over the C ABI; tests implement it in a few lines.
//
// THREADS: any method from any thread at once; pure. OWNS: views in the descriptions live as long as the object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/status.hpp"
#include "server/stream/record_batch.hpp"

namespace gyre::stream {

enum class Kind : std::uint8_t { kDocuments, kSeries };

struct IntakeDescription {
  std::string_view name, help;
  std::string_view path;     // "" for none
  std::string_view framing;  // "" for an HTTP body, "syslog"
};
struct TailDescription {
  std::string_view name, help, schema;
};

struct TakeCall {
  std::string_view body;
  std::string_view media_type;  // lower case, without parameters
  std::string_view parameters;  // JSON object of strings
  std::string_view organization_id;
  std::string_view peer;
  std::int64_t time_millis = 0;
};
struct Rejection {
  std::uint64_t position = 0;
  std::string reason;
};
struct Taken {
  RecordBatch records;
  std::vector<Rejection> rejected;
  // The protocol's answer; nothing when the intake gave none.
  std::optional<std::string> response;
  std::string content_type = "application/json";
  int status = 200;
};

struct FollowCall {
  std::string_view parameters;  // JSON object
  bool is_lenient = false;      // came from a query string
  std::string_view organization_id;
  std::span<const std::string_view> records;  // none: only the parameters are asked about
  std::uint64_t first_sequence = 0;
};
struct ShownRecord {
  std::size_t index = 0;
  std::string json;
};

class StreamHandlers {
 public:
  virtual ~StreamHandlers() = default;
  virtual Kind kind() const = 0;
  virtual std::string_view timeField() const = 0;
  virtual const std::vector<IntakeDescription>& intakes() const = 0;
  virtual const std::vector<TailDescription>& tails() const = 0;

  // `intake`, `tail`: positions in the lists above; `command`: in the domain's.
  virtual Result<Taken> take(std::size_t intake, const TakeCall& call) const = 0;
  virtual Result<RecordBatch> decide(std::size_t command, std::string_view body, std::string_view organization_id,
                                     std::int64_t time_millis) const = 0;
  virtual Result<std::vector<ShownRecord>> match(std::size_t tail, const FollowCall& call) const = 0;

  std::optional<std::size_t> findIntake(std::string_view name) const {
    for (std::size_t i = 0; i < intakes().size(); ++i)
      if (intakes()[i].name == name) return i;
    return std::nullopt;
  }
  std::optional<std::size_t> findTail(std::string_view name) const {
    for (std::size_t i = 0; i < tails().size(); ++i)
      if (tails()[i].name == name) return i;
    return std::nullopt;
  }
};

}  // namespace gyre::stream
