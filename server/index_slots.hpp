// Where does a domain's index lie, and where is the next one built? Numbered folders, and a file that says which is in
// use.
//
// A folder is never used twice: whoever still reads an index that was in use finds nothing of another in its place.
//
// FORMAT: in the domain's folder: "index", "index.1", "index.2" and so on; "index.current" holds the name of the one in
// use
// ("index" when absent), "index.building" that of one that is being built. Both files are replaced as a whole and
// synced.
//
// Rolling back to the index that was in use before, with the server stopped: write its name into "index.current".
//
// THREADS: one at a time.
#pragma once

#include <string>
#include <utility>

#include "gyre/status.hpp"

namespace gyre {

class IndexSlots {
 public:
  explicit IndexSlots(std::string domain_folder) : folder_(std::move(domain_folder)) {}

  // Paths. unavailable when the file cannot be read, or holds no such name.
  Result<std::string> current() const;
  Result<std::string> next() const;

  // The next folder is to be built: emptied, unless a build of it was begun and not ended, which goes on. All others
  // but the current one are removed.
  Status beginBuilding();
  // The next folder is the current one from now on, also after a crash; the one before is kept until the next build.
  Status switchOver();

 private:
  Result<std::string> currentName() const;

  const std::string folder_;
};

}  // namespace gyre
