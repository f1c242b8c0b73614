#include "engine/segment/segment_merger.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <numeric>
#include <string>

#include "engine/codec/column_codec.hpp"
#include "engine/codec/nested_docs.hpp"
#include "engine/codec/numbered_ids.hpp"
#include "engine/codec/postings_codec.hpp"
#include "engine/codec/routings.hpp"
#include "engine/codec/term_beginning.hpp"
#include "engine/codec/term_codec.hpp"
#include "engine/segment/merge_dictionary.hpp"
#include "engine/segment/merge_walks.hpp"
#include "engine/segment/shared_sections.hpp"
#include "engine/segment/source_records.hpp"

namespace gyre::engine {

DocMap::DocMap(DocId base, const LiveBits& live, std::uint32_t doc_count) : base_(base), numbers_(doc_count) {
  for (DocId doc = 0; doc < doc_count; ++doc) numbers_[doc] = isLive(&live, doc) ? base++ : kNoMoreDocs;
}

namespace {

// A block this full is copied; smaller ones are unpacked and packed together.
constexpr std::uint64_t kCopyBytes = kPairBytes;
// A segment of more dictionaries has all its blocks packed again with one: they take room beside the documents.
constexpr std::size_t kMostDictionaries = 16;
constexpr std::uint32_t kUnused = 0xffff'ffffu;
// After so many terms, with their postings some megabytes, what was read of the sources is let go; and after so many
// documents and occurrences of frequent ones, which are about half as many bytes.
constexpr std::uint64_t kTermsHeld = std::uint64_t{1} << 18;
constexpr std::uint64_t kOccurrencesHeld = std::uint64_t{1} << 24;
// The same for the columns of sources that are read side by side.
constexpr DocId kDocsHeld = 1u << 20;

// The same field in every source; null where a source does not have it.
struct MergedField {
  std::string path;
  FieldType type = FieldType::kObject;
  std::vector<const FieldReader*> readers;
};

class Merge {
 public:
  Merge(std::span<const MergeSource> sources, FileWriter& out, const std::atomic<bool>& stop, bool shapes_sources,
        const std::string& scratch, std::span<const std::uint16_t> order)
      : sources_(sources), file_(out), shapes_sources_(shapes_sources), scratch_(scratch), order_(order), stop_(stop) {}

  Result<MergeResult> run() {
    if (order_.empty()) {
      for (const MergeSource& source : sources_) {
        const std::uint32_t docs = source.segment->docCount();
        result_.maps.push_back(source.live ? DocMap(result_.doc_count, *source.live, docs) : DocMap(result_.doc_count));
        result_.doc_count += source.live ? countLive(*source.live) : docs;
      }
    } else {
      result_ = {static_cast<std::uint32_t>(order_.size()), mapInOrder(sources_, order_)};
    }
    GYRE_TRY(writeSources());
    GYRE_TRY(writeIds());
    letGo();
    for (const MergedField& field : collectFields()) {
      if (stop_.load(std::memory_order_relaxed)) return unavailable("merge stopped");
      GYRE_TRY(writeField(field));
      letGo();
    }
    GYRE_TRY(file_.finish(result_.doc_count));
    return std::move(result_);
  }

 private:
  // A merge reads every byte of its sources once, and those of a large one must not stay in memory all together.
  void letGo() const {
    for (const MergeSource& source : sources_) source.segment->letGo();
  }

  DocId map(std::size_t source, DocId doc) const { return result_.maps[source](doc); }

  // Calls `visit(source, doc, new doc)` for every live document, in the new order.
  template <class Visit>
  void eachLive(Visit&& visit) const {
    if (!order_.empty())
      return eachInOrder(result_.maps, order_, [&](std::size_t i, DocId doc, DocId number) {
        visit(i, doc, number);
        if (number % kDocsHeld == kDocsHeld - 1) letGo();
      });
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      for (DocId doc = 0; doc < sources_[i].segment->docCount(); ++doc)
        if (const DocId number = map(i, doc); number != kNoMoreDocs) visit(i, doc, number);
      sources_[i].segment->letGo();
    }
  }

