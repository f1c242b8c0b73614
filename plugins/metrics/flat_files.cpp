#include "flat_files.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "gyre/json.hpp"
#include "gyre/time.hpp"
#include "otlp.hpp"
#include "sample_sink.hpp"

namespace gyre::metrics {
namespace {

bool hasDigit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Names as Prometheus takes them.
std::string cleanName(std::string_view text) {
  otlp::Metric metric;
  metric.name = text;
  return otlp::metricName(metric);
}

// Text: RFC 3339, or without a zone (UTC). A number: milliseconds, or seconds when it would be before April 1970.
std::optional<std::int64_t> timeOf(std::string_view text) {
  if (const auto number = parseSampleValue(text)) {
    if (!(std::fabs(*number) < 9e15)) return std::nullopt;
    return static_cast<std::int64_t>(std::llround(std::fabs(*number) < 1e10 ? *number * 1000 : *number));
  }
  if (const auto time = parseTime(text)) return time;
  std::string with_zone(text);
  with_zone.append(1, 'Z');
  return parseTime(with_zone);
}

std::vector<std::string> fieldsOf(std::string_view line) {
  std::vector<std::string> fields(1);
  bool is_quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"') {
      if (is_quoted && i + 1 < line.size() && line[i + 1] == '"')
        fields.back().append(1, line[i++]);
      else
        is_quoted = !is_quoted;
    } else if (c == ',' && !is_quoted) {
      fields.emplace_back();
    } else if (c != '\r' || is_quoted) {
      fields.back().append(1, c);
    }
  }
  return fields;
}

bool isTimeColumn(std::string_view name) {
  return name == "timestamp" || name == "@timestamp" || name == "time" || name == "date" || name == "datetime";
}

// The lines of a body with their numbers, blank ones left out.
template <class Visit>
void visitLines(std::string_view body, const Visit& visit) {
  for (std::uint64_t number = 0; !body.empty(); ++number) {
    const std::size_t end = std::min(body.find('\n'), body.size());
    const std::string_view line = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) visit(number, line);
  }
}

bool isIdentifier(std::string_view text) {
  return !text.empty() && !(text[0] >= '0' && text[0] <= '9') && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// Walks one document.
class Flattener {
 public:
  Flattener(SampleSink& sink, std::uint64_t position, std::int64_t time_millis,
            const std::vector<std::pair<std::string, std::string>>& labels)
      : sink_(sink), position_(position), time_millis_(time_millis), labels_(labels) {}

  void walk(json::Value value, const std::string& name, const std::string& holder) {
    if (value.isObject()) {
      for (const json::Value member : value) {
        const std::string key(member.key());
        if (isIdentifier(key))
          walk(member, name.empty() ? key : name + "_" + key, key);
        else
          labelled(holder.empty() ? "key" : holder, key, member, name, holder);
      }
    } else if (value.isArray()) {
      std::size_t place = 0;
      for (const json::Value element : value) {
        const json::Value id = element["id"].isMissing() ? element["name"] : element["id"];
        const std::string_view text = id.isString() ? id.string() : id.numberText();
        labelled(holder.empty() ? "index" : holder, text.empty() ? std::to_string(place) : std::string(text), element,
                 name, holder);
        ++place;
      }
    } else if (value.isNumber() || value.isBoolean()) {
      std::vector<Label> labels = {{"__name__", name}};
      for (const auto& [label, text] : labels_) labels.push_back({label, text});
      const auto number = value.isBoolean() ? std::optional<double>(value.boolean() ? 1 : 0) : value.real();
      if (!number)
        return sink_.reject(position_, shown(name) + ": expected a number, found " + shown(value.numberText()));
      sink_.add(position_, labels, time_millis_, *number);
    }
  }

 private:
  // A label of that name around it is told apart by a number.
  void labelled(const std::string& label, const std::string& text, json::Value value, const std::string& name,
                const std::string& holder) {
    std::string free_label = label;
    for (int i = 2;
         std::any_of(labels_.begin(), labels_.end(), [&](const auto& each) { return each.first == free_label; }); ++i)
      free_label = label + "_" + std::to_string(i);
    labels_.emplace_back(std::move(free_label), text);
    walk(value, name.empty() ? "value" : name, holder);
    labels_.pop_back();
  }

  SampleSink& sink_;
  std::uint64_t position_;
  std::int64_t time_millis_;
  std::vector<std::pair<std::string, std::string>> labels_;
};

// Parameters but for these become labels.
std::vector<std::pair<std::string, std::string>> labelsOf(const IntakeCall& call) {
  std::vector<std::pair<std::string, std::string>> labels;
  for (const json::Value parameter : call.parameters)
    if (parameter.key() != "name" && parameter.key() != "path")
      labels.emplace_back(parameter.key(), parameter.string());
  return labels;
}

}  // namespace

