#include "engine/query/fuzzy_terms.hpp"

#include <algorithm>
#include <charconv>

#include "engine/analysis/utf8.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

// Terms to step over one by one before a dead beginning is jumped; a step costs a fraction of a jump.
constexpr int kStepsBeforeJump = 6;

std::vector<std::uint32_t> decode(std::string_view text) {
  std::vector<std::uint32_t> characters;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decodeUtf8(text, at);
    characters.push_back(c.value);
    at += c.size;
  }
  return characters;
}

// Distances between the word and the beginnings of the current term. Row i belongs to the first i characters of the
// term; only the diagonal band that can stay within the allowed edits is computed.
class DistanceRows {
 public:
  DistanceRows(std::vector<std::uint32_t> word, std::uint32_t max_edits, bool has_transpositions)
      : word_(std::move(word)),
        width_(word_.size() + 1),
        max_edits_(max_edits),
        has_transpositions_(has_transpositions) {
    const std::size_t rows = width_ + max_edits_ + 1;
    cells_.assign(rows * width_, static_cast<std::uint8_t>(max_edits_ + 1));
    term_.resize(rows);
    ends_.resize(rows);
    for (std::size_t j = 0; j < width_ && j <= max_edits_; ++j) cells_[j] = static_cast<std::uint8_t>(j);
  }

  // Keeps the rows of the characters that end within the first `bytes` bytes.
  void keep(std::size_t bytes) {
    while (level_ > 0 && ends_[level_] > bytes) --level_;
  }
  std::size_t keptBytes() const { return ends_[level_]; }
  std::uint32_t level() const { return static_cast<std::uint32_t>(level_); }

  // Adds a character that ends at byte `end`. False when no continuation can be within the allowed edits.
  bool push(std::uint32_t character, std::size_t end) {
    if (level_ + 1 >= ends_.size()) return false;
    ++level_;
    ends_[level_] = end;
    term_[level_] = character;
    const std::uint8_t over = static_cast<std::uint8_t>(max_edits_ + 1);
    std::uint8_t* const row = cells_.data() + level_ * width_;
    const std::uint8_t* const above = row - width_;
    const std::size_t first = level_ > max_edits_ ? level_ - max_edits_ : 0;
    const std::size_t last = std::min(width_ - 1, level_ + max_edits_);
    std::uint8_t best = over;
    if (first > 0 && first - 1 < width_) row[first - 1] = over;
    for (std::size_t j = first; j <= last; ++j) {
      const std::uint8_t cell =
          j == 0 ? static_cast<std::uint8_t>(std::min<std::size_t>(level_, over)) : inner(row, above, j, first, over);
      row[j] = cell;
      best = std::min(best, cell);
    }
    if (last + 1 < width_) row[last + 1] = over;
    return best <= max_edits_;
  }

  std::uint32_t distance() const { return cells_[level_ * width_ + width_ - 1]; }

 private:
  std::uint8_t inner(const std::uint8_t* row, const std::uint8_t* above, std::size_t j, std::size_t first,
                     std::uint8_t over) const {
    const auto plusOne = [](std::uint8_t cell) { return static_cast<std::uint8_t>(cell + 1); };
    const bool is_same = word_[j - 1] == term_[level_];
    std::uint8_t cell = is_same ? above[j - 1] : plusOne(above[j - 1]);
    cell = std::min(cell, plusOne(above[j]));
    if (j > first) cell = std::min(cell, plusOne(row[j - 1]));
    if (has_transpositions_ && level_ > 1 && j > 1 && word_[j - 1] == term_[level_ - 1] &&
        word_[j - 2] == term_[level_])
      cell = std::min(cell, plusOne(*(above - width_ + (j - 2))));
    return std::min(cell, over);
  }

  std::vector<std::uint32_t> word_;
  std::size_t width_;
  std::uint32_t max_edits_;
  bool has_transpositions_;
  std::vector<std::uint8_t> cells_;  // rows * width_
  std::vector<std::uint32_t> term_;  // term_[i]: the i-th character, from 1
  std::vector<std::size_t> ends_;    // ends_[i]: its last byte's end
  std::size_t level_ = 0;
};

// REQUIRES: not empty. UTF-8 never holds 0xff, so the last byte can grow.
std::string afterAllWith(std::string_view beginning) {
  std::string after(beginning);
  after.back() = static_cast<char>(static_cast<unsigned char>(after.back()) + 1);
  return after;
}

std::size_t commonBytes(std::string_view a, std::string_view b) {
  const std::size_t limit = std::min(a.size(), b.size());
  std::size_t common = 0;
  while (common < limit && a[common] == b[common]) ++common;
  return common;
}

