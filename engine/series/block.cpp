#include "engine/series/block.hpp"

#include <xxhash.h>

#include <algorithm>
#include <limits>

#include "engine/codec/bit_packing.hpp"
#include "engine/series/block_layout.hpp"
#include "engine/series/chunk.hpp"
#include "engine/series/integer_codec.hpp"

namespace gyre::engine::series {
namespace {

bool readColumn(base::ByteReader& reader, PackedColumn& column) {
  column.count = reader.varint();
  column.width = reader.little<std::uint8_t>();
  if (!reader.isValid() || column.width > 64 || column.count > 0xffff'ffffu) return false;
  column.at = reader.bytes(packedBytes(column.count, column.width)).data();
  return reader.isValid();
}

// Ends of runs that cover `size`: never less than the one before.
bool areEnds(const PackedColumn& ends, std::uint64_t size) {
  std::uint64_t before = 0;
  for (std::uint64_t i = 0; i < ends.count; ++i) {
    const std::uint64_t end = ends[i];
    if (end < before) return false;
    before = end;
  }
  return before == size;
}

bool areBelow(const PackedColumn& column, std::uint64_t limit) {
  for (std::uint64_t i = 0; i < column.count; ++i)
    if (column[i] >= limit) return false;
  return true;
}

}  // namespace

std::uint64_t PackedColumn::operator[](std::uint64_t index) const { return unpackOne(at, index, width); }

Status Block::damaged(std::uint64_t offset, std::string_view what) const {
  return corruption(name_ + ": byte " + std::to_string(offset) + ": " + std::string(what));
}

Result<std::shared_ptr<const Block>> Block::open(Directory& directory, std::string name) {
  const std::shared_ptr<Block> block(new Block);
  block->name_ = std::move(name);
  auto file = directory.open(block->name_);
  if (!file.isOk() && file.status().code() == Code::kNotFound) return block->damaged(0, "the file is missing");
  if (!file.isOk()) return std::move(file).status();
  block->file_ = std::move(file).value();
  GYRE_TRY(block->parse());
  return std::shared_ptr<const Block>(block);
}

Status Block::parse() {
  using namespace block_layout;
  const ByteView bytes = file_->bytes();
  if (bytes.size() < kHeader.size() + kFooterSize) return damaged(bytes.size(), "shorter than any block");
  if (base::asText(bytes.first(kHeader.size())) != kHeader) return damaged(0, "no block header, or of a later format");
  const std::uint64_t footer_at = bytes.size() - kFooterSize;
  base::ByteReader footer(bytes.subspan(footer_at));
  index_offset_ = footer.little<std::uint64_t>();
  const std::uint64_t size = footer.little<std::uint64_t>();
  checksum_ = footer.little<std::uint64_t>();
  if (base::asText(footer.bytes(kFooter.size())) != kFooter)
    return damaged(footer_at, "no block footer; the file is cut off or damaged");
  if (index_offset_ < kHeader.size() || index_offset_ > footer_at || size != footer_at - index_offset_ ||
      size < kUnpackSlack)
    return damaged(footer_at, "footer points outside the file");
  const ByteView index = bytes.subspan(index_offset_, size);
  if (XXH3_64bits(index.data(), index.size()) != checksum_)
    return damaged(index_offset_, "index checksum does not match");

  base::ByteReader reader(index.first(index.size() - kUnpackSlack));
  summary_.resolution_ms = static_cast<std::int64_t>(reader.varint());
  summary_.min_ms = unzigzag(reader.varint());
  summary_.max_ms = unzigzag(reader.varint());
  summary_.samples = reader.varint();
  const std::uint64_t series = reader.varint();
  summary_.series = static_cast<std::uint32_t>(series);
  const auto readText = [&](ByteView& into) {
    into = reader.bytes(reader.varint());
    return reader.isValid();
  };
  const bool is_whole = readColumn(reader, symbol_ends_) && readText(symbols_) && readColumn(reader, names_) &&
                        readColumn(reader, name_ends_) && readColumn(reader, entry_values_) &&
                        readColumn(reader, postings_ends_) && readText(postings_) && readColumn(reader, label_ends_) &&
                        readColumn(reader, labels_) && readColumn(reader, run_ends_) && reader.remaining() == 0;
  if (!is_whole || series > 0xffff'fffeu) return damaged(index_offset_ + reader.position(), "index makes no sense");
  const bool fits = areEnds(symbol_ends_, symbols_.size()) && areBelow(names_, symbol_ends_.count) &&
                    name_ends_.count == names_.count && areEnds(name_ends_, entry_values_.count) &&
                    areBelow(entry_values_, symbol_ends_.count) && postings_ends_.count == entry_values_.count &&
                    areEnds(postings_ends_, postings_.size()) && label_ends_.count == series &&
                    areEnds(label_ends_, labels_.count) && areBelow(labels_, entry_values_.count) &&
                    run_ends_.count == series && areEnds(run_ends_, series == 0 ? 0 : index_offset_) &&
                    (series == 0 || run_ends_[0] >= kHeader.size() + sizeof(std::uint32_t)) &&
                    summary_.min_ms <= summary_.max_ms;
  return fits ? Status() : damaged(index_offset_, "tables of the index contradict each other");
}

// ---- samples

Result<ByteView> Block::runOf(std::uint32_t series) const {
  const std::uint64_t begin = series == 0 ? block_layout::kHeader.size() : run_ends_[series - 1];
  const std::uint64_t end = run_ends_[series];
  if (end - begin < sizeof(std::uint32_t)) return damaged(begin, "chunks of a series are cut off");
  const ByteView run = file_->bytes().subspan(begin, end - begin);
  const ByteView chunks = run.subspan(sizeof(std::uint32_t));
  if (static_cast<std::uint32_t>(XXH3_64bits(chunks.data(), chunks.size())) !=
      base::loadLittle<std::uint32_t>(run.data()))
    return damaged(begin, "checksum of a series' chunks does not match");
  return chunks;
}

Status Block::read(std::uint32_t series, std::int64_t from_ms, std::int64_t to_ms, SampleColumns& into) const {
  GYRE_TRY_ASSIGN(const ByteView chunks, runOf(series));
  if (readChunks(chunks, from_ms, to_ms, into)) return {};
  return damaged(static_cast<std::uint64_t>(chunks.data() - file_->bytes().data()), "chunks make no sense");
}

Status Block::read(std::uint32_t series, std::int64_t from_ms, std::int64_t to_ms, RollUps& into) const {
  GYRE_TRY_ASSIGN(const ByteView chunks, runOf(series));
  if (readRollUpChunks(chunks, from_ms, to_ms, into)) return {};
  return damaged(static_cast<std::uint64_t>(chunks.data() - file_->bytes().data()), "chunks make no sense");
}

Result<bool> Block::hasTime(std::uint32_t series, std::int64_t from_ms, std::int64_t to_ms) const {
  GYRE_TRY_ASSIGN(const ByteView chunks, runOf(series));
  if (const auto has = gyre::engine::series::hasTime(chunks, from_ms, to_ms)) return *has;
  return damaged(static_cast<std::uint64_t>(chunks.data() - file_->bytes().data()), "chunks make no sense");
}

Status Block::check() const {
  constexpr std::int64_t kFrom = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kTo = std::numeric_limits<std::int64_t>::max();
  std::uint64_t samples = 0;
  SampleColumns columns;
  RollUps roll_ups;
  for (std::uint32_t series = 0; series < summary_.series; ++series) {
    columns.clear();
    roll_ups.clear();
    GYRE_TRY(summary_.resolution_ms == 0 ? read(series, kFrom, kTo, columns) : read(series, kFrom, kTo, roll_ups));
    samples += columns.size() + roll_ups.size();
  }
  if (samples != summary_.samples)
    return damaged(index_offset_,
                   "expected " + std::to_string(summary_.samples) + " samples, found " + std::to_string(samples));
  // Every label of every series is in the list of its entry, and the lists hold no more.
  std::uint64_t listed = 0;
  std::vector<std::uint32_t> list;
  for (std::uint32_t entry = 0; entry < entry_values_.count; ++entry) {
    list.clear();
    appendSeries(entry, list);
    listed += list.size();
    for (const std::uint32_t series : list) {
      bool has = false;
      for (std::uint64_t i = label_ends_.begin(series); i < label_ends_[series]; ++i) has = has || labels_[i] == entry;
      if (!has) return damaged(index_offset_, "a list names a series that lacks the label");
    }
  }
  return listed == labels_.count ? Status() : damaged(index_offset_, "lists lack series that have the label");
}

// ---- labels

std::string_view Block::symbol(std::uint64_t number) const {
  const std::uint64_t begin = symbol_ends_.begin(number);
  return base::asText(symbols_.subspan(begin, symbol_ends_[number] - begin));
}

std::optional<std::uint64_t> Block::findName(std::string_view name) const {
  std::uint64_t low = 0;
  std::uint64_t high = names_.count;
  while (low < high) {
    const std::uint64_t middle = (low + high) / 2;
    if (symbol(names_[middle]) < name)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == names_.count || symbol(names_[low]) != name) return std::nullopt;
  return low;
}

void Block::visitNames(const std::function<void(std::string_view)>& visit) const {
  for (std::uint64_t i = 0; i < names_.count; ++i) visit(symbol(names_[i]));
}

std::size_t Block::valueCount(std::string_view name) const {
  const auto found = findName(name);
  return found ? static_cast<std::size_t>(name_ends_[*found] - name_ends_.begin(*found)) : 0;
}

void Block::visitValues(std::string_view name,
                        const std::function<void(std::string_view, std::uint32_t)>& visit) const {
  const auto found = findName(name);
  if (!found) return;
  for (std::uint64_t entry = name_ends_.begin(*found); entry < name_ends_[*found]; ++entry)
    visit(symbol(entry_values_[entry]), static_cast<std::uint32_t>(entry));
}

std::optional<std::uint32_t> Block::find(std::string_view name, std::string_view value) const {
  const auto found = findName(name);
  if (!found) return std::nullopt;
  std::uint64_t low = name_ends_.begin(*found);
  std::uint64_t high = name_ends_[*found];
  const std::uint64_t end = high;
  while (low < high) {
    const std::uint64_t middle = (low + high) / 2;
    if (symbol(entry_values_[middle]) < value)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == end || symbol(entry_values_[low]) != value) return std::nullopt;
  return static_cast<std::uint32_t>(low);
}

void Block::appendSeries(std::uint32_t entry, std::vector<std::uint32_t>& into) const {
  const std::uint64_t begin = postings_ends_.begin(entry);
  base::ByteReader reader(postings_.subspan(begin, postings_ends_[entry] - begin));
  std::uint64_t next = 0;
  while (reader.remaining() > 0) {
    const std::uint64_t series = next + reader.varint();
    if (!reader.isValid() || series < next || series >= summary_.series) return;  // the index has passed its checksum
    into.push_back(static_cast<std::uint32_t>(series));
    next = series + 1;
  }
}

void Block::labelsOf(std::uint32_t series, LabelViews& into) const {
  into.clear();
  std::uint64_t name = 0;
  for (std::uint64_t i = label_ends_.begin(series); i < label_ends_[series]; ++i) {
    const std::uint64_t entry = labels_[i];
    // Labels are sorted as entries are, so names are passed forward.
    while (name < names_.count && name_ends_[name] <= entry) ++name;
    if (name == names_.count) return;
    into.push_back({symbol(names_[name]), symbol(entry_values_[entry])});
  }
}

}  // namespace gyre::engine::series
