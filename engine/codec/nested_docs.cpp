#include "engine/codec/nested_docs.hpp"

#include <bit>

#include "engine/codec/count_ones.hpp"
namespace gyre::engine {
namespace {

constexpr std::size_t kHeaderBytes = 8;  // u32 paths, u32 bytes of their names
// The dialect lets a mapping have fifty by default; refuses absurd claims before memory is asked for.
constexpr std::uint32_t kMostPaths = 1u << 16;

std::size_t wordsFor(std::uint32_t doc_count) {
  return (std::size_t{doc_count} + kWindowDocs - 1) / kWindowDocs * kWindowWords;
}

void appendBits(std::string& out, const std::vector<std::uint64_t>& bits) {
  out.append(reinterpret_cast<const char*>(bits.data()), bits.size() * sizeof(std::uint64_t));
}

}  // namespace

DocId nextBit(const std::uint64_t* bits, DocId from, DocId end) {
  if (from >= end) return kNoMoreDocs;
  std::size_t word = from / 64;
  std::uint64_t rest = bits[word] & (~std::uint64_t{0} << (from % 64));
  while (rest == 0) {
    if (++word > (end - 1) / 64) return kNoMoreDocs;
    rest = bits[word];
  }
  const auto found = static_cast<DocId>(word * 64) + static_cast<DocId>(std::countr_zero(rest));
  return found < end ? found : kNoMoreDocs;
}

DocId lastBitBefore(const std::uint64_t* bits, DocId end) {
  if (end == 0) return kNoMoreDocs;
  std::size_t word = (end - 1) / 64;
  std::uint64_t rest = bits[word] & (~std::uint64_t{0} >> (63 - (end - 1) % 64));
  while (rest == 0) {
    if (word == 0) return kNoMoreDocs;
    rest = bits[--word];
  }
  return static_cast<DocId>(word * 64) + 63 - static_cast<DocId>(std::countl_zero(rest));
}

void NestedDocsWriter::add(std::string_view path) {
  const DocId doc = doc_count_++;
  if (path.empty()) return;
  // Objects of one array come together.
  if (last_ >= paths_.size() || paths_[last_].path != path) {
    last_ = 0;
    while (last_ < paths_.size() && paths_[last_].path != path) ++last_;
    if (last_ == paths_.size()) paths_.push_back({std::string(path), {}});
  }
  paths_[last_].docs.push_back(doc);
}

std::string NestedDocsWriter::take() const {
  std::string names;
  for (const Path& each : paths_) {
    base::appendVarint(names, each.path.size());
    names += each.path;
  }
  std::string out;
  base::appendLittle(out, static_cast<std::uint32_t>(paths_.size()));
  base::appendLittle(out, static_cast<std::uint32_t>(names.size()));
  std::vector<std::uint64_t> roots(wordsFor(doc_count_), 0);
  for (DocId doc = 0; doc < doc_count_; ++doc) roots[doc / 64] |= std::uint64_t{1} << (doc % 64);
  std::string of_paths;
  for (const Path& each : paths_) {
    std::vector<std::uint64_t> bits(roots.size(), 0);
    for (const DocId doc : each.docs) {
      bits[doc / 64] |= std::uint64_t{1} << (doc % 64);
      roots[doc / 64] &= ~(std::uint64_t{1} << (doc % 64));
    }
    appendBits(of_paths, bits);
  }
  appendBits(out, roots);
  return out + of_paths + names;
}

Result<std::unique_ptr<NestedDocs>> NestedDocs::open(base::ByteView section, std::uint32_t doc_count) {
  base::ByteReader header(section);
  const auto path_count = header.little<std::uint32_t>();
  const auto name_bytes = header.little<std::uint32_t>();
  const std::size_t words = wordsFor(doc_count);
  if (!header.isValid() || path_count == 0 || path_count > kMostPaths ||
      section.size() != kHeaderBytes + (std::size_t{path_count} + 1) * words * 8 + name_bytes)
    return corruption("nested documents: the section does not fit the segment");
  // Sections begin at multiples of eight.
  if (reinterpret_cast<std::uintptr_t>(section.data()) % alignof(std::uint64_t) != 0)
    return corruption("nested documents: the section is not aligned");
  std::unique_ptr<NestedDocs> nested(new NestedDocs());
  nested->doc_count_ = doc_count;
  const auto* const bits = reinterpret_cast<const std::uint64_t*>(section.data() + kHeaderBytes);
  nested->roots_ = bits;
  base::ByteReader names(section.subspan(section.size() - name_bytes));
  for (std::uint32_t i = 0; i < path_count; ++i) {
    const std::string_view path = names.text();
    if (!names.isValid() || path.empty()) return corruption("nested documents: a path cannot be read");
    nested->paths_.push_back({path, bits + (std::size_t{i} + 1) * words});
  }
  if (names.remaining() != 0) return corruption("nested documents: bytes after the last path");
  for (std::size_t word = 0; word < words; ++word) {
    std::uint64_t seen = nested->roots_[word];
    for (const Path& each : nested->paths_) {
      if ((seen & each.bits[word]) != 0) return corruption("nested documents: a document is two things");
      seen |= each.bits[word];
    }
    const std::size_t first = word * 64;
    const std::size_t there = doc_count <= first ? 0 : std::min<std::size_t>(64, doc_count - first);
    if (seen != (there == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << there) - 1))
      return corruption("nested documents: a document is nothing");
    nested->root_count_ += countOnes(nested->roots_[word]);
  }
  if (doc_count == 0 || !nested->isRoot(doc_count - 1))
    return corruption("nested documents: the last block has no root");
  return nested;
}

const std::uint64_t* NestedDocs::objects(std::string_view path) const {
  for (const Path& each : paths_)
    if (each.path == path) return each.bits;
  return nullptr;
}

std::string_view NestedDocs::pathOf(DocId doc) const {
  if (isRoot(doc)) return {};
  for (const Path& each : paths_)
    if ((each.bits[doc / 64] >> (doc % 64) & 1) != 0) return each.path;
  return {};
}

}  // namespace gyre::engine
