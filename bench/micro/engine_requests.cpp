// What do indexing and each kind of request cost the engine alone, without HTTP?
//
//   bench_engine_requests MAPPING.json DOCUMENTS.ndjson REQUESTS.tsv [folder [answers]]
//
// DOCUMENTS holds one document a line, indexed in batches of 1,000 as the document API does it, log included.
// REQUESTS holds a name, a tab and a search body on each line. Every request is run once to warm up, then again for the
// figure: CPU time of the process by name. bench/README.md tells where the files come from. In a temporary folder
// unless one is given; a folder that holds an index already is not loaded again. `answers` is a file to write the answers
// to, one a line without the time they took, so that two builds can be compared.
#include <stdlib.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "engine/directory/mmap_directory.hpp"
#include "engine/index.hpp"

namespace {

using gyre::engine::Index;
using gyre::engine::Operation;

constexpr std::size_t kBatch = 1'000;
constexpr std::size_t kDocsARefresh = 30'000;  // about a second's worth

double cpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::string readFile(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

int fail(const gyre::Status& status) {
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return 1;
}

gyre::Status applyBatch(Index& index, const std::vector<std::string>& lines, std::size_t first_id) {
  std::vector<std::string> ids;
  std::vector<Operation> operations(lines.size());
  ids.reserve(lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    ids.push_back("doc-" + std::to_string(first_id + i));
    operations[i].id = ids.back();
    operations[i].source = lines[i];
    operations[i].versioning = Operation::Versioning::kInternal;
  }
  GYRE_TRY_ASSIGN(const auto outcomes, index.apply(operations, 0));
  for (const auto& outcome : outcomes)
    if (!outcome.refusal.isOk()) return outcome.refusal;
  return index.sync();
}

gyre::Status load(Index& index, const char* path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  std::size_t count = 0;
  const double begin = cpuSeconds();
  for (std::string line; std::getline(file, line);) {
    lines.push_back(std::move(line));
    if (lines.size() < kBatch) continue;
    GYRE_TRY(applyBatch(index, lines, count));
    count += lines.size();
    lines.clear();
    if (count % kDocsARefresh == 0) GYRE_TRY(index.refresh());
  }
  GYRE_TRY(applyBatch(index, lines, count));
  count += lines.size();
  GYRE_TRY(index.commit());
  GYRE_TRY(index.merge());
  GYRE_TRY(index.commit());
  const auto stats = index.stats();
  std::printf("indexed %zu documents: %.2f us of CPU each, %.0f bytes each in %lu segments\n", count,
              (cpuSeconds() - begin) / static_cast<double>(std::max<std::size_t>(count, 1)) * 1e6,
              static_cast<double>(stats.size_bytes) / static_cast<double>(std::max<std::size_t>(count, 1)),
              static_cast<unsigned long>(stats.segment_count));
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: bench_engine_requests MAPPING.json DOCUMENTS.ndjson REQUESTS.tsv [folder [answers]]\n");
    return 64;
  }
  std::string temporary = (std::filesystem::temp_directory_path() / "gyre_bench_XXXXXX").string();
  const std::string folder = argc > 4 ? argv[4] : ::mkdtemp(temporary.data());
  auto directory = gyre::engine::MmapDirectory::open(folder);
  if (!directory.isOk()) return fail(directory.status());
  gyre::base::NullObserver observer;
  gyre::engine::IndexOptions options;
  options.keeps_log = true;
  options.name = "bench";
  auto opened = Index::open(*directory.value(), "{\"mappings\":" + readFile(argv[1]) + "}", options, observer);
  if (!opened.isOk()) return fail(opened.status());
  Index& index = *opened.value();
  if (index.stats().doc_count == 0)
    if (const gyre::Status loaded = load(index, argv[2]); !loaded.isOk()) return fail(loaded);

  std::map<std::string, std::vector<std::string>> requests;
  std::ifstream file(argv[3]);
  for (std::string line; std::getline(file, line);)
    if (const std::size_t tab = line.find('\t'); tab != std::string::npos)
      requests[line.substr(0, tab)].push_back(line.substr(tab + 1));
  std::ofstream answers;
  if (argc > 5) answers.open(argv[5]);
  for (const auto& [name, bodies] : requests) {
    if (answers.is_open())
      for (const std::string& body : bodies)
        if (const auto answer = index.search(body); answer.isOk())
          answers << name << '\t' << answer->body.substr(answer->body.find(',')) << '\n';
    double spent = 0;
    for (const bool is_counted : {false, true}) {
      const double begin = cpuSeconds();
      for (const std::string& body : bodies)
        if (const auto answer = index.search(body); !answer.isOk()) return fail(answer.status().withPrefix(name));
      if (is_counted) spent = cpuSeconds() - begin;
    }
    std::printf("%-10s %10.1f us\n", name.c_str(), spent / static_cast<double>(bodies.size()) * 1e6);
  }
  opened.value().reset();
  directory.value().reset();
  if (argc <= 4) std::filesystem::remove_all(folder);
  return 0;
}
