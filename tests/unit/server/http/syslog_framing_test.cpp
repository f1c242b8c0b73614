// Syslog over TCP: counted messages, lines, and both from one sender, however the bytes are cut.
#include "server/http/syslog_framing.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <random>
#include <string>
#include <vector>

namespace gyre::http {

class SyslogFramingTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(SyslogFramingTest);
  CPPUNIT_TEST(linesAndCountsMix);
  CPPUNIT_TEST(anyCutGivesTheSame);
  CPPUNIT_TEST(longMessagesAreCutWithNotice);
  CPPUNIT_TEST(theLastLineNeedsNoNewline);
  CPPUNIT_TEST_SUITE_END();

  using Messages = std::vector<std::string>;
  static Messages of(std::string_view bytes, std::size_t piece = 1'000'000) {
    Messages found;
    SyslogFraming framing;
    const auto take = [&](std::string_view message) { found.emplace_back(message); };
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size())))
      framing.receive(bytes.substr(0, piece), take);
    framing.end(take);
    return found;
  }

 public:
  void linesAndCountsMix() {
    CPPUNIT_ASSERT(
        (of("<1>one\n<2>two\r\n\n5 three4 four<5>six\n") == Messages{"<1>one", "<2>two", "three", "four", "<5>six"}));
    CPPUNIT_ASSERT((of("9 with\nline\n<1>x\n") == Messages{"with\nline", "<1>x"}));
    // Lines that begin with a digit: no count, or none that can be one.
    CPPUNIT_ASSERT((of("12:30 noon\n1234567890 many\n") == Messages{"12:30 noon", "1234567890 many"}));
    CPPUNIT_ASSERT(of("\n\r\n\0").empty());
  }

  void anyCutGivesTheSame() {
    const auto seed = std::random_device{}();
    std::mt19937 random(seed);
    std::string bytes;
    for (int i = 0; i < 300; ++i) {
      const std::string message = "<13>" + std::string(random() % 400, static_cast<char>('a' + random() % 26));
      bytes += random() % 2 == 0 ? message + "\n" : std::to_string(message.size()) + " " + message;
    }
    const Messages whole = of(bytes);
    CPPUNIT_ASSERT_EQUAL(std::size_t{300}, whole.size());
    for (const std::size_t piece : {1u, 2u, 3u, 7u, 100u, 4096u})
      CPPUNIT_ASSERT_MESSAGE("seed " + std::to_string(seed), of(bytes, piece) == whole);
  }

  void longMessagesAreCutWithNotice() {
    const std::string large(1u << 20, 'x');
    for (const std::string& bytes : {large + "\nnext\n", std::to_string(large.size()) + " " + large + "4 next"}) {
      const Messages found = of(bytes, 10'000);
      CPPUNIT_ASSERT_EQUAL(std::size_t{2}, found.size());
      CPPUNIT_ASSERT(found[0].ends_with("x [cut at 65536 bytes]"));
      CPPUNIT_ASSERT_EQUAL(SyslogFraming::kMaxMessage + std::string_view(" [cut at 65536 bytes]").size(),
                           found[0].size());
      CPPUNIT_ASSERT_EQUAL(std::string("next"), found[1]);
    }
  }

  void theLastLineNeedsNoNewline() {
    CPPUNIT_ASSERT((of("<1>one") == Messages{"<1>one"}));
    CPPUNIT_ASSERT((of("12") == Messages{"12"}));
    CPPUNIT_ASSERT((of("10 half") == Messages{"half"}));
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SyslogFramingTest);

}  // namespace gyre::http
