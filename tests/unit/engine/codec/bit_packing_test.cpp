#include "engine/codec/bit_packing.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "engine/codec/norms.hpp"
#include "engine/codec/packed_lanes.hpp"

namespace {

// Packs, unpacks and picks single values; true when all came back.
template <class Value>
bool survives(const std::vector<Value>& values, unsigned width) {
  std::string bytes;
  gyre::engine::appendPacked(bytes, std::span<const Value>(values), width);
  if (bytes.size() != gyre::engine::packedBytes(values.size(), width)) return false;
  bytes.append(gyre::engine::kUnpackSlack, '\xff');  // what follows must not leak into values
  const auto* const from = gyre::base::asBytes(bytes).data();
  std::vector<Value> back(values.size());
  gyre::engine::unpack(from, values.size(), width, back.data());
  if (back != values) return false;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (gyre::engine::unpackOne(from, i, width) != values[i]) return false;
  return true;
}

}  // namespace

class BitPackingTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(BitPackingTest);
  CPPUNIT_TEST(everyWidthSurvives);
  CPPUNIT_TEST(packedValuesAreComparedAsTheyLie);
  CPPUNIT_TEST(widthZeroTakesNoBytes);
  CPPUNIT_TEST(layoutIsALittleEndianBitStream);
  CPPUNIT_TEST(widthIsWhatTheValueNeeds);
  CPPUNIT_TEST(normsAreTheDialectsOwn);
  CPPUNIT_TEST_SUITE_END();

 public:
  void everyWidthSurvives() {
    const auto seed = std::random_device()();
    std::cerr << " seed " << seed << ' ';
    std::mt19937_64 random(seed);
    for (unsigned width = 1; width <= 64; ++width) {
      const std::uint64_t mask = width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
      for (const std::size_t count : {0u, 1u, 7u, 8u, 9u, 63u, 128u, 1000u}) {
        std::vector<std::uint64_t> wide(count);
        for (auto& value : wide) value = random() % 3 == 0 ? mask : random() & mask;
        CPPUNIT_ASSERT_MESSAGE("width " + std::to_string(width), survives(wide, width));
        if (width > 32) continue;
        CPPUNIT_ASSERT(survives(std::vector<std::uint32_t>(wide.begin(), wide.end()), width));
      }
    }
  }

  void packedValuesAreComparedAsTheyLie() {
    const auto seed = std::random_device()();
    std::cerr << " seed " << seed << ' ';
    std::mt19937_64 random(seed);
    for (unsigned width = 0; width <= 64; ++width) {
      const std::uint64_t mask = width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
      for (const std::size_t count : {0u, 1u, 63u, 64u, 65u, 1000u}) {
        std::vector<std::uint64_t> values(count);
        for (auto& value : values) value = random() % 4 == 0 ? mask : random() & mask;
        std::string bytes;
        gyre::engine::appendPacked(bytes, std::span<const std::uint64_t>(values), width);
        bytes.append(gyre::engine::kUnpackSlack, '\xff');
        for (int round = 0; round < 6; ++round) {
          std::uint64_t lowest = round == 0 ? 0 : random() & mask;
          std::uint64_t highest = round == 1 ? ~std::uint64_t{0} : round == 2 ? lowest : random() & mask;
          if (lowest > highest) std::swap(lowest, highest);
          std::vector<std::uint64_t> bits((count + 63) / 64, 7);
          gyre::engine::packedWithin(gyre::base::asBytes(bytes).data(), count, width, lowest, highest, bits.data());
          for (std::size_t i = 0; i < count; ++i)
            CPPUNIT_ASSERT_EQUAL_MESSAGE("width " + std::to_string(width) + ", value " + std::to_string(i),
                                         lowest <= values[i] && values[i] <= highest,
                                         (bits[i / 64] >> (i % 64) & 1) != 0);
        }
      }
    }
  }

  void widthZeroTakesNoBytes() {
    std::string bytes;
    gyre::engine::appendPacked(bytes, std::span<const std::uint32_t>(std::vector<std::uint32_t>(100, 0)), 0);
    CPPUNIT_ASSERT(bytes.empty());
    CPPUNIT_ASSERT(survives(std::vector<std::uint64_t>(100, 0), 0));
  }

  void layoutIsALittleEndianBitStream() {
    std::string bytes;
    gyre::engine::appendPacked(bytes, std::span<const std::uint32_t>(std::vector<std::uint32_t>{1, 2, 7, 5}), 3);
    // 101 111 010 001
    CPPUNIT_ASSERT_EQUAL(std::string("\xd1\x0b"), bytes);
  }

  void widthIsWhatTheValueNeeds() {
    CPPUNIT_ASSERT_EQUAL(0u, gyre::engine::bitWidth(0));
    CPPUNIT_ASSERT_EQUAL(1u, gyre::engine::bitWidth(1));
    CPPUNIT_ASSERT_EQUAL(8u, gyre::engine::bitWidth(255));
    CPPUNIT_ASSERT_EQUAL(9u, gyre::engine::bitWidth(256));
    CPPUNIT_ASSERT_EQUAL(64u, gyre::engine::bitWidth(~std::uint64_t{0}));
  }

  void normsAreTheDialectsOwn() {
    using gyre::engine::lengthToNorm;
    using gyre::engine::normToLength;
    for (std::uint32_t length = 0; length <= 40; ++length)
      CPPUNIT_ASSERT_EQUAL(length, normToLength(lengthToNorm(length)));
    // As observed: 41 counts as 40, 57 as 56, 255 as 248, 1,000 as 984.
    for (const auto& [length, counted] : {std::pair{41u, 40u}, {42u, 42u}, {57u, 56u}, {255u, 248u}, {1000u, 984u}})
      CPPUNIT_ASSERT_EQUAL(counted, normToLength(lengthToNorm(length)));
    for (std::uint32_t length = 1; length < 5000; ++length) {
      CPPUNIT_ASSERT(lengthToNorm(length) >= lengthToNorm(length - 1));
      CPPUNIT_ASSERT(normToLength(lengthToNorm(length)) <= length);
    }
    CPPUNIT_ASSERT_EQUAL(255, int{lengthToNorm(0x7fff'ffff)});
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(BitPackingTest);
