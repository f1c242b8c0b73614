#include "server/search/opensearch/bulk_sender.hpp"

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "server/search/opensearch/bulk_body.hpp"
#include "server/search/opensearch/failure.hpp"

namespace gyre::search {
namespace {

constexpr std::size_t kActionBytes = 64;  // of an action line beside its id
constexpr std::size_t kLeastPart = 4;     // of a full request is the smallest of several

std::size_t bytesOf(const BulkOperation& operation) {
  return operation.id.size() + operation.source.size() + kActionBytes;
}

}  // namespace

// One call of send(): threads take the next request's worth of operations until none is left or the cluster says no.
class BulkSender::Batch {
 public:
  Batch(BulkSender& sender, std::span<const BulkOperation> operations) : sender_(sender), operations_(operations) {
    items_.resize(operations.size(), {BulkItem::Verdict::kRetry, {}});
    for (const BulkOperation& operation : operations) waiting_bytes_ += bytesOf(operation);
  }

  void run() {
    std::size_t first = 0, last = 0;
    while (take(first, last)) {
      // The first of a range that is refused for its size goes again in halves.
      const Status sent = sendRange(first, last);
      if (!sent.isOk()) stop(sent);
    }
    const std::lock_guard lock(mutex_);
    if (--running_ == 0) ended_.notify_all();
  }

