#include "server/migrate_stream.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "server/projector/document_difference.hpp"
#include "server/stream/patience.hpp"
#include "server/stream/record_document.hpp"

namespace gyre {

namespace {

constexpr std::size_t kPage = 1'000;  // records read at once
constexpr std::size_t kListed = 100;  // of each kind of difference, as verify does
constexpr std::string_view kSequence = "sequence";

struct Held {
  std::string id;
  std::string source;
  std::uint64_t sequence = 0;
  std::int64_t time_millis = 0;
};

// Numbers of documents' columns come as text when a format is asked for.
std::int64_t millisOf(json::Value value) {
  const std::string_view text = value.isString() ? value.string() : value.raw();
  std::int64_t millis = 0;
  std::from_chars(text.data(), text.data() + text.size(), millis);
  return millis;
}

// In the order of sequences, from `first` to `last`, at most a page.
Result<std::vector<Held>> readPage(const stream::StreamIndex& index, const std::string& time_field, std::uint64_t first,
                                   std::uint64_t last, std::size_t size = kPage) {
  std::string request;
  JsonWriter writer(request);
  writer.beginObject().member("size", size).member("track_total_hits", false);
  writer.key("query").beginObject().key("range").beginObject().key(kSequence).beginObject();
  writer.member("gte", first).member("lte", last).endObject().endObject().endObject();
  writer.key("sort").beginArray().beginObject().member(kSequence, "asc").endObject().endArray();
  writer.key("docvalue_fields").beginArray().beginObject();
  writer.member("field", time_field).member("format", "epoch_millis").endObject().endArray().endObject();
  GYRE_TRY_ASSIGN(const search::SearchAnswer answer, index.search(request, 0));
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(answer.body));
  std::vector<Held> page;
  for (const json::Value hit : document.root()["hits"]["hits"]) {
    Held& held = page.emplace_back();
    held.id = hit["_id"].string();
    held.source = hit["_source"].raw();
    held.sequence = hit["_source"][kSequence].unsignedInteger().value_or(0);
    for (const json::Value time : hit["fields"][time_field]) held.time_millis = millisOf(time);
    if (held.sequence == 0) return internalError("the record " + held.id + " has no sequence");
  }
  return page;
}

Result<std::optional<Held>> firstRecord(const stream::StreamIndex& index, const std::string& time_field) {
  GYRE_TRY_ASSIGN(std::vector<Held> page, readPage(index, time_field, 1, index.progress().searchable, 1));
  return page.empty() ? std::optional<Held>() : std::move(page.front());
}

// As it came: without what the index added.
std::string recordOf(const Held& held) {
  const auto document = json::Document::parse(held.source);
  std::string record;
  JsonWriter writer(record);
  writer.beginObject();
  for (const json::Value member : document->root())
    if (member.key() != kSequence) writer.rawMember(member.key(), member.raw());
  writer.endObject();
  return record;
}

class Mover {
 public:
  Mover(const stream::StreamIndex& from, stream::StreamIndex& to, stream::RecordClock& clock,
        const std::string& time_field, const std::function<void(std::uint64_t, std::uint64_t)>& progress)
      : from_(from), to_(to), clock_(clock), time_field_(time_field), progress_(progress) {}

  Result<MovedStream> run() {
    moved_.sequence = from_.progress().searchable;
    while (!is_committed_) {
      progress_(to_.progress().applied, moved_.sequence);
      const Status done = step();
      if (!done.isOk()) GYRE_TRY(patience_.await(done));
    }
    GYRE_TRY(compare());
    return std::move(moved_);
  }

