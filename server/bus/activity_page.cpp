#include "server/bus/activity_page.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/bytes.hpp"
#include "gyre/base64.hpp"

namespace gyre::bus {

namespace {

constexpr std::uint8_t kFormat = 1;

bool isPlaceBefore(const ActivityPlace& a, const ActivityPlace& b) {
  if (a.time_millis != b.time_millis) return a.time_millis > b.time_millis;
  return std::tie(a.domain, a.activity, a.id) < std::tie(b.domain, b.activity, b.id);
}

void appendText(std::string& out, std::string_view text) {
  base::appendVarint(out, text.size());
  out += text;
}

void appendPlace(std::string& out, const std::optional<ActivityPlace>& place) {
  base::appendVarint(out, place ? 1 : 0);
  if (!place) return;
  base::appendLittle(out, place->time_millis);
  appendText(out, place->domain);
  appendText(out, place->activity);
  appendText(out, place->id);
}

std::optional<ActivityPlace> readPlace(base::ByteReader& reader) {
  if (reader.varint() == 0) return std::nullopt;
  ActivityPlace place;
  place.time_millis = reader.little<std::int64_t>();
  place.domain = reader.text();
  place.activity = reader.text();
  place.id = reader.text();
  return place;
}

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(XXH3_64bits(bytes.data(), bytes.size()));
}

const std::optional<ActivityPlace>& later(const std::optional<ActivityPlace>& a,
                                          const std::optional<ActivityPlace>& b) {
  return isBefore(a, b) ? b : a;
}

// One stream's part in a page.
struct Part {
  const ActivityStream* stream;
  std::optional<ActivityPlace> after;
  std::vector<FoundActivity> found;
  std::size_t taken = 0;
  bool is_failed = false;
};

Status checkOrder(const Part& part) {
  const std::optional<ActivityPlace>* before = &part.after;
  std::optional<ActivityPlace> last;
  for (const FoundActivity& item : part.found) {
    const std::optional<ActivityPlace> place = item.place;
    if (!isBefore(*before, place))
      return internalError(item.place.domain + ": " + item.place.activity + " of \"" + item.place.id +
                           "\" is out of order: its id field must be unique and its fields sortable");
    last = place;
    before = &last;
  }
  return {};
}

}  // namespace

bool isBefore(const std::optional<ActivityPlace>& a, const std::optional<ActivityPlace>& b) {
  if (!b) return false;
  return !a || isPlaceBefore(*a, *b);
}

const std::optional<ActivityPlace>& ActivityCursor::placeOf(std::string_view domain, std::string_view activity) const {
  const Behind* whole = nullptr;
  for (const Behind& stream : behind) {
    if (stream.domain != domain) continue;
    if (stream.activity == activity) return stream.after;
    if (stream.activity.empty()) whole = &stream;
  }
  return whole != nullptr ? whole->after : after;
}

std::string ActivityCursor::toText() const {
  std::string bytes;
  base::appendLittle(bytes, kFormat);
  base::appendLittle(bytes, fingerprint);
  appendPlace(bytes, after);
  base::appendVarint(bytes, behind.size());
  for (const Behind& stream : behind) {
    appendText(bytes, stream.domain);
    appendText(bytes, stream.activity);
    appendPlace(bytes, stream.after);
  }
  base::appendLittle(bytes, checksum(bytes));
  return encodeBase64Url(bytes);
}

std::optional<ActivityCursor> ActivityCursor::parse(std::string_view text) {
  const std::optional<std::string> decoded = decodeBase64Url(text);
  if (!decoded || decoded->size() < sizeof(std::uint32_t)) return std::nullopt;
  const std::string_view bytes = std::string_view(*decoded).substr(0, decoded->size() - sizeof(std::uint32_t));
  base::ByteReader sum(base::asBytes(std::string_view(*decoded).substr(bytes.size())));
  if (sum.little<std::uint32_t>() != checksum(bytes)) return std::nullopt;
  base::ByteReader reader(base::asBytes(bytes));
  if (reader.little<std::uint8_t>() != kFormat) return std::nullopt;
  ActivityCursor cursor;
  cursor.fingerprint = reader.little<std::uint64_t>();
  cursor.after = readPlace(reader);
  for (std::uint64_t left = reader.varint(); left > 0 && reader.isValid(); --left) {
    Behind stream;
    stream.domain = reader.text();
    stream.activity = reader.text();
    stream.after = readPlace(reader);
    cursor.behind.push_back(std::move(stream));
  }
  if (!reader.isValid() || reader.remaining() != 0) return std::nullopt;
  return cursor;
}

ActivityPage mergeActivities(const std::vector<ActivityStream>& streams, const ActivityCursor& cursor,
                             std::size_t size) {
  ActivityPage page;
  std::vector<Part> parts;
  parts.reserve(streams.size());
  for (const ActivityStream& stream : streams) {
    Part& part = parts.emplace_back(Part{&stream, cursor.placeOf(stream.domain, stream.activity), {}, 0, false});
    auto found = stream.find(part.after, size + 1);  // one more tells whether there is another page
    Status outcome = found.status();
    if (found.isOk()) {
      part.found = std::move(found).value();
      outcome = checkOrder(part);
    }
    if (outcome.isOk()) continue;
    part.is_failed = true;
    part.found.clear();
    page.failures.push_back({stream.domain, stream.activity, std::move(outcome)});
  }

  const auto next = [&]() -> Part* {
    Part* first = nullptr;
    for (Part& part : parts) {
      if (part.taken == part.found.size()) continue;
      if (first == nullptr || isPlaceBefore(part.found[part.taken].place, first->found[first->taken].place))
        first = &part;
    }
    return first;
  };
  std::optional<ActivityPlace> last;
  for (Part* part = nullptr; page.items.size() < size && (part = next()) != nullptr;) {
    page.items.push_back(std::move(part->found[part->taken++]));
    last = page.items.back().place;
  }

  if (next() == nullptr && page.failures.empty()) return page;
  ActivityCursor& after = page.next.emplace();
  after.fingerprint = cursor.fingerprint;
  after.after = later(cursor.after, last);
  // Those that are not asked now keep their place: their domain may be served again when the next page is asked for.
  for (const ActivityCursor::Behind& stream : cursor.behind)
    if (std::none_of(streams.begin(), streams.end(), [&](const ActivityStream& asked) {
          return asked.domain == stream.domain && (stream.activity.empty() || asked.activity == stream.activity);
        }))
      after.behind.push_back(stream);
  for (Part& part : parts) {
    std::optional<ActivityPlace> place = part.is_failed ? part.after : later(part.after, last);
    if (place != after.after) after.behind.push_back({part.stream->domain, part.stream->activity, std::move(place)});
  }
  return page;
}

}  // namespace gyre::bus
