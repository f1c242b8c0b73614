// What does a client ask of a domain's index, checked? What most searches share: time ranges, exact amounts, lists, and
// the cursor between pages.
//
//   Faults faults(query.parameters, table, {.is_lenient = query.is_lenient});
//   const TimeRange time = TimeRange::read(faults);
//   const AmountRange amount = AmountRange::read(faults);
//   PageRequest page = PageRequest::read(faults);
//
// Amounts are indexed twice: as a double in the entity's currency, and exactly, as minor units beside the number of
// digits; a bound that a double cannot tell from its neighbours is compared with the exact ones.
//
// THREADS: values and pure functions. OWNS: what is read borrows its texts from the query.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/base64.hpp"
#include "gyre/currency.hpp"
#include "gyre/decimal.hpp"
#include "gyre/faults.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/plugin.hpp"
#include "gyre/schema.hpp"
#include "gyre/status.hpp"
#include "gyre/time.hpp"

namespace gyre {

// ---- single parameters

// The strings of a list that may be one string.
inline std::vector<std::string_view> readTexts(const Faults& faults, std::string_view member) {
  std::vector<std::string_view> texts;
  const json::Value value = faults.sound(member);
  if (value.isString()) texts.push_back(value.string());
  for (const json::Value element : value) texts.push_back(element.string());
  return texts;
}

// The same, sorted and distinct: equal searches give equal requests.
inline std::vector<std::string_view> readTextSet(const Faults& faults, std::string_view member) {
  std::vector<std::string_view> texts = readTexts(faults, member);
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return texts;
}

inline std::int64_t readWhole(const Faults& faults, std::string_view member, std::int64_t otherwise) {
  return detail::wholeNumber(faults.sound(member), true).value_or(otherwise);
}

// The organisation whose entities may be seen, "" for all: the one that was asked for, unless the caller's key binds
// another, which is permission_denied. REQUIRES: `faults` found nothing.
inline Result<std::string_view> visibleOrganization(const Query& query, const Faults& faults) {
  const json::Value asked = faults.sound("organizationId");
  if (query.organization_id.empty()) return asked.string();
  if (asked.isString() && asked.string() != query.organization_id)
    return Status(Code::kPermissionDenied, "organizationId: the key is bound to " +
                                               detail::quoted(query.organization_id) + ", found " +
                                               detail::quoted(asked.string()));
  return query.organization_id;
}

// ---- clauses

inline void writeTerm(JsonWriter& out, std::string_view field, std::string_view value) {
  out.beginObject().key("term").beginObject().member(field, value).endObject().endObject();
}

inline void writeTerms(JsonWriter& out, std::string_view field, const std::vector<std::string_view>& values) {
  out.beginObject().key("terms").beginObject().key(field).beginArray();
  for (const std::string_view value : values) out.string(value);
  out.endArray().endObject().endObject();
}

// A query of filters (a JSON array of clauses) and, when it is not "", one clause that scores.
inline std::string boolClause(std::string_view filters, std::string_view scoring) {
  if (filters == "[]" && scoring.empty()) return R"({"match_all":{}})";
  std::string whole;
  JsonWriter out(whole);
  out.beginObject().key("bool").beginObject();
  if (!scoring.empty()) out.key("must").beginArray().raw(scoring).endArray();
  if (filters != "[]") out.rawMember("filter", filters);
  out.endObject().endObject();
  return whole;
}

// Bounds of a time range, both inclusive, in milliseconds.
struct TimeRange {
  std::optional<std::int64_t> from;
  std::optional<std::int64_t> to;

  // Reads two members, adding what is wrong to `faults`. A date alone means its whole day, in UTC.
  static TimeRange read(Faults& faults, std::string_view from_member = "from", std::string_view to_member = "to") {
    const auto bound = [&](std::string_view member) -> std::optional<TimeSpan> {
      const json::Value value = faults.sound(member);
      if (value.isMissing()) return std::nullopt;
      const auto span = parseTimeSpan(value.string());
      if (!span) faults.add(jsonPointer(member), "expected an RFC 3339 time, found " + detail::shown(value));
      return span;
    };
    const auto from = bound(from_member);
    const auto to = bound(to_member);
    TimeRange range;
    if (from) range.from = from->first;
    if (to) range.to = to->last;
    if (from && to && *range.from > *range.to)
      faults.add(jsonPointer(from_member), "expected a time not after " + std::string(to_member) + ", " +
                                               timeText(*range.to) + ", found " + timeText(*range.from));
    return range;
  }
  bool isBounded() const { return from || to; }
  // One range clause. REQUIRES: isBounded().
  void write(JsonWriter& out, std::string_view field) const {
    out.beginObject().key("range").beginObject().key(field).beginObject();
    if (from) out.member("gte", *from);
    if (to) out.member("lte", *to);
    out.member("format", "epoch_millis").endObject().endObject().endObject();
  }
};

// Bounds of amounts, both inclusive, each amount in its entity's own currency.
struct AmountRange {
  std::optional<Decimal> low;
  std::optional<Decimal> high;