  Status writeSources() {
    const std::vector<DictionaryPtr> known = dictionariesOfSources(sources_);
    DictionaryPtr dictionary = known.empty() ? nullptr : known.back();
    if (known.empty()) {
      GYRE_TRY_ASSIGN(dictionary, trainForSources(sources_, shapes_sources_));
    }
    // What is interleaved are sources as they are.
    if (!order_.empty() && dictionary != nullptr && dictionary->shapes() != nullptr) dictionary = nullptr;
    packs_all_ = known.size() > kMostDictionaries;
    StoredFieldsWriter stored(file_, dictionary);
    file_.beginSection(SectionKind::kStoredData);
    if (!order_.empty()) {
      GYRE_TRY(interleaveSources(sources_, result_.maps, order_, stop_, stored));
      return writeStoredSections(stored, file_);
    }
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      GYRE_TRY(writeSourcesOf(i, dictionary, stored));
      sources_[i].segment->letGo();
    }
    return writeStoredSections(stored, file_);
  }

  Status writeSourcesOf(std::size_t i, const DictionaryPtr& dictionary, StoredFieldsWriter& stored) const {
    const OpenSegment& segment = *sources_[i].segment;
    const SourceShapes* const shapes = dictionary ? dictionary->shapes().get() : nullptr;
    std::unique_ptr<SourceColumns> columns;
    if (shapes != nullptr) columns = segment.columnsFor(shapes->columns());
    std::size_t guess = 0;
    std::string record;
    for (std::uint32_t number = 0; number < segment.stored().blockCount(); ++number) {
      if (stop_.load(std::memory_order_relaxed)) return unavailable("merge stopped");
      const StoredFieldsReader::Block block = segment.stored().block(number);
      std::uint32_t live = 0;
      for (std::uint32_t doc = 0; doc < block.doc_count; ++doc) live += map(i, block.first_doc + doc) != kNoMoreDocs;
      if (live == 0) continue;
      const bool is_full = block.dictionary != nullptr && block.unpacked_size >= kCopyBytes;
      if (live == block.doc_count && is_full && !packs_all_) {
        GYRE_TRY(stored.addBlock(block.compressed, block.doc_count, block.dictionary));
        continue;
      }
      // Records of the same shapes stay as they are.
      const bool keeps_records = block.dictionary != nullptr && isSame(block.dictionary, dictionary);
      const auto take = [&](DocId doc, std::string_view source) {
        if (map(i, doc) == kNoMoreDocs) return Status();
        if (keeps_records || shapes == nullptr) return stored.add(source);
        shapes->encode(source, doc, *columns, guess, record);
        return stored.add(record);
      };
      const Status added =
          keeps_records ? segment.stored().visitBlock(number, take) : segment.visitSources(number, take);
      if (!added.isOk()) return added.withPrefix(segment.name());
    }
    return {};
  }

  // Whether a column has the first numbers of all ids, and the versions are their second ones: then a merged segment's
  // ids are no more than that column's name, and need not be gathered, which were 16 bytes a document.
  bool areIdsColumns(const std::string& numbers_field) {
    if (numbers_field.empty()) return false;
    std::uint64_t before = 0;
    std::uint32_t falls = 0;
    eachLive([&](std::size_t i, DocId doc, DocId number) {
      const std::uint64_t version = sources_[i].segment->version(doc);
      if (number > 0 && version <= before) ++falls;
      before = version;
    });
    return falls <= kMostIdFalls;
  }

