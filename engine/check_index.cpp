// checkIndex: reads everything an index holds, and says what contradicts what.
#include <algorithm>
#include <string>
#include <vector>

#include "engine/analysis/analysis_registry.hpp"
#include "engine/codec/live_docs.hpp"
#include "engine/index.hpp"
#include "engine/search/index_sort.hpp"
#include "engine/segment/open_segment.hpp"
#include "engine/segment/segment_check.hpp"
#include "engine/writer/operation_log.hpp"
#include "engine/writer/segment_files.hpp"

namespace gyre::engine {
namespace {

constexpr std::uint32_t kDefinitionDepth = 200;  // of its JSON; the mapping has a limit of its own

// Ids that live in two places. By hash: 64 bits keep apart more documents than a directory holds.
bool checkUnique(const std::vector<std::pair<std::shared_ptr<const OpenSegment>, LiveBits>>& segments,
                 const std::function<void(std::string_view)>& report) {
  std::vector<std::uint64_t> hashes;
  for (const auto& [segment, live] : segments)
    for (DocId doc = 0; doc < segment->docCount(); ++doc)
      if (isLive(&live, doc) && !isObject(*segment, doc)) hashes.push_back(hashId(segment->idText(doc)));
  std::sort(hashes.begin(), hashes.end());
  if (std::adjacent_find(hashes.begin(), hashes.end()) == hashes.end()) return true;
  report("an id is live in two documents");
  return false;
}

// A document lives with all that is nested in it, or goes with it.
bool checkBlocks(const OpenSegment& segment, const LiveBits& live,
                 const std::function<void(std::string_view)>& report) {
  if (segment.nested() == nullptr) return true;
  for (DocId doc = 0; doc < segment.docCount(); ++doc) {
    if (isLive(&live, doc) == isLive(&live, segment.nested()->rootOf(doc))) continue;
    report("commit: document " + std::to_string(doc) + " of " + std::string(segment.name()) +
           " is deleted apart from the block it belongs to");
    return false;
  }
  return true;
}

Result<std::vector<SortKey>> sortOf(std::string_view definition) {
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(definition, {kDefinitionDepth}));
  const json::Value settings = document.root()["settings"];
  GYRE_TRY_ASSIGN(auto analysis, AnalysisRegistry::parse(settings));
  GYRE_TRY_ASSIGN(const MappingOptions options, MappingOptions::parse(settings, Dynamic::kTrue));
  GYRE_TRY_ASSIGN(const auto mapping,
                  Mapping::parse(document.root()["mappings"], options.withoutLimits(), std::move(analysis)));
  return parseIndexSort(settings, *mapping);
}

// Operations that the commit does not cover yet. A record torn at the very end was never acknowledged.
bool checkLog(Directory& directory, const std::function<void(std::string_view)>& report) {
  std::uint64_t next = 0;
  const auto read = OperationLog::open(directory, 0, [&](const LoggedOperation& logged) -> Status {
    if (logged.seq_no < next)
      return corruption("the log: operation " + std::to_string(logged.seq_no) + " stands after a later one");
    next = logged.seq_no + 1;
    if (!logged.id.empty() && logged.version > 0) return {};
    return corruption("the log: operation " + std::to_string(logged.seq_no) + " has no id or no version");
  });
  if (read.isOk()) return true;
  report(read.status().message());
  return false;
}

}  // namespace

Status checkIndex(Directory& directory, const std::function<void(std::string_view)>& report) {
  SegmentFiles files(directory);
  auto commit = files.readCommit();
  if (!commit.isOk()) {
    report(commit.status().message());
    return commit.status().withPrefix(directory.describe());
  }
  bool is_sound = true;
  const auto sort = sortOf(commit.value().definition);
  if (!sort.isOk()) {
    report(std::string("commit: definition: ") + std::string(sort.status().message()));
    is_sound = false;
  }
  std::vector<std::pair<std::shared_ptr<const OpenSegment>, LiveBits>> segments;
  for (const CommittedSegment& committed : commit.value().segments) {
    auto segment = files.openCommitted(committed);
    if (!segment.isOk()) {
      report(segment.status().message());
      is_sound = false;
      continue;
    }
    is_sound = checkSegment(*segment.value(), report) && is_sound;
    if (sort.isOk() && !sortedDocs(sort.value(), *segment.value()).empty()) {
      report(committed.name + ": documents are not in the order of index.sort");
      is_sound = false;
    }
    std::optional<LiveBits> live = committed.live.empty()
                                       ? allLive(committed.doc_count)
                                       : parseLive(base::asBytes(committed.live), committed.doc_count);
    if (!live) {
      report("commit: live documents of " + committed.name + " make no sense");
      is_sound = false;
      continue;
    }
    is_sound = checkBlocks(*segment.value(), *live, report) && is_sound;
    segments.emplace_back(std::move(segment).value(), std::move(*live));
  }
  is_sound = checkUnique(segments, report) && is_sound;
  is_sound = checkLog(directory, report) && is_sound;
  return is_sound ? Status() : corruption(directory.describe() + ": the index is damaged");
}

}  // namespace gyre::engine
