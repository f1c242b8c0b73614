// Many histories as one: in order, no item lost or twice, whatever fails between two pages.
#include "server/bus/activity_page.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "server/bus/activity_bus.hpp"

namespace gyre::bus {

namespace {

ActivityPlace place(std::int64_t time, std::string domain, std::string activity, std::string id) {
  return {time, std::move(domain), std::move(activity), std::move(id)};
}

// A domain's items as its index would give them, which can be told to fail.
struct Source {
  std::string domain, activity;
  std::vector<ActivityPlace> items;
  bool is_failing = false;

  ActivityStream stream() const {
    return {domain, activity, [this](const std::optional<ActivityPlace>& after, std::size_t limit) {
              if (is_failing) return Result<std::vector<FoundActivity>>(unavailable("away"));
              std::vector<ActivityPlace> sorted = items;
              std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return isBefore(a, b); });
              std::vector<FoundActivity> found;
              for (const ActivityPlace& item : sorted)
                if (isBefore(after, item) && found.size() < limit) found.push_back({item, "{}"});
              return Result<std::vector<FoundActivity>>(std::move(found));
            }};
  }
};

std::vector<ActivityStream> streamsOf(const std::vector<Source>& sources) {
  std::vector<ActivityStream> streams;
  for (const Source& source : sources) streams.push_back(source.stream());
  return streams;
}

std::string textOf(const ActivityPage& page) {
  std::string text;
  for (const FoundActivity& item : page.items)
    text += (text.empty() ? "" : " ") + std::to_string(item.place.time_millis) + item.place.domain + item.place.id;
  return text;
}

// As a client holds it.
ActivityCursor passed(const ActivityCursor& cursor) {
  const auto parsed = ActivityCursor::parse(cursor.toText());
  CPPUNIT_ASSERT(parsed.has_value());
  return *parsed;
}

}  // namespace

class ActivityPageTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ActivityPageTest);
  CPPUNIT_TEST(theLatestComesFirstAndTiesAreSettledByName);
  CPPUNIT_TEST(pagesGoOnWhereTheLastOneEnded);
  CPPUNIT_TEST(aDomainThatFailedIsCaughtUpLater);
  CPPUNIT_TEST(aDomainThatIsAwayAltogetherKeepsItsPlaces);
  CPPUNIT_TEST(randomPagesGiveEachItemOnce);
  CPPUNIT_TEST(itemsOutOfOrderAreAFailure);
  CPPUNIT_TEST(cursorsReadBack);
  CPPUNIT_TEST(damagedCursorsAreNone);
  CPPUNIT_TEST(searchesGoOnBehindAPlace);
  CPPUNIT_TEST_SUITE_END();

 public:
  void theLatestComesFirstAndTiesAreSettledByName() {
    const std::vector<Source> sources = {
        {"b", "X", {place(5, "b", "X", "1"), place(7, "b", "X", "2")}},
        {"a", "Y", {place(5, "a", "Y", "9"), place(5, "a", "Y", "3")}},
    };
    const ActivityPage page = mergeActivities(streamsOf(sources), {}, 10);
    CPPUNIT_ASSERT_EQUAL(std::string("7b2 5a3 5a9 5b1"), textOf(page));
    CPPUNIT_ASSERT(!page.next && page.failures.empty());
  }

  void pagesGoOnWhereTheLastOneEnded() {
    const std::vector<Source> sources = {
        {"a", "X", {place(5, "a", "X", "1"), place(5, "a", "X", "2")}},
        {"b", "X", {place(5, "b", "X", "1"), place(4, "b", "X", "2")}},
    };
    std::string all;
    ActivityCursor cursor;
    for (int pages = 1;; ++pages) {
      const ActivityPage page = mergeActivities(streamsOf(sources), cursor, 1);
      all += textOf(page) + ";";
      if (!page.next) {
        CPPUNIT_ASSERT_EQUAL(4, pages);
        break;
      }
      cursor = passed(*page.next);
    }
    CPPUNIT_ASSERT_EQUAL(std::string("5a1;5a2;5b1;4b2;"), all);
  }

  void aDomainThatFailedIsCaughtUpLater() {
    std::vector<Source> sources = {
        {"a", "X", {place(9, "a", "X", "1"), place(5, "a", "X", "2")}},
        {"b", "X", {place(8, "b", "X", "1"), place(4, "b", "X", "2")}, true},
    };
    ActivityPage page = mergeActivities(streamsOf(sources), {}, 1);
    CPPUNIT_ASSERT_EQUAL(std::string("9a1"), textOf(page));
    CPPUNIT_ASSERT_EQUAL(std::string("b"), page.failures.at(0).domain);
    page = mergeActivities(streamsOf(sources), passed(*page.next), 5);
    CPPUNIT_ASSERT_EQUAL(std::string("5a2"), textOf(page));
    CPPUNIT_ASSERT_MESSAGE("there may be more, once it answers", page.next.has_value());
    sources[1].is_failing = false;
    page = mergeActivities(streamsOf(sources), passed(*page.next), 1);
    CPPUNIT_ASSERT_EQUAL(std::string("8b1"), textOf(page));
    page = mergeActivities(streamsOf(sources), passed(*page.next), 1);
    CPPUNIT_ASSERT_EQUAL(std::string("4b2"), textOf(page));
    CPPUNIT_ASSERT(!page.next);
  }

  void aDomainThatIsAwayAltogetherKeepsItsPlaces() {
    std::vector<Source> sources = {
        {"a", "X", {place(9, "a", "X", "1"), place(8, "a", "X", "2"), place(7, "a", "X", "3")}},
        {"b", "X", {place(9, "b", "X", "1"), place(6, "b", "X", "2")}, true},
        {"b", "Y", {place(8, "b", "Y", "1"), place(6, "b", "Y", "2")}},
    };
    ActivityPage page = mergeActivities(streamsOf(sources), {}, 2);  // b.X is behind from here on
    CPPUNIT_ASSERT_EQUAL(std::string("9a1 8a2"), textOf(page));
    const std::vector<Source> away = {sources[0], {"b", "", {}, true}};
    page = mergeActivities(streamsOf(away), passed(*page.next), 1);
    CPPUNIT_ASSERT_EQUAL(std::string("7a3"), textOf(page));
    sources[1].is_failing = false;
    page = mergeActivities(streamsOf(sources), passed(*page.next), 9);
    CPPUNIT_ASSERT_EQUAL(std::string("9b1 8b1 6b2 6b2"), textOf(page));
    CPPUNIT_ASSERT(!page.next);
  }

  void randomPagesGiveEachItemOnce() {
    const auto seed = static_cast<unsigned>(std::chrono::steady_clock::now().time_since_epoch().count());
    std::cout << "[randomPagesGiveEachItemOnce seed " << seed << "]" << std::flush;
    std::mt19937 random(seed);
    for (int round = 0; round < 200; ++round) {
      std::vector<Source> sources;
      std::size_t total = 0;
      for (const char* domain : {"a", "b", "c"}) {
        for (const char* activity : {"X", "Y"}) {
          Source& source = sources.emplace_back(Source{domain, activity, {}});
          for (std::size_t i = random() % 30; i > 0; --i, ++total)
            source.items.push_back(
                place(static_cast<std::int64_t>(random() % 10), domain, activity, std::to_string(i)));
        }
      }
      const unsigned failing_percent = round % 2 == 0 ? 0 : 30;
      std::set<std::string> seen;
      std::optional<ActivityPlace> last;
      ActivityCursor cursor;
      for (int pages = 0;; ++pages) {
        CPPUNIT_ASSERT(pages < 10'000);
        for (Source& source : sources) source.is_failing = random() % 100 < failing_percent;
        // Whole domains go away and come back as well.
        std::vector<Source> asked = sources;
        if (failing_percent > 0 && random() % 4 == 0) {
          const std::string away(1, static_cast<char>('a' + random() % 3));
          std::erase_if(asked, [&](const Source& source) { return source.domain == away; });
          asked.push_back({away, "", {}, true});
        }
        const ActivityPage page = mergeActivities(streamsOf(asked), cursor, 1 + random() % 9);
        for (const FoundActivity& item : page.items) {
          CPPUNIT_ASSERT(seen.insert(item.place.domain + item.place.activity + item.place.id).second);
          if (failing_percent == 0) CPPUNIT_ASSERT(isBefore(last, item.place));
          last = item.place;
        }
        if (!page.next) break;
        cursor = passed(*page.next);
      }
      CPPUNIT_ASSERT_EQUAL(total, seen.size());
    }
  }

  void itemsOutOfOrderAreAFailure() {
    const ActivityStream liar{"a", "X", [](const auto&, std::size_t) {
                                return Result<std::vector<FoundActivity>>(std::vector<FoundActivity>{
                                    {place(5, "a", "X", "1"), "{}"}, {place(5, "a", "X", "1"), "{}"}});
                              }};
    const ActivityPage page = mergeActivities({liar}, {}, 5);
    CPPUNIT_ASSERT(page.items.empty());
    CPPUNIT_ASSERT(page.failures.at(0).why.code() == Code::kInternal);
  }

  void cursorsReadBack() {
    ActivityCursor cursor;
    cursor.fingerprint = 77;
    cursor.after = place(-5, "a", "X", std::string("id\0\xff", 4));
    cursor.behind = {{"b", "", std::nullopt}, {"b", "Y", place(1, "c", "Z", "i")}};
    const ActivityCursor read = passed(cursor);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{77}, read.fingerprint);
    CPPUNIT_ASSERT(read.after == cursor.after);
    CPPUNIT_ASSERT(read.placeOf("a", "X") == cursor.after);
    CPPUNIT_ASSERT(!read.placeOf("b", "X").has_value());
    CPPUNIT_ASSERT(read.placeOf("b", "Y") == cursor.behind[1].after);
  }

  void damagedCursorsAreNone() {
    ActivityCursor cursor;
    cursor.after = place(5, "a", "X", "1");
    const std::string text = cursor.toText();
    for (std::size_t i = 0; i < text.size(); ++i) {
      CPPUNIT_ASSERT(!ActivityCursor::parse(text.substr(0, i)).has_value());
      std::string other = text;
      other[i] = other[i] == 'A' ? 'B' : 'A';
      CPPUNIT_ASSERT_MESSAGE(other, !ActivityCursor::parse(other).has_value());
    }
    CPPUNIT_ASSERT(!ActivityCursor::parse("nonsense!").has_value());
  }

  void searchesGoOnBehindAPlace() {
    const ActivityDescription activity{"Made", "", "madeAt", "id", "organizationId", R"({"term":{"a":1}})"};
    ActivityRequest request;
    request.organization_id = "org-1";
    request.from_millis = 3;
    request.to_millis = 8;
    const auto search = [&](const char* domain, const char* name) {
      return activitySearch(activity, "b", request, place(5, domain, name, "x"), 4);
    };
    const auto has = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };
    const std::string first = activitySearch(activity, "b", request, std::nullopt, 4);
    CPPUNIT_ASSERT_EQUAL(
        std::string(
            R"({"size":4,"track_total_hits":false,"query":{"bool":{"filter":[{"term":{"organizationId":"org-1"}},)"
            R"({"exists":{"field":"madeAt"}},{"range":{"madeAt":{"gte":3,"lte":8,)"
            R"("format":"strict_date_optional_time||epoch_millis"}}},)"
            R"({"term":{"a":1}}]}},"sort":[{"madeAt":{"order":"desc"}},{"id":{"order":"asc"}}]})"),
        first);
    CPPUNIT_ASSERT(has(search("b", "Made"), R"("search_after":[5,"x"])"));
    CPPUNIT_ASSERT(has(search("c", "Made"), R"("lt":5)") && !has(search("c", "Made"), "search_after"));
    CPPUNIT_ASSERT(has(search("b", "Noted"), R"("lt":5)"));
    CPPUNIT_ASSERT(has(search("a", "Made"), R"("gte":3,"lte":5)") && !has(search("a", "Made"), R"("lt":)"));
    ActivityRequest other = request;
    other.from_millis = -1;
    CPPUNIT_ASSERT(
        has(activitySearch(activity, "b", other, std::nullopt, 4), R"("gte":"1969-12-31T23:59:59.999Z","lte":8)"));
    other = request;
    other.to_millis.reset();
    CPPUNIT_ASSERT(other.fingerprint() != request.fingerprint());
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ActivityPageTest);

}  // namespace gyre::bus
