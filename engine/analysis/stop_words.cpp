#include "engine/analysis/stop_words.hpp"

namespace gyre::engine {

namespace {

struct StopWords {
  std::string_view language;
  std::string_view words;
};

constexpr StopWords kStopWords[] = {
    {"english",
     "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this "
     "to was will with"},
};

}  // namespace

std::optional<std::string_view> stopWordsOf(std::string_view language) {
  for (const StopWords& known : kStopWords)
    if (known.language == language) return known.words;
  return std::nullopt;
}

}  // namespace gyre::engine
