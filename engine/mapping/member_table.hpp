// Which field does this member of an object belong to?
//
// One hash table over (object, member name) for a whole mapping, at most half full, so that a document's every name
// costs about one comparison.
//
// THREADS: immutable. OWNS: borrows the names of the Mapping, which must outlive it.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "engine/mapping/mapping.hpp"

namespace gyre::engine {

class MemberTable {
 public:
  static constexpr std::uint16_t kNone = 0xffff;
  static constexpr std::uint16_t kRoot = 0xfffe;  // the document itself, as an object

  explicit MemberTable(const Mapping& mapping) {
    std::size_t size = 8;
    while (size < 2 * mapping.fields().size()) size *= 2;
    slots_.resize(size);
    add(kRoot, mapping.roots(), mapping);
    for (const Field& field : mapping.fields()) add(field.ordinal, field.children, mapping);
  }

  // The field's ordinal, or kNone.
  std::uint16_t find(std::uint16_t object, std::string_view name) const {
    for (std::size_t at = hash(object, name);; ++at) {
      const Slot& slot = slots_[at & (slots_.size() - 1)];
      if (slot.ordinal == kNone) return kNone;
      if (slot.object == object && slot.name == name) return slot.ordinal;
    }
  }

 private:
  struct Slot {
    std::string_view name;
    std::uint16_t object = kNone;
    std::uint16_t ordinal = kNone;
  };

  void add(std::uint16_t object, const std::vector<std::uint16_t>& children, const Mapping& mapping) {
    for (const std::uint16_t ordinal : children) {
      const std::string_view name = mapping.fields()[ordinal].name;
      std::size_t at = hash(object, name);
      while (slots_[at & (slots_.size() - 1)].ordinal != kNone) ++at;
      slots_[at & (slots_.size() - 1)] = {name, object, ordinal};
    }
  }

  // Length and the first and last eight bytes: names that agree in those are rare, and then cost one more comparison.
  static std::size_t hash(std::uint16_t object, std::string_view name) {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    if (name.size() >= 8) {
      std::memcpy(&first, name.data(), 8);
      std::memcpy(&last, name.data() + name.size() - 8, 8);
    } else {
      for (const char c : name) first = first << 8 | static_cast<unsigned char>(c);
    }
    std::uint64_t mixed =
        (first ^ (last << 1 | last >> 63) ^ name.size() ^ std::uint64_t{object} << 32) * 0x9e37'79b9'7f4a'7c15u;
    return static_cast<std::size_t>(mixed >> 32);
  }

  std::vector<Slot> slots_;
};

}  // namespace gyre::engine
