// What a segment keeps of whole documents: sources, ids, live bits.
#include <cppunit/extensions/HelperMacros.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "engine/codec/id_index.hpp"
#include "engine/codec/live_docs.hpp"
#include "engine/codec/stored_fields.hpp"
#include "tests/support/seeded_random.hpp"

namespace {

using gyre::base::asBytes;
using gyre::engine::DocId;
using gyre::engine::LiveBits;

using gyre::engine::BlockDictionary;
using gyre::engine::DictionaryPtr;
using Sources = std::vector<std::string>;

struct Stored {
  std::string data, blocks, dictionaries;
};

Stored store(const Sources& sources, const DictionaryPtr& dictionary = nullptr) {
  Stored stored;
  gyre::engine::StringSink sink(stored.data);
  gyre::engine::StoredFieldsWriter writer(sink, dictionary);
  for (const std::string& source : sources) CPPUNIT_ASSERT(writer.add(source).isOk());
  CPPUNIT_ASSERT(writer.finish(stored.blocks, stored.dictionaries).isOk());
  return stored;
}

// As segments were written before blocks had dictionaries.
std::string oldIndex(const gyre::engine::StoredFieldsReader& reader, std::size_t data_size, std::uint32_t docs) {
  std::string index;
  gyre::base::appendLittle(index, docs);
  gyre::base::appendLittle(index, reader.blockCount());
  std::uint64_t start = 0;
  for (std::uint32_t i = 0; i < reader.blockCount(); ++i) {
    gyre::base::appendLittle(index, start);
    start += reader.block(i).compressed.size();
  }
  CPPUNIT_ASSERT_EQUAL(std::uint64_t{data_size}, start);
  gyre::base::appendLittle(index, start);
  for (std::uint32_t i = 0; i < reader.blockCount(); ++i) gyre::base::appendLittle(index, reader.block(i).first_doc);
  gyre::base::appendLittle(index, docs);
  return index;
}

std::vector<std::string_view> samplesOf(const Sources& sources) {
  return gyre::engine::sampleRuns(static_cast<std::uint32_t>(sources.size()),
                                  [&](std::uint32_t i) { return std::string_view(sources[i]); });
}

}  // namespace

class DocumentsCodecTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(DocumentsCodecTest);
  CPPUNIT_TEST(sourcesComeBackByteForByte);
  CPPUNIT_TEST(indexOfOlderSegmentsIsRead);
  CPPUNIT_TEST(dictionaryFitsWhatItWasMadeFor);
  CPPUNIT_TEST(dictionaryMakesSmallBlocksSmall);
  CPPUNIT_TEST(twoDocumentsOfSomeSizeAreABlock);
  CPPUNIT_TEST(documentsWithoutAnythingInCommon);
  CPPUNIT_TEST(documentsOfMegabytesAreSamplesToo);
  CPPUNIT_TEST(copiedBlocksReadTheSame);
  CPPUNIT_TEST(damagedBlockIsCorruptionNotAWrongAnswer);
  CPPUNIT_TEST(readersAreNotConfusedByTheCache);
  CPPUNIT_TEST(idsAreFoundAndOthersAreNot);
  CPPUNIT_TEST(idTableOfOlderSegmentsIsRead);
  CPPUNIT_TEST(damagedIdTableIsHarmless);
  CPPUNIT_TEST(liveBitsSurvive);
  CPPUNIT_TEST(damagedLiveBitsAreRefused);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override { random_ = gyre::test::seededRandom(); }

  void sourcesComeBackByteForByte() {
    Sources sources = {"", "{}", std::string(200'000, 'x'), std::string("\0\n\xff", 3)};
    for (int i = 0; i < 2000; ++i) sources.push_back(payment());
    for (const DictionaryPtr& dictionary : {DictionaryPtr(), dictionaryOf(&DocumentsCodecTest::payment)}) {
      const Stored stored = store(sources, dictionary);
      const auto reader = open(stored, sources.size());
      CPPUNIT_ASSERT(reader.blockCount() > 3);
      CPPUNIT_ASSERT_EQUAL(dictionary ? std::size_t{1} : std::size_t{0}, reader.dictionaries().size());
      for (DocId doc = 0; doc < sources.size(); ++doc) CPPUNIT_ASSERT(reader.read(doc).value() == sources[doc]);
      // And in no order.
      for (int i = 0; i < 1000; ++i) {
        const auto doc = static_cast<DocId>(random_() % sources.size());
        CPPUNIT_ASSERT(reader.read(doc).value() == sources[doc]);
      }
    }
  }

  void indexOfOlderSegmentsIsRead() {
    Sources sources;
    for (int i = 0; i < 3000; ++i) sources.push_back(payment());
    const Stored stored = store(sources);
    const auto docs = static_cast<std::uint32_t>(sources.size());
    const std::string index = oldIndex(open(stored, docs), stored.data.size(), docs);
    const auto opened = gyre::engine::StoredFieldsReader::open({asBytes(stored.data), asBytes(index), {}, {}}, docs);
    CPPUNIT_ASSERT(opened.isOk());
    for (DocId doc = 0; doc < docs; ++doc) CPPUNIT_ASSERT_EQUAL(sources[doc], opened.value().read(doc).value());
    for (std::size_t size = 0; size < index.size(); size += 7)
      CPPUNIT_ASSERT(
          !gyre::engine::StoredFieldsReader::open({asBytes(stored.data), asBytes(index).first(size), {}, {}}, docs)
               .isOk());
  }

  void dictionaryFitsWhatItWasMadeFor() {
    const DictionaryPtr dictionary = dictionaryOf(&DocumentsCodecTest::payment);
    Sources same, others;
    for (int i = 0; i < 3000; ++i) same.push_back(payment());
    for (int i = 0; i < 3000; ++i) others.push_back(logLine());
    CPPUNIT_ASSERT(dictionary->promisedPermille() > 0 && dictionary->promisedPermille() < 600);
    CPPUNIT_ASSERT(dictionary->fits(samplesOf(same)));
    CPPUNIT_ASSERT(!dictionary->fits(samplesOf(others)));
    const auto opened = BlockDictionary::open(dictionary->bytes(), dictionary->promisedPermille());
    CPPUNIT_ASSERT(opened.isOk() && gyre::engine::isSame(opened.value(), dictionary));
  }

  void dictionaryMakesSmallBlocksSmall() {
    Sources sources;
    for (int i = 0; i < 3000; ++i) sources.push_back(payment());
    const Stored plain = store(sources), with = store(sources, dictionaryOf(&DocumentsCodecTest::payment));
    CPPUNIT_ASSERT(open(with, sources.size()).blockCount() > 5 * open(plain, sources.size()).blockCount());
    CPPUNIT_ASSERT(with.data.size() < plain.data.size() * 5 / 4);
  }

  void twoDocumentsOfSomeSizeAreABlock() {
    const DictionaryPtr dictionary = dictionaryOf(&DocumentsCodecTest::payment);
    const auto docsInBlocks = [&](std::size_t size) {
      Sources sources(12, std::string(size, 'x'));
      const Stored stored = store(sources, dictionary);
      return open(stored, sources.size()).block(0).doc_count;
    };
    CPPUNIT_ASSERT_EQUAL(4u, docsInBlocks(319));
    CPPUNIT_ASSERT_EQUAL(2u, docsInBlocks(320));
    CPPUNIT_ASSERT_EQUAL(2u, docsInBlocks(1023));
    CPPUNIT_ASSERT_EQUAL(1u, docsInBlocks(1024));
  }

  void documentsWithoutAnythingInCommon() {
    Sources sources(1000);
    for (std::string& source : sources)
      for (int i = 0; i < 400; ++i) source += static_cast<char>(random_());
    const DictionaryPtr dictionary = BlockDictionary::train(samplesOf(sources));  // may be null, or of little use
    const Stored stored = store(sources, dictionary);
    const auto reader = open(stored, sources.size());
    for (DocId doc = 0; doc < sources.size(); ++doc) CPPUNIT_ASSERT(reader.read(doc).value() == sources[doc]);
    const Sources equal(1000, "{}");
    (void)BlockDictionary::train(samplesOf(equal));
    (void)BlockDictionary::train({});
  }

  // A segment whose dictionary nobody opens again would be a segment lost.
  void documentsOfMegabytesAreSamplesToo() {
    Sources sources(16, std::string(2u << 20, ' '));
    for (std::string& source : sources)
      for (std::size_t i = 0; i < source.size(); i += 3) source[i] = static_cast<char>('a' + random_() % 26);
    const DictionaryPtr dictionary = BlockDictionary::train(samplesOf(sources));
    CPPUNIT_ASSERT(dictionary != nullptr);
    CPPUNIT_ASSERT(dictionary->bytes().size() < 100'000);
    const auto opened = BlockDictionary::open(dictionary->bytes(), dictionary->promisedPermille());
    CPPUNIT_ASSERT_MESSAGE(std::string(opened.status().message()), opened.isOk());
    const Stored stored = store(sources, opened.value());
    const auto reader = open(stored, sources.size());
    for (DocId doc = 0; doc < sources.size(); ++doc) CPPUNIT_ASSERT(reader.read(doc).value() == sources[doc]);
  }

  void copiedBlocksReadTheSame() {
    struct Part {
      Sources sources;
      DictionaryPtr dictionary;
    };
    std::vector<Part> parts(4);
    parts[0].dictionary = dictionaryOf(&DocumentsCodecTest::payment);
    parts[2].dictionary = dictionaryOf(&DocumentsCodecTest::logLine);
    parts[3].dictionary = parts[0].dictionary;
    Stored copy;
    gyre::engine::StringSink sink(copy.data);
    gyre::engine::StoredFieldsWriter writer(sink, parts[2].dictionary);
    Sources expected = {"before"};
    CPPUNIT_ASSERT(writer.add("before").isOk());
    for (Part& part : parts) {
      for (int i = 0; i < 1000; ++i) part.sources.push_back(payment());
      const Stored stored = store(part.sources, part.dictionary);
      const auto reader = open(stored, part.sources.size());
      for (std::uint32_t i = 0; i < reader.blockCount(); ++i) {
        const auto block = reader.block(i);
        CPPUNIT_ASSERT(writer.addBlock(block.compressed, block.doc_count, block.dictionary).isOk());
      }
      expected.insert(expected.end(), part.sources.begin(), part.sources.end());
    }
    CPPUNIT_ASSERT(writer.add("after").isOk());
    expected.push_back("after");
    CPPUNIT_ASSERT(writer.finish(copy.blocks, copy.dictionaries).isOk());
    const auto merged = open(copy, expected.size());
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, merged.dictionaries().size());
    for (DocId doc = 0; doc < expected.size(); ++doc) CPPUNIT_ASSERT_EQUAL(expected[doc], merged.read(doc).value());
  }

  void damagedBlockIsCorruptionNotAWrongAnswer() {
    Sources sources;
    for (int i = 0; i < 12; ++i) sources.push_back(payment());
    const auto docs = static_cast<std::uint32_t>(sources.size());
    for (const DictionaryPtr& dictionary : {DictionaryPtr(), dictionaryOf(&DocumentsCodecTest::payment)}) {
      const Stored stored = store(sources, dictionary);
      const auto expectSound = [&](const Stored& damaged) {
        const auto opened = gyre::engine::StoredFieldsReader::open(sectionsOf(damaged), docs);
        const auto source = opened.isOk() ? opened.value().read(7) : gyre::Result<std::string>(opened.status());
        if (source.isOk()) {
          CPPUNIT_ASSERT_EQUAL(sources[7], source.value());
        } else {
          CPPUNIT_ASSERT_EQUAL(int(gyre::Code::kCorruption), int(source.status().code()));
        }
      };
      for (std::size_t at = 0; at < stored.data.size(); ++at)
        for (int bit = 0; bit < 8; ++bit) {
          Stored damaged = stored;
          damaged.data[at] = static_cast<char>(damaged.data[at] ^ (1 << bit));
          expectSound(damaged);
        }
      for (std::size_t at = 0; at < stored.dictionaries.size(); at += 1 + at / 20) {
        Stored damaged = stored;
        damaged.dictionaries[at] = static_cast<char>(damaged.dictionaries[at] ^ (1 << random_() % 8));
        expectSound(damaged);
      }
      for (std::size_t size = 1; size < stored.blocks.size(); ++size) {
        Stored cut = stored;
        cut.blocks.resize(size);
        CPPUNIT_ASSERT(!gyre::engine::StoredFieldsReader::open(sectionsOf(cut), docs).isOk());
      }
      for (std::size_t size = 1; size < stored.dictionaries.size(); size += 1 + size / 20) {
        Stored cut = stored;
        cut.dictionaries.resize(size);
        CPPUNIT_ASSERT(!gyre::engine::StoredFieldsReader::open(sectionsOf(cut), docs).isOk());
      }
    }
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

  void idTableOfOlderSegmentsIsRead() {
    makeIds(1000);
    is_old_ = true;
    const std::uint64_t capacity = 2048;
    table_.assign(capacity * 5, '\0');
    for (std::uint32_t doc = 0; doc < ids_.size(); ++doc) {
      const std::uint64_t hash = gyre::engine::hashId(ids_[doc]);
      std::uint64_t slot = hash % capacity;
      while (table_[slot] != '\0') slot = (slot + 1) % capacity;
      table_[slot] = hash >> 56 == 0 ? '\1' : static_cast<char>(hash >> 56);
      std::memcpy(table_.data() + capacity + slot * 4, &doc, 4);
    }
    const auto reader = openIds();
    for (DocId doc = 0; doc < ids_.size(); ++doc) {
      CPPUNIT_ASSERT(reader.find(ids_[doc], gyre::engine::hashId(ids_[doc])) == doc);
      const std::string other = "x" + ids_[doc];
      CPPUNIT_ASSERT(!reader.find(other, gyre::engine::hashId(other)));
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
  static gyre::engine::StoredSections sectionsOf(const Stored& stored) {
    return {asBytes(stored.data), {}, asBytes(stored.blocks), asBytes(stored.dictionaries)};
  }
  static gyre::engine::StoredFieldsReader open(const Stored& stored, std::size_t docs) {
    auto opened = gyre::engine::StoredFieldsReader::open(sectionsOf(stored), static_cast<std::uint32_t>(docs));
    CPPUNIT_ASSERT_MESSAGE(std::string(opened.status().message()), opened.isOk());
    return std::move(opened).value();
  }
  std::string words(int count) {
    static constexpr const char* kWords[] = {"rent", "march", "order", "refund", "salary", "book", "tea", "flat"};
    std::string text;
    for (int i = 0; i < count; ++i) text += (i == 0 ? "" : " ") + std::string(kWords[random_() % 8]);
    return text;
  }
  std::string payment() {
    return R"({"paymentId":")" + std::to_string(random_()) + R"(","organizationId":"org-)" +
           std::to_string(random_() % 200) + R"(","amount":)" + std::to_string(random_() % 1000) +
           R"(,"currency":"EUR","status":"completed","description":")" + words(6) + "\"}";
  }
  std::string logLine() {
    return R"({"@timestamp":"2024-06-01T00:00:01.)" + std::to_string(random_() % 1000) + R"(Z","host":"host-)" +
           std::to_string(random_() % 60) + R"(","level":"INFO","message":"job )" + words(3) + " finished\"}";
  }
  DictionaryPtr dictionaryOf(std::string (DocumentsCodecTest::*make)()) {
    Sources sources;
    for (int i = 0; i < 4000; ++i) sources.push_back((this->*make)());
    DictionaryPtr dictionary = BlockDictionary::train(samplesOf(sources));
    CPPUNIT_ASSERT(dictionary != nullptr);
    return dictionary;
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
    const auto count = static_cast<std::uint32_t>(ids_.size());
    auto opened = gyre::engine::IdIndexReader::open(
        is_old_ ? gyre::engine::IdIndexReader::Sections{asBytes(bytes_), asBytes(ends_), {}, asBytes(table_)}
                : gyre::engine::IdIndexReader::Sections{asBytes(bytes_), asBytes(ends_), asBytes(table_), {}},
        count, count);
    CPPUNIT_ASSERT_MESSAGE(std::string(opened.status().message()), opened.isOk());
    return std::move(opened).value();
  }

  std::mt19937 random_;
  std::vector<std::string> ids_;
  std::string bytes_, ends_, table_;
  bool is_old_ = false;  // table_ is as segments had it before there were slots
};

CPPUNIT_TEST_SUITE_REGISTRATION(DocumentsCodecTest);
