// synonym, synonym_graph and flatten_graph.
#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "engine/analysis/component_kinds.hpp"
#include "engine/analysis/synonym_map.hpp"

namespace gyre::engine {

namespace {

// Tokens between numbered nodes, from which increments and lengths follow.
struct Edge {
  Token token;
  std::uint32_t from;
  std::uint32_t to;
};

// Every way through a match stays a way of its own: the words of a synonym never mix with those of another.
class SynonymGraphFilter final : public TokenFilter {
 public:
  explicit SynonymGraphFilter(SynonymMap synonyms) : synonyms_(std::move(synonyms)) {}

  void apply(TokenList& list) const override {
    std::vector<Token> out;
    std::uint32_t last = 0;  // node where the token before began
    std::uint32_t next = 0;  // node where the next begins if it follows directly
    bool is_first = true;
    const auto emit = [&](Edge edge) {
      edge.token.increment = is_first ? edge.from + 1 : edge.from - last;
      edge.token.length = edge.to - edge.from;
      last = edge.from;
      is_first = false;
      out.push_back(std::move(edge.token));
    };
    for (std::size_t i = 0; i < list.tokens.size();) {
      std::size_t used = 0;
      const SynonymMap::Entry* const entry = synonyms_.longest(
          list.tokens.size() - i, [&](std::size_t k) -> const std::string& { return list.tokens[i + k].text; }, used);
      if (entry == nullptr) {
        Token& token = list.tokens[i++];
        const std::uint32_t from = token.increment == 0 ? last : next + token.increment - 1;
        next = from + token.length;
        emit({std::move(token), from, next});
        continue;
      }
      for (Edge& edge : edgesOf(*entry, {list.tokens.data() + i, used}, next)) emit(std::move(edge));
      i += used;
    }
    list.tokens = std::move(out);
  }
  bool makesGraph() const override { return true; }

 private:
  // First the beginnings of all ways, then their rests, so that offsets never go back. `next` becomes the node where
  // they meet again.
  static std::vector<Edge> edgesOf(const SynonymMap::Entry& entry, std::span<Token> match, std::uint32_t& next) {
    std::vector<Edge> edges;
    std::uint32_t inner = entry.keeps_original ? static_cast<std::uint32_t>(match.size() - 1) : 0;
    for (const auto& path : entry.outputs) inner += static_cast<std::uint32_t>(path.size() - 1);
    const std::uint32_t begin = next;
    const std::uint32_t end = begin + inner + 1;
    std::uint32_t used = 0;
    const auto firstNode = [&](std::size_t size) {
      if (size == 1) return end;
      const std::uint32_t node = begin + used + 1;
      used += static_cast<std::uint32_t>(size - 1);
      return node;
    };
    const auto synonym = [&](const std::string& text) {
      Token token;
      token.text = text;
      token.type = token_type::kSynonym;
      token.start = match.front().start;
      token.end = match.back().end;
      return token;
    };
    for (const auto& path : entry.outputs) edges.push_back({synonym(path.front()), begin, firstNode(path.size())});
    if (entry.keeps_original) edges.push_back({std::move(match.front()), begin, firstNode(match.size())});
    for (std::size_t p = 0; p < entry.outputs.size(); ++p) {
      const auto& path = entry.outputs[p];
      std::uint32_t node = edges[p].to;
      for (std::size_t i = 1; i < path.size(); ++i, ++node)
        edges.push_back({synonym(path[i]), node, i + 1 == path.size() ? end : node + 1});
    }
    if (entry.keeps_original) {
      std::uint32_t node = edges[entry.outputs.size()].to;
      for (std::size_t i = 1; i < match.size(); ++i, ++node)
        edges.push_back({std::move(match[i]), node, i + 1 == match.size() ? end : node + 1});
    }
    next = end;
    return edges;
  }

  SynonymMap synonyms_;
};

// The words of a synonym are laid over the words that follow, one a position.
class SynonymFilter final : public TokenFilter {
 public:
  explicit SynonymFilter(SynonymMap synonyms) : synonyms_(std::move(synonyms)) {}

