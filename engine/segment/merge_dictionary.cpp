#include "engine/segment/merge_dictionary.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "engine/segment/sample_columns.hpp"
#include "engine/segment/source_records.hpp"

namespace gyre::engine {

std::vector<DictionaryPtr> dictionariesOfSources(std::span<const MergeSource> sources) {
  std::vector<DictionaryPtr> all;
  for (const MergeSource& source : sources)
    for (const DictionaryPtr& dictionary : source.segment->stored().dictionaries())
      if (std::none_of(all.begin(), all.end(), [&](const DictionaryPtr& known) { return isSame(known, dictionary); }))
        all.push_back(dictionary);
  return all;
}

Result<DictionaryPtr> trainForSources(std::span<const MergeSource> sources, bool shapes_sources) {
  std::uint64_t bytes = 0;
  std::vector<std::pair<std::size_t, std::uint32_t>> blocks;
  for (std::size_t i = 0; i < sources.size(); ++i)
    for (std::uint32_t number = 0; number < sources[i].segment->stored().blockCount(); ++number) {
      bytes += sources[i].segment->stored().block(number).unpacked_size;
      blocks.emplace_back(i, number);
    }
  if (bytes < BlockDictionary::kFewestBytes) return DictionaryPtr();
  std::vector<std::string> documents;
  std::vector<SampleColumns::Place> places;
  std::size_t next = 0;
  for (std::size_t run = 0; run < BlockDictionary::kSampleRuns; ++run) {
    next = std::max(next, blocks.size() * run / BlockDictionary::kSampleRuns);
    for (std::size_t taken = 0; next < blocks.size() && taken < BlockDictionary::kSampleRunBytes; ++next) {
      const auto [source, block] = blocks[next];
      const OpenSegment& segment = *sources[source].segment;
      const Status read = segment.visitSources(block, [&, source = source](DocId doc, std::string_view text) {
        if (taken < BlockDictionary::kSampleRunBytes) {
          documents.emplace_back(text);
          places.push_back({source, doc});
        }
        taken += text.size();
        return Status();
      });
      if (!read.isOk()) return read.withPrefix(segment.name());
    }
  }
  const std::vector<std::string_view> samples(documents.begin(), documents.end());
  if (!shapes_sources) return BlockDictionary::train(samples);
  std::vector<DocId> numbers(places.size());
  std::iota(numbers.begin(), numbers.end(), 0u);
  const auto form_of = [&](std::string_view path) -> std::optional<ColumnForm> {
    for (const MergeSource& source : sources)
      if (const auto form = source.segment->formOf(path)) return form;
    return std::nullopt;
  };
  return trainOnSources(samples, numbers, form_of, [&](const std::vector<SourceColumn>& columns) {
    return std::make_unique<SampleColumns>(sources, places, columns);
  });
}

}  // namespace gyre::engine
