#include "engine/codec/source_shapes.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <map>
#include <utility>

#include "engine/codec/matching_columns.hpp"
#include "gyre/json_writer.hpp"

namespace gyre::engine {
namespace {

// A document with more members is of no shape.
constexpr std::size_t kMostValues = 64;
// Between kept values: no JSON text has it. Lengths would be harder to compress.
constexpr char kValueEnd = '\x01';

bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// The place behind the string's characters that begin at `at`: its closing quote; npos when there is none.
std::size_t endOfString(std::string_view json, std::size_t at) {
  for (;;) {
    const std::size_t quote = json.find('"', at);
    if (quote == std::string_view::npos) return quote;
    std::size_t backslashes = 0;
    while (quote > at + backslashes && json[quote - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return quote;
    at = quote + 1;
  }
}

// The place behind the value that begins at `at`, which is no string; npos when it has no end.
std::size_t endOfValue(std::string_view json, std::size_t at) {
  std::size_t depth = 0;
  for (; at < json.size(); ++at) {
    const char c = json[at];
    if (c == '"') {
      at = endOfString(json, at + 1);
      if (at == std::string_view::npos) return at;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']' || c == ',') {
      if (depth == 0) return at;
      if (c != ',' && --depth == 0) return at + 1;
    } else if (depth == 0 && isSpace(c)) {
      return at;
    }
  }
  return std::string_view::npos;
}

// A member's value: of a string what is between the quotes.
struct Value {
  std::string_view name;
  std::size_t begin = 0, end = 0;
  bool is_string = false;
};

// False for what is no object of a few members with plain names.
bool scan(std::string_view json, std::vector<Value>& values) {
  values.clear();
  std::size_t at = 0;
  const auto pass = [&] {
    while (at < json.size() && isSpace(json[at])) ++at;
    return at < json.size();
  };
  if (!pass() || json[at++] != '{') return false;
  for (;;) {
    if (values.size() == kMostValues || !pass() || json[at++] != '"') return false;
    const std::size_t name_end = endOfString(json, at);
    if (name_end == std::string_view::npos) return false;
    Value value;
    value.name = json.substr(at, name_end - at);
    if (value.name.find('\\') != std::string_view::npos) return false;
    at = name_end + 1;
    if (!pass() || json[at++] != ':' || !pass()) return false;
    value.is_string = json[at] == '"';
    value.begin = value.is_string ? at + 1 : at;
    value.end = value.is_string ? endOfString(json, value.begin) : endOfValue(json, at);
    if (value.end == std::string_view::npos) return false;
    at = value.is_string ? value.end + 1 : value.end;
    values.push_back(value);
    if (!pass()) return false;
    if (json[at] == '}') return true;
    if (json[at++] != ',') return false;
  }
}

Status damaged(const char* what) { return corruption(std::string("stored documents: ") + what); }

}  // namespace

// ---- forms
// -----------------------------------------------------------------------------------------------------------

void appendText(std::string_view text, std::string& out) {
  const bool is_plain = std::all_of(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; });
  if (!is_plain) {
    JsonWriter(out).string(text);
    return;
  }
  const std::size_t at = out.size();
  out.resize(at + text.size() + 2, '"');
  std::copy(text.begin(), text.end(), out.begin() + static_cast<std::ptrdiff_t>(at) + 1);
}

void appendNumber(std::int64_t number, std::string& out) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

bool appendTime(std::int64_t millis, std::string& out) {
  constexpr std::int64_t kDay = 86'400'000;
  constexpr std::int64_t kYear0 = -62'167'219'200'000, kYear10000 = 253'402'300'800'000;
  if (millis < kYear0 || millis >= kYear10000) return false;
  const std::int64_t rest = ((millis % kDay) + kDay) % kDay;
  // Days to a date of the proleptic Gregorian calendar, by eras of 400 years that begin in March.
  const std::int64_t shifted = (millis - rest) / kDay + 719'468;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
  const std::int64_t day_of_era = shifted - era * 146'097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const std::int64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const std::int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  char text[] = "\"0000-00-00T00:00:00.000Z\"";
  const auto put = [&](std::size_t at, std::int64_t value) {
    text[at] = static_cast<char>('0' + value / 10);
    text[at + 1] = static_cast<char>('0' + value % 10);
  };
  put(1, year / 100);
  put(3, year % 100);
  put(6, month);
  put(9, day);
  put(12, rest / 3'600'000);
  put(15, rest / 60'000 % 60);
  put(18, rest / 1'000 % 60);
  text[21] = static_cast<char>('0' + rest / 100 % 10);
  put(22, rest % 100);
  out.append(text, sizeof text - 1);
  return true;
}

std::size_t matchWritten(SourceColumns& columns, std::size_t number, DocId doc, bool is_inner, std::string_view rest) {
  thread_local std::string told;
  told.clear();
  if (!columns.append(number, doc, told)) return MatchingColumns::kNoMatch;
  std::string_view value = told;
  if (is_inner) value = value.substr(1, value.size() - 2);
  return rest.starts_with(value) ? value.size() : MatchingColumns::kNoMatch;
}

// ---- finding shapes
// --------------------------------------------------------------------------------------------------

std::shared_ptr<const SourceShapes> SourceShapes::train(std::span<const Sample> samples, const FormOf& form_of,
                                                        const ColumnsFor& columns_for) {
  struct Found {
    std::size_t count = 0;
    std::vector<std::string> names;
    std::vector<bool> is_string;
  };
  struct Scanned {
    Sample sample;
    const Found* found;
  };
  // By the text between the values.
  std::map<std::vector<std::string>, Found> all;
  std::vector<Value> values;
  std::vector<std::string> between;
  for (const Sample& sample : samples) {
    if (!scan(sample.source, values)) continue;
    between.clear();
    std::size_t from = 0;
    for (const Value& value : values) {
      between.emplace_back(sample.source.substr(from, value.begin - from));
      from = value.end;
    }
    between.emplace_back(sample.source.substr(from));
    Found& found = all[between];
    if (found.count++ > 0) continue;
    for (const Value& value : values) {
      found.names.emplace_back(value.name);
      found.is_string.push_back(value.is_string);
    }
  }
  using Entry = const std::pair<const std::vector<std::string>, Found>;
  std::vector<Entry*> ordered;
  for (Entry& each : all)
    if (each.second.count > 1) ordered.push_back(&each);
  std::sort(ordered.begin(), ordered.end(), [](Entry* a, Entry* b) {
    return a->second.count != b->second.count ? a->second.count > b->second.count : a->first < b->first;
  });
  if (ordered.size() > kMostShapes) ordered.resize(kMostShapes);

  auto shapes = std::make_shared<SourceShapes>();
  std::map<std::string, std::uint32_t> numbers;
  for (Entry* const each : ordered) {
    Shape& shape = shapes->shapes_.emplace_back();
    shape.between = each->first;
    for (std::size_t i = 0; i < each->second.names.size(); ++i) {
      const std::string& name = each->second.names[i];
      const auto form = form_of(name);
      const bool can_tell = form && (*form == ColumnForm::kNumber) != each->second.is_string[i];
      if (!can_tell) {
        shape.column.push_back(kKept);
        continue;
      }
      const auto [known, is_new] = numbers.emplace(name, static_cast<std::uint32_t>(shapes->columns_.size()));
      if (is_new) shapes->columns_.push_back({name, *form});
      shape.column.push_back(known->second);
    }
  }
  if (shapes->columns_.empty()) return nullptr;

  // A column tells a member when it does for every sample: a normalizer may have changed some.
  const auto columns = columns_for(shapes->columns_);
  std::vector<bool> tells(shapes->columns_.size(), true);
  std::string told;
  for (const Sample& sample : samples) {
    if (!scan(sample.source, values)) continue;
    for (const Value& value : values) {
      const auto known = numbers.find(std::string(value.name));
      if (known == numbers.end() || !tells[known->second]) continue;
      const std::size_t quotes = value.is_string ? 1 : 0;
      told.clear();
      tells[known->second] = columns->append(known->second, sample.doc, told) &&
                             told == sample.source.substr(value.begin - quotes, value.end - value.begin + 2 * quotes);
    }
  }
  std::vector<std::uint32_t> renumbered;
  std::vector<SourceColumn> kept;
  for (std::size_t i = 0; i < tells.size(); ++i) {
    renumbered.push_back(tells[i] ? static_cast<std::uint32_t>(kept.size()) : kKept);
    if (tells[i]) kept.push_back(shapes->columns_[i]);
  }
  if (kept.empty()) return nullptr;
  shapes->columns_ = std::move(kept);
  for (Shape& shape : shapes->shapes_)
    for (std::uint32_t& column : shape.column)
      if (column != kKept) column = renumbered[column];
  shapes->writeBytes();
  return shapes;
}

// ---- bytes
// -----------------------------------------------------------------------------------------------------------

void SourceShapes::writeBytes() {
  const auto text = [this](std::string_view each) {
    base::appendVarint(bytes_, each.size());
    bytes_ += each;
  };
  base::appendVarint(bytes_, columns_.size());
  for (const SourceColumn& column : columns_) {
    text(column.path);
    base::appendVarint(bytes_, static_cast<std::uint8_t>(column.form));
  }
  base::appendVarint(bytes_, shapes_.size());
  for (const Shape& shape : shapes_) {
    base::appendVarint(bytes_, shape.column.size());
    for (const std::uint32_t column : shape.column) base::appendVarint(bytes_, column == kKept ? 0 : column + 1);
    for (const std::string& between : shape.between) text(between);
  }
}

Result<std::shared_ptr<const SourceShapes>> SourceShapes::parse(std::string_view bytes) {
  auto shapes = std::make_shared<SourceShapes>();
  base::ByteReader reader(base::asBytes(bytes));
  const auto fault = [] { return damaged("damaged shapes"); };
  const std::uint64_t columns = reader.varint();
  for (std::uint64_t i = 0; i < columns && reader.isValid(); ++i) {
    SourceColumn column;
    column.path = reader.text();
    const std::uint64_t form = reader.varint();
    if (form < 1 || form > static_cast<std::uint8_t>(ColumnForm::kTime)) return fault();
    column.form = static_cast<ColumnForm>(form);
    shapes->columns_.push_back(std::move(column));
  }
  const std::uint64_t count = reader.varint();
  if (!reader.isValid() || count > kMostShapes) return fault();
  for (std::uint64_t i = 0; i < count && reader.isValid(); ++i) {
    Shape& shape = shapes->shapes_.emplace_back();
    const std::uint64_t values = reader.varint();
    if (values > kMostValues) return fault();
    for (std::uint64_t k = 0; k < values; ++k) {
      const std::uint64_t column = reader.varint();
      if (column > columns) return fault();
      shape.column.push_back(column == 0 ? kKept : static_cast<std::uint32_t>(column - 1));
    }
    for (std::uint64_t k = 0; k <= values; ++k) {
      shape.between.emplace_back(reader.text());
      if (shape.between.back().empty()) return fault();
    }
  }
  if (!reader.isValid() || reader.remaining() != 0) return fault();
  shapes->bytes_ = bytes;
  return std::shared_ptr<const SourceShapes>(std::move(shapes));
}

// ---- records
// ---------------------------------------------------------------------------------------------------------

// The quotes of a string belong to the text around it.
bool SourceShapes::encodeAs(const Shape& shape, std::string_view source, DocId doc, SourceColumns& columns,
                            std::string& record) const {
  auto* const matching = dynamic_cast<MatchingColumns*>(&columns);
  std::string_view rest = source;
  const std::size_t values = shape.column.size();
  std::string_view kept[kMostValues];
  std::size_t kept_count = 0;
  for (std::size_t i = 0; i < values; ++i) {
    const std::string& before = shape.between[i];
    if (!rest.starts_with(before)) return false;
    rest.remove_prefix(before.size());
    const bool is_string = before.back() == '"';
    if (shape.column[i] == kKept) {
      const std::size_t size = is_string ? endOfString(rest, 0) : endOfValue(rest, 0);
      // A string for a value of another kind begins with a quote: it is of another shape.
      if (size == std::string_view::npos || (!is_string && rest.front() == '"')) return false;
      if (rest.substr(0, size).find(kValueEnd) != std::string_view::npos) return false;
      kept[kept_count++] = rest.substr(0, size);
      rest.remove_prefix(size);
      continue;
    }
    const std::size_t size = matching != nullptr ? matching->match(shape.column[i], doc, is_string, rest)
                                                 : matchWritten(columns, shape.column[i], doc, is_string, rest);
    if (size == MatchingColumns::kNoMatch) return false;
    rest.remove_prefix(size);
  }
  if (rest != shape.between.back()) return false;
  for (std::size_t i = 0; i < kept_count; ++i) {
    if (i > 0) record += kValueEnd;
    record += kept[i];
  }
  return true;
}

void SourceShapes::encode(std::string_view source, DocId doc, SourceColumns& columns, std::size_t& guess,
                          std::string& record) const {
  record.clear();
  const auto fits = [&](std::size_t number) {
    base::appendVarint(record, number + 1);
    if (encodeAs(shapes_[number], source, doc, columns, record)) {
      guess = number;
      return true;
    }
    record.clear();
    return false;
  };
  if (guess < shapes_.size() && fits(guess)) return;
  for (std::size_t number = 0, tried = guess; number < shapes_.size(); ++number)
    if (number != tried && fits(number)) return;
  record.assign(1, '\0');
  record += source;
}

Result<std::string> SourceShapes::decode(std::string_view record, DocId doc, SourceColumns& columns) const {
  base::ByteReader reader(base::asBytes(record));
  const std::uint64_t number = reader.varint();
  if (!reader.isValid() || number > shapes_.size()) return damaged("a record of no shape");
  if (number == 0) return std::string(record.substr(reader.position()));
  const Shape& shape = shapes_[number - 1];
  std::string source;
  source.reserve(512);
  std::string_view kept = record.substr(reader.position());
  for (std::size_t i = 0; i < shape.column.size(); ++i) {
    source += shape.between[i];
    if (shape.column[i] == kKept) {
      const std::size_t end = std::min(kept.find(kValueEnd), kept.size());
      source += kept.substr(0, end);
      kept.remove_prefix(std::min(end + 1, kept.size()));
      continue;
    }
    const bool is_string = source.ends_with('"') && columns_[shape.column[i]].form != ColumnForm::kNumber;
    if (is_string) source.pop_back();
    if (!columns.append(shape.column[i], doc, source)) return damaged("a record whose column has no value");
    if (is_string) source.pop_back();
  }
  source += shape.between.back();
  if (!kept.empty()) return damaged("a record of too many values");
  return source;
}

}  // namespace gyre::engine
