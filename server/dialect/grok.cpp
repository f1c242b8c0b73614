#include "server/dialect/grok.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "server/dialect/failure.hpp"

namespace gyre::dialect {

namespace {

// Beyond it an expression that refers to others is refused.
constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxExpression = 64u << 10;
constexpr std::int64_t kMaxMemory = 16 << 20;

Result<JsonTree> typed(const std::string& text, const std::string& type) {
  const char* const end = text.data() + text.size();
  if (type == "int" || type == "long") {
    std::int64_t number = 0;
    if (const auto done = std::from_chars(text.data(), end, number); done.ec == std::errc() && done.ptr == end)
      return JsonTree::whole(number);
    return illegalArgument("For input string: \"" + text + "\"");
  }
  if (type == "float" || type == "double") {
    double number = 0;
    if (const auto done = std::from_chars(text.data(), end, number); done.ec == std::errc() && done.ptr == end)
      return JsonTree::real(number);
    return illegalArgument("For input string: \"" + text + "\"");
  }
  if (type == "boolean") return JsonTree::boolean(text == "true");
  return JsonTree::text(text);
}

bool isTypeName(std::string_view type) {
  for (const std::string_view each : {"", "int", "long", "float", "double", "boolean", "string"})
    if (each == type) return true;
  return false;
}

}  // namespace

// Replaces the names by their patterns; a named one becomes a group.
class Grok::Builder {
 public:
  Builder(const Bank& own, std::vector<Capture>& captures) : own_(own), captures_(captures) {}

  Status expand(std::string_view expression) {
    if (names_.size() > kMaxDepth) return illegalArgument("a grok pattern is too deep: " + names_.back());
    for (std::size_t i = 0; i < expression.size();) {
      const std::size_t open = expression.find("%{", i);
      if (open == std::string_view::npos) {
        out_ += expression.substr(i);
        break;
      }
      out_ += expression.substr(i, open - i);
      const std::size_t close = expression.find('}', open);
      if (close == std::string_view::npos)
        return illegalArgument("a grok pattern has no end: " + std::string(expression));
      GYRE_TRY(expandName(expression.substr(open + 2, close - open - 2)));
      i = close + 1;
      if (out_.size() > kMaxExpression) return illegalArgument("a grok expression is too long");
    }
    return {};
  }
  std::string take() { return std::move(out_); }

 private:
  Status expandName(std::string_view text) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    const std::string name(text.substr(0, colon));
    std::string field(text.substr(std::min(colon + 1, text.size())));
    std::string type;
    if (const std::size_t second = field.find(':'); second != std::string::npos) {
      type = field.substr(second + 1);
      field.resize(second);
    }
    if (!isTypeName(type)) return illegalArgument("grok has no type [" + type + "]");
    const auto own = own_.find(name);
    const auto known = bank().find(name);
    if (own == own_.end() && known == bank().end())
      return illegalArgument("Unable to find pattern [" + name + "] in Grok's pattern dictionary");
    if (std::find(names_.begin(), names_.end(), name) != names_.end())
      return illegalArgument("circular reference in pattern [" + name + "]");
    names_.push_back(name);
    if (field.empty()) {
      out_ += "(?:";
    } else {
      const std::string group = "g" + std::to_string(captures_.size());
      captures_.push_back({field, type, 0});
      out_ += "(?P<" + group + ">";
    }
    GYRE_TRY(expand(own != own_.end() ? own->second : known->second));
    out_ += ")";
    names_.pop_back();
    return {};
  }

  const Bank& own_;
  std::vector<Capture>& captures_;
  std::vector<std::string> names_;
  std::string out_;
};

Grok::Grok() = default;
Grok::Grok(Grok&&) noexcept = default;
Grok& Grok::operator=(Grok&&) noexcept = default;
Grok::~Grok() = default;

Result<Grok> Grok::parse(std::string_view expression, const Bank& own) {
  Grok grok;
  Builder builder(own, grok.captures_);
  GYRE_TRY(builder.expand(expression));
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  grok.expression_ = std::make_unique<re2::RE2>(builder.take(), options);
  if (!grok.expression_->ok()) return illegalArgument(grok.expression_->error());
  const auto& groups = grok.expression_->NamedCapturingGroups();
  for (std::size_t i = 0; i < grok.captures_.size(); ++i) {
    const auto found = groups.find("g" + std::to_string(i));
    if (found != groups.end()) grok.captures_[i].group = found->second;
  }
  // Groups that the expression names itself are fields too.
  for (const auto& [name, group] : groups)
    if (std::none_of(grok.captures_.begin(), grok.captures_.end(),
                     [group = group](const Capture& each) { return each.group == group; }))
      grok.captures_.push_back({name, "", group});
  return grok;
}

