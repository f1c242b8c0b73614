#include "server/cli/batch_sender.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "gyre/json.hpp"
#include "server/cli/api_client.hpp"

namespace gyre::cli {

namespace {

constexpr std::size_t kBatchLines = 2'000;  // about 0.7 MB: some ten milliseconds of the writer
constexpr std::size_t kBatchBytes = 2u << 20;
constexpr int kAttempts = 8;  // pauses of 0.1 s doubling: half a minute in all

struct Batch {
  std::string body;
  std::vector<RowCommands> rows;
  std::size_t line_count = 0;
};

// What one batch came to.
struct Answered {
  std::vector<RowOutcome> rows;
  std::uint64_t last_sequence = 0;
  Status failed;  // the batch could not be delivered
};

// Where the row stood that a problem's first fault points at: "/lines/3/quantity".
std::optional<std::size_t> lineNamed(json::Value problem, const std::vector<std::size_t>& origins) {
  constexpr std::string_view kBelow = "/lines/";
  for (const json::Value error : problem["errors"]) {
    const std::string_view pointer = error["pointer"].string();
    if (!pointer.starts_with(kBelow)) continue;
    std::size_t position = 0;
    std::from_chars(pointer.data() + kBelow.size(), pointer.data() + pointer.size(), position);
    if (position < origins.size()) return origins[position];
  }
  return std::nullopt;
}

// Reads the answer lines along the rows they belong to.
Answered readAnswers(Batch batch, std::string_view body) {
  Answered answered;
  std::string_view rest = body;
  for (RowCommands& row : batch.rows) {
    RowOutcome outcome{std::move(row.origin), std::move(row.entity_id), row.row_count, true, false, {}};
    for (std::size_t i = 0; i < row.lines.size(); ++i) {
      const std::size_t end = rest.find('\n');
      const auto line = json::Document::parse(rest.substr(0, end));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      if (!line.isOk()) {
        answered.failed = internalError("an answer line is missing or malformed");
        return answered;
      }
      const json::Value answer = line->root();
      answered.last_sequence = std::max(answered.last_sequence, answer["sequence"].unsignedInteger().value_or(0));
      const json::Value problem = answer["problem"];
      if (problem.isMissing() || !outcome.is_imported)
        continue;  // the first refusal says why; later ones follow from it
      outcome.is_imported = false;
      outcome.was_there = i == 0 && problem["code"].string() == "already_exists";
      outcome.reason = std::string(problem["code"].string()) + ": " + std::string(problem["detail"].string());
      if (const auto named = lineNamed(problem, row.line_origins)) outcome.origin.line = *named;
    }
    answered.rows.push_back(std::move(outcome));
  }
  return answered;
}

}  // namespace

class BatchSender::State {
 public:
  State(std::string url, std::string key, std::string domain, std::function<void(const RowOutcome&)> report)
      : url_(std::move(url)),
        key_(std::move(key)),
        target_("/v1/" + domain + "/commands"),
        report_(std::move(report)) {}

  Status start(unsigned connections) {
    for (unsigned i = 0; i < connections; ++i) {
      GYRE_TRY_ASSIGN(auto client, ApiClient::connect(url_, key_));
      threads_.emplace_back([this, shared = std::shared_ptr<ApiClient>(std::move(client))] { work(*shared); });
    }
    return {};
  }
  ~State() {
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  Status add(RowCommands row) {
    for (const std::string& line : row.lines) current_.body.append(line).append(1, '\n');
    current_.line_count += row.lines.size();
    current_.rows.push_back(std::move(row));
    return current_.line_count >= kBatchLines || current_.body.size() >= kBatchBytes ? push() : Status();
  }

  Status flush() {
    GYRE_TRY(push());
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return (batches_.empty() && under_way_ == 0) || !failed_.isOk(); });
    return drain(lock);
  }
  std::uint64_t lastSequence() const {
    const std::lock_guard lock(mutex_);
    return last_sequence_;
  }

 private:
  Status push() {
    std::unique_lock lock(mutex_);
    if (!current_.rows.empty()) {
      // As many waiting as there are connections: memory stays bounded however fast the file is read.
      changed_.wait(lock, [this] { return batches_.size() < threads_.size() || !failed_.isOk(); });
      batches_.push_back(std::exchange(current_, {}));
      changed_.notify_all();
    }
    return drain(lock);
  }
  // Hands the outcomes gathered so far to `report`, on the caller's thread.
  Status drain(std::unique_lock<std::mutex>& lock) {
    std::vector<RowOutcome> outcomes = std::exchange(outcomes_, {});
    const Status failed = failed_;
    lock.unlock();
    for (const RowOutcome& outcome : outcomes) report_(outcome);
    return failed;
  }

  void work(ApiClient& client) {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return is_stopping_ || (!batches_.empty() && failed_.isOk()); });
      if (is_stopping_) return;
      Batch batch = std::move(batches_.front());
      batches_.pop_front();
      ++under_way_;
      changed_.notify_all();
      lock.unlock();
      Answered answered = deliver(client, std::move(batch));
      lock.lock();
      --under_way_;
      last_sequence_ = std::max(last_sequence_, answered.last_sequence);
      std::move(answered.rows.begin(), answered.rows.end(), std::back_inserter(outcomes_));
      if (failed_.isOk()) failed_ = answered.failed;
      changed_.notify_all();
    }
  }

  Answered deliver(ApiClient& client, Batch batch) {
    Answered answered;
    auto pause = std::chrono::milliseconds(100);
    for (int attempt = 1;; ++attempt, pause *= 2) {
      const auto answer = client.send("POST", target_, "application/x-ndjson", batch.body);
      if (!answer.isOk()) {
        answered.failed = answer.status();
        return answered;
      }
      if (answer->status == 200) return readAnswers(std::move(batch), answer->body);
      answered.failed = unavailable(problemText(*answer));
      if ((answer->status != 429 && answer->status != 503) || attempt == kAttempts) return answered;
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, pause, [this] { return is_stopping_; });
    }
  }

  const std::string url_, key_, target_;
  const std::function<void(const RowOutcome&)> report_;
  Batch current_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> batches_;
  std::size_t under_way_ = 0;
  std::vector<RowOutcome> outcomes_;
  std::uint64_t last_sequence_ = 0;
  Status failed_;
  bool is_stopping_ = false;
  std::vector<std::thread> threads_;
};

BatchSender::BatchSender(std::unique_ptr<State> state) : state_(std::move(state)) {}
BatchSender::~BatchSender() = default;

Result<std::unique_ptr<BatchSender>> BatchSender::open(std::string url, std::string key, std::string domain,
                                                       unsigned connections,
                                                       std::function<void(const RowOutcome&)> report) {
  auto state = std::make_unique<State>(std::move(url), std::move(key), std::move(domain), std::move(report));
  GYRE_TRY(state->start(connections));
  return std::unique_ptr<BatchSender>(new BatchSender(std::move(state)));
}

Status BatchSender::add(RowCommands row) { return state_->add(std::move(row)); }
Status BatchSender::flush() { return state_->flush(); }
std::uint64_t BatchSender::lastSequence() const { return state_->lastSequence(); }

}  // namespace gyre::cli
