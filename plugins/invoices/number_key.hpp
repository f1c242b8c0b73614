// What of an invoice's number counts when it is looked for?
//
// THREADS: a free function.
#pragma once

#include <string>
#include <string_view>

namespace gyre::invoices {

// Letters and digits of a text, ASCII in lower case, as the index keeps numbers; "" of one that has none. Left out are
// all that stands between them: ASCII, Latin-1 and Unicode's blocks of blanks, dashes, punctuation and symbols. What is
// no UTF-8 is left out too.
std::string numberKey(std::string_view text);

}  // namespace gyre::invoices
