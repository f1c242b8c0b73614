#include "server/cli/invoice_import.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "base/clock.hpp"
#include "gyre/country.hpp"
#include "gyre/time.hpp"

namespace gyre::cli {

namespace {

constexpr std::string_view kFields[] = {
    "number",    "organizationId", "type",        "currency",      "customerId",   "customerName",      "country",
    "issueDate", "dueDate",        "productCode", "description",   "quantity",     "unitPrice",         "unit",
    "taxRate",   "taxCategory",    "sellerName",  "sellerCountry", "paymentTerms", "taxExemptionReason"};
struct Alias {
  std::string_view column;  // normalized
  std::string_view field;
};
// Names under which the fields are found without a map, beside their own.
constexpr Alias kAliases[] = {{"invoiceno", "number"},      {"invoicenumber", "number"},
                              {"invoice", "number"},        {"stockcode", "productCode"},
                              {"sku", "productCode"},       {"invoicedate", "issueDate"},
                              {"date", "issueDate"},        {"price", "unitPrice"},
                              {"customer", "customerName"}, {"organisationid", "organizationId"}};
struct Place {
  std::string_view name;  // normalized
  std::string_view code;
};
// What lists call countries otherwise than the standard. The Channel Islands together have no code: XC is one of those
// left to users. ZZ is an unknown place.
constexpr Place kPlaces[] = {{"eire", "IE"},
                             {"usa", "US"},
                             {"uk", "GB"},
                             {"rsa", "ZA"},
                             {"czechrepublic", "CZ"},
                             {"channelislands", "XC"},
                             {"europeancommunity", "EU"},
                             {"unspecified", "ZZ"},
                             {"turkey", "TR"}};

constexpr std::string_view kNotStated = "Not stated in the source.";

// Numbers and rates as JSON numbers or texts, as they are written: the server says what is wrong with them.
void writeText(JsonWriter& out, std::string_view name, std::string_view text) {
  if (!text.empty()) out.member(name, text);
}

// A decimal with the other sign.
std::string turned(const Decimal& value) { return Decimal::ofUnits(-value.units(), value.scale()).toText(); }

// "17850.0" is the customer 17850.
std::string wholeNumber(std::string text) {
  if (text.size() > 2 && text.ends_with(".0") && text.find_first_not_of("0123456789.") == std::string::npos)
    text.resize(text.size() - 2);
  return text;
}

std::string idOf(std::string_view organization, std::string_view number) {
  std::string id(organization);
  id.append("-").append(number);
  return id;
}

std::string idBody(std::string_view id) {
  std::string body;
  JsonWriter(body).beginObject().member("invoiceId", id).endObject();
  return body;
}

// "2010-12-01 08:26:00", "2010-12-01T08:26:00" or a date alone: date and time, the time "" when there is none.
std::pair<std::string, std::string> dateAndTime(std::string_view text) {
  const std::string date(text.substr(0, 10));
  if (text.size() < 19) return {std::string(text), {}};
  return {date, std::string(text.substr(11, 8))};
}

std::optional<std::int64_t> timeOf(std::string_view text) {
  const auto [date, time] = dateAndTime(text);
  return parseTime(date + "T" + (time.empty() ? std::string("00:00:00") : time) + "Z");
}

// ---- Chinook

using Rows = std::unordered_map<std::string, json::Value>;

Rows rowsBy(json::Value table, std::string_view key) {
  Rows rows;
  for (const json::Value row : table) rows.emplace(std::string(row[key].numberText()), row);
  return rows;
}

json::Value rowOf(const Rows& rows, json::Value key) {
  const auto row = rows.find(std::string(key.numberText()));
  return row == rows.end() ? json::Value() : row->second;
}

void writeChinookBuyer(JsonWriter& out, json::Value invoice, json::Value customer) {
  std::string person(customer["FirstName"].string());
  person.append(" ").append(customer["LastName"].string());
  const std::string_view company = customer["Company"].string();
  out.key("buyer").beginObject().member("name", company.empty() ? std::string_view(person) : company);
  out.member("id", invoice["CustomerId"].numberText());
  out.member("country", InvoiceImport::countryCode(invoice["BillingCountry"].string()));
  writeText(out, "address", invoice["BillingAddress"].string());
  writeText(out, "city", invoice["BillingCity"].string());
  writeText(out, "postalCode", invoice["BillingPostalCode"].string());
  writeText(out, "subdivision", invoice["BillingState"].string());
  if (!company.empty()) out.member("contact", person);
  writeText(out, "email", customer["Email"].string());
  out.endObject();
}

void writeChinookLines(JsonWriter& out, const std::vector<json::Value>& lines, const Rows& tracks) {
  out.key("lines").beginArray();
  for (const json::Value line : lines) {
    out.beginObject().member("id", line["InvoiceLineId"].numberText());
    out.member("productCode", line["TrackId"].numberText());
    out.member("description", rowOf(tracks, line["TrackId"])["Name"].string());
    out.rawMember("quantity", line["Quantity"].raw()).rawMember("unitPrice", line["UnitPrice"].raw());
    out.member("taxCategory", "O").endObject();
  }
  out.endArray();
}

}  // namespace

Result<std::unique_ptr<Importer>> InvoiceImport::make(const std::vector<std::string>& map) {
  GYRE_TRY_ASSIGN(ColumnMap columns, ColumnMap::parse(map, kFields));
  return std::unique_ptr<Importer>(std::make_unique<InvoiceImport>(std::move(columns)));
}

std::string InvoiceImport::countryCode(std::string_view text) {
  std::string upper(text);
  for (char& c : upper)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  if (isCountry(upper)) return upper;
  const std::string name = normalizedName(text);
  for (const Place& place : kPlaces)
    if (place.name == name) return std::string(place.code);
  for (const Country& country : kCountries)
    if (!name.empty() && normalizedName(country.name) == name) return std::string(country.code);
  return std::string(text);
}

Status InvoiceImport::beginCsv(const std::string& file, const std::vector<std::string>& header) {
  file_ = file;
  column_of_.clear();
  std::vector<std::string> names;
  for (const std::string& name : header) names.push_back(normalizedName(name));
  const auto has = [&](std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  is_retail_ = has("invoiceno") && has("stockcode");
  for (const auto& [name, column] : map_.columns) {
    const auto found = std::find(names.begin(), names.end(), normalizedName(column));
    if (found == names.end())
      return invalidArgument(file + ": --map " + name + "=" + column + ": there is no such column");
    column_of_.emplace(name, static_cast<std::size_t>(found - names.begin()));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (const std::string_view own : kFields)
      if (names[i] == normalizedName(own)) column_of_.emplace(own, i);
    for (const Alias& alias : kAliases)
      if (names[i] == alias.column) column_of_.emplace(alias.field, i);
  }
  for (const std::string_view needed : {"number", "quantity", "unitPrice"})
    if (!column_of_.contains(needed) && map_.constant(needed).empty())
      return invalidArgument(file + ": no column is known as " + std::string(needed) + "; name it with --map " +
                             std::string(needed) + "=COLUMN");
  return {};
}

std::string InvoiceImport::field(const std::vector<std::string>& fields, std::string_view name) const {
  const auto column = column_of_.find(name);
  if (column != column_of_.end() && column->second < fields.size()) return std::string(trimmed(fields[column->second]));
  return std::string(map_.constant(name));
}

Result<std::optional<RowCommands>> InvoiceImport::csvRow(std::size_t line, const std::vector<std::string>& fields) {
  const std::string number = field(fields, "number");
  if (number.empty()) return invalidArgument("number: expected the number of an invoice, found nothing");
  const auto [place, is_new] = draft_of_.emplace(number, drafts_.size());
  if (is_new) drafts_.emplace_back().number = number;
  Draft& draft = drafts_[place->second];
  ++draft.row_count;
  const Status added = addLine(draft, line, fields);
  if (added.isOk()) return std::optional<RowCommands>();
  // The row is told now; the invoice is left out when all of it is known.
  draft.fault_row = line;
  --draft.row_count;
  return added;
}

Status InvoiceImport::addLine(Draft& draft, std::size_t row, const std::vector<std::string>& fields) {
  const auto keep = [&](std::string& member, std::string_view name) {
    if (member.empty()) member = field(fields, name);
  };
  keep(draft.organization, "organizationId");
  keep(draft.type, "type");
  keep(draft.currency, "currency");
  keep(draft.customer_id, "customerId");
  keep(draft.customer_name, "customerName");
  keep(draft.country, "country");
  keep(draft.due, "dueDate");
  // Lines may have been entered over a minute or more: the invoice is of the first.
  if (const std::string issued = field(fields, "issueDate"); draft.issued.empty() || issued < draft.issued)
    draft.issued = issued;
  if (draft.issued.empty() || !timeOf(draft.issued))
    return invalidArgument("issueDate: expected a date or a time like 2010-12-01 08:26:00, found \"" + draft.issued +
                           "\"");

  Line line{row,
            field(fields, "productCode"),
            field(fields, "description"),
            field(fields, "quantity"),
            field(fields, "unitPrice"),
            field(fields, "unit"),
            field(fields, "taxRate"),
            field(fields, "taxCategory")};
  auto quantity = Decimal::parse(line.quantity);
  const auto price = Decimal::parse(line.unit_price);
  if (!quantity.isOk()) return invalidArgument("quantity: " + std::string(quantity.status().message()));
  if (!price.isOk()) return invalidArgument("unitPrice: " + std::string(price.status().message()));
  if (is_retail_ && price->isNegative()) {
    line.unit_price = turned(*price);
    line.quantity = turned(*quantity);
  }
  if (line.description.empty()) line.description = line.product;
  draft.lines.push_back(std::move(line));
  return {};
}

// What every invoice of "Online Retail" means without saying it.
void InvoiceImport::completeRetail(Draft& draft) const {
  if (draft.organization.empty()) draft.organization = "online-retail";
  if (draft.currency.empty()) draft.currency = "GBP";
  draft.customer_id = wholeNumber(draft.customer_id);
  const auto takes_back = [](const Line& line) { return line.quantity.starts_with('-'); };
  if (draft.type.empty() && draft.number.starts_with('C')) {
    draft.type = "creditNote";
    for (Line& line : draft.lines)
      if (const auto quantity = Decimal::parse(line.quantity); quantity.isOk()) line.quantity = turned(*quantity);
  } else if (draft.type.empty() && std::any_of(draft.lines.begin(), draft.lines.end(), takes_back)) {
    draft.type = "corrective";
  }
  for (Line& line : draft.lines)
    if (line.tax_rate.empty() && line.tax_category.empty()) line.tax_category = "O";
}

void InvoiceImport::writeHead(JsonWriter& out, const Draft& draft, std::string_view id) const {
  const auto [date, time] = dateAndTime(draft.issued);
  out.member("invoiceId", id).member("organizationId", draft.organization).member("number", draft.number);
  writeText(out, "type", draft.type);
  out.member("currency", draft.currency).member("issueDate", date);
  writeText(out, "issueTime", time);
  writeText(out, "dueDate", draft.due);
  const std::string_view terms = map_.constant("paymentTerms");
  if (draft.due.empty()) out.member("paymentTerms", terms.empty() ? kNotStated : terms);
  const std::string_view reason = map_.constant("taxExemptionReason");
  if (is_retail_ || !reason.empty())
    out.member("taxExemptionReason", reason.empty() ? std::string_view("The source states no tax.") : reason);
}

void InvoiceImport::writeParties(JsonWriter& out, const Draft& draft) const {
  const auto constant = [&](std::string_view name, std::string_view otherwise) {
    const std::string_view value = map_.constant(name);
    return std::string(value.empty() ? otherwise : value);
  };
  out.key("seller").beginObject();
  out.member("name", constant("sellerName", is_retail_ ? "Online Retail" : std::string_view(draft.organization)));
  out.member("country", countryCode(constant("sellerCountry", is_retail_ ? "GB" : "ZZ"))).endObject();
  std::string name = draft.customer_name;
  if (name.empty()) name = draft.customer_id.empty() ? "Unknown customer" : "Customer " + draft.customer_id;
  out.key("buyer").beginObject().member("name", name);
  writeText(out, "id", draft.customer_id);
  out.member("country", countryCode(draft.country.empty() ? "ZZ" : draft.country)).endObject();
}

Result<RowCommands> InvoiceImport::commandsOf(const Draft& draft) const {
  const std::string id = idOf(draft.organization, draft.number);
  RowCommands commands{{file_, draft.lines.front().row}, {}, id, draft.row_count, {}};
  std::string body;
  JsonWriter out(body);
  out.beginObject();
  writeHead(out, draft, id);
  writeParties(out, draft);
  out.key("lines").beginArray();
  for (const Line& line : draft.lines) {
    commands.line_origins.push_back(line.row);
    out.beginObject();
    writeText(out, "productCode", line.product);
    out.member("description", line.description);
    out.member("quantity", line.quantity).member("unitPrice", line.unit_price);
    writeText(out, "unit", line.unit);
    writeText(out, "taxCategory", line.tax_category);
    writeText(out, "taxRate", line.tax_rate);
    out.endObject();
  }
  out.endArray().endObject();
  const auto time = timeOf(draft.issued);
  commands.lines.push_back(commandLine("CreateInvoice", time, {}, body));
  commands.lines.push_back(commandLine("IssueInvoice", time, {}, idBody(id)));
  return commands;
}

Status InvoiceImport::endFile(ImportContext& context) {
  for (Draft& draft : drafts_) {
    if (draft.fault_row > 0) {
      if (draft.row_count > 0)
        context.refuse({file_, draft.lines.front().row},
                       "invoice " + draft.number + " is left out with its row " + std::to_string(draft.fault_row),
                       draft.row_count);
      continue;
    }
    if (is_retail_) completeRetail(draft);
    GYRE_TRY_ASSIGN(RowCommands commands, commandsOf(draft));
    GYRE_TRY(context.submit(std::move(commands)));
  }
  drafts_.clear();
  draft_of_.clear();
  return {};
}

Result<std::optional<RowCommands>> InvoiceImport::jsonRow(const std::string& file, std::size_t line,
                                                          std::string_view text) {
  file_ = file;
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(text));
  const json::Value root = document.root();
  if (root["command"].isString()) return std::optional(RowCommands{{file, line}, {std::string(text)}, {}, 1, {}});
  if (!root.isObject())
    return invalidArgument("expected an invoice or a command, found " + std::string(json::kindName(root.kind())));
  const std::string_view status = root["status"].string();
  if (!status.empty() && status != "draft" && status != "issued")
    return invalidArgument("status: expected draft or issued, found \"" + std::string(status) + "\"");
  std::string body;
  JsonWriter out(body);
  out.beginObject();
  for (const json::Value member : root)
    if (member.key() != "status") out.rawMember(member.key(), member.raw());
  out.endObject();
  const std::string id(root["invoiceId"].string());
  const auto time = timeOf(root["issueDate"].string());
  RowCommands commands{{file, line}, {commandLine("CreateInvoice", time, {}, body)}, id, 1, {}};
  if (status != "draft") commands.lines.push_back(commandLine("IssueInvoice", time, {}, idBody(id)));
  return std::optional(std::move(commands));
}

Result<bool> InvoiceImport::jsonDocument(const std::string& file, std::string_view text, ImportContext& context) {
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(text));
  const json::Value root = document.root();
  if (!root["Invoice"].isArray() || !root["InvoiceLine"].isArray()) return false;
  const Rows customers = rowsBy(root["Customer"], "CustomerId");
  const Rows tracks = rowsBy(root["Track"], "TrackId");
  std::unordered_map<std::string, std::vector<json::Value>> lines;
  for (const json::Value line : root["InvoiceLine"]) lines[std::string(line["InvoiceId"].numberText())].push_back(line);
  const std::string_view asked = map_.constant("organizationId");
  const std::string organization(asked.empty() ? "chinook" : asked);
  const char* counted = root.raw().data();  // the document has a copy of its own
  std::size_t row = 1;
  for (const json::Value invoice : root["Invoice"]) {
    row += static_cast<std::size_t>(std::count(counted, invoice.raw().data(), '\n'));
    counted = invoice.raw().data();
    const std::string number(invoice["InvoiceId"].numberText());
    const auto found = lines.find(number);
    if (number.empty() || found == lines.end()) {
      context.refuse({file, row}, "invoice " + number + ": expected lines in InvoiceLine, found none");
      continue;
    }
    const std::string id = idOf(organization, number);
    const auto [date, time] = dateAndTime(invoice["InvoiceDate"].string());
    std::string body;
    JsonWriter out(body);
    out.beginObject().member("invoiceId", id).member("organizationId", organization).member("number", number);
    out.member("currency", "USD").member("issueDate", date);
    writeText(out, "issueTime", time);
    out.member("paymentTerms", kNotStated).member("taxExemptionReason", "The source states no tax.");
    out.rawMember("seller", R"({"name":"Chinook","country":"CA"})");
    writeChinookBuyer(out, invoice, rowOf(customers, invoice["CustomerId"]));
    writeChinookLines(out, found->second, tracks);
    out.key("totals").beginObject().rawMember("totalWithTax", invoice["Total"].raw()).endObject().endObject();
    const auto issued = timeOf(invoice["InvoiceDate"].string());
    GYRE_TRY(context.submit(
        {{file, row},
         {commandLine("CreateInvoice", issued, {}, body), commandLine("IssueInvoice", issued, {}, idBody(id))},
         id,
         found->second.size(),
         {}}));
  }
  return true;
}

}  // namespace gyre::cli
