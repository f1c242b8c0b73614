#include "exposition.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <string>

#include "metrics.hpp"

namespace gyre::metrics {
namespace {

struct Family {
  MetricType type = MetricType::kUnknown;
  bool has_type = false;
  std::string help;
  std::string unit;
};

bool isNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':'; }
bool isNameChar(char c) { return isNameStart(c) || (c >= '0' && c <= '9'); }

class Line {
 public:
  explicit Line(std::string_view text) : rest_(text) {}
  void skipBlanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }
  std::string_view name() {
    std::size_t size = 0;
    if (!rest_.empty() && isNameStart(rest_[0]))
      while (size < rest_.size() && isNameChar(rest_[size])) ++size;
    return take(size);
  }
  std::string_view word() { return take(std::min(rest_.find_first_of(" \t"), rest_.size())); }
  bool eat(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool isEmpty() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }
  // What stands between quotes, escapes undone; false when there is no closing quote.
  bool quoted(std::string& into) {
    if (!eat('"')) return false;
    into.clear();
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      const char c = rest_[i];
      if (c == '"') {
        rest_.remove_prefix(i + 1);
        return true;
      }
      if (c == '\\' && i + 1 < rest_.size()) {
        const char next = rest_[++i];
        if (next != '"' && next != '\\' && next != 'n') into.append(1, '\\');
        into.append(1, next == 'n' ? '\n' : next);
        continue;
      }
      into.append(1, c);
    }
    return false;
  }

 private:
  std::string_view take(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::string_view rest_;
};

std::string unescapedHelp(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 'n' || text[i + 1] == '\\')) {
      out.append(1, text[++i] == 'n' ? '\n' : '\\');
      continue;
    }
    out.append(1, text[i]);
  }
  return out;
}

class Scrape {
 public:
  Scrape(const ScrapeContext& context, SampleSink& sink) : context_(context), sink_(sink) {}

  // False after "# EOF".
  bool take(std::uint64_t number, std::string_view text) {
    if (text.ends_with('\r')) text.remove_suffix(1);
    Line line(text);
    line.skipBlanks();
    if (line.isEmpty()) return true;
    std::string reason;
    if (line.eat('#')) {
      line.skipBlanks();
      if (line.rest() == "EOF") return false;
      reason = comment(line);
    } else {
      reason = sample(number, line);
    }
    if (!reason.empty()) sink_.reject(number, reason);
    return true;
  }

 private:
  std::string comment(Line& line) {
    const std::string_view keyword = line.word();
    if (keyword != "HELP" && keyword != "TYPE" && keyword != "UNIT") return {};
    line.skipBlanks();
    const std::string_view name = line.name();
    if (name.empty()) return std::string(keyword) + ": expected the name of a metric";
    line.skipBlanks();
    Family& family = families_[std::string(name)];
    if (keyword == "HELP") {
      family.help = unescapedHelp(line.rest());
    } else if (keyword == "UNIT") {
      family.unit = line.rest();
    } else {
      const auto type = parseType(line.rest());
      if (!type)
        return "TYPE " + shown(name) + ": expected counter, gauge, histogram, summary or untyped, found \"" +
               std::string(line.rest().substr(0, 60)) + "\"";
      if (family.has_type && family.type != *type)
        return "name clash: " + shown(name) + " is a " + std::string(typeText(family.type)) + " already, found a " +
               std::string(typeText(*type));
      family.type = *type;
      family.has_type = true;
    }
    return {};
  }

  // The family of a sample: its own name, or that without the ending which its type gives it.
  const Family* familyOf(std::string_view name) const {
    if (const auto found = families_.find(name); found != families_.end()) return &found->second;
    for (const std::string_view ending :
         {"_bucket", "_count", "_sum", "_total", "_created", "_info", "_gcount", "_gsum"}) {
      if (!name.ends_with(ending)) continue;
      const auto found = families_.find(name.substr(0, name.size() - ending.size()));
      if (found != families_.end()) return &found->second;
    }
    return nullptr;
  }

  std::string labels(Line& line) {
    for (;;) {
      line.skipBlanks();
      if (line.eat('}')) return {};
      const std::string_view name = line.name();
      if (name.empty() || name.find(':') != std::string_view::npos)
        return "expected the name of a label, found \"" + std::string(line.rest().substr(0, 30)) + "\"";
      line.skipBlanks();
      if (!line.eat('=')) return "label " + shown(name) + ": expected =";
      line.skipBlanks();
      std::string& value = values_.emplace_back();
      if (!line.quoted(value)) return "label " + shown(name) + ": expected a value between quotes";
      labels_.push_back({name, value});
      line.skipBlanks();
      if (!line.eat(',') && !line.rest().starts_with('}'))
        return "label " + shown(name) + ": expected , or } behind it";
    }
  }

  std::string sample(std::uint64_t number, Line& line) {
    labels_.clear();
    values_.clear();
    const std::string_view name = line.name();
    if (name.empty()) return "expected the name of a metric, found \"" + std::string(line.rest().substr(0, 30)) + "\"";
    labels_.push_back({"__name__", name});
    line.skipBlanks();
    if (line.eat('{')) {
      const std::string reason = labels(line);
      if (!reason.empty()) return reason;
    }
    line.skipBlanks();
    const std::string_view value_text = line.word();
    const auto value = parseSampleValue(value_text);
    if (!value) return shown(name) + ": expected a number, found \"" + std::string(value_text.substr(0, 60)) + "\"";
    line.skipBlanks();
    std::int64_t time_millis = context_.time_millis;
    if (!line.isEmpty() && !line.rest().starts_with('#')) {
      const std::string_view time_text = line.word();
      const auto time = parseSampleValue(time_text);
      const double scaled = time ? *time * (context_.is_open_metrics ? 1000 : 1) : NAN;
      if (!(std::fabs(scaled) < 9e18))
        return shown(name) + ": expected a time, found \"" + std::string(time_text.substr(0, 60)) + "\"";
      time_millis = static_cast<std::int64_t>(std::llround(scaled));
      line.skipBlanks();
    }
    if (!line.isEmpty() && !line.rest().starts_with('#'))
      return shown(name) + ": expected the end of the line, found \"" + std::string(line.rest().substr(0, 30)) + "\"";
    for (const Label& extra : context_.extra_labels) {
      const bool is_own =
          std::any_of(labels_.begin(), labels_.end(), [&](const Label& label) { return label.name == extra.name; });
      if (!is_own) labels_.push_back(extra);
    }
    MetricDescription description;
    if (const Family* const family = familyOf(name)) description = {family->type, family->help, family->unit};
    sink_.add(number, labels_, time_millis, *value, description);
    return {};
  }

  const ScrapeContext& context_;
  SampleSink& sink_;
  std::map<std::string, Family, std::less<>> families_;
  std::vector<Label> labels_;
  std::deque<std::string> values_;  // what labels_ borrows
};

}  // namespace

void readExposition(std::string_view text, const ScrapeContext& context, SampleSink& sink) {
  Scrape scrape(context, sink);
  for (std::uint64_t number = 0; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (!scrape.take(number, text.substr(0, end))) return;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

Status takeExposition(const IntakeCall& call, Records& records) {
  SampleSink sink(records, call.time_millis, call.organization_id);
  std::vector<Label> extra;
  for (const json::Value parameter : call.parameters) extra.push_back({parameter.key(), parameter.string()});
  ScrapeContext context;
  context.time_millis = call.time_millis;
  context.is_open_metrics = call.media_type == "application/openmetrics-text";
  context.extra_labels = extra;
  readExposition(call.body, context, sink);
  sink.finish();
  return {};
}

}  // namespace gyre::metrics
