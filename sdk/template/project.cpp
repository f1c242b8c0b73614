#include "note.hpp"

#include "gyre/time.hpp"

namespace gyre::notes {

Result<Note> Note::read(json::Value state) {
  if (!state["noteId"].isString()) return internalError("the stored state is no note: " + detail::shown(state));
  return Note{std::string(state["noteId"].string()), std::string(state["organizationId"].string()),
              std::string(state["text"].string()), state["writtenAt"].integer().value_or(0)};
}

void Note::write(JsonWriter& out) const {
  out.beginObject().member("noteId", id).member("organizationId", organization_id);
  out.member("text", text).member("writtenAt", written_at).endObject();
}

void noteDocument(const Note& note, JsonWriter& out) {
  out.beginObject().member("noteId", note.id).member("organizationId", note.organization_id);
  out.member("text", note.text).member("writtenAt", timeText(note.written_at)).endObject();
}

}  // namespace gyre::notes
