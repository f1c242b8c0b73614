#include "server/cli/payment_import.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/clock.hpp"
#include "gyre/json_writer.hpp"

namespace gyre::cli {

namespace {

struct Alias {
  std::string_view column;  // normalized
  std::string_view field;
};
// Names under which the fields are found without a map: ours, then those of council spending lists.
constexpr std::array kAliases = {
    Alias{"paymentid", "paymentId"},
    Alias{"transno", "paymentId"},
    Alias{"organizationid", "organizationId"},
    Alias{"userid", "userId"},
    Alias{"supplierid", "userId"},
    Alias{"amount", "amount"},
    Alias{"currency", "currency"},
    Alias{"description", "description"},
    Alias{"status", "status"},
    Alias{"error", "error"},
    Alias{"time", "time"},
    Alias{"processedat", "time"},
    Alias{"paiddate", "time"},
    Alias{"suppliername", "metadata.supplier"},
    Alias{"bodyname", "metadata.body"},
    Alias{"organisation", "metadata.body"},
    Alias{"client", "metadata.body"},
    Alias{"organisationalunit", "metadata.unit"},
    Alias{"organisatonalunit", "metadata.unit"},
    Alias{"servicearea", "metadata.unit"},
    Alias{"expenditurecategory", "metadata.category"},
    Alias{"expenditurecatergory", "metadata.category"},
    Alias{"expenditureunit", "metadata.category"},
    Alias{"expenditurecode", "metadata.code"},
    Alias{"type", "metadata.type"},
    Alias{"caporrev", "metadata.type"},
    Alias{"capitalorrevenue", "metadata.type"},
    Alias{"typeofexpenditure", "metadata.type"},
};

// dd/mm/yyyy, or what RFC 3339 allows.
std::optional<std::int64_t> readTime(std::string_view text) {
  if (text.size() >= 10 && text[2] == '/' && text[5] == '/') {
    std::string iso(text.substr(6, 4));
    iso.append("-").append(text.substr(3, 2)).append("-").append(text.substr(0, 2));
    return base::parseTime(iso);
  }
  return base::parseTime(text);
}

// "…-apr-jun-2014.csv.gz": the last day of that quarter.
std::optional<std::int64_t> quarterEnd(std::string_view file) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kQuarters = {
      {{"jan-mar-", "-03-31"}, {"apr-jun-", "-06-30"}, {"jul-sep-", "-09-30"}, {"oct-dec-", "-12-31"}}};
  for (const auto& [name, day] : kQuarters) {
    const std::size_t at = file.rfind(name);
    if (at == std::string_view::npos || at + name.size() + 4 > file.size()) continue;
    return base::parseTime(std::string(file.substr(at + name.size(), 4)).append(day));
  }
  return std::nullopt;
}

// "£1,234.50" as a JSON number; other text stays as it is, for the server to refuse.
std::string plainAmount(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ',' || text[i] == ' ') continue;
    if (text.substr(i).starts_with("\xc2\xa3")) {  // the pound sign
      ++i;
      continue;
    }
    out += text[i];
  }
  return out;
}

constexpr std::string_view kFields[] = {"paymentId",   "organizationId", "userId", "amount", "currency",
                                        "description", "status",         "error",  "time",   "metadata."};

}  // namespace

Result<std::unique_ptr<Importer>> PaymentImport::make(const std::vector<std::string>& map) {
  GYRE_TRY_ASSIGN(ColumnMap columns, ColumnMap::parse(map, kFields));
  return std::unique_ptr<Importer>(std::make_unique<PaymentImport>(std::move(columns)));
}

