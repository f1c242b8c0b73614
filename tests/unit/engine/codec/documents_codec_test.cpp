// What a segment keeps of whole documents: sources, ids, live bits.
#include <cppunit/extensions/HelperMacros.h>

#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "engine/codec/id_index.hpp"
#include "engine/codec/live_docs.hpp"
#include "engine/codec/stored_fields.hpp"

namespace {

using gyre::base::asBytes;
using gyre::engine::DocId;
using gyre::engine::LiveBits;

struct Stored {
  std::string data, index;
};

Stored store(const std::vector<std::string>& sources) {
  Stored stored;
  gyre::engine::StringSink sink(stored.data);
  gyre::engine::StoredFieldsWriter writer(sink);
  for (const std::string& source : sources) CPPUNIT_ASSERT(writer.add(source).isOk());
  CPPUNIT_ASSERT(writer.finish(stored.index).isOk());
  return stored;
}

}  // namespace

class DocumentsCodecTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(DocumentsCodecTest);
  CPPUNIT_TEST(sourcesComeBackByteForByte);
  CPPUNIT_TEST(copiedBlocksReadTheSame);
  CPPUNIT_TEST(damagedBlockIsCorruptionNotAWrongAnswer);
  CPPUNIT_TEST(readersAreNotConfusedByTheCache);
  CPPUNIT_TEST(idsAreFoundAndOthersAreNot);
  CPPUNIT_TEST(damagedIdTableIsHarmless);
  CPPUNIT_TEST(liveBitsSurvive);
  CPPUNIT_TEST(damagedLiveBitsAreRefused);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override {
    const auto seed = std::random_device()();
    std::cerr << " seed " << seed << ' ';
    random_.seed(seed);
  }

  void sourcesComeBackByteForByte() {
    std::vector<std::string> sources = {"", "{}", std::string(200'000, 'x'), std::string("\0\n\xff", 3)};
    for (int i = 0; i < 2000; ++i) sources.push_back(R"({"number":)" + std::to_string(random_()) + "}");
    const Stored stored = store(sources);
    const auto reader = open(stored, sources.size());
    CPPUNIT_ASSERT(reader.blockCount() > 3);
    for (DocId doc = 0; doc < sources.size(); ++doc) CPPUNIT_ASSERT(reader.read(doc).value() == sources[doc]);
  }

  void copiedBlocksReadTheSame() {
    std::vector<std::string> sources;
    for (int i = 0; i < 3000; ++i) sources.push_back("source " + std::to_string(random_()));
    const Stored stored = store(sources);
    const auto reader = open(stored, sources.size());
    Stored copy;
    gyre::engine::StringSink sink(copy.data);
    gyre::engine::StoredFieldsWriter writer(sink);
    CPPUNIT_ASSERT(writer.add("before").isOk());
    for (std::uint32_t i = 0; i < reader.blockCount(); ++i)
      CPPUNIT_ASSERT(writer.addBlock(reader.block(i).compressed, reader.block(i).doc_count).isOk());
    CPPUNIT_ASSERT(writer.add("after").isOk());
    CPPUNIT_ASSERT(writer.finish(copy.index).isOk());
    const auto merged = open(copy, sources.size() + 2);
    CPPUNIT_ASSERT_EQUAL(std::string("before"), merged.read(0).value());
    for (DocId doc = 0; doc < sources.size(); ++doc) CPPUNIT_ASSERT_EQUAL(sources[doc], merged.read(doc + 1).value());
    CPPUNIT_ASSERT_EQUAL(std::string("after"), merged.read(static_cast<DocId>(sources.size()) + 1).value());
  }

  void damagedBlockIsCorruptionNotAWrongAnswer() {
    std::vector<std::string> sources;
    for (int i = 0; i < 40; ++i) sources.push_back("source " + std::to_string(random_()));
    const Stored stored = store(sources);
    for (std::size_t at = 0; at < stored.data.size(); ++at)
      for (int bit = 0; bit < 8; ++bit) {
        Stored damaged = stored;
        damaged.data[at] = static_cast<char>(damaged.data[at] ^ (1 << bit));
        const auto source = open(damaged, sources.size()).read(7);
        if (source.isOk()) {
          CPPUNIT_ASSERT_EQUAL(sources[7], source.value());
        } else {
          CPPUNIT_ASSERT_EQUAL(int(gyre::Code::kCorruption), int(source.status().code()));
        }
      }
    for (std::size_t size = 0; size < stored.index.size(); ++size)
      CPPUNIT_ASSERT(
          !gyre::engine::StoredFieldsReader::open(asBytes(stored.data), asBytes(stored.index).first(size), 40).isOk());
  }

  void readersAreNotConfusedByTheCache() {
    const Stored one = store({"one"}), two = store({"two"});
    const auto first = open(one, 1), second = open(two, 1);
    for (int i = 0; i < 3; ++i) {
      CPPUNIT_ASSERT_EQUAL(std::string("one"), first.read(0).value());
      CPPUNIT_ASSERT_EQUAL(std::string("two"), second.read(0).value());
    }
  }

  void idsAreFoundAndOthersAreNot() {
    for (const std::size_t count : {1u, 2u, 100u, 5000u, 20'000u}) {
      makeIds(count);
      const auto reader = openIds();
      for (DocId doc = 0; doc < count; ++doc) {
        CPPUNIT_ASSERT_EQUAL(ids_[doc], std::string(reader.id(doc)));
        CPPUNIT_ASSERT(reader.find(ids_[doc], gyre::engine::hashId(ids_[doc])) == doc);
        const std::string other = "x" + ids_[doc];
        CPPUNIT_ASSERT(!reader.find(other, gyre::engine::hashId(other)));
      }
    }
  }

  void damagedIdTableIsHarmless() {
    makeIds(300);
    const std::string sound = table_;
    for (std::size_t at = 0; at < sound.size(); at += 3) {
      table_ = sound;
      table_[at] = static_cast<char>(random_());
      const auto reader = openIds();
      for (DocId doc = 0; doc < 300; doc += 17) reader.find(ids_[doc], gyre::engine::hashId(ids_[doc]));
    }
    table_.assign(sound.size(), '\x55');  // no free slot: the search must still end
    const auto reader = openIds();
    CPPUNIT_ASSERT(!reader.find("absent", gyre::engine::hashId("absent")));
  }

  void liveBitsSurvive() {
    for (const std::uint32_t docs : {1u, 63u, 64u, 65u, 4096u, 10'000u})
      for (const unsigned percent : {0u, 1u, 50u, 99u, 100u}) {
        LiveBits live = gyre::engine::allLive(docs);
        CPPUNIT_ASSERT_EQUAL(docs, gyre::engine::countLive(live));
        for (DocId doc = 0; doc < docs; ++doc)
          if (random_() % 100 < percent) gyre::engine::clearLive(live, doc);
        const std::string bytes = gyre::engine::serializeLive(live, docs);
        CPPUNIT_ASSERT(bytes.size() <= docs / 8 + 2);
        const auto back = gyre::engine::parseLive(asBytes(bytes), docs);
        CPPUNIT_ASSERT(back.has_value() && *back == live);
      }
  }

  void damagedLiveBitsAreRefused() {
    LiveBits live = gyre::engine::allLive(100);
    gyre::engine::clearLive(live, 99);
    const std::string runs = gyre::engine::serializeLive(live, 100);
    CPPUNIT_ASSERT(!gyre::engine::parseLive(asBytes(runs), 99));
    CPPUNIT_ASSERT(!gyre::engine::parseLive({}, 100));
    CPPUNIT_ASSERT(!gyre::engine::parseLive(asBytes(std::string_view("\x02", 1)), 100));
    CPPUNIT_ASSERT(!gyre::engine::parseLive(asBytes(std::string_view("\x00\x05", 2)), 100));
    CPPUNIT_ASSERT(!gyre::engine::parseLive(asBytes(std::string_view("\x00\x05\x00", 3)), 100));
    CPPUNIT_ASSERT(!gyre::engine::parseLive(asBytes("\x01" + std::string(13, '\xff')), 100));  // bits beyond the last
    CPPUNIT_ASSERT(gyre::engine::parseLive(asBytes("\x01" + std::string(12, '\xff') + "\x0f"), 100));
  }

 private:
  static gyre::engine::StoredFieldsReader open(const Stored& stored, std::size_t docs) {
    auto opened = gyre::engine::StoredFieldsReader::open(asBytes(stored.data), asBytes(stored.index),
                                                         static_cast<std::uint32_t>(docs));
    CPPUNIT_ASSERT_MESSAGE(std::string(opened.status().message()), opened.isOk());
    return std::move(opened).value();
  }
  void makeIds(std::size_t count) {
    gyre::engine::IdIndexWriter writer;
    ids_.clear();
    bytes_ = ends_ = table_ = "";
    for (std::size_t i = 0; i < count; ++i) {
      ids_.push_back(std::to_string(random_()) + std::string(random_() % 20, '-') + std::to_string(i));
      writer.add(ids_.back());
    }
    writer.finish(bytes_, ends_, table_);
  }
  gyre::engine::IdIndexReader openIds() {
    auto opened = gyre::engine::IdIndexReader::open(asBytes(bytes_), asBytes(ends_), asBytes(table_),
                                                    static_cast<std::uint32_t>(ids_.size()), static_cast<std::uint32_t>(ids_.size()));
    CPPUNIT_ASSERT_MESSAGE(std::string(opened.status().message()), opened.isOk());
    return std::move(opened).value();
  }

  std::mt19937 random_;
  std::vector<std::string> ids_;
  std::string bytes_, ends_, table_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(DocumentsCodecTest);
