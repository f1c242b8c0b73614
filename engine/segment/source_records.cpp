#include "engine/segment/source_records.hpp"

#include <string>
#include <utility>

namespace gyre::engine {
namespace {

struct Records {
  std::vector<std::string> texts;
  std::vector<std::string_view> views;
  std::uint64_t source_bytes = 0;
};

Records recordsOf(const SourceShapes& shapes, std::span<const std::string_view> samples, std::span<const DocId> docs,
                  SourceColumns& columns) {
  Records records;
  std::size_t guess = 0;
  records.texts.resize(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    shapes.encode(samples[i], docs[i], columns, guess, records.texts[i]);
    records.source_bytes += samples[i].size();
  }
  records.views.assign(records.texts.begin(), records.texts.end());
  return records;
}

}  // namespace

bool fitsSources(const BlockDictionary& dictionary, std::span<const std::string_view> samples,
                 std::span<const DocId> docs, const SourceShapes::ColumnsFor& columns_for) {
  if (dictionary.shapes() == nullptr) return dictionary.fits(samples);
  const Records records = recordsOf(*dictionary.shapes(), samples, docs, *columns_for(dictionary.shapes()->columns()));
  return dictionary.fits(records.views, records.source_bytes);
}

DictionaryPtr trainOnSources(std::span<const std::string_view> samples, std::span<const DocId> docs,
                             const SourceShapes::FormOf& form_of, const SourceShapes::ColumnsFor& columns_for) {
  std::vector<SourceShapes::Sample> numbered;
  for (std::size_t i = 0; i < samples.size(); ++i) numbered.push_back({samples[i], docs[i]});
  auto shapes = SourceShapes::train(numbered, form_of, columns_for);
  if (shapes == nullptr) return BlockDictionary::train(samples);
  const Records records = recordsOf(*shapes, samples, docs, *columns_for(shapes->columns()));
  return BlockDictionary::train(records.views, std::move(shapes), records.source_bytes);
}

Status writeStoredSections(StoredFieldsWriter& stored, SegmentFileWriter& file) {
  std::string blocks, dictionaries;
  GYRE_TRY(stored.finish(blocks, dictionaries));
  file.endSection();
  file.section(SectionKind::kStoredBlocks, kNoField, base::asBytes(blocks));
  if (!dictionaries.empty()) file.section(SectionKind::kStoredDictionaries, kNoField, base::asBytes(dictionaries));
  if (const std::string shapes = stored.shapes(); !shapes.empty())
    file.section(SectionKind::kStoredShapes, kNoField, base::asBytes(shapes));
  return {};
}

}  // namespace gyre::engine
