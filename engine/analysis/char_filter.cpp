#include "engine/analysis/char_filter.hpp"

#include <algorithm>

#include "engine/analysis/utf8.hpp"

namespace gyre::engine {

void OffsetMap::add(std::uint32_t offset, std::int32_t shift) {
  if (!shifts_.empty() && shifts_.back().offset == offset)
    shifts_.back().shift = shift;
  else
    shifts_.push_back({offset, shift});
}

std::uint32_t OffsetMap::before(std::uint32_t offset) const {
  auto after = std::upper_bound(shifts_.begin(), shifts_.end(), offset,
                                [](std::uint32_t wanted, const Shift& shift) { return wanted < shift.offset; });
  if (after == shifts_.begin()) return offset;
  return static_cast<std::uint32_t>(static_cast<std::int64_t>(offset) + std::prev(after)->shift);
}

void TextEditor::copy(std::string_view part) {
  const auto units = static_cast<std::uint32_t>(utf16Length(part));
  out_ += part;
  units_in_ += units;
  units_out_ += units;
}

void TextEditor::replace(std::string_view part, std::string_view replacement) {
  const auto removed = static_cast<std::uint32_t>(utf16Length(part));
  const auto added = static_cast<std::uint32_t>(utf16Length(replacement));
  const std::int32_t shift = offsets_.lastShift();
  if (added < removed) {
    offsets_.add(units_out_ + added, shift + static_cast<std::int32_t>(removed - added));
  } else {
    for (std::uint32_t extra = 0; extra < added - removed; ++extra)
      offsets_.add(units_out_ + removed + extra, shift - static_cast<std::int32_t>(extra) - 1);
  }
  out_ += replacement;
  units_in_ += removed;
  units_out_ += added;
}

}  // namespace gyre::engine