  void apply(TokenList& list) const override {
    std::vector<Token> out;
    std::deque<std::vector<Token>> waiting;  // of the positions from the current one on
    std::size_t matched = 0;                 // input tokens that belong to the match before
    bool is_kept = true;
    for (std::size_t i = 0; i < list.tokens.size(); ++i) {
      Token& token = list.tokens[i];
      if (matched == 0) {
        is_kept = true;
        const SynonymMap::Entry* const entry = synonyms_.longest(
            list.tokens.size() - i, [&](std::size_t k) -> const std::string& { return list.tokens[i + k].text; },
            matched);
        if (entry != nullptr) {
          is_kept = entry->keeps_original;
          addOutputs(*entry, {list.tokens.data() + i, matched}, waiting);
        } else {
          matched = 1;
        }
      }
      --matched;
      std::uint32_t increment = token.increment;
      std::vector<Token> overlaid = takeFirst(waiting);
      for (Token& synonym : overlaid) {
        if (synonym.start == kFollowsInput) place(synonym, token);
      }
      if (is_kept) {
        out.push_back(std::move(token));
        increment = 0;
      }
      for (Token& synonym : overlaid) {
        synonym.increment = std::exchange(increment, 0);
        out.push_back(std::move(synonym));
      }
    }
    // What is longer than the text.
    while (!waiting.empty()) {
      std::uint32_t increment = 1;
      for (Token& synonym : takeFirst(waiting)) {
        if (synonym.start == kFollowsInput) {
          synonym.start = out.empty() ? 0 : out.back().start;
          synonym.end = out.empty() ? 0 : out.back().end;
        }
        synonym.increment = std::exchange(increment, 0);
        out.push_back(std::move(synonym));
      }
    }
    list.tokens = std::move(out);
  }
  bool makesGraph() const override { return true; }

 private:
  static constexpr std::uint32_t kFollowsInput = 0xffff'ffff;  // takes the offsets of the token it stands over

  static void place(Token& synonym, const Token& token) {
    synonym.start = token.start;
    synonym.end = token.end;
  }
  static std::vector<Token> takeFirst(std::deque<std::vector<Token>>& waiting) {
    if (waiting.empty()) return {};
    std::vector<Token> first = std::move(waiting.front());
    waiting.pop_front();
    return first;
  }
  static void addOutputs(const SynonymMap::Entry& entry, std::span<const Token> match,
                         std::deque<std::vector<Token>>& waiting) {
    for (const auto& path : entry.outputs) {
      if (waiting.size() < path.size()) waiting.resize(path.size());
      for (std::size_t i = 0; i < path.size(); ++i) {
        Token token;
        token.text = path[i];
        token.type = token_type::kSynonym;
        token.start = kFollowsInput;
        if (path.size() == 1) {
          token.start = match.front().start;
          token.end = match.back().end;
          token.length = entry.keeps_original ? static_cast<std::uint32_t>(match.size()) : 1;
        }
        waiting[i].push_back(std::move(token));
      }
    }
  }

  SynonymMap synonyms_;
};

// Puts the nodes of a graph in a row, each as far from the beginning as the longest way to it: what an index can hold.
class FlattenGraphFilter final : public TokenFilter {
 public:
  void apply(TokenList& list) const override {
    std::vector<Edge> edges;
    std::uint32_t at = 0;
    for (Token& token : list.tokens) {
      at += token.increment;
      const std::uint32_t length = token.length;
      edges.push_back({std::move(token), at, at + length});
    }
    std::map<std::uint32_t, std::uint32_t> place;  // of each node
    std::map<std::uint32_t, std::pair<std::uint32_t, std::uint32_t>>
        bounds;  // of each place: latest start, earliest end
    std::stable_sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) { return a.from < b.from; });
    std::uint32_t last_node = 0;
    std::uint32_t last_place = 0;
    for (Edge& edge : edges) {
      auto begin = place.find(edge.from);
      if (begin == place.end()) begin = place.emplace(edge.from, last_place + edge.from - last_node).first;
      last_node = edge.from;
      last_place = begin->second;
      std::uint32_t& end = place[edge.to];
      end = std::max(end, begin->second + 1);
    }
    std::vector<Token> out;
    std::uint32_t before = 0;
    std::stable_sort(edges.begin(), edges.end(),
                     [&](const Edge& a, const Edge& b) { return place[a.from] < place[b.from]; });
    for (const Edge& edge : edges) {
      const auto begin = bounds.try_emplace(place[edge.from], 0, UINT32_MAX).first;
      begin->second.first = std::max(begin->second.first, edge.token.start);
      const auto end = bounds.try_emplace(place[edge.to], 0, UINT32_MAX).first;
      end->second.second = std::min(end->second.second, edge.token.end);
    }
    for (Edge& edge : edges) {
      const std::uint32_t from = place[edge.from];
      // Offsets shrink to those of the words that are really there.
      edge.token.start = bounds[from].first;
      edge.token.end = bounds[place[edge.to]].second;
      edge.token.increment = from - before;
      edge.token.length = std::max(1u, place[edge.to] - from);
      before = from;
      out.push_back(std::move(edge.token));
    }
    list.tokens = std::move(out);
  }
};

