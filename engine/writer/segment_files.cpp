#include "engine/writer/segment_files.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

namespace gyre::engine {
namespace {

constexpr std::string_view kPrefix = "seg_";
constexpr std::size_t kDigits = 10;

}  // namespace

std::string segmentName(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string name(kPrefix);
  if (digits.size() < kDigits) name.append(kDigits - digits.size(), '0');
  return name + digits;
}

bool isSegmentName(std::string_view name) {
  return name.starts_with(kPrefix) && name.size() >= kPrefix.size() + kDigits &&
         std::all_of(name.begin() + kPrefix.size(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Result<CommitPoint> SegmentFiles::readCommit() {
  GYRE_TRY_ASSIGN(const std::unique_ptr<MappedFile> file, directory_.open(kCommitFile));
  return decodeCommit(file->bytes());
}

Status SegmentFiles::adopt(const CommitPoint& commit) {
  GYRE_TRY_ASSIGN(const std::vector<std::string> names, directory_.list());
  std::set<std::string, std::less<>> named;
  for (const CommittedSegment& segment : commit.segments) named.insert(segment.name);
  std::uint64_t next = std::max<std::uint64_t>(1, commit.next_segment);
  for (const std::string& name : names) {
    if (!isSegmentName(name)) continue;
    // A file that cannot be removed only takes space, but its number must not be used again.
    std::uint64_t number = 0;
    std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), number);
    next = std::max(next, number + 1);
    if (!named.contains(name)) discard(name);
  }
  next_number_ = next;
  const std::lock_guard lock(mutex_);
  finished_ = std::move(named);
  return {};
}

Result<std::shared_ptr<const OpenSegment>> SegmentFiles::openCommitted(const CommittedSegment& committed) {
  if (!isSegmentName(committed.name)) return corruption("commit: names \"" + committed.name + "\" as a segment");
  auto file = directory_.open(committed.name);
  if (!file.isOk()) {
    if (file.status().code() != Code::kNotFound) return file.status();
    return corruption(committed.name + ": byte 0: the commit names this file, but it is missing");
  }
  if (file.value()->bytes().size() != committed.size)
    return corruption(committed.name + ": byte " + std::to_string(file.value()->bytes().size()) + ": expected " +
                      std::to_string(committed.size) + " bytes");
  GYRE_TRY_ASSIGN(auto segment, OpenSegment::open(committed.name, std::move(file).value(), true));
  if (segment->checksum() != committed.checksum || segment->docCount() != committed.doc_count)
    return corruption(committed.name + ": byte 0: not the segment that the commit names");
  return segment;
}

Result<std::unique_ptr<FileWriter>> SegmentFiles::begin(const std::string& name) {
  auto writer = directory_.create(name);
  if (writer.isOk() || writer.status().code() != Code::kConflict) return writer;
  GYRE_TRY(directory_.remove(name));
  return directory_.create(name);
}

Result<std::shared_ptr<const OpenSegment>> SegmentFiles::finish(const std::string& name) {
  GYRE_TRY_ASSIGN(auto file, directory_.open(name));
  // The bytes were checked, or made, in memory a moment ago; checksums are for the next process.
  GYRE_TRY_ASSIGN(auto segment, OpenSegment::open(name, std::move(file), false));
  const std::lock_guard lock(mutex_);
  finished_.insert(name);
  return segment;
}

bool SegmentFiles::has(std::string_view name) {
  const std::lock_guard lock(mutex_);
  return finished_.contains(name);
}

Result<std::shared_ptr<const OpenSegment>> SegmentFiles::persist(const OpenSegment& segment) {
  const std::string name(segment.name());
  const auto write = [&]() -> Status {
    GYRE_TRY_ASSIGN(const std::unique_ptr<FileWriter> writer, begin(name));
    GYRE_TRY(writer->append(segment.bytes()));
    return writer->finish();
  };
  if (const Status written = write(); !written.isOk()) {
    discard(name);
    return written;
  }
  return finish(name);
}

void SegmentFiles::discard(const std::string& name) {
  // Nothing depends on it: the next open removes what no commit names.
  [[maybe_unused]] const Status removed = directory_.remove(name);
}

void SegmentFiles::removeAllBut(const std::set<std::string, std::less<>>& needed) {
  std::vector<std::string> unneeded;
  {
    const std::lock_guard lock(mutex_);
    for (const std::string& name : finished_)
      if (!needed.contains(name)) unneeded.push_back(name);
    for (const std::string& name : unneeded) finished_.erase(name);
  }
  for (const std::string& name : unneeded) discard(name);
}

}  // namespace gyre::engine
