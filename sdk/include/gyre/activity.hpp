// What has happened, in the eyes of somebody who looks at an organisation over all its domains? A domain declares which
// of its documents say so; the host asks every domain and merges by time (GET /v1/activity).
//
//   domain.activity({.name = "PaymentProcessed",
//                    .help = "a payment was carried out",
//                    .time_field = "processedAt",
//                    .id_field = "paymentId",
//                    .filter = R"({"terms":{"status":["completed","refunded"]}})"},
//                   &paymentActivity);
//
// The host makes the searches, so that pages neither lose nor repeat an item whatever the domain; the domain only says
// where to look and how one document reads. Choose times that do not move: an item whose time moves while somebody
// turns the pages is where its time is when its page is asked for.
//
// THREADS: pure, as all of a plugin.
#pragma once

#include <string>
#include <string_view>

namespace gyre {

struct Activity {
  std::string_view name;  // what happened, as an event is named
  std::string_view help;
  std::string_view time_field;                             // a date; documents without one are left out
  std::string_view id_field;                               // a keyword: the entity's id
  std::string_view organization_field = "organizationId";  // a keyword
  std::string_view filter = {};                            // a query clause; "" for every document with a time
};

// How a document reads.
struct ActivityItem {
  std::string summary;  // a line for people; may be ""
  std::string data;     // JSON object: what else a client sees; "" for nothing
};

}  // namespace gyre
