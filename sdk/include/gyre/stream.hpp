// How do I write a domain whose records only arrive: logs, metrics? A stream has no entities and no evolve; a record
// that was taken is durable, gets a sequence, and is then searchable.
//
//   Status takeLoki(const IntakeCall& call, Records& records);                       // take: a protocol's body to
//   records Status appendLogs(const Command& command, Records& records);                     // decide: a command's
//   body to records Status matchTail(const TailCall& call, TailMatches& matches);                    // match: which
//   records to show, and how Result<Plan> planSearch(const Query&);  Status presentSearch(const Query&, json::Value,
//   std::uint64_t, JsonWriter&);
//
//   void describe(StreamDomain& domain) {
//     domain.name("logs", "1.0.0", "log records").index(kIndex).documents("@timestamp")
//         .command("AppendLogs", appendBody(), "appends log records", &appendLogs)
//         .intake("loki", "/loki/api/v1/push", "Loki's push protocol", &takeLoki)
//         .syslog("syslog", "RFC 5424 and RFC 3164", &takeSyslog)
//         .query("SearchLogs", searchParameters(), "newest first", &planSearch, &presentSearch)
//         .tail("TailLogs", tailParameters(), "records as they arrive", &matchTail);
//   }
//   GYRE_STREAM_PLUGIN(describe)
//
// Pure functions, as all of a plugin: no socket, disk, clock or shared state; time arrives in the call. Any number of
// calls at once, from any thread. Exceptions become an internal error at the edge. gyre/stream_test.hpp tests them
// without a host.
//
// Kinds. `documents`: a record is a JSON object that fits the mapping of index(). Do not write "sequence" or an id: the
// host adds both (the mapping has a long "sequence"). `series`: a record is a sample batch (gyre/sample_batch.hpp), and
// plan's text is a request to the series index.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/abi.h"
#include "gyre/plugin.hpp"

namespace gyre {

// One body of a protocol, or one message of a framed one.
struct IntakeCall {
  std::string_view body;             // content codings are undone; any bytes, UTF-8 is not checked
  std::string_view media_type;       // lower case, without parameters; "" when none was given
  json::Value parameters;            // of the query string: an object of strings
  std::string_view organization_id;  // the caller's, when its key binds one; else "". Records must say it
  std::string_view peer;             // address of the sender
  std::int64_t time_millis = 0;      // of arrival
};

// Where take and decide put what they found. Bytes are copied at once.
class Records {
 public:
  explicit Records(const gyre_reply* reply) : reply_(reply) {}
  Records(const Records&) = delete;
  Records& operator=(const Records&) = delete;

  // A record. `position`: the line or item of the input it came from, from 0; several records may share one.
  // `time_millis`: what the record says in the time field, any value; 0 for a sample batch. The order of records is
  // kept.
  void add(std::uint64_t position, std::int64_t time_millis, std::string_view record) {
    constexpr std::size_t kMostDigits = 20;  // said again below for GCC 12, which sees the end anywhere
    char text[2 * kMostDigits + 2];
    char* end = std::to_chars(text, text + kMostDigits, position).ptr;
    std::size_t size = std::min(static_cast<std::size_t>(end - text), kMostDigits);
    text[size++] = ' ';
    end = std::to_chars(text + size, text + sizeof text, time_millis).ptr;
    reply_->event(reply_->context, {text, static_cast<std::uint64_t>(end - text)}, {record.data(), record.size()});
    ++count_;
  }
  // An item that cannot be taken, and why (what, expected, found); the others are kept. A command is taken whole: a
  // rejection in decide refuses it, with a fault at /position. Better refuse there with faults of one's own.
  void reject(std::uint64_t position, std::string_view reason) {
    std::string text = std::to_string(position);
    text += ' ';
    text += reason;
    reply_->attribute(reply_->context, abi::bytes("rejected"), abi::bytes(text));
    ++rejected_;
  }
  // The answer in the protocol's own form; sent when all records are durable. Of take only, at most once.
  // REQUIRES: 200 <= status <= 299.
  void respond(std::string_view body, std::string_view content_type = "application/json", int status = 200) {
    reply_->attribute(reply_->context, abi::bytes("contentType"), abi::bytes(content_type));
    reply_->attribute(reply_->context, abi::bytes("status"), abi::bytes(std::to_string(status)));
    reply_->text(reply_->context, abi::bytes(body));
  }

  std::uint64_t count() const { return count_; }
  std::uint64_t rejectedCount() const { return rejected_; }

