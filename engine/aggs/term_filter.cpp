#include "engine/aggs/term_filter.hpp"

#include <bit>
#include <cstring>
#include <utility>

#include <re2/re2.h>

#include "engine/mapping/failure_cause.hpp"
#include "engine/mapping/ip_address.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

// The parts must be the dialect's own, so that a client that pages through them meets every value once whichever server
// answers: Murmur3 of a term's bytes, and a mixing of a number's.
std::int32_t partitionHash(std::string_view term) {
  constexpr std::uint32_t kFirst = 0xcc9e'2d51u, kSecond = 0x1b87'3593u;
  std::uint32_t hash = 31;
  std::size_t at = 0;
  for (; at + 4 <= term.size(); at += 4) {
    std::uint32_t block = 0;
    std::memcpy(&block, term.data() + at, 4);
    hash = std::rotl(hash ^ std::rotl(block * kFirst, 15) * kSecond, 13) * 5 + 0xe654'6b64u;
  }
  std::uint32_t tail = 0;
  for (std::size_t i = term.size(); i > at; --i) tail = tail << 8 | static_cast<unsigned char>(term[i - 1]);
  if (at < term.size()) hash ^= std::rotl(tail * kFirst, 15) * kSecond;
  hash ^= static_cast<std::uint32_t>(term.size());
  hash = (hash ^ hash >> 16) * 0x85eb'ca6bu;
  hash = (hash ^ hash >> 13) * 0xc2b2'ae35u;
  return static_cast<std::int32_t>(hash ^ hash >> 16);
}
std::int64_t partitionHash(std::int64_t value) {
  auto z = static_cast<std::uint64_t>(value);
  z = (z ^ z >> 32) * 0x4cd6'944c'5cc2'0b6du;
  z = (z ^ z >> 29) * 0xfc12'c5b1'9d32'59e9u;
  return static_cast<std::int64_t>(z ^ z >> 32);
}
bool isInPartition(std::int64_t hash, std::uint32_t partition, std::uint32_t count) {
  const std::int64_t rest = hash % static_cast<std::int64_t>(count);
  return (rest < 0 ? rest + static_cast<std::int64_t>(count) : rest) == static_cast<std::int64_t>(partition);
}

// Lucene's regular expressions in RE2's words.
Result<std::string> translated(std::string_view pattern) {
  std::string out;
  bool is_in_class = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\') {
      if (i + 1 == pattern.size()) return illegalArgument("unexpected end-of-string");
      out += RE2::QuoteMeta(re2::StringPiece(&pattern[++i], 1));
    } else if (is_in_class) {
      if (c == '[') out += '\\';
      out += c;
      if (c == ']') is_in_class = false;
    } else if (c == '"') {
      const std::size_t end = pattern.find('"', i + 1);
      if (end == std::string_view::npos)
        return illegalArgument("expected '\"' at position " + std::to_string(pattern.size()));
      out += RE2::QuoteMeta(re2::StringPiece(pattern.data() + i + 1, end - i - 1));
      i = end;
    } else if (c == '~' || c == '&' || c == '<') {
      return illegalArgument("the operator [" + std::string(1, c) + "] of regular expressions is not offered in [" +
                             std::string(pattern) + "]");
    } else if (c == '@') {
      out += ".*";
    } else if (c == '#') {
      out += "[^\\x00-\\x{10ffff}]";
    } else {
      // What has a meaning to RE2 alone.
      if (c == '^' || c == '$') out += '\\';
      if (c == '[') is_in_class = true;
      out += c;
      if (c == '[' && i + 1 < pattern.size() && pattern[i + 1] == '^') out += pattern[++i];
    }
  }
  return out;
}

}  // namespace

TermFilter::TermFilter() = default;
TermFilter::~TermFilter() = default;
TermFilter::TermFilter(TermFilter&&) noexcept = default;
TermFilter& TermFilter::operator=(TermFilter&&) noexcept = default;

bool TermFilter::isNeeded() const { return include_.is_given || exclude_.is_given || partition_count_ > 0; }

bool TermFilter::Side::has(std::string_view term) const {
  if (pattern != nullptr) return RE2::FullMatch(re2::StringPiece(term.data(), term.size()), *pattern);
  return texts.contains(std::string(term));
}

