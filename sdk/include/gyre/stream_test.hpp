// Does this stream take, decide, plan, present and match as it should? Given-When-Then without a host.
//
//   StreamScenario(describe)
//       .as("org-1")
//       .send("loki", body)
//       .thenRecords({{0, 1'704'067'200'000, R"({"@timestamp":"2024-01-01T00:00:00.000Z","message":"hello"})"}})
//       .thenRejects({{3, "expected an object"}})
//       .thenResponds(204, "");
//   StreamScenario(describe).ask("SearchLogs", "{}").thenSearches("{…}").answered("{…}").thenAnswers("{…}");
//   StreamScenario(describe).follow("TailLogs", R"({"level":"error"})", {record, record}).thenShows({{1, "{…}"}});
//
// It calls what the host calls, through the same C tables. JSON is compared by content; a failure names file and line
// of its step and throws a test::Failure, or goes to the function the scenario was given.
//
// THREADS: one scenario, one thread. OWNS: the domain.
#pragma once

#include <charconv>
#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/stream.hpp"
#include "gyre/test.hpp"

namespace gyre::test {

struct TakenRecord {
  std::uint64_t position = 0;
  std::int64_t time_millis = 0;
  std::string record;
};
struct RejectedItem {
  std::uint64_t position = 0;
  std::string reason;  // thenRejects: a part of it
};
struct ShownRecord {
  std::uint64_t index = 0;
  std::string json;
};

class StreamScenario {
 public:
  using Where = std::source_location;
  static constexpr std::int64_t kStart = 1'704'067'200'000;  // 2024-01-01T00:00:00Z

  explicit StreamScenario(void (*describe)(StreamDomain&), Report report = &throwFailure)
      : exported_(describe), report_(std::move(report)) {}
  StreamScenario(const StreamScenario&) = delete;
  StreamScenario& operator=(const StreamScenario&) = delete;

  // ---- circumstances of the steps that follow

  StreamScenario& at(std::int64_t time_millis) {
    time_millis_ = time_millis;
    return *this;
  }
  // The organisation that the caller's key is bound to; "" for none.
  StreamScenario& as(std::string_view organization) {
    organization_ = organization;
    return *this;
  }
  StreamScenario& mediaType(std::string_view type) {
    media_type_ = type;
    return *this;
  }
  // Of the request's query string, as a JSON object of strings.
  StreamScenario& urlParameters(std::string_view json) {
    url_parameters_ = json;
    return *this;
  }
  StreamScenario& from(std::string_view peer) {
    peer_ = peer;
    return *this;
  }
  // As the configuration would: a JSON object with every option.
  StreamScenario& configured(std::string_view options, Where where = Where::current()) {
    begin();
    const gyre_reply reply = makeReply();
    finish(table().configure(table().plugin, abi::bytes(options), &reply));
    return requireSuccess(where);
  }

  // ---- when

  // A body of the intake's protocol, or one message of a framed one.
  StreamScenario& send(std::string_view intake, std::string_view body, Where where = Where::current()) {
    begin();
    for (std::uint64_t i = 0; i < table().stream->intake_count; ++i) {
      const gyre_intake& entry = *table().stream->intakes[i];
      if (abi::view(entry.name) != intake) continue;
      const gyre_intake_call call{sizeof(gyre_intake_call),
                                  0,
                                  abi::bytes(body),
                                  abi::bytes(media_type_),
                                  abi::bytes(url_parameters_),
                                  abi::bytes(organization_),
                                  abi::bytes(peer_),
                                  time_millis_};
      const gyre_reply reply = makeReply();
      return finish(entry.take(entry.handler, &call, &reply));
    }
    return fail(where, "no intake is called " + std::string(intake));
  }
  StreamScenario& when(std::string_view command, std::string_view body, Where where = Where::current()) {
    begin();
    for (std::uint64_t i = 0; i < table().command_count; ++i) {
      const gyre_command& entry = *table().commands[i];
      if (abi::view(entry.name) != command) continue;
      const gyre_decide_call call{sizeof(gyre_decide_call), 0, {}, abi::bytes(body), {}, 0, time_millis_,
                                  abi::bytes(organization_)};
      const gyre_reply reply = makeReply();
      return finish(entry.decide(entry.handler, &call, &reply));
    }
    return fail(where, "no command is called " + std::string(command));
  }
  StreamScenario& ask(std::string_view query, std::string_view parameters, Where where = Where::current()) {
    return plan(query, parameters, false, where);
  }
  // Parameters as they come from a query string: every value a string or a list of strings.
  StreamScenario& askByUrl(std::string_view query, std::string_view parameters, Where where = Where::current()) {
    return plan(query, parameters, true, where);
  }
  // After ask: what the index says to it.
  StreamScenario& answered(std::string_view answer, Where where = Where::current()) {
    if (query_ == nullptr) return fail(where, "answered() needs a query that was planned");
    begin();
    const gyre_present_call call{sizeof(gyre_present_call), is_lenient_ ? 1U : 0U, abi::bytes(parameters_),
                                 abi::bytes(organization_), abi::bytes(answer),    0};
    const gyre_reply reply = makeReply();
    return finish(query_->present(query_->handler, &call, &reply));
  }
  // Records as take gave them, to one who follows with these parameters; the first has sequence 1.
  StreamScenario& follow(std::string_view tail, std::string_view parameters, const std::vector<std::string>& records,
                         bool is_lenient = false, Where where = Where::current()) {
    begin();
    std::vector<gyre_bytes> views;
    for (const std::string& record : records) views.push_back(abi::bytes(record));
    for (std::uint64_t i = 0; i < table().stream->tail_count; ++i) {
      const gyre_tail& entry = *table().stream->tails[i];
      if (abi::view(entry.name) != tail) continue;
      const gyre_tail_call call{sizeof(gyre_tail_call),
                                is_lenient ? 1U : 0U,
                                abi::bytes(parameters),
                                abi::bytes(organization_),
                                views.data(),
                                views.size(),
                                1};
      const gyre_reply reply = makeReply();
      return finish(entry.match(entry.handler, &call, &reply));
    }
    return fail(where, "no tail is called " + std::string(tail));
  }

