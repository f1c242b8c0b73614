#include "engine/series/check_store.hpp"

#include <string>
#include <utility>

#include "engine/series/store_output.hpp"

namespace gyre::engine::series {

Status checkStore(Directory& directory, const std::function<void(std::string_view)>& report) {
  Status first;
  const auto found = [&](const Status& damage) {
    if (damage.isOk()) return;
    report(damage.message());
    if (first.isOk()) first = damage;
  };
  auto file = directory.open(kStoreCommitFile);
  if (!file.isOk()) {
    found(file.status());
    return first;
  }
  auto commit = decodeStoreCommit(file.value()->bytes());
  if (!commit.isOk()) {
    found(commit.status());
    return first;
  }
  for (CommittedBlock& committed : commit->blocks) {
    const auto stored = openStoredBlock(directory, std::move(committed));
    if (!stored.isOk())
      found(stored.status());
    else if (!stored.value()->damage.isOk())
      found(stored.value()->damage);
    else if (const Status checked = stored.value()->block->check(); !checked.isOk())
      found(checked);
  }
  return first;
}

}  // namespace gyre::engine::series
