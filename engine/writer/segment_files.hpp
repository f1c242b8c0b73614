// Which files does the index have in its directory, and which of them are still needed?
//
// Segment files are written once under a name that no other segment ever had. A file goes when neither the last commit
// nor the writer's list names it; one that failed half way goes at once, or at the next open.
//
// THREADS: free. OWNS: the directory outlives it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "engine/directory/directory.hpp"
#include "engine/segment/open_segment.hpp"
#include "engine/writer/commit_point.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// "seg_0000000012".
std::string segmentName(std::uint64_t number);
// Nothing when this is no segment's name.
bool isSegmentName(std::string_view name);

class SegmentFiles {
 public:
  explicit SegmentFiles(Directory& directory) : directory_(directory) {}

  Directory& directory() { return directory_; }
  std::uint64_t nextNumber() const { return next_number_.load(); }
  std::string newName() { return segmentName(next_number_.fetch_add(1)); }

  // Reads the commit; not_found when there is none.
  Result<CommitPoint> readCommit();
  // Removes what the commit does not name, and goes on with numbers that nothing uses.
  Status adopt(const CommitPoint& commit);
  // Opens a committed segment and compares it with what the commit says.
  Result<std::shared_ptr<const OpenSegment>> openCommitted(const CommittedSegment& committed);

  // Begins a file; a leftover of that name is replaced.
  Result<std::unique_ptr<FileWriter>> begin(const std::string& name);
  // Opens the file written under `name`, which the writer has finished.
  Result<std::shared_ptr<const OpenSegment>> finish(const std::string& name);
  // True when the file of that name is complete.
  bool has(std::string_view name);
  // Writes a segment that is in memory, and opens the file.
  Result<std::shared_ptr<const OpenSegment>> persist(const OpenSegment& segment);
  // Removes a file that was begun in vain; leaves it to the next open when that fails.
  void discard(const std::string& name);

  // Removes every finished file whose name is not in `needed`.
  void removeAllBut(const std::set<std::string, std::less<>>& needed);

 private:
  Directory& directory_;
  std::atomic<std::uint64_t> next_number_{1};
  std::mutex mutex_;
  std::set<std::string, std::less<>> finished_;
};

}  // namespace gyre::engine
