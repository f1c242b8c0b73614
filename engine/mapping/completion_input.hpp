// What does a completion field take from a document?
//
// Inputs with their weights and contexts: given as a text, as {"input":…, "weight":…, "contexts":…}, or an array of
// both. All wait for the document's end: a context may stand in another field, perhaps further on, and an input that is
// given twice counts once.
// A context is a category, or the geohash of a place.
//
// THREADS: belongs to one document parser.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/analysis/analyzer.hpp"
#include "engine/mapping/document_json.hpp"
#include "engine/mapping/document_parser.hpp"

namespace gyre::engine {

class CompletionInputs {
 public:
  explicit CompletionInputs(const Mapping& mapping) : mapping_(mapping) {}

  void begin(DocumentSink& sink);
  // One value as a document has it: a text.
  Status addText(const Field& field, const Analyzer& analyzer, std::string_view input);
  // {"input": "…" or ["…"], "weight": 3, "contexts": {"name": "value" or ["value"]}}
  Status addObject(DocumentValue& value, const Field& field, const Analyzer& analyzer, OpenNames& names,
                   std::uint32_t depth);
  // A value of a field that is the category of some completion.
  void addCategory(const Field& field, std::string_view value) { categories_.emplace_back(field.ordinal, value); }
  // A point of a field that is the place of some completion, as geoPointText() writes it.
  void addPlace(const Field& field, std::string_view point) { categories_.emplace_back(field.ordinal, point); }
  // Hands on what waited.
  Status finish();

 private:
  using Contexts = std::vector<std::pair<std::string_view, std::string>>;  // name, value
  struct Pending {
    const Field* field = nullptr;
    const Analyzer* analyzer = nullptr;
    std::string_view input;
    std::uint32_t weight = 1;
    Contexts contexts;
    bool is_repeated = false;
  };

  Status add(const Field& field, const Analyzer& analyzer, std::string_view input, std::uint32_t weight,
             const Contexts& contexts);
  void dropRepetitions();
  void emit(const Field& field, const Analyzer& analyzer, std::string_view input, std::uint32_t weight,
            std::string_view contexts);
  static Status readContexts(DocumentValue& value, const Field& field, OpenNames& names, Contexts& contexts);

  const Mapping& mapping_;
  DocumentSink* sink_ = nullptr;
  std::vector<Pending> pending_;
  std::vector<std::pair<std::uint16_t, std::string>> categories_;
  std::string analysed_;
};

}  // namespace gyre::engine