Status PaymentImport::beginCsv(const std::string& file, const std::vector<std::string>& header) {
  file_ = file;
  column_of_.clear();
  metadata_columns_.clear();
  std::vector<std::string> names;
  for (const std::string& name : header) names.push_back(normalizedName(name));
  const auto has = [&](std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  is_council_list_ = has("transno") && has("suppliername");
  file_quarter_end_ = is_council_list_ ? quarterEnd(file) : std::nullopt;
  const auto assign = [&](std::string_view field, std::size_t position) {
    if (field.starts_with("metadata."))
      metadata_columns_.emplace_back(field.substr(9), position);
    else
      column_of_.emplace(field, position);
  };
  for (const auto& [field, column] : map_.columns) {
    const auto found = std::find(names.begin(), names.end(), normalizedName(column));
    if (found == names.end())
      return invalidArgument(file + ": --map " + field + "=" + column + ": there is no such column");
    assign(field, static_cast<std::size_t>(found - names.begin()));
  }
  for (std::size_t i = 0; i < names.size(); ++i)
    for (const Alias& alias : kAliases)
      if (names[i] == alias.column) assign(alias.field, i);
  for (const std::string_view needed : {"paymentId", "amount"})
    if (!column_of_.contains(needed))
      return invalidArgument(file + ": no column is known as " + std::string(needed) + "; name it with --map " +
                             std::string(needed) + "=COLUMN");
  return {};
}

std::string_view PaymentImport::field(const std::vector<std::string>& fields, std::string_view name) const {
  const auto column = column_of_.find(name);
  if (column != column_of_.end() && column->second < fields.size()) return trimmed(fields[column->second]);
  return map_.constant(name);
}

Result<PaymentImport::Row> PaymentImport::readCsvRow(const std::vector<std::string>& fields) const {
  Row row;
  row.payment_id = field(fields, "paymentId");
  row.organization_id = field(fields, "organizationId");
  row.user_id = field(fields, "userId");
  row.amount = plainAmount(field(fields, "amount"));
  row.currency = field(fields, "currency");
  row.description = field(fields, "description");
  row.status = field(fields, "status");
  row.error = field(fields, "error");
  for (const auto& [name, column] : metadata_columns_)
    if (column < fields.size() && !trimmed(fields[column]).empty())
      row.metadata.emplace_back(name, trimmed(fields[column]));
  if (row.payment_id.empty() && row.amount.empty())
    return invalidArgument("expected a payment, found a row without id and amount");
  if (row.payment_id.empty()) return invalidArgument("paymentId: expected an id, found nothing");
  if (row.amount.empty()) return invalidArgument("amount: expected a decimal number, found nothing");

  const std::string_view time = field(fields, "time");
  row.time_millis = readTime(time);
  if (!row.time_millis && file_quarter_end_) {
    // A list that lost its dates still says its quarter in its name.
    row.time_millis = file_quarter_end_;
    row.metadata.emplace_back("dateFrom", "quarter of the file");
  }
  if (!row.time_millis && !time.empty())
    return invalidArgument("time: expected dd/mm/yyyy or an RFC 3339 time, found \"" + std::string(time) + "\"");
  return row;
}

// What every council list means without saying it.
void PaymentImport::completeCouncilRow(Row& row) {
  if (const std::size_t uses = ++uses_of_id_[row.payment_id]; uses > 1) row.payment_id += "#" + std::to_string(uses);
  if (row.currency.empty()) row.currency = "GBP";
  if (row.organization_id.empty()) row.organization_id = "oxford-city-council";
  if (row.status.empty()) row.status = "completed";
  const auto metadata = [&](std::string_view name) -> std::string {
    for (const auto& [key, value] : row.metadata)
      if (key == name) return value;
    return {};
  };
  if (row.description.empty()) {
    row.description = metadata("supplier");
    for (const std::string& part : {metadata("category"), metadata("unit")})
      if (!part.empty()) row.description += ", " + part;
  }
  for (const std::string& tag : {metadata("type"), metadata("category")})
    if (!tag.empty()) row.tags.push_back(tag);
}

Result<std::optional<RowCommands>> PaymentImport::csvRow(std::size_t line, const std::vector<std::string>& fields) {
  GYRE_TRY_ASSIGN(Row row, readCsvRow(fields));
  if (is_council_list_) completeCouncilRow(row);
  return commandsOf({file_, line}, row);
}

Result<std::optional<RowCommands>> PaymentImport::jsonRow(const std::string& file, std::size_t line,
                                                          std::string_view text) {
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(text));
  const json::Value root = document.root();
  if (root["command"].isString()) return std::optional(RowCommands{{file, line}, {std::string(text)}, {}, 1, {}});
  if (!root.isObject())
    return invalidArgument("expected a payment or a command, found " + std::string(json::kindName(root.kind())));
  Row row;
  const auto text_of = [&](std::string_view name) -> std::string {
    if (root[name].isString() || root[name].isNumber())
      return std::string(root[name].isString() ? root[name].string() : root[name].numberText());
    return std::string(map_.constant(name));
  };
  row.payment_id = text_of("paymentId");
  row.organization_id = text_of("organizationId");
  row.user_id = text_of("userId");
  row.amount = text_of("amount");
  row.currency = text_of("currency");
  row.description = text_of("description");
  row.status = text_of("status");
  row.error = text_of("error");
  for (const std::string_view name : {"processedAt", "createdAt", "time"})
    if (!row.time_millis && root[name].isString()) row.time_millis = readTime(root[name].string());
  for (const json::Value member : root["metadata"]) {
    if (member.key() == "tags")
      for (const json::Value tag : member) row.tags.emplace_back(tag.string());
    else if (member.isString())
      row.metadata.emplace_back(member.key(), member.string());
  }
  if (row.payment_id.empty()) return invalidArgument("paymentId: expected an id, found nothing");
  return commandsOf({file, line}, row);
}