 private:
  // The next page; or, behind the last one, the commit. What failed is done again, from where the index is by then.
  Status step() {
    GYRE_TRY(to_.attend());
    const std::uint64_t first = to_.progress().applied + 1;
    std::vector<Held> page;
    if (first <= moved_.sequence) {
      GYRE_TRY_ASSIGN(page, readPage(from_, time_field_, first, moved_.sequence));
    }
    // What is not there was deleted by retention, or refused.
    if (page.empty()) {
      GYRE_TRY_ASSIGN(auto refused, to_.flush());
      count(refused);
      GYRE_TRY(to_.commit());
      is_committed_ = true;
      return {};
    }
    for (std::size_t begin = 0; begin < page.size();) {
      std::size_t end = begin + 1;
      while (end < page.size() && page[end].sequence == page[begin].sequence + (end - begin)) ++end;
      stream::RecordBatch batch;
      for (std::size_t i = begin; i < end; ++i) {
        std::string id;
        stream::appendDocumentId({}, page[i].time_millis, page[i].sequence, id);
        batch.add(0, page[i].time_millis, recordOf(page[i]), 1, id == page[i].id ? std::string_view() : page[i].id);
      }
      clock_.moveTo(page[begin].time_millis);
      GYRE_TRY(apply(batch, page[begin].sequence));
      moved_.records += end - begin;
      begin = end;
    }
    patience_.progressed();
    return {};
  }

  Status apply(const stream::RecordBatch& batch, std::uint64_t first_sequence) {
    GYRE_TRY_ASSIGN(auto refused, to_.apply(batch, first_sequence, 0, clock_.nowMillis()));
    count(refused);
    return {};
  }

  void count(const std::vector<stream::RefusedRecord>& refused) {
    if (moved_.refused == 0 && !refused.empty()) moved_.refusal = refused.front().cause;
    moved_.refused += refused.size();
  }

  // Page by page, by sequence: what one of them has, the other has too, and the same. What is before all that the
  // source still has was deleted there by retention, and may go where it was moved to when it is due there.
  Status compare() {
    projector::VerifyResult& result = moved_.compared;
    GYRE_TRY_ASSIGN(const std::optional<Held> begin, firstRecord(from_, time_field_));
    for (std::uint64_t first = begin ? begin->sequence : moved_.sequence + 1; first <= moved_.sequence;) {
      progress_(first, moved_.sequence);
      GYRE_TRY_ASSIGN(const std::vector<Held> expected, readPage(from_, time_field_, first, moved_.sequence));
      const std::uint64_t last = expected.size() < kPage ? moved_.sequence : expected.back().sequence;
      GYRE_TRY_ASSIGN(std::vector<Held> found, readPage(to_, time_field_, first, last));
      auto other = found.begin();
      for (const Held& record : expected) {
        while (other != found.end() && other->sequence < record.sequence) tellExtra(*other++);
        if (other == found.end() || other->sequence > record.sequence) {
          if (++result.missing_count <= kListed) result.missing.push_back(record.id);
          continue;
        }
        auto fields = projector::difference(record.source, other->source);
        if (!fields && other->id != record.id) fields = std::vector<std::string>{"_id"};
        if (fields && ++result.different_count <= kListed) result.different.push_back({record.id, std::move(*fields)});
        ++other;
      }
      while (other != found.end()) tellExtra(*other++);
      result.checked += expected.size();
      first = last + 1;
    }
    // Those that it will not take are missing for a reason that is told.
    result.missing_count -= std::min(result.missing_count, moved_.refused);
    return {};
  }

  void tellExtra(const Held& record) {
    if (++moved_.compared.extra_count <= kListed) moved_.compared.extra.push_back(record.id);
  }

  const stream::StreamIndex& from_;
  stream::StreamIndex& to_;
  stream::RecordClock& clock_;
  const std::string& time_field_;
  const std::function<void(std::uint64_t, std::uint64_t)>& progress_;
  MovedStream moved_;
  bool is_committed_ = false;
  stream::Patience patience_;
};

}  // namespace

Result<std::int64_t> firstRecordTime(const stream::StreamIndex& from, const std::string& time_field) {
  GYRE_TRY_ASSIGN(const std::optional<Held> first, firstRecord(from, time_field));
  return first ? first->time_millis : base::SystemClock().nowMillis();
}

Result<MovedStream> moveStream(const stream::StreamIndex& from, stream::StreamIndex& to, stream::RecordClock& clock,
                               const std::string& time_field,
                               const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  return Mover(from, to, clock, time_field, progress).run();
}

}  // namespace gyre
