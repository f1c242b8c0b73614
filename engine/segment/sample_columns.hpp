// Columns of samples that a merge takes from its sources, to find the shapes of their documents.
//
// THREADS: belong to one thread. OWNS: borrow the sources.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/codec/source_shapes.hpp"
#include "engine/segment/segment_merger.hpp"

namespace gyre::engine {

// Columns of samples from several segments, which are numbered as they were taken.
class SampleColumns final : public SourceColumns {
 public:
  struct Place {
    std::size_t source;
    DocId doc;
  };
  SampleColumns(std::span<const MergeSource> sources, std::span<const Place> places,
                const std::vector<SourceColumn>& columns)
      : places_(places) {
    for (const MergeSource& source : sources) of_sources_.push_back(source.segment->columnsFor(columns));
  }
  bool append(std::size_t number, DocId sample, std::string& out) override {
    return of_sources_[places_[sample].source]->append(number, places_[sample].doc, out);
  }

 private:
  std::span<const Place> places_;
  std::vector<std::unique_ptr<SourceColumns>> of_sources_;
};

}  // namespace gyre::engine
