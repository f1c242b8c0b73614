// A record that comes as pairs of texts: labels, structured data, fields of a line. Each pair goes where names.hpp
// says, or becomes an attribute.
//
// THREADS: one. OWNS: all its texts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gyre/status.hpp"
#include "gyre/stream.hpp"
#include "names.hpp"
#include "record.hpp"

namespace gyre::logs {

class NamedRecord {
 public:
  void clear();

  Stamp time;
  std::string original_time;  // plain text
  int severity = 0;

  // Any bytes. The first text of a field counts; one that does not fit its field is an attribute.
  void setMessage(std::string_view text);
  void set(Field field, std::string_view text);
  void add(std::string_view name, std::string_view text);
  // `json`: one valid value.
  void addJson(std::string_view name, std::string_view json, std::size_t leaf_count = 1);
  // What several records share: its members are kept by the caller.
  void setResource(const OpenMembers* resource) { resource_ = resource; }
  bool has(Field field) const { return !texts_[static_cast<std::size_t>(field)].empty(); }

  // Writes it to the records as the item at `position`, or rejects it.
  void finish(std::uint64_t position, const IntakeCall& call, Records& records);

 private:
  std::string& at(Field field) { return texts_[static_cast<std::size_t>(field)]; }
  Text textOf(Field field) { return Text::plain(at(field)); }

  std::array<std::string, static_cast<std::size_t>(Field::kIgnored) + 1> texts_;
  OpenMembers attributes_;
  const OpenMembers* resource_ = nullptr;
  std::string scratch_, name_scratch_, out_, quoted_;
};

}  // namespace gyre::logs
