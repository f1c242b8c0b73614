// What document does a record become? Its id, and its source with its sequence.
//
// THREADS: free functions.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace gyre::stream {

inline void appendNumber(std::string& out, auto number) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

// "TIMEMILLIS-SEQUENCE", unless the sender gave one.
inline void appendDocumentId(std::string_view given, std::int64_t time_millis, std::uint64_t sequence,
                             std::string& out) {
  if (!given.empty()) {
    out += given;
    return;
  }
  appendNumber(out, time_millis);
  out += '-';
  appendNumber(out, sequence);
}

// The record with "sequence" as its first member. What is no object is left to the engine to refuse.
inline void appendDocumentSource(std::string_view record, std::uint64_t sequence, std::string& out) {
  if (!record.starts_with('{')) {
    out += record;
    return;
  }
  record.remove_prefix(1);
  out += "{\"sequence\":";
  appendNumber(out, sequence);
  const std::size_t first = record.find_first_not_of(" \t\r\n");
  record.remove_prefix(first == std::string_view::npos ? record.size() : first);
  if (!record.starts_with('}')) out += ',';
  out += record;
}

}  // namespace gyre::stream
