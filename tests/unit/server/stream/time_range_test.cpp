// Which generations a search needs: never fewer than can hold an answer.
#include "server/stream/time_range.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <limits>

namespace gyre::stream {

class TimeRangeTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(TimeRangeTest);
  CPPUNIT_TEST(conjunctionsNarrow);
  CPPUNIT_TEST(whatIsNotUnderstoodBoundsNothing);
  CPPUNIT_TEST_SUITE_END();

  static constexpr auto kFirst = std::numeric_limits<std::int64_t>::min();
  static constexpr auto kLast = std::numeric_limits<std::int64_t>::max();
  static TimeRange of(std::string_view request) { return timeRangeOf(request, "at"); }

 public:
  void conjunctionsNarrow() {
    CPPUNIT_ASSERT((of(R"({"query":{"range":{"at":{"gte":5,"lt":9}}}})") == TimeRange{5, 9}));
    CPPUNIT_ASSERT((of(R"({"query":{"bool":{"filter":[{"range":{"at":{"gte":"1970-01-01T00:00:01Z"}}},
        {"bool":{"must":{"range":{"at":{"lte":7000}}}}}]}}})") == TimeRange{1'000, 7'000}));
    CPPUNIT_ASSERT((of(R"({"query":{"constant_score":{"filter":{"range":{"at":{"gt":5}}}}}})") == TimeRange{5, kLast}));
    // As the plugins write their bounds.
    CPPUNIT_ASSERT((of(R"({"query":{"range":{"at":{"gte":5,"lte":9,"format":"epoch_millis"}}}})") == TimeRange{5, 9}));
    // A day alone is all of it, whichever bound it is.
    CPPUNIT_ASSERT((of(R"({"query":{"range":{"at":{"gte":"1970-01-02","lte":"1970-01-02"}}}})") ==
                    TimeRange{86'400'000, 2 * 86'400'000 - 1}));
    CPPUNIT_ASSERT((TimeRange{5, 9}.meets(9, 20) && !TimeRange{5, 9}.meets(10, 20) && TimeRange{5, 9}.meets(1, 5)));
  }

  void whatIsNotUnderstoodBoundsNothing() {
    const TimeRange all{kFirst, kLast};
    for (const char* request : {"", "{}", "not json", R"({"query":{"range":{"other":{"gte":5}}}})",
                                R"({"query":{"range":{"at":{"gte":"now-1h"}}}})",
                                R"({"query":{"range":{"at":{"gte":5,"time_zone":"+01:00"}}}})",
                                R"({"query":{"range":{"at":{"gte":"1970-01-02","format":"epoch_millis"}}}})",
                                R"({"query":{"range":{"at":{"gte":5,"format":"epoch_second"}}}})",
                                R"({"query":{"bool":{"should":[{"range":{"at":{"gte":5}}}]}}})",
                                R"({"query":{"bool":{"must_not":[{"range":{"at":{"gte":5}}}]}}})",
                                R"({"query":{"range":{"at":{"gte":5}}},"aggs":{"all":{"global":{}}}})",
                                R"({"query":{"range":{"at":{"gte":5}}},"suggest":{"s":{"prefix":"a"}}})"})
      CPPUNIT_ASSERT_MESSAGE(request, of(request) == all);
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(TimeRangeTest);

}  // namespace gyre::stream