Result<std::optional<RowCommands>> PaymentImport::commandsOf(RowOrigin origin, const Row& row) {
  // Only decimals can be told apart by sign; anything else is sent, and the server says what is wrong with it.
  const auto amount = Decimal::parse(row.amount);
  std::string name = row.user_id;
  for (const auto& [member, value] : row.metadata)
    if (member == "supplier") name = value;
  std::string supplier = normalizedName(name);
  const std::int64_t time = row.time_millis.value_or(0);
  if (amount.isOk() && amount->isNegative()) {
    credits_.push_back({std::move(origin), row.payment_id, row.organization_id, std::move(name), std::move(supplier),
                        time, Decimal::ofUnits(-amount->units(), amount->scale())});
    return std::optional<RowCommands>();
  }

  std::string body;
  JsonWriter writer(body);
  writer.beginObject().member("paymentId", row.payment_id).member("organizationId", row.organization_id);
  if (!row.user_id.empty()) writer.member("userId", row.user_id);
  writer.member("amount", row.amount).member("currency", row.currency);
  if (!row.description.empty()) writer.member("description", row.description);
  if (!row.metadata.empty() || !row.tags.empty()) {
    writer.key("metadata").beginObject();
    for (const auto& [member, value] : row.metadata) writer.member(member, value);
    if (!row.tags.empty()) {
      writer.key("tags").beginArray();
      for (const std::string& tag : row.tags) writer.string(tag);
      writer.endArray();
    }
    writer.endObject();
  }
  writer.endObject();

  RowCommands commands{
      std::move(origin), {commandLine("CreatePayment", row.time_millis, {}, body)}, row.payment_id, 1, {}};
  std::string id_body;
  JsonWriter(id_body).beginObject().member("paymentId", row.payment_id).endObject();
  if (row.status == "failed") {
    std::string failed;
    JsonWriter(failed)
        .beginObject()
        .member("paymentId", row.payment_id)
        .member("error", row.error.empty() ? "imported as failed" : row.error)
        .endObject();
    commands.lines.push_back(commandLine("FailPayment", row.time_millis, {}, failed));
  } else if (row.status == "completed" || row.status == "refunded") {
    commands.lines.push_back(commandLine("ProcessPayment", row.time_millis, {}, id_body));
    if (row.status == "refunded") {
      std::string refund;
      JsonWriter(refund)
          .beginObject()
          .member("paymentId", row.payment_id)
          .member("refundAmount", row.amount)
          .endObject();
      commands.lines.push_back(commandLine("RefundPayment", row.time_millis, {}, refund));
    }
  } else if (!row.status.empty() && row.status != "pending") {
    return invalidArgument("status: expected one of pending, completed, failed, refunded, found \"" + row.status +
                           "\"");
  }
  if (is_council_list_ && row.status == "completed" && amount.isOk()) {
    by_supplier_[supplier].push_back({row.payment_id, time, *amount, Decimal()});
    supplier_of_[row.payment_id] = std::move(supplier);
  }
  return std::optional(std::move(commands));
}

void PaymentImport::forget(const std::string& payment_id) {
  const auto supplier = supplier_of_.find(payment_id);
  if (supplier == supplier_of_.end()) return;
  std::erase_if(by_supplier_[supplier->second], [&](const Payment& payment) { return payment.id == payment_id; });
}

std::string PaymentImport::supplierKey(std::string_view name) { return normalizedName(name); }

std::optional<RefundCommands> PaymentImport::match(const Credit& credit, std::vector<Payment>& payments) {
  // Payments up to the credit's date first, latest first; then those after it, earliest first.
  std::stable_sort(payments.begin(), payments.end(), [&](const Payment& a, const Payment& b) {
    const bool a_before = a.time_millis <= credit.time_millis;
    const bool b_before = b.time_millis <= credit.time_millis;
    if (a_before != b_before) return a_before;
    return a_before ? a.time_millis > b.time_millis : a.time_millis < b.time_millis;
  });
  std::vector<std::pair<Payment*, Decimal>> taken;
  const auto whole =
      std::find_if(payments.begin(), payments.end(), [&](const Payment& p) { return p.left >= credit.amount; });
  Decimal open = credit.amount;
  if (whole != payments.end()) {
    taken.emplace_back(&*whole, open);
  } else {
    for (Payment& payment : payments) {
      if (open.isZero()) break;
      if (payment.left.isZero()) continue;
      const Decimal part = payment.left < open ? payment.left : open;
      const auto rest = open.subtract(part);
      if (!rest.isOk()) return std::nullopt;
      taken.emplace_back(&payment, part);
      open = *rest;
    }
    if (!open.isZero()) return std::nullopt;
  }
  RefundCommands made{{credit.origin, {}, {}, 1, {}}, {}};
  for (const auto& [payment, part] : taken) {
    const auto left = payment->left.subtract(part);
    const auto refunded = payment->refunded.add(part);
    if (!left.isOk() || !refunded.isOk()) return std::nullopt;
    payment->left = *left;
    payment->refunded = *refunded;
    made.refunds.push_back({payment->id, *refunded});
    std::string body;
    JsonWriter(body).beginObject().member("paymentId", payment->id).member("refundAmount", part.toText()).endObject();
    // A key of the credit note's own, so that the same list imported again refunds nothing twice.
    made.commands.lines.push_back(commandLine("RefundPayment", std::max(credit.time_millis, payment->time_millis),
                                              "credit:" + credit.id + ":" + payment->id, body));
  }
  return made;
}

