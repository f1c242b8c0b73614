#include "engine/suggest/phrase_suggester.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>
#include <utility>

namespace gyre::engine {

namespace {

struct Candidate {
  std::string term;
  double nearness = 1;          // to the typed word; 1 for the word itself
  std::uint64_t frequency = 0;  // occurrences
  double rank = 0;              // for the choice among several generators
};

struct WordChoice {
  Candidate original;
  std::vector<Candidate> candidates;
};

// How often terms and runs of terms occur in a field.
class FieldCounts {
 public:
  FieldCounts(const Snapshot& snapshot, std::string path) : snapshot_(snapshot), path_(std::move(path)) {
    std::uint32_t segments = 0;
    for (const SegmentView& view : snapshot.segments) {
      const FieldReader* const field = view.segment->field(path_);
      if (field == nullptr || field->terms == nullptr) continue;
      occurrences_ += field->sum_total_term_freq;
      terms_ += field->terms->size();
      ++segments;
    }
    // The number of different terms is not known over several dictionaries, and counts as none, as in the dialect.
    if (segments > 1) terms_ = 0;
  }

  std::uint64_t of(const std::string& term) {
    const auto [at, is_new] = known_.try_emplace(term, 0);
    if (!is_new) return at->second;
    for (const SegmentView& view : snapshot_.segments) {
      const FieldReader* const field = view.segment->field(path_);
      if (field == nullptr || field->terms == nullptr) continue;
      if (const auto found = field->terms->find(term)) at->second += found->info.total_term_freq;
    }
    return at->second;
  }
  double occurrences() const { return static_cast<double>(occurrences_); }
  double terms() const { return static_cast<double>(terms_); }

 private:
  const Snapshot& snapshot_;
  std::string path_;
  std::uint64_t occurrences_ = 0;
  std::uint64_t terms_ = 0;
  std::unordered_map<std::string, std::uint64_t> known_;
};

// What a filter makes of a word; the word itself without one.
std::vector<std::string> filtered(const Analyzer* filter, const std::string& word) {
  if (filter == nullptr) return {word};
  TokenList list;
  filter->tokenize(word, list);
  std::vector<std::string> words;
  for (Token& token : list.tokens) words.push_back(std::move(token.text));
  return words;
}

class PhraseSearch {
 public:
  PhraseSearch(const Snapshot& snapshot, const PhraseSuggestRequest& request)
      : snapshot_(snapshot), request_(request), counts_(snapshot, request.path) {}

  std::vector<PhraseOption> run() {
    if (request_.words.empty() || request_.words.size() >= request_.token_limit) return {};
    for (const TextWord& word : request_.words) choices_.push_back(choose(word.term));
    std::vector<const Candidate*> typed;
    for (const WordChoice& choice : choices_) typed.push_back(&choice.original);
    if (request_.confidence > 0) {
      double score = 0;
      for (std::size_t at = 0; at < typed.size(); ++at) score += scoreAt(typed, at);
      cutoff_ = std::exp(score) * request_.confidence;
    }
    const double words = static_cast<double>(choices_.size());
    const double errors =
        request_.max_errors >= 1 ? std::floor(request_.max_errors) : std::floor(request_.max_errors * words + 0.5);
    extend(typed, 0, static_cast<std::uint32_t>(std::max(1.0, errors)), 0);
    std::sort(options_.begin(), options_.end(), isBefore);
    if (options_.size() > request_.size) options_.resize(request_.size);
    return std::move(options_);
  }

 private:
  using Path = std::vector<const Candidate*>;

  static bool isBefore(const PhraseOption& a, const PhraseOption& b) {
    return a.score != b.score ? a.score > b.score : a.text < b.text;
  }

  WordChoice choose(const std::string& word) {
    WordChoice choice;
    choice.original = {word, 1, 0, 0};
    std::map<std::string, Candidate> best;
    for (const WordGenerator& generator : request_.generators) {
      FieldCounts counts(snapshot_, generator.path);
      const std::vector<std::string> looked_up = filtered(generator.pre_filter, word);
      if (looked_up.empty()) continue;
      choice.original.frequency = std::max(choice.original.frequency, counts.of(looked_up.back()));
      for (const WordOption& option : findWords(snapshot_, generator, looked_up.back())) {
        const std::uint64_t frequency = counts.of(option.text);
        for (std::string& offered : filtered(generator.post_filter, option.text)) {
          // What a filter has changed counts as near as the word itself: so the dialect has it.
          Candidate candidate{offered, offered == option.text ? static_cast<double>(option.score) : 1, frequency, 0};
          candidate.rank = candidate.nearness * (static_cast<double>(frequency) + 1) / (counts.occurrences() + 1);
          const auto [at, is_new] = best.try_emplace(std::move(offered), candidate);
          if (!is_new && candidate.rank > at->second.rank) at->second = candidate;
        }
      }
    }
    for (auto& [term, candidate] : best) choice.candidates.push_back(std::move(candidate));
    std::stable_sort(choice.candidates.begin(), choice.candidates.end(),
                     [](const Candidate& a, const Candidate& b) { return a.rank > b.rank; });
    const std::size_t most = std::max<std::size_t>(request_.size, 5);
    if (request_.generators.size() > 1 && choice.candidates.size() > most) choice.candidates.resize(most);
    return choice;
  }

