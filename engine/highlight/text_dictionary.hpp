// Which terms does one text have, as a dictionary that patterns can be expanded against?
//
// THREADS: immutable. OWNS: borrows the tokens.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/codec/term_dictionary.hpp"

namespace gyre::engine {

class TextDictionary final : public TermDictionaryReader {
 public:
  template <class Tokens>
  explicit TextDictionary(const Tokens& tokens) {
    for (const auto& token : tokens) terms_.emplace_back(token.text);
    std::sort(terms_.begin(), terms_.end());
    terms_.erase(std::unique(terms_.begin(), terms_.end()), terms_.end());
  }
  std::uint32_t size() const override { return static_cast<std::uint32_t>(terms_.size()); }
  std::unique_ptr<TermCursor> cursor() const override { return std::make_unique<Cursor>(terms_); }
  std::optional<Found> find(std::string_view term) const override {
    const auto found = std::lower_bound(terms_.begin(), terms_.end(), term);
    if (found == terms_.end() || *found != term) return std::nullopt;
    return Found{static_cast<std::uint32_t>(found - terms_.begin()), oneDocument()};
  }

 private:
  static TermInfo oneDocument() { return {1, 1, 0}; }

  class Cursor final : public TermCursor {
   public:
    explicit Cursor(std::span<const std::string_view> terms) : terms_(terms) {}
    bool seekCeil(std::string_view target) override {
      return seekOrdinal(
          static_cast<std::uint32_t>(std::lower_bound(terms_.begin(), terms_.end(), target) - terms_.begin()));
    }
    bool seekOrdinal(std::uint32_t ordinal) override {
      at_ = ordinal;
      is_fresh_ = false;
      return at_ < terms_.size();
    }
    bool next() override { return seekOrdinal(is_fresh_ ? 0 : at_ + 1); }
    std::string_view term() const override { return terms_[at_]; }
    std::uint32_t ordinal() const override { return at_; }
    TermInfo info() const override { return oneDocument(); }
    std::size_t sharedBytes() const override {
      if (at_ == 0) return 0;
      const std::string_view before = terms_[at_ - 1];
      const std::string_view here = terms_[at_];
      return static_cast<std::size_t>(std::mismatch(before.begin(), before.end(), here.begin(), here.end()).first -
                                      before.begin());
    }
    void ignoreOtherLengths(std::size_t, std::size_t) override {}  // a text has few terms

   private:
    std::span<const std::string_view> terms_;
    std::uint32_t at_ = 0;
    bool is_fresh_ = true;
  };

  std::vector<std::string_view> terms_;
};

}  // namespace gyre::engine
