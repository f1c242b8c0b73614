// What should the index hold? The same operations on a std::map, and comparisons of both.
//
// Documents carry their own description in their fields, so that whatever a segment keeps of a field can be checked
// against the source. Comparisons return "" or what differs.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/codec/live_docs.hpp"
#include "engine/index.hpp"

namespace gyre::engine::test {

inline constexpr std::string_view kDefinition = R"({"mappings":{"properties":{
"status":{"type":"keyword"},"reference":{"type":"keyword"},"tags":{"type":"keyword"},
"description":{"type":"text"},"amount":{"type":"double"},"units":{"type":"long"},"created":{"type":"date"},
"name":{"type":"keyword","fields":{"suggest":{"type":"completion"}}},
"items":{"type":"nested","properties":{"sku":{"type":"keyword"},"note":{"type":"text"},
"parts":{"type":"nested","properties":{"count":{"type":"long"}}}}}}}})";

class IndexModel {
 public:
  struct Held {
    std::uint64_t version;
    std::string source;
  };
  struct Made {
    std::string id, source;
    std::uint64_t version;
    bool is_delete;
  };

  explicit IndexModel(std::uint32_t seed) : random_(seed) {}

  // The next batch, which belongs to sequence() + 1. Does not count as applied yet.
  std::vector<Made> make(std::size_t count) {
    std::vector<Made> batch;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string id = "doc-" + std::to_string(random_() % 300);
      // Versions grow with time, as an event log's do.
      batch.push_back({id, document(), ++version_, random_() % 5 == 0});
    }
    return batch;
  }
  static std::vector<Operation> operations(const std::vector<Made>& batch) {
    std::vector<Operation> made;
    for (const Made& each : batch) {
      made.push_back(
          {each.is_delete ? Operation::Kind::kDelete : Operation::Kind::kIndex, each.id, each.version, each.source});
      if (each.version % 3 == 0) made.back().routing = each.id;
    }
    return made;
  }
  void keep(const std::vector<Made>& batch) {
    for (const Made& each : batch) {
      if (each.is_delete) {
        documents_.erase(each.id);
      } else {
        documents_[each.id] = {each.version, each.source};
      }
    }
    ++sequence_;
  }
  std::string applyTo(Index& index, std::size_t count) {
    const auto batch = make(count);
    const auto outcomes = index.apply(operations(batch), sequence_ + 1);
    keep(batch);
    if (!outcomes.isOk()) return std::string(outcomes.status().message());
    for (const OperationOutcome& outcome : outcomes.value())
      if (!outcome.refusal.isOk()) return std::string(outcome.refusal.message());
    return {};
  }

  std::uint64_t sequence() const { return sequence_; }
  const std::map<std::string, Held>& documents() const { return documents_; }

  std::string compareGets(const Index& index) const {
    for (int i = 0; i < 300; ++i) {
      const std::string id = "doc-" + std::to_string(i);
      const auto got = index.get(id);
      if (!got.isOk()) return std::string(got.status().message());
      const auto expected = documents_.find(id);
      if (got.value().has_value() != (expected != documents_.end())) return id + ": presence differs";
      if (got.value() &&
          (got.value()->source != expected->second.source || got.value()->version != expected->second.version))
        return id + ": expected " + expected->second.source + ", found " + got.value()->source;
    }
    return {};
  }

  // By scan, and by every field of every segment.
  std::string compareSnapshot(const Index& index) const {
    std::map<std::string, std::string> found;
    std::string problem;
    const Status scanned = index.scan([&](std::string_view id, std::uint64_t version, std::string_view source) {
      if (!found.emplace(id, source).second) problem = std::string(id) + ": twice";
      const auto expected = documents_.find(std::string(id));
      if (expected == documents_.end() || expected->second.version != version || expected->second.source != source)
        problem = std::string(id) + ": unexpected " + std::string(source);
      return true;
    });
    if (!scanned.isOk()) return std::string(scanned.message());
    if (!problem.empty()) return problem;
    if (found.size() != documents_.size()) return "count differs";
    for (const SegmentView& view : index.snapshot()->segments)
      if (std::string differs = compareSegment(view); !differs.empty()) return differs;
    return {};
  }

 private:
  std::string document() {
    static const std::vector<std::string> kWords = {"rent", "for", "may", "invoice", "coffee", "the", "a", "car"};
    std::string text = R"({"status":")" + kWords[random_() % 3] + R"(","reference":"ref-)" + std::to_string(version_) +
                       R"(","units":)" + std::to_string(static_cast<int>(random_() % 1000) - 500);
    if (random_() % 2 == 0)
      text += R"(,"amount":)" + std::to_string(random_() % 10000) + "." + std::to_string(random_() % 100);
    if (random_() % 3 != 0) {
      text += R"(,"description":")";
      for (unsigned words = 1 + random_() % 12; words > 0; --words) text += kWords[random_() % kWords.size()] + " ";
      text += R"(")";
    }
    if (random_() % 4 == 0) text += R"(,"tags":["x","y","x"])";
    if (random_() % 3 == 0) text += items();
    if (random_() % 4 == 0) text += R"(,"name":"Name )" + std::to_string(random_() % 50) + R"(")";
    return text + "}";
  }

  std::string items() {
    std::string text = R"(,"items":[)";
    for (unsigned left = 1 + random_() % 3; left > 0; --left) {
      text += R"({"sku":"s)" + std::to_string(random_() % 5) + R"(","note":"rent","parts":[{"count":)" +
              std::to_string(random_() % 9) + "}]}";
      if (left > 1) text += ",";
    }
    return text + "]";
  }

  static std::size_t occurrences(const std::string& source, const std::string& part) {
    std::size_t count = 0;
    for (std::size_t at = source.find(part); at != std::string::npos; at = source.find(part, at + 1)) ++count;
    return count;
  }

  // The objects that stand before a root are as many as its source has, and they live as it does.
  static std::string compareBlock(const SegmentView& view, DocId root, const std::string& source) {
    const NestedDocs* const nested = view.segment->nested();
    std::size_t items = 0, parts = 0;
    for (DocId doc = nested == nullptr ? root : nested->blockBegin(root); doc < root; ++doc) {
      (nested->pathOf(doc) == "items" ? items : parts) += 1;
      if (isLive(view.live.get(), doc) != isLive(view.live.get(), root)) return "an object apart from " + source;
    }
    return items == occurrences(source, "\"sku\"") && parts == occurrences(source, "\"count\"")
               ? std::string()
               : "objects of " + source;
  }

  static std::string member(const std::string& source, const std::string& name) {
    const std::size_t at = source.find("\"" + name + "\":");
    if (at == std::string::npos) return {};
    const std::size_t start = at + name.size() + 3;
    if (source[start] == '"') return source.substr(start + 1, source.find('"', start + 1) - start - 1);
    return source.substr(start, source.find_first_of(",}", start) - start);
  }

  static std::string compareSegment(const SegmentView& view) {
    const SegmentReader& segment = *view.segment;
    for (DocId doc = 0; doc < segment.docCount(); ++doc) {
      if (segment.nested() != nullptr && !segment.nested()->isRoot(doc)) continue;
      const auto source = segment.source(doc);
      const auto id = segment.id(doc);
      if (!source.isOk() || !id.isOk()) return "cannot read";
      if (std::string differs = compareBlock(view, doc, source.value()); !differs.empty()) return differs;
      if (isLive(view.live.get(), doc) && segment.find(id.value()) != std::optional<DocId>(doc))
        return id.value() + ": not found by id";
      for (const std::string name : {"status", "reference"})
        if (std::string differs = compareKeyword(segment, name, doc, member(source.value(), name)); !differs.empty())
          return differs;
      const FieldReader* const units = segment.field("units");
      std::int64_t value = 0;
      if (units == nullptr || !units->column->readOne(doc, value) ||
          std::to_string(value) != member(source.value(), "units"))
        return "units of " + source.value() + ": found " + std::to_string(value);
      if (std::string differs = compareText(segment, doc, member(source.value(), "description")); !differs.empty())
        return differs;
    }
    return {};
  }

  static std::string compareKeyword(const SegmentReader& segment, const std::string& name, DocId doc,
                                    const std::string& expected) {
    const FieldReader* const field = segment.field(name);
    std::int64_t ordinal = 0;
    if (field == nullptr || !field->column->readOne(doc, ordinal)) return name + ": no value";
    const auto cursor = field->terms->cursor();
    if (!cursor->seekOrdinal(static_cast<std::uint32_t>(ordinal)) || cursor->term() != expected)
      return name + ": expected " + expected + ", found " + std::string(cursor->term());
    const auto found = field->terms->find(expected);
    if (!found || found->ordinal != ordinal) return name + ": " + expected + " not found";
    return holds(*field, found->info, doc) ? std::string() : name + ": " + expected + ": no posting";
  }

  static bool holds(const FieldReader& field, const TermInfo& info, DocId doc) {
    const auto postings = field.postings->cursor(info);
    if (!postings->advanceBlock(doc)) return false;
    for (const DocId each : postings->docs())
      if (each == doc) return true;
    return false;
  }

  static std::string compareText(const SegmentReader& segment, DocId doc, const std::string& text) {
    const FieldReader* const field = segment.field("description");
    std::map<std::string, std::vector<std::uint32_t>> terms;
    std::uint32_t position = 0;
    for (std::size_t from = 0, to = 0; (to = text.find(' ', from)) != std::string::npos; from = to + 1)
      terms[text.substr(from, to - from)].push_back(position++);
    if (field == nullptr) return text.empty() ? std::string() : "no description";
    if (field->norms[doc] != position) return "length of " + text;
    for (const auto& [term, expected] : terms) {
      const auto found = field->terms->find(term);
      if (!found) return "description: " + term + " not found";
      const auto postings = field->postings->cursor(found->info);
      if (!postings->advanceBlock(doc)) return "description: " + term + ": no posting";
      std::uint32_t at = 0;
      while (at < postings->docs().size() && postings->docs()[at] != doc) ++at;
      if (at == postings->docs().size() || postings->freqs()[at] != expected.size()) return term + ": wrong frequency";
      const auto positions = postings->positions(at);
      if (!std::equal(positions.begin(), positions.end(), expected.begin(), expected.end()))
        return term + ": positions";
      if (postings->boundAt(doc).max_freq < expected.size()) return term + ": bound below a frequency";
      if (postings->boundAt(doc).min_norm > field->norms[doc]) return term + ": bound above a length";
    }
    return {};
  }

  std::mt19937 random_;
  std::uint64_t version_ = 0;
  std::uint64_t sequence_ = 0;
  std::map<std::string, Held> documents_;
};

}  // namespace gyre::engine::test