  void addRunner() {
    const std::lock_guard lock(mutex_);
    ++running_;
  }
  void await() {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return running_ == 0; });
  }

  // REQUIRES: nothing was taken yet. More than one request's worth waits.
  bool isLarge() const { return waiting_bytes_ > sender_.pace_.bytes(); }

  Result<Outcome> outcome() {
    if (decided_ == 0 && !failure_.isOk() && !is_missing_) return failure_;
    for (BulkItem& item : items_)
      if (item.verdict == BulkItem::Verdict::kRetry && item.cause.empty())
        item.cause = "it was not sent: the search cluster asked for a pause";
    return Outcome{std::move(items_), is_missing_};
  }

 private:
  bool take(std::size_t& first, std::size_t& last) {
    const std::size_t most = sender_.pace_.bytes(), parallel = sender_.pace_.parallel();
    const std::lock_guard lock(mutex_);
    if (is_stopped_ || next_ == operations_.size()) return false;
    // Towards the end requests become smaller, so that the last ones end together: until then the cluster is idle in
    // part.
    const std::size_t limit = std::clamp(waiting_bytes_ / parallel, most / kLeastPart, most);
    first = next_;
    std::size_t bytes = 0;
    do {
      bytes += bytesOf(operations_[next_++]);
    } while (next_ < operations_.size() && bytes + bytesOf(operations_[next_]) <= limit);
    last = next_;
    waiting_bytes_ -= bytes;
    return true;
  }

  void stop(const Status& why) {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
    if (failure_.isOk()) failure_ = why;
  }

  void decide(std::size_t at, BulkItem item) {
    const std::lock_guard lock(mutex_);
    decideLocked(at, std::move(item));
  }

  void decideLocked(std::size_t at, BulkItem item) {
    if (item.verdict != BulkItem::Verdict::kRetry) ++decided_;
    items_[at] = std::move(item);
  }

  // Not ok: the cluster wants a pause, or is away; what is undecided says retry.
  Status sendRange(std::size_t first, std::size_t last) {
    std::string body;
    std::vector<std::size_t> sent;
    std::size_t expected = 0;
    for (std::size_t i = first; i < last; ++i) expected += bytesOf(operations_[i]) + kActionBytes;
    body.reserve(expected);
    sent.reserve(last - first);
    for (std::size_t i = first; i < last; ++i) {
      const BulkOperation& operation = operations_[i];
      if (std::string refusal = refusalOf(operation); !refusal.empty()) {
        decide(i, {BulkItem::Verdict::kRefuse, std::move(refusal)});
        continue;
      }
      const bool is_plain = sender_.sums_.isEmpty() || operation.kind == BulkOperation::Kind::kDelete;
      writeOperation(operation, is_plain ? operation.source : sender_.sums_.extend(operation.source), body);
      sent.push_back(i);
    }
    if (sent.empty()) return {};
    const std::size_t bytes = body.size();
    HttpRequest request;
    request.method = "POST";
    request.target = sender_.target_;
    request.body = std::move(body);
    request.content_type = "application/x-ndjson";
    const Result<HttpResponse> response = sender_.cluster_.send(request);
    if (!response.isOk()) return fail(sent, response.status());
    if (response->status == 413) return splitRange(first, last);
    if (!isSuccess(*response)) {
      const Status failure = failureOf(*response);
      if (failure.reason() == "index_missing") setMissing();
      return fail(sent, Status(Code::kUnavailable, std::string(failure.reason()), std::string(failure.message())));
    }
    Result<BulkAnswer> answer = readBulkAnswer(response->body, sent.size());
    if (!answer.isOk()) return fail(sent, answer.status());
    const std::string paused = decideAll(sent, answer->items);
    if (answer->is_missing) setMissing();
    if (paused.empty()) {
      sender_.pace_.taken(bytes);
      return {};
    }
    sender_.pace_.rejected();
    return unavailable(paused);
  }

  // The cause of the first that is to be sent again; "" when none is.
  std::string decideAll(const std::vector<std::size_t>& sent, std::vector<BulkItem>& items) {
    std::string paused;
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < sent.size(); ++i) {
      if (paused.empty() && items[i].verdict == BulkItem::Verdict::kRetry) paused = items[i].cause;
      decideLocked(sent[i], std::move(items[i]));
    }
    return paused;
  }

  Status splitRange(std::size_t first, std::size_t last) {
    sender_.pace_.rejected();
    if (last - first == 1) {
      decide(first, {BulkItem::Verdict::kRefuse, "the search cluster takes no request of " +
                                                     std::to_string(bytesOf(operations_[first])) + " bytes (413)"});
      return {};
    }
    const std::size_t middle = first + (last - first) / 2;
    GYRE_TRY(sendRange(first, middle));
    return sendRange(middle, last);
  }

  Status fail(const std::vector<std::size_t>& sent, const Status& why) {
    sender_.pace_.rejected();
    for (const std::size_t at : sent) decide(at, {BulkItem::Verdict::kRetry, std::string(why.message())});
    return why;
  }

  void setMissing() {
    const std::lock_guard lock(mutex_);
    is_missing_ = true;
  }

  BulkSender& sender_;
  const std::span<const BulkOperation> operations_;
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t running_ = 0;
  std::size_t next_ = 0;
  std::size_t waiting_bytes_ = 0;  // of the operations from next_ on
  std::size_t decided_ = 0;
  bool is_stopped_ = false;
  bool is_missing_ = false;
  Status failure_;
  std::vector<BulkItem> items_;
};

BulkSender::BulkSender(Cluster& cluster, std::string alias, const ExactSums& sums)
    : cluster_(cluster),
      target_("/" + encodeSegment(alias) + "/_bulk?require_alias=true&" + std::string(kBulkFilter)),
      sums_(sums),
      pace_(cluster.options().parallel_writes) {}

Result<BulkSender::Outcome> BulkSender::send(std::span<const BulkOperation> operations) {
  if (operations.empty()) return Outcome{};
  Batch batch(*this, operations);
  batch.addRunner();
  const std::size_t others = batch.isLarge() ? pace_.parallel() - 1 : 0;
  for (std::size_t i = 0; i < others; ++i) {
    batch.addRunner();
    if (!cluster_.writers().trySubmit([&batch] { batch.run(); })) {
      batch.run();  // counts itself out
      break;
    }
  }
  batch.run();
  batch.await();
  return batch.outcome();
}

}  // namespace gyre::search
