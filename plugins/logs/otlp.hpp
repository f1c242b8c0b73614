// What do OpenTelemetry's log exporters send? OTLP/HTTP, as JSON or as protobuf, to records; and the answer in the same
// form.
//
// resourceLogs > scopeLogs > logRecords. Attributes of the resource are the record's `resource` (service.name and
// host.name are its service and host), the scope's name is its logger. A body that is no string is the message as JSON
// text, and searchable by its members as the attribute "body". A record that cannot be taken is counted in the partial
// success, with the reason; a body that is cut off or no OTLP is refused whole, as the protocol wants it.
//
// Sources: opentelemetry-proto, collector/logs/v1/logs_service.proto, logs/v1/logs.proto; the specification of
// OTLP/HTTP. THREADS: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/status.hpp"
#include "gyre/stream.hpp"
#include "record.hpp"

namespace gyre::logs {

// By the media type: application/json, application/x-protobuf, or invalid_argument.
Status takeOtlp(const IntakeCall& call, Records& records);
Status takeOtlpJson(const IntakeCall& call, Records& records);
Status takeOtlpProtobuf(const IntakeCall& call, Records& records);

// A value of OpenTelemetry (AnyValue) as JSON. `text` is its characters when it is a string.
struct AnyJson {
  static constexpr int kMaxDepth = 24;  // of lists and maps; with what is around them the index reads 64

  std::string json;
  std::string text;
  bool is_string = false;
  bool is_map = false;
  std::size_t leaf_count = 1;
  void clear();
  void setText(std::string_view value);  // any bytes
};

// Records of one request, made member by member. What both forms have in common.
class OtlpBatch {
 public:
  OtlpBatch(const IntakeCall& call, Records& records);

  void beginResource();
  void addResourceAttribute(std::string_view key, const AnyJson& value);
  void beginScope();
  void setScope(std::string_view name, std::string_view version);
  void addScopeAttribute(std::string_view key, const AnyJson& value);

  void beginRecord();
  void setTime(std::uint64_t nanos);
  void setObserved(std::uint64_t nanos);
  void setSeverity(std::int64_t number, std::string_view text);
  void setBody(const AnyJson& body);
  void setTrace(std::string_view lower_hex);  // "" and zeros: none
  void setSpan(std::string_view lower_hex);
  void addAttribute(std::string_view key, const AnyJson& value);
  void addText(std::string_view key, std::string_view text);
  void endRecord();
  // Instead of endRecord(): counted as rejected.
  void rejectRecord(std::string_view reason);

  std::uint64_t position() const { return position_; }  // records begun and ended
  std::uint64_t rejectedCount() const { return rejected_; }
  std::string_view firstReason() const { return first_reason_; }

 private:
  std::string_view shown(std::string_view text);
  bool promote(std::string_view key, const AnyJson& value);

  Arrival arrival_;
  Records& records_;
  OpenMembers resource_, attributes_;
  std::string resource_service_, resource_host_, resource_organization_, scope_name_;
  std::vector<std::pair<std::string, AnyJson>> scope_;
  struct {
    Stamp time;
    std::optional<std::int64_t> observed_millis;
    int severity = 0;
    std::string severity_text, message, trace_id, span_id, client, request, organization;
    std::optional<std::int64_t> status, bytes;
  } now_;
  std::string scratch_, out_, first_reason_;
  std::uint64_t position_ = 0, rejected_ = 0;
};

}  // namespace gyre::logs
