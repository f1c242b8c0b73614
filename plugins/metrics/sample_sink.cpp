#include "sample_sink.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace gyre::metrics {
namespace {

constexpr std::string_view kTypeNames[] = {"unknown",        "counter", "gauge", "histogram",
                                           "gaugehistogram", "summary", "info",  "stateset"};

// Well-formed UTF-8 without NUL.
bool isText(std::string_view text) {
  std::size_t i = 0;
  // Eight bytes at once, while all are ASCII and none is zero.
  for (; i + sizeof(std::uint64_t) <= text.size(); i += sizeof(std::uint64_t)) {
    constexpr std::uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, sizeof word);
    if (((word | (word - kOnes)) & kHighs) != 0) break;
  }
  while (i < text.size()) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t length = byte < 0x80   ? 1
                               : byte < 0xc2 ? 0
                               : byte < 0xe0 ? 2
                               : byte < 0xf0 ? 3
                               : byte < 0xf5 ? 4
                                             : 0;
    if (byte == 0 || length == 0 || length > text.size() - i) return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
    if (length == 3 && byte == 0xe0 && static_cast<unsigned char>(text[i + 1]) < 0xa0) return false;
    if (length == 3 && byte == 0xed && static_cast<unsigned char>(text[i + 1]) > 0x9f) return false;
    if (length == 4 && byte == 0xf0 && static_cast<unsigned char>(text[i + 1]) < 0x90) return false;
    if (length == 4 && byte == 0xf4 && static_cast<unsigned char>(text[i + 1]) > 0x8f) return false;
    i += length;
  }
  return true;
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text)
    out.append(1, static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e ? '?' : c);
  return out;
}

}  // namespace

std::string shown(std::string_view text) {
  std::string out = printable(text.substr(0, 60));
  if (text.size() > 60) out.append("...");
  return out;
}

std::optional<std::uint32_t> SampleSink::series(std::span<const Label> labels, const MetricDescription& description) {
  reason_.clear();
  labels_.assign(labels.begin(), labels.end());
  if (!organization_id_.empty()) {
    std::erase_if(labels_, [](const Label& label) { return label.name == "organization_id"; });
    labels_.push_back({"organization_id", organization_id_});
  }
  const std::size_t most = static_cast<std::size_t>(limits().max_labels);
  const std::size_t longest = static_cast<std::size_t>(limits().max_label_bytes);
  if (labels_.size() > most) {
    reason_ = "expected at most " + std::to_string(most) + " labels, found " + std::to_string(labels_.size());
    return std::nullopt;
  }
  std::sort(labels_.begin(), labels_.end());
  bool has_name = false;
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    const Label& label = labels_[i];
    if (label.name.empty())
      reason_ = "a label has no name";
    else if (label.name.size() > longest)
      reason_ = "label " + shown(label.name) + ": expected a name of at most " + std::to_string(longest) +
                " bytes, found " + std::to_string(label.name.size());
    else if (label.value.size() > longest)
      reason_ = "label " + shown(label.name) + ": expected a value of at most " + std::to_string(longest) +
                " bytes, found " + std::to_string(label.value.size());
    else if (!isText(label.name) || !isText(label.value))
      reason_ = "label " + shown(label.name) + ": expected UTF-8 without NUL";
    else if (i > 0 && labels_[i - 1].name == label.name)
      reason_ = "label " + shown(label.name) + " is there twice";
    if (!reason_.empty()) return std::nullopt;
    has_name = has_name || (label.name == "__name__" && !label.value.empty());
  }
  if (!has_name) {
    reason_ = "the series has no name";
    return std::nullopt;
  }
  return batch_.series(labels_, description);
}

bool SampleSink::sample(std::uint64_t position, std::uint32_t series, std::int64_t time_millis, double value) {
  const std::int64_t latest = now_millis_ + limits().max_future_seconds * 1000;
  if (time_millis >= 0 && time_millis <= latest) {
    batch_.sample(series, time_millis, value);
    return true;
  }
  std::string reason = "time " + std::to_string(time_millis) + ": expected ";
  if (time_millis < 0)
    reason.append("milliseconds since 1970, not before");
  else
    reason.append("at most ")
        .append(std::to_string(limits().max_future_seconds))
        .append(" seconds in the future, which is ")
        .append(std::to_string(latest));
  reject(position, reason);
  return false;
}

void SampleSink::reject(std::uint64_t position, std::string_view reason) {
  // It may quote what was sent, which may be anything.
  if (!isText(reason)) return reject(position, printable(reason));
  if (first_rejection_.empty()) first_rejection_ = "sample " + std::to_string(position) + ": " + std::string(reason);
  records_.reject(position, reason);
}

void SampleSink::describe(std::string_view family, const MetricDescription& description) {
  const std::size_t longest = static_cast<std::size_t>(limits().max_label_bytes);
  if (family.empty() || family.size() > longest || description.help.size() > longest ||
      description.unit.size() > longest || !isText(family) || !isText(description.help) || !isText(description.unit))
    return;
  const Label name{"__name__", family};
  (void)batch_.series(std::span<const Label>(&name, 1), description);
  has_descriptions_ = true;
}

bool SampleSink::declare(std::string_view family, MetricType type) {
  const auto found = types_.find(family);
  if (found == types_.end()) {
    types_.emplace(std::string(family), type);
    return true;
  }
  if (found->second == type) return true;
  reason_ = "name clash: " + shown(family) + " is a " + std::string(typeText(found->second)) + " already, found a " +
            std::string(typeText(type));
  return false;
}

void SampleSink::finish() {
  if (batch_.sampleCount() > 0 || has_descriptions_) records_.add(0, 0, batch_.finish());
}

std::string_view typeText(MetricType type) { return kTypeNames[static_cast<std::uint32_t>(type)]; }

std::optional<MetricType> parseType(std::string_view text) {
  if (text == "untyped") return MetricType::kUnknown;
  for (std::uint32_t i = 0; i < std::size(kTypeNames); ++i)
    if (kTypeNames[i] == text) return static_cast<MetricType>(i);
  return std::nullopt;
}

std::optional<double> parseSampleValue(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  // from_chars takes "nan(...)" and "infinity" too; neither is a sample's.
  const bool has_words = std::any_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z' && c != 'e') || (c >= 'A' && c <= 'Z' && c != 'E');
  });
  std::string lower;
  if (has_words) {
    for (const char c : text) lower.append(1, c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
    if (lower == "nan") return std::nan("");
    if (lower == "inf" || lower == "infinity") return HUGE_VAL;
    if (lower == "-inf" || lower == "-infinity") return -HUGE_VAL;
    return std::nullopt;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || end != text.data() + text.size() || error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // Nearly nothing is nothing; but what no double holds is not infinite, which Prometheus refuses too.
    const bool is_negative = text.starts_with('-');
    const char first = text[is_negative ? 1 : 0];
    const std::size_t exponent = text.find_first_of("eE");
    const bool is_small =
        exponent == std::string_view::npos ? first == '0' || first == '.' : text.substr(exponent + 1).starts_with('-');
    if (!is_small) return std::nullopt;
    return is_negative ? -0.0 : 0.0;
  }
  return value;
}

std::string valueText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, static_cast<std::size_t>(end - text)};
}

}  // namespace gyre::metrics
