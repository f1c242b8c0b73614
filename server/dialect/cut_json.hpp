// Is a text that is no JSON merely cut short?
//
// The dialect tells the two apart: json_e_o_f_exception says that more was expected, json_parse_exception that something
// else was.
//
// THREADS: free function.
#pragma once

#include <string_view>

namespace gyre::dialect {

// True when the text is the beginning of a JSON value and no more. What numbers are made of is not looked into.
bool isCutShort(std::string_view text);

}  // namespace gyre::dialect
