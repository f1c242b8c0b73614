// Which documents of a segment are nested objects, and to which document does each belong?
//
// An object of a nested field is a document of its own, without id or source, directly before the document that holds
// it: a *root* stands behind everything nested in it, so that a root and what follows the root before it are one
// *block*. Blocks are written, deleted and merged as a whole. A segment without nested objects has no such section.
// FORMAT: docs/INDEX_FORMAT.md, "Nested documents".
//
// THREADS: a writer belongs to one thread; a reader is immutable. OWNS: a reader borrows the section's bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "engine/codec/doc_id.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// The first set bit at or after `from`, kNoMoreDocs when there is none below `end`.
DocId nextBit(const std::uint64_t* bits, DocId from, DocId end);
// The last set bit before `end`; kNoMoreDocs when there is none.
DocId lastBitBefore(const std::uint64_t* bits, DocId end);

class NestedDocsWriter {
 public:
  // Documents in order: the path of the nested field that the next one is an object of, "" for a root.
  void add(std::string_view path);
  // True when only roots were added: the section is left out.
  bool isEmpty() const { return paths_.empty(); }
  // The section.
  std::string take() const;

 private:
  struct Path {
    std::string path;
    std::vector<DocId> docs;
  };
  std::vector<Path> paths_;  // as first met: there are few
  std::size_t last_ = 0;
  std::uint32_t doc_count_ = 0;
};

// Bit sets cover whole windows; bits past the last document are clear.
class NestedDocs {
 public:
  // corruption unless every document is either a root or of one path, and the last one is a root.
  static Result<std::unique_ptr<NestedDocs>> open(base::ByteView section, std::uint32_t doc_count);

  const std::uint64_t* roots() const { return roots_; }
  std::uint32_t rootCount() const { return root_count_; }
  // The objects of the nested field at `path`; null when the segment has none.
  const std::uint64_t* objects(std::string_view path) const;
  struct Path {
    std::string_view path;
    const std::uint64_t* bits;
  };
  const std::vector<Path>& paths() const { return paths_; }

  bool isRoot(DocId doc) const { return (roots_[doc / 64] >> (doc % 64) & 1) != 0; }
  // "" for a root.
  std::string_view pathOf(DocId doc) const;
  // The root of the block that holds the document.
  DocId rootOf(DocId doc) const { return nextBit(roots_, doc, doc_count_); }
  // Where the block of `root` begins.
  DocId blockBegin(DocId root) const {
    const DocId before = lastBitBefore(roots_, root);
    return before == kNoMoreDocs ? 0 : before + 1;
  }

 private:
  NestedDocs() = default;

  std::uint32_t doc_count_ = 0;
  std::uint32_t root_count_ = 0;
  const std::uint64_t* roots_ = nullptr;
  std::vector<Path> paths_;
};

}  // namespace gyre::engine
