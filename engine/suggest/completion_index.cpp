#include "engine/suggest/completion_index.hpp"

#include <algorithm>
#include <functional>
#include <queue>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/analysis/utf8.hpp"
#include "engine/suggest/completion_layout.hpp"

namespace gyre::engine {

namespace {

class RankedCompletions final : public CompletionIndexReader {
 public:
  RankedCompletions(base::ByteView section, std::uint32_t doc_count) : section_(section), doc_count_(doc_count) {}

  std::uint64_t sizeBytes() const override { return section_.size(); }

  Status check() {
    base::ByteReader header(section_);
    count_ = header.little<std::uint32_t>();
    list_count_ = header.little<std::uint32_t>();
    const auto size = header.little<std::uint64_t>();
    const std::uint64_t fixed = kCompletionHeader + std::uint64_t{list_count_} * kCompletionListEntry +
                                (std::uint64_t{count_} + 1) * 8 + std::uint64_t{count_} * 4;
    if (!header.isValid() || size != section_.size() || fixed > size || list_count_ == 0)
      return corruption("completion: header does not fit the section");
    starts_ = section_.data() + kCompletionHeader + std::size_t{list_count_} * kCompletionListEntry;
    ranks_ = starts_ + (std::size_t{count_} + 1) * 8;
    std::uint64_t last = fixed;
    for (std::uint32_t i = 0; i <= count_; ++i) {
      const std::uint64_t start = recordStart(i);
      if (start < last || start > size)
        return corruption("completion: input " + std::to_string(i) + " lies outside the section");
      last = start;
    }
    for (std::uint32_t i = 0; i < list_count_; ++i) GYRE_TRY(checkList(i));
    for (std::uint32_t i = 0; i < count_; ++i) {
      GYRE_TRY(checkRecord(i));
      if (i % kCompletionLeaf == 0) signposts_.push_back(signpostOf(analysed(i)));
    }
    return {};
  }

  std::uint32_t size() const override { return count_; }

  Completion input(std::uint32_t number) const override {
    const std::uint8_t* at = section_.data() + recordStart(number);
    Completion completion;
    completion.weight = static_cast<std::uint32_t>(varintAt(at));
    completion.doc = static_cast<DocId>(varintAt(at));
    completion.analysed = textAt(at);
    completion.text = textAt(at);
    return completion;
  }

  std::string contexts(std::uint32_t number) const override {
    base::ByteReader reader = record(number);
    reader.varint();
    reader.varint();
    reader.text();
    reader.text();
    return std::string(reader.text());
  }

  void visit(std::string_view prefix, std::string_view context,
             const std::function<bool(const Completion&)>& visit) const override {
    List list;
    if (!findList(context, list)) return;
    const std::uint32_t first = lowerBound(list, prefix, 0, list.count);
    visitRuns(list, {{first, endOfPrefix(list, prefix, first, list.count)}}, visit);
  }

  void visitAccepted(const CharAutomaton& automaton, std::string_view context,
                     const std::function<bool(const Completion&)>& visit) const override {
    List list;
    if (findList(context, list)) visitRuns(list, acceptedRuns(list, automaton), visit);
  }

  void visitFuzzy(const FuzzyPrefix& prefix, std::string_view context,
                  const std::function<bool(const Completion&, std::uint32_t)>& visit) const override {
    List list;
    if (!findList(context, list)) return;
    struct Run {
      std::uint64_t score;
      std::uint32_t rank, best, first, end, factor;
      bool operator<(const Run& other) const { return score != other.score ? score < other.score : rank > other.rank; }
    };
    std::priority_queue<Run> runs;
    const auto push = [&](std::uint32_t from, std::uint32_t to, std::uint32_t factor) {
      if (from >= to) return;
      const auto [rank, best] = bestOf(list, from, to);
      const std::uint64_t weight = input(number(list, best)).weight;
      runs.push({weight == 0 ? factor : factor == 0 ? weight : weight * factor, rank, best, from, to, factor});
    };
    FuzzyWalk(*this, list, prefix, push).run();
    while (!runs.empty()) {
      const Run run = runs.top();
      runs.pop();
      if (!visit(input(number(list, run.best)), run.factor)) return;
      push(run.first, run.best, run.factor);
      push(run.best + 1, run.end, run.factor);
    }
  }