std::vector<RefundCommands> PaymentImport::refunds(std::vector<Credit>& unmatched) {
  std::stable_sort(credits_.begin(), credits_.end(),
                   [](const Credit& a, const Credit& b) { return a.time_millis < b.time_millis; });
  std::vector<RefundCommands> all;
  for (Credit& credit : credits_) {
    if (auto made = match(credit, by_supplier_[credit.supplier_key]))
      all.push_back(std::move(*made));
    else
      unmatched.push_back(std::move(credit));
  }
  credits_.clear();
  return all;
}

Status PaymentImport::finish(ImportContext& context) {
  GYRE_TRY(context.flush());
  std::vector<Credit> unmatched;
  for (RefundCommands& made : refunds(unmatched)) {
    GYRE_TRY(dropRefundsMade(made, context));
    if (made.commands.lines.empty())
      context.countThere();
    else
      GYRE_TRY(context.submit(std::move(made.commands)));
  }
  // When nothing was new, an earlier run of this import has dealt with its credit notes.
  const bool is_repeated = context.isRepeated();
  for (const Credit& credit : unmatched) {
    if (is_repeated)
      context.countThere();
    else
      GYRE_TRY(matchOnServer(credit, context));
  }
  return {};
}

// A credit note whose payments came with an earlier import: they are looked for on the server, by the supplier's name.
Status PaymentImport::matchOnServer(const Credit& credit, ImportContext& context) {
  std::vector<Payment> payments;
  if (!context.isDryRun()) {
    GYRE_TRY_ASSIGN(payments, paymentsOnServer(credit, context));
  }
  if (auto made = match(credit, payments)) {
    // At once, so that the next credit note sees what this one leaves.
    GYRE_TRY(context.submit(std::move(made->commands)));
    return context.flush();
  }
  context.refuse(credit.origin, "credit note " + credit.id + " of " + credit.amount.toText() + ": the payments to \"" +
                                    credit.supplier + "\" have less than that left to refund");
  return {};
}

Result<std::vector<PaymentImport::Payment>> PaymentImport::paymentsOnServer(const Credit& credit,
                                                                            ImportContext& context) {
  std::string body;
  JsonWriter writer(body);
  writer.beginObject()
      .member("organizationId", credit.organization_id)
      .member("searchText", credit.supplier)
      .member("size", 1000);
  writer.key("statuses").beginArray().string("completed").string("refunded").endArray().endObject();
  GYRE_TRY_ASSIGN(const json::Document found, context.query("SearchPayments", body));
  std::vector<Payment> payments;
  for (const json::Value payment : found.root()["payments"]) {
    if (supplierKey(payment["metadata"]["supplier"].string()) != credit.supplier_key) continue;
    GYRE_TRY_ASSIGN(const Decimal amount, Decimal::parse(payment["amount"].numberText()));
    Decimal refunded;
    if (payment["refundAmount"].isNumber()) {
      GYRE_TRY_ASSIGN(refunded, Decimal::parse(payment["refundAmount"].numberText()));
    }
    GYRE_TRY_ASSIGN(const Decimal left, amount.subtract(refunded));
    payments.push_back({std::string(payment["paymentId"].string()),
                        base::parseTime(payment["processedAt"].string()).value_or(0), left, refunded});
  }
  return payments;
}

// A payment that was there before may have been refunded by an earlier run of this import: then its refunds add up to
// what this one would make of them, for the same rows are matched in the same order.
Status PaymentImport::dropRefundsMade(RefundCommands& made, ImportContext& context) {
  for (std::size_t i = 0; i < made.refunds.size();) {
    const Refund& refund = made.refunds[i];
    bool is_made = false;
    if (context.wasThere(refund.payment_id)) {
      std::string body;
      JsonWriter(body).beginObject().member("paymentId", refund.payment_id).endObject();
      GYRE_TRY_ASSIGN(const json::Document payment, context.query("GetPaymentById", body));
      const auto refunded = Decimal::parse(payment.root()["refundAmount"].numberText());
      is_made = refunded.isOk() && *refunded >= refund.total;
    }
    if (is_made) {
      made.refunds.erase(made.refunds.begin() + static_cast<std::ptrdiff_t>(i));
      made.commands.lines.erase(made.commands.lines.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
  return {};
}

}  // namespace gyre::cli
