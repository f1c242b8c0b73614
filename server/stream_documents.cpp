#include "server/stream_documents.hpp"

#include <future>
#include <string>
#include <utility>

namespace gyre {

namespace {

constexpr std::int64_t kLongestRefreshMs = 30'000;

std::vector<dialect::StreamOutcome> allFailed(std::size_t count, const Status& why) {
  // The dialect's clients wait and send again when a queue is full.
  const Status failure = why.code() == Code::kResourceExhausted
                             ? Status(why.code(), "rejected_execution_exception", std::string(why.message()))
                             : why;
  return std::vector<dialect::StreamOutcome>(count, {failure, {}, 0});
}

}  // namespace

// A document a line: a line break in a JSON text stands between its tokens, where a blank says the same.
Result<stream::Taken> StreamDocuments::take(std::span<const dialect::StreamDocument> documents) const {
  const auto intake = stream_.handlers().findIntake("document");
  if (!intake) return Status(Code::kUnimplemented, "illegal_argument_exception", "this stream takes no documents");
  std::size_t bytes = 0;
  for (const dialect::StreamDocument& document : documents) bytes += document.source.size() + 1;
  GYRE_TRY(stream_.admit(bytes));
  std::string body;
  body.reserve(bytes);
  for (const dialect::StreamDocument& document : documents) {
    const std::size_t begin = body.size();
    body += document.source;
    for (const char line_end : {'\r', '\n'})  // one by one: find_first_of looks at each byte by itself
      for (std::size_t at = body.find(line_end, begin); at != std::string::npos; at = body.find(line_end, at + 1))
        body[at] = ' ';
    body += '\n';
  }
  return stream_.handlers().take(*intake, {body, "application/x-ndjson", "{}", "", "", clock_.nowMillis()});
}

std::vector<dialect::StreamOutcome> StreamDocuments::write(std::span<const dialect::StreamDocument> documents) {
  Result<stream::Taken> taken = take(documents);
  if (!taken.isOk()) return allFailed(documents.size(), taken.status());
  stream::RecordBatch& records = taken->records;
  std::vector<dialect::StreamOutcome> outcomes(documents.size(),
                                               {internalError("the stream's plugin made no record of it"), {}, 0});
  for (const stream::Rejection& rejection : taken->rejected)
    if (rejection.position < documents.size())
      outcomes[rejection.position].failure =
          Status(Code::kInvalidArgument, "mapper_parsing_exception", rejection.reason);
  // The document that each record came from, the first when there are several.
  std::vector<std::pair<std::size_t, std::uint64_t>> places;  // document, sequences before it
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const std::uint64_t position = records.position(i);
    const bool is_first = position < documents.size() && (places.empty() || places.back().first != position);
    if (is_first) {
      places.emplace_back(position, before);
      dialect::StreamOutcome& outcome = outcomes[position];
      if (documents[position].id.empty()) {
        outcome.id = std::to_string(records.timeMillis(i)) + "-";
      } else {
        outcome.id = documents[position].id;
        records.setId(i, outcome.id);
      }
    }
    before += records.sequences(i);
  }
  std::promise<Result<stream::Appended>> done;
  stream_.append(std::move(records), std::nullopt,
                 [&done](Result<stream::Appended> appended) { done.set_value(std::move(appended)); });
  const Result<stream::Appended> appended = done.get_future().get();
  const std::uint64_t first = appended.isOk() ? appended->last_sequence + 1 - appended->count : 0;
  for (const auto& [position, sequences] : places) {
    dialect::StreamOutcome& outcome = outcomes[position];
    outcome.failure = appended.isOk() ? Status() : allFailed(1, appended.status()).front().failure;
    outcome.sequence = first + sequences;
    if (documents[position].id.empty()) outcome.id += std::to_string(outcome.sequence);
  }
  return outcomes;
}

Status StreamDocuments::makeSearchable(std::uint64_t sequence) {
  auto done = std::make_shared<std::promise<Status>>();
  stream_.applier().requireSequence(sequence, kLongestRefreshMs,
                                    [done](const Status& waited) { done->set_value(waited); });
  return done->get_future().get();
}

Status StreamDocuments::makeAllSearchable() {
  const std::uint64_t last = stream_.stats().last_sequence;
  return last == 0 ? Status() : makeSearchable(last);
}

}  // namespace gyre
