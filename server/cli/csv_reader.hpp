// Which records does a CSV file hold? RFC 4180: quoted fields, doubled quotes, line breaks inside quotes; LF or CRLF.
//
// THREADS: one. OWNS: nothing; the stream outlives it.
#pragma once

#include <cstddef>
#include <istream>
#include <string>
#include <vector>

#include "gyre/status.hpp"

namespace gyre::cli {

struct CsvRecord {
  std::size_t line = 0;  // on which it begins, from 1
  std::vector<std::string> fields;
};

class CsvReader {
 public:
  explicit CsvReader(std::istream& in) : in_(in) {}
  // False at the end. A quote left open at the end of the file, or text after a closing quote, is invalid_argument with the
  // line; the next call goes on with the following line.
  Result<bool> next(CsvRecord& record);

 private:
  std::istream& in_;
  std::size_t line_ = 0;
};

}  // namespace gyre::cli
