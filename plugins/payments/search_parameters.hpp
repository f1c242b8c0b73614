// What does a client ask of the payments, checked? The parameters of searches and statistics, and the cursor between
// pages.
//
// THREADS: values and pure functions. OWNS: a filter borrows its texts from the query.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/decimal.hpp"
#include "gyre/faults.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/plugin.hpp"
#include "gyre/schema.hpp"
#include "gyre/status.hpp"

namespace gyre::payments {

// Bounds of a time range, both inclusive, in milliseconds.
struct TimeRange {
  std::optional<std::int64_t> from;
  std::optional<std::int64_t> to;

  // Reads `from` and `to`, adding what is wrong to `faults`. A date alone means its whole day, in UTC.
  static TimeRange read(Faults& faults);
  bool isBounded() const { return from || to; }
  // One range clause on processedAt. REQUIRES: isBounded().
  void write(JsonWriter& out) const;
};

// The organisation whose payments may be seen, "" for all: the one that was asked for, unless the caller's key binds
// another, which is permission_denied. REQUIRES: `faults` found nothing.
Result<std::string_view> visibleOrganization(const Query& query, const Faults& faults);

// The place after the last hit of a page, as its sort values.
struct Cursor {
  std::uint64_t fingerprint = 0;  // of the search it belongs to
  std::int64_t page = 2;          // the page it leads to
  std::string score;              // a JSON number, exactly as the engine wrote it
  std::int64_t processed_at = 0;
  std::string payment_id;

  std::string toText() const;
  static std::optional<Cursor> parse(std::string_view text);
};

struct SearchParameters {
  static constexpr std::int64_t kWindow = 10'000;  // hits that pages reach; cursors go on from there
  static constexpr std::int64_t kMaxSize = 1000;

  std::string_view organization_id;
  std::string_view text;
  std::vector<std::string_view> statuses;  // sorted, distinct; so are currencies
  std::vector<std::string_view> currencies;
  std::optional<Decimal> min_amount;
  std::optional<Decimal> max_amount;
  TimeRange time;
  std::int64_t page = 1;
  std::int64_t size = 10;
  std::optional<Cursor> cursor;

  // All faults at once. A cursor of another search is one.
  static Result<SearchParameters> read(const Query& query, Table table);

  // The dialect's query clause; equal searches give equal bytes.
  std::string clause() const;
  std::uint64_t fingerprint() const;
  // Past the first page of a cursor, one hit more than asked for tells whether there is another page.
  std::int64_t requestedHits() const { return cursor && size > 0 ? size + 1 : size; }
};

}  // namespace gyre::payments
