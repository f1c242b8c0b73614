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
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "engine/query/char_automaton.hpp"
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
  void truncate(std::size_t count);
  std::size_t size() const { return inputs_.size(); }
  // Held, to within some percent.
  std::size_t memoryBytes() const { return inputs_.capacity() * sizeof(Input) + text_bytes_; }
  // The inputs after the first `count` belong to this document.
  void assignFrom(std::size_t count, DocId doc) {
    for (std::size_t i = count; i < inputs_.size(); ++i) inputs_[i].doc = doc;
  }
  // The documents that have an input, ascending, each once.
  std::vector<DocId> docs() const;
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
  static std::size_t textBytes(const Input& input);
  std::vector<std::uint32_t> ranks() const;
  std::vector<Input> inputs_;
  std::size_t text_bytes_ = 0;  // of the inputs as they were added, outside them
};

// What the user typed, and how far an input's beginning may be from it.
struct FuzzyPrefix {
  std::string text;                 // analysed
  std::uint32_t max_edits = 0;      // 0 to 2
  std::uint32_t prefix_length = 1;  // units at the start that must be equal
  bool has_transpositions = true;   // false: a swap is two edits
  bool counts_characters = false;   // units are code points; else bytes
};

// A reader that also finds what is only near a prefix, and gives back everything that was written, for merges. Every
// completion of a segment is one.
class CompletionIndexReader : public CompletionReader {
 public:
  // Visits the inputs with a beginning within the edits of `prefix`. An input's factor is how many units the shortest
  // such beginning shares with the prefix from the left. By weight times factor (the other where one is 0) descending,
  // then text, until `visit` returns false.
  virtual void visitFuzzy(const FuzzyPrefix& prefix, std::string_view context,
                          const std::function<bool(const Completion&, std::uint32_t factor)>& visit) const = 0;
  // Visits the inputs with a beginning that the automaton accepts, told byte by byte, as Lucene does it. The best
  // first, until `visit` returns false.
  virtual void visitAccepted(const CharAutomaton& automaton, std::string_view context,
                             const std::function<bool(const Completion&)>& visit) const = 0;
  // The contexts there are that begin with `prefix` ("name\0val").
  virtual std::vector<std::string> contextsFrom(std::string_view prefix) const = 0;
  virtual std::uint32_t size() const = 0;
  // By analysed form, ascending (bytes).
  virtual Completion input(std::uint32_t number) const = 0;
  // As CompletionWriter::add takes them.
  virtual std::string contexts(std::uint32_t number) const = 0;
};

Result<std::unique_ptr<CompletionIndexReader>> openCompletion(base::ByteView section, std::uint32_t doc_count);

}  // namespace gyre::engine
