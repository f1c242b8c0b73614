// What do OTLP and Loki have in common as protocol buffers? Texts, pairs, and what is said of a body that is none.
//
// protozero reads without a schema or generated code and throws at malformed bytes: who calls turns that into a Status.
// A member whose wire type is another than its reader expects would fail an assertion there; here it throws as well.
//
// THREADS: pure functions. OWNS: nothing; what is read borrows from the body.
#pragma once

#include <protozero/pbf_reader.hpp>

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

#include "gyre/status.hpp"

namespace gyre::logs {

// A value whose lists and maps are nested beyond what an index reads.
struct TooDeep {};

class WrongWireType : public std::exception {
 public:
  const char* what() const noexcept override { return "another wire type than the member has"; }
};

// A message, read member by member; each get…() takes the value of the member that next() came to.
class ProtoReader {
 public:
  ProtoReader() = default;
  explicit ProtoReader(std::string_view message) : reader_(message.data(), message.size()) {}

  bool next() { return reader_.next(); }
  // The next member of this number; others are passed over.
  bool next(protozero::pbf_tag_type tag) { return reader_.next(tag); }
  protozero::pbf_tag_type tag() const { return reader_.tag(); }
  void skip() { reader_.skip(); }
  // Of a string or bytes.
  std::string_view text() {
    expect(Wire::length_delimited);
    const protozero::data_view view = reader_.get_view();
    return {view.data(), view.size()};
  }
  ProtoReader message() { return ProtoReader(text()); }
  bool boolean() {
    expect(Wire::varint);
    return reader_.get_bool();
  }
  std::int64_t whole() {
    expect(Wire::varint);
    return reader_.get_int64();
  }
  double real() {
    expect(Wire::fixed64);
    return reader_.get_double();
  }
  std::uint64_t fixed64() {
    expect(Wire::fixed64);
    return reader_.get_fixed64();
  }

 private:
  using Wire = protozero::pbf_wire_type;
  void expect(Wire type) const {
    if (!reader_.has_wire_type(type)) throw WrongWireType();
  }
  protozero::pbf_reader reader_;
};

// OpenTelemetry's KeyValue: a string and a message.
struct KeyValue {
  std::string_view key;
  ProtoReader value;
};

inline KeyValue readKeyValue(ProtoReader pair) {
  KeyValue read;
  while (pair.next()) {
    if (pair.tag() == 1)
      read.key = pair.text();
    else if (pair.tag() == 2)
      read.value = pair.message();
    else
      pair.skip();
  }
  return read;
}

// `whole`: records that were read before the fault.
inline Status malformedProtobuf(std::string_view what, std::uint64_t whole, const std::exception& error) {
  return {Code::kInvalidArgument, "malformed_protobuf",
          "expected " + std::string(what) + ", found bytes that are none after record " + std::to_string(whole) + " (" +
              error.what() + ")"};
}

}  // namespace gyre::logs
