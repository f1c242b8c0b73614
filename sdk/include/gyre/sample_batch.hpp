// How do samples of time series cross from a plugin to the host, and lie in a stream's log? A sample batch: a table of
// series, each a set of labels, and the samples in the order they came.
//
//   SampleBatchWriter batch;
//   const std::uint32_t series = batch.series({{"__name__", "up"}, {"job", "api"}}, {.type = MetricType::kGauge});
//   batch.sample(series, 1'704'067'200'000, 1.0);
//   records.add(0, 0, batch.finish());
//
// Bytes, little-endian: magic, then five 32-bit counts (texts, labels, series, samples, bytes of text), then columns:
// ends of texts; name and value of each label as numbers of texts; end of labels, type, help and unit of each series;
// series of each sample; times; values (IEEE 754, every bit kept: a stale marker is one NaN of many); the bytes of the
// texts. Column wise, because the log compresses it.
//
// THREADS: values. A SampleBatch borrows the bytes it was read from.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/number_table.hpp"
#include "gyre/status.hpp"

namespace gyre {

struct Label {
  std::string_view name;
  std::string_view value;
  auto operator<=>(const Label&) const = default;
};

// Prometheus' types, by its numbers in remote write.
enum class MetricType : std::uint32_t {
  kUnknown = 0,
  kCounter = 1,
  kGauge = 2,
  kHistogram = 3,
  kGaugeHistogram = 4,
  kSummary = 5,
  kInfo = 6,
  kStateset = 7,
};

// What is known about a series' metric; all optional.
struct MetricDescription {
  MetricType type = MetricType::kUnknown;
  std::string_view help;
  std::string_view unit;
};

struct Sample {
  std::uint32_t series = 0;      // its number in the batch
  std::int64_t time_millis = 0;  // since 1970, any value
  double value = 0;
};

namespace sample_batch_detail {

constexpr std::uint32_t kMagic = 0x31425347;  // "GSB1"
struct Header {
  std::uint32_t magic, texts, labels, series, samples, text_bytes;
};
struct LabelNumbers {
  std::uint32_t name, value;
};
struct SeriesRow {
  std::uint32_t labels_end, type, help, unit;
};
static_assert(sizeof(Header) == 24 && sizeof(LabelNumbers) == 8 && sizeof(SeriesRow) == 16);
static_assert(std::endian::native == std::endian::little);

template <class T>
T load(const char* from, std::size_t index) {
  T value;
  std::memcpy(&value, from + index * sizeof(T), sizeof value);
  return value;
}

template <class T>
void append(std::string& out, const std::vector<T>& column) {
  out.append(reinterpret_cast<const char*>(column.data()), column.size() * sizeof(T));
}

}  // namespace sample_batch_detail

// A batch holds at most 2^32-1 of each; a sender's body is bounded long before that.
class SampleBatchWriter {
  using LabelNumbers = sample_batch_detail::LabelNumbers;

 public:
  SampleBatchWriter() { number({}); }

  // The number of the series with these labels, in any order; the same labels give the same number again, and the first
  // description stays. REQUIRES: at least one label, no empty name, no name twice. Labels with an empty value are left
  // out: to Prometheus they are the same as none.
  std::uint32_t series(std::span<const Label> labels, const MetricDescription& description = {}) {
    sorted_.assign(labels.begin(), labels.end());
    std::erase_if(sorted_, [](const Label& label) { return label.value.empty(); });
    if (!std::is_sorted(sorted_.begin(), sorted_.end())) std::sort(sorted_.begin(), sorted_.end());
    // Series that follow one another have most labels in common.
    previous_.swap(numbers_);
    numbers_.clear();
    std::uint64_t hash = 0;
    for (std::size_t i = 0; i < sorted_.size(); ++i) {
      const LabelNumbers before = i < previous_.size() ? previous_[i] : LabelNumbers{0, 0};
      const LabelNumbers pair{number(sorted_[i].name, before.name), number(sorted_[i].value, before.value)};
      numbers_.push_back(pair);
      hash = (hash ^ (std::uint64_t{pair.name} << 32 | pair.value)) * 0x9e3779b97f4a7c15;
      hash ^= hash >> 32;
    }
    const auto found = series_numbers_.find(hash, [this](std::uint32_t series) {
      const std::size_t begin = series == 0 ? 0 : series_[series - 1].labels_end;
      if (series_[series].labels_end - begin != numbers_.size()) return false;
      return numbers_.empty() ||
             std::memcmp(&labels_[begin], numbers_.data(), numbers_.size() * sizeof(LabelNumbers)) == 0;
    });
    if (found) return *found;
    labels_.insert(labels_.end(), numbers_.begin(), numbers_.end());
    series_.push_back({static_cast<std::uint32_t>(labels_.size()), static_cast<std::uint32_t>(description.type),
                       number(description.help), number(description.unit)});
    return series_numbers_.add(hash);
  }
  std::uint32_t series(std::initializer_list<Label> labels, const MetricDescription& description = {}) {
    return series(std::span<const Label>(labels.begin(), labels.size()), description);
  }
  // REQUIRES: series() gave this number.
  void sample(std::uint32_t series, std::int64_t time_millis, double value) {
    sample_series_.push_back(series);
    times_.push_back(time_millis);
    values_.push_back(value);
  }
  std::size_t sampleCount() const { return values_.size(); }
  std::size_t seriesCount() const { return series_.size(); }

