#include "engine/writer/operation_log.hpp"

#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/bytes.hpp"

namespace gyre::engine {
namespace {

constexpr std::string_view kPrefix = "log_";
constexpr std::size_t kDigits = 10;
constexpr std::uint32_t kMagic = 0x474f4c47;  // "GLOG"
// Magic, then length and checksum of the payload, then the checksum of these sixteen bytes.
constexpr std::size_t kHeaderSize = 24;
// So that one record, whose operations are written together, stays a reasonable allocation when it is read back.
constexpr std::uint64_t kLongestRecord = std::uint64_t{1} << 31;

enum class RecordKind : std::uint8_t { kIndex = 1, kDelete = 2 };

std::string logName(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string name(kPrefix);
  if (digits.size() < kDigits) name.append(kDigits - digits.size(), '0');
  return name + digits;
}

std::uint64_t logNumber(std::string_view name) {
  std::uint64_t number = 0;
  std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), number);
  return number;
}

void appendText(std::string& out, std::string_view text) {
  base::appendVarint(out, text.size());
  out += text;
}

void appendOperation(std::string& out, const LoggedOperation& operation) {
  out += static_cast<char>(operation.is_delete ? RecordKind::kDelete : RecordKind::kIndex);
  base::appendVarint(out, operation.seq_no);
  base::appendVarint(out, operation.version);
  appendText(out, operation.id);
  appendText(out, operation.routing);
  if (!operation.is_delete) appendText(out, operation.source);
}

std::string header(std::string_view payload) {
  std::string bytes;
  base::appendLittle(bytes, kMagic);
  base::appendLittle(bytes, static_cast<std::uint32_t>(payload.size()));
  base::appendLittle(bytes, static_cast<std::uint64_t>(XXH3_64bits(payload.data(), payload.size())));
  base::appendLittle(bytes, static_cast<std::uint64_t>(XXH3_64bits(bytes.data(), bytes.size())));
  return bytes;
}

// The payload of a whole, undamaged record that begins at `at`.
bool recordAt(base::ByteView file, std::size_t at, base::ByteView& payload) {
  if (file.size() - at < kHeaderSize) return false;
  const std::uint8_t* const from = file.data() + at;
  if (base::loadLittle<std::uint32_t>(from) != kMagic) return false;
  if (base::loadLittle<std::uint64_t>(from + 16) != XXH3_64bits(from, 16)) return false;
  const auto size = base::loadLittle<std::uint32_t>(from + 4);
  if (file.size() - at - kHeaderSize < size) return false;
  payload = file.subspan(at + kHeaderSize, size);
  return base::loadLittle<std::uint64_t>(from + 8) == XXH3_64bits(payload.data(), payload.size());
}

bool hasRecordAfter(base::ByteView file, std::size_t at) {
  base::ByteView ignored;
  for (std::size_t next = at + 1; next + kHeaderSize <= file.size(); ++next)
    if (recordAt(file, next, ignored)) return true;
  return false;
}

Status damaged(std::string_view name, std::size_t offset, std::string_view what) {
  return corruption(std::string(name) + ": byte " + std::to_string(offset) + ": " + std::string(what));
}

}  // namespace