 private:
  const gyre_reply* reply_;
  std::uint64_t count_ = 0;
  std::uint64_t rejected_ = 0;
};

// Records just appended, and one who follows the stream.
struct TailCall {
  json::Value parameters;
  bool is_lenient = false;           // from a query string: see Arguments::Options
  std::string_view organization_id;  // the caller's, when its key binds one: show no other's records
  const gyre_bytes* records = nullptr;
  std::uint64_t record_count = 0;  // 0: only the parameters are asked about
  std::uint64_t first_sequence = 0;

  // As take gave it. REQUIRES: index < record_count.
  std::string_view record(std::uint64_t index) const { return abi::view(records[index]); }
  std::uint64_t sequence(std::uint64_t index) const { return first_sequence + index; }
};

class TailMatches {
 public:
  explicit TailMatches(const gyre_reply* reply) : reply_(reply) {}
  // Shows record `index` as this JSON value. Ascending indices, each at most once.
  void show(std::uint64_t index, std::string_view json) {
    const std::string text = std::to_string(index);
    reply_->event(reply_->context, abi::bytes(text), abi::bytes(json));
  }

 private:
  const gyre_reply* reply_;
};

// A call of another system's read API: Prometheus' /api/v1/query.
struct EndpointCall {
  json::Value parameters;            // an object of lists of strings: from path, query string and form, in this order
  std::string_view organization_id;  // the caller's, when its key binds one; else ""
  std::int64_t time_millis = 0;      // now
};
// What became of the request that plan made; or what plan refused.
struct EndpointResult {
  std::string_view data;  // what the index answered
  Status failure;         // ok when there is data
};
// The body as that system would give it, of a failure too.
struct EndpointAnswer {
  std::string body;
  int status = 200;
  std::string_view content_type = "application/json";
};

namespace abi {

// The state that a stream does not have.
struct NoState {
  static Result<NoState> read(json::Value) { return NoState(); }
  void write(JsonWriter& out) const { out.beginObject().endObject(); }
  std::string_view organizationId() const { return {}; }
};

class ExportedStream;

}  // namespace abi

class StreamDomain {
 public:
  using Take = Status (*)(const IntakeCall&, Records&);
  // `command.entity_id` is "" and its version 0. All records or, when it refuses, none.
  using Decide = Status (*)(const Command&, Records&);
  using Match = Status (*)(const TailCall&, TailMatches&);
  using PlanEndpoint = Result<std::string> (*)(const EndpointCall&);
  using PresentEndpoint = EndpointAnswer (*)(const EndpointCall&, const EndpointResult&);
  using Base = Domain<abi::NoState>;

  StreamDomain& name(std::string_view domain, std::string_view version, std::string_view help) {
    base_.name(domain, version, help);
    return *this;
  }
  // JSON: {"settings":{…},"mappings":{…}}; "{}" for series.
  StreamDomain& index(std::string_view json) {
    base_.index(json);
    return *this;
  }
  StreamDomain& options(std::string_view json, Base::Configure configure) {
    base_.options(json, configure);
    return *this;
  }
  // One of the two. `time_field`: the mapping's date field that says when a record happened.
  StreamDomain& documents(std::string_view time_field) {
    kind_ = "documents";
    time_field_ = time_field;
    return *this;
  }
  StreamDomain& series() {
    kind_ = "series";
    return *this;
  }
  StreamDomain& command(std::string_view name, Table body, std::string_view help, Decide decide) {
    commands_.push_back({name, toJsonSchema(body), help, decide});
    return *this;
  }
  // A way in over HTTP: POST /v1/{domain}/ingest/{name}, and at `path` when it is not "". The name "document" is for
  // NDJSON, a document a line, position = line: _bulk, /records and imports use it.
  StreamDomain& intake(std::string_view name, std::string_view path, std::string_view help, Take take) {
    intakes_.push_back({name, path, help, {}, take});
    return *this;
  }
  // A way in over the sockets of the option `listen`: each call is one syslog message, its framing undone.
  StreamDomain& syslog(std::string_view name, std::string_view help, Take take) {
    intakes_.push_back({name, {}, help, "syslog", take});
    return *this;
  }
  StreamDomain& query(std::string_view name, Table parameters, std::string_view help, Base::MakePlan plan,
                      Base::Present present) {
    base_.query(name, parameters, help, plan, present);
    return *this;
  }
  StreamDomain& tail(std::string_view name, Table parameters, std::string_view help, Match match) {
    tails_.push_back({name, toJsonSchema(parameters), help, match});
    return *this;
  }
  // A path of another system's read API, GET and POST with a form: plan makes a request to the index, present the
  // answer. A segment in braces, "/api/v1/label/{name}/values", is a parameter.
  StreamDomain& endpoint(std::string_view path, std::string_view help, PlanEndpoint plan, PresentEndpoint present) {
    endpoints_.push_back({path, help, plan, present});
    return *this;
  }

