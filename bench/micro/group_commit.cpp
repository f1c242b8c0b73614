// What does a durable command cost? Rate and CPU of 1, 8 and 64 submitters through the group commit, against one SQLite
// transaction a command on the same disk.
//
// A command here is what the write bus does to the store for one: look up a receipt, load an entity, append an event
// with a new state of about 300 bytes, keep a receipt. Submitters are closed loops: each sends its next command from
// the answer of the one before, so no thread hand-over is measured but the writer's own.
//
//   bench_group_commit [FOLDER] [SECONDS] [SUBMITTERS]
#include <sqlite3.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "server/store/primary_store.hpp"

namespace {

using gyre::Status;
using gyre::store::EntityRecord;
using gyre::store::PrimaryStore;
using gyre::store::Unit;
using gyre::store::UnitOfWork;

struct Measured {
  double rate = 0;        // commands a second
  double cpu_micros = 0;  // of the whole process, a command
  double batch = 0;       // commands a commit
  double wal_mebibytes = 0;
};

double cpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double wallSeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Ids that come in no order, as clients make them.
std::string idOf(std::uint64_t number) {
  char text[40];
  std::snprintf(text, sizeof text, "payment-%016llx", static_cast<unsigned long long>(number * 0x9e3779b97f4a7c15ULL));
  return text;
}

const std::string kState = R"({"amount":"100.10","currency":"EUR","description":")" + std::string(240, 'd') + "\"}";
const std::string kData = R"({"amount":"100.10","currency":"EUR","description":")" + std::string(140, 'd') + "\"}";
constexpr const char* kFingerprint = "0123456789abcdef";
const std::string kAnswer(60, 'a');

class Load {
 public:
  Load(PrimaryStore& store, int submitters, double seconds) : store_(store), running_(submitters) {
    const double cpu_before = cpuSeconds();
    const double start = wallSeconds();
    const std::uint64_t commits = store.stats().commits;
    end_ = start + seconds;
    for (int i = 0; i < submitters; ++i) send();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return running_ == 0; });
    const double elapsed = wallSeconds() - start;
    const auto count = static_cast<double>(answered_.load());
    measured_ = {count / elapsed, (cpuSeconds() - cpu_before) * 1e6 / count,
                 count / static_cast<double>(store.stats().commits - commits), 0};
  }
  const Measured& measured() const { return measured_; }

 private:
  class Command final : public Unit {
   public:
    Command(Load& load, std::string id) : load_(load), id_(std::move(id)) {}
    Status run(UnitOfWork& work) override {
      GYRE_TRY_ASSIGN(const auto receipt, work.receipt("acme", id_));
      if (receipt) return gyre::conflict("sent before");
      GYRE_TRY_ASSIGN(const EntityRecord* const before, work.load(id_));
      if (before != nullptr) return gyre::conflict("exists");
      EntityRecord after;
      after.id = id_;
      after.organization_id = "acme";
      after.state = kState;
      GYRE_TRY(work.append(std::move(after), "PaymentCreated", kData, 1'700'000'000'000).status());
      return work.keepReceipt("acme", id_, {kFingerprint, kAnswer});
    }
    void done(const Status& outcome) override { load_.answer(outcome); }

   private:
    Load& load_;
    std::string id_;
  };

  void send() { store_.submit(std::make_unique<Command>(*this, idOf(next_++))); }
  void answer(const Status& outcome) {
    if (!outcome.isOk()) {
      std::fprintf(stderr, "failed: %s\n", std::string(outcome.message()).c_str());
      std::exit(1);
    }
    ++answered_;
    if (wallSeconds() < end_) return send();
    const std::lock_guard lock(mutex_);
    if (--running_ == 0) changed_.notify_one();
  }

  PrimaryStore& store_;
  static inline std::atomic<std::uint64_t> next_{1};
  std::atomic<std::uint64_t> answered_{0};
  double end_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  int running_;
  Measured measured_;
};