  // ---- then

  // Exactly these, in this order. Records of a `series` stream are compared by their bytes.
  StreamScenario& thenRecords(const std::vector<TakenRecord>& expected, Where where = Where::current()) {
    requireSuccess(where);
    const std::vector<TakenRecord> found = records();
    if (found.size() != expected.size())
      return fail(where,
                  "expected " + std::to_string(expected.size()) + " records, found " + std::to_string(found.size()));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const std::string name = "record " + std::to_string(i);
      if (expected[i].position != found[i].position || expected[i].time_millis != found[i].time_millis)
        fail(where, name + ": expected position " + std::to_string(expected[i].position) + " at " +
                        std::to_string(expected[i].time_millis) + ", found position " +
                        std::to_string(found[i].position) + " at " + std::to_string(found[i].time_millis));
      if (isSeries() ? expected[i].record != found[i].record
                     : canonicalJson(expected[i].record) != canonicalJson(found[i].record))
        fail(where, name + ":\n  expected " + expected[i].record + "\n  found    " + found[i].record);
    }
    return *this;
  }
  StreamScenario& thenRecordCount(std::size_t expected, Where where = Where::current()) {
    requireSuccess(where);
    return events_.size() == expected ? *this
                                      : fail(where, "expected " + std::to_string(expected) + " records, found " +
                                                        std::to_string(events_.size()));
  }
  // Exactly these, in this order; each reason contains the one expected.
  StreamScenario& thenRejects(const std::vector<RejectedItem>& expected, Where where = Where::current()) {
    requireSuccess(where);
    bool is_same = expected.size() == rejected_.size();
    for (std::size_t i = 0; is_same && i < expected.size(); ++i)
      is_same = expected[i].position == rejected_[i].position &&
                rejected_[i].reason.find(expected[i].reason) != std::string::npos;
    if (is_same) return *this;
    std::string text = "expected other rejections, found";
    for (const RejectedItem& item : rejected_) text += "\n  " + std::to_string(item.position) + " " + item.reason;
    return fail(where, text);
  }
  StreamScenario& thenResponds(int status, std::string_view body, Where where = Where::current()) {
    requireSuccess(where);
    const int found = response_status_.empty() ? 204 : std::stoi(response_status_);
    if (found != status || text_ != body)
      return fail(where, "expected " + std::to_string(status) + " " + std::string(body) + ", found " +
                             std::to_string(found) + " " + text_);
    return *this;
  }
  StreamScenario& thenRefused(Code code, std::string_view reason = {}, std::string_view message_part = {},
                              Where where = Where::current()) {
    if (status_.isOk()) return fail(where, "expected a refusal, found " + std::to_string(events_.size()) + " records");
    if (status_.code() != code || (!reason.empty() && status_.reason() != reason) ||
        shown().find(message_part) == std::string::npos)
      return fail(where, "expected a refusal with " + std::string(codeName(code)) + " " + std::string(reason) + " \"" +
                             std::string(message_part) + "\", found " + shown());
    return *this;
  }
  // The request that a query makes of the index.
  StreamScenario& thenSearches(std::string_view expected, Where where = Where::current()) {
    requireSuccess(where);
    return compare("the search request", expected, text_, where);
  }
  StreamScenario& thenAnswers(std::string_view expected, Where where = Where::current()) {
    requireSuccess(where);
    return compare("the answer", expected, text_, where);
  }
  StreamScenario& thenShows(const std::vector<ShownRecord>& expected, Where where = Where::current()) {
    requireSuccess(where);
    if (expected.size() != events_.size())
      return fail(where,
                  "expected " + std::to_string(expected.size()) + " shown, found " + std::to_string(events_.size()));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (std::to_string(expected[i].index) != events_[i].type)
        fail(where, "expected record " + std::to_string(expected[i].index) + ", found " + events_[i].type);
      compare("what is shown", expected[i].json, events_[i].data, where);
    }
    return *this;
  }

  // ---- for what the steps above cannot say

  const Status& status() const { return status_; }
  std::string_view text() const { return text_; }
  const std::vector<RejectedItem>& rejected() const { return rejected_; }
  std::vector<TakenRecord> records() const {
    std::vector<TakenRecord> found;
    for (const Event& event : events_) {
      TakenRecord record{0, 0, event.data};
      const char* const end = event.type.data() + event.type.size();
      const auto position = std::from_chars(event.type.data(), end, record.position);
      if (position.ptr != end) std::from_chars(position.ptr + 1, end, record.time_millis);
      found.push_back(std::move(record));
    }
    return found;
  }

 private:
  const gyre_plugin& table() const { return *exported_.plugin(); }
  bool isSeries() const { return abi::view(table().stream->kind) == "series"; }

  StreamScenario& plan(std::string_view name, std::string_view parameters, bool is_lenient, const Where& where) {
    begin();
    query_ = nullptr;
    for (std::uint64_t i = 0; i < table().query_count; ++i)
      if (abi::view(table().queries[i]->name) == name) query_ = table().queries[i];
    if (query_ == nullptr) return fail(where, "no query is called " + std::string(name));
    parameters_ = parameters;
    is_lenient_ = is_lenient;
    const gyre_plan_call call{sizeof(gyre_plan_call), is_lenient ? 1U : 0U, abi::bytes(parameters_),
                              abi::bytes(organization_), time_millis_};
    const gyre_reply reply = makeReply();
    return finish(query_->plan(query_->handler, &call, &reply));
  }

  void begin() {
    status_ = Status();
    faults_.clear();
    events_.clear();
    rejected_.clear();
    text_.clear();
    response_status_.clear();
  }
  StreamScenario& finish(std::int32_t code) {
    if (code != 0 && status_.isOk()) status_ = internalError("code " + std::to_string(code) + " without a refusal");
    for (const Fault& fault : faults_) status_.addFault(fault.pointer, fault.detail);
    return *this;
  }
  gyre_reply makeReply() {
    return {
        sizeof(gyre_reply),
        0,
        this,
        [](void* self, gyre_bytes bytes) { of(self).text_ += abi::view(bytes); },
        [](void* self, gyre_bytes type, gyre_bytes data) {
          of(self).events_.push_back({std::string(abi::view(type)), std::string(abi::view(data))});
        },
        [](void* self, gyre_bytes name, gyre_bytes value) { of(self).attribute(abi::view(name), abi::view(value)); },
        [](void* self, std::int32_t code, gyre_bytes reason, gyre_bytes message) {
          of(self).status_ =
              Status(static_cast<Code>(code), std::string(abi::view(reason)), std::string(abi::view(message)));
        },
        [](void* self, gyre_bytes pointer, gyre_bytes detail) {
          of(self).faults_.push_back({std::string(abi::view(pointer)), std::string(abi::view(detail))});
        }};
  }
  static StreamScenario& of(void* self) { return *static_cast<StreamScenario*>(self); }
  void attribute(std::string_view name, std::string_view value) {
    if (name == "status") response_status_ = value;
    if (name != "rejected") return;
    RejectedItem item;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), item.position);
    value.remove_prefix(static_cast<std::size_t>(read.ptr - value.data()));
    if (value.starts_with(' ')) value.remove_prefix(1);
    item.reason = value;
    rejected_.push_back(std::move(item));
  }

  StreamScenario& fail(const Where& where, const std::string& what) {
    report_(std::string(where.file_name()) + ":" + std::to_string(where.line()) + ": " + what);
    return *this;
  }
  StreamScenario& requireSuccess(const Where& where) {
    return status_.isOk() ? *this : fail(where, "expected no refusal, found " + shown());
  }
  StreamScenario& compare(const std::string& what, std::string_view expected, std::string_view found,
                          const Where& where) {
    const std::string wanted = canonicalJson(expected);
    const std::string actual = canonicalJson(found);
    return wanted == actual ? *this : fail(where, what + ":\n  expected " + wanted + "\n  found    " + actual);
  }
  std::string shown() const {
    std::string text = std::string(status_.reason()) + ": " + std::string(status_.message());
    for (const Fault& fault : status_.faults()) text += "\n  at " + fault.pointer + ": " + fault.detail;
    return text;
  }

  abi::ExportedStream exported_;
  Report report_;
  std::int64_t time_millis_ = kStart;
  std::string organization_, media_type_, url_parameters_ = "{}", peer_ = "127.0.0.1:40000";

  // Of the last step.
  Status status_;
  std::vector<Fault> faults_;
  Events events_;
  std::vector<RejectedItem> rejected_;
  std::string text_, response_status_;
  const gyre_query* query_ = nullptr;
  std::string parameters_;
  bool is_lenient_ = false;
};

}  // namespace gyre::test
