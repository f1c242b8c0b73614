// What do OTLP and Loki have in common as protocol buffers? Texts, pairs, and what is said of a body that is none.
//
// protozero reads without a schema or generated code and throws at malformed bytes: who calls turns that into a Status.
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

inline std::string_view textOf(protozero::pbf_reader& field) {
  const protozero::data_view view = field.get_view();
  return {view.data(), view.size()};
}

// OpenTelemetry's KeyValue: a string and a message.
struct KeyValue {
  std::string_view key;
  protozero::pbf_reader value;
};

inline KeyValue readKeyValue(protozero::pbf_reader pair) {
  KeyValue read;
  while (pair.next()) {
    if (pair.tag() == 1)
      read.key = textOf(pair);
    else if (pair.tag() == 2)
      read.value = pair.get_message();
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
