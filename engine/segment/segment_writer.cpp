#include "engine/segment/segment_writer.hpp"

#include <memory>
#include <numeric>

#include "engine/codec/column_codec.hpp"
#include "engine/codec/nested_docs.hpp"
#include "engine/codec/norms.hpp"
#include "engine/codec/numbered_ids.hpp"
#include "engine/codec/postings_codec.hpp"
#include "engine/codec/routings.hpp"
#include "engine/codec/stored_fields.hpp"
#include "engine/codec/term_codec.hpp"
#include "engine/segment/segment_columns.hpp"
#include "engine/segment/segment_file.hpp"
#include "engine/segment/shared_sections.hpp"
#include "engine/segment/source_records.hpp"

namespace gyre::engine {
namespace {

ColumnContent contentOf(FieldType type) {
  if (type == FieldType::kDouble) return ColumnContent::kDouble;
  return type == FieldType::kFloat ? ColumnContent::kFloat : ColumnContent::kWhole;
}

class BufferFreezer {
 public:
  BufferFreezer(const SegmentBuffer& buffer, FileWriter& out, const DictionaryPtr& dictionary, bool shapes_sources)
      : buffer_(buffer),
        file_(out),
        dictionary_(dictionary),
        shapes_sources_(shapes_sources),
        new_docs_(buffer.renumbered()) {}

  Status run() {
    GYRE_TRY(writeSources());
    writeIds();
    for (const Field& field : buffer_.mapping().fields()) writeField(field, buffer_.field(field.ordinal));
    return file_.finish(buffer_.liveCount());
  }

 private:
  // kNoMoreDocs when the document is dead.
  DocId renumber(DocId doc) const { return new_docs_.empty() ? doc : new_docs_[doc]; }

  // The dictionary that there is, if it goes on being good; null for a few documents without one.
  DictionaryPtr chooseDictionary() const {
    std::uint64_t bytes = 0;
    for (DocId doc = 0; doc < buffer_.docCount(); ++doc) bytes += buffer_.source(doc).size();
    const bool is_small = bytes < BlockDictionary::kFewestBytes;
    if (is_small && dictionary_ == nullptr) return nullptr;
    std::vector<DocId> docs;
    const auto samples = sampleRuns(buffer_.docCount(), [&](DocId doc) {
      docs.push_back(doc);
      return buffer_.source(doc);
    });
    const SourceShapes::ColumnsFor columns_for = [this](const std::vector<SourceColumn>& columns) {
      return std::make_unique<BufferColumns>(buffer_, columns);
    };
    if (dictionary_ != nullptr && fitsSources(*dictionary_, samples, docs, columns_for)) return dictionary_;
    if (is_small) return nullptr;
    if (!shapes_sources_) return BlockDictionary::train(samples);
    const auto form_of = [this](std::string_view path) -> std::optional<ColumnForm> {
      const Field* const field = buffer_.mapping().find(path);
      return field != nullptr && field->has_doc_values ? columnFormOf(field->type) : std::nullopt;
    };
    return trainOnSources(samples, docs, form_of, columns_for);
  }

  Status writeSources() {
    const DictionaryPtr dictionary = chooseDictionary();
    const SourceShapes* const shapes = dictionary ? dictionary->shapes().get() : nullptr;
    std::unique_ptr<BufferColumns> columns;
    if (shapes != nullptr) columns = std::make_unique<BufferColumns>(buffer_, shapes->columns());
    StoredFieldsWriter stored(file_, dictionary);
    file_.beginSection(SectionKind::kStoredData);
    std::size_t guess = 0;
    std::string record;
    for (DocId doc = 0; doc < buffer_.docCount(); ++doc) {
      if (!buffer_.isLive(doc)) continue;
      if (shapes != nullptr) shapes->encode(buffer_.source(doc), doc, *columns, guess, record);
      GYRE_TRY(stored.add(shapes != nullptr ? std::string_view(record) : buffer_.source(doc)));
    }
    return writeStoredSections(stored, file_);
  }

