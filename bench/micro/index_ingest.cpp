// How fast does the engine take documents in, and what does a refresh cost?
//
//   bench_index_ingest [documents] [folder]
//
// Payments of about 350 bytes, in batches of 1,000 with a refresh every ten batches, committed and merged at the end;
// in memory unless a folder is given. Then single-document refreshes, as a client that reads its own writes causes
// them. Process CPU time counts merging in the background; wall time is what a caller waits.
#include <time.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "engine/directory/mmap_directory.hpp"
#include "engine/directory/ram_directory.hpp"
#include "engine/index.hpp"

namespace {

using gyre::engine::Operation;

constexpr std::string_view kDefinition = R"({"mappings":{"properties":{
"paymentId":{"type":"keyword"},"accountId":{"type":"keyword"},"status":{"type":"keyword"},"currency":{"type":"keyword"},
"method":{"type":"keyword"},"amount":{"type":"double"},"fee":{"type":"scaled_float","scaling_factor":100},
"createdAt":{"type":"date"},"updatedAt":{"type":"date"},"attempts":{"type":"integer"},"isTest":{"type":"boolean"},
"description":{"type":"text"},"tags":{"type":"keyword"}}}})";

double cpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}
double wallSeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string payment(std::mt19937& random, std::size_t number) {
  static const char* const kStatuses[] = {"completed", "completed", "completed", "pending", "failed", "refunded"};
  static const char* const kWords[] = {"rent",   "invoice", "monthly",      "payment", "for",        "services",
                                       "order",  "may",     "subscription", "hosting", "consulting", "travel",
                                       "office", "march",   "the",          "of"};
  char text[512];
  std::string description;
  for (unsigned words = 4 + random() % 6; words > 0; --words) description += std::string(kWords[random() % 16]) + " ";
  std::snprintf(text, sizeof text,
                R"({"paymentId":"pay-%08zu","accountId":"acc-%05u","status":"%s","currency":"%s","method":"%s",)"
                R"("amount":%u.%02u,"fee":%u.%02u,"createdAt":"2024-%02u-%02uT%02u:%02u:%02u.%03uZ","updatedAt":%llu,)"
                R"("attempts":%u,"isTest":%s,"description":"%s%zu","tags":["t%u","u%u"]})",
                number, static_cast<unsigned>(random() % 20000), kStatuses[random() % 6],
                random() % 3 == 0 ? "USD" : "EUR", random() % 2 == 0 ? "card" : "transfer",
                static_cast<unsigned>(random() % 10000), static_cast<unsigned>(random() % 100),
                static_cast<unsigned>(random() % 10), static_cast<unsigned>(random() % 100),
                static_cast<unsigned>(1 + random() % 12), static_cast<unsigned>(1 + random() % 28),
                static_cast<unsigned>(random() % 24), static_cast<unsigned>(random() % 60),
                static_cast<unsigned>(random() % 60), static_cast<unsigned>(random() % 1000),
                1700000000000ull + random() % 10000000000ull, static_cast<unsigned>(random() % 5),
                random() % 50 == 0 ? "true" : "false", description.c_str(), number,
                static_cast<unsigned>(random() % 10), static_cast<unsigned>(random() % 10));
  return text;
}

bool report(const gyre::Status& status) {
  if (!status.isOk())
    std::fprintf(stderr, "%.*s\n", static_cast<int>(status.message().size()), status.message().data());
  return status.isOk();
}

struct Documents {
  std::vector<std::string> ids, sources;
  std::vector<Operation> operations(std::size_t first, std::size_t count, std::uint64_t version) const {
    std::vector<Operation> made;
    for (std::size_t i = first; i < first + count && i < ids.size(); ++i)
      made.push_back({Operation::Kind::kIndex, ids[i], version, sources[i]});
    return made;
  }
};

Documents makeDocuments(std::size_t count) {
  std::mt19937 random(7);
  Documents documents;
  for (std::size_t i = 0; i < count; ++i) {
    documents.ids.push_back("pay-" + std::to_string(10'000'000 + i));
    documents.sources.push_back(payment(random, i));
  }
  return documents;
}

bool ingest(gyre::engine::Index& index, const Documents& documents) {
  const double cpu = cpuSeconds(), wall = wallSeconds();
  std::uint64_t sequence = 0, bytes = 0;
  for (std::size_t first = 0; first < documents.ids.size(); first += 1000) {
    if (!report(index.apply(documents.operations(first, 1000, 1), ++sequence).status())) return false;
    if (sequence % 10 == 0 && !report(index.refresh())) return false;
  }
  if (!report(index.commit()) || !report(index.merge())) return false;
  const auto count = static_cast<double>(documents.ids.size());
  for (const std::string& source : documents.sources) bytes += source.size();
  const auto stats = index.stats();
  std::printf("ingest: %.2f us cpu, %.2f us wall a document of %.0f bytes; %llu segments, %.0f bytes a document\n",
              (cpuSeconds() - cpu) / count * 1e6, (wallSeconds() - wall) / count * 1e6,
              static_cast<double>(bytes) / count, static_cast<unsigned long long>(stats.segment_count),
              static_cast<double>(stats.size_bytes) / count);
  return true;
}

bool refreshSingly(gyre::engine::Index& index, const Documents& documents, std::size_t count) {
  const double cpu = cpuSeconds(), wall = wallSeconds();
  const std::uint64_t start = index.checkpoint().applied;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t which = i * 7919 % documents.ids.size();
    if (!report(index.apply(documents.operations(which, 1, 2 + i), start + i).status())) return false;
    if (!report(index.refresh())) return false;
  }
  const auto times = static_cast<double>(count);
  std::printf("update and refresh: %.1f us wall, %.1f us cpu with merging; %llu segments\n",
              (wallSeconds() - wall) / times * 1e6, (cpuSeconds() - cpu) / times * 1e6,
              static_cast<unsigned long long>(index.stats().segment_count));
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 300'000;
  const Documents documents = makeDocuments(count);
  gyre::engine::RamDirectory memory;
  std::unique_ptr<gyre::engine::MmapDirectory> folder;
  gyre::engine::Directory* directory = &memory;
  if (argc > 2) {
    auto opened = gyre::engine::MmapDirectory::open(std::string(argv[2]));
    if (!report(opened.status())) return 1;
    folder = std::move(opened).value();
    directory = folder.get();
  }
  gyre::base::NullObserver observer;
  auto index = gyre::engine::Index::open(*directory, kDefinition, {}, observer);
  if (!report(index.status())) return 1;
  return ingest(*index.value(), documents) && refreshSingly(*index.value(), documents, 3000) ? 0 : 1;
}
