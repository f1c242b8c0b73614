// How do I write JSON without building a tree first?
//
// Append-only: every call adds bytes to a string that the caller owns. Commas and colons are placed by the writer; the
// caller balances begin and end. Numbers are the shortest text that reads back as the same value (std::to_chars);
// a double that JSON cannot hold (NaN, infinity) is written as null. Strings are escaped as RFC 8259 asks and must be
// valid UTF-8, which every string that came through json::Document is.
//
// THREADS: one writer, one thread. OWNS: nothing; the string outlives the writer.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

namespace gyre {

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& beginObject() { return open('{'); }
  JsonWriter& endObject() { return close('}'); }
  JsonWriter& beginArray() { return open('['); }
  JsonWriter& endArray() { return close(']'); }

  JsonWriter& key(std::string_view name) {
    separate();
    appendQuoted(name);
    out_ += ':';
    needs_comma_ = false;
    return *this;
  }
  JsonWriter& string(std::string_view text) {
    separate();
    appendQuoted(text);
    return done();
  }
  JsonWriter& integer(std::int64_t value) { return number(value); }
  JsonWriter& unsignedInteger(std::uint64_t value) { return number(value); }
  JsonWriter& real(double value) {
    if (!std::isfinite(value)) return null();
    return number(value);
  }
  JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonWriter& null() { return raw("null"); }
  // Bytes that already are one JSON value: an exact decimal, a stored document.
  JsonWriter& raw(std::string_view json) {
    separate();
    out_ += json;
    return done();
  }

  // key() and value in one call, for the common member.
  JsonWriter& member(std::string_view name, std::string_view text) { return key(name).string(text); }
  JsonWriter& member(std::string_view name, const char* text) { return key(name).string(text); }
  JsonWriter& member(std::string_view name, std::int64_t value) { return key(name).integer(value); }
  JsonWriter& member(std::string_view name, std::uint64_t value) { return key(name).unsignedInteger(value); }
  JsonWriter& member(std::string_view name, std::int32_t value) { return key(name).integer(value); }
  JsonWriter& member(std::string_view name, std::uint32_t value) { return key(name).unsignedInteger(value); }
  JsonWriter& member(std::string_view name, double value) { return key(name).real(value); }
  JsonWriter& member(std::string_view name, bool value) { return key(name).boolean(value); }
  JsonWriter& rawMember(std::string_view name, std::string_view json) { return key(name).raw(json); }

 private:
  JsonWriter& open(char bracket) {
    separate();
    out_ += bracket;
    needs_comma_ = false;
    return *this;
  }
  JsonWriter& close(char bracket) {
    out_ += bracket;
    return done();
  }
  JsonWriter& done() {
    needs_comma_ = true;
    return *this;
  }
  void separate() {
    if (needs_comma_) out_ += ',';
  }
  template <class Number>
  JsonWriter& number(Number value) {
    separate();
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    out_.append(text, end);
    return done();
  }
  void appendQuoted(std::string_view text) {
    out_ += '"';
    std::size_t clean_from = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
      out_.append(text, clean_from, i - clean_from);
      clean_from = i + 1;
      appendEscape(byte);
    }
    out_.append(text, clean_from, std::string_view::npos);
    out_ += '"';
  }
  void appendEscape(unsigned char byte) {
    static constexpr char kHex[] = "0123456789abcdef";
    switch (byte) {
      case '"': out_ += "\\\""; return;
      case '\\': out_ += "\\\\"; return;
      case '\n': out_ += "\\n"; return;
      case '\r': out_ += "\\r"; return;
      case '\t': out_ += "\\t"; return;
      default:
        out_ += "\\u00";
        out_ += kHex[byte >> 4];
        out_ += kHex[byte & 15];
    }
  }

  std::string& out_;
  bool needs_comma_ = false;
};

}  // namespace gyre
