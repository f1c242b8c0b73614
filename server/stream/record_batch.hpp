// What do records that arrived together look like: in memory, and as one row of the log?
//
// FORMAT of a row: xxh64 of all that follows (8 bytes, little-endian), format number (1 byte, kFormat), size of the
// content (varint), one zstd frame. Content: number of records; then for each its time (zigzag varint, less the one
// before), sequences, size of its id, size of its bytes (varints); then all ids, then all records.
//
// THREADS: values; a batch that is shared is const.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/status.hpp"

namespace gyre::stream {

class RecordBatch {
 public:
  // Room for records of so many bytes in all, which is only a guess.
  void reserve(std::size_t bytes) { text_.reserve(bytes); }
  // `position`: of the input's item it came from. `time_millis`: the record's own. `sequences`: how many it counts for.
  // `id`: given by the sender; "" for none.
  void add(std::uint64_t position, std::int64_t time_millis, std::string_view record, std::uint64_t sequences = 1,
           std::string_view id = {});
  // REQUIRES: i < size().
  void setId(std::size_t i, std::string_view id);

  std::size_t size() const { return rows_.size(); }
  bool isEmpty() const { return rows_.empty(); }
  std::string_view record(std::size_t i) const { return std::string_view(text_).substr(rows_[i].begin, rows_[i].size); }
  std::string_view id(std::size_t i) const {
    return std::string_view(ids_).substr(rows_[i].id_begin, rows_[i].id_size);
  }
  std::int64_t timeMillis(std::size_t i) const { return rows_[i].time_millis; }
  std::uint64_t position(std::size_t i) const { return rows_[i].position; }
  std::uint64_t sequences(std::size_t i) const { return rows_[i].sequences; }
  // Of all records.
  std::uint64_t sequenceCount() const { return sequence_count_; }
  // Memory in use, roughly.
  std::size_t bytes() const { return text_.size() + ids_.size() + rows_.size() * sizeof(Row); }

  std::string encode() const;
  // corruption, saying what is wrong; nothing is followed that was not checked. Positions are not kept.
  static Result<RecordBatch> decode(std::string_view bytes);

 private:
  struct Row {
    std::size_t begin = 0, size = 0;
    std::size_t id_begin = 0, id_size = 0;
    std::int64_t time_millis = 0;
    std::uint64_t position = 0;
    std::uint64_t sequences = 1;
  };
  std::string text_;
  std::string ids_;
  std::vector<Row> rows_;
  std::uint64_t sequence_count_ = 0;
};

}  // namespace gyre::stream