bool TermFilter::accepts(std::string_view term) const {
  if (partition_count_ > 0 && !isInPartition(partitionHash(term), partition_, partition_count_)) return false;
  return (!include_.is_given || include_.has(term)) && !(exclude_.is_given && exclude_.has(term));
}
bool TermFilter::accepts(std::int64_t value) const {
  if (partition_count_ > 0 && !isInPartition(partitionHash(value), partition_, partition_count_)) return false;
  return (!include_.is_given || include_.numbers.contains(value)) &&
         !(exclude_.is_given && exclude_.numbers.contains(value));
}

Result<TermFilter::Side> TermFilter::readSide(const AggregationRequest& request, ValueSource& source,
                                              json::Value value) {
  Side side;
  if (value.isMissing() || value.isNull()) return side;
  side.is_given = true;
  if (value.isString()) {
    if (!source.isKeyword() || source.type == FieldType::kIp)
      return Status(Code::kInvalidArgument, "aggregation_execution_exception",
                    "Aggregation [" + std::string(request.name) +
                        "] cannot support regular expression style include/exclude settings as they can only be "
                        "applied to string fields. Use an array of values for include/exclude clauses");
    const std::int64_t most = request.context.limits.regex_length;
    if (static_cast<std::int64_t>(value.string().size()) > most)
      return noticedBy(kByIndex, illegalArgument("The length of regex [" + std::to_string(value.string().size()) +
                                                 "] used in the request has exceeded the allowed maximum of [" +
                                                 std::to_string(most) +
                                                 "]. This maximum can be set by changing the "
                                                 "[index.max_regex_length] index level setting."));
    GYRE_TRY_ASSIGN(const std::string pattern, translated(value.string()));
    RE2::Options options;
    options.set_dot_nl(true);
    options.set_log_errors(false);
    options.set_never_capture(true);
    side.pattern = std::make_unique<re2::RE2>(pattern, options);
    if (!side.pattern->ok())
      return illegalArgument("failed to parse regexp [" + std::string(value.string()) + "]: " + side.pattern->error());
    return side;
  }
  if (!value.isArray())
    return failedField(request, value.key(), "unexpected token [" + std::string(json::kindName(value.kind())) + "]");
  for (const json::Value one : value) {
    if (source.isKeyword()) {
      GYRE_TRY_ASSIGN(auto text, parseScalarText(request.kind, one));
      if (source.type == FieldType::kIp) {
        const auto address = parseIp(text);
        if (!address) return illegalArgument("'" + text + "' is not an IP string literal.");
        text = formatIp(*address);
      }
      side.texts.insert(std::move(text));
    } else {
      GYRE_TRY_ASSIGN(const std::int64_t number, readSourceValue(request, source, one));
      side.numbers.insert(number);
    }
  }
  return side;
}

Result<TermFilter> TermFilter::read(const AggregationRequest& request, ValueSource& source, json::Value include,
                                    json::Value exclude) {
  TermFilter filter;
  if (include.isObject()) {
    std::int64_t partition = -1, count = -1;
    for (const json::Value member : include) {
      if (member.key() != "partition" && member.key() != "num_partitions")
        return failedField(request, "include",
                           "Unknown parameter in Include/Exclude clause: " + std::string(member.key()));
      GYRE_TRY_ASSIGN((member.key() == "partition" ? partition : count), parseWhole(request.kind, member));
    }
    if (partition < 0)
      return failedField(request, "include", "Missing [partition] parameter for partition-based include");
    if (count < 0)
      return failedField(request, "include", "Missing [num_partitions] parameter for partition-based include");
    if (partition >= count || count > INT32_MAX)
      return failedField(request, "include",
                         "Partition must be >=0 and < numPartition which is " + std::to_string(count));
    if (!exclude.isMissing())
      return failedField(request, "exclude", "Cannot use any excludes when using a partition-based include");
    filter.partition_ = static_cast<std::uint32_t>(partition);
    filter.partition_count_ = static_cast<std::uint32_t>(count);
    return filter;
  }
  if (!include.isMissing() && !exclude.isMissing() && include.isString() != exclude.isString())
    return failedField(request, "exclude",
                       std::string("Cannot mix a ") + (include.isString() ? "regex" : "set") +
                           "-based include with a " + (exclude.isString() ? "regex" : "set") + "-based method");
  GYRE_TRY_ASSIGN(filter.include_, readSide(request, source, include));
  GYRE_TRY_ASSIGN(filter.exclude_, readSide(request, source, exclude));
  return filter;
}

}  // namespace gyre::engine