  Status writeIds() {
    const std::string numbers_field = numbersFieldOfSources();
    const bool are_columns = areIdsColumns(numbers_field);
    IdsWriter ids;
    ColumnWriter versions(ColumnContent::kWhole, scratch_);
    ColumnWriter seq_nos(ColumnContent::kWhole, scratch_);
    RoutingsWriter routings;
    NestedDocsWriter nested;
    eachLive([&](std::size_t i, DocId doc, DocId number) {
      const OpenSegment& segment = *sources_[i].segment;
      const std::uint64_t version = segment.version(doc);
      if (are_columns) {
        // Nothing to gather.
      } else if (segment.numberedIds() != nullptr) {
        ids.add(segment.numberedIds()->numbers(doc));
      } else {
        ids.add(segment.idText(doc), version);
      }
      versions.add(number, static_cast<std::int64_t>(version));
      seq_nos.add(number, static_cast<std::int64_t>(segment.seqNo(doc)));
      routings.add(segment.routing(doc));
      nested.add(segment.nested() == nullptr ? std::string_view() : segment.nested()->pathOf(doc));
    });
    writeIdSections(ids, ids.isNumbered() ? numbers_field : std::string(), file_);
    GYRE_TRY(writeColumn(SectionKind::kVersions, kNoField, versions));
    GYRE_TRY(writeColumn(SectionKind::kSeqNos, kNoField, seq_nos));
    if (!routings.isEmpty()) file_.section(SectionKind::kRoutings, kNoField, base::asBytes(routings.take()));
    if (!nested.isEmpty()) file_.section(SectionKind::kNested, kNoField, base::asBytes(nested.take()));
    return {};
  }