  void writeIds() {
    IdsWriter ids;
    ColumnWriter versions(ColumnContent::kWhole);
    ColumnWriter seq_nos(ColumnContent::kWhole);
    RoutingsWriter routings;
    NestedDocsWriter nested;
    for (DocId doc = 0; doc < buffer_.docCount(); ++doc) {
      if (!buffer_.isLive(doc)) continue;
      if (buffer_.isNumbered(doc)) {
        ids.add(buffer_.idNumbers(doc));
      } else {
        ids.add(buffer_.id(doc), buffer_.version(doc));
      }
      versions.add(renumber(doc), static_cast<std::int64_t>(buffer_.version(doc)));
      seq_nos.add(renumber(doc), static_cast<std::int64_t>(buffer_.seqNo(doc)));
      routings.add(buffer_.routing(doc));
      nested.add(buffer_.nestedPath(doc));
    }
    std::string column;
    writeIdSections(ids, ids.isNumbered() ? numbersField(ids.firsts()) : std::string(), file_);
    versions.finish(buffer_.liveCount(), column);
    file_.section(SectionKind::kVersions, kNoField, base::asBytes(column));
    column.clear();
    seq_nos.finish(buffer_.liveCount(), column);
    file_.section(SectionKind::kSeqNos, kNoField, base::asBytes(column));
    if (!routings.isEmpty()) file_.section(SectionKind::kRoutings, kNoField, base::asBytes(routings.take()));
    if (!nested.isEmpty()) file_.section(SectionKind::kNested, kNoField, base::asBytes(nested.take()));
  }

  // A date field that has just these values: streams name records by their time.
  std::string numbersField(const std::vector<std::int64_t>& firsts) const {
    for (const Field& field : buffer_.mapping().fields()) {
      if (field.type != FieldType::kDate) continue;
      const FieldBuffer& values = buffer_.field(field.ordinal);
      std::size_t doc = 0, i = 0;
      for (; i < values.docs.size(); ++i) {
        const DocId number = renumber(values.docs[i]);
        if (number == kNoMoreDocs) continue;
        if (number != doc || doc == firsts.size() || values.numbers[i] != firsts[doc]) break;
        ++doc;
      }
      if (doc == firsts.size() && i == values.docs.size()) return field.path;
    }
    return {};
  }

  void writeField(const Field& field, const FieldBuffer& values) {
    if (field.type == FieldType::kText) {
      writeText(field, values);
    } else if (isTermValued(field.type)) {
      writeKeyword(field, values);
    } else if (field.type == FieldType::kCompletion) {
      writeCompletion(field, values);
    } else if (isNumeric(field.type)) {
      writeNumbers(field, values);
    }
  }

  void writeColumn(std::uint32_t entry, ColumnWriter& column) {
    std::string bytes;
    column.finish(buffer_.liveCount(), bytes);
    file_.section(SectionKind::kColumn, entry, base::asBytes(bytes));
  }

  void writeNumbers(const Field& field, const FieldBuffer& values) {
    ColumnWriter column(contentOf(field.type));
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < values.docs.size(); ++i) {
      const DocId doc = renumber(values.docs[i]);
      if (doc == kNoMoreDocs) continue;
      column.add(doc, values.numbers[i]);
      ++count;
    }
    if (count == 0) return;
    const std::uint32_t entry = file_.addField(field.path, field.type);
    writeColumn(entry, column);
    file_.setField(entry, column.docCount(), count);
  }

  void writePresence(std::uint32_t entry, const std::vector<DocId>& docs) {
    std::vector<std::uint64_t> bits((buffer_.liveCount() + 63) / 64, 0);
    for (const DocId doc : docs)
      if (const DocId number = renumber(doc); number != kNoMoreDocs)
        bits[number / 64] |= std::uint64_t{1} << (number % 64);
    file_.section(SectionKind::kPresence, entry, {reinterpret_cast<const std::uint8_t*>(bits.data()), bits.size() * 8});
  }

