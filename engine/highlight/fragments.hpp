// Which parts of a text are shown, and how are the finds in them marked?
//
// One function for each of the dialect's highlighters; they differ in where they cut and in what they think best.
//
// THREADS: free functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/highlight/highlight_options.hpp"
#include "engine/highlight/text_marks.hpp"

namespace gyre::engine {

// Whole sentences (or words), the best of them by how rare their finds are, in the order of the text. Values that are
// not `is_tokenized` are not cut.
std::vector<std::string> highlightUnified(const AnalyzedText& text, const std::vector<TextMark>& marks,
                                          const HighlightOptions& options, bool is_tokenized);
// Pieces of equal size, the best first.
std::vector<std::string> highlightPlain(const AnalyzedText& text, const std::vector<TextMark>& marks,
                                        const HighlightOptions& options);
// Finds in the middle of their pieces.
std::vector<std::string> highlightVector(const AnalyzedText& text, const std::vector<TextMark>& marks,
                                         const HighlightOptions& options);

// A piece of the text as it is shown: escaped for HTML if asked.
void appendShown(std::u16string_view part, const HighlightOptions& options, std::string& out);
// Without white space around it.
std::string trimmedFragment(std::string fragment);

}  // namespace gyre::engine
