// How do the histories of many domains become one, page by page? A merge of streams that are each in order, and a
// cursor that neither loses nor repeats an item.
//
// The order is total: latest first, then by domain, activity and id. A stream is one activity of one domain. A page
// ends at a place of that order, and a stream goes on behind it. A stream that failed goes on from where it last
// answered, which its page's cursor remembers: what it could not give comes on a later page, however late, and once.
//
// THREADS: values and pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/status.hpp"

namespace gyre::bus {

struct ActivityPlace {
  std::int64_t time_millis = 0;
  std::string domain;
  std::string activity;
  std::string id;
  bool operator==(const ActivityPlace&) const = default;
};

// Whether `a` comes before `b`: nothing is before everything.
bool isBefore(const std::optional<ActivityPlace>& a, const std::optional<ActivityPlace>& b);

struct ActivityCursor {
  // A stream that goes on from another place than the rest; activity "" is every activity of the domain.
  struct Behind {
    std::string domain;
    std::string activity;
    std::optional<ActivityPlace> after;
  };
  std::uint64_t fingerprint = 0;  // of what was asked for
  std::optional<ActivityPlace> after;
  std::vector<Behind> behind;

  const std::optional<ActivityPlace>& placeOf(std::string_view domain, std::string_view activity) const;

  std::string toText() const;
  // Nothing for a text that toText() did not write.
  static std::optional<ActivityCursor> parse(std::string_view text);
};

struct FoundActivity {
  ActivityPlace place;
  std::string document;  // JSON
};

struct ActivityStream {
  std::string domain;
  std::string activity;  // "" for a domain that cannot be asked at all
  // The next items behind `after`, in order, at most `limit`.
  std::function<Result<std::vector<FoundActivity>>(const std::optional<ActivityPlace>& after, std::size_t limit)> find;
};

struct ActivityFailure {
  std::string domain;
  std::string activity;
  Status why;
};

struct ActivityPage {
  std::vector<FoundActivity> items;
  std::vector<ActivityFailure> failures;
  std::optional<ActivityCursor> next;  // none when everything was given
};

// At most `size` items behind `cursor`. A stream whose items are out of order or not behind its place has failed.
ActivityPage mergeActivities(const std::vector<ActivityStream>& streams, const ActivityCursor& cursor,
                             std::size_t size);

}  // namespace gyre::bus
