#include "engine/aggs/term_ids.hpp"

namespace gyre::engine {

void KeywordIds::beginSegment(const TermDictionaryReader* terms) {
  by_ordinal_.clear();
  cursor_ = nullptr;
  if (terms == nullptr) return;
  if (has_one_segment_) {
    dictionary_ = terms;
    first_text_ = terms->size();
    limit_ = first_text_;
    return;
  }
  by_ordinal_.assign(terms->size(), kUnset);
  cursor_ = terms->cursor();
  limit_ += terms->size();
}

std::uint32_t KeywordIds::resolve(std::uint32_t ordinal) {
  if (!cursor_->seekOrdinal(ordinal)) return idOf("");
  return by_ordinal_[ordinal] = idOf(cursor_->term());
}

std::uint32_t KeywordIds::idOf(std::string_view term) {
  if (dictionary_ != nullptr)
    if (const auto found = dictionary_->find(term)) return found->ordinal;
  if (const auto known = ids_.find(term); known != ids_.end()) return known->second;
  const std::uint32_t id = size();
  terms_.emplace_back(term);
  ids_.emplace(terms_.back(), id);
  text_bytes_ += term.size() + 96;  // the string and a node of the map
  limit_ = limit_ > id ? limit_ : id + 1;
  return id;
}

void KeywordIds::addAll(const TermDictionaryReader& terms) {
  if (has_one_segment_ && dictionary_ == nullptr) return beginSegment(&terms);
  if (has_one_segment_) return;
  const auto cursor = terms.cursor();
  while (cursor->next()) idOf(cursor->term());
}

std::uint32_t KeywordIds::idOfOrdinal(std::uint32_t ordinal) {
  if (has_one_segment_) return ordinal;
  return by_ordinal_[ordinal] == kUnset ? resolve(ordinal) : by_ordinal_[ordinal];
}

const std::uint32_t* KeywordIds::map(const std::uint32_t* ordinals, std::uint32_t size) {
  if (has_one_segment_) return ordinals;
  mapped_.resize(size);
  const std::uint32_t* const ids = by_ordinal_.data();
  std::uint32_t unset = 0;  // no branch while all are known, which is nearly always
  for (std::uint32_t i = 0; i < size; ++i) {
    const std::uint32_t id = ids[ordinals[i]];
    unset += static_cast<std::uint32_t>(id == kUnset);
    mapped_[i] = id;
  }
  if (unset == 0) return mapped_.data();
  for (std::uint32_t i = 0; i < size; ++i) mapped_[i] = idOfOrdinal(ordinals[i]);
  return mapped_.data();
}

std::string KeywordIds::term(std::uint32_t id) const {
  if (id >= first_text_) return terms_[id - first_text_];
  const auto cursor = dictionary_->cursor();
  return cursor->seekOrdinal(id) ? std::string(cursor->term()) : std::string();
}

bool KeywordIds::isBefore(std::uint32_t a, std::uint32_t b) const {
  if (a < first_text_ && b < first_text_) return a < b;
  if (a >= first_text_ && b >= first_text_) return terms_[a - first_text_] < terms_[b - first_text_];
  return term(a) < term(b);
}

std::uint32_t NumberIds::idOf(std::int64_t value) {
  const std::uint32_t id = map_.findOrAdd(static_cast<std::uint64_t>(value), size());
  if (id == size()) values_.push_back(value);
  return id;
}

void NumberIds::map(const std::int64_t* values, std::uint32_t size, std::uint32_t* ids) {
  for (std::uint32_t i = 0; i < size; ++i) {
    // Neighbours are often equal.
    ids[i] = i > 0 && values[i] == values[i - 1] ? ids[i - 1] : idOf(values[i]);
  }
}

}  // namespace gyre::engine
