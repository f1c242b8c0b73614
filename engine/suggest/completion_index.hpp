// How do completions get to disk and back? Writes and reads what completion_reader.hpp describes.
//
// Inputs are sorted by analysed form, so a prefix is a run of them. Each has a rank, its place in the order of answers
// (weight descending, text ascending), and a tree over the ranks finds the best of any run; taking it splits the run in
// two, so the best k cost O(k log n) however many inputs share the prefix. A context is a list of its inputs with a
// tree of its own. FORMAT: docs/INDEX_FORMAT.md, "Completion".
//
// THREADS: a writer belongs to one thread. OWNS: a reader borrows the section's bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "engine/suggest/completion_reader.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

class CompletionWriter {
 public:
  // `contexts`: "name\0value" pairs, each ended by '\x1d'.
  void add(DocId doc, std::string_view text, std::string_view analysed, std::uint32_t weight,
           std::string_view contexts);
  bool isEmpty() const { return inputs_.empty(); }
  // Drops the inputs after the first `count`: their document was refused.
  void truncate(std::size_t count) { inputs_.resize(count); }
  std::size_t size() const { return inputs_.size(); }
  // The inputs after the first `count` belong to this document.
  void assignFrom(std::size_t count, DocId doc) {
    for (std::size_t i = count; i < inputs_.size(); ++i) inputs_[i].doc = doc;
  }
  // Different documents.
  std::uint32_t docCount() const;
  // The same inputs for documents that were renumbered; those with kNoMoreDocs are dropped.
  void renumber(const std::vector<DocId>& new_docs);
  // Appends the section.
  void finish(std::string& out);

 private:
  struct Input {
    std::string text;
    std::string analysed;
    std::string contexts;
    std::uint32_t weight;
    DocId doc;
  };
  std::vector<std::uint32_t> ranks() const;
  std::vector<Input> inputs_;
};

// A reader that also gives back everything that was written, for merges.
class CompletionIndexReader : public CompletionReader {
 public:
  virtual std::uint32_t size() const = 0;
  virtual Completion input(std::uint32_t number) const = 0;
  // As CompletionWriter::add takes them.
  virtual std::string contexts(std::uint32_t number) const = 0;
};

Result<std::unique_ptr<CompletionIndexReader>> openCompletion(base::ByteView section, std::uint32_t doc_count);

}  // namespace gyre::engine
