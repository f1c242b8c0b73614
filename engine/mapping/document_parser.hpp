// What does this document hold, field by field?
//
// Walks a document's JSON once along the mapping and hands every value to a DocumentSink, already in the form the index
// keeps: terms analysed, dates in milliseconds, numbers as ordered 64-bit integers (see numeric_value.hpp). Simple
// types are checked as the dialect checks them (SEMANTICS: a long takes "12" and 1.9, refuses true).
//
// The parser never changes the mapping. A document with a member that dynamic mapping must give a field is not parsed:
// mustGrow() says so, the owner asks Mapping::grownFor, and a parser of the larger mapping takes the document.
//
// THREADS: a DocumentParser belongs to one thread and is reused (it keeps its buffers).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/mapping/mapping.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// Receives a document's values. Calls for one field come together only by chance: the order is the document's own.
class DocumentSink {
 public:
  virtual ~DocumentSink() = default;
  // text: one analysed term. Positions grow; values of an array are 100 apart.
  virtual void term(const Field& field, std::string_view term, std::uint32_t position) = 0;
  // text: a value without any term. It is a value still, to `exists`.
  virtual void wordless(const Field&) {}
  // keyword: one whole value (after ignore_above).
  virtual void keyword(const Field& field, std::string_view value) = 0;
  // date, boolean, whole and fractional numbers: encoded as numeric_value.hpp says.
  virtual void number(const Field& field, std::int64_t encoded) = 0;
  // completion: one input as written (cut to max_input_length), its analysed form, its weight; `contexts` holds
  // "name\0value" pairs, each ended by '\x1d', "" when the field has none.
  virtual void completion(const Field& field, std::string_view input, std::string_view analysed, std::uint32_t weight,
                          std::string_view contexts) = 0;
  // A value of a stored text, binary or half_float field as it was written, besides what is indexed of it.
  virtual void written(const Field&, std::string_view) {}
  // A value of the field is malformed and left out, as the field has it.
  virtual void ignored(const Field&) {}
  // The values between these belong to one object of the nested field. Objects may stand in each other.
  virtual void beginNested(const Field&) {}
  virtual void endNested() {}
};

class DocumentParser {
 public:
  explicit DocumentParser(std::shared_ptr<const Mapping> mapping);
  ~DocumentParser();

  // On failure the sink may have received part of the document: the caller drops it. invalid_argument with reason
  // "mapper_parsing_exception" or "strict_dynamic_mapping_exception" and the field's path in the message; `id` is named
  // there too.
  Status parse(std::string_view source, std::string_view id, DocumentSink& sink);
  Status parse(std::string_view source, DocumentSink& sink) { return parse(source, {}, sink); }

  // The last parse failed for nothing but a field that the mapping does not have yet.
  bool mustGrow() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace gyre::engine