  // Where the index has the amounts: as doubles, as minor units, and how many digits follow the point.
  struct Fields {
    std::string_view amount, minor, digits;
  };

  static AmountRange read(Faults& faults, std::string_view low_member = "minAmount",
                          std::string_view high_member = "maxAmount");
  bool isBounded() const { return low || high; }
  // One clause. REQUIRES: isBounded().
  void write(JsonWriter& out, const Fields& fields) const;
};

// ---- pages

// The place after the last hit of a page, as its sort values: a score, a time, an id.
struct Cursor {
  static constexpr std::size_t kMaxBytes = 1024;               // the longest id makes fewer than 800
  static constexpr std::int64_t kMaxPage = 1'000'000'000'000;  // more than there can be entities

  std::uint64_t fingerprint = 0;  // of the search it belongs to
  std::int64_t page = 2;          // the page it leads to
  std::string score;              // a JSON number, exactly as the engine wrote it
  std::int64_t time = 0;
  std::string id;

  std::string toText() const;
  static std::optional<Cursor> parse(std::string_view text);
};

// FNV-1a, 64 bits: a cursor given to the wrong search is a slip to be caught, not an attack.
inline std::uint64_t searchFingerprint(std::string_view request) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char byte : request) hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211u;
  return hash;
}

struct PageRequest {
  static constexpr std::int64_t kWindow = 10'000;  // hits that pages reach; cursors go on from there
  static constexpr std::int64_t kMaxSize = 1000;
  static constexpr std::int64_t kDefaultSize = 10;

  std::int64_t page = 1;
  std::int64_t size = kDefaultSize;
  std::optional<Cursor> cursor;

