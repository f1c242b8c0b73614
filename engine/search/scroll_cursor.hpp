// How is a long list of hits read page by page, as it was when the reading began?
//
// A cursor keeps the snapshots, the request and where the last page ended; whoever serves clients keeps cursors by id
// and lets go of them in time. A point in time is the snapshots alone: whoever keeps one hands them to every search.
//
// THREADS: one page at a time; the owner serialises. OWNS: the targets and the request.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/search/search_options.hpp"
#include "engine/search/search_plan.hpp"
#include "engine/search/search_target.hpp"

namespace gyre::engine {

class ScrollCursor {
 public:
  // Refuses what a scroll cannot do.
  static Result<std::unique_ptr<ScrollCursor>> open(std::vector<SearchTarget> targets, std::string request,
                                                    SearchOptions options);
  // The page after the last one that succeeded; without hits at the end. `id` is shown in it. A deadline and the form
  // of totals are those of `options`, the rest is as it was opened.
  SearchReply next(std::string_view id, const SearchOptions& options);

 private:
  ScrollCursor() = default;

  std::vector<SearchTarget> targets_;
  std::string request_;
  SearchOptions options_;
  PagePosition after_;
  bool is_first_ = true;
};

// "pit": {"id": …, "keep_alive": …} of a request's body; nothing when it has none.
struct PointInTimeUse {
  std::string id;
  std::string keep_alive;  // "" when not given
};
Result<std::optional<PointInTimeUse>> readPointInTime(std::string_view request);

}  // namespace gyre::engine