  // Every way to replace at most `errors` of the words from `at` on. Short phrases: token_limit bounds them.
  void extend(Path& path, std::size_t at, std::uint32_t errors, double score) {
    if (at == choices_.size()) return offer(path, score);
    path[at] = &choices_[at].original;
    extend(path, at + 1, errors, score + scoreAt(path, at));
    if (errors == 0) return;
    for (const Candidate& candidate : choices_[at].candidates) {
      path[at] = &candidate;
      extend(path, at + 1, errors - 1, score + scoreAt(path, at));
    }
    path[at] = &choices_[at].original;
  }

  void offer(const Path& path, double log_score) {
    const double score = std::exp(log_score);
    if (!(score > cutoff_)) return;
    PhraseOption option{join(path), {}, score};
    if (request_.is_highlighted) option.highlighted = highlight(path);
    options_.push_back(std::move(option));
    // Only the best are kept; trimmed now and then.
    if (options_.size() < 1024 + std::size_t{request_.size}) return;
    std::sort(options_.begin(), options_.end(), isBefore);
    options_.resize(std::max<std::size_t>(request_.size, 5));
  }

  std::string join(const Path& path) const {
    std::string text;
    for (const Candidate* const word : path) text += (text.empty() ? "" : request_.separator) + word->term;
    return text;
  }

  // Neighbouring changes share one pair of tags.
  std::string highlight(const Path& path) const {
    std::string text;
    for (std::size_t i = 0; i < path.size(); ++i) {
      const auto isChanged = [&](std::size_t word) { return path[word] != &choices_[word].original; };
      if (i > 0) text += request_.separator;
      if (isChanged(i) && (i == 0 || !isChanged(i - 1))) text += request_.pre_tag;
      text += path[i]->term;
      if (isChanged(i) && (i + 1 == path.size() || !isChanged(i + 1))) text += request_.post_tag;
    }
    return text;
  }

  // A decimal logarithm, though sums of them become scores by the natural exponential: so the dialect has it.
  double scoreAt(const Path& path, std::size_t at) {
    const Candidate& word = *path[at];
    const double channel = word.nearness == 1 ? request_.real_word_likelihood : word.nearness;
    if (at == 0 || request_.gram_size == 1) return std::log10(channel * unigram(word));
    if (at == 1 || request_.gram_size == 2) return std::log10(channel * bigram(word, *path[at - 1]));
    return std::log10(channel * trigram(word, *path[at - 1], *path[at - 2]));
  }

  double count(const std::string& term) { return static_cast<double>(counts_.of(term)); }
  double count(const Candidate& first, const Candidate& second) {
    return count(first.term + request_.separator + second.term);
  }
  double count(const Candidate& first, const Candidate& second, const Candidate& third) {
    return count(first.term + request_.separator + second.term + request_.separator + third.term);
  }

  double unigram(const Candidate& word) {
    const double added = request_.smoothing == PhraseSuggestRequest::Smoothing::kLaplace ? request_.alpha : 1;
    return (added + count(word.term)) / (counts_.occurrences() + added * counts_.terms());
  }

  double bigram(const Candidate& word, const Candidate& before) {
    constexpr double kTiny = 0.00000000001;  // no division by zero
    const double together = count(before, word);
    const auto alone = static_cast<double>(before.frequency);
    switch (request_.smoothing) {
      case PhraseSuggestRequest::Smoothing::kLaplace:
        return (request_.alpha + together) / (alone + request_.alpha * counts_.terms());
      case PhraseSuggestRequest::Smoothing::kLinear:
        if (together < 1) return request_.unigram_lambda * unigram(word);
        return request_.bigram_lambda * (together / (0.5 + alone)) + request_.unigram_lambda * unigram(word);
      case PhraseSuggestRequest::Smoothing::kStupidBackoff: break;
    }
    return together < 1 ? request_.discount * unigram(word) : together / (alone + kTiny);
  }

  double trigram(const Candidate& word, const Candidate& before, const Candidate& first) {
    constexpr double kTiny = 0.00000000001;
    const double together = count(first, before, word);
    switch (request_.smoothing) {
      case PhraseSuggestRequest::Smoothing::kLaplace:
        return (request_.alpha + together) / (request_.alpha * counts_.terms() + count(before, word));
      case PhraseSuggestRequest::Smoothing::kLinear:
        if (together < 1) return bigram(word, before);
        return request_.trigram_lambda * (together / (1 + count(first, before))) + bigram(word, before);
      case PhraseSuggestRequest::Smoothing::kStupidBackoff: break;
    }
    const double pair = count(before, word);
    if (pair < 1) return request_.discount * unigram(word);
    if (together < 1) return request_.discount * (pair / (static_cast<double>(before.frequency) + kTiny));
    return together / (pair + kTiny);
  }

  const Snapshot& snapshot_;
  const PhraseSuggestRequest& request_;
  FieldCounts counts_;
  std::vector<WordChoice> choices_;
  double cutoff_ = 0;
  std::vector<PhraseOption> options_;
};

}  // namespace

std::vector<PhraseOption> findPhrases(const Snapshot& snapshot, const PhraseSuggestRequest& request) {
  return PhraseSearch(snapshot, request).run();
}

}  // namespace gyre::engine
