#include "engine/mapping/dynamic_template.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <iterator>

#include "engine/analysis/utf8.hpp"
#include "engine/mapping/failure_cause.hpp"
#include "engine/mapping/name_pattern.hpp"

namespace gyre::engine {

namespace {

// A template's patterns see names of a few bytes; this is far beyond what one needs.
constexpr std::int64_t kRegexBytes = 1 << 20;

struct KindName {
  std::string_view name;
  std::string_view type;  // what it becomes
};
constexpr KindName kKinds[] = {{"object", "object"}, {"string", "text"},     {"long", "long"},
                               {"double", "float"},  {"boolean", "boolean"}, {"date", "date"}};

Status malformed(std::string message) {
  return {Code::kInvalidArgument, "mapper_parsing_exception", std::move(message)};
}
Status illegal(std::string message) {
  return {Code::kInvalidArgument, "illegal_argument_exception", std::move(message)};
}
std::string bracketed(std::string_view text) { return "[" + std::string(utf16Prefix(text, 200)) + "]"; }

void replaceAll(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

std::string filled(std::string_view text, std::string_view name, std::string_view type) {
  std::string out(text);
  if (out.find('{') == std::string::npos) return out;
  replaceAll(out, "{name}", name);
  replaceAll(out, "{dynamic_type}", type);
  replaceAll(out, "{dynamicType}", type);
  return out;
}

// The value with its texts and names filled in.
void writeFilled(json::Value value, std::string_view name, std::string_view type, JsonWriter& out) {
  if (value.isObject()) {
    out.beginObject();
    for (const json::Value member : value) {
      out.key(filled(member.key(), name, type));
      writeFilled(member, name, type, out);
    }
    out.endObject();
  } else if (value.isArray()) {
    out.beginArray();
    for (const json::Value element : value) writeFilled(element, name, type, out);
    out.endArray();
  } else if (value.isString()) {
    out.string(filled(value.string(), name, type));
  } else {
    out.raw(value.raw());
  }
}

Result<std::unique_ptr<RE2>> compile(const std::string& pattern, std::string_view template_name) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kRegexBytes);
  auto compiled = std::make_unique<RE2>(pattern, options);
  if (!compiled->ok())
    return causedBy(
        illegal("Pattern " + bracketed(pattern) + " of type [regex] is invalid. Cannot create dynamic template " +
                bracketed(template_name) + "."),
        {Code::kInvalidArgument, "pattern_syntax_exception", compiled->error()});
  return compiled;
}

}  // namespace

std::string_view dynamicTypeName(DynamicKind kind) { return kKinds[static_cast<std::size_t>(kind)].type; }

DynamicTemplate::DynamicTemplate() = default;
DynamicTemplate::~DynamicTemplate() = default;