  // How many live values each term has, and from that where its documents stand once sorted by term.
  struct TermRuns {
    std::vector<std::uint32_t> sorted;    // terms that have any, by bytes
    std::vector<std::uint32_t> next;      // by term number: its run's start, then end while it is filled
    std::vector<std::uint32_t> ordinals;  // by term number
    std::uint32_t total = 0;
  };
  static TermRuns layOut(const TermTable& terms, std::vector<std::uint32_t> counts) {
    TermRuns runs;
    runs.sorted = terms.sorted([&](std::uint32_t number) { return counts[number] > 0; });
    runs.next = std::move(counts);
    runs.ordinals.resize(runs.next.size());
    for (std::uint32_t ordinal = 0; ordinal < runs.sorted.size(); ++ordinal) {
      const std::uint32_t number = runs.sorted[ordinal];
      runs.ordinals[number] = ordinal;
      const std::uint32_t count = runs.next[number];
      runs.next[number] = runs.total;
      runs.total += count;
    }
    return runs;
  }

  void writeKeyword(const Field& field, const FieldBuffer& values) {
    std::vector<std::uint32_t> counts(values.terms.size(), 0);
    for (std::size_t i = 0; i < values.docs.size(); ++i)
      counts[values.term_ids[i]] += renumber(values.docs[i]) != kNoMoreDocs;
    TermRuns runs = layOut(values.terms, std::move(counts));
    if (runs.total == 0) return;
    const std::uint32_t entry = file_.addField(field.path, field.type);
    std::vector<DocId> sorted_docs(runs.total);
    ColumnWriter column(ColumnContent::kWhole);
    std::uint32_t doc_count = 0;
    DocId last = kNoMoreDocs;
    for (std::size_t i = 0; i < values.docs.size(); ++i) {
      const DocId doc = renumber(values.docs[i]);
      if (doc == kNoMoreDocs) continue;
      sorted_docs[runs.next[values.term_ids[i]]++] = doc;
      if (field.has_doc_values) column.add(doc, runs.ordinals[values.term_ids[i]]);
      doc_count += doc != last;
      last = doc;
    }
    writeKeywordTerms(field, values, runs, sorted_docs, entry);
    if (field.has_doc_values) {
      writeColumn(entry, column);
    } else if (doc_count < buffer_.liveCount()) {
      writePresence(entry, values.docs);
    }
    file_.setField(entry, doc_count, runs.total);
  }

  void writeKeywordTerms(const Field& field, const FieldBuffer& values, const TermRuns& runs,
                         const std::vector<DocId>& sorted_docs, std::uint32_t entry) {
    TermDictionaryWriter dictionary(field.is_indexed ? TermDetail::kDocuments : TermDetail::kBare);
    PostingsWriter postings(file_, false, nullptr);
    if (field.is_indexed) file_.beginSection(SectionKind::kPostings, entry);
    std::uint32_t from = 0;
    for (const std::uint32_t number : runs.sorted) {
      const std::uint32_t end = runs.next[number];
      if (field.is_indexed)
        for (std::uint32_t i = from; i < end; ++i) postings.add(sorted_docs[i], {});
      dictionary.add(values.terms.term(number), field.is_indexed ? postings.finishTerm() : TermInfo{});
      from = end;
    }
    if (field.is_indexed) {
      postings.finish();
      file_.endSection();
    }
    writeDictionary(entry, dictionary);
  }

  void writeDictionary(std::uint32_t entry, TermDictionaryWriter& dictionary) {
    file_.beginSection(SectionKind::kTerms, entry);
    (void)dictionary.finish(file_);  // in memory nothing can fail
    file_.endSection();
  }

  void writeText(const Field& field, const FieldBuffer& values) {
    std::vector<std::uint32_t> counts(values.terms.size(), 0);
    std::vector<std::uint8_t> norms(buffer_.liveCount(), 0);
    std::uint32_t doc_count = 0, wordless = 0, first = 0;
    for (std::size_t i = 0; i < values.docs.size(); ++i) {
      const std::uint32_t end = values.ends[i];
      const DocId doc = renumber(values.docs[i]);
      if (doc != kNoMoreDocs && first == end) ++wordless;
      if (doc != kNoMoreDocs && first < end) {
        for (std::uint32_t at = first; at < end; ++at) ++counts[values.term_ids[at]];
        // A word that stands at the place of another (a synonym, a gram) makes no text longer.
        std::uint32_t length = 1;
        for (std::uint32_t at = first + 1; field.has_norms && at < end; ++at)
          length += values.positions[at] != values.positions[at - 1] ? 1 : 0;
        norms[doc] = lengthToNorm(length);
        ++doc_count;
      }
      first = end;
    }
    TermRuns runs = layOut(values.terms, std::move(counts));
    if (doc_count == 0 && wordless == 0) return;
    const std::uint32_t entry = file_.addField(field.path, field.type);
    if (!areAllOne(norms)) file_.section(SectionKind::kNorms, entry, norms);
    if (doc_count < buffer_.liveCount()) writePresence(entry, values.docs);
    writeTextTerms(values, runs, norms, entry);
    file_.setField(entry, doc_count, runs.total);
  }

