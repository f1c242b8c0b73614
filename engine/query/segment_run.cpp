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

ColumnWindow& SegmentRun::read(const ColumnReader& column, std::uint32_t window) {
  ColumnWindow& decoded = entry(column);
  if (decoded.window == window) return decoded;
  decoded.values.resize(kWindowDocs);
  decoded.stats = column.blockStats(window);
  column.read(window, decoded.values.data(), decoded.present.data());
  decoded.is_full = decoded.stats.doc_count == windowSize(window, docCount());
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

}  // namespace gyre::engine