  // The field that has the first numbers of all sources' ids; "" when there is none.
  std::string numbersFieldOfSources() const {
    std::string field;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      const NumberedIds* const ids = sources_[i].segment->numberedIds();
      if (ids == nullptr || (i > 0 && ids->field() != field)) return {};
      field = ids->field();
    }
    return field;
  }

  std::vector<MergedField> collectFields() const {
    std::map<std::string, MergedField> by_path;
    for (const MergeSource& source : sources_)
      for (const FieldEntry& entry : source.segment->fields()) by_path[entry.path].type = entry.type;
    std::vector<MergedField> fields;
    for (auto& [path, field] : by_path) {
      field.path = path;
      for (const MergeSource& source : sources_) field.readers.push_back(source.segment->field(path));
      fields.push_back(std::move(field));
    }
    return fields;
  }

  Status writeField(const MergedField& field) {
    switch (field.type) {
      case FieldType::kObject: return {};
      case FieldType::kText: return writeText(field);
      case FieldType::kCompletion: return writeCompletion(field);
      default: return isTermValued(field.type) ? writeKeyword(field) : writeNumbers(field);
    }
  }

  // Calls `visit(source, new doc, value)` for every live value of the sources' columns, in the new order.
  template <class Visit>
  void eachValue(const MergedField& field, Visit&& visit) const {
    if (!order_.empty()) {
      std::vector<ColumnWalk> walks;
      for (const FieldReader* reader : field.readers) walks.emplace_back(reader == nullptr ? nullptr : reader->column);
      return eachLive([&](std::size_t i, DocId doc, DocId number) {
        for (const std::int64_t value : walks[i].at(doc)) visit(i, number, value);
      });
    }
    std::vector<std::uint32_t> offsets;
    std::vector<std::int64_t> values;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (field.readers[i] == nullptr || field.readers[i]->column == nullptr) continue;
      const std::uint32_t docs = sources_[i].segment->docCount();
      for (DocId first = 0; first < docs; first += kWindowDocs) {
        field.readers[i]->column->readMulti(first / kWindowDocs, offsets, values);
        for (std::uint32_t doc = 0; doc + 1 < offsets.size(); ++doc) {
          if (offsets[doc] == offsets[doc + 1]) continue;
          const DocId number = map(i, first + doc);
          if (number == kNoMoreDocs) continue;
          for (std::uint32_t at = offsets[doc]; at < offsets[doc + 1]; ++at) visit(i, number, values[at]);
        }
      }
      sources_[i].segment->letGo();
    }
  }

  Status writeColumn(SectionKind kind, std::uint32_t entry, ColumnWriter& column) {
    file_.beginSection(kind, entry);
    GYRE_TRY(column.finish(result_.doc_count, file_));
    file_.endSection();
    return {};
  }

  Status writeNumbers(const MergedField& field) {
    const ColumnContent content = field.type == FieldType::kDouble  ? ColumnContent::kDouble
                                  : field.type == FieldType::kFloat ? ColumnContent::kFloat
                                                                    : ColumnContent::kWhole;
    ColumnWriter column(content, scratch_);
    std::uint64_t count = 0;
    eachValue(field, [&](std::size_t, DocId doc, std::int64_t value) {
      column.add(doc, value);
      ++count;
    });
    if (count == 0) return {};
    const std::uint32_t entry = file_.addField(field.path, field.type);
    GYRE_TRY(writeColumn(SectionKind::kColumn, entry, column));
    file_.setField(entry, column.docCount(), count);
    return {};
  }

  void writePresence(std::uint32_t entry, const std::vector<std::uint64_t>& bits) {
    file_.section(SectionKind::kPresence, entry, {reinterpret_cast<const std::uint8_t*>(bits.data()), bits.size() * 8});
  }
  std::vector<std::uint64_t> emptyPresence() const {
    return std::vector<std::uint64_t>((std::size_t{result_.doc_count} + 63) / 64, 0);
  }

  // Visits the terms of all sources together in order: `visit(term, holders)`, where a holder is a source whose cursor
  // stands on the term.
  using Cursors = std::vector<std::unique_ptr<TermCursor>>;
  template <class Visit>
  Status eachTerm(const MergedField& field, Visit&& visit) const {
    Cursors cursors(sources_.size());
    std::vector<std::size_t> holders;
    // Most comparisons end within eight bytes.
    struct Head {
      std::uint64_t beginning;
      std::size_t source;
    };
    std::vector<Head> heap;
    const auto is_after = [&](const Head& a, const Head& b) {
      if (a.beginning != b.beginning) return a.beginning > b.beginning;
      const int order = cursors[a.source]->term().compare(cursors[b.source]->term());
      return order != 0 ? order > 0 : a.source > b.source;
    };
    const auto push = [&](std::size_t i) {
      heap.push_back({termBeginning(cursors[i]->term()), i});
      std::push_heap(heap.begin(), heap.end(), is_after);
    };
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (field.readers[i] == nullptr || field.readers[i]->terms == nullptr) continue;
      cursors[i] = field.readers[i]->terms->cursor();
      if (cursors[i]->next()) push(i);
    }
    std::string term;
    for (std::uint64_t terms = 0; !heap.empty(); ++terms) {
      if (terms % 4096 == 0 && stop_.load(std::memory_order_relaxed)) return unavailable("merge stopped");
      if (terms % kTermsHeld == kTermsHeld - 1) letGo();
      const std::uint64_t beginning = heap.front().beginning;
      term = cursors[heap.front().source]->term();
      holders.clear();
      while (!heap.empty() && heap.front().beginning == beginning && cursors[heap.front().source]->term() == term) {
        holders.push_back(heap.front().source);
        std::pop_heap(heap.begin(), heap.end(), is_after);
        heap.pop_back();
      }
      GYRE_TRY(visit(term, holders, cursors));
      for (const std::size_t i : holders)
        if (cursors[i]->next()) push(i);
    }
    return {};
  }

  void countHeld(const TermInfo& info) {
    occurrences_held_ += info.doc_freq + info.total_term_freq;
    if (occurrences_held_ <= kOccurrencesHeld) return;
    occurrences_held_ = 0;
    letGo();
  }

  // Adds the postings of a term that the holders' cursors stand on.
  Status copyPostings(const MergedField& field, const std::vector<std::size_t>& holders, const Cursors& cursors,
                      PostingsWriter& postings) {
    if (!order_.empty() && holders.size() > 1) {
      std::vector<PostingsWalk> walks;
      for (const std::size_t i : holders) {
        const TermInfo info = cursors[i]->info();
        countHeld(info);
        walks.emplace_back(field.readers[i]->postings, info, result_.maps[i], field.type == FieldType::kText);
      }
      interleavePostings(std::move(walks), postings);
      return {};
    }
    for (const std::size_t i : holders) GYRE_TRY(copyPostings(field, i, *cursors[i], postings));
    return {};
  }

  // Adds a source's postings of the term its cursor stands on.
  Status copyPostings(const MergedField& field, std::size_t i, const TermCursor& cursor, PostingsWriter& postings) {
    const bool has_positions = field.type == FieldType::kText;
    const TermInfo info = cursor.info();
    if (isInlineTerm(info)) {
      // Most terms are like this; no cursor for them.
      const DocId number = map(i, static_cast<DocId>(info.postings_offset));
      const auto position = static_cast<std::uint32_t>(info.postings_offset >> 32);
      if (number != kNoMoreDocs) postings.add(number, std::span<const std::uint32_t>(&position, has_positions ? 1 : 0));
      return {};
    }
    countHeld(info);
    if (const auto shift = result_.maps[i].shift()) {
      if (engine::copyPostings(*field.readers[i]->postings, info, *shift, postings)) return {};
      return corruption(std::string(sources_[i].segment->name()) + ": field " + field.path + ": damaged postings");
    }
    const auto reader = field.readers[i]->postings->cursor(info);
    for (DocId next = 0; reader->advanceBlock(next);) {
      const std::span<const DocId> docs = reader->docs();
      for (std::uint32_t at = 0; at < docs.size(); ++at)
        if (const DocId number = map(i, docs[at]); number != kNoMoreDocs)
          postings.add(number, has_positions ? reader->positions(at) : std::span<const std::uint32_t>());
      next = docs.back() + 1;
    }
    return {};
  }

  Status writeDictionary(std::uint32_t entry, TermDictionaryWriter& dictionary) {
    file_.beginSection(SectionKind::kTerms, entry);
    GYRE_TRY(dictionary.finish(file_));
    file_.endSection();
    return {};
  }

  // Whether all documents have the field, of one length, as mostly when it keeps none: then nothing is gathered.
  bool hasOnesOnly(const MergedField& field) const {
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      const FieldReader* const reader = field.readers[i];
      if (reader == nullptr || reader->present != nullptr) return false;
      if (reader->norms != nullptr && !areAllOne({reader->norms, sources_[i].segment->docCount()})) return false;
    }
    return true;
  }

  Status writeText(const MergedField& field) {
    if (!hasOnesOnly(field)) return writeTextWithNorms(field);
    return writeTextTerms(field, file_.addField(field.path, field.type), nullptr, result_.doc_count);
  }

  Status writeTextWithNorms(const MergedField& field) {
    std::vector<std::uint8_t> norms(result_.doc_count, 0);
    std::vector<std::uint64_t> present = emptyPresence();
    std::uint32_t doc_count = 0;  // with a word
    bool has_value = false;
    eachLive([&](std::size_t i, DocId doc, DocId number) {
      const FieldReader* const reader = field.readers[i];
      if (reader == nullptr || (reader->present != nullptr && (reader->present[doc / 64] >> (doc % 64) & 1) == 0))
        return;
      norms[number] = reader->norms != nullptr ? reader->norms[doc] : std::uint8_t{1};
      present[number / 64] |= std::uint64_t{1} << (number % 64);
      doc_count += norms[number] != 0 ? 1 : 0;
      has_value = true;
    });
    if (!has_value) return {};
    const std::uint32_t entry = file_.addField(field.path, field.type);
    if (!areAllOne(norms)) file_.section(SectionKind::kNorms, entry, norms);
    if (doc_count < result_.doc_count) writePresence(entry, present);
    return writeTextTerms(field, entry, norms.data(), doc_count);
  }

  Status writeTextTerms(const MergedField& field, std::uint32_t entry, const std::uint8_t* norms,
                        std::uint32_t doc_count) {
    TermDictionaryWriter dictionary(TermDetail::kPositions, scratch_);
    PostingsWriter postings(file_, true, norms, scratch_);
    std::uint64_t total = 0;
    file_.beginSection(SectionKind::kPostings, entry);
    const auto take = [&](std::string_view term, const std::vector<std::size_t>& holders,
                          const Cursors& cursors) -> Status {
      GYRE_TRY(copyPostings(field, holders, cursors, postings));
      const TermInfo info = postings.finishTerm();
      if (info.doc_freq == 0) return {};
      dictionary.add(term, info);
      total += info.total_term_freq;
      return {};
    };
    GYRE_TRY(eachTerm(field, take));
    postings.finish();
    GYRE_TRY(postings.status());
    file_.endSection();
    GYRE_TRY(writeDictionary(entry, dictionary));
    file_.setField(entry, doc_count, total);
    return {};
  }

  // The ordinals that live documents use, for fields whose postings cannot tell.
  std::vector<std::vector<bool>> usedOrdinals(const MergedField& field) const {
    std::vector<std::vector<bool>> used(sources_.size());
    for (std::size_t i = 0; i < sources_.size(); ++i)
      if (field.readers[i] != nullptr) used[i].resize(field.readers[i]->terms->size());
    eachValue(field,
              [&](std::size_t i, DocId, std::int64_t ordinal) { used[i][static_cast<std::size_t>(ordinal)] = true; });
    return used;
  }

  Status writeKeyword(const MergedField& field) {
    bool is_indexed = false, has_column = false;
    for (const FieldReader* reader : field.readers) {
      if (reader == nullptr) continue;
      if (reader->terms == nullptr) return corruption("field " + field.path + ": a keyword field without terms");
      is_indexed = is_indexed || reader->postings != nullptr;
      has_column = has_column || reader->column != nullptr;
    }
    const std::uint32_t entry = file_.addField(field.path, field.type);
    std::vector<std::vector<std::uint32_t>> ordinals(sources_.size());
    for (std::size_t i = 0; i < sources_.size(); ++i)
      if (has_column && field.readers[i] != nullptr) ordinals[i].resize(field.readers[i]->terms->size(), kUnused);
    TermDictionaryWriter dictionary(is_indexed ? TermDetail::kDocuments : TermDetail::kBare, scratch_);
    std::uint64_t total = 0;
    if (is_indexed) {
      GYRE_TRY(writeKeywordPostings(field, entry, dictionary, ordinals, total));
    } else {
      GYRE_TRY(writeBareTerms(field, dictionary, ordinals));
    }
    GYRE_TRY(writeDictionary(entry, dictionary));
    if (!has_column) {
      file_.setField(entry, writeKeywordPresence(field, entry), total);
      return {};
    }
    ColumnWriter column(ColumnContent::kWhole, scratch_);
    std::uint64_t count = 0;
    eachValue(field, [&](std::size_t i, DocId doc, std::int64_t ordinal) {
      column.add(doc, ordinals[i][static_cast<std::size_t>(ordinal)]);
      ++count;
    });
    GYRE_TRY(writeColumn(SectionKind::kColumn, entry, column));
    file_.setField(entry, column.docCount(), count);
    return {};
  }

  Status writeKeywordPostings(const MergedField& field, std::uint32_t entry, TermDictionaryWriter& dictionary,
                              std::vector<std::vector<std::uint32_t>>& ordinals, std::uint64_t& total) {
    PostingsWriter postings(file_, false, nullptr, scratch_);
    file_.beginSection(SectionKind::kPostings, entry);
    const auto take = [&](std::string_view term, const std::vector<std::size_t>& holders,
                          const Cursors& cursors) -> Status {
      GYRE_TRY(copyPostings(field, holders, cursors, postings));
      const TermInfo info = postings.finishTerm();
      if (info.doc_freq == 0) return {};
      for (const std::size_t i : holders)
        if (!ordinals[i].empty()) ordinals[i][cursors[i]->ordinal()] = dictionary.size();
      dictionary.add(term, info);
      total += info.total_term_freq;
      return {};
    };
    GYRE_TRY(eachTerm(field, take));
    postings.finish();
    file_.endSection();
    return postings.status();
  }

  Status writeBareTerms(const MergedField& field, TermDictionaryWriter& dictionary,
                        std::vector<std::vector<std::uint32_t>>& ordinals) const {
    const std::vector<std::vector<bool>> used = usedOrdinals(field);
    return eachTerm(
        field, [&](std::string_view term, const std::vector<std::size_t>& holders, const Cursors& cursors) -> Status {
          bool is_used = false;
          for (const std::size_t i : holders) is_used = is_used || used[i][cursors[i]->ordinal()];
          if (!is_used) return {};
          for (const std::size_t i : holders)
            if (!ordinals[i].empty()) ordinals[i][cursors[i]->ordinal()] = dictionary.size();
          dictionary.add(term, {});
          return {};
        });
  }

  // For keywords without a column. Returns how many documents have the field.
  std::uint32_t writeKeywordPresence(const MergedField& field, std::uint32_t entry) {
    std::vector<std::uint64_t> present = emptyPresence();
    std::uint32_t doc_count = 0;
    eachLive([&](std::size_t i, DocId doc, DocId number) {
      const FieldReader* const reader = field.readers[i];
      if (reader == nullptr || (reader->present != nullptr && (reader->present[doc / 64] >> (doc % 64) & 1) == 0))
        return;
      present[number / 64] |= std::uint64_t{1} << (number % 64);
      ++doc_count;
    });
    if (doc_count < result_.doc_count) writePresence(entry, present);
    return doc_count;
  }

  Status writeCompletion(const MergedField& field) {
    CompletionWriter inputs;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      const CompletionIndexReader* const reader = sources_[i].segment->completion(field.path);
      if (reader == nullptr) continue;
      for (std::uint32_t number = 0; number < reader->size(); ++number) {
        const Completion each = reader->input(number);
        if (const DocId doc = map(i, each.doc); doc != kNoMoreDocs)
          inputs.add(doc, each.text, each.analysed, each.weight, reader->contexts(number));
      }
    }
    if (inputs.isEmpty()) return {};
    const std::uint32_t entry = file_.addField(field.path, field.type);
    const std::vector<DocId> docs = inputs.docs();
    const auto doc_count = static_cast<std::uint32_t>(docs.size());
    if (doc_count < result_.doc_count) {
      std::vector<std::uint64_t> present = emptyPresence();
      for (const DocId doc : docs) present[doc / 64] |= std::uint64_t{1} << (doc % 64);
      writePresence(entry, present);
    }
    const std::size_t count = inputs.size();
    std::string bytes;
    inputs.finish(bytes);
    file_.section(SectionKind::kCompletion, entry, base::asBytes(bytes));
    file_.setField(entry, doc_count, count);
    return {};
  }

  std::span<const MergeSource> sources_;
  SegmentFileWriter file_;
  const bool shapes_sources_;
  const std::string& scratch_;
  const std::span<const std::uint16_t> order_;  // for each new document its source; empty: one source after the other
  bool packs_all_ = false;                      // no block of stored documents is copied
  std::uint64_t occurrences_held_ = 0;          // that were read since the sources were let go
  const std::atomic<bool>& stop_;
  MergeResult result_;
};

}  // namespace

Result<MergeResult> mergeSegments(std::span<const MergeSource> sources, FileWriter& out, const std::atomic<bool>& stop,
                                  bool shapes_sources, const std::string& scratch,
                                  std::span<const std::uint16_t> order) {
  return Merge(sources, out, stop, shapes_sources, scratch, order).run();
}

}  // namespace gyre::engine
