// Which sections of a segment are left out, and which stand in for others? For the writer and for merges.
//
// THREADS: free functions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/codec/numbered_ids.hpp"
#include "engine/segment/segment_file.hpp"

namespace gyre::engine {

// Norms that are not written: every document has the field, of one length. They are as good as all.
inline bool areAllOne(std::span<const std::uint8_t> norms) {
  return std::all_of(norms.begin(), norms.end(), [](std::uint8_t norm) { return norm == 1; });
}

// Writes the ids. `numbers_field`: see IdsWriter::takeNumbers.
inline void writeIdSections(const IdsWriter& ids, std::string_view numbers_field, SegmentFileWriter& file) {
  if (ids.isNumbered()) {
    file.section(SectionKind::kIdNumbers, kNoField, base::asBytes(ids.takeNumbers(numbers_field)));
    return;
  }
  std::string bytes, ends, slots;
  ids.takeTexts(bytes, ends, slots);
  file.section(SectionKind::kIdBytes, kNoField, base::asBytes(bytes));
  file.section(SectionKind::kIdEnds, kNoField, base::asBytes(ends));
  file.section(SectionKind::kIdSlots, kNoField, base::asBytes(slots));
}

}  // namespace gyre::engine
