// Which bytes may a method, a field name and a field value hold? (RFC 9110, 5.5 and 5.6)
//
// THREADS: free functions.
#pragma once

#include <string_view>

namespace gyre::http {

// One or more token characters.
bool isToken(std::string_view text);
// No control character but a tab.
bool isFieldText(std::string_view text);
// Without the spaces and tabs around it.
std::string_view trimBlanks(std::string_view text);
// ASCII letters only; anything else must be equal as it is.
bool equalsIgnoringCase(std::string_view a, std::string_view b);

// Cuts the next element off a comma-separated list and trims it; false at the end. Empty elements are skipped.
bool nextListElement(std::string_view& list, std::string_view& element);

// What is wrong with a whole field line ("Name: value", without its line end); "" when nothing is. Fills name and
// value.
std::string_view splitField(std::string_view line, std::string_view& name, std::string_view& value);

}  // namespace gyre::http