Result<std::shared_ptr<const DynamicTemplate>> DynamicTemplate::parse(std::string_view name, json::Value body) {
  if (!body.isObject())
    return malformed("dynamic template " + bracketed(name) + " must be an object, found " +
                     std::string(json::kindName(body.kind())));
  std::shared_ptr<DynamicTemplate> parsed(new DynamicTemplate());
  parsed->name_ = std::string(name);
  bool has_kind = false;
  for (const json::Value member : body) {
    const std::string_view key = member.key();
    std::string* const pattern = key == "match"          ? &parsed->match_
                                 : key == "unmatch"      ? &parsed->unmatch_
                                 : key == "path_match"   ? &parsed->path_match_
                                 : key == "path_unmatch" ? &parsed->path_unmatch_
                                                         : nullptr;
    if (pattern != nullptr || key == "match_pattern" || key == "match_mapping_type") {
      if (!member.isString())
        return malformed("dynamic template " + bracketed(name) + ": " + bracketed(key) + " must be a string");
    }
    if (pattern != nullptr) {
      *pattern = std::string(member.string());
    } else if (key == "match_pattern") {
      if (member.string() != "simple" && member.string() != "regex")
        return illegal("No matching pattern matched on " + bracketed(member.string()));
      parsed->is_regex_ = member.string() == "regex";
    } else if (key == "match_mapping_type") {
      has_kind = true;
      if (member.string() == "*") continue;
      const auto* const kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                            [&](const KindName& known) { return known.name == member.string(); });
      if (kind != std::end(kKinds)) {
        parsed->kind_ = static_cast<DynamicKind>(kind - std::begin(kKinds));
      } else if (member.string() != "binary") {
        return illegal("No field type matched on " + bracketed(member.string()) +
                       ", possible values are [object, string, long, double, boolean, date, binary]");
      } else {
        return malformed("dynamic template " + bracketed(name) + ": no JSON value is of match_mapping_type [binary]");
      }
    } else if (key == "mapping") {
      if (!member.isObject()) return malformed("dynamic template " + bracketed(name) + ": [mapping] must be an object");
      JsonWriter writer(parsed->mapping_);
      json::writeCanonical(member, writer);
    } else {
      return illegal("Illegal dynamic template parameter: " + bracketed(key));
    }
  }
  if (parsed->match_.empty() && parsed->path_match_.empty() && !has_kind)
    return malformed("template must have match, path_match or match_mapping_type set " + std::string(body.raw()));
  if (parsed->mapping_.empty()) return malformed("template must have mapping set");
  if (parsed->is_regex_) {
    if (!parsed->match_.empty()) {
      GYRE_TRY_ASSIGN(parsed->match_regex_, compile(parsed->match_, name));
    }
    if (!parsed->unmatch_.empty()) {
      GYRE_TRY_ASSIGN(parsed->unmatch_regex_, compile(parsed->unmatch_, name));
    }
  }
  return std::shared_ptr<const DynamicTemplate>(std::move(parsed));
}

bool DynamicTemplate::fits(const std::string& pattern, const re2::RE2* compiled, std::string_view text) const {
  if (compiled != nullptr) return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *compiled);
  return matchesPattern(pattern, text);
}

bool DynamicTemplate::matchesName(std::string_view path, std::string_view name) const {
  if (!path_match_.empty() && !matchesPattern(path_match_, path)) return false;
  if (!match_.empty() && !fits(match_, match_regex_.get(), name)) return false;
  if (!path_unmatch_.empty() && matchesPattern(path_unmatch_, path)) return false;
  return unmatch_.empty() || !fits(unmatch_, unmatch_regex_.get(), name);
}

bool DynamicTemplate::matches(std::string_view path, std::string_view name, DynamicKind kind) const {
  return (!kind_ || *kind_ == kind) && matchesName(path, name);
}

std::string DynamicTemplate::definitionFor(std::string_view name, DynamicKind kind) const {
  const std::string_view type = dynamicTypeName(kind);
  const auto mapping = json::Document::parse(mapping_);
  std::string text;
  JsonWriter out(text);
  out.beginObject();
  if (!mapping.isOk()) return text;  // it was parsed before
  if (mapping->root()["type"].isMissing()) out.member("type", type);
  for (const json::Value member : mapping->root()) {
    out.key(filled(member.key(), name, type));
    writeFilled(member, name, type, out);
  }
  out.endObject();
  return text;
}

void DynamicTemplate::write(JsonWriter& out) const {
  out.beginObject().key(name_).beginObject();
  if (!match_.empty()) out.member("match", match_);
  if (!path_match_.empty()) out.member("path_match", path_match_);
  if (!unmatch_.empty()) out.member("unmatch", unmatch_);
  if (!path_unmatch_.empty()) out.member("path_unmatch", path_unmatch_);
  if (kind_) out.member("match_mapping_type", kKinds[static_cast<std::size_t>(*kind_)].name);
  // Something must be there to match on when it is read again.
  if (!kind_ && match_.empty() && path_match_.empty()) out.member("match_mapping_type", "*");
  if (is_regex_) out.member("match_pattern", "regex");
  out.rawMember("mapping", mapping_).endObject().endObject();
}

}  // namespace gyre::engine
