#include "server/stream_documents.hpp"

#include <algorithm>
#include <future>
#include <string>
#include <string_view>
#include <utility>

#include "gyre/sample_batch.hpp"
#include "server/stream/record_document.hpp"

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

// What became of a document: its record, that one's sequence, counted from the batch's first, and time.
struct Place {
  std::size_t document = 0;
  std::size_t record = 0;
  std::uint64_t before = 0;
  std::int64_t time_millis = 0;
};

// Of each document that made a record, the first record when there are several.
std::vector<Place> placeRecords(const stream::RecordBatch& records, std::size_t count) {
  std::vector<Place> places;
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const std::uint64_t position = records.position(i);
    if (position < count && (places.empty() || places.back().document != position))
      places.push_back({position, i, before, records.timeMillis(i)});
    before += records.sequences(i);
  }
  return places;
}

// A document is a sample; a record holds many, in the order of the documents that were not rejected.
std::vector<Place> placeSamples(const stream::RecordBatch& records, const std::vector<bool>& is_rejected) {
  std::vector<Place> places;
  std::size_t document = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto samples = SampleBatch::read(records.record(i));
    for (std::size_t k = 0; samples.isOk() && k < samples->sampleCount(); ++k, ++document) {
      while (document < is_rejected.size() && is_rejected[document]) ++document;
      if (document == is_rejected.size()) return places;
      places.push_back({document, i, places.size(), samples->sample(k).time_millis});
    }
  }
  return places;
}

Status unparsable(std::string reason) {
  return {Code::kInvalidArgument, "mapper_parsing_exception", std::move(reason)};
}

// What is known to be dropped has failed; `late` is by their places, in order.
std::vector<Place> withoutLate(std::vector<Place> places, const std::vector<stream::Rejection>& late,
                               std::vector<dialect::StreamOutcome>& outcomes) {
  std::vector<Place> kept;
  auto next = late.begin();
  for (Place& place : places) {
    if (next != late.end() && next->position == place.before) {
      outcomes[place.document].failure = unparsable((next++)->reason);
      continue;
    }
    place.before -= static_cast<std::uint64_t>(next - late.begin());
    kept.push_back(place);
  }
  return kept;
}

}  // namespace

// A document a line: a line break in a JSON text stands between its tokens, where a blank says the same.
Result<stream::Taken> StreamDocuments::take(std::span<const dialect::StreamDocument> documents) const {
  const auto intake = stream_.handlers().findIntake("document");
  if (!intake) return Status(Code::kUnimplemented, "illegal_argument_exception", "this stream takes no documents");
  std::size_t bytes = 0;
  for (const dialect::StreamDocument& document : documents) bytes += document.source.size() + 1;
  GYRE_TRY_ASSIGN(const stream::StreamService::Held space, stream_.hold(bytes));
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
  std::vector<dialect::StreamOutcome> outcomes(documents.size());
  std::vector<bool> is_rejected(documents.size());
  for (const stream::Rejection& rejection : taken->rejected) {
    if (rejection.position >= documents.size()) continue;
    is_rejected[rejection.position] = true;
    outcomes[rejection.position].failure = unparsable(rejection.reason);
  }
  const bool is_series = stream_.handlers().kind() == stream::Kind::kSeries;
  std::vector<Place> places = is_series ? placeSamples(records, is_rejected) : placeRecords(records, documents.size());
  if (!is_series)
    for (const Place& place : places)
      if (const auto id = documents[place.document].id; !id.empty()) records.setId(place.record, id);
  places = withoutLate(std::move(places), stream_.screen(records), outcomes);
  std::vector<bool> is_placed(documents.size());
  for (const Place& place : places) is_placed[place.document] = true;
  for (std::size_t i = 0; i < outcomes.size(); ++i)
    if (!is_placed[i] && outcomes[i].failure.isOk())
      outcomes[i].failure = internalError("the stream's plugin made no record of it");
  std::promise<Result<stream::Appended>> done;
  stream_.append(std::move(records), std::nullopt,
                 [&done](Result<stream::Appended> appended) { done.set_value(std::move(appended)); });
  const Result<stream::Appended> appended = done.get_future().get();
  const std::uint64_t first = appended.isOk() ? appended->last_sequence + 1 - appended->count : 0;
  for (const Place& place : places) {
    dialect::StreamOutcome& outcome = outcomes[place.document];
    outcome.failure = appended.isOk() ? Status() : allFailed(1, appended.status()).front().failure;
    outcome.sequence = first + place.before;
    outcome.id = documents[place.document].id;
    if (outcome.id.empty()) stream::appendDocumentId({}, place.time_millis, outcome.sequence, outcome.id);
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
