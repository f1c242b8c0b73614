// Which series of one head or block have the labels that a selector asks for?
//
// Inverted lists, as Prometheus keeps them: for every label and value the series that have it, ascending. An entry is
// the number of one such list.
//
// THREADS: as the implementation says.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/series/labels.hpp"
#include "engine/series/matcher.hpp"

namespace gyre::engine::series {

// Labels without their bytes; those belong to the index or batch they were read from.
struct LabelView {
  std::string_view name;
  std::string_view value;
};
using LabelViews = std::vector<LabelView>;

inline Labels toLabels(const LabelViews& views) {
  Labels labels;
  labels.reserve(views.size());
  for (const LabelView& view : views) labels.push_back({std::string(view.name), std::string(view.value)});
  return labels;
}

// A number that is the same for the same labels, in this process.
std::uint64_t hashLabels(const LabelViews& labels);

class LabelIndex {
 public:
  virtual ~LabelIndex() = default;
  virtual std::uint32_t seriesCount() const = 0;
  virtual void visitNames(const std::function<void(std::string_view name)>& visit) const = 0;
  virtual std::size_t valueCount(std::string_view name) const = 0;
  virtual void visitValues(std::string_view name,
                           const std::function<void(std::string_view value, std::uint32_t entry)>& visit) const = 0;
  virtual std::optional<std::uint32_t> find(std::string_view name, std::string_view value) const = 0;
  // Adds the series of an entry, ascending.
  virtual void appendSeries(std::uint32_t entry, std::vector<std::uint32_t>& into) const = 0;
  // Replaces what is in `into`. The views live as long as the index.
  virtual void labelsOf(std::uint32_t series, LabelViews& into) const = 0;
};

// The series that satisfy every matcher, ascending.
std::vector<std::uint32_t> selectSeries(const LabelIndex& index, const Matchers& matchers);

}  // namespace gyre::engine::series
