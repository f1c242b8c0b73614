// The JSON reader on any bytes: what it accepts has a canonical form that it accepts too and that is its own.
#include <cstdint>
#include <string>
#include <string_view>

#include "gyre/json.hpp"
#include "tests/fuzz/require.hpp"

namespace {

std::string canonical(gyre::json::Value value) {
  std::string out;
  gyre::JsonWriter writer(out);
  gyre::json::writeCanonical(value, writer);
  return out;
}

// Touches every part of a value, as a reader would.
std::size_t weigh(gyre::json::Value value) {
  std::size_t weight = value.key().size() + value.string().size() + value.raw().size();
  weight += value.real().has_value() ? 1u : 0u;
  weight += value.integer().has_value() ? 1u : 0u;
  std::uint32_t children = 0;
  for (const gyre::json::Value child : value) {
    weight += weigh(child);
    ++children;
  }
  gyre::fuzz::require(children == value.size(), "a value has as many children as it says");
  return weight;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto document = gyre::json::Document::parse(text);
  if (!document.isOk()) return 0;
  weigh(document->root());
  const std::string form = canonical(document->root());
  const auto again = gyre::json::Document::parse(form);
  gyre::fuzz::require(again.isOk(), "a canonical form is accepted");
  gyre::fuzz::require(canonical(again->root()) == form, "a canonical form is its own");
  return 0;
}