 private:
  friend class abi::ExportedStream;
  struct CommandEntry {
    std::string_view name;
    std::string schema;
    std::string_view help;
    Decide decide;
  };
  struct IntakeEntry {
    std::string_view name, path, help, framing;
    Take take;
  };
  struct TailEntry {
    std::string_view name;
    std::string schema;
    std::string_view help;
    Match match;
  };
  struct EndpointEntry {
    std::string_view path, help;
    PlanEndpoint plan;
    PresentEndpoint present;
  };
  Base base_;
  std::string_view kind_, time_field_;
  std::vector<CommandEntry> commands_;
  std::vector<IntakeEntry> intakes_;
  std::vector<TailEntry> tails_;
  std::vector<EndpointEntry> endpoints_;
};

// ---- implementation ------------------------------------------------------------------------------------------------

namespace abi {

// A stream's tables in the ABI's shape: those of a domain without a state, and the stream's own.
class ExportedStream {
 public:
  explicit ExportedStream(void (*describe)(StreamDomain&)) : ExportedStream(described(describe)) {}
  explicit ExportedStream(StreamDomain domain) : domain_(std::move(domain)), base_(domain_.base_) {
    for (const CommandEntry& entry : domain_.commands_)
      commands_.push_back(
          std::make_unique<gyre_command>(gyre_command{sizeof(gyre_command), 0, bytes(entry.name), bytes(entry.help),
                                                      bytes(entry.schema), bytes(""), handlerOf(entry), &decide}));
    for (const IntakeEntry& entry : domain_.intakes_)
      intakes_.push_back(
          std::make_unique<gyre_intake>(gyre_intake{sizeof(gyre_intake), 0, bytes(entry.name), bytes(entry.help),
                                                    bytes(entry.path), bytes(entry.framing), handlerOf(entry), &take}));
    for (const TailEntry& entry : domain_.tails_)
      tails_.push_back(std::make_unique<gyre_tail>(gyre_tail{sizeof(gyre_tail), 0, bytes(entry.name), bytes(entry.help),
                                                             bytes(entry.schema), handlerOf(entry), &match}));
    for (const EndpointEntry& entry : domain_.endpoints_)
      endpoints_.push_back(
          std::make_unique<gyre_endpoint>(gyre_endpoint{sizeof(gyre_endpoint), 0, bytes(entry.path), bytes(entry.help),
                                                        handlerOf(entry), &planEndpoint, &presentEndpoint}));
    collect(endpoints_, endpoint_pointers_);
    collect(commands_, command_pointers_);
    collect(intakes_, intake_pointers_);
    collect(tails_, tail_pointers_);
    stream_ = {sizeof(gyre_stream),       0,
               bytes(domain_.kind_),      bytes(domain_.time_field_),
               intake_pointers_.data(),   intake_pointers_.size(),
               tail_pointers_.data(),     tail_pointers_.size(),
               endpoint_pointers_.data(), endpoint_pointers_.size()};
    plugin_ = *base_.plugin();
    plugin_.commands = command_pointers_.data();
    plugin_.command_count = command_pointers_.size();
    plugin_.stream = &stream_;
  }
  ExportedStream(const ExportedStream&) = delete;
  ExportedStream& operator=(const ExportedStream&) = delete;
  const gyre_plugin* plugin() const { return &plugin_; }

 private:
  using CommandEntry = StreamDomain::CommandEntry;
  using IntakeEntry = StreamDomain::IntakeEntry;
  using TailEntry = StreamDomain::TailEntry;
  using EndpointEntry = StreamDomain::EndpointEntry;

  static StreamDomain described(void (*describe)(StreamDomain&)) {
    StreamDomain domain;
    describe(domain);
    return domain;
  }
  template <class Entry>
  static void* handlerOf(const Entry& entry) {
    return const_cast<Entry*>(&entry);
  }
  template <class Definition>
  static void collect(const std::vector<std::unique_ptr<Definition>>& owned, std::vector<const Definition*>& pointers) {
    for (const auto& definition : owned) pointers.push_back(definition.get());
  }

