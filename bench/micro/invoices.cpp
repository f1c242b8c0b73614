// What do searches and statistics over many invoices cost?
//
//   bench_invoices [invoices] [folder] [question]
//
// Invoices of 20 lines from 4,000 products, 4,000 customers and 38 countries over 12 months, made by the domain's own
// create, evolve and project; then its own requests, planned and presented as the server does, without the server. CPU
// time of the calling thread: the least and the median of several runs, and a hash of the engine's answer but for the
// time it took, by which two builds are compared. In memory unless a folder is given; a folder
// that has an index is asked as it is. With a question, a part of a line's name, only that one is asked, for a second,
// and its request is shown: for a profiler.
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "engine/directory/mmap_directory.hpp"
#include "engine/directory/ram_directory.hpp"
#include "engine/index.hpp"
#include "gyre/test.hpp"
#include "invoices_mapping.hpp"
#include "plugins/invoices/invoice.hpp"

namespace {

using gyre::engine::Operation;
using gyre::invoices::Invoice;

constexpr std::size_t kProducts = 4'000;
constexpr std::size_t kCustomers = 4'000;
constexpr std::size_t kLines = 20;
constexpr const char* kCountries[] = {"GB", "DE", "FR", "IE", "ES", "NL", "CH", "BE", "PT", "AU", "NO", "IT", "FI",
                                      "CY", "SE", "AT", "DK", "JP", "PL", "IL", "HK", "US", "SG", "IS", "CA", "MT",
                                      "GR", "AE", "EU", "ZA", "LB", "LT", "BR", "CZ", "BH", "SA", "XC", "ZZ"};
// The most frequent words, in order; kSyllables make up the others.
constexpr std::size_t kWordCount = 2'300;
constexpr const char* kWords[] = {
    "red",     "retro", "spot",    "bag",    "lunch",     "heart",   "light",      "holder",    "white",    "hanging",
    "set",     "of",    "cake",    "cases",  "jumbo",     "vintage", "paper",      "chain",     "kit",      "union",
    "jack",    "metal", "sign",    "wooden", "frame",     "glass",   "candle",     "ceramic",   "drawer",   "knob",
    "pink",    "blue",  "polka",   "dot",    "feltcraft", "doll",    "tin",        "box",       "dolly",    "girl",
    "design",  "roses", "regency", "teacup", "saucer",    "alarm",   "clock",      "bakelike",  "ivory",    "green",
    "doormat", "hot",   "water",   "bottle", "babushka",  "lights",  "strawberry", "charlotte", "woodland", "suki"};

constexpr const char* kSyllables[] = {"ba", "co",  "den", "fi",  "gar", "hul", "jin", "kos", "lam", "mer",
                                      "no", "pel", "qui", "ras", "so",  "tar", "ul",  "vin", "wob", "zan"};

double cpuMillis() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

bool report(const gyre::Status& status) {
  if (!status.isOk())
    std::fprintf(stderr, "%.*s\n", static_cast<int>(status.message().size()), status.message().data());
  return status.isOk();
}

// Few are met often, most seldom.
std::size_t skewed(std::mt19937& random, std::size_t count) {
  const double even = std::uniform_real_distribution<double>(0, 1)(random);
  return static_cast<std::size_t>(even * even * even * static_cast<double>(count)) % count;
}

std::vector<std::string> vocabulary() {
  std::vector<std::string> words(std::begin(kWords), std::end(kWords));
  for (std::size_t i = 0; words.size() < kWordCount; ++i) {
    std::string word;
    for (std::size_t rest = i + std::size(kSyllables); rest > 0; rest /= std::size(kSyllables))
      word.append(kSyllables[rest % std::size(kSyllables)]);
    words.push_back(std::move(word));
  }
  return words;
}

// 3 to 5 words each. The word of rank r is as frequent as 1 / (r + 8)^1.05, which is near what the descriptions of a
// real shop have (UCI Online Retail: 2,308 words; the most frequent is 2.6 % of all, the 81st 0.26 %, the 400th 0.05
// %).
std::vector<std::string> productNames() {
  std::mt19937 random(11);
  const std::vector<std::string> words = vocabulary();
  std::vector<double> weights;
  for (std::size_t rank = 0; rank < words.size(); ++rank)
    weights.push_back(1 / std::pow(static_cast<double>(rank) + 8, 1.05));
  std::discrete_distribution<std::size_t> wordOf(weights.begin(), weights.end());
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kProducts; ++i) {
    std::string name;
    for (unsigned count = 3 + random() % 3; count > 0; --count)
      name.append(name.empty() ? "" : " ").append(words[wordOf(random)]);
    names.push_back(std::move(name));
  }
  return names;
}

