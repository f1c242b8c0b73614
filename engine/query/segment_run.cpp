#include "engine/query/segment_run.hpp"

namespace gyre::engine {

ColumnWindow& SegmentRun::entry(const ColumnReader& column) {
  // A request names a handful of columns: a linear search beats hashing.
  for (const auto& known : windows_)
    if (known->column == &column) return *known;
  windows_.push_back(std::make_unique<ColumnWindow>());
  windows_.back()->column = &column;
  return *windows_.back();
}

void SegmentRun::describe(ColumnWindow& decoded, std::uint32_t window) const {
  decoded.stats = decoded.column->blockStats(window);
  decoded.is_full = decoded.stats.doc_count == windowSize(window, docCount());
}

ColumnWindow& SegmentRun::read(const ColumnReader& column, std::uint32_t window) {
  ColumnWindow& decoded = entry(column);
  if (decoded.window == window) return decoded;
  decoded.values.resize(kWindowDocs);
  column.read(window, decoded.values.data(), decoded.present.data());
  describe(decoded, window);
  decoded.window = window;
  return decoded;
}

ColumnWindow& SegmentRun::readMulti(const ColumnReader& column, std::uint32_t window) {
  ColumnWindow& decoded = read(column, window);
  if (decoded.multi_window == window) return decoded;
  column.readMulti(window, decoded.offsets, decoded.multi_values);
  decoded.multi_window = window;
  return decoded;
}

ColumnWindow& SegmentRun::readUnits(const ColumnReader& column, std::uint32_t window) {
  ColumnWindow& decoded = entry(column);
  if (decoded.unit_window == window) return decoded;
  decoded.units.resize(kWindowDocs);
  column.readUnits(window, decoded.units.data(), decoded.present.data());
  describe(decoded, window);
  decoded.unit_window = window;
  return decoded;
}

ColumnWindow& SegmentRun::readOrdinals(const ColumnReader& column, std::uint32_t window) {
  ColumnWindow& decoded = entry(column);
  if (decoded.ordinal_window == window) return decoded;
  decoded.ordinals.resize(kWindowDocs);
  column.readOrdinals(window, decoded.ordinals.data(), decoded.present.data());
  describe(decoded, window);
  decoded.ordinal_window = window;
  return decoded;
}

ColumnWindow& SegmentRun::readPresence(const ColumnReader& column, std::uint32_t window) {
  ColumnWindow& decoded = entry(column);
  const bool is_known = decoded.window == window || decoded.unit_window == window || decoded.ordinal_window == window;
  return is_known ? decoded : read(column, window);
}

}  // namespace gyre::engine