// One side of a rule through the chain that stands before the filter.
Result<SynonymMap::Words> analyzeSide(const AnalyzerParts& before, const std::string& text) {
  TokenList list;
  tokenizeText(before, text, list);
  for (const auto& filter : before.filters) filter.part->apply(list);
  SynonymMap::Words words;
  for (Token& token : list.tokens) {
    if (token.text.empty())
      return analysisRefusal("Failed to build synonyms: term: " + text + " analyzed to a zero-length token");
    if (token.increment != 1)
      return analysisRefusal("Failed to build synonyms: term: " + text + " analyzed to a token (" + token.text +
                             ") with position increment != 1 (got: " + std::to_string(token.increment) + ")");
    words.push_back(std::move(token.text));
  }
  if (words.empty())
    return analysisRefusal("Failed to build synonyms: term: " + text + " was completely eliminated by analyzer");
  return words;
}

Result<SynonymMap> readSynonyms(ComponentSettings& settings, const FilterContext& context) {
  SynonymMap synonyms;
  SynonymMap::Options options;
  options.expands = settings.boolean("expand", true);
  options.is_lenient = settings.boolean("lenient", false);
  settings.ignore("updateable");
  const std::string format = settings.text("format");
  if (!format.empty() && format != "wordnet" && format != "solr")
    return analysisRefusal("synonym format [" + format + "] is not offered");
  if (!settings.has("synonyms"))
    return analysisRefusal("synonym requires either `synonyms` or `synonyms_path` to be configured");
  const std::vector<std::string> rules = settings.list("synonyms");
  std::string analyzer_name = settings.text("synonym_analyzer");
  if (context.before == nullptr) return synonyms;
  AnalyzerParts parts = *context.before;
  if (!analyzer_name.empty()) {
    const Analyzer* const analyzer = findAnalyzer(analyzer_name);
    if (analyzer == nullptr) return analysisRefusal("synonym_analyzer [" + analyzer_name + "] not found");
    parts = analyzer->parts();
  }
  const auto analyze = [&](const std::string& text) { return analyzeSide(parts, text); };
  GYRE_TRY(format == "wordnet" ? synonyms.addWordnet(rules, options, analyze)
                               : synonyms.addSolr(rules, options, analyze));
  return synonyms;
}

Result<TokenFilterPtr> makeSynonym(ComponentSettings& settings, const FilterContext& context) {
  GYRE_TRY_ASSIGN(SynonymMap synonyms, readSynonyms(settings, context));
  return TokenFilterPtr(std::make_shared<SynonymFilter>(std::move(synonyms)));
}

Result<TokenFilterPtr> makeSynonymGraph(ComponentSettings& settings, const FilterContext& context) {
  GYRE_TRY_ASSIGN(SynonymMap synonyms, readSynonyms(settings, context));
  return TokenFilterPtr(std::make_shared<SynonymGraphFilter>(std::move(synonyms)));
}

Result<TokenFilterPtr> makeFlattenGraph(ComponentSettings&, const FilterContext&) {
  return TokenFilterPtr(std::make_shared<FlattenGraphFilter>());
}

constexpr FilterKind kSynonymKinds[] = {
    {"synonym", makeSynonym, false},
    {"synonym_graph", makeSynonymGraph, false},
    {"flatten_graph", makeFlattenGraph, false},
};

}  // namespace

std::span<const FilterKind> synonymKinds() { return kSynonymKinds; }

}  // namespace gyre::engine
