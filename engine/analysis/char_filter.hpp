// What becomes of a text before it is cut into tokens, and where did each part of the result stand?
//
// THREADS: immutable and shared.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gyre::engine {

// Tells where a place of a filtered text stood in the text before. Both count UTF-16 units.
class OffsetMap {
 public:
  // From `offset` of the result on, the text before is `shift` units further. Offsets must not fall; a later shift for
  // the same offset replaces the earlier.
  void add(std::uint32_t offset, std::int32_t shift);
  std::uint32_t before(std::uint32_t offset) const;
  std::int32_t lastShift() const { return shifts_.empty() ? 0 : shifts_.back().shift; }

 private:
  struct Shift {
    std::uint32_t offset;
    std::int32_t shift;
  };
  std::vector<Shift> shifts_;
};

class CharFilter {
 public:
  virtual ~CharFilter() = default;
  // Appends the filtered text to `out`, which is empty. REQUIRES: valid UTF-8.
  virtual void apply(std::string_view text, std::string& out, OffsetMap& offsets) const = 0;
};
using CharFilterPtr = std::shared_ptr<const CharFilter>;

// Builds a filtered text: keeps the two counts of units and notes the shifts between them.
class TextEditor {
 public:
  TextEditor(std::string& out, OffsetMap& offsets) : out_(out), offsets_(offsets) {}
  // Takes over a part of the text as it stands.
  void copy(std::string_view part);
  // Puts `replacement` where the text has `part`. Every unit that is too many belongs to the end of the part.
  void replace(std::string_view part, std::string_view replacement);

 private:
  std::string& out_;
  OffsetMap& offsets_;
  std::uint32_t units_in_ = 0;
  std::uint32_t units_out_ = 0;
};

}  // namespace gyre::engine