bool isLogName(std::string_view name) {
  return name.starts_with(kPrefix) && name.size() >= kPrefix.size() + kDigits &&
         std::all_of(name.begin() + kPrefix.size(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Result<std::unique_ptr<OperationLog>> OperationLog::open(Directory& directory, std::uint64_t first_seq_no,
                                                         const Replay& replay) {
  std::unique_ptr<OperationLog> log(new OperationLog(directory));
  GYRE_TRY_ASSIGN(std::vector<std::string> names, directory.list());
  std::erase_if(names, [](const std::string& name) { return !isLogName(name); });
  std::sort(names.begin(), names.end(),
            [](const std::string& a, const std::string& b) { return logNumber(a) < logNumber(b); });
  for (const std::string& name : names) {
    GYRE_TRY(log->read(name, name == names.back(), first_seq_no, replay));
    log->next_number_ = logNumber(name) + 1;
  }
  return log;
}

Status OperationLog::read(const std::string& name, bool is_last, std::uint64_t first_seq_no, const Replay& replay) {
  GYRE_TRY_ASSIGN(const std::unique_ptr<MappedFile> mapped, directory_.open(name));
  const base::ByteView file = mapped->bytes();
  for (std::size_t at = 0; at < file.size();) {
    base::ByteView payload;
    if (!recordAt(file, at, payload)) {
      if (is_last && !hasRecordAfter(file, at)) break;  // torn by a crash, and never acknowledged
      return damaged(name, at, "a record is damaged");
    }
    base::ByteReader reader(payload);
    while (reader.isValid() && reader.remaining() > 0) {
      LoggedOperation operation;
      const auto kind = static_cast<RecordKind>(reader.little<std::uint8_t>());
      operation.is_delete = kind == RecordKind::kDelete;
      operation.seq_no = reader.varint();
      operation.version = reader.varint();
      operation.id = reader.text();
      operation.routing = reader.text();
      if (!operation.is_delete) operation.source = reader.text();
      if (!reader.isValid() || (kind != RecordKind::kIndex && kind != RecordKind::kDelete))
        return damaged(name, at, "a record makes no sense");
      last_seq_no_ = std::max(last_seq_no_, operation.seq_no);
      if (operation.seq_no >= first_seq_no) GYRE_TRY(replay(operation));
    }
    at += kHeaderSize + payload.size();
  }
  files_.push_back({name, last_seq_no_, file.size()});
  return {};
}

void OperationLog::add(const LoggedOperation& operation) {
  const std::lock_guard lock(mutex_);
  appendOperation(pending_, operation);
  last_seq_no_ = operation.seq_no;
  ++added_;
}

Status OperationLog::sync() {
  std::unique_lock lock(mutex_);
  const std::uint64_t wanted = added_;
  while (synced_ < wanted && failure_.isOk()) {
    if (is_leading_) {
      is_synced_.wait(lock);
      continue;
    }
    is_leading_ = true;
    std::string payload = std::exchange(pending_, {});
    const std::uint64_t upto = added_;
    const std::uint64_t last_seq_no = last_seq_no_;
    const bool begins_file = std::exchange(wants_new_file_, false) || writer_ == nullptr;
    lock.unlock();
    Status written = write(payload, begins_file);
    lock.lock();
    is_leading_ = false;
    if (written.isOk()) {
      synced_ = upto;
      files_.back().last_seq_no = last_seq_no;
      files_.back().size += kHeaderSize + payload.size();
      // The next batch is about as large as this one.
      if (pending_.empty()) {
        payload.clear();
        pending_ = std::move(payload);
      }
    } else {
      failure_ = std::move(written);
    }
    is_synced_.notify_all();
  }
  return synced_ >= wanted ? Status() : failure_;
}

Status OperationLog::write(std::string_view payload, bool begins_file) {
  if (payload.size() > kLongestRecord)
    return internalError("a record of the operation log is longer than " + std::to_string(kLongestRecord) + " bytes");
  if (begins_file) GYRE_TRY(beginFile());
  GYRE_TRY(writer_->append(base::asBytes(header(payload))));
  GYRE_TRY(writer_->append(base::asBytes(payload)));
  return writer_->sync();
}

Status OperationLog::beginFile() {
  if (writer_) GYRE_TRY(std::exchange(writer_, nullptr)->finish());
  const std::string name = logName(next_number_++);
  GYRE_TRY_ASSIGN(writer_, directory_.create(name));
  const std::lock_guard lock(mutex_);
  files_.push_back({name, last_seq_no_, 0});
  return {};
}

void OperationLog::rotate() {
  const std::lock_guard lock(mutex_);
  wants_new_file_ = true;
}

Status OperationLog::trim(std::uint64_t first_seq_no) {
  const std::lock_guard lock(mutex_);
  Status trimmed;
  std::erase_if(files_, [&](const File& file) {
    const bool is_open = &file == &files_.back() && (is_leading_ || (writer_ != nullptr && !wants_new_file_));
    if (is_open || file.last_seq_no >= first_seq_no) return false;
    if (&file == &files_.back()) writer_.reset();  // rotated away, and nothing of it is needed
    Status removed = directory_.remove(file.name);
    if (removed.isOk()) return true;
    trimmed = std::move(removed);
    return false;
  });
  return trimmed;
}

std::uint64_t OperationLog::sizeBytes() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t bytes = 0;
  for (const File& file : files_) bytes += file.size;
  return bytes;
}

}  // namespace gyre::engine
