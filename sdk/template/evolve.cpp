#include "note.hpp"

namespace gyre::notes {

Note evolve(const Note* before, const RecordedEvent& event) {
  Note note = before == nullptr ? Note() : *before;
  if (event.type == "NoteWritten") {
    note.id = event.entity_id;
    note.organization_id = event.data["organizationId"].string();
    note.text = event.data["text"].string();
    note.written_at = event.time_millis;
  }
  return note;
}

}  // namespace gyre::notes