  // Reads page, size and cursor.
  static PageRequest read(Faults& faults);
  // Whether the cursor, if any, is of the search with this fingerprint; else a fault.
  void checkCursor(Faults& faults, std::uint64_t fingerprint) const {
    if (cursor && cursor->fingerprint != fingerprint)
      faults.add("/cursor", "this cursor belongs to a search with other parameters");
  }
  std::int64_t number() const { return cursor ? cursor->page : page; }
  // The members size, and from or search_after. Past the first page of a cursor, one hit more than asked for tells
  // whether there is another page.
  void write(JsonWriter& out) const;
  bool hasMore(std::int64_t hits, std::int64_t total) const {
    const std::int64_t shown = std::min(hits, size);
    return shown > 0 && (cursor ? hits > shown : (page - 1) * size + shown < total);
  }
};

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {

// Every multiple of 0.0001 below this has a double of its own (10^11 · 10^4 < 2^53), and no currency divides finer.
inline constexpr Decimal kExactDoubles = Decimal::ofUnits(100'000'000'000, 0);
inline constexpr int kFinestDigits = 4;
inline constexpr int kDigitClasses[] = {0, 2, 3, 4};

static_assert(std::all_of(std::begin(kCurrencies), std::end(kCurrencies), [](const Currency& currency) {
  return std::find(std::begin(kDigitClasses), std::end(kDigitClasses), currency.minor_digits) !=
         std::end(kDigitClasses);
}));

inline void writeAmountRange(JsonWriter& out, std::string_view field, const std::string& low, const std::string& high) {
  out.beginObject().key("range").beginObject().key(field).beginObject();
  if (!low.empty()) out.rawMember("gte", low);
  if (!high.empty()) out.rawMember("lte", high);
  out.endObject().endObject().endObject();
}

// Bounds finer than any amount are first moved, exactly, to the next amount inside.
inline std::string innerBound(const std::optional<Decimal>& bound, Rounding rounding) {
  if (!bound) return {};
  if (bound->scale() <= kFinestDigits) return bound->toText();
  const auto rounded = bound->rounded(kFinestDigits, rounding);
  return rounded.isOk() ? rounded->toText() : bound->toText();  // rounding to fewer digits has room
}

inline bool isExactAsDouble(const std::optional<Decimal>& bound) {
  return !bound || (*bound<kExactDoubles&& * bound> Decimal::ofUnits(-kExactDoubles.units(), 0));
}

// A bound in minor units, kept within ±10^18, which no amount reaches.
inline std::string minorBound(const std::optional<Decimal>& bound, int digits, Rounding rounding) {
  if (!bound) return {};
  const Int128 limit = Decimal::power(Money::kMaxDigits);
  const auto minor = bound->rounded(digits, rounding);
  const Int128 units =
      minor.isOk() ? std::clamp(minor->units(), -limit, limit) : (bound->isNegative() ? -limit : limit);
  return Decimal::ofUnits(units, 0).toText();
}

}  // namespace detail

inline AmountRange AmountRange::read(Faults& faults, std::string_view low_member, std::string_view high_member) {
  const auto bound = [&](std::string_view member) -> std::optional<Decimal> {
    const json::Value value = faults.sound(member);
    if (value.isMissing()) return std::nullopt;
    auto amount = Decimal::parse(value.isString() ? value.string() : value.numberText());
    if (amount.isOk()) return *amount;
    faults.add(jsonPointer(member), std::string(amount.status().message()));
    return std::nullopt;
  };
  const AmountRange range{bound(low_member), bound(high_member)};
  if (range.low && range.high && *range.low > *range.high)
    faults.add(jsonPointer(low_member), "expected at most " + std::string(high_member) + ", " + range.high->toText() +
                                            ", found " + range.low->toText());
  return range;
}

inline void AmountRange::write(JsonWriter& out, const Fields& fields) const {
  if (detail::isExactAsDouble(low) && detail::isExactAsDouble(high))
    return detail::writeAmountRange(out, fields.amount, detail::innerBound(low, Rounding::kCeiling),
                                    detail::innerBound(high, Rounding::kFloor));
  // Beyond the reach of doubles: one clause on the exact integers for each number of minor digits.
  out.beginObject().key("bool").beginObject().key("should").beginArray();
  for (const int digits : detail::kDigitClasses) {
    out.beginObject().key("bool").beginObject().key("filter").beginArray();
    out.beginObject().key("term").beginObject().member(fields.digits, digits).endObject().endObject();
    detail::writeAmountRange(out, fields.minor, detail::minorBound(low, digits, Rounding::kCeiling),
                             detail::minorBound(high, digits, Rounding::kFloor));
    out.endArray().endObject().endObject();
  }
  out.endArray().member("minimum_should_match", 1).endObject().endObject();
}

inline std::string Cursor::toText() const {
  std::string json;
  JsonWriter(json)
      .beginArray()
      .string(std::to_string(fingerprint))
      .integer(page)
      .raw(score)
      .integer(time)
      .string(id)
      .endArray();
  return encodeBase64Url(json);
}

inline std::optional<Cursor> Cursor::parse(std::string_view text) {
  const auto decoded = text.size() <= kMaxBytes ? decodeBase64Url(text) : std::nullopt;
  if (!decoded) return std::nullopt;
  const auto document = json::Document::parse(*decoded);
  if (!document.isOk() || !document->root().isArray() || document->root().size() != 5) return std::nullopt;
  std::vector<json::Value> values;
  for (const json::Value value : document->root()) values.push_back(value);
  Cursor cursor;
  const std::string_view print = values[0].string();
  const auto [end, error] = std::from_chars(print.data(), print.data() + print.size(), cursor.fingerprint);
  if (error != std::errc() || end != print.data() + print.size() || values[1].integer().value_or(0) < 2 ||
      *values[1].integer() > kMaxPage || !values[2].real() || !values[3].integer() || !values[4].isString())
    return std::nullopt;
  cursor.page = *values[1].integer();
  cursor.score = values[2].numberText();
  cursor.time = *values[3].integer();
  cursor.id = values[4].string();
  // Only what toText writes is a cursor: one place, one text.
  return cursor.toText() == text ? std::optional<Cursor>(std::move(cursor)) : std::nullopt;
}

inline PageRequest PageRequest::read(Faults& faults) {
  PageRequest asked;
  asked.page = readWhole(faults, "page", 1);
  asked.size = readWhole(faults, "size", kDefaultSize);
  if (const json::Value cursor = faults.sound("cursor"); cursor.isString()) {
    asked.cursor = Cursor::parse(cursor.string());
    if (!asked.cursor) faults.add("/cursor", "expected the nextCursor of an answer, found " + detail::shown(cursor));
  }
  if (asked.cursor) {
    // Page 1 is what a client that names no page has.
    if (asked.page != 1 && asked.page != asked.cursor->page)
      faults.add("/page",
                 "expected no page beside a cursor, which leads to page " + std::to_string(asked.cursor->page));
  } else if (asked.size > 0 && asked.page > kWindow / asked.size) {
    faults.add("/page", "page × size is beyond " + std::to_string(kWindow) +
                            "; use cursor, with the nextCursor of the page before");
  }
  return asked;
}

inline void PageRequest::write(JsonWriter& out) const {
  out.member("size", cursor && size > 0 ? size + 1 : size);
  if (cursor) {
    out.key("search_after").beginArray().raw(cursor->score).integer(cursor->time).string(cursor->id).endArray();
  } else if (size > 0) {
    out.member("from", (page - 1) * size);
  }
}

}  // namespace gyre
