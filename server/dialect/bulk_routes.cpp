// Many writes in one request: _bulk.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <string>

#include "server/dialect/answered.hpp"
#include "server/dialect/bulk_request.hpp"
#include "server/dialect/document_write.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/service.hpp"
#include "server/dialect/source_parameters.hpp"

namespace gyre::dialect {

namespace {

// Of one item's answer, rounded up; the answer is built in one piece.
constexpr std::size_t kAnswerBytes = 192;

std::int64_t steadyMillis() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void writeItem(const WriteItem& item, const WriteOutcome& outcome, JsonWriter& writer) {
  writer.beginObject().key(actionName(item.action)).beginObject();
  if (outcome.failure.isOk()) {
    writeOutcome(outcome, writer, true);
  } else {
    writer.member("_index", outcome.index ? std::string_view(outcome.index->name) : item.index);
    if (item.id || !outcome.id.empty())
      writer.member("_id", outcome.id);
    else
      writer.key("_id").null();
  }
  writer.member("status", outcome.status());
  if (!outcome.failure.isOk()) {
    writer.key("error");
    writeFailure(outcome.failure, writer);
  }
  writer.endObject().endObject();
}

// Answers of one bulk mostly differ in their ids and numbers alone: what is around those is written once.
class AnswerWriter {
 public:
  explicit AnswerWriter(JsonWriter& writer) : writer_(writer) {}

  void write(const WriteItem& item, const WriteOutcome& outcome) {
    if (!outcome.failure.isOk() || !outcome.shown.empty() || !isPlain(outcome.id))
      return writeItem(item, outcome, writer_);
    if (!isLike(item, outcome)) learn(item, outcome);
    text_.assign(parts_[0]).append(outcome.id).append(parts_[1]);
    appendNumber(outcome.version);
    text_ += parts_[2];
    appendNumber(outcome.seq_no);
    text_ += parts_[3];
    writer_.raw(text_);
  }

 private:
  static bool isPlain(std::string_view id) {
    return std::all_of(id.begin(), id.end(), [](char c) { return c >= ' ' && c < 0x7f && c != '"' && c != '\\'; });
  }
  bool isLike(const WriteItem& item, const WriteOutcome& outcome) const {
    return like_.index == outcome.index && action_ == item.action && like_.verdict == outcome.verdict &&
           like_.is_noop == outcome.is_noop && like_.is_refreshed == outcome.is_refreshed;
  }
  void learn(const WriteItem& item, const WriteOutcome& outcome) {
    action_ = item.action;
    like_ = outcome;
    like_.id = {};
    like_.version = like_.seq_no = 0;
    std::string whole;
    JsonWriter writer(whole);
    writeItem(item, like_, writer);
    std::size_t from = 0;
    std::size_t part = 0;
    for (const std::string_view before : {R"("_id":")", R"("_version":)", R"("_seq_no":)"}) {
      const std::size_t end = whole.find(before, from) + before.size();
      parts_[part++] = whole.substr(from, end - from);
      from = part == 1 ? end : end + 1;  // past the 0
    }
    parts_[part] = whole.substr(from);
  }
  void appendNumber(std::uint64_t number) {
    char digits[24];
    text_.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
  }

  JsonWriter& writer_;
  WriteAction action_ = WriteAction::kIndex;
  WriteOutcome like_;  // without an index: none yet
  std::string parts_[4];
  std::string text_;
};

Result<Response> bulk(Service& service, Call& call) {
  const std::int64_t began = steadyMillis();
  if (call.request.body.empty()) return Status(Code::kInvalidArgument, "parse_exception", "request body is required");
  GYRE_TRY_ASSIGN(WritePolicy policy, WritePolicy::read(call));
  policy.is_bulk = true;
  BulkDefaults defaults;
  defaults.index = call.variable("index");
  defaults.routing = call.text("routing");
  defaults.pipeline = call.text("pipeline");
  GYRE_TRY_ASSIGN(defaults.must_be_alias, call.flag("require_alias"));
  GYRE_TRY_ASSIGN(defaults.shows, readSourceParameters(call));
  GYRE_TRY_ASSIGN(const std::int64_t batch_size, call.whole("batch_size", 1));
  if (batch_size < 1) return illegalArgument("batch_size must be greater than 0");
  GYRE_TRY_ASSIGN(const BulkRequest request, BulkRequest::parse(call.request.body, defaults));
  if (request.items.empty()) return validationFailed("no requests added");
  std::vector<std::string> faults;
  for (const WriteItem& item : request.items) findFaults(item, faults);
  GYRE_TRY(validationStatus(faults));

  DocumentWriter documents(service.catalog(), std::move(policy));
  const std::vector<WriteOutcome> outcomes = documents.write(request.items);

  Response response;
  response.body.reserve(outcomes.size() * kAnswerBytes + 64);
  JsonWriter writer(response.body);
  bool has_errors = false;
  for (const WriteOutcome& outcome : outcomes) has_errors = has_errors || !outcome.failure.isOk();
  writer.beginObject().member("took", steadyMillis() - began).member("errors", has_errors).key("items").beginArray();
  AnswerWriter answers(writer);
  for (std::size_t i = 0; i < outcomes.size(); ++i) answers.write(request.items[i], outcomes[i]);
  writer.endArray().endObject();
  return response;
}

constexpr std::string_view kParameters =
    "refresh timeout wait_for_active_shards routing pipeline require_alias batch_size _source _source_includes "
    "_source_excludes";

constexpr Route kRoutes[] = {
    {"POST PUT", "/_bulk", answered<bulk>, kParameters},
    {"POST PUT", "/{index}/_bulk", answered<bulk>, kParameters},
};

}  // namespace

std::span<const Route> bulkRoutes() { return kRoutes; }

}  // namespace gyre::dialect
