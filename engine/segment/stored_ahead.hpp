// Who can have a document's stored source fetched from memory before it is read?
//
// A page of hits lies anywhere in a segment; waiting for one block after the other costs as much as some of the
// unpacking.
//
// THREADS: as the segment.
#pragma once

#include "engine/codec/doc_id.hpp"

namespace gyre::engine {

class StoredAhead {
 public:
  virtual ~StoredAhead() = default;
  // Asks for the bytes; whether they come makes no difference but time.
  virtual void fetchAhead(DocId doc) const = 0;
};

}  // namespace gyre::engine
