#include "engine/mapping/ip_address.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <string>

namespace gyre::engine {

class IpAddressTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(IpAddressTest);
  CPPUNIT_TEST(bothKindsRoundTrip);
  CPPUNIT_TEST(otherTextsAreNone);
  CPPUNIT_TEST(blocksHaveEnds);
  CPPUNIT_TEST(neighboursStopAtTheEnds);
  CPPUNIT_TEST_SUITE_END();

 public:
  void bothKindsRoundTrip() {
    const std::pair<const char*, const char*> cases[] = {{"1.2.3.4", "1.2.3.4"},
                                                         {"::ffff:1.2.3.4", "1.2.3.4"},
                                                         {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
                                                         {"::", "::"},
                                                         {"255.255.255.255", "255.255.255.255"}};
    for (const auto& [text, written] : cases) {
      CPPUNIT_ASSERT_EQUAL(kIpBytes, parseIp(text)->size());
      CPPUNIT_ASSERT_EQUAL(std::string(written), formatIp(*parseIp(text)));
    }
    CPPUNIT_ASSERT(*parseIp("9.0.0.0") < *parseIp("10.0.0.0"));
  }

  void otherTextsAreNone() {
    for (const char* text : {"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "a.b.c.d", ":::", "1.2.3.4 ", "fe80::1%eth0"})
      CPPUNIT_ASSERT_MESSAGE(text, !parseIp(text));
    CPPUNIT_ASSERT(!parseIp(std::string_view("1.2.3.4\0", 8)));
  }

  void blocksHaveEnds() {
    const auto block = parseIpBlock("192.168.5.7/16");
    CPPUNIT_ASSERT_EQUAL(std::string("192.168.0.0"), formatIp(block->first));
    CPPUNIT_ASSERT_EQUAL(std::string("192.168.255.255"), formatIp(block->last));
    CPPUNIT_ASSERT_EQUAL(std::string("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
                         formatIp(parseIpBlock("2001:db8::/32")->last));
    CPPUNIT_ASSERT_EQUAL(std::string("1.2.3.4"), formatIp(parseIpBlock("1.2.3.4/32")->last));
    for (const char* text : {"1.2.3.4", "1.2.3.4/33", "::/129", "1.2.3.4/", "1.2.3.4/-1", "x/8"})
      CPPUNIT_ASSERT_MESSAGE(text, !parseIpBlock(text));
  }

  void neighboursStopAtTheEnds() {
    CPPUNIT_ASSERT_EQUAL(std::string("1.3.0.0"), formatIp(*nextIp(*parseIp("1.2.255.255"))));
    CPPUNIT_ASSERT_EQUAL(std::string("1.2.255.255"), formatIp(*previousIp(*parseIp("1.3.0.0"))));
    CPPUNIT_ASSERT(!nextIp(std::string(kIpBytes, '\xff')));
    CPPUNIT_ASSERT(!previousIp(std::string(kIpBytes, '\0')));
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(IpAddressTest);

}  // namespace gyre::engine