  // The batch's bytes. The writer stays as it is.
  std::string finish() const {
    using namespace sample_batch_detail;
    const Header header{kMagic,
                        static_cast<std::uint32_t>(text_ends_.size()),
                        static_cast<std::uint32_t>(labels_.size()),
                        static_cast<std::uint32_t>(series_.size()),
                        static_cast<std::uint32_t>(values_.size()),
                        static_cast<std::uint32_t>(texts_.size())};
    std::string out(reinterpret_cast<const char*>(&header), sizeof header);
    append(out, text_ends_);
    append(out, labels_);
    append(out, series_);
    append(out, sample_series_);
    append(out, times_);
    append(out, values_);
    out += texts_;
    return out;
  }

 private:
  std::string_view text(std::uint32_t number) const {
    const std::uint32_t begin = number == 0 ? 0 : text_ends_[number - 1];
    return std::string_view(texts_).substr(begin, text_ends_[number] - begin);
  }
  // `guess`: a number that it may well be.
  std::uint32_t number(std::string_view text, std::uint32_t guess) {
    return this->text(guess) == text ? guess : number(text);
  }
  std::uint32_t number(std::string_view text) {
    const std::uint64_t hash = std::hash<std::string_view>()(text);
    const auto found = text_numbers_.find(hash, [&](std::uint32_t number) { return this->text(number) == text; });
    if (found) return *found;
    texts_ += text;
    text_ends_.push_back(static_cast<std::uint32_t>(texts_.size()));
    return text_numbers_.add(hash);
  }

  std::string texts_;
  std::vector<std::uint32_t> text_ends_;
  std::vector<LabelNumbers> labels_;
  std::vector<sample_batch_detail::SeriesRow> series_;
  std::vector<std::uint32_t> sample_series_;
  std::vector<std::int64_t> times_;
  std::vector<double> values_;
  NumberTable text_numbers_, series_numbers_;
  std::vector<Label> sorted_;
  std::vector<LabelNumbers> numbers_, previous_;  // of the series at hand, and of the one before
};

class SampleBatch {
 public:
  // Checks all of it: counts against the size, every number against its table, labels of each series sorted by name
  // without a repetition, names and values not empty. What it takes is safe to read. UTF-8 is not checked.
  static Result<SampleBatch> read(std::string_view bytes) {
    using namespace sample_batch_detail;
    SampleBatch batch;
    if (bytes.size() < sizeof(Header)) return corrupt("shorter than its header");
    const auto header = load<Header>(bytes.data(), 0);
    if (header.magic != kMagic) return corrupt("it does not begin as one");
    const std::uint64_t expected = sizeof(Header) + 4ULL * header.texts + 8ULL * header.labels + 16ULL * header.series +
                                   20ULL * header.samples + header.text_bytes;
    if (bytes.size() != expected)
      return corrupt("expected " + std::to_string(expected) + " bytes, found " + std::to_string(bytes.size()));
    batch.header_ = header;
    batch.text_ends_ = bytes.data() + sizeof(Header);
    batch.labels_ = batch.text_ends_ + 4ULL * header.texts;
    batch.series_ = batch.labels_ + 8ULL * header.labels;
    batch.sample_series_ = batch.series_ + 16ULL * header.series;
    batch.times_ = batch.sample_series_ + 4ULL * header.samples;
    batch.values_ = batch.times_ + 8ULL * header.samples;
    batch.texts_ = batch.values_ + 8ULL * header.samples;
    GYRE_TRY(batch.check());
    return batch;
  }

