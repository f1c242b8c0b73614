#include "loki.hpp"
#include <charconv>
#include <exception>

#include "document.hpp"
#include "gyre/snappy.hpp"
#include "named_record.hpp"
#include "protobuf.hpp"
#include "text.hpp"

namespace gyre::logs {

namespace {

// The lines of a request, stream by stream.
class LokiBatch {
 public:
  LokiBatch(const IntakeCall& call, Records& records) : call_(call), records_(records) {}

  void beginStream() {
    fields_.clear();
    resource_.clear();
  }
  void addLabel(std::string_view name, std::string_view value) {
    std::string scratch;
    if (fieldOf(name).field == Field::kNone)
      resource_.addText(name, visibleText(value, scratch));
    else
      fields_.emplace_back(name, value);
  }
  // The record of a line; what belongs to it alone counts before its labels.
  NamedRecord& beginLine() {
    record_.clear();
    record_.setResource(&resource_);
    return record_;
  }
  void endLine() {
    for (const auto& [name, value] : fields_) record_.add(name, value);
    record_.finish(position_++, call_, records_);
  }
  void reject(std::string_view reason) { records_.reject(position_++, reason); }
  std::uint64_t position() const { return position_; }
  void respond() {
    if (records_.rejectedCount() == 0) records_.respond("", "application/json", 204);
  }

 private:
  const IntakeCall& call_;
  Records& records_;
  Labels fields_;
  OpenMembers resource_;
  NamedRecord record_;
  std::uint64_t position_ = 0;
};

void takeNanos(std::string_view text, NamedRecord& record) {
  std::uint64_t nanos = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), nanos);
  record.original_time.assign(text);
  if (error == std::errc() && end == text.data() + text.size())
    record.time = {instantOfNanos(nanos), Stamp::Fault::kNone};
  else
    record.time = {{}, Stamp::Fault::kUnreadable};
}

// ["1700000000000000000", "the line", {"trace_id": "…"}]
void readJsonLine(json::Value entry, LokiBatch& batch) {
  json::Value parts[3];
  std::size_t count = 0;
  for (const json::Value part : entry)
    if (count < 3) parts[count++] = part;
  if (!entry.isArray() || entry.size() < 2 || entry.size() > 3 || !parts[0].isString() || !parts[1].isString())
    return batch.reject("expected [\"nanoseconds\", \"line\"], found " + detail::shown(entry));
  NamedRecord& record = batch.beginLine();
  takeNanos(parts[0].string(), record);
  record.setMessage(parts[1].string());
  for (const json::Value pair : parts[2]) {
    if (pair.isString())
      record.add(pair.key(), pair.string());
    else
      record.addJson(pair.key(), pair.raw(), pair.raw().size() / 4 + 1);
  }
  batch.endLine();
}

void readEntry(ProtoReader entry, LokiBatch& batch) {
  NamedRecord& record = batch.beginLine();
  while (entry.next()) {
    switch (entry.tag()) {
      case 1: {
        ProtoReader stamp = entry.message();
        std::int64_t seconds = 0;
        std::int32_t nanos = 0;
        while (stamp.next()) {
          if (stamp.tag() == 1)
            seconds = stamp.whole();
          else if (stamp.tag() == 2)
            nanos = static_cast<std::int32_t>(stamp.whole());
          else
            stamp.skip();
        }
        record.original_time = std::to_string(seconds) + "s " + std::to_string(nanos) + "ns";
        const bool is_sound = seconds >= 0 && seconds < 10'000'000'000 && nanos >= 0 && nanos < 1'000'000'000;
        record.time = {is_sound ? instantOfNanos(static_cast<std::uint64_t>(seconds) * 1'000'000'000 +
                                                 static_cast<std::uint64_t>(nanos))
                                : Instant(),
                       is_sound ? Stamp::Fault::kNone : Stamp::Fault::kOutOfRange};
        break;
      }
      case 2: record.setMessage(entry.text()); break;
      case 3: {
        ProtoReader pair = entry.message();
        std::string_view name, value;
        while (pair.next()) {
          if (pair.tag() == 1)
            name = pair.text();
          else if (pair.tag() == 2)
            value = pair.text();
          else
            pair.skip();
        }
        record.add(name, value);
        break;
      }
      default: entry.skip();
    }
  }
  batch.endLine();
}

