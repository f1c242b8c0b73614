#include "server/plugin/plugin_stream.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <utility>

#include "gyre/sample_batch.hpp"
#include "server/plugin/plugin_members.hpp"
#include "server/plugin/plugin_reply.hpp"

namespace gyre::plugin {

namespace {

// Takes a number off the front; nothing when there is none.
template <class Number>
std::optional<Number> takeNumber(std::string_view& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

constexpr std::size_t kMostReserved = 1u << 20;  // more grows as it comes

// Where the records of one call go as they come, and what was wrong with the first that was.
struct Gathering {
  stream::Kind kind;
  stream::RecordBatch records;
  std::string fault;

  static void take(void* taker, std::string_view type, std::string_view data) noexcept {
    auto& self = *static_cast<Gathering*>(taker);
    if (self.fault.empty()) self.add(type, data);
  }

 private:
  void add(std::string_view place, std::string_view record) {
    const auto position = takeNumber<std::uint64_t>(place);
    if (!position || !place.starts_with(' ')) return fail("gave a record without position and time");
    place.remove_prefix(1);
    const auto time = takeNumber<std::int64_t>(place);
    if (!time || !place.empty()) return fail("gave a record without position and time");
    if (kind == stream::Kind::kDocuments) {
      if (!hasBraces(record) || !isUtf8(record)) return fail("gave a record that is no JSON object");
      return records.add(*position, *time, record);
    }
    const auto samples = SampleBatch::read(record);
    if (!samples.isOk()) return fail("gave a record that is " + std::string(samples.status().message()));
    // Descriptions alone are kept too: Prometheus sends them in requests of their own.
    if (samples->seriesCount() > 0)
      records.add(*position, *time, record, std::max<std::size_t>(1, samples->sampleCount()));
  }
  void fail(std::string what) { fault = std::move(what); }
};

}  // namespace

PluginStream::PluginStream(const gyre_plugin& table)
    : table_(table),
      stream_(*table.stream),
      kind_(view(stream_.kind) == "series" ? stream::Kind::kSeries : stream::Kind::kDocuments) {
  for (std::uint64_t i = 0; i < stream_.intake_count; ++i) {
    const gyre_intake& intake = *stream_.intakes[i];
    intakes_.push_back({view(intake.name), view(intake.help), view(intake.path), view(intake.framing)});
  }
  for (std::uint64_t i = 0; i < stream_.tail_count; ++i) {
    const gyre_tail& tail = *stream_.tails[i];
    tails_.push_back({view(tail.name), view(tail.help), view(tail.schema)});
  }
  for (std::uint64_t i = 0; i < endpointCount(stream_); ++i)
    endpoints_.push_back({view(stream_.endpoints[i]->path), view(stream_.endpoints[i]->help)});
}

Result<std::string> PluginStream::planEndpoint(std::size_t endpoint, const bus::EndpointCall& call) const {
  if (endpoint >= endpoints_.size()) return internalError("no endpoint " + std::to_string(endpoint));
  const gyre_endpoint& definition = *stream_.endpoints[endpoint];
  const gyre_endpoint_call request{sizeof(gyre_endpoint_call), 0, bytes(call.parameters), bytes(call.organization_id),
                                   call.time_millis};
  Reply reply;
  GYRE_TRY(reply.outcome(definition.plan(definition.handler, &request, reply.table()),
                         where("plan endpoint", definition.path)));
  if (reply.text().empty()) return Reply::broken(where("plan endpoint", definition.path), "gave no request");
  return std::move(reply.text());
}

Result<bus::EndpointAnswer> PluginStream::presentEndpoint(std::size_t endpoint, const bus::EndpointCall& call,
                                                          const Result<std::string>& data) const {
  if (endpoint >= endpoints_.size()) return internalError("no endpoint " + std::to_string(endpoint));
  const gyre_endpoint& definition = *stream_.endpoints[endpoint];
  const gyre_endpoint_call request{sizeof(gyre_endpoint_call), 0, bytes(call.parameters), bytes(call.organization_id),
                                   call.time_millis};
  gyre_endpoint_result result{sizeof(gyre_endpoint_result), 0, {}, {}, {}};
  if (data.isOk()) {
    result.data = bytes(*data);
  } else {
    result.code = static_cast<std::int32_t>(data.status().code());
    result.reason = bytes(data.status().reason());
    result.message = bytes(data.status().message());
  }
  Reply reply;
  GYRE_TRY(reply.outcome(definition.present(definition.handler, &request, &result, reply.table()),
                         where("present endpoint", definition.path)));
  bus::EndpointAnswer answer;
  if (const std::string* const type = reply.attribute("contentType")) answer.content_type = *type;
  if (const std::string* const status = reply.attribute("status")) {
    std::string_view text = *status;
    answer.status = static_cast<int>(takeNumber<std::uint32_t>(text).value_or(0));
  }
  if (answer.status < 200 || answer.status > 599)
    return Reply::broken(where("present endpoint", definition.path), "answered with a status that is none");
  answer.body = std::move(reply.text());
  return answer;
}

std::string_view PluginStream::timeField() const { return view(stream_.time_field); }

std::string PluginStream::where(std::string_view what, gyre_bytes name) const {
  std::string text(view(table_.domain));
  text.append(": ").append(what).append(" ").append(view(name));
  return text;
}

Result<stream::Taken> PluginStream::take(std::size_t intake, const stream::TakeCall& call) const {
  if (intake >= intakes_.size()) return internalError("no intake " + std::to_string(intake));
  const gyre_intake& definition = *stream_.intakes[intake];
  const gyre_intake_call request{sizeof(gyre_intake_call),
                                 0,
                                 bytes(call.body),
                                 bytes(call.media_type),
                                 bytes(call.parameters.empty() ? std::string_view("{}") : call.parameters),
                                 bytes(call.organization_id),
                                 bytes(call.peer),
                                 call.time_millis};
  Gathering gathering{kind_, {}, {}};
  // A record is about as large as what it is made of.
  gathering.records.reserve(std::min(call.body.size() + call.body.size() / 4, kMostReserved));
  Reply reply(&gathering, &Gathering::take);
  const std::int32_t returned = definition.take(definition.handler, &request, reply.table());
  const bool is_binary = reply.attribute("contentType") != nullptr &&
                         reply.attribute("contentType")->find("protobuf") != std::string::npos;
  std::string text = is_binary ? std::exchange(reply.text(), std::string()) : std::string();
  GYRE_TRY(reply.outcome(returned, where("take", definition.name)));
  if (!gathering.fault.empty()) return Reply::broken(where("take", definition.name), gathering.fault);
  stream::Taken taken;
  taken.records = std::move(gathering.records);
  if (!is_binary) text = std::move(reply.text());
  for (const auto& [name, value] : reply.attributes()) {
    std::string_view rest = value;
    if (name == "contentType") taken.content_type = value;
    if (name == "status") taken.status = static_cast<int>(takeNumber<std::uint32_t>(rest).value_or(0));
    if (name != "rejected") continue;
    const auto position = takeNumber<std::uint64_t>(rest);
    if (!position || !rest.starts_with(' ') || !isUtf8(rest))
      return Reply::broken(where("take", definition.name), "rejected an item without position and reason");
    taken.rejected.push_back({*position, std::string(rest.substr(1))});
  }
  if (taken.status < 200 || taken.status > 299)
    return Reply::broken(where("take", definition.name), "answered with the status " + std::to_string(taken.status));
  // An answer without bytes is one too, when it says what it is.
  if (!text.empty() || reply.attribute("status") != nullptr) taken.response = std::move(text);
  return taken;
}

Result<stream::RecordBatch> PluginStream::decide(std::size_t command, std::string_view body,
                                                 std::string_view organization_id, std::int64_t time_millis) const {
  if (command >= table_.command_count) return internalError("no command " + std::to_string(command));
  const gyre_command& definition = *table_.commands[command];
  const gyre_decide_call request{sizeof(gyre_decide_call), 0, {}, bytes(body), {}, 0, time_millis,
                                 bytes(organization_id)};
  Gathering gathering{kind_, {}, {}};
  Reply reply(&gathering, &Gathering::take);
  GYRE_TRY(
      reply.outcome(definition.decide(definition.handler, &request, reply.table()), where("decide", definition.name)));
  if (!gathering.fault.empty()) return Reply::broken(where("decide", definition.name), gathering.fault);
  Status rejected = invalidArgument("body: some records cannot be taken");
  for (const auto& [name, value] : reply.attributes()) {
    if (name != "rejected" || !isUtf8(value)) continue;
    const std::size_t blank = value.find(' ');
    rejected.addFault("/" + value.substr(0, blank), blank == std::string::npos ? "" : value.substr(blank + 1));
  }
  if (!rejected.faults().empty()) return rejected;
  return std::move(gathering.records);
}

Result<std::vector<stream::ShownRecord>> PluginStream::match(std::size_t tail, const stream::FollowCall& call) const {
  if (tail >= tails_.size()) return internalError("no tail " + std::to_string(tail));
  const gyre_tail& definition = *stream_.tails[tail];
  std::vector<gyre_bytes> records;
  records.reserve(call.records.size());
  for (const std::string_view record : call.records) records.push_back(bytes(record));
  const gyre_tail_call request{sizeof(gyre_tail_call), call.is_lenient ? 1u : 0u,
                               bytes(call.parameters), bytes(call.organization_id),
                               records.data(),         records.size(),
                               call.first_sequence};
  Reply reply;
  GYRE_TRY(
      reply.outcome(definition.match(definition.handler, &request, reply.table()), where("match", definition.name)));
  std::vector<stream::ShownRecord> shown;
  for (bus::DecidedEvent& event : reply.events()) {
    std::string_view text = event.type;
    const auto index = takeNumber<std::uint64_t>(text);
    const bool is_next = index && text.empty() && *index < records.size() &&
                         (shown.empty() || *index > shown.back().index) && isUtf8(event.data);
    if (!is_next) return Reply::broken(where("match", definition.name), "showed a record out of order");
    shown.push_back({*index, std::move(event.data)});
  }
  return shown;
}

}  // namespace gyre::plugin
