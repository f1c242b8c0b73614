// How is a column of doubles kept, bit for bit, in few bytes?
//
// By chunk, whichever fits: one value for all; decimals (what people and programs mostly measure: 12.5, 0.001, 17) as
// whole numbers with one power of ten, values that are none kept apart; anything else as XOR with the value before
// (Pelkonen et al., "Gorilla", 2015). Decimals: the idea is ALP's (Afroozeh, Kuffó, Boncz, 2023), with an exact
// division by the power of ten instead of a product. FORMAT: docs/SERIES_FORMAT.md, "Values".
//
// THREADS: free functions.
#pragma once

#include <span>
#include <string>

#include "base/bytes.hpp"

namespace gyre::engine::series {

void appendValues(std::string& out, std::span<const double> values);

// Fills `into`, every bit as it was. False when the bytes make no sense.
bool readValues(base::ByteReader& reader, std::span<double> into);

}  // namespace gyre::engine::series