  std::size_t seriesCount() const { return header_.series; }
  std::size_t sampleCount() const { return header_.samples; }
  // Sorted by name, "__name__" among them when the series has a name. REQUIRES: series < seriesCount(); borrowed.
  void labels(std::size_t series, std::vector<Label>& out) const {
    out.clear();
    for (std::size_t i = labelsBegin(series); i < row(series).labels_end; ++i) {
      const auto numbers = sample_batch_detail::load<sample_batch_detail::LabelNumbers>(labels_, i);
      out.push_back({text(numbers.name), text(numbers.value)});
    }
  }
  std::vector<Label> labels(std::size_t series) const {
    std::vector<Label> found;
    labels(series, found);
    return found;
  }
  MetricDescription description(std::size_t series) const {
    const auto found = row(series);
    return {static_cast<MetricType>(found.type), text(found.help), text(found.unit)};
  }
  // REQUIRES: index < sampleCount().
  Sample sample(std::size_t index) const {
    using sample_batch_detail::load;
    return {load<std::uint32_t>(sample_series_, index), load<std::int64_t>(times_, index),
            load<double>(values_, index)};
  }

 private:
  SampleBatch() = default;
  static Status corrupt(const std::string& what) { return invalidArgument("not a sample batch: " + what); }

  sample_batch_detail::SeriesRow row(std::size_t series) const {
    return sample_batch_detail::load<sample_batch_detail::SeriesRow>(series_, series);
  }
  std::size_t labelsBegin(std::size_t series) const { return series == 0 ? 0 : row(series - 1).labels_end; }
  std::string_view text(std::uint32_t number) const {
    using sample_batch_detail::load;
    const std::uint32_t begin = number == 0 ? 0 : load<std::uint32_t>(text_ends_, number - 1);
    return {texts_ + begin, load<std::uint32_t>(text_ends_, number) - begin};
  }

  Status check() const {
    using sample_batch_detail::load;
    std::uint32_t end = 0;
    for (std::size_t i = 0; i < header_.texts; ++i) {
      const auto next = load<std::uint32_t>(text_ends_, i);
      if (next < end || next > header_.text_bytes) return corrupt("text " + std::to_string(i) + " ends out of place");
      end = next;
    }
    for (std::size_t i = 0; i < header_.labels; ++i) {
      const auto numbers = load<sample_batch_detail::LabelNumbers>(labels_, i);
      if (numbers.name >= header_.texts || numbers.value >= header_.texts)
        return corrupt("label " + std::to_string(i) + " names a text that is not there");
      if (text(numbers.name).empty() || text(numbers.value).empty())
        return corrupt("label " + std::to_string(i) + " is empty");
    }
    std::uint32_t labels_end = 0;
    for (std::size_t i = 0; i < header_.series; ++i) GYRE_TRY(checkSeries(i, labels_end));
    if (labels_end != header_.labels) return corrupt("labels that belong to no series");
    for (std::size_t i = 0; i < header_.samples; ++i)
      if (load<std::uint32_t>(sample_series_, i) >= header_.series)
        return corrupt("sample " + std::to_string(i) + " is of a series that is not there");
    return {};
  }
  Status checkSeries(std::size_t series, std::uint32_t& labels_end) const {
    const auto found = row(series);
    const auto where = [series] { return "series " + std::to_string(series); };
    if (found.labels_end <= labels_end || found.labels_end > header_.labels) return corrupt(where() + " has no labels");
    if (found.type > static_cast<std::uint32_t>(MetricType::kStateset)) return corrupt(where() + " has no known type");
    if (found.help >= header_.texts || found.unit >= header_.texts)
      return corrupt(where() + " names a text that is not there");
    std::string_view before;
    for (std::uint32_t i = labels_end; i < found.labels_end; ++i) {
      const auto name = text(sample_batch_detail::load<sample_batch_detail::LabelNumbers>(labels_, i).name);
      if (i != labels_end && name <= before) return corrupt(where() + " has labels out of order");
      before = name;
    }
    labels_end = found.labels_end;
    return {};
  }

  sample_batch_detail::Header header_{};
  const char* text_ends_ = nullptr;
  const char* labels_ = nullptr;
  const char* series_ = nullptr;
  const char* sample_series_ = nullptr;
  const char* times_ = nullptr;
  const char* values_ = nullptr;
  const char* texts_ = nullptr;
};

}  // namespace gyre