Status readStream(const ProtoReader& stream, LokiBatch& batch) {
  batch.beginStream();
  for (ProtoReader part = stream; part.next(1);) {
    std::string scratch;
    GYRE_TRY_ASSIGN(const Labels labels, parseLabels(visibleText(part.text(), scratch)));
    for (const auto& [name, value] : labels) batch.addLabel(name, value);
  }
  for (ProtoReader part = stream; part.next(2);) readEntry(part.message(), batch);
  return {};
}

// Loki's clients pack a push with Snappy and do not say so in a header; what the host has undone already, or is no
// block, is taken as it is. A copy of 3 bytes makes at most 64, so a block that claims more than 22 times its size is
// none.
std::string_view withoutSnappy(std::string_view body, std::string& unpacked) {
  const auto size = snappyPlainSize(body);
  if (!size || *size > body.size() * 22 || !unpackSnappy(body, unpacked)) return body;
  return unpacked;
}

bool isNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == ':' || c == '-';
}

Status malformedLabels(std::string_view text, std::size_t at) {
  return invalidArgument("expected labels like {app=\"api\"}, found \"" + std::string(text.substr(0, 100)) +
                         "\" (at byte " + std::to_string(at) + ")");
}

}  // namespace

Result<Labels> parseLabels(std::string_view text) {
  Labels labels;
  std::size_t i = 0;
  const auto skip = [&] {
    while (i < text.size() && (text[i] == ' ' || text[i] == '\t')) ++i;
  };
  const auto take = [&](char c) {
    skip();
    if (i >= text.size() || text[i] != c) return false;
    ++i;
    return true;
  };
  if (!take('{')) return malformedLabels(text, i);
  while (!take('}')) {
    if (!labels.empty() && !take(',')) return malformedLabels(text, i);
    skip();
    const std::size_t begin = i;
    while (i < text.size() && isNameByte(text[i])) ++i;
    std::string name(text.substr(begin, i - begin));
    if (name.empty() || !take('=') || !take('"')) return malformedLabels(text, i);
    std::string value;
    for (; i < text.size() && text[i] != '"'; ++i) {
      if (text[i] != '\\' || i + 1 >= text.size()) {
        value += text[i];
        continue;
      }
      ++i;
      if (text[i] == 'n')
        value += '\n';
      else if (text[i] == 't')
        value += '\t';
      else if (text[i] == '"' || text[i] == '\\')
        value += text[i];
      else
        value.append(1, '\\').append(1, text[i]);
    }
    if (!take('"')) return malformedLabels(text, i);
    labels.emplace_back(std::move(name), std::move(value));
  }
  skip();
  if (i != text.size()) return malformedLabels(text, i);
  return labels;
}

Status takeLokiJson(const IntakeCall& call, Records& records) {
  GYRE_TRY_ASSIGN(const json::Document document, parseTolerantly(call.body));
  const json::Value streams = document.root()["streams"];
  if (!streams.isArray()) return invalidArgument("expected an object with the list streams");
  LokiBatch batch(call, records);
  for (const json::Value stream : streams) {
    batch.beginStream();
    for (const json::Value label : stream["stream"])
      batch.addLabel(label.key(), label.isString() ? label.string() : label.raw());
    for (const json::Value entry : stream["values"]) readJsonLine(entry, batch);
  }
  batch.respond();
  return {};
}

Status takeLokiProtobuf(const IntakeCall& call, Records& records) {
  LokiBatch batch(call, records);
  std::string unpacked;
  const std::string_view body = withoutSnappy(call.body, unpacked);
  try {
    for (ProtoReader request(body); request.next(1);) GYRE_TRY(readStream(request.message(), batch));
  } catch (const std::exception& error) {  // protozero's, each named for what it met
    return malformedProtobuf("a Loki PushRequest", batch.position(), error);
  }
  batch.respond();
  return {};
}

Status takeLoki(const IntakeCall& call, Records& records) {
  if (call.media_type == "application/json") return takeLokiJson(call, records);
  if (call.media_type == "application/x-protobuf" || call.media_type.empty()) return takeLokiProtobuf(call, records);
  return invalidArgument("expected application/json or application/x-protobuf, found \"" +
                         std::string(call.media_type) + "\"");
}

}  // namespace gyre::logs
