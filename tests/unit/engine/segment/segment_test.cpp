// A segment as a whole: from the buffer, through merges, and with every kind of damage behind sound checksums.
#include <cppunit/extensions/HelperMacros.h>
#include <malloc.h>

#include <atomic>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "engine/codec/live_docs.hpp"
#include "engine/directory/ram_directory.hpp"
#include "engine/index.hpp"
#include "engine/segment/open_segment.hpp"
#include "engine/segment/segment_buffer.hpp"
#include "engine/segment/segment_merger.hpp"
#include "engine/segment/segment_writer.hpp"
#include "engine/writer/commit_point.hpp"
#include "engine/writer/segment_files.hpp"
#include "gyre/json.hpp"
#include "tests/support/seeded_random.hpp"

namespace {

using gyre::base::asBytes;
using gyre::engine::Completion;
using gyre::engine::DocId;
using gyre::engine::Field;
using gyre::engine::FieldReader;
using gyre::engine::LiveBits;
using gyre::engine::MemoryFile;
using gyre::engine::MemoryFileWriter;
using gyre::engine::MergeSource;
using gyre::engine::OpenSegment;
using gyre::engine::SegmentBuffer;

constexpr std::string_view kMappings = R"({"properties":{
"word":{"type":"keyword"},"hidden":{"type":"keyword","index":false},"searched":{"type":"keyword","doc_values":false},
"text":{"type":"text"},"number":{"type":"long"},"name":{"type":"completion"}}})";

// A document in the values that the sink receives.
struct Document {
  std::string id;
  std::vector<std::string> words;
  std::string hidden, searched, name;
  std::vector<std::string> terms;
  std::vector<std::int64_t> numbers;
};

}  // namespace

class SegmentTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(SegmentTest);
  CPPUNIT_TEST(bufferBecomesASegment);
  CPPUNIT_TEST(deadDocumentsAreLeftOutOfTheSegment);
  CPPUNIT_TEST(abandonedDocumentLeavesNoTrace);
  CPPUNIT_TEST(clearedBufferIsAsNew);
  CPPUNIT_TEST(whatItHoldsIsCounted);
  CPPUNIT_TEST(repeatedKeywordCountsOnce);
  CPPUNIT_TEST(fieldFlagsDecideWhatIsKept);
  CPPUNIT_TEST(mergedSegmentEqualsOneWrittenAtOnce);
  CPPUNIT_TEST(stoppedMergeSaysSo);
  CPPUNIT_TEST(forgedSegmentsNeverCrashTheCheck);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override {
    random_ = gyre::test::seededRandom();
    const auto document = gyre::json::Document::parse(kMappings);
    auto mapping = gyre::engine::Mapping::parse(document.value().root());
    CPPUNIT_ASSERT_MESSAGE(std::string(mapping.status().message()), mapping.isOk());
    mapping_ = std::move(mapping).value();
  }
  void tearDown() override { mapping_.reset(); }

  void bufferBecomesASegment() {
    SegmentBuffer buffer(mapping_);
    add(buffer, {"a", {"red", "blue"}, "", "", "Anna", {"to", "be", "or", "not", "to", "be"}, {5, -3}});
    add(buffer, {"b", {"red"}, "", "", "", {"be"}, {}});
    const auto segment = freeze(buffer);
    CPPUNIT_ASSERT_EQUAL(2u, segment->docCount());
    CPPUNIT_ASSERT_EQUAL(std::string("a"), segment->id(0).value());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, segment->version(1));
    CPPUNIT_ASSERT(segment->find("b") == DocId{1});
    CPPUNIT_ASSERT(!segment->find("c"));
    const FieldReader* const text = segment->field("text");
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{7}, text->sum_total_term_freq);
    CPPUNIT_ASSERT_EQUAL(6, int{text->norms[0]});
    CPPUNIT_ASSERT(text->present == nullptr);
    const auto be = text->terms->find("be");
    CPPUNIT_ASSERT_EQUAL(2u, be->info.doc_freq);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, be->info.total_term_freq);
    const auto postings = text->postings->cursor(be->info);
    CPPUNIT_ASSERT(postings->advanceBlock(0));
    CPPUNIT_ASSERT_EQUAL(2u, postings->freqs()[0]);
    CPPUNIT_ASSERT_EQUAL(5u, postings->positions(0)[1]);
    std::vector<std::int64_t> numbers;
    segment->field("number")->column->readAll(0, numbers);
    CPPUNIT_ASSERT((numbers == std::vector<std::int64_t>{-3, 5}));
    CPPUNIT_ASSERT_EQUAL(1u, segment->field("number")->doc_count);
    CPPUNIT_ASSERT(segment->field("hidden") == nullptr);
    std::string found;
    segment->field("name")->completion->visit("an", "", [&](const Completion& each) {
      found += std::string(each.text) + "/" + std::to_string(each.weight);
      return true;
    });
    CPPUNIT_ASSERT_EQUAL(std::string("Anna/7"), found);
  }

  void deadDocumentsAreLeftOutOfTheSegment() {
    SegmentBuffer buffer(mapping_);
    for (int i = 0; i < 100; ++i) add(buffer, randomDocument("id" + std::to_string(i % 40)));
    SegmentBuffer expected(mapping_);
    for (DocId doc = 0; doc < buffer.docCount(); ++doc)
      if (buffer.isLive(doc)) add(expected, documents_[doc], buffer.version(doc));
    expectSame(*freeze(expected), *freeze(buffer));
    CPPUNIT_ASSERT_EQUAL(40u, buffer.liveCount());
  }

  void abandonedDocumentLeavesNoTrace() {
    SegmentBuffer buffer(mapping_), expected(mapping_);
    for (int i = 0; i < 50; ++i) {
      const Document wrong = randomDocument("wrong");
      buffer.beginDocument();
      feed(buffer, wrong);
      buffer.abandonDocument();
      const Document right = randomDocument("id" + std::to_string(i));
      add(buffer, right, 9);
      add(expected, right, 9);
    }
    expectSame(*freeze(expected), *freeze(buffer));
  }

  // Few after many and many after few: tables of terms are kept, or not.
  void clearedBufferIsAsNew() {
    SegmentBuffer buffer(mapping_);
    for (const int count : {300, 3, 1, 2'000, 40}) {
      SegmentBuffer expected(mapping_);
      for (int i = 0; i < count; ++i) {
        const Document document = randomDocument("id" + std::to_string(random_() % 500));
        add(buffer, document, 5);
        add(expected, document, 5);
      }
      CPPUNIT_ASSERT(buffer.find("id7", gyre::engine::hashId("id7")) ==
                     expected.find("id7", gyre::engine::hashId("id7")));
      buffer.settle();
      expected.settle();
      CPPUNIT_ASSERT(buffer.usedBytes() <= expected.usedBytes() + expected.usedBytes() / 2);
      expectSame(*freeze(expected), *freeze(buffer));
      buffer.clear(mapping_);
      CPPUNIT_ASSERT_EQUAL(0u, buffer.docCount());
      CPPUNIT_ASSERT(buffer.usedBytes() < 4'096);
    }
  }

  // Against the allocator's own figures, for buffers that are full of one kind of value each, or of all.
  void whatItHoldsIsCounted() {
    const auto heap = [] {
      const struct mallinfo2 figures = ::mallinfo2();
      return figures.uordblks + figures.hblkhd;
    };
    if (heap() == 0) return;  // a sanitizer's allocator has no figures
    for (const std::string_view kind : {"word", "text", "new text", "number", "name", "source", "refused", "all"}) {
      const auto is = [&](std::string_view wanted) { return kind == wanted || kind == "all"; };
      // Made beforehand, so that nothing but the buffer grows.
      std::vector<Document> documents;
      for (int i = 0; i < 3'000; ++i) {
        Document& document = documents.emplace_back();
        document.id = std::to_string(i);
        const std::string unique = "w" + std::to_string(i);
        if (is("word")) document.words = {unique, "again"};
        if (is("text") || kind == "refused") document.terms.assign(20, "word");
        if (is("new text")) document.terms = {unique, unique + "x", unique + "yz"};
        if (is("number")) document.numbers = {i, i + 1, i + 2};
        if (is("name")) document.name = unique + " is the name of a thing";
      }
      const std::string source(is("source") ? 300 : 10, 's');
      const std::uint64_t before = heap();
      std::uint64_t held = 0, counted = 0;
      {
        SegmentBuffer buffer(mapping_);
        for (const Document& document : documents) {
          buffer.beginDocument();
          feed(buffer, document);
          if (kind == "refused")
            buffer.abandonDocument();
          else
            buffer.keepDocument({document.id, gyre::engine::hashId(document.id), 1, 0, {}}, source);
        }
        held = heap() - before;
        counted = buffer.memoryBytes();
        const std::string told(std::string(kind) + ": counted " + std::to_string(counted) + ", held " +
                               std::to_string(held));
        // Besides, a few kilobytes of blocks that are too small to matter in a full buffer.
        CPPUNIT_ASSERT_MESSAGE(told, counted <= held + held / 10 + 4'096 && held <= counted + counted / 10 + 4'096);
        buffer.clear(mapping_);
        const std::uint64_t kept = heap() - before, recounted = buffer.memoryBytes();
        CPPUNIT_ASSERT_MESSAGE(
            std::string(kind) + " cleared: counted " + std::to_string(recounted) + ", held " + std::to_string(kept),
            recounted <= kept + kept / 10 + 4'096 && kept <= recounted + recounted / 10 + 4'096);
      }
    }
  }

  void repeatedKeywordCountsOnce() {
    SegmentBuffer buffer(mapping_);
    add(buffer, {"a", {"x", "x", "y", "x"}, "", "", "", {}, {}});
    const auto segment = freeze(buffer);
    const FieldReader* const word = segment->field("word");
    CPPUNIT_ASSERT_EQUAL(2u, word->column->stats().value_count);
    CPPUNIT_ASSERT_EQUAL(1u, word->terms->find("x")->info.doc_freq);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, word->sum_total_term_freq);
  }

  void fieldFlagsDecideWhatIsKept() {
    SegmentBuffer buffer(mapping_);
    add(buffer, {"a", {}, "h", "s", "", {}, {}});
    add(buffer, {"b", {}, "", "", "", {}, {}});
    const auto segment = freeze(buffer);
    const FieldReader* const hidden = segment->field("hidden");
    CPPUNIT_ASSERT(hidden->column != nullptr && hidden->terms != nullptr && hidden->postings == nullptr);
    const FieldReader* const searched = segment->field("searched");
    CPPUNIT_ASSERT(searched->column == nullptr && searched->postings != nullptr);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, searched->present[0]);
  }

  void mergedSegmentEqualsOneWrittenAtOnce() {
    SegmentBuffer expected(mapping_);
    std::vector<MergeSource> sources;
    for (const int count : {1, 40, 5000, 300}) {
      documents_.clear();
      SegmentBuffer buffer(mapping_);
      for (int i = 0; i < count; ++i)
        add(buffer, randomDocument("id" + std::to_string(count) + "-" + std::to_string(i)), 1 + random_() % 100);
      std::shared_ptr<LiveBits> live;
      if (count != 40) {
        live = std::make_shared<LiveBits>(gyre::engine::allLive(buffer.docCount()));
        for (DocId doc = 1; doc < buffer.docCount(); ++doc)
          if (random_() % 3 == 0) gyre::engine::clearLive(*live, doc);
      }
      for (DocId doc = 0; doc < buffer.docCount(); ++doc)
        if (gyre::engine::isLive(live.get(), doc)) add(expected, documents_[doc], buffer.version(doc));
      sources.push_back({freeze(buffer), live});
    }
    MemoryFileWriter file;
    const std::atomic<bool> stop{false};
    const auto result = gyre::engine::mergeSegments(sources, file, stop);
    CPPUNIT_ASSERT_MESSAGE(std::string(result.status().message()), result.isOk());
    CPPUNIT_ASSERT_EQUAL(expected.liveCount(), result.value().doc_count);
    expectSame(*freeze(expected), *open(file.take()));
  }

  void stoppedMergeSaysSo() {
    SegmentBuffer buffer(mapping_);
    add(buffer, randomDocument("a"));
    const std::vector<MergeSource> sources = {{freeze(buffer), nullptr}};
    MemoryFileWriter file;
    const std::atomic<bool> stop{true};
    CPPUNIT_ASSERT_EQUAL(int(gyre::Code::kUnavailable),
                         int(gyre::engine::mergeSegments(sources, file, stop).status().code()));
  }

  // Changes bytes and makes every checksum fit again: whatever opens must be readable without a crash.
  void forgedSegmentsNeverCrashTheCheck() {
    SegmentBuffer buffer(mapping_);
    for (int i = 0; i < 300; ++i) add(buffer, randomDocument("id" + std::to_string(i)));
    const auto segment = freeze(buffer);
    for (int round = 0; round < 1500; ++round) {
      const std::string forged = forge(*segment);
      auto opened = OpenSegment::open("seg_0000000001", std::make_unique<MemoryFile>(forged), true);
      if (!opened.isOk()) {
        CPPUNIT_ASSERT_EQUAL(int(gyre::Code::kCorruption), int(opened.status().code()));
        continue;
      }
      gyre::engine::RamDirectory directory;
      auto writer = directory.create("seg_0000000001");
      CPPUNIT_ASSERT(writer.value()->append(asBytes(forged)).isOk() && writer.value()->finish().isOk());
      gyre::engine::CommitPoint commit;
      commit.segments.push_back({"seg_0000000001", forged.size(), opened.value()->checksum(), 300, ""});
      CPPUNIT_ASSERT(directory.replace("commit", asBytes(gyre::engine::encodeCommit(commit))).isOk());
      [[maybe_unused]] const gyre::Status checked = gyre::engine::checkIndex(directory, [](std::string_view) {});
    }
  }

 private:
  Document randomDocument(const std::string& id) {
    Document document{id, {}, "", "", "", {}, {}};
    for (unsigned count = random_() % 4; count > 0; --count)
      document.words.push_back("w" + std::to_string(random_() % 30));
    if (random_() % 2 == 0) document.hidden = "h" + std::to_string(random_() % 1000);
    if (random_() % 2 == 0) document.searched = "s" + std::to_string(random_() % 10);
    if (random_() % 3 == 0) document.name = "Name" + std::to_string(random_() % 100);
    for (unsigned count = random_() % 60; count > 0; --count)
      document.terms.push_back("t" + std::to_string(random_() % 200));
    for (unsigned count = random_() % 3; count > 0; --count)
      document.numbers.push_back(static_cast<std::int64_t>(random_() % 1000));
    return document;
  }

  void feed(SegmentBuffer& buffer, const Document& document) const {
    for (const std::string& word : document.words) buffer.keyword(field("word"), word);
    if (!document.hidden.empty()) buffer.keyword(field("hidden"), document.hidden);
    if (!document.searched.empty()) buffer.keyword(field("searched"), document.searched);
    std::uint32_t position = 0;
    for (const std::string& term : document.terms) buffer.term(field("text"), term, position++);
    for (const std::int64_t number : document.numbers) buffer.number(field("number"), number);
    if (!document.name.empty()) {
      std::string analysed = document.name;
      analysed[0] = static_cast<char>(analysed[0] | 0x20);
      buffer.completion(field("name"), document.name, analysed, 7, std::string("color\0red\x1d", 10));
    }
  }
  void add(SegmentBuffer& buffer, Document document, std::uint64_t version = 0) {
    buffer.beginDocument();
    feed(buffer, document);
    const std::string source = "{\"id\":\"" + document.id + "\",\"n\":" + std::to_string(document.terms.size()) + "}";
    documents_.push_back(document);
    const std::uint64_t given = version == 0 ? buffer.docCount() + 1 : version;
    buffer.keepDocument({document.id, gyre::engine::hashId(document.id), given, given + 1'000,
                         document.id.size() % 2 == 0 ? std::string_view("r") : std::string_view()},
                        source);
  }
  const Field& field(std::string_view path) const { return *mapping_->find(path); }

  static std::shared_ptr<const OpenSegment> open(std::string bytes) {
    auto opened = OpenSegment::open("seg_0000000001", std::make_unique<MemoryFile>(std::move(bytes)), true);
    CPPUNIT_ASSERT_MESSAGE(std::string(opened.status().message()), opened.isOk());
    return std::move(opened).value();
  }
  static std::shared_ptr<const OpenSegment> freeze(SegmentBuffer& buffer) {
    MemoryFileWriter file;
    CPPUNIT_ASSERT(writeSegment(buffer, file).isOk());
    return open(file.take());
  }

  // All that two segments say, but for how their stored blocks are cut.
  static void expectSame(const OpenSegment& expected, const OpenSegment& found) {
    CPPUNIT_ASSERT_EQUAL(expected.docCount(), found.docCount());
    for (DocId doc = 0; doc < expected.docCount(); ++doc) {
      CPPUNIT_ASSERT_EQUAL(expected.id(doc).value(), found.id(doc).value());
      CPPUNIT_ASSERT_EQUAL(expected.source(doc).value(), found.source(doc).value());
      CPPUNIT_ASSERT_EQUAL(expected.version(doc), found.version(doc));
      CPPUNIT_ASSERT(found.find(expected.id(doc).value()) == doc);
    }
    // Codecs are deterministic, so equal content is equal bytes.
    const auto sections = sectionsOf(expected), others = sectionsOf(found);
    CPPUNIT_ASSERT_EQUAL(sections.size(), others.size());
    for (const auto& [name, bytes] : sections) {
      CPPUNIT_ASSERT_MESSAGE(name, others.contains(name));
      CPPUNIT_ASSERT_MESSAGE(name, others.at(name) == bytes);
    }
  }
  static std::map<std::string, std::string> sectionsOf(const OpenSegment& segment) {
    std::map<std::string, std::string> sections;
    const auto directory = gyre::engine::readSegmentDirectory("", segment.bytes(), true).value();
    for (const auto& section : directory.sections) {
      if (section.field == gyre::engine::kNoField) continue;
      const auto& entry = directory.fields[section.field];
      sections[entry.path + " " + std::to_string(int(section.kind)) + " " + std::to_string(entry.doc_count) + " " +
               std::to_string(entry.sum_total_term_freq)] =
          gyre::base::asText(segment.bytes().subspan(section.offset, section.size));
    }
    return sections;
  }

  std::string forge(const OpenSegment& segment) {
    const auto directory = gyre::engine::readSegmentDirectory("", segment.bytes(), true).value();
    MemoryFileWriter file;
    gyre::engine::SegmentFileWriter writer(file);
    for (const auto& entry : directory.fields)
      writer.setField(writer.addField(entry.path, entry.type), entry.doc_count, entry.sum_total_term_freq);
    const std::size_t victim = random_() % directory.sections.size();
    for (std::size_t i = 0; i < directory.sections.size(); ++i) {
      const auto& section = directory.sections[i];
      std::string bytes(gyre::base::asText(segment.bytes().subspan(section.offset, section.size)));
      if (i == victim && !bytes.empty()) {
        if (random_() % 10 == 0) bytes.resize(random_() % bytes.size());
        // Headers come first and decide most.
        const std::size_t range = random_() % 2 == 0 ? std::min<std::size_t>(64, bytes.size()) : bytes.size();
        for (unsigned changes = 1 + random_() % 3; changes > 0 && range > 0; --changes)
          bytes[random_() % range] = static_cast<char>(random_());
      }
      writer.section(section.kind, section.field, asBytes(bytes));
    }
    CPPUNIT_ASSERT(writer.finish(segment.docCount()).isOk());
    return file.take();
  }

  std::mt19937 random_;
  std::shared_ptr<const gyre::engine::Mapping> mapping_;
  std::vector<Document> documents_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(SegmentTest);