Measured measureGroupCommit(const std::string& folder, int submitters, double seconds) {
  gyre::base::SystemClock clock;
  gyre::base::NullObserver observer;
  gyre::store::StoreOptions options;
  options.path = folder + "/group-" + std::to_string(submitters) + ".db";
  auto store = PrimaryStore::open(options, clock, observer);
  if (!store.isOk()) {
    std::fprintf(stderr, "%s\n", std::string(store.status().message()).c_str());
    std::exit(1);
  }
  Measured measured = Load(**store, submitters, seconds).measured();
  measured.wal_mebibytes = static_cast<double>(std::filesystem::file_size(options.path + "-wal")) / (1 << 20);
  return measured;
}

void execute(sqlite3* database, const char* sql) {
  if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return;
  std::fprintf(stderr, "%s\n", sqlite3_errmsg(database));
  std::exit(1);
}

class Insert {
 public:
  Insert(sqlite3* database, const char* sql) { sqlite3_prepare_v2(database, sql, -1, &statement_, nullptr); }
  ~Insert() { sqlite3_finalize(statement_); }
  Insert(const Insert&) = delete;
  Insert& operator=(const Insert&) = delete;
  void run(std::initializer_list<std::string_view> values) {
    int index = 0;
    for (const std::string_view value : values)
      sqlite3_bind_text(statement_, ++index, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
    sqlite3_step(statement_);
    sqlite3_reset(statement_);
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
};

// The same rows by prepared statements of the C API, one transaction a command, SQLite's own checkpoints.
Measured measureOneByOne(const std::string& folder, double seconds) {
  sqlite3* database = nullptr;
  sqlite3_open((folder + "/single.db").c_str(), &database);
  execute(database,
          "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
          "CREATE TABLE entity(id TEXT PRIMARY KEY, organization_id TEXT, state TEXT) WITHOUT ROWID;"
          "CREATE INDEX entity_by_organization ON entity(organization_id);"
          "CREATE TABLE event(sequence INTEGER PRIMARY KEY, entity_id TEXT, type TEXT, data TEXT);"
          "CREATE TABLE receipt(number INTEGER PRIMARY KEY, scope TEXT, key TEXT, fingerprint TEXT, answer TEXT,"
          " UNIQUE(scope, key));");
  Measured measured;
  {
    Insert find_receipt(database, "SELECT answer FROM receipt WHERE scope = ? AND key = ?");
    Insert find(database, "SELECT state FROM entity WHERE id = ?");
    Insert entity(database, "INSERT INTO entity VALUES(?, ?, ?)");
    Insert event(database, "INSERT INTO event(entity_id, type, data) VALUES(?, ?, ?)");
    Insert receipt(database, "INSERT INTO receipt(scope, key, fingerprint, answer) VALUES(?, ?, ?, ?)");
    const double cpu_before = cpuSeconds();
    const double start = wallSeconds();
    std::uint64_t count = 0;
    while (wallSeconds() < start + seconds) {
      const std::string id = idOf(++count);
      execute(database, "BEGIN IMMEDIATE");
      find_receipt.run({"acme", id});
      find.run({id});
      entity.run({id, "acme", kState});
      event.run({id, "PaymentCreated", kData});
      receipt.run({"acme", id, kFingerprint, kAnswer});
      execute(database, "COMMIT");
    }
    const auto commands = static_cast<double>(count);
    measured = {commands / (wallSeconds() - start), (cpuSeconds() - cpu_before) * 1e6 / commands, 1, 0};
  }
  sqlite3_close(database);
  return measured;
}

void print(const std::string& what, const Measured& measured, double against) {
  std::printf("%-28s %10.0f /s %8.1f us CPU %8.1f a commit %7.1f x %8.1f MiB WAL\n", what.c_str(), measured.rate,
              measured.cpu_micros, measured.batch, measured.rate / against, measured.wal_mebibytes);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string parent = argc > 1 ? argv[1] : ".";
  const double seconds = argc > 2 ? std::atof(argv[2]) : 3;
  std::string folder = parent + "/gyre-bench-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) {
    std::perror(folder.c_str());
    return 1;
  }
  const Measured single = measureOneByOne(folder, seconds);
  print("one transaction a command", single, single.rate);
  std::vector<int> callers{1, 8, 64, 512};
  if (argc > 3) callers = {std::atoi(argv[3])};
  for (const int submitters : callers)
    print("group commit, " + std::to_string(submitters) + " callers", measureGroupCommit(folder, submitters, seconds),
          single.rate);
  std::filesystem::remove_all(folder);
  return 0;
}
