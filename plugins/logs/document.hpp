// A JSON object as any shipper sends it: which record is it? Every member goes where names.hpp says, if its value fits
// there; all others are attributes, so nothing is lost.
//
// THREADS: pure functions; a DocumentReader belongs to one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/flat_object.hpp"
#include "gyre/json.hpp"
#include "gyre/status.hpp"
#include "gyre/stream.hpp"
#include "names.hpp"
#include "record.hpp"

namespace gyre::logs {

// Deeper documents are refused: the index reads 64 levels, and a member may be put two further down.
inline constexpr std::uint32_t kMaxDepth = 60;

// JSON text that may hold bytes which are no UTF-8: these are made visible first.
Result<json::Document> parseTolerantly(std::string_view text, std::uint32_t max_depth = kMaxDepth);

using Datum = json::FlatMember;

// Keeps its buffers from one document to the next.
class DocumentReader {
 public:
  // Appends the record to `out` and gives its time. A refusal: no object, or another organisation's.
  Result<std::int64_t> read(json::Value document, const Arrival& arrival, std::string& out);
  // The same for the text of one, valid UTF-8 or not; a flat one is read without a document.
  Result<std::int64_t> read(std::string_view text, bool is_utf8, const Arrival& arrival, std::string& out);

 private:
  struct Part {
    Datum value;
    Name name;
  };
  struct Whole {
    json::Value value;
    Name name;
  };
  void begin();
  bool collectFlat(std::string_view text);
  void collect(json::Value object, bool is_nested);
  void place(const Datum& value, Name name);
  bool isPlaced(std::string_view raw, Field field) const;
  void addRest(json::Value member, Name name);
  bool writeRest(json::Value object, std::size_t path_size, std::string& out);
  void fillTime();
  void fillTexts();
  void fillSeverity();
  void fillMessage();
  Result<std::int64_t> finish(const Arrival& arrival, std::string& out);
  const Datum& at(Field field) const { return slots_[static_cast<std::size_t>(field)].value; }
  Text textAt(Field field) const;

  static constexpr std::size_t kSlots = static_cast<std::size_t>(Field::kIgnored) + 1;
  Part slots_[kSlots];
  std::vector<Field> placed_;  // slots that are taken
  json::FlatReader flat_reader_;
  Datum flat_[json::kMaxFlatMembers];
  Name flat_names_[json::kMaxFlatMembers];
  bool has_names_ = false;  // flat_names_ are those of the last flat line
  std::vector<Whole> members_;
  std::string path_;
  OpenMembers attributes_, resource_;
  std::string rest_, message_, tag_;
  LogRecord record_;
};

// The intake "document": NDJSON, an object a line; blank lines are passed over. A line that is no object is rejected
// with its position and the reason.
Status takeDocuments(const IntakeCall& call, Records& records);

}  // namespace gyre::logs
