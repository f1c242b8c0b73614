// Any bytes as a segment file whose checksums hold: opening refuses it, or everything in it can be read.
//
// Every reader of the codecs is behind this: stored documents, ids, versions, routings, nested documents, term
// dictionaries, postings, columns, norms, presence and completions. Checksums guard against chance, not against a file
// that is made to deceive; such a one may give wrong values, but no access outside the file.
#include <xxhash.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/codec/id_index.hpp"
#include "engine/segment/open_segment.hpp"
#include "engine/segment/segment_check.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using gyre::engine::DocId;
using gyre::engine::FieldReader;
using gyre::engine::OpenSegment;
using gyre::fuzz::require;

constexpr std::size_t kFooterSize = 32;
constexpr std::uint32_t kMostDocs = 20'000;  // more only take time

// The checksum of the directory, as it must be.
void mend(std::string& file) {
  if (file.size() < kFooterSize) return;
  std::uint64_t start = 0, size = 0;
  char* const footer = file.data() + file.size() - kFooterSize;
  std::memcpy(&start, footer, 8);
  std::memcpy(&size, footer + 8, 8);
  if (start > file.size() || size > file.size() - start) return;
  const std::uint64_t checksum = XXH3_64bits(file.data() + start, size);
  std::memcpy(footer + 16, &checksum, 8);
}

void readDocuments(const OpenSegment& segment) {
  for (DocId doc = 0; doc < segment.docCount(); doc += 1 + segment.docCount() / 64) {
    const std::string id = segment.idText(doc);
    (void)segment.find(id);
    (void)segment.source(doc).isOk();
    (void)segment.version(doc);
    (void)segment.seqNo(doc);
    (void)segment.routing(doc);
    if (segment.nested() == nullptr) continue;
    const DocId root = segment.nested()->rootOf(doc);
    require(root != gyre::engine::kNoMoreDocs && root >= doc, "every document has a root");
    require(segment.nested()->blockBegin(root) <= doc, "a document is in its block");
  }
}

void readField(const FieldReader& field) {
  if (field.terms != nullptr) {
    const auto cursor = field.terms->cursor();
    (void)cursor->seekCeil("m");
    (void)cursor->seekOrdinal(field.terms->size() / 2);
    (void)field.terms->find("rent");
  }
  if (field.column != nullptr) {
    std::int64_t value = 0;
    std::vector<std::int64_t> values;
    (void)field.column->readOne(0, value);
    field.column->readAll(0, values);
    std::vector<std::int64_t> window(gyre::engine::kWindowDocs);
    std::uint64_t present[gyre::engine::kWindowWords];
    field.column->read(0, window.data(), present);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string file(reinterpret_cast<const char*>(data), size);
  mend(file);
  const auto opened =
      OpenSegment::open("seg_0000000001", std::make_unique<gyre::engine::MemoryFile>(std::move(file)), false);
  if (!opened.isOk()) {
    require(opened.status().code() == gyre::Code::kCorruption, "a refusal is corruption");
    require(opened.status().message().find("byte") != std::string_view::npos, "a refusal says where");
    return 0;
  }
  const OpenSegment& segment = *opened.value();
  if (segment.docCount() > kMostDocs) return 0;
  readDocuments(segment);
  for (const auto& entry : segment.fields())
    if (const FieldReader* const field = segment.field(entry.path)) readField(*field);
  (void)gyre::engine::checkSegment(segment, [](std::string_view) {});
  return 0;
}
