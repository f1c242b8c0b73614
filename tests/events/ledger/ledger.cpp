// A domain that lives from another one's events: for each invoice it adds up what completed payments brought and
// refunds took back. An invoice whose id begins with "refuse" takes nothing; of one that begins with "odd" the index
// takes no document. It books for the organisation that the event names.
#include <string>
#include <utility>

#include "gyre/faults.hpp"
#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/plugin.hpp"
#include "gyre/time.hpp"
#include "ledger_mapping.hpp"

namespace gyre::ledger {

namespace {

struct Account {
  std::string id, organization_id;
  std::int64_t balance = 0, entries = 0, booked_at = 0;

  static Result<Account> read(json::Value state) {
    return Account{std::string(state["invoiceId"].string()), std::string(state["organizationId"].string()),
                   state["balance"].integer().value_or(0), state["entries"].integer().value_or(0),
                   state["bookedAt"].integer().value_or(0)};
  }
  void write(JsonWriter& out) const {
    out.beginObject().member("invoiceId", id).member("organizationId", organization_id);
    out.member("balance", balance).member("entries", entries).member("bookedAt", booked_at).endObject();
  }
  std::string_view organizationId() const { return organization_id; }
};

constexpr Member kBook[] = {
    {"invoiceId", Type::kId, true, "the account"},
    {"organizationId", Type::kId, true, "whose it is"},
    {"amountMinor", Type::kInteger, true, "what is added"},
};
constexpr Member kGet[] = {{"invoiceId", Type::kId, true, "the account"}};

Result<Events> book(const Command& command, const Account*) {
  const Faults faults(command.body, kBook);
  GYRE_TRY(faults.status());
  if (command.entity_id.starts_with("refuse"))
    return Status(Code::kConflict, "account_closed", std::string(command.entity_id) + " takes nothing");
  return Events{{"Booked", std::string(command.body.raw())}};
}

Account evolve(const Account* before, const RecordedEvent& event) {
  Account account = before == nullptr ? Account() : *before;
  account.id = event.entity_id;
  account.organization_id = event.data["organizationId"].string();
  account.balance += event.data["amountMinor"].integer().value_or(0);
  ++account.entries;
  account.booked_at = event.time_millis;
  return account;
}

void document(const Account& account, JsonWriter& out) {
  out.beginObject().member("invoiceId", account.id).member("organizationId", account.organization_id);
  out.member("balance", account.balance).member("entries", account.entries);
  if (account.id.starts_with("odd")) out.member("unmapped", true);
  out.member("bookedAt", timeText(account.booked_at)).endObject();
}

Reaction booking(const ForeignEvent& event, std::int64_t amount) {
  if (event.data["invoiceId"].isMissing()) return {};
  const std::string_view organization = event.data["organizationId"].string();
  std::string body;
  JsonWriter(body)
      .beginObject()
      .member("invoiceId", event.data["invoiceId"].string())
      .member("organizationId", organization)
      .member("amountMinor", amount)
      .endObject();
  return Reaction::of("Book", std::move(body)).asOrganization(organization);
}

Result<Reaction> processed(const ForeignEvent& event) {
  return booking(event, event.data["amountMinor"].integer().value_or(0));
}
Result<Reaction> refunded(const ForeignEvent& event) {
  return booking(event, -event.data["refundMinor"].integer().value_or(0));
}

Result<Plan> planGet(const Query& query) {
  const Faults faults(query.parameters, kGet, {.is_lenient = query.is_lenient});
  GYRE_TRY(faults.status());
  return Plan::get(faults.sound("invoiceId").string());
}
Status presentGet(const Query&, json::Value state, std::uint64_t, JsonWriter& out) {
  out.raw(state.raw());
  return {};
}

Result<ActivityItem> booked(json::Value found) {
  return ActivityItem{"balance " + std::string(found["balance"].numberText()), std::string(found.raw())};
}

void describe(Domain<Account>& domain) {
  domain.name("ledger", "1.0.0", "what payments brought, by invoice")
      .index(kIndexDefinition)
      .evolve(&evolve)
      .project(&document)
      .command("Book", "invoiceId", kBook, "adds an amount", &book)
      .event("Booked", kBook, "an amount was added")
      .subscribe("payments", "PaymentProcessed", "what was paid is added", &processed)
      .subscribe("payments", "PaymentRefunded", "what was given back is taken off", &refunded)
      .activity({.name = "Booked", .help = "an account changed", .time_field = "bookedAt", .id_field = "invoiceId"},
                &booked)
      .query("GetAccount", kGet, "one account", &planGet, &presentGet);
}

}  // namespace

}  // namespace gyre::ledger

GYRE_PLUGIN(gyre::ledger::Account, gyre::ledger::describe)
