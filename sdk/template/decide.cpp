#include "note.hpp"

#include <utility>

#include "gyre/faults.hpp"

namespace gyre::notes {

namespace {

constexpr Member kWriteBody[] = {
    {"noteId", Type::kId, true, "the note"},
    {"organizationId", Type::kId, true, "whose note it is"},
    {.name = "text", .type = Type::kString, .is_required = true, .help = "what it says", .max_bytes = 10'000},
};

}  // namespace

Table writeNoteBody() { return kWriteBody; }

Result<Events> writeNote(const Command& command, const Note* note) {
  Faults faults(command.body, kWriteBody);
  const std::string_view text = faults.sound("text").string();
  if (faults.sound("text").isString() && text.empty()) faults.add("/text", "expected a text, found \"\"");
  GYRE_TRY(faults.status());
  const std::string_view organization = faults.sound("organizationId").string();
  if (!command.organization_id.empty() && command.organization_id != organization)
    return Status(Code::kPermissionDenied, "organizationId: the key is bound to another organisation");
  if (note != nullptr && note->organization_id != organization)
    return Status(Code::kConflict, "already_exists", "the note exists in another organisation");
  std::string data;
  JsonWriter out(data);
  json::writeCanonical(command.body, out);
  return Events{{"NoteWritten", std::move(data)}};
}

}  // namespace gyre::notes