  std::vector<std::string> contextsFrom(std::string_view prefix) const override {
    std::uint32_t low = 1, high = list_count_;
    while (low < high) {
      const std::uint32_t middle = low + (high - low) / 2;
      if (list(middle).name < prefix) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    std::vector<std::string> names;
    for (; low < list_count_ && list(low).name.starts_with(prefix); ++low) names.emplace_back(list(low).name);
    return names;
  }

 private:
  struct List {
    std::string_view name;
    const std::uint8_t* numbers = nullptr;  // null: all inputs
    const std::uint8_t* tree = nullptr;
    std::uint32_t count = 0;
  };
  using Runs = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

  void visitRuns(const List& list, const Runs& wanted, const std::function<bool(const Completion&)>& visit) const {
    // A run and its best input; the heap gives the best of all runs first.
    struct Run {
      std::uint32_t rank, best, first, end;
      bool operator<(const Run& other) const { return rank > other.rank; }
    };
    std::priority_queue<Run> runs;
    const auto push = [&](std::uint32_t from, std::uint32_t to) {
      if (from >= to) return;
      const auto [rank, best] = bestOf(list, from, to);
      runs.push({rank, best, from, to});
    };
    for (const auto& [from, to] : wanted) push(from, to);
    while (!runs.empty()) {
      const Run run = runs.top();
      runs.pop();
      if (!visit(input(number(list, run.best)))) return;
      push(run.first, run.best);
      push(run.best + 1, run.end);
    }
  }

  // The runs of inputs that share an accepted beginning. Walks the sorted inputs as the tree of their beginnings.
  Runs acceptedRuns(const List& list, const CharAutomaton& automaton) const {
    struct Node {
      std::uint32_t first, end, depth, state;
    };
    Runs accepted;
    std::vector<Node> nodes{{0, list.count, 0, CharAutomaton::kStart}};
    while (!nodes.empty()) {
      Node node = nodes.back();
      nodes.pop_back();
      if (automaton.isAccepting(node.state)) {
        accepted.emplace_back(node.first, node.end);
        continue;
      }
      while (node.first < node.end) {
        const std::string_view key = analysed(number(list, node.first));
        if (key.size() <= node.depth) {
          ++node.first;
          continue;
        }
        const std::uint32_t next = endOfPrefix(list, key.substr(0, node.depth + 1), node.first, node.end);
        const std::uint32_t state = automaton.step(node.state, static_cast<std::uint8_t>(key[node.depth]));
        if (state != CharAutomaton::kDead) nodes.push_back({node.first, next, node.depth + 1, state});
        node.first = next;
      }
    }
    return accepted;
  }

  // Walks the sorted inputs as the tree of their beginnings, with the distance of each beginning from the prefix; a
  // beginning that is near enough gives its whole run, one that nothing can save is left with all below it.
  class FuzzyWalk {
   public:
    using Push = std::function<void(std::uint32_t, std::uint32_t, std::uint32_t)>;
    FuzzyWalk(const RankedCompletions& inputs, const List& list, const FuzzyPrefix& prefix, Push push)
        : inputs_(inputs), list_(list), prefix_(prefix), push_(std::move(push)) {
      for (std::size_t at = 0; at < prefix.text.size();) {
        wanted_.push_back(unitAt(prefix.text, at));
        at += wanted_.back().size();
      }
      rows_.emplace_back(wanted_.size() + 1);
      for (std::uint32_t i = 0; i < rows_[0].size(); ++i) rows_[0][i] = i;
    }

    void run() { descend(0, list_.count); }

   private:
    std::string_view unitAt(std::string_view text, std::size_t at) const {
      return text.substr(at, prefix_.counts_characters ? decodeUtf8(text, at).size : 1);
    }

    // The run [first, end) shares path_, whose distances are the last row.
    void descend(std::uint32_t first, std::uint32_t end) {
      if (rows_.back().back() <= prefix_.max_edits && fixesPrefix()) return push_(first, end, shared());
      while (first < end) {
        const std::string_view key = inputs_.analysed(number(list_, first));
        if (key.size() <= path_.size()) {
          // This input is the path itself, and too far.
          ++first;
          continue;
        }
        const std::string_view unit = unitAt(key, path_.size());
        const std::size_t length = path_.size();
        path_ += unit;
        const std::uint32_t next = inputs_.endOfPrefix(list_, path_, first, end);
        units_.push_back(path_.substr(length));
        addRow();
        if (canMatch()) descend(first, next);
        rows_.pop_back();
        units_.pop_back();
        path_.resize(length);
        first = next;
      }
    }

    bool fixesPrefix() const { return units_.size() >= std::min<std::size_t>(prefix_.prefix_length, wanted_.size()); }

    void addRow() {
      const std::size_t depth = units_.size();
      rows_.emplace_back(wanted_.size() + 1);
      std::vector<std::uint32_t>& row = rows_.back();
      const std::vector<std::uint32_t>& above = rows_[depth - 1];
      row[0] = static_cast<std::uint32_t>(depth);
      for (std::size_t i = 1; i < row.size(); ++i) {
        const bool is_equal = units_[depth - 1] == wanted_[i - 1];
        row[i] = std::min({above[i] + 1, row[i - 1] + 1, above[i - 1] + (is_equal ? 0u : 1u)});
        const bool is_swap = prefix_.has_transpositions && depth > 1 && i > 1 && units_[depth - 1] == wanted_[i - 2] &&
                             units_[depth - 2] == wanted_[i - 1];
        if (is_swap) row[i] = std::min(row[i], rows_[depth - 2][i - 2] + 1);
      }
    }

    bool canMatch() const {
      const std::size_t depth = units_.size();
      if (depth <= prefix_.prefix_length && depth <= wanted_.size() && units_[depth - 1] != wanted_[depth - 1])
        return false;
      const auto least = [](const std::vector<std::uint32_t>& row) {
        return *std::min_element(row.begin(), row.end());
      };
      if (least(rows_[depth]) <= prefix_.max_edits) return true;
      return prefix_.has_transpositions && least(rows_[depth - 1]) < prefix_.max_edits;
    }

    std::uint32_t shared() const {
      std::uint32_t count = 0;
      while (count < units_.size() && count < wanted_.size() && units_[count] == wanted_[count]) ++count;
      return count;
    }

    const RankedCompletions& inputs_;
    const List& list_;
    const FuzzyPrefix& prefix_;
    Push push_;
    std::vector<std::string_view> wanted_;
    std::string path_;
    std::vector<std::string> units_;
    std::vector<std::vector<std::uint32_t>> rows_;
  };

  std::uint64_t recordStart(std::uint32_t i) const {
    return base::loadLittle<std::uint64_t>(starts_ + std::size_t{i} * 8);
  }
  base::ByteReader record(std::uint32_t number) const {
    const std::uint64_t start = recordStart(number);
    return base::ByteReader(section_.subspan(start, recordStart(number + 1) - start));
  }
  Status checkRecord(std::uint32_t number) const {
    base::ByteReader reader = record(number);
    reader.varint();
    const std::uint64_t doc = reader.varint();
    reader.text();
    reader.text();
    if (reader.isValid() && doc < doc_count_) return {};
    return corruption("completion: input " + std::to_string(number) + " has no document");
  }

  // Of a record that checkRecord() has read to its end; `at` goes on behind what was read.
  static std::uint64_t varintAt(const std::uint8_t*& at) {
    std::uint64_t value = *at & 0x7fu;
    for (unsigned shift = 7; (*at++ & 0x80u) != 0; shift += 7) value |= std::uint64_t{*at & 0x7fu} << shift;
    return value;
  }
  static std::string_view textAt(const std::uint8_t*& at) {
    const std::uint64_t size = varintAt(at);
    const std::string_view text(reinterpret_cast<const char*>(at), size);
    at += size;
    return text;
  }
  // How an analysed form begins, in its order among others.
  static std::uint64_t signpostOf(std::string_view analysed) {
    std::uint64_t sign = 0;
    for (std::size_t i = 0; i < sizeof sign; ++i)
      sign = sign << 8 | (i < analysed.size() ? static_cast<std::uint8_t>(analysed[i]) : 0u);
    return sign;
  }
  std::string_view analysed(std::uint32_t number) const {
    const std::uint8_t* at = section_.data() + recordStart(number);
    varintAt(at);
    varintAt(at);
    return textAt(at);
  }
  std::uint32_t rank(std::uint32_t number) const {
    return base::loadLittle<std::uint32_t>(ranks_ + std::size_t{number} * 4);
  }
  static std::uint32_t number(const List& list, std::uint32_t place) {
    return list.numbers == nullptr ? place : base::loadLittle<std::uint32_t>(list.numbers + std::size_t{place} * 4);
  }

  List list(std::uint32_t i) const {
    base::ByteReader entry(
        section_.subspan(kCompletionHeader + std::size_t{i} * kCompletionListEntry, kCompletionListEntry));
    const auto name = entry.little<std::uint64_t>(), numbers = entry.little<std::uint64_t>(),
               tree = entry.little<std::uint64_t>();
    const auto name_size = entry.little<std::uint32_t>();
    List made;
    made.name = base::asText(section_).substr(std::min<std::uint64_t>(name, section_.size()), name_size);
    made.count = entry.little<std::uint32_t>();
    made.numbers = i == 0 ? nullptr : section_.data() + std::min<std::uint64_t>(numbers, section_.size());
    made.tree = section_.data() + std::min<std::uint64_t>(tree, section_.size());
    return made;
  }

  Status checkList(std::uint32_t i) const {
    const auto bad = [&] { return corruption("completion: list " + std::to_string(i) + " contradicts the section"); };
    const List each = list(i);
    const auto room = [&](const std::uint8_t* from) {
      return static_cast<std::uint64_t>(section_.data() + section_.size() - from);
    };
    if (each.count > count_ || (i == 0 && (each.count != count_ || !each.name.empty()))) return bad();
    if (room(each.tree) < std::uint64_t{completionTreeLeaves(each.count)} * 8) return bad();
    if (i == 0) return {};
    if (room(each.numbers) < std::uint64_t{each.count} * 4) return bad();
    for (std::uint32_t place = 0; place < each.count; ++place)
      if (number(each, place) >= count_) return bad();
    return {};
  }

  bool findList(std::string_view context, List& found) const {
    if (context.empty()) {
      found = list(0);
      return true;
    }
    std::uint32_t low = 1, high = list_count_;
    while (low < high) {
      const std::uint32_t middle = low + (high - low) / 2;
      found = list(middle);
      if (found.name == context) return true;
      if (found.name < context) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return false;
  }

  std::uint32_t lowerBound(const List& list, std::string_view target, std::uint32_t from, std::uint32_t end) const {
    std::uint32_t low = from, high = end;
    if (list.numbers == nullptr) {
      // Between two of the signposts first, which are near each other in memory.
      const auto [first, last] = std::equal_range(signposts_.begin(), signposts_.end(), signpostOf(target));
      const auto before = static_cast<std::uint32_t>(first - signposts_.begin());
      const auto behind = static_cast<std::uint64_t>(last - signposts_.begin());
      if (before > 0) low = std::max(low, (before - 1) * kCompletionLeaf + 1);
      high = std::max(low, static_cast<std::uint32_t>(std::min<std::uint64_t>(high, behind * kCompletionLeaf)));
    }
    while (low < high) {
      const std::uint32_t middle = low + (high - low) / 2;
      if (analysed(number(list, middle)) < target) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
  // REQUIRES: the input at `from` is not below the prefix.
  std::uint32_t endOfPrefix(const List& list, std::string_view prefix, std::uint32_t from, std::uint32_t end) const {
    // Mostly a short run: ever longer steps, then between the last two.
    std::uint32_t low = from, high = end;
    for (std::uint32_t step = 1; low < high; step *= 2) {
      const std::uint32_t place = low + std::min(step, high - low) - 1;
      if (!analysed(number(list, place)).starts_with(prefix)) {
        high = place;
        break;
      }
      low = place + 1;
    }
    while (low < high) {
      const std::uint32_t middle = low + (high - low) / 2;
      if (analysed(number(list, middle)).starts_with(prefix)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  // The smallest rank in a run of a list, and its place.
  std::pair<std::uint32_t, std::uint32_t> bestOf(const List& list, std::uint32_t first, std::uint32_t end) const {
    std::pair<std::uint32_t, std::uint32_t> best{kNoCompletion, first};
    const auto scan = [&](std::uint32_t from, std::uint32_t to) {
      for (std::uint32_t place = from; place < to; ++place)
        if (const std::uint32_t each = rank(number(list, place)); each < best.first) best = {each, place};
    };
    const std::uint32_t first_leaf = first / kCompletionLeaf, last_leaf = (end - 1) / kCompletionLeaf;
    if (first_leaf == last_leaf) {
      scan(first, end);
      return best;
    }
    scan(first, (first_leaf + 1) * kCompletionLeaf);
    scan(last_leaf * kCompletionLeaf, end);
    const auto [leaf_rank, leaf] = bestLeaf(list, first_leaf + 1, last_leaf);
    if (leaf_rank < best.first) scan(leaf * kCompletionLeaf, std::min((leaf + 1) * kCompletionLeaf, end));
    return best;
  }

  static std::uint32_t node(const List& list, std::uint32_t i) {
    return base::loadLittle<std::uint32_t>(list.tree + std::size_t{i} * 4);
  }
  // The leaf with the smallest rank in [first, end): up the tree from both sides, then down to the winner.
  static std::pair<std::uint32_t, std::uint32_t> bestLeaf(const List& list, std::uint32_t first, std::uint32_t end) {
    const std::uint32_t leaves = completionTreeLeaves(list.count);
    std::uint32_t best = kNoCompletion, at = 0;
    for (std::uint32_t low = leaves + first, high = leaves + end; low < high; low /= 2, high /= 2) {
      if (low % 2 == 1) {
        if (node(list, low) < best) best = node(list, at = low);
        ++low;
      }
      if (high % 2 == 1) {
        --high;
        if (node(list, high) < best) best = node(list, at = high);
      }
    }
    if (at == 0) return {kNoCompletion, first};
    while (at < leaves) at = node(list, 2 * at) == best ? 2 * at : 2 * at + 1;
    return {best, at - leaves};
  }

  base::ByteView section_;
  std::uint32_t doc_count_;
  std::uint32_t count_ = 0;
  std::uint32_t list_count_ = 0;
  const std::uint8_t* starts_ = nullptr;
  const std::uint8_t* ranks_ = nullptr;
  std::vector<std::uint64_t> signposts_;  // of every kCompletionLeaf-th input
};

}  // namespace

Result<std::unique_ptr<CompletionIndexReader>> openCompletion(base::ByteView section, std::uint32_t doc_count) {
  auto reader = std::make_unique<RankedCompletions>(section, doc_count);
  GYRE_TRY(reader->check());
  return std::unique_ptr<CompletionIndexReader>(std::move(reader));
}

}  // namespace gyre::engine
