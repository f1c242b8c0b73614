#include "server/stream/record_batch.hpp"

#include <xxhash.h>
#include <zstd.h>

#include <memory>
#include <utility>

#include "base/bytes.hpp"

namespace gyre::stream {

namespace {

constexpr std::uint8_t kFormat = 1;
// Of what a row may unpack to; a body is far smaller.
constexpr std::uint64_t kMaxContent = std::uint64_t{1} << 31;
// Logs shrink to a fifth at the lowest level; the next ones cost twice the time for a few hundredths. With a smaller
// table and longer matches than the level asks for that takes a seventh less time for a twentieth more bytes.
constexpr int kLevel = 1, kHashLog = 11, kMinMatch = 6;

std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

Status damaged(const std::string& what) { return corruption("batch of records: " + what); }

// One context a thread: making one costs more than a small batch.
ZSTD_CCtx* compressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context(
      [] {
        ZSTD_CCtx* const made = ZSTD_createCCtx();
        ZSTD_CCtx_setParameter(made, ZSTD_c_compressionLevel, kLevel);
        ZSTD_CCtx_setParameter(made, ZSTD_c_hashLog, kHashLog);
        ZSTD_CCtx_setParameter(made, ZSTD_c_minMatch, kMinMatch);
        return made;
      }(),
      &ZSTD_freeCCtx);
  return context.get();
}
ZSTD_DCtx* decompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), &ZSTD_freeDCtx);
  return context.get();
}

Result<std::string> unpack(std::string_view bytes) {
  if (bytes.size() < sizeof(std::uint64_t) + 2) return damaged("shorter than its header");
  const auto checksum = base::loadLittle<std::uint64_t>(reinterpret_cast<const std::uint8_t*>(bytes.data()));
  bytes.remove_prefix(sizeof checksum);
  if (XXH64(bytes.data(), bytes.size(), 0) != checksum) return damaged("its checksum does not hold");
  base::ByteReader reader(base::asBytes(bytes));
  if (const auto format = reader.little<std::uint8_t>(); format != kFormat)
    return damaged("expected format " + std::to_string(kFormat) + ", found " + std::to_string(format));
  const std::uint64_t size = reader.varint();
  if (!reader.isValid() || size > kMaxContent) return damaged("no size that can be");
  bytes.remove_prefix(reader.position());
  std::string content(size, '\0');
  const std::size_t unpacked =
      ZSTD_decompressDCtx(decompressor(), content.data(), content.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(unpacked) != 0) return damaged(ZSTD_getErrorName(unpacked));
  if (unpacked != size)
    return damaged("expected " + std::to_string(size) + " bytes, found " + std::to_string(unpacked));
  return content;
}

}  // namespace

void RecordBatch::add(std::uint64_t position, std::int64_t time_millis, std::string_view record,
                      std::uint64_t sequences, std::string_view id) {
  rows_.push_back({text_.size(), record.size(), ids_.size(), id.size(), time_millis, position, sequences});
  text_ += record;
  ids_ += id;
  sequence_count_ += sequences;
}

void RecordBatch::setId(std::size_t i, std::string_view id) {
  rows_[i].id_begin = ids_.size();
  rows_[i].id_size = id.size();
  ids_ += id;
}

std::string RecordBatch::encode() const {
  std::string content;
  content.reserve(text_.size() + ids_.size() + rows_.size() * 6 + 16);
  base::appendVarint(content, rows_.size());
  std::int64_t before = 0;
  for (const Row& row : rows_) {
    // Unsigned, since the distance of two times may be more than a signed number holds.
    base::appendVarint(content, zigzag(static_cast<std::int64_t>(static_cast<std::uint64_t>(row.time_millis) -
                                                                 static_cast<std::uint64_t>(before))));
    before = row.time_millis;
    base::appendVarint(content, row.sequences);
    base::appendVarint(content, row.id_size);
    base::appendVarint(content, row.size);
  }
  for (std::size_t i = 0; i < rows_.size(); ++i) content += id(i);
  content += text_;

  std::string packed;
  packed += static_cast<char>(kFormat);
  base::appendVarint(packed, content.size());
  const std::size_t head = packed.size();
  packed.resize(head + ZSTD_compressBound(content.size()));
  const std::size_t size =
      ZSTD_compress2(compressor(), packed.data() + head, packed.size() - head, content.data(), content.size());
  packed.resize(head + size);  // the bound is enough, so it cannot fail
  std::string bytes;
  bytes.reserve(packed.size() + sizeof(std::uint64_t));
  base::appendLittle<std::uint64_t>(bytes, XXH64(packed.data(), packed.size(), 0));
  bytes += packed;
  return bytes;
}

Result<RecordBatch> RecordBatch::decode(std::string_view bytes) {
  GYRE_TRY_ASSIGN(std::string content, unpack(bytes));
  base::ByteReader reader(base::asBytes(content));
  RecordBatch batch;
  const std::uint64_t count = reader.varint();
  if (count > content.size()) return damaged("more records than bytes");
  batch.rows_.reserve(count);
  std::uint64_t time = 0;
  std::uint64_t id_bytes = 0;
  std::uint64_t record_bytes = 0;
  for (std::uint64_t i = 0; i < count && reader.isValid(); ++i) {
    Row row;
    time += static_cast<std::uint64_t>(unzigzag(reader.varint()));
    row.time_millis = static_cast<std::int64_t>(time);
    row.sequences = reader.varint();
    row.id_size = reader.varint();
    row.size = reader.varint();
    row.id_begin = id_bytes;
    row.begin = record_bytes;
    if (row.id_size > content.size() || row.size > content.size()) return damaged("a record larger than all of it");
    id_bytes += row.id_size;
    record_bytes += row.size;
    batch.sequence_count_ += row.sequences;
    batch.rows_.push_back(row);
  }
  if (!reader.isValid() || id_bytes + record_bytes != reader.remaining()) return damaged("its sizes do not add up");
  batch.ids_.assign(content, reader.position(), id_bytes);
  content.erase(0, reader.position() + id_bytes);
  batch.text_ = std::move(content);
  return batch;
}

}  // namespace gyre::stream