// To the first term that does not begin with the `dead` bytes of the current one. `common`: how many of them it shares.
bool skip(TermCursor& cursor, std::size_t dead, std::size_t& common) {
  for (int step = 0; step < kStepsBeforeJump; ++step) {
    if (!cursor.next()) return false;
    common = cursor.sharedBytes();
    if (common < dead) return true;
  }
  const std::string beginning(cursor.term().substr(0, dead));
  if (!cursor.seekCeil(afterAllWith(beginning))) return false;
  common = commonBytes(beginning, cursor.term());
  return true;
}

}  // namespace

std::uint32_t countCharacters(std::string_view text) {
  std::uint32_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1u : 0u;
  return count;
}

void forEachFuzzyTerm(const TermDictionaryReader& terms, const FuzzyPattern& pattern,
                      const std::function<bool(const FuzzyMatch&, const TermCursor&)>& visit) {
  std::size_t prefix_bytes = 0;
  std::uint32_t prefix_characters = 0;
  for (; prefix_characters < pattern.prefix_length && prefix_bytes < pattern.word.size(); ++prefix_characters)
    prefix_bytes += decodeUtf8(pattern.word, prefix_bytes).size;
  const std::string_view prefix = std::string_view(pattern.word).substr(0, prefix_bytes);
  DistanceRows rows(decode(std::string_view(pattern.word).substr(prefix_bytes)), pattern.max_edits,
                    pattern.has_transpositions);

  const auto cursor = terms.cursor();
  const std::size_t characters = countCharacters(pattern.word);
  cursor->ignoreOtherLengths(characters - std::min<std::size_t>(characters, pattern.max_edits),
                             characters + pattern.max_edits);
  std::size_t common = 0;  // bytes that the current term shares with the one whose rows are held
  bool has_term = cursor->seekCeil(prefix);
  while (has_term && cursor->term().starts_with(prefix)) {
    const std::string_view rest = cursor->term().substr(prefix_bytes);
    rows.keep(common - std::min(common, prefix_bytes));
    bool is_alive = true;
    std::size_t at = rows.keptBytes();
    while (at < rest.size() && is_alive) {
      const CodePoint c = decodeUtf8(rest, at);
      at += c.size;
      is_alive = rows.push(c.value, at);
    }
    if (is_alive) {
      if (rows.distance() <= pattern.max_edits &&
          !visit({cursor->term(), rows.distance(), prefix_characters + rows.level()}, *cursor))
        return;
      has_term = cursor->next();
      if (has_term) common = cursor->sharedBytes();
    } else {
      has_term = skip(*cursor, prefix_bytes + at, common);
    }
  }
}

Result<Fuzziness> Fuzziness::parse(std::string_view text) {
  Fuzziness fuzziness;
  const auto whole = [](std::string_view digits, std::int32_t& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return !digits.empty() && error == std::errc() && end == digits.data() + digits.size();
  };
  if (text == "AUTO" || text == "auto") return fuzziness;
  if (text.starts_with("AUTO:") || text.starts_with("auto:")) {
    const std::string_view ends = text.substr(5);
    const std::size_t comma = ends.find(',');
    if (comma == std::string_view::npos || ends.find(',', comma + 1) != std::string_view::npos)
      return Status(Code::kInvalidArgument, "parse_exception", "failed to find low and high distance values");
    std::int32_t low = 0;
    std::int32_t high = 0;
    if (!whole(ends.substr(0, comma), low) || !whole(ends.substr(comma + 1), high))
      return Status(Code::kInvalidArgument, "parse_exception",
                    "failed to parse [" + std::string(text) + "] as a \"auto:int,int\"");
    if (low < 0 || high < 0 || low > high)
      return Status(Code::kInvalidArgument, "illegal_argument_exception",
                    "fuzziness wrongly configured, must be: lowDistance > 0, highDistance > 0 and lowDistance <= "
                    "highDistance ");
    fuzziness.one_edit_from = static_cast<std::uint32_t>(low);
    fuzziness.two_edits_from = static_cast<std::uint32_t>(high);
    return fuzziness;
  }
  if (text.size() > 2 && text.ends_with(".0")) text.remove_suffix(2);
  std::int32_t edits = 0;
  if (!whole(text, edits))
    return Status(Code::kInvalidArgument, "illegal_argument_exception",
                  "Invalid fuzziness value: " + std::string(text));
  // What is beyond two edits is taken as two, as the dialect does.
  fuzziness.fixed = static_cast<std::uint32_t>(std::clamp(edits, 0, 2));
  return fuzziness;
}

std::uint32_t Fuzziness::editsFor(std::uint32_t characters) const {
  if (fixed) return *fixed;
  return characters < one_edit_from ? 0 : characters < two_edits_from ? 1 : 2;
}

}  // namespace gyre::engine