std::string bodyOf(std::mt19937& random, std::size_t number, const std::vector<std::string>& products) {
  std::string body;
  gyre::JsonWriter out(body);
  const std::size_t customer = skewed(random, kCustomers);
  char date[16];
  std::snprintf(date, sizeof date, "2024-%02u-%02u", 1 + static_cast<unsigned>(random() % 12),
                1 + static_cast<unsigned>(random() % 28));
  out.beginObject().member("invoiceId", "shop-" + std::to_string(number)).member("organizationId", "shop");
  out.member("number", std::to_string(500'000 + number)).member("currency", "GBP").member("issueDate", date);
  out.member("dueDate", "2025-01-31").rawMember("seller", R"({"name":"Shop","country":"GB"})");
  out.key("buyer").beginObject().member("name", "Customer " + std::to_string(customer));
  out.member("id", std::to_string(customer)).member("country", kCountries[skewed(random, std::size(kCountries))]);
  out.endObject().key("lines").beginArray();
  for (std::size_t i = 0; i < kLines; ++i) {
    const std::size_t product = skewed(random, kProducts);
    out.beginObject().member("productCode", std::to_string(20'000 + product)).member("description", products[product]);
    out.member("quantity", static_cast<std::int64_t>(1 + random() % 24));
    out.member("unitPrice", "1." + std::to_string(10 + random() % 90)).member("taxRate", "20").endObject();
  }
  out.endArray().endObject();
  return body;
}

// The document of an issued invoice.
std::string documentOf(const std::string& body) {
  const auto parsed = gyre::json::Document::parse(body);
  const std::string id(parsed->root()["invoiceId"].string());
  gyre::Command command;
  command.name = "CreateInvoice";
  command.entity_id = id;
  command.body = parsed->root();
  const auto events = gyre::invoices::createInvoice(command, nullptr);
  if (!report(events.status())) std::exit(1);
  const auto data = gyre::json::Document::parse(events->front().data);
  const Invoice draft = gyre::invoices::evolve(nullptr, {id, "InvoiceCreated", data->root(), 1'704'067'200'000});
  const auto nothing = gyre::json::Document::parse("{}");
  const Invoice issued = gyre::invoices::evolve(&draft, {id, "InvoiceIssued", nothing->root(), 1'704'067'200'000});
  std::string document;
  gyre::JsonWriter out(document);
  gyre::invoices::invoiceDocument(issued, out);
  return document;
}

bool fill(gyre::engine::Index& index, std::size_t count) {
  const std::vector<std::string> products = productNames();
  std::mt19937 random(7);
  const double started = cpuMillis();
  std::uint64_t sequence = 0;
  for (std::size_t first = 0; first < count; first += 500) {
    std::vector<std::string> ids, documents;
    for (std::size_t i = first; i < std::min(first + 500, count); ++i) {
      ids.push_back("shop-" + std::to_string(i));
      documents.push_back(documentOf(bodyOf(random, i, products)));
    }
    std::vector<Operation> operations;
    for (std::size_t i = 0; i < ids.size(); ++i)
      operations.push_back({Operation::Kind::kIndex, ids[i], 1, documents[i]});
    const auto outcomes = index.apply(operations, ++sequence);
    if (!report(outcomes.status())) return false;
    for (const auto& outcome : *outcomes)
      if (!report(outcome.refusal)) return false;
  }
  if (!report(index.commit()) || !report(index.refresh())) return false;
  std::printf("made and indexed %zu invoices: %.0f us cpu each on the calling thread, %.0f bytes each on disk\n", count,
              (cpuMillis() - started) / static_cast<double>(count) * 1e3,
              static_cast<double>(index.stats().size_bytes) / static_cast<double>(count));
  return true;
}

const char* wanted_question = nullptr;

bool measure(gyre::engine::Index& index, const char* what, const char* query, const std::string& parameters) {
  if (wanted_question != nullptr && std::strstr(what, wanted_question) == nullptr) return true;
  std::vector<double> searches, whole;
  std::size_t bytes = 0, hash = 0;
  const double started = cpuMillis();
  for (int run = 0; run < 15 || (wanted_question != nullptr && cpuMillis() < started + 1'000); ++run) {
    gyre::test::Scenario<Invoice> scenario(gyre::invoices::describe);
    const double described = cpuMillis();
    scenario.ask(query, parameters);
    if (!report(scenario.status())) return false;
    if (run == 0 && wanted_question != nullptr)
      std::printf("%.*s\n", static_cast<int>(scenario.request().size()), scenario.request().data());
    const double planned = cpuMillis();
    const auto answer = index.search(scenario.request());
    if (!report(answer.status())) return false;
    const double searched = cpuMillis();
    scenario.answered(answer->body);
    if (!report(scenario.status())) return false;
    searches.push_back(searched - planned);
    whole.push_back(cpuMillis() - described);
    bytes = scenario.answer().size();
    hash = std::hash<std::string_view>{}(std::string_view(answer->body).substr(answer->body.find(',')));
  }
  std::sort(searches.begin(), searches.end());
  std::sort(whole.begin(), whole.end());
  std::printf("%-34s search %8.2f ms least %8.2f median; with plan and present %8.2f least; answer %zu bytes, %016zx\n",
              what, searches.front(), searches[searches.size() / 2], whole.front(), bytes, hash);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100'000;
  wanted_question = argc > 3 ? argv[3] : nullptr;
  gyre::engine::RamDirectory memory;
  std::unique_ptr<gyre::engine::MmapDirectory> folder;
  gyre::engine::Directory* directory = &memory;
  if (argc > 2) {
    std::filesystem::create_directories(argv[2]);
    auto opened = gyre::engine::MmapDirectory::open(std::string(argv[2]));
    if (!report(opened.status())) return 1;
    folder = std::move(opened).value();
    directory = folder.get();
  }
  gyre::base::NullObserver observer;
  auto index = gyre::engine::Index::open(*directory, kIndexDefinition, {}, observer);
  if (!report(index.status())) return 1;
  if ((*index)->checkpoint().applied == 0 && !fill(**index, count)) return 1;
  // As a server that was given a moment: the merges that are due have run.
  if (!report((*index)->merge()) || !report((*index)->refresh())) return 1;
  std::printf("%llu segments\n", static_cast<unsigned long long>((*index)->stats().segment_count));
  const bool is_done =
      measure(**index, "three frequent words, 20 best", "SearchInvoices",
              R"({"searchText":"red retro bag","size":20})") &&
      measure(**index, "three words, 20 best", "SearchInvoices",
              R"({"searchText":"regency teacup ivory","size":20})") &&
      measure(**index, "three words of an organisation", "SearchInvoices",
              R"({"searchText":"regency teacup ivory","organizationId":"shop","size":20})") &&
      measure(**index, "three rare words, 20 best", "SearchInvoices",
              R"({"searchText":"cofi denhul lamjin","size":20})") &&
      measure(**index, "a number", "SearchInvoices", R"({"searchText":"501-234","size":20})") &&
      measure(**index, "four digits of a number", "SearchInvoices", R"({"searchText":"1234","size":20})") &&
      measure(**index, "revenue by month and country", "GetInvoiceStatistics", R"({"groupBy":["month","country"]})") &&
      measure(**index, "total", "GetInvoiceStatistics", R"({"groupBy":["total"],"asOf":"2024-07-01"})") &&
      measure(**index, "customers", "GetInvoiceStatistics", R"({"groupBy":["customer"]})") &&
      measure(**index, "products", "GetInvoiceStatistics", R"({"groupBy":["product"]})") &&
      measure(**index, "facets of everything", "SearchInvoices",
              R"({"size":0,"facets":["status","country","customer"]})");
  return is_done ? 0 : 1;
}