PathSeries seriesOfPath(std::string_view path) {
  PathSeries series;
  const std::size_t slash = path.find_last_of('/');
  std::string_view stem = slash == std::string_view::npos ? path : path.substr(slash + 1);
  for (const std::string_view ending : {".gz", ".csv"})
    if (stem.ends_with(ending)) stem.remove_suffix(ending.size());
  if (slash != std::string_view::npos && slash > 0) {
    const std::string_view folders = path.substr(0, slash);
    const std::size_t before = folders.find_last_of('/');
    series.labels.emplace_back("folder", before == std::string_view::npos ? folders : folders.substr(before + 1));
  }
  const std::size_t part = stem.find_last_of('_');
  if (part != std::string_view::npos && part > 0 && hasDigit(stem.substr(part + 1))) {
    series.labels.emplace_back("instance", stem.substr(part + 1));
    stem = stem.substr(0, part);
  }
  series.name = cleanName(stem);
  return series;
}

Status takeCsv(const IntakeCall& call, Records& records) {
  PathSeries series = seriesOfPath(call.parameters["path"].string());
  if (const json::Value name = call.parameters["name"]; !name.isMissing()) series.name = name.string();
  if (series.name.empty()) return invalidArgument("CSV: expected a parameter name or path, which names the metric");
  for (auto& label : labelsOf(call)) {
    std::erase_if(series.labels, [&](const auto& each) { return each.first == label.first; });
    series.labels.push_back(std::move(label));
  }
  SampleSink sink(records, call.time_millis, call.organization_id);
  std::size_t time_column = 0;
  std::vector<std::string> names;  // by column; "" for that of the time
  Status refusal;
  visitLines(call.body, [&](std::uint64_t number, std::string_view line) {
    if (!refusal.isOk()) return;
    const std::vector<std::string> fields = fieldsOf(line);
    if (names.empty()) {
      const auto found =
          std::find_if(fields.begin(), fields.end(), [](const std::string& field) { return isTimeColumn(field); });
      if (found == fields.end() || fields.size() < 2) {
        refusal = invalidArgument(
            "CSV: expected a header with a column timestamp, time, date or datetime and one of numbers, found " +
            std::to_string(fields.size()) + " columns" + (found == fields.end() ? ", none of that name" : ""));
        return;
      }
      time_column = static_cast<std::size_t>(found - fields.begin());
      for (const std::string& field : fields)
        names.push_back(isTimeColumn(field)  ? std::string()
                        : fields.size() == 2 ? series.name
                                             : series.name + "_" + cleanName(field));
      return;
    }
    if (fields.size() != names.size())
      return sink.reject(
          number, "expected " + std::to_string(names.size()) + " fields, found " + std::to_string(fields.size()));
    const auto time = timeOf(fields[time_column]);
    if (!time) return sink.reject(number, "expected a time, found \"" + fields[time_column].substr(0, 60) + "\"");
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i == time_column || fields[i].empty()) continue;
      const auto value = parseSampleValue(fields[i]);
      if (!value) {
        sink.reject(number, "expected a number, found \"" + fields[i].substr(0, 60) + "\"");
        continue;
      }
      std::vector<Label> labels = {{"__name__", names[i]}};
      for (const auto& [label, text] : series.labels) labels.push_back({label, text});
      sink.add(number, labels, *time, *value);
    }
  });
  GYRE_TRY(refusal);
  sink.finish();
  return {};
}

Status takeJson(const IntakeCall& call, Records& records) {
  SampleSink sink(records, call.time_millis, call.organization_id);
  const std::string prefix(call.parameters["name"].string());
  const auto labels = labelsOf(call);
  visitLines(call.body, [&](std::uint64_t number, std::string_view line) {
    const auto document = json::Document::parse(line);
    if (!document.isOk()) return sink.reject(number, document.status().message());
    const json::Value root = document.value().root();
    if (!root.isObject()) return sink.reject(number, "expected a JSON object");
    std::optional<std::int64_t> time = call.time_millis;
    for (const std::string_view member : {"time", "timestamp", "@timestamp"})
      if (const json::Value found = root[member]; found.isString() || found.isNumber())
        time = timeOf(found.isString() ? found.string() : found.numberText());
    if (!time) return sink.reject(number, "timestamp: expected milliseconds or an RFC 3339 time");
    Flattener flattener(sink, number, *time, labels);
    for (const json::Value member : root) {
      if (isTimeColumn(member.key())) continue;
      const std::string key = isIdentifier(member.key()) ? std::string(member.key()) : cleanName(member.key());
      if (!key.empty()) flattener.walk(member, prefix.empty() ? key : prefix + "_" + key, key);
    }
  });
  sink.finish();
  return {};
}

}  // namespace gyre::metrics
