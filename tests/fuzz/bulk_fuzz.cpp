// Any bytes as the body of a bulk request: refused with a reason, or items that lie inside what was sent.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "server/dialect/bulk_request.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using gyre::dialect::BulkRequest;
using gyre::dialect::WriteAction;
using gyre::dialect::WriteItem;
using gyre::fuzz::require;

bool liesIn(std::string_view whole, std::string_view part) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

void check(const WriteItem& item, std::string_view body) {
  std::vector<std::string> faults;
  gyre::dialect::findFaults(item, faults);
  require(faults.empty() == gyre::dialect::validationStatus(faults).isOk(), "faults are a refusal");
  if (item.action == WriteAction::kDelete) return require(item.source.empty(), "a delete has no document");
  if (item.action == WriteAction::kUpdate) return require(item.update != nullptr, "an update says what to do");
  require(item.source.empty() || liesIn(body, item.source), "a document is what was sent");
  require(item.source.find('\n') == std::string_view::npos, "a document is one line");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);  // of its own size: a read beyond it is seen
  gyre::dialect::BulkDefaults defaults;
  defaults.index = "i";
  const auto parsed = BulkRequest::parse(body, defaults);
  if (!parsed.isOk()) {
    const std::string_view reason = parsed.status().message();
    require(!reason.empty() || !parsed.status().faults().empty(), "a refusal says why");
    require(simdjson::validate_utf8(reason.data(), reason.size()), "a refusal is text");
    return 0;
  }
  for (const WriteItem& item : parsed.value().items) check(item, body);
  return 0;
}
