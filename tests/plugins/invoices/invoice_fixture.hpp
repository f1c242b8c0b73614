// What do the invoices' tests share? A body that is taken, made other by a merge, and a scenario of the domain.
#pragma once

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <string_view>

#include "gyre/json.hpp"
#include "gyre/test.hpp"
#include "plugins/invoices/invoice.hpp"

namespace gyre::invoices {

using InvoiceScenario = test::Scenario<Invoice>;

inline constexpr std::string_view kParties =
    R"("seller":{"name":"Lumen GmbH","country":"DE"},"buyer":{"name":"Café Zoë","id":"c-7","country":"FR"})";

// 2 × 10.25 and 1 × 4.00 at 20 %: 24.50, tax 4.90, 29.40.
inline constexpr std::string_view kBody =
    R"({"invoiceId":"i-1","organizationId":"org-1","number":"INV-2024/001","currency":"EUR",
        "issueDate":"2024-05-02","dueDate":"2024-06-01",
        "seller":{"name":"Lumen GmbH","country":"DE"},"buyer":{"name":"Café Zoë","id":"c-7","country":"FR"},
        "lines":[{"productCode":"L-1","description":"Reading lamp","quantity":2,"unitPrice":"10.25","taxRate":20},
                 {"productCode":"L-2","description":"Bulb","quantity":1,"unitPrice":4,"taxRate":20}]})";

inline void mergeInto(json::Value base, json::Value patch, JsonWriter& out) {
  if (!base.isObject() || !patch.isObject()) {
    out.raw(patch.raw());
    return;
  }
  out.beginObject();
  for (const json::Value member : base) {
    const json::Value change = patch[member.key()];
    if (change.isNull()) continue;
    out.key(member.key());
    if (change.isMissing())
      out.raw(member.raw());
    else
      mergeInto(member, change, out);
  }
  for (const json::Value member : patch)
    if (base[member.key()].isMissing() && !member.isNull()) out.rawMember(member.key(), member.raw());
  out.endObject();
}

// RFC 7396: objects are merged, null takes away, everything else replaces.
inline std::string merged(std::string_view base, std::string_view patch) {
  const auto first = json::Document::parse(base);
  const auto second = json::Document::parse(patch);
  CPPUNIT_ASSERT_MESSAGE(std::string(base), first.isOk());
  CPPUNIT_ASSERT_MESSAGE(std::string(patch), second.isOk());
  std::string text;
  JsonWriter out(text);
  mergeInto(first->root(), second->root(), out);
  return text;
}
inline std::string body(std::string_view patch = "{}") { return merged(kBody, patch); }
// A body with this one line.
inline std::string lineBody(std::string_view line) {
  return body(R"({"lines":[)" + merged(R"({"description":"Lamp","quantity":1,"unitPrice":1,"taxRate":20})", line) +
              "]}");
}

inline json::Document parsed(std::string_view text) {
  auto document = json::Document::parse(text, {.max_depth = 128});
  CPPUNIT_ASSERT_MESSAGE(std::string(text), document.isOk());
  return std::move(document).value();
}

}  // namespace gyre::invoices
