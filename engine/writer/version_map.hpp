// Which version did a deleted document have? So that an older write that comes late does not bring it back.
//
// Live documents carry their versions themselves. A tombstone is kept until the second commit after the delete. That is
// enough: after a crash the caller applies again from the commit's sequence in order, so an older write of the same
// document either lies before the delete and is covered by the same commit, or comes again before the delete does,
// which then deletes it again. The second commit is for a caller that resends a batch it had no answer for.
//
// THREADS: guarded by the owner's lock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace gyre::engine {

class VersionMap {
 public:
  struct Tombstone {
    std::uint64_t version = 0;
    std::uint64_t seq_no = 0;  // of the delete
  };
  void add(std::string_view id, Tombstone tombstone);
  void remove(std::string_view id);
  std::optional<Tombstone> find(std::string_view id) const;
  // Everything added so far is durable now; what was durable at the last call is forgotten.
  void age();

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view id) const { return std::hash<std::string_view>()(id); }
  };
  using Versions = std::unordered_map<std::string, Tombstone, Hash, std::equal_to<>>;
  static void erase(Versions& versions, std::string_view id);
  Versions young_;
  Versions old_;
};

}  // namespace gyre::engine