  static std::int32_t decide(void* handler, const gyre_decide_call* call, const gyre_reply* reply) {
    return guarded(reply, [&]() -> Status {
      const auto& entry = *static_cast<const CommandEntry*>(handler);
      GYRE_TRY_ASSIGN(const json::Document body, parseObject(call->body, "body"));
      Records records(reply);
      return entry.decide({entry.name, {}, body.root(), 0, call->time_ms, view(call->organization_id)}, records);
    });
  }
  static std::int32_t take(void* handler, const gyre_intake_call* call, const gyre_reply* reply) {
    return guarded(reply, [&]() -> Status {
      const auto& entry = *static_cast<const IntakeEntry*>(handler);
      GYRE_TRY_ASSIGN(const json::Document parameters, parseObject(call->parameters, "parameters"));
      Records records(reply);
      return entry.take({view(call->body), view(call->media_type), parameters.root(), view(call->organization_id),
                         view(call->peer), call->time_ms},
                        records);
    });
  }
  static std::int32_t match(void* handler, const gyre_tail_call* call, const gyre_reply* reply) {
    return guarded(reply, [&]() -> Status {
      const auto& entry = *static_cast<const TailEntry*>(handler);
      GYRE_TRY_ASSIGN(const json::Document parameters, parseObject(call->parameters, "parameters"));
      TailMatches matches(reply);
      return entry.match({parameters.root(), call->is_lenient != 0, view(call->organization_id), call->records,
                          call->record_count, call->first_sequence},
                         matches);
    });
  }

  static std::int32_t planEndpoint(void* handler, const gyre_endpoint_call* call, const gyre_reply* reply) {
    return guarded(reply, [&]() -> Status {
      const auto& entry = *static_cast<const EndpointEntry*>(handler);
      GYRE_TRY_ASSIGN(const json::Document parameters, parseObject(call->parameters, "parameters"));
      GYRE_TRY_ASSIGN(const std::string request,
                      entry.plan({parameters.root(), view(call->organization_id), call->time_ms}));
      reply->text(reply->context, bytes(request));
      return {};
    });
  }
  static std::int32_t presentEndpoint(void* handler, const gyre_endpoint_call* call, const gyre_endpoint_result* result,
                                      const gyre_reply* reply) {
    return guarded(reply, [&]() -> Status {
      const auto& entry = *static_cast<const EndpointEntry*>(handler);
      GYRE_TRY_ASSIGN(const json::Document parameters, parseObject(call->parameters, "parameters"));
      EndpointResult found{view(result->data), Status()};
      if (result->code != 0)
        found.failure = Status(static_cast<Code>(result->code), std::string(view(result->reason)),
                               std::string(view(result->message)));
      const EndpointAnswer answer =
          entry.present({parameters.root(), view(call->organization_id), call->time_ms}, found);
      reply->attribute(reply->context, bytes("contentType"), bytes(answer.content_type));
      reply->attribute(reply->context, bytes("status"), bytes(std::to_string(answer.status)));
      reply->text(reply->context, bytes(answer.body));
      return {};
    });
  }

  StreamDomain domain_;
  Exported<NoState> base_;
  std::vector<std::unique_ptr<gyre_command>> commands_;
  std::vector<std::unique_ptr<gyre_intake>> intakes_;
  std::vector<std::unique_ptr<gyre_tail>> tails_;
  std::vector<const gyre_command*> command_pointers_;
  std::vector<const gyre_intake*> intake_pointers_;
  std::vector<const gyre_tail*> tail_pointers_;
  std::vector<std::unique_ptr<gyre_endpoint>> endpoints_;
  std::vector<const gyre_endpoint*> endpoint_pointers_;
  gyre_stream stream_{};
  gyre_plugin plugin_{};
};

}  // namespace abi
}  // namespace gyre

// Exports the entry point of a stream. `describe` is a void(gyre::StreamDomain&).
#define GYRE_STREAM_PLUGIN(describe)                                                                                 \
  extern "C" __attribute__((visibility("default"))) const gyre_plugin* gyre_plugin_entry_v1(const gyre_host* host) { \
    if (host == nullptr || host->abi_major != GYRE_ABI_MAJOR) return nullptr;                                        \
    if (host->abi_minor < 2) {                                                                                       \
      host->log(host->context, 3, ::gyre::abi::bytes("a stream needs a host of ABI 1.2 or later"));                  \
      return nullptr;                                                                                                \
    }                                                                                                                \
    try {                                                                                                            \
      static const ::gyre::abi::ExportedStream exported(&(describe));                                                \
      return exported.plugin();                                                                                      \
    } catch (...) {                                                                                                  \
      return nullptr;                                                                                                \
    }                                                                                                                \
  }
