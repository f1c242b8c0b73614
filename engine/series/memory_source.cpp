#include "engine/series/memory_source.hpp"

#include <algorithm>
#include <set>

namespace gyre::engine::series {

class MemorySource::Set final : public SeriesSet {
 public:
  struct Chosen {
    const Labels* labels;
    const Values* values;
  };
  Set(std::vector<Chosen> chosen, std::int64_t from_ms, std::int64_t to_ms)
      : chosen_(std::move(chosen)), from_ms_(from_ms), to_ms_(to_ms) {}
  std::size_t size() const override { return chosen_.size(); }
  Labels labels(std::size_t index) const override { return *chosen_[index].labels; }
  Status read(std::size_t index, SampleColumns& into) override {
    into.clear();
    const Values& values = *chosen_[index].values;
    for (auto each = values.lower_bound(from_ms_); each != values.end() && each->first <= to_ms_; ++each)
      into.add(each->first, each->second);
    return {};
  }

 private:
  std::vector<Chosen> chosen_;
  std::int64_t from_ms_;
  std::int64_t to_ms_;
};

void MemorySource::add(Labels labels, std::int64_t time_ms, double value) {
  std::erase_if(labels, [](const Label& label) { return label.value.empty(); });
  std::sort(labels.begin(), labels.end());
  series_[std::move(labels)][time_ms] = value;
}

void MemorySource::describe(MetricMetadata metadata) { metadata_[metadata.name] = metadata; }

Result<std::unique_ptr<SeriesSet>> MemorySource::select(const SelectRequest& request) const {
  std::vector<Set::Chosen> chosen;
  for (const auto& [labels, values] : series_)
    if (matchesAll(request.matchers, labels)) chosen.push_back({&labels, &values});
  if (chosen.size() > request.max_series)
    return Status(Code::kTooLarge, "the query selects " + std::to_string(chosen.size()) + " series, allowed are " +
                                       std::to_string(request.max_series));
  return std::unique_ptr<SeriesSet>(std::make_unique<Set>(std::move(chosen), request.from_ms, request.to_ms));
}

Result<std::vector<Labels>> MemorySource::listSeries(const SeriesFilter& filter) const {
  std::vector<Labels> found;
  for (const auto& [labels, values] : series_) {
    const auto first = values.lower_bound(filter.from_ms);
    if (first == values.end() || first->first > filter.to_ms) continue;
    const bool is_chosen = filter.any_of.empty() || std::any_of(filter.any_of.begin(), filter.any_of.end(),
                                                                [&, &key = labels](const Matchers& matchers) {
                                                                  return matchesAll(matchers, key);
                                                                });
    if (!is_chosen) continue;
    if (filter.limit != 0 && found.size() == filter.limit) break;
    found.push_back(labels);
  }
  return found;
}

Result<std::vector<std::string>> MemorySource::labelNames(const SeriesFilter& filter) const {
  SeriesFilter unlimited = filter;
  unlimited.limit = 0;
  std::set<std::string> names;
  GYRE_TRY_ASSIGN(const std::vector<Labels> found, listSeries(unlimited));
  for (const Labels& labels : found)
    for (const Label& label : labels) names.insert(label.name);
  std::vector<std::string> out(names.begin(), names.end());
  if (filter.limit != 0 && out.size() > filter.limit) out.resize(filter.limit);
  return out;
}

Result<std::vector<std::string>> MemorySource::labelValues(std::string_view label, const SeriesFilter& filter) const {
  SeriesFilter unlimited = filter;
  unlimited.limit = 0;
  std::set<std::string> values;
  GYRE_TRY_ASSIGN(const std::vector<Labels> found, listSeries(unlimited));
  for (const Labels& labels : found)
    if (const std::string_view value = labelValue(labels, label); !value.empty()) values.emplace(value);
  std::vector<std::string> out(values.begin(), values.end());
  if (filter.limit != 0 && out.size() > filter.limit) out.resize(filter.limit);
  return out;
}

Result<std::vector<MetricMetadata>> MemorySource::metadata(std::string_view metric, std::size_t limit) const {
  std::vector<MetricMetadata> out;
  for (const auto& [name, metadata] : metadata_) {
    if (!metric.empty() && name != metric) continue;
    if (limit != 0 && out.size() == limit) break;
    out.push_back(metadata);
  }
  return out;
}

}  // namespace gyre::engine::series