Result<bool> Grok::match(const std::string& text, std::vector<Field>& fields) const {
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(expression_->NumberOfCapturingGroups()) + 1);
  if (!expression_->Match(text, 0, text.size(), re2::RE2::UNANCHORED, groups.data(), static_cast<int>(groups.size())))
    return false;
  for (const Capture& capture : captures_) {
    const re2::StringPiece& piece = groups[static_cast<std::size_t>(capture.group)];
    if (piece.data() == nullptr) continue;
    const bool is_held =
        std::any_of(fields.begin(), fields.end(), [&](const Field& field) { return field.name == capture.name; });
    if (is_held) continue;
    GYRE_TRY_ASSIGN(JsonTree value, typed(std::string(piece.data(), piece.size()), capture.type));
    fields.push_back({capture.name, std::move(value)});
  }
  return true;
}

// Those of logs, written so that no part of a text is read twice: without looking around.
const Grok::Bank& Grok::bank() {
  static const Bank kBank = {
      {"USERNAME", R"([a-zA-Z0-9._-]+)"},
      {"USER", R"(%{USERNAME})"},
      {"EMAILLOCALPART", R"([a-zA-Z][a-zA-Z0-9_.+-=:]+)"},
      {"EMAILADDRESS", R"(%{EMAILLOCALPART}@%{HOSTNAME})"},
      {"INT", R"((?:[+-]?(?:[0-9]+)))"},
      {"BASE10NUM", R"([+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+))"},
      {"NUMBER", R"((?:%{BASE10NUM}))"},
      {"BASE16NUM", R"([+-]?(?:0x)?[0-9A-Fa-f]+)"},
      {"BASE16FLOAT", R"(\b[+-]?(?:0x)?(?:[0-9A-Fa-f]+(?:\.[0-9A-Fa-f]*)?|\.[0-9A-Fa-f]+)\b)"},
      {"POSINT", R"(\b(?:[1-9][0-9]*)\b)"},
      {"NONNEGINT", R"(\b(?:[0-9]+)\b)"},
      {"WORD", R"(\b\w+\b)"},
      {"NOTSPACE", R"(\S+)"},
      {"SPACE", R"(\s*)"},
      {"DATA", R"(.*?)"},
      {"GREEDYDATA", R"(.*)"},
      {"QUOTEDSTRING", R"((?:"(?:\\.|[^\\"])*"|'(?:\\.|[^\\'])*'|`(?:\\.|[^\\`])*`))"},
      {"QS", R"(%{QUOTEDSTRING})"},
      {"UUID", R"([A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12})"},
      {"CISCOMAC", R"((?:[A-Fa-f0-9]{4}\.){2}[A-Fa-f0-9]{4})"},
      {"WINDOWSMAC", R"((?:[A-Fa-f0-9]{2}-){5}[A-Fa-f0-9]{2})"},
      {"COMMONMAC", R"((?:[A-Fa-f0-9]{2}:){5}[A-Fa-f0-9]{2})"},
      {"MAC", R"((?:%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC}))"},
      {"IPV4",
       R"((?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9]))"},
      {"IPV6",
       R"((?:(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|(?:[0-9A-Fa-f]{1,4}:){1,7}:(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})?|::(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})?(?::%{IPV4})?)(?:%\w+)?)"},
      {"IP", R"((?:%{IPV4}|%{IPV6}))"},
      {"HOSTNAME", R"(\b(?:[0-9A-Za-z][0-9A-Za-z-]{0,62})(?:\.(?:[0-9A-Za-z][0-9A-Za-z-]{0,62}))*\.?)"},
      {"IPORHOST", R"((?:%{IP}|%{HOSTNAME}))"},
      {"HOSTPORT", R"(%{IPORHOST}:%{POSINT})"},
      {"UNIXPATH", R"((?:/[\w_%!$@:.,+~-]*)+)"},
      {"WINPATH", R"((?:[A-Za-z]+:|\\)(?:\\[^\\?*]*)+)"},
      {"PATH", R"((?:%{UNIXPATH}|%{WINPATH}))"},
      {"TTY", R"((?:/dev/(?:pts|tty(?:[pq])?)(?:\w+)?/?(?:[0-9]+)))"},
      {"URIPROTO", R"([A-Za-z][A-Za-z0-9+.-]*)"},
      {"URIHOST", R"(%{IPORHOST}(?::%{POSINT})?)"},
      {"URIPATH", R"((?:/[A-Za-z0-9$.+!*'(){},~:;=@#%&_-]*)+)"},
      {"URIPARAM", R"(\?[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\[\]<>-]*)"},
      {"URIPATHPARAM", R"(%{URIPATH}(?:%{URIPARAM})?)"},
      {"URI", R"(%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?)"},
      {"MONTH",
       R"(\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b)"},
      {"MONTHNUM", R"((?:0?[1-9]|1[0-2]))"},
      {"MONTHNUM2", R"((?:0[1-9]|1[0-2]))"},
      {"MONTHDAY", R"((?:0[1-9]|[12][0-9]|3[01]|[1-9]))"},
      {"DAY", R"((?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?))"},
      {"YEAR", R"((?:\d\d){1,2})"},
      {"HOUR", R"((?:2[0123]|[01]?[0-9]))"},
      {"MINUTE", R"((?:[0-5][0-9]))"},
      {"SECOND", R"((?:(?:[0-5]?[0-9]|60)(?:[:.,][0-9]+)?))"},
      {"TIME", R"(%{HOUR}:%{MINUTE}(?::%{SECOND})?)"},
      {"DATE_US", R"(%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR})"},
      {"DATE_EU", R"(%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR})"},
      {"ISO8601_TIMEZONE", R"((?:Z|[+-]%{HOUR}(?::?%{MINUTE})))"},
      {"ISO8601_SECOND", R"((?:%{SECOND}|60))"},
      {"TIMESTAMP_ISO8601",
       R"(%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?)"},
      {"DATE", R"((?:%{DATE_US}|%{DATE_EU}))"},
      {"DATESTAMP", R"(%{DATE}[- ]%{TIME})"},
      {"TZ", R"((?:[PMCE][SD]T|UTC))"},
      {"DATESTAMP_RFC822", R"(%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ})"},
      {"DATESTAMP_RFC2822", R"(%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE})"},
      {"DATESTAMP_OTHER", R"(%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR})"},
      {"DATESTAMP_EVENTLOG", R"(%{YEAR}%{MONTHNUM2}%{MONTHDAY}%{HOUR}%{MINUTE}%{SECOND})"},
      {"SYSLOGTIMESTAMP", R"(%{MONTH} +%{MONTHDAY} %{TIME})"},
      {"PROG", R"([\x21-\x5a\x5c\x5e-\x7e]+)"},
      {"SYSLOGPROG", R"(%{PROG:process.name}(?:\[%{POSINT:process.pid:int}\])?)"},
      {"SYSLOGHOST", R"(%{IPORHOST})"},
      {"SYSLOGFACILITY", R"(<%{NONNEGINT:facility}.%{NONNEGINT:priority}>)"},
      {"HTTPDATE", R"(%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT})"},
      {"SYSLOGBASE", R"(%{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:logsource} %{SYSLOGPROG}:)"},
      {"HTTPDUSER", R"((?:%{EMAILADDRESS}|%{USER}))"},
      {"COMMONAPACHELOG",
       R"re(%{IPORHOST:clientip} %{HTTPDUSER:ident} %{HTTPDUSER:auth} \[%{HTTPDATE:timestamp}\] "(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})" %{NUMBER:response} (?:%{NUMBER:bytes}|-))re"},
      {"COMBINEDAPACHELOG", R"(%{COMMONAPACHELOG} %{QS:referrer} %{QS:agent})"},
      {"LOGLEVEL",
       R"((?:[Aa]lert|ALERT|[Tt]race|TRACE|[Dd]ebug|DEBUG|[Nn]otice|NOTICE|[Ii]nfo(?:rmation)?|INFO(?:RMATION)?|[Ww]arn(?:ing)?|WARN(?:ING)?|[Ee]rr(?:or)?|ERR(?:OR)?|[Cc]rit(?:ical)?|CRIT(?:ICAL)?|[Ff]atal|FATAL|[Ss]evere|SEVERE|EMERG(?:ENCY)?|[Ee]merg(?:ency)?))"},
  };
  return kBank;
}

}  // namespace gyre::dialect
