// Which documents can score above a floor at all? Told in a byte a document, for many windows at once.
//
// A search whose page is full wants the exact scores of few documents: of those that may come above the page's worst;
// the others are only counted. Where several clauses are required, the most that each can score in a window lies too
// far above what it does to leave anything out; what it can score in a document, by how often its terms are in it, lies
// near. These bounds are in units of a 200th of the floor, rounded up, so that bytes that saturate can be added.
// A span is 16 windows: with nested documents between them, a window holds few that match, and what is done once a
// window costs more than they do.
//
// THREADS: as query.hpp says.
#pragma once

#include <cstdint>

#include "engine/query/window_bits.hpp"

namespace gyre::engine {

inline constexpr std::uint32_t kSpanWindows = 16;
inline constexpr std::uint32_t kSpanDocs = kSpanWindows * kWindowDocs;
inline constexpr std::uint32_t kSpanWords = kSpanWindows * kWindowWords;
// What a document's bounds add up to at least when it may score above the floor.
inline constexpr std::uint32_t kBoundFloor = 200;

// Of a list, or several, whose matches' scores are added up. Reads its postings anew, so that scores can be asked for
// before and after.
class SpanBounder {
 public:
  virtual ~SpanBounder() = default;
  // Whether addSpan may be called.
  virtual bool tellsBounds() const { return true; }
  // For each match i of the span that begins with document `begin`, a multiple of kSpanDocs: sets bit i, and adds to
  // bounds[i] at least 1 and more than `scale` times its score; 255 stands for all above. `scale` is kBoundFloor /
  // floor. REQUIRES: spans never go back.
  virtual void addSpan(DocId begin, float scale, std::uint64_t* bits, std::uint8_t* bounds) = 0;
};

// A window's part of a span: the matches, and what their bounds must reach for a score above the floor.
struct WindowBounds {
  const std::uint64_t* matches = nullptr;
  const std::uint8_t* bounds = nullptr;
  std::uint8_t least = 0;

  // Whether any of these documents may score above the floor.
  bool mayExceed(const std::uint64_t* bits) const;
};

// A query that knows its matches and their bounds before anything is scored.
class BoundsReader {
 public:
  virtual ~BoundsReader() = default;
  // Whether readBounds may be called; it stays so.
  virtual bool readsBounds() const = 0;
  // REQUIRES: floor > 0; neither it nor the windows go back. Valid until the next call.
  virtual WindowBounds readBounds(std::uint32_t window, float floor) = 0;
};

}  // namespace gyre::engine
