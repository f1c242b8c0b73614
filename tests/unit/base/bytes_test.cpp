#include "base/bytes.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <limits>
#include <random>
#include <string>

namespace gyre::base {

class BytesTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(BytesTest);
  CPPUNIT_TEST(varintsHaveTheKnownBytes);
  CPPUNIT_TEST(varintsReadBack);
  CPPUNIT_TEST(overlongVarintIsInvalid);
  CPPUNIT_TEST(truncatedVarintIsInvalid);
  CPPUNIT_TEST(littleEndianIsWritten);
  CPPUNIT_TEST(readerStaysInvalid);
  CPPUNIT_TEST(lengthBeyondTheEndIsInvalid);
  CPPUNIT_TEST(textHasItsLengthBefore);
  CPPUNIT_TEST(everyTruncationIsNoticed);
  CPPUNIT_TEST_SUITE_END();

 public:
  void varintsHaveTheKnownBytes() {
    const std::pair<std::uint64_t, std::string> cases[] = {
        {0, std::string(1, '\0')},
        {1, "\x01"},
        {127, "\x7f"},
        {128, "\x80\x01"},
        {300, "\xac\x02"},
        {16'384, "\x80\x80\x01"},
        {std::numeric_limits<std::uint64_t>::max(), "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"},
    };
    for (const auto& [value, expected] : cases) {
      std::string out;
      appendVarint(out, value);
      CPPUNIT_ASSERT(expected == out);
    }
  }

  void varintsReadBack() {
    const unsigned seed = std::random_device{}();
    std::mt19937_64 random(seed);
    std::string out;
    std::vector<std::uint64_t> values;
    for (int i = 0; i < 5'000; ++i) {
      values.push_back(random() >> random() % 64);
      appendVarint(out, values.back());
    }
    ByteReader reader(asBytes(out));
    for (const std::uint64_t value : values)
      CPPUNIT_ASSERT_EQUAL_MESSAGE("seed " + std::to_string(seed), value, reader.varint());
    CPPUNIT_ASSERT(reader.isValid());
    CPPUNIT_ASSERT_EQUAL(std::size_t{0}, reader.remaining());
    CPPUNIT_ASSERT_EQUAL(out.size(), reader.position());
  }

  void overlongVarintIsInvalid() {
    const std::string overlong(11, '\x80');
    ByteReader reader(asBytes(overlong));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, reader.varint());
    CPPUNIT_ASSERT(!reader.isValid());
  }

  void truncatedVarintIsInvalid() {
    for (std::size_t size = 0; size < 10; ++size) {
      const std::string part(size, '\xff');
      ByteReader reader(asBytes(part));
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, reader.varint());
      CPPUNIT_ASSERT(!reader.isValid());
    }
  }

  void littleEndianIsWritten() {
    std::string out;
    appendLittle<std::uint32_t>(out, 0x01020304);
    appendLittle<std::int16_t>(out, -2);
    CPPUNIT_ASSERT(std::string("\x04\x03\x02\x01\xfe\xff") == out);
    ByteReader reader(asBytes(out));
    CPPUNIT_ASSERT_EQUAL(std::uint32_t{0x01020304}, reader.little<std::uint32_t>());
    CPPUNIT_ASSERT_EQUAL(std::int16_t{-2}, reader.little<std::int16_t>());
    CPPUNIT_ASSERT(reader.isValid());
  }

  void readerStaysInvalid() {
    const std::string bytes = "\x01\x02\x03";
    ByteReader reader(asBytes(bytes));
    CPPUNIT_ASSERT_EQUAL(std::uint32_t{0}, reader.little<std::uint32_t>());
    CPPUNIT_ASSERT(!reader.isValid());
    CPPUNIT_ASSERT_EQUAL(std::uint8_t{0},
                         reader.little<std::uint8_t>());  // would fit, but nothing after a failure counts
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, reader.varint());
    CPPUNIT_ASSERT(reader.bytes(1).empty());
    CPPUNIT_ASSERT_EQUAL(std::size_t{0}, reader.position());
  }

  void lengthBeyondTheEndIsInvalid() {
    for (const std::uint64_t size : {std::uint64_t{4}, std::numeric_limits<std::uint64_t>::max()}) {
      const std::string bytes = "abc";
      ByteReader reader(asBytes(bytes));
      CPPUNIT_ASSERT(reader.bytes(size).empty());
      CPPUNIT_ASSERT(!reader.isValid());
    }
    const std::string exact = "abc";
    ByteReader reader(asBytes(exact));
    CPPUNIT_ASSERT(asText(reader.bytes(3)) == "abc");
    CPPUNIT_ASSERT(reader.bytes(0).empty());
    CPPUNIT_ASSERT(reader.isValid());
  }

  void textHasItsLengthBefore() {
    std::string out;
    appendVarint(out, 5);
    out += "hello";
    appendVarint(out, 0);
    ByteReader reader(asBytes(out));
    CPPUNIT_ASSERT(reader.text() == "hello");
    CPPUNIT_ASSERT(reader.text().empty());
    CPPUNIT_ASSERT(reader.isValid());
    CPPUNIT_ASSERT(reader.text().empty());
    CPPUNIT_ASSERT(!reader.isValid());
  }

  void everyTruncationIsNoticed() {
    std::string whole;
    appendVarint(whole, 300);
    appendLittle<std::uint64_t>(whole, 7);
    appendVarint(whole, 3);
    whole += "abc";
    for (std::size_t size = 0; size <= whole.size(); ++size) {
      ByteReader reader(asBytes(std::string_view(whole).substr(0, size)));
      reader.varint();
      reader.little<std::uint64_t>();
      const std::string_view text = reader.text();
      CPPUNIT_ASSERT_EQUAL(size == whole.size(), reader.isValid());
      CPPUNIT_ASSERT(reader.isValid() ? text == "abc" : text.empty());
    }
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(BytesTest);

}  // namespace gyre::base
