#include "engine/series/chunk.hpp"

#include <algorithm>
#include <vector>

#include "engine/series/integer_codec.hpp"
#include "engine/series/value_codec.hpp"

namespace gyre::engine::series {
namespace {

struct ChunkHead {
  std::size_t count = 0;
  std::int64_t first_ms = 0;
  std::int64_t last_ms = 0;
  base::ByteView body;
};

void appendHead(std::string& out, std::size_t count, std::int64_t first, std::int64_t last, std::string_view body) {
  base::appendVarint(out, count);
  base::appendVarint(out, zigzag(first));
  base::appendVarint(out, static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(first));
  base::appendVarint(out, body.size());
  out += body;
}

bool readHead(base::ByteReader& reader, ChunkHead& head) {
  const std::uint64_t count = reader.varint();
  head.first_ms = unzigzag(reader.varint());
  head.last_ms = static_cast<std::int64_t>(static_cast<std::uint64_t>(head.first_ms) + reader.varint());
  head.body = reader.bytes(reader.varint());
  head.count = static_cast<std::size_t>(count);
  return reader.isValid() && count > 0 && count <= kMaxChunkSamples && head.last_ms >= head.first_ms;
}

// The times of a chunk; false unless they ascend from first to last as its head says.
bool readTimes(base::ByteReader& reader, const ChunkHead& head, std::vector<std::int64_t>& times) {
  times.resize(head.count);
  if (!readIntegers(reader, times)) return false;
  for (std::size_t i = 1; i < times.size(); ++i)
    if (times[i] <= times[i - 1]) return false;
  return times.front() == head.first_ms && times.back() == head.last_ms;
}

template <class Read>
bool visitChunks(base::ByteView bytes, std::int64_t from_ms, std::int64_t to_ms, const Read& read) {
  base::ByteReader reader(bytes);
  while (reader.remaining() > 0) {
    ChunkHead head;
    if (!readHead(reader, head)) return false;
    if (head.last_ms < from_ms || head.first_ms > to_ms) continue;
    base::ByteReader body(head.body);
    if (!read(body, head) || !body.isValid() || body.remaining() != 0) return false;
  }
  return true;
}

// The part of ascending times that lies in the range.
std::pair<std::size_t, std::size_t> within(const std::vector<std::int64_t>& times, std::int64_t from_ms,
                                           std::int64_t to_ms) {
  const auto begin = std::lower_bound(times.begin(), times.end(), from_ms);
  const auto end = std::upper_bound(begin, times.end(), to_ms);
  return {static_cast<std::size_t>(begin - times.begin()), static_cast<std::size_t>(end - times.begin())};
}

}  // namespace

void appendChunk(std::string& out, std::span<const std::int64_t> times, std::span<const double> values) {
  thread_local std::string body;
  body.clear();
  appendIntegers(body, times);
  appendValues(body, values);
  appendHead(out, times.size(), times.front(), times.back(), body);
}

void appendRollUpChunk(std::string& out, std::span<const RollUp> roll_ups) {
  std::string body;
  std::vector<std::int64_t> wholes;
  std::vector<double> values;
  const auto appendWholes = [&](const auto& get) {
    wholes.clear();
    for (const RollUp& each : roll_ups) wholes.push_back(get(each));
    appendIntegers(body, wholes);
  };
  const auto appendDoubles = [&](double RollUp::*member) {
    values.clear();
    for (const RollUp& each : roll_ups) values.push_back(each.*member);
    appendValues(body, values);
  };
  appendWholes([](const RollUp& each) { return each.end_ms; });
  appendWholes([](const RollUp& each) { return static_cast<std::int64_t>(each.count * 2 + (each.is_stale ? 1 : 0)); });
  appendWholes([](const RollUp& each) { return each.count == 0 ? 0 : each.end_ms - each.last_ms; });
  appendDoubles(&RollUp::sum);
  appendDoubles(&RollUp::min);
  appendDoubles(&RollUp::max);
  appendDoubles(&RollUp::last);
  appendHead(out, roll_ups.size(), roll_ups.front().end_ms, roll_ups.back().end_ms, body);
}

void appendChunks(std::string& out, const SampleColumns& samples) {
  const std::span<const std::int64_t> times(samples.times);
  const std::span<const double> values(samples.values);
  for (std::size_t at = 0; at < samples.size(); at += kMaxChunkSamples) {
    const std::size_t count = std::min(kMaxChunkSamples, samples.size() - at);
    appendChunk(out, times.subspan(at, count), values.subspan(at, count));
  }
}

void appendRollUpChunks(std::string& out, const RollUps& roll_ups) {
  const std::span<const RollUp> all(roll_ups);
  for (std::size_t at = 0; at < all.size(); at += kMaxChunkSamples)
    appendRollUpChunk(out, all.subspan(at, std::min(kMaxChunkSamples, all.size() - at)));
}

bool readChunks(base::ByteView bytes, std::int64_t from_ms, std::int64_t to_ms, SampleColumns& into) {
  thread_local std::vector<std::int64_t> times;
  thread_local std::vector<double> values;
  return visitChunks(bytes, from_ms, to_ms, [&](base::ByteReader& body, const ChunkHead& head) {
    if (!readTimes(body, head, times)) return false;
    values.resize(head.count);
    if (!readValues(body, values)) return false;
    const auto [begin, end] = within(times, from_ms, to_ms);
    into.times.insert(into.times.end(), times.data() + begin, times.data() + end);
    into.values.insert(into.values.end(), values.data() + begin, values.data() + end);
    return true;
  });
}

bool readRollUpChunks(base::ByteView bytes, std::int64_t from_ms, std::int64_t to_ms, RollUps& into) {
  return visitChunks(bytes, from_ms, to_ms, [&](base::ByteReader& body, const ChunkHead& head) {
    std::vector<std::int64_t> times;
    std::vector<std::int64_t> counts(head.count);
    std::vector<std::int64_t> ages(head.count);
    std::vector<double> columns[4];
    if (!readTimes(body, head, times) || !readIntegers(body, counts) || !readIntegers(body, ages)) return false;
    for (std::vector<double>& column : columns) {
      column.resize(head.count);
      if (!readValues(body, column)) return false;
    }
    const auto [begin, end] = within(times, from_ms, to_ms);
    for (std::size_t i = begin; i < end; ++i) {
      if (counts[i] < 1) return false;
      const std::int64_t last_ms =
          static_cast<std::int64_t>(static_cast<std::uint64_t>(times[i]) - static_cast<std::uint64_t>(ages[i]));
      into.push_back({times[i], static_cast<std::uint64_t>(counts[i]) / 2, columns[0][i], columns[1][i], columns[2][i],
                      columns[3][i], last_ms, (counts[i] & 1) != 0});
    }
    return true;
  });
}

std::optional<bool> hasTime(base::ByteView bytes, std::int64_t from_ms, std::int64_t to_ms) {
  thread_local std::vector<std::int64_t> times;
  base::ByteReader reader(bytes);
  while (reader.remaining() > 0) {
    ChunkHead head;
    if (!readHead(reader, head)) return std::nullopt;
    if (head.last_ms < from_ms || head.first_ms > to_ms) continue;
    if (head.first_ms >= from_ms || head.last_ms <= to_ms) return true;
    base::ByteReader body(head.body);
    if (!readTimes(body, head, times)) return std::nullopt;
    const auto [begin, end] = within(times, from_ms, to_ms);
    if (begin < end) return true;
  }
  return false;
}

}  // namespace gyre::engine::series
