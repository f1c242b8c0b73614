#include <xxhash.h>

#include <algorithm>
#include <numeric>
#include <tuple>

#include "engine/codec/bit_packing.hpp"
#include "engine/series/block.hpp"
#include "engine/series/block_layout.hpp"
#include "engine/series/chunk.hpp"
#include "engine/series/integer_codec.hpp"

namespace gyre::engine::series {
namespace {

constexpr std::size_t kBufferBytes = 256 * 1024;

void appendColumn(std::string& out, const std::vector<std::uint64_t>& values) {
  const std::uint64_t most = values.empty() ? 0 : *std::max_element(values.begin(), values.end());
  base::appendVarint(out, values.size());
  out.append(1, static_cast<char>(bitWidth(most)));
  appendPacked(out, values, bitWidth(most));
}

void appendText(std::string& out, std::string_view text) {
  base::appendVarint(out, text.size());
  out += text;
}

}  // namespace

BlockWriter::BlockWriter(FileWriter& out, std::int64_t resolution_ms) : out_(out) {
  summary_.resolution_ms = resolution_ms;
  write(block_layout::kHeader);
}

void BlockWriter::write(std::string_view bytes) {
  position_ += bytes.size();
  buffer_ += bytes;
  if (buffer_.size() < kBufferBytes) return;
  if (status_.isOk()) status_ = out_.append(base::asBytes(buffer_));
  buffer_.clear();
}

void BlockWriter::add(const LabelViews& labels, const SampleColumns& samples) {
  if (samples.size() == 0) return;
  run_.clear();
  appendChunks(run_, samples);
  addRun(labels, samples.times.front(), samples.times.back(), samples.size());
}

void BlockWriter::add(const LabelViews& labels, const RollUps& roll_ups) {
  if (roll_ups.empty()) return;
  run_.clear();
  appendRollUpChunks(run_, roll_ups);
  addRun(labels, roll_ups.front().end_ms, roll_ups.back().end_ms, roll_ups.size());
}

void BlockWriter::addRun(const LabelViews& labels, std::int64_t min_ms, std::int64_t max_ms, std::size_t samples) {
  const bool is_first = summary_.series == 0;
  summary_.min_ms = is_first ? min_ms : std::min(summary_.min_ms, min_ms);
  summary_.max_ms = is_first ? max_ms : std::max(summary_.max_ms, max_ms);
  summary_.samples += samples;
  const std::uint32_t series = summary_.series++;
  std::string head;
  base::appendLittle(head, static_cast<std::uint32_t>(XXH3_64bits(run_.data(), run_.size())));
  write(head);
  write(run_);
  run_ends_.push_back(position_);
  std::string key;
  for (const LabelView& label : labels) {
    key.assign(label.name);
    key.append(1, '\0');
    key.append(label.value);
    const auto [found, is_new] = pair_numbers_.try_emplace(key, static_cast<std::uint32_t>(pairs_.size()));
    if (is_new) pairs_.push_back({std::string(label.name), std::string(label.value), {}});
    pairs_[found->second].series.push_back(series);
    labels_.push_back(found->second);
  }
  label_ends_.push_back(labels_.size());
}

std::string BlockWriter::makeIndex() const {
  std::vector<std::uint32_t> order(pairs_.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](std::uint32_t left, std::uint32_t right) {
    return std::tie(pairs_[left].name, pairs_[left].value) < std::tie(pairs_[right].name, pairs_[right].value);
  });
  std::vector<std::string_view> symbols;
  for (const Pair& pair : pairs_) {
    symbols.push_back(pair.name);
    symbols.push_back(pair.value);
  }
  std::sort(symbols.begin(), symbols.end());
  symbols.erase(std::unique(symbols.begin(), symbols.end()), symbols.end());
  const auto numberOf = [&](std::string_view text) {
    return static_cast<std::uint64_t>(std::lower_bound(symbols.begin(), symbols.end(), text) - symbols.begin());
  };

  std::string out;
  base::appendVarint(out, static_cast<std::uint64_t>(summary_.resolution_ms));
  base::appendVarint(out, zigzag(summary_.min_ms));
  base::appendVarint(out, zigzag(summary_.max_ms));
  base::appendVarint(out, summary_.samples);
  base::appendVarint(out, summary_.series);

  std::vector<std::uint64_t> column;
  std::string texts;
  for (const std::string_view symbol : symbols) {
    texts += symbol;
    column.push_back(texts.size());
  }
  appendColumn(out, column);
  appendText(out, texts);

  std::vector<std::uint64_t> names, name_ends, values, postings_ends;
  std::string postings;
  std::vector<std::uint64_t> entry_of(pairs_.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Pair& pair = pairs_[order[i]];
    entry_of[order[i]] = i;
    if (i == 0 || pair.name != pairs_[order[i - 1]].name) {
      if (i > 0) name_ends.push_back(i);
      names.push_back(numberOf(pair.name));
    }
    values.push_back(numberOf(pair.value));
    std::uint32_t next = 0;
    for (const std::uint32_t series : pair.series) {
      base::appendVarint(postings, series - next);
      next = series + 1;
    }
    postings_ends.push_back(postings.size());
  }
  if (!order.empty()) name_ends.push_back(order.size());
  appendColumn(out, names);
  appendColumn(out, name_ends);
  appendColumn(out, values);
  appendColumn(out, postings_ends);
  appendText(out, postings);
  appendColumn(out, label_ends_);
  column.clear();
  for (const std::uint32_t pair : labels_) column.push_back(entry_of[pair]);
  appendColumn(out, column);
  appendColumn(out, run_ends_);
  out.append(kUnpackSlack, '\0');
  return out;
}

Result<BlockWriter::Written> BlockWriter::finish() {
  const std::string index = makeIndex();
  const std::uint64_t offset = position_;
  const std::uint64_t checksum = XXH3_64bits(index.data(), index.size());
  write(index);
  std::string footer;
  base::appendLittle(footer, offset);
  base::appendLittle<std::uint64_t>(footer, index.size());
  base::appendLittle(footer, checksum);
  footer += block_layout::kFooter;
  write(footer);
  if (status_.isOk() && !buffer_.empty()) status_ = out_.append(base::asBytes(buffer_));
  buffer_.clear();
  GYRE_TRY(status_);
  return Written{position_, checksum};
}

}  // namespace gyre::engine::series
