// What is a note, and which functions make up its domain?
//
// THREADS: values and pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/plugin.hpp"
#include "gyre/schema.hpp"
#include "gyre/status.hpp"

namespace gyre::notes {

struct Note {
  std::string id;
  std::string organization_id;
  std::string text;
  std::int64_t written_at = 0;

  static Result<Note> read(json::Value state);
  void write(JsonWriter& out) const;
  std::string_view organizationId() const { return organization_id; }
};

// decide.cpp: may this happen?
Table writeNoteBody();
Result<Events> writeNote(const Command& command, const Note* note);

// evolve.cpp: what is true after it?
Note evolve(const Note* before, const RecordedEvent& event);

// project.cpp: what should search see?
void noteDocument(const Note& note, JsonWriter& out);

// plan.cpp: what do we ask the index, and what does the client see?
Table searchNotesParameters();
Result<Plan> planSearch(const Query& query);
Status presentSearch(const Query& query, json::Value answer, std::uint64_t version, JsonWriter& out);

// plugin.cpp
void describe(Domain<Note>& domain);

}  // namespace gyre::notes
