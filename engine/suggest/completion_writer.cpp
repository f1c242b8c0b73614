#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/suggest/completion_index.hpp"
#include "engine/suggest/completion_layout.hpp"

namespace gyre::engine {
namespace {

template <class Visit>
void splitContexts(std::string_view contexts, Visit&& visit) {
  while (!contexts.empty()) {
    const std::size_t end = std::min(contexts.find(kCompletionContextEnd), contexts.size());
    visit(contexts.substr(0, end));
    contexts.remove_prefix(std::min(end + 1, contexts.size()));
  }
}

}  // namespace

void CompletionWriter::add(DocId doc, std::string_view text, std::string_view analysed, std::uint32_t weight,
                           std::string_view contexts) {
  inputs_.push_back({std::string(text), std::string(analysed), std::string(contexts), weight, doc});
  text_bytes_ += textBytes(inputs_.back());
}

void CompletionWriter::truncate(std::size_t count) {
  for (; inputs_.size() > count; inputs_.pop_back()) text_bytes_ -= textBytes(inputs_.back());
}

std::size_t CompletionWriter::textBytes(const Input& input) {
  static const std::size_t kInside = std::string().capacity();
  std::size_t bytes = 0;
  for (const std::string* const text : {&input.text, &input.analysed, &input.contexts})
    if (text->capacity() > kInside) bytes += (text->capacity() + 1 + 8 + 15) / 16 * 16;  // with the allocator's head
  return bytes;
}

void CompletionWriter::renumber(const std::vector<DocId>& new_docs) {
  for (Input& input : inputs_) input.doc = new_docs[input.doc];
  std::erase_if(inputs_, [](const Input& input) { return input.doc == kNoMoreDocs; });
}

std::vector<DocId> CompletionWriter::docs() const {
  std::vector<DocId> docs;
  docs.reserve(inputs_.size());
  for (const Input& input : inputs_) docs.push_back(input.doc);
  std::sort(docs.begin(), docs.end());
  docs.erase(std::unique(docs.begin(), docs.end()), docs.end());
  return docs;
}

std::vector<std::uint32_t> CompletionWriter::ranks() const {
  std::vector<std::uint32_t> order(inputs_.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    const Input &x = inputs_[a], &y = inputs_[b];
    if (x.weight != y.weight) return x.weight > y.weight;
    if (const int order_of_texts = x.text.compare(y.text); order_of_texts != 0) return order_of_texts < 0;
    return x.doc != y.doc ? x.doc < y.doc : a < b;
  });
  std::vector<std::uint32_t> rank_of(inputs_.size());
  for (std::uint32_t rank = 0; rank < order.size(); ++rank) rank_of[order[rank]] = rank;
  return rank_of;
}

namespace {

// Node i has the children 2i and 2i + 1; leaves follow the inner nodes. Each node holds the smallest rank below it.
void appendTree(std::string& out, const std::vector<std::uint32_t>& list, const std::vector<std::uint32_t>& ranks) {
  const auto count = static_cast<std::uint32_t>(list.size());
  const std::uint32_t leaves = completionTreeLeaves(count);
  std::vector<std::uint32_t> nodes(2 * std::size_t{leaves}, kNoCompletion);
  for (std::uint32_t i = 0; i < count; ++i)
    nodes[leaves + i / kCompletionLeaf] = std::min(nodes[leaves + i / kCompletionLeaf], ranks[list[i]]);
  for (std::uint32_t node = leaves - 1; node > 0; --node) nodes[node] = std::min(nodes[2 * node], nodes[2 * node + 1]);
  for (const std::uint32_t node : nodes) base::appendLittle(out, node);
}

}  // namespace

void CompletionWriter::finish(std::string& out) {
  std::stable_sort(inputs_.begin(), inputs_.end(), [](const Input& a, const Input& b) {
    if (const int order = a.analysed.compare(b.analysed); order != 0) return order < 0;
    return a.text != b.text ? a.text < b.text : a.doc < b.doc;
  });
  const std::vector<std::uint32_t> rank_of = ranks();
  std::map<std::string, std::vector<std::uint32_t>, std::less<>> lists;
  std::vector<std::uint32_t>& everything = lists[""];
  for (std::uint32_t i = 0; i < inputs_.size(); ++i) {
    everything.push_back(i);
    splitContexts(inputs_[i].contexts, [&](std::string_view context) {
      std::vector<std::uint32_t>& list = lists[std::string(context)];
      if (list.empty() || list.back() != i) list.push_back(i);
    });
  }
  std::string records;
  std::vector<std::uint64_t> starts;
  const std::uint64_t records_start =
      kCompletionHeader + lists.size() * kCompletionListEntry + (inputs_.size() + 1) * 8 + inputs_.size() * 4;
  for (const Input& input : inputs_) {
    starts.push_back(records_start + records.size());
    base::appendVarint(records, input.weight);
    base::appendVarint(records, input.doc);
    for (const std::string& text : {std::cref(input.analysed), std::cref(input.text), std::cref(input.contexts)}) {
      base::appendVarint(records, text.size());
      records += text;
    }
  }
  starts.push_back(records_start + records.size());

  std::string entries;
  const std::uint64_t trailer_start = records_start + records.size();
  std::string trailer;
  for (const auto& [name, list] : lists) {
    base::appendLittle<std::uint64_t>(entries, trailer_start + trailer.size());
    trailer += name;
    base::appendLittle<std::uint64_t>(entries, trailer_start + trailer.size());
    // The list of all inputs is the numbers themselves.
    if (!name.empty())
      for (const std::uint32_t number : list) base::appendLittle(trailer, number);
    base::appendLittle<std::uint64_t>(entries, trailer_start + trailer.size());
    appendTree(trailer, list, rank_of);
    base::appendLittle(entries, static_cast<std::uint32_t>(name.size()));
    base::appendLittle(entries, static_cast<std::uint32_t>(list.size()));
  }
  base::appendLittle(out, static_cast<std::uint32_t>(inputs_.size()));
  base::appendLittle(out, static_cast<std::uint32_t>(lists.size()));
  base::appendLittle<std::uint64_t>(out, trailer_start + trailer.size());
  out += entries;
  for (const std::uint64_t start : starts) base::appendLittle(out, start);
  for (const std::uint32_t rank : rank_of) base::appendLittle(out, rank);
  out += records;
  out += trailer;
}

}  // namespace gyre::engine
