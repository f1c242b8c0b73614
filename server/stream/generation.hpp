// What is one generation of a stream's index? An engine index of its own, which records go to until it is old or large
// enough; and the list of them, kept in a file.
//
// FORMAT of the list (generations.json): {"generations":[{"number","firstSequence","created","minTime","maxTime",
// "newest","definition"}]}, oldest first; the last one is written to. The definition is what the generation was created
// with: another one begins another generation. Times are milliseconds; minTime above maxTime means no record.
//
// THREADS: a Generation's range is guarded inside; the rest as engine::Index. OWNS: directory and index.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/observer.hpp"
#include "engine/directory/directory.hpp"
#include "engine/index.hpp"
#include "gyre/status.hpp"

namespace gyre::stream {

struct GenerationRange {
  std::int64_t min_time = std::numeric_limits<std::int64_t>::max();
  std::int64_t max_time = std::numeric_limits<std::int64_t>::min();
  // For retention: a record from the future counts as of its arrival.
  std::int64_t newest = std::numeric_limits<std::int64_t>::min();

  bool isEmpty() const { return min_time > max_time; }
  void add(std::int64_t time_millis, std::int64_t arrived_millis);
  bool operator==(const GenerationRange&) const = default;
};

struct GenerationEntry {
  std::uint64_t number = 1;
  std::uint64_t first_sequence = 1;  // of the first record that may be in it
  std::int64_t created_millis = 0;
  GenerationRange range;
  std::string definition;
};

// The list of a folder; empty when there is none yet. corruption when it is not what was written.
Result<std::vector<GenerationEntry>> readGenerations(const std::string& folder);
Status writeGenerations(const std::string& folder, const std::vector<GenerationEntry>& entries);

class Generation {
 public:
  struct Options {
    std::string folder;  // of the stream's index
    std::string name;    // shown as "_index"
    std::uint64_t buffer_bytes = 0;
    std::shared_ptr<engine::MergeBudget> merge_budget;
  };
  static Result<std::shared_ptr<Generation>> open(const Options& options, GenerationEntry entry,
                                                  base::Observer& observer);
  // Removes its files when drop() was called.
  ~Generation();
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;

  engine::Index& index() const { return *index_; }
  const std::string& name() const { return name_; }
  std::uint64_t number() const { return entry_.number; }
  std::uint64_t firstSequence() const { return entry_.first_sequence; }
  std::int64_t createdMillis() const { return entry_.created_millis; }
  const std::string& definition() const { return entry_.definition; }
  GenerationRange range() const;
  void widen(const GenerationRange& range);
  // As it is to be listed.
  GenerationEntry entry() const;
  // Its records are not wanted any more: no commit, and the files go with the last who uses it.
  void drop() { is_dropped_ = true; }

 private:
  Generation(GenerationEntry entry, std::string name, std::string path);

  GenerationEntry entry_;  // its range under the mutex
  mutable std::mutex mutex_;
  const std::string name_;
  const std::string path_;
  std::unique_ptr<engine::Directory> directory_;
  std::unique_ptr<engine::Index> index_;
  std::atomic<bool> is_dropped_{false};
};

}  // namespace gyre::stream
