#include "server/cli/csv_reader.hpp"

#include <string_view>
#include <utility>

namespace gyre::cli {

namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::size_t kRecordBytes = 1u << 20;  // a quote left open would otherwise swallow the file

}  // namespace

Result<bool> CsvReader::next(CsvRecord& record) {
  std::string text;
  if (!std::getline(in_, text)) return false;
  if (++line_ == 1 && text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  record.line = line_;
  record.fields.clear();
  const auto malformed = [&](const char* what) {
    return invalidArgument("line " + std::to_string(record.line) + ": " + what);
  };
  std::string field;
  std::size_t at = 0;
  for (;;) {
    field.clear();
    if (at < text.size() && text[at] == '"') {
      for (++at;;) {
        if (at >= text.size()) {  // the field goes on in the next line
          if (field.size() > kRecordBytes || !std::getline(in_, text)) return malformed("a quote is never closed");
          ++line_;
          field += '\n';
          at = 0;
          continue;
        }
        if (text[at] != '"') {
          field += text[at++];
        } else if (at + 1 < text.size() && text[at + 1] == '"') {
          field += '"';
          at += 2;
        } else {
          ++at;
          break;
        }
      }
      if (at < text.size() && text[at] == '\r' && at + 1 == text.size()) ++at;
      if (at < text.size() && text[at] != ',') return malformed("expected a comma after the closing quote");
    } else {
      while (at < text.size() && text[at] != ',') field += text[at++];
      if (at >= text.size() && !field.empty() && field.back() == '\r') field.pop_back();
    }
    record.fields.push_back(std::move(field));
    if (at >= text.size()) return true;
    ++at;  // the comma; what follows is a field, even if empty
    if (at >= text.size() || (text[at] == '\r' && at + 1 == text.size())) {
      record.fields.emplace_back();
      return true;
    }
  }
}

}  // namespace gyre::cli
