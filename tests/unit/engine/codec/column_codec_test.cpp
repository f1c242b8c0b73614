#include "engine/codec/column_codec.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <iostream>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "engine/codec/column_filter.hpp"
#include "engine/codec/column_layout.hpp"
#include "engine/mapping/numeric_value.hpp"

namespace {

using gyre::engine::ColumnContent;
using gyre::engine::ColumnReader;
using gyre::engine::ColumnWriter;
using gyre::engine::DocId;
using gyre::engine::kWindowDocs;
using gyre::engine::kWindowWords;
using Model = std::map<DocId, std::vector<std::int64_t>>;  // values ascending

std::string write(ColumnContent content, std::uint32_t docs, const Model& model) {
  ColumnWriter writer(content);
  for (const auto& [doc, values] : model)
    for (auto value = values.rbegin(); value != values.rend(); ++value) writer.add(doc, *value);
  std::string bytes;
  writer.finish(docs, bytes);
  return bytes;
}

// What the packed form says of ranges whose ends are values of the window, or next to them.
std::string compareRanges(const ColumnReader& reader, std::uint32_t window, const Model& model) {
  const DocId base = window * kWindowDocs;
  std::vector<std::int64_t> ends = {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
  const auto end = model.lower_bound(base + kWindowDocs);
  std::size_t number = 0;
  for (auto each = model.lower_bound(base); each != end; ++each)
    if (number++ % 500 == 0)
      for (const std::int64_t step : {-1, 0, 1})
        if (const std::int64_t value = each->second.front();
            value > std::numeric_limits<std::int64_t>::min() && value < std::numeric_limits<std::int64_t>::max())
          ends.push_back(value + step);
  for (const std::int64_t lowest : ends)
    for (const std::int64_t highest : ends) {
      std::vector<std::uint64_t> bits(kWindowWords);
      if (lowest > highest || !gyre::engine::matchPacked(reader, window, lowest, highest, bits.data())) continue;
      for (std::uint32_t i = 0; i < kWindowDocs; ++i) {
        const auto each = model.find(base + i);
        const bool is_within = each != model.end() && lowest <= each->second.front() && each->second.front() <= highest;
        if (((bits[i / 64] >> (i % 64) & 1) != 0) != is_within) return "range at " + std::to_string(base + i);
      }
    }
  return {};
}

// Everything a reader can say, against the model; "" or what differs.
std::string compare(const ColumnReader& reader, std::uint32_t docs, const Model& model) {
  std::vector<std::int64_t> values(kWindowDocs), all;
  std::vector<std::uint64_t> present(kWindowWords);
  std::vector<std::uint32_t> offsets;
  std::uint32_t total = 0;
  for (std::uint32_t window = 0; window * kWindowDocs < docs; ++window) {
    reader.read(window, values.data(), present.data());
    reader.readMulti(window, offsets, all);
    const auto stats = reader.blockStats(window);
    if (const std::string differs = compareRanges(reader, window, model); !differs.empty()) return differs;
    std::uint32_t seen = 0;
    for (std::uint32_t i = 0; i < kWindowDocs; ++i) {
      const DocId doc = window * kWindowDocs + i;
      const auto expected = model.find(doc);
      const bool is_there = expected != model.end();
      if (((present[i / 64] >> (i % 64) & 1) != 0) != is_there) return "presence of " + std::to_string(doc);
      if (doc >= docs) continue;
      std::int64_t one = 0;
      std::vector<std::int64_t> each;
      reader.readAll(doc, each);
      if (reader.readOne(doc, one) != is_there || each.empty() == is_there) return "readOne of " + std::to_string(doc);
      if (!is_there) {
        if (offsets[i] != offsets[i + 1]) return "offsets of " + std::to_string(doc);
        continue;
      }
      ++seen;
      total += static_cast<std::uint32_t>(each.size());
      if (values[i] != expected->second.front() || one != values[i]) return "value of " + std::to_string(doc);
      if (each != expected->second) return "values of " + std::to_string(doc);
      if (!std::equal(each.begin(), each.end(), all.begin() + offsets[i], all.begin() + offsets[i + 1]))
        return "multi of " + std::to_string(doc);
      if (each.front() < stats.min || each.back() > stats.max) return "bounds of " + std::to_string(doc);
    }
    if (stats.doc_count != seen || stats.value_count != all.size()) return "counts of window " + std::to_string(window);
  }
  return reader.stats().value_count == total && reader.stats().doc_count == model.size() ? "" : "totals";
}

// Picking some documents out, and doubles as units, against reading all; "" or what differs.
std::string comparePicks(const ColumnReader& reader, ColumnContent content, std::uint32_t docs,
                         std::mt19937_64& random) {
  std::vector<std::int64_t> values(kWindowDocs), picked(kWindowDocs), units(kWindowDocs);
  std::vector<std::uint64_t> present(kWindowWords), other(kWindowWords);
  std::vector<std::uint32_t> places(kWindowDocs), ordinals(kWindowDocs);
  for (std::uint32_t window = 0; window * kWindowDocs < docs; ++window) {
    const std::uint32_t size = std::min(kWindowDocs, docs - window * kWindowDocs);
    const std::string where = " of window " + std::to_string(window);
    reader.read(window, values.data(), present.data());
    const auto isPresent = [&](std::uint32_t i) { return (present[i / 64] >> (i % 64) & 1) != 0; };
    std::vector<std::uint16_t> wanted(random() % size + 1);
    for (auto& doc : wanted) doc = static_cast<std::uint16_t>(random() % size);
    const auto differs = [&](std::uint32_t found, const std::vector<std::int64_t>& expected) {
      if (found == wanted.size()) std::iota(places.begin(), places.begin() + found, 0u);
      std::uint32_t at = 0;
      for (std::uint32_t i = 0; i < wanted.size(); ++i) {
        if (!isPresent(wanted[i])) continue;
        if (at == found || places[at] != i || picked[at] != expected[wanted[i]]) return true;
        ++at;
      }
      return at != found;
    };
    if (differs(reader.gather(window, wanted, picked.data(), places.data()), values)) return "gather" + where;
    if (content == ColumnContent::kWhole) reader.readOrdinals(window, ordinals.data(), other.data());
    if (content == ColumnContent::kWhole && other != present) return "presence of ordinals" + where;
    for (std::uint32_t i = 0; i < size && content == ColumnContent::kWhole; ++i)
      if (isPresent(i) && ordinals[i] != static_cast<std::uint32_t>(values[i])) return "ordinals" + where;
    const int digits = reader.unitDigits(window);
    if (digits == ColumnReader::kNoUnits) continue;
    reader.readUnits(window, units.data(), other.data());
    if (other != present) return "presence of units" + where;
    for (std::uint32_t i = 0; i < size; ++i)
      if (isPresent(i) && gyre::engine::encodeDouble(static_cast<double>(units[i]) / std::pow(10, digits)) != values[i])
        return "units" + where;
    if (differs(reader.gatherUnits(window, wanted, picked.data(), places.data()), units)) return "gatherUnits" + where;
  }
  return "";
}

}  // namespace

class ColumnCodecTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ColumnCodecTest);
  CPPUNIT_TEST(whatGrowsWithItsDocumentsTakesFewBits);
  CPPUNIT_TEST(everyShapeSurvives);
  CPPUNIT_TEST(extremesSurvive);
  CPPUNIT_TEST(equalValuesTakeNoBits);
  CPPUNIT_TEST(commonDivisorIsTakenOut);
  CPPUNIT_TEST(shortDecimalsArePackedAsWholeNumbers);
  CPPUNIT_TEST(awkwardDoublesSurviveBitForBit);
  CPPUNIT_TEST(damagedHeadersAreRefused);
  CPPUNIT_TEST(anEmptyBlockHasNoExponent);
  CPPUNIT_TEST(columnsInTurnKnowWhichOfTheSameDocumentsTheyHave);
  CPPUNIT_TEST_SUITE_END();

 public:
  void whatGrowsWithItsDocumentsTakesFewBits() {
    const auto seed = std::random_device()();
    std::cerr << " seed " << seed << ' ';
    std::mt19937_64 random(seed);
    // A window and a part of one; times of arrival, ends of names of one length, and what falls.
    constexpr std::uint32_t kDocs = kWindowDocs + 1000;
    const std::function<std::int64_t(DocId)> series[] = {
        [&](DocId doc) {
          return 1'700'000'000'000 + std::int64_t{doc} * 86 + static_cast<std::int64_t>(random() % 64);
        },
        [](DocId doc) { return std::int64_t{doc} * 12; },
        [](DocId doc) { return -std::int64_t{doc} * 7'000 - 5; },
    };
    for (const auto& valueOf : series) {
      Model model;
      for (DocId doc = 0; doc < kDocs; ++doc) model[doc] = {valueOf(doc)};
      const std::string bytes = write(ColumnContent::kWhole, kDocs, model);
      CPPUNIT_ASSERT_MESSAGE(std::to_string(bytes.size()), bytes.size() < kDocs * 9 / 8 + 300);
      const auto reader = gyre::engine::openColumn(gyre::base::asBytes(bytes), kDocs);
      CPPUNIT_ASSERT(reader.isOk());
      CPPUNIT_ASSERT_EQUAL(std::string(), compare(*reader.value(), kDocs, model));
    }
  }

  void everyShapeSurvives() {
    const auto seed = std::random_device()();
    std::cerr << " seed " << seed << ' ';
    std::mt19937_64 random(seed);
    const std::vector<std::function<std::int64_t()>> kinds = {
        [&] { return static_cast<std::int64_t>(random()); }, [&] { return static_cast<std::int64_t>(random() % 100); },
        [&] { return std::int64_t{7}; },
        [&] { return 1'700'000'000'000 + static_cast<std::int64_t>(random() % 1000) * 60'000; },
        [&] { return -static_cast<std::int64_t>(random() % 5); }};
    for (const std::uint32_t docs : {1u, 63u, 64u, 100u, 4095u, 4096u, 4097u, 10'000u})
      for (const unsigned percent : {100u, 90u, 30u, 2u, 0u})
        for (const unsigned most_values : {1u, 3u})
          for (const auto& make : kinds) {
            Model model;
            for (DocId doc = 0; doc < docs; ++doc) {
              if (random() % 100 >= percent) continue;
              auto& values = model[doc];
              for (unsigned count = 1 + static_cast<unsigned>(random() % most_values); count > 0; --count)
                values.push_back(make());
              std::sort(values.begin(), values.end());
            }
            expectSame(ColumnContent::kWhole, docs, model);
          }
  }

  void columnsInTurnKnowWhichOfTheSameDocumentsTheyHave() {
    // As many values in each window, of a few documents: all have those of each tenth but one column, which has the
    // documents behind them from some place on.
    constexpr std::uint32_t kDocs = 2 * kWindowDocs;
    const auto columnOf = [](std::int64_t step, DocId moved_from) {
      Model model;
      for (DocId doc = 0; doc < kDocs; doc += 10) model[doc + (doc % kWindowDocs >= moved_from ? 1 : 0)] = {step * doc};
      return model;
    };
    constexpr DocId kNone = kWindowDocs;
    const Model models[] = {columnOf(3, kNone), columnOf(0, kNone), columnOf(5, 4'000), columnOf(7, kNone),
                            columnOf(0, 4'000)};
    std::vector<std::string> sections;
    for (const Model& model : models) sections.push_back(write(ColumnContent::kWhole, kDocs, model));
    for (std::uint32_t window = 0; window < 2; ++window) {
      const DocId base = window * kWindowDocs;
      std::vector<std::uint16_t> ascending;
      for (DocId doc = 0; doc < kDocs; doc += 10)
        if (doc / kWindowDocs == window) ascending.push_back(static_cast<std::uint16_t>(doc - base));
      std::vector<std::uint16_t> swapped = ascending, other = ascending;
      std::swap(swapped.front(), swapped.back());
      ++other.back();
      for (const auto& asked : {ascending, ascending, swapped, other, ascending})
        for (std::size_t which = 0; which < sections.size(); ++which) {
          const auto reader = gyre::engine::openColumn(gyre::base::asBytes(sections[which]), kDocs);
          CPPUNIT_ASSERT(reader.isOk());
          std::vector<std::int64_t> values(kWindowDocs), expected;
          std::vector<std::uint32_t> places(kWindowDocs), expected_places;
          for (std::uint32_t i = 0; i < asked.size(); ++i)
            if (const auto found = models[which].find(base + asked[i]); found != models[which].end()) {
              expected.push_back(found->second.front());
              expected_places.push_back(i);
            }
          values.resize(reader.value()->gather(window, asked, values.data(), places.data()));
          CPPUNIT_ASSERT_MESSAGE(std::to_string(which), values == expected);
          places.resize(values.size());
          if (values.size() < asked.size()) CPPUNIT_ASSERT(places == expected_places);
        }
    }
  }

  void extremesSurvive() {
    constexpr auto kMin = std::numeric_limits<std::int64_t>::min(), kMax = std::numeric_limits<std::int64_t>::max();
    expectSame(ColumnContent::kWhole, 3, {{0, {kMin}}, {1, {kMax}}, {2, {0}}});
    expectSame(ColumnContent::kWhole, 5, {{1, {kMin, kMax}}, {4, {-1}}});
    expectSame(ColumnContent::kWhole, 2, {{0, {kMax}}, {1, {kMax}}});
  }

  void equalValuesTakeNoBits() {
    Model model;
    for (DocId doc = 0; doc < kWindowDocs; ++doc) model[doc] = {123456789};
    CPPUNIT_ASSERT(write(ColumnContent::kWhole, kWindowDocs, model).size() < 200);
  }

  void commonDivisorIsTakenOut() {
    Model model;
    for (DocId doc = 0; doc < kWindowDocs; ++doc) model[doc] = {86'400'000 * static_cast<std::int64_t>(doc % 16)};
    // Four bits a document.
    CPPUNIT_ASSERT(write(ColumnContent::kWhole, kWindowDocs, model).size() < 200 + kWindowDocs / 2);
  }

  void shortDecimalsArePackedAsWholeNumbers() {
    Model doubles, floats;
    for (DocId doc = 0; doc < kWindowDocs; ++doc) {
      doubles[doc] = {gyre::engine::encodeDouble(static_cast<double>(doc % 1024) / 100)};
      floats[doc] = {gyre::engine::encodeFloat(static_cast<float>(static_cast<double>(doc % 1024) / 100))};
    }
    // Ten bits a document instead of 64.
    CPPUNIT_ASSERT(write(ColumnContent::kDouble, kWindowDocs, doubles).size() < 200 + kWindowDocs * 10 / 8);
    CPPUNIT_ASSERT(write(ColumnContent::kFloat, kWindowDocs, floats).size() < 200 + kWindowDocs * 10 / 8);
    expectSame(ColumnContent::kDouble, kWindowDocs, doubles);
    expectSame(ColumnContent::kFloat, kWindowDocs, floats);
    const auto unitsOf = [](ColumnContent content, const Model& model) {
      const std::string bytes = write(content, kWindowDocs, model);
      return gyre::engine::openColumn(gyre::base::asBytes(bytes), kWindowDocs).value()->unitDigits(0);
    };
    CPPUNIT_ASSERT_EQUAL(2, unitsOf(ColumnContent::kDouble, doubles));
    // What a float is rounded to has more decimals than it was written with.
    CPPUNIT_ASSERT_EQUAL(int{ColumnReader::kNoUnits}, unitsOf(ColumnContent::kFloat, floats));
  }

  void awkwardDoublesSurviveBitForBit() {
    using Limits = std::numeric_limits<double>;
    const std::vector<double> awkward = {0.0,
                                         -0.0,
                                         0.1,
                                         1e300,
                                         -1e-300,
                                         Limits::infinity(),
                                         -Limits::infinity(),
                                         Limits::denorm_min(),
                                         9007199254740993.0,
                                         1.0 / 3,
                                         113.21,
                                         1e14,
                                         0.5};
    for (std::size_t first = 0; first < awkward.size(); ++first)
      for (std::size_t second = 0; second < awkward.size(); ++second)
        expectSame(
            ColumnContent::kDouble, 3,
            {{0, {gyre::engine::encodeDouble(awkward[first])}}, {2, {gyre::engine::encodeDouble(awkward[second])}}});
    for (const float value : {0.1f, -0.0f, 16777217.0f, 3.4e38f, 1e-45f})
      expectSame(ColumnContent::kFloat, 2,
                 {{0, {gyre::engine::encodeFloat(value)}}, {1, {gyre::engine::encodeFloat(2.5f)}}});
  }

  void damagedHeadersAreRefused() {
    Model model;
    for (DocId doc = 0; doc < 200; doc += 3) model[doc] = {static_cast<std::int64_t>(doc), 1000};
    const std::string bytes = write(ColumnContent::kWhole, 200, model);
    CPPUNIT_ASSERT(gyre::engine::openColumn(gyre::base::asBytes(bytes), 200).isOk());
    CPPUNIT_ASSERT(!gyre::engine::openColumn(gyre::base::asBytes(bytes), 201).isOk());
    for (std::size_t size = 0; size < bytes.size(); ++size)
      CPPUNIT_ASSERT(
          !gyre::engine::openColumn(gyre::base::asBytes(std::string_view(bytes).substr(0, size)), 200).isOk());
    // Any byte may be anything: reading what opens must stay inside the section (the sanitizer watches).
    for (std::size_t at = 0; at < bytes.size(); ++at)
      for (const char value : {'\x00', '\x7f', '\xff'}) {
        std::string damaged = bytes;
        damaged[at] = value;
        const auto opened = gyre::engine::openColumn(gyre::base::asBytes(damaged), 200);
        if (!opened.isOk()) continue;
        compare(*opened.value(), 200, model);
        std::mt19937_64 random(at);
        comparePicks(*opened.value(), ColumnContent::kWhole, 200, random);
      }
  }

  // Readers look its power of ten up before they see that there is nothing to divide.
  void anEmptyBlockHasNoExponent() {
    constexpr DocId kDocs = gyre::engine::kWindowDocs + 10;
    std::string bytes = write(ColumnContent::kDouble, kDocs, {{kDocs - 1, {gyre::engine::encodeDouble(1.5)}}});
    CPPUNIT_ASSERT(gyre::engine::openColumn(gyre::base::asBytes(bytes), kDocs).isOk());
    bytes[gyre::engine::kColumnHeaderBytes + offsetof(gyre::engine::ColumnBlock, decimal)] = 49;
    CPPUNIT_ASSERT(!gyre::engine::openColumn(gyre::base::asBytes(bytes), kDocs).isOk());
  }

 private:
  static void expectSame(ColumnContent content, std::uint32_t docs, const Model& model) {
    const std::string bytes = write(content, docs, model);
    const auto opened = gyre::engine::openColumn(gyre::base::asBytes(bytes), docs);
    CPPUNIT_ASSERT_MESSAGE(std::string(opened.status().message()), opened.isOk());
    CPPUNIT_ASSERT_EQUAL(std::string(), compare(*opened.value(), docs, model));
    std::mt19937_64 random(docs + model.size());
    CPPUNIT_ASSERT_EQUAL(std::string(), comparePicks(*opened.value(), content, docs, random));
    const bool is_multi =
        std::any_of(model.begin(), model.end(), [](const auto& each) { return each.second.size() > 1; });
    CPPUNIT_ASSERT_EQUAL(is_multi, opened.value()->isMultiValued());
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ColumnCodecTest);
