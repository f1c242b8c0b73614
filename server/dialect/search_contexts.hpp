// Which scrolls and points in time are open, and until when?
//
// What they keep costs memory and files, so their number is bounded, and each is let go when its time has passed,
// whether anybody asks for it or not.
//
// THREADS: free. OWNS: the contexts and a thread that ends them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "engine/search/scroll_cursor.hpp"
#include "gyre/status.hpp"
#include "server/dialect/search_scope.hpp"

namespace gyre::dialect {

// Counts as open in its indices while it lives, and as a past one from then on.
class CountedContext {
 public:
  enum class Kind : std::uint8_t { kScroll, kPointInTime };
  CountedContext() = default;
  ~CountedContext();
  CountedContext(const CountedContext&) = delete;
  CountedContext& operator=(const CountedContext&) = delete;
  void open(Kind kind, const std::vector<IndexPtr>& indices);

 private:
  Kind kind_ = Kind::kScroll;
  std::vector<IndexPtr> indices_;
  std::int64_t began_nanos_ = 0;
};

class SearchContexts {
 public:
  struct Scroll {
    CountedContext counted;
    std::mutex mutex;  // one page at a time
    std::unique_ptr<engine::ScrollCursor> cursor;
    SearchScope scope;
  };
  struct PointInTime {
    CountedContext counted;
    SearchScope scope;
    std::int64_t created_millis = 0;
    std::int64_t keep_alive_millis = 0;  // the longest asked for
  };
  struct Limits {
    std::size_t scrolls = 500;
    std::size_t points_in_time = 300;
  };

  SearchContexts() : SearchContexts(Limits()) {}
  explicit SearchContexts(Limits limits);
  ~SearchContexts();
  SearchContexts(const SearchContexts&) = delete;
  SearchContexts& operator=(const SearchContexts&) = delete;

  // The new one's id. rejected_execution_exception beyond the limit.
  Result<std::string> add(std::shared_ptr<Scroll> scroll, std::int64_t keep_alive_millis);
  Result<std::string> add(std::shared_ptr<PointInTime> point, std::int64_t keep_alive_millis);
  // Null when there is none any more. A keep-alive of at least 0 counts from now on.
  std::shared_ptr<Scroll> findScroll(std::string_view id, std::int64_t keep_alive_millis);
  std::shared_ptr<PointInTime> findPointInTime(std::string_view id, std::int64_t keep_alive_millis);
  bool removeScroll(std::string_view id) { return remove(scrolls_, id); }
  bool removePointInTime(std::string_view id) { return remove(points_, id); }
  std::size_t removeAllScrolls();
  // By age, the oldest first.
  std::vector<std::pair<std::string, std::shared_ptr<PointInTime>>> pointsInTime() const;

  // Whether a text is an id at all, of one that is open or was.
  static bool isScrollId(std::string_view id);
  static bool isPointInTimeId(std::string_view id);

 private:
  template <class Context>
  struct Held {
    std::shared_ptr<Context> context;
    std::int64_t expires_nanos = 0;  // steady clock
  };
  template <class Context>
  using Contexts = std::map<std::string, Held<Context>, std::less<>>;

  template <class Context>
  std::shared_ptr<Context> find(Contexts<Context>& contexts, std::string_view id, std::int64_t keep_alive_millis);
  template <class Context>
  bool remove(Contexts<Context>& contexts, std::string_view id);
  void endExpired();

  const Limits limits_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool is_stopping_ = false;
  std::uint64_t next_ = 0;
  Contexts<Scroll> scrolls_;
  Contexts<PointInTime> points_;
  std::thread thread_;
};

// illegal_argument_exception for a text that never was the id of a point in time.
Status checkPointInTimeId(std::string_view id);

}  // namespace gyre::dialect
