#include "gyre/plugin.hpp"

#include "note.hpp"
#include "notes_mapping.hpp"

namespace gyre::notes {

void describe(Domain<Note>& domain) {
  domain.name("notes", "1.0.0", "short texts of an organisation")
      .index(kIndexDefinition)
      .evolve(&evolve)
      .project(&noteDocument)
      .command("WriteNote", "noteId", writeNoteBody(), "writes a note, or writes it anew", &writeNote)
      .event("NoteWritten", writeNoteBody(), "a note was written")
      .query("SearchNotes", searchNotesParameters(), "notes by their words, best match first", &planSearch,
             &presentSearch);
}

}  // namespace gyre::notes

GYRE_PLUGIN(gyre::notes::Note, gyre::notes::describe)