  void writeTextTerms(const FieldBuffer& values, TermRuns& runs, const std::vector<std::uint8_t>& norms,
                      std::uint32_t entry) {
    // Document and position together: the places of an occurrence's terms are all over them.
    const auto occurrences = std::make_unique_for_overwrite<std::uint64_t[]>(runs.total);
    std::uint32_t first = 0;
    for (std::size_t i = 0; i < values.docs.size(); ++i) {
      const std::uint32_t end = values.ends[i];
      if (const DocId doc = renumber(values.docs[i]); doc != kNoMoreDocs) {
        for (std::uint32_t at = first; at < end; ++at) {
          const std::uint32_t place = runs.next[values.term_ids[at]]++;
          occurrences[place] = std::uint64_t{doc} << 32 | values.positions[at];
        }
      }
      first = end;
    }
    TermDictionaryWriter dictionary(TermDetail::kPositions);
    PostingsWriter postings(file_, true, norms.data());
    file_.beginSection(SectionKind::kPostings, entry);
    std::uint32_t from = 0;
    std::vector<std::uint32_t> positions;
    for (const std::uint32_t number : runs.sorted) {
      const std::uint32_t end = runs.next[number];
      if (end - from == 1) {
        // Most terms occur once.
        const auto doc = static_cast<DocId>(occurrences[from] >> 32);
        dictionary.add(values.terms.term(number),
                       {1, 1, inlinePosting(doc, static_cast<std::uint32_t>(occurrences[from]))});
        from = end;
        continue;
      }
      while (from < end) {
        const auto doc = static_cast<DocId>(occurrences[from] >> 32);
        const auto first_position = static_cast<std::uint32_t>(occurrences[from]);
        if (from + 1 == end || occurrences[from + 1] >> 32 != doc) {
          postings.add(doc, {&first_position, 1});
          ++from;
          continue;
        }
        positions.clear();
        for (; from < end && occurrences[from] >> 32 == doc; ++from)
          positions.push_back(static_cast<std::uint32_t>(occurrences[from]));
        postings.add(doc, positions);
      }
      dictionary.add(values.terms.term(number), postings.finishTerm());
    }
    postings.finish();
    file_.endSection();
    writeDictionary(entry, dictionary);
  }

  void writeCompletion(const Field& field, const FieldBuffer& values) {
    CompletionWriter inputs = values.completions;
    if (!new_docs_.empty()) inputs.renumber(new_docs_);
    if (inputs.isEmpty()) return;
    const std::uint32_t entry = file_.addField(field.path, field.type);
    const auto doc_count = static_cast<std::uint32_t>(inputs.docs().size());
    if (doc_count < buffer_.liveCount()) writePresence(entry, values.completions.docs());
    std::string bytes;
    const std::size_t count = inputs.size();
    inputs.finish(bytes);
    file_.section(SectionKind::kCompletion, entry, base::asBytes(bytes));
    file_.setField(entry, doc_count, count);
  }

  const SegmentBuffer& buffer_;
  SegmentFileWriter file_;
  const DictionaryPtr& dictionary_;
  const bool shapes_sources_;
  std::vector<DocId> new_docs_;
};

}  // namespace

Status writeSegment(SegmentBuffer& buffer, FileWriter& out, const DictionaryPtr& dictionary, bool shapes_sources) {
  buffer.settle();
  return BufferFreezer(buffer, out, dictionary, shapes_sources).run();
}

}  // namespace gyre::engine
