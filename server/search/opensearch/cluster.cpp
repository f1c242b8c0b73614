#include "server/search/opensearch/cluster.hpp"

#include <Poco/Base64Encoder.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <random>
#include <sstream>
#include <thread>
#include <utility>

#include "server/search/opensearch/connection.hpp"
#include "server/search/opensearch/gzip.hpp"

namespace gyre::search {
namespace {

constexpr std::string_view kPart = "search";
constexpr std::int64_t kNanosPerMs = 1'000'000;
constexpr std::size_t kKeptConnections = 64;               // idle, of one node
constexpr std::int64_t kKeptNanos = 60'000 * kNanosPerMs;  // what stands between may forget an idle one sooner or later
constexpr std::int64_t kFirstPauseMs = 200, kLongestPauseMs = 5'000;  // before a node that is down is looked at again
constexpr std::int64_t kCheckMs = 5'000;                              // may a check take
constexpr std::size_t kPackedBytes = 1u << 10;                        // a smaller body is not worth packing

std::string base64(const std::string& text) {
  std::ostringstream encoded;
  Poco::Base64Encoder encoder(encoded);
  encoder.rdbuf()->setLineLength(0);
  encoder << text;
  encoder.close();
  return encoded.str();
}

std::string authorization(const ClusterOptions& options) {
  if (!options.username.empty())
    return "Authorization: Basic " + base64(options.username + ":" + options.password) + "\r\n";
  if (!options.api_key.empty()) return "Authorization: ApiKey " + options.api_key + "\r\n";
  return {};
}

enum class NodeState { kUnknown, kUp, kDown };

}  // namespace

class Cluster::Nodes {
 public:
  Nodes(ClusterOptions options, Poco::Net::Context::Ptr context, const base::Clock& clock, base::Observer& observer)
      : options_(std::move(options)),
        context_(std::move(context)),
        clock_(clock),
        observer_(observer),
        random_(static_cast<std::uint64_t>(clock.monotonicNanos())),
        writers_(std::max<std::size_t>(options_.parallel_writes, 1), 1u << 10) {
    const std::string common = "User-Agent: gyre\r\nAccept: application/json\r\n" + authorization(options_) +
                               (options_.packs_bodies ? "Accept-Encoding: gzip\r\n" : "");
    for (const NodeAddress& address : options_.nodes) {
      nodes_.push_back(std::make_unique<Node>());
      nodes_.back()->address = address;
      nodes_.back()->fields = " HTTP/1.1\r\nHost: " + address.authority() + "\r\n" + common;
    }
    checker_ = std::thread([this] { check(); });
  }

  ~Nodes() {
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
    }
    changed_.notify_all();
    checker_.join();
    writers_.stop();
  }

  void awaitFirstLook(std::int64_t patience_ms) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(patience_ms), [this] {
      return std::none_of(nodes_.begin(), nodes_.end(),
                          [](const auto& node) { return node->state == NodeState::kUnknown; });
    });
  }

  Result<HttpResponse> send(const HttpRequest& request, std::int64_t deadline) {
    const std::int64_t latest = clock_.monotonicNanos() + options_.request_timeout_ms * kNanosPerMs;
    deadline = deadline == 0 ? latest : std::min(deadline, latest);
    std::vector<const Node*> tried;
    Result<HttpResponse> last = Status();
    while (Node* const node = choose(tried)) {
      tried.push_back(node);
      last = ask(*node, request, deadline);
      if (!last.isOk()) {
        const bool is_late = last.status().code() == Code::kDeadlineExceeded;
        if (!is_late || request.tells_health) setDown(*node, std::string(last.status().message()));
        if (is_late)
          return Status(Code::kDeadlineExceeded, "search_engine_timeout",
                        node->address.text() + ": " + std::string(last.status().message()));
        const std::string_view reason = last.status().reason();
        const bool is_unsent = reason == "connect_failed" || reason == "tls_failed";
        if (!request.is_repeatable && !is_unsent)
          return Status(Code::kUnavailable, "search_engine_lost",
                        node->address.text() + ": " + std::string(last.status().message()) +
                            ": whether the request was carried out is not known");
        continue;
      }
      // Another node may have found its cluster manager, or lie on the right side of a proxy.
      const bool is_away = last->status == 502 || last->status == 503 || last->status == 504;
      if (!is_away || !request.is_repeatable) return last;
    }
    if (!tried.empty() && last.isOk()) return last;
    return away();
  }

  Status health() const {
    const std::lock_guard lock(mutex_);
    return isUpLocked() ? Status() : awayLocked();
  }

  bool awaitUp(std::int64_t patience_ms) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::milliseconds(patience_ms), [this] { return isUpLocked(); });
  }

  std::vector<NodeFigures> figures() const {
    const std::lock_guard lock(mutex_);
    std::vector<NodeFigures> figures;
    for (const auto& node : nodes_)
      figures.push_back(
          {node->address.text(), node->state == NodeState::kUp, node->why, node->requests, node->failures});
    return figures;
  }

  const ClusterOptions& options() const { return options_; }
  base::ThreadPool& writers() { return writers_; }

 private:
  struct Node {
    NodeAddress address;
    std::string fields;  // the constant part of every head
    // Under the mutex.
    NodeState state = NodeState::kUnknown;
    std::string why = "it was not looked at yet";
    std::string version;
    std::int64_t check_at = 0;
    std::int64_t pause_ms = kFirstPauseMs;
    std::vector<std::unique_ptr<Connection>> kept;
    std::uint64_t requests = 0;
    std::uint64_t failures = 0;
  };

  bool isUpLocked() const {
    return std::any_of(nodes_.begin(), nodes_.end(), [](const auto& node) { return node->state == NodeState::kUp; });
  }
  Status away() const {
    const std::lock_guard lock(mutex_);
    return awayLocked();
  }
  Status awayLocked() const {
    std::string reasons;
    for (const auto& node : nodes_)
      reasons +=
          (reasons.empty() ? "" : "; ") + node->address.text() + ": " + (node->why.empty() ? "just lost" : node->why);
    return {Code::kUnavailable, "search_engine_away", "no node of the search cluster can be used: " + reasons};
  }

  Node* choose(const std::vector<const Node*>& tried) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      Node* const node = nodes_[next_++ % nodes_.size()].get();
      if (node->state == NodeState::kUp && std::find(tried.begin(), tried.end(), node) == tried.end()) return node;
    }
    return nullptr;
  }

  Result<HttpResponse> ask(Node& node, const HttpRequest& request, std::int64_t deadline) {
    const bool is_packed = options_.packs_bodies && request.body.size() >= kPackedBytes;
    const std::string packed = is_packed ? packGzip(request.body) : std::string();
    const std::string_view body = is_packed ? packed : request.body;
    std::string head;
    head.reserve(256 + request.target.size() + node.fields.size());
    head.append(request.method).append(1, ' ').append(node.address.path).append(request.target).append(node.fields);
    if (!request.body.empty()) {
      head.append("Content-Type: ").append(request.content_type).append("\r\n");
      if (is_packed) head.append("Content-Encoding: gzip\r\n");
    }
    if (!request.body.empty() || request.method != "GET")
      head.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    head.append("\r\n");
    for (;;) {
      bool is_kept = true;
      std::unique_ptr<Connection> connection = takeConnection(node, request.is_repeatable);
      if (!connection) {
        is_kept = false;
        const std::int64_t left_ms = (deadline - clock_.monotonicNanos()) / kNanosPerMs;
        GYRE_TRY_ASSIGN(connection,
                        Connection::open(node.address, context_,
                                         std::clamp<std::int64_t>(left_ms, 1, options_.connect_timeout_ms), clock_));
      }
      Result<HttpResponse> response = connection->exchange(head, body, deadline, options_.response_bytes);
      if (!response.isOk() && is_kept && response.status().reason() == "connection_stale") continue;
      if (!response.isOk()) return response;
      if (response->keeps_alive) keep(node, std::move(connection));
      if (response->content_encoding == "gzip") {
        GYRE_TRY_ASSIGN(response->body, unpackGzip(response->body, options_.response_bytes));
      }
      return response;
    }
  }

  // A kept one, when it is allowed to be; null when there is none.
  std::unique_ptr<Connection> takeConnection(Node& node, bool may_be_kept) {
    const std::int64_t oldest = clock_.monotonicNanos() - kKeptNanos;
    std::vector<std::unique_ptr<Connection>> expired;  // closed outside the lock
    const std::lock_guard lock(mutex_);
    ++node.requests;
    while (may_be_kept && !node.kept.empty()) {
      std::unique_ptr<Connection> connection = std::move(node.kept.back());
      node.kept.pop_back();
      if (connection->idleSinceNanos() >= oldest) return connection;
      expired.push_back(std::move(connection));
    }
    return nullptr;
  }

  void keep(Node& node, std::unique_ptr<Connection> connection) {
    const std::lock_guard lock(mutex_);
    if (node.kept.size() < kKeptConnections) node.kept.push_back(std::move(connection));
  }

  void setDown(Node& node, std::string why) {
    std::vector<std::unique_ptr<Connection>> lost;
    bool is_news = false;
    {
      const std::lock_guard lock(mutex_);
      ++node.failures;
      is_news = node.state != NodeState::kDown || node.why != why;
      if (node.state != NodeState::kDown) node.pause_ms = kFirstPauseMs;
      node.state = NodeState::kDown;
      node.why = why;
      const std::int64_t pause = std::uniform_int_distribution<std::int64_t>(node.pause_ms / 2, node.pause_ms)(random_);
      node.check_at = clock_.monotonicNanos() + pause * kNanosPerMs;
      node.pause_ms = std::min(node.pause_ms * 2, kLongestPauseMs);
      lost.swap(node.kept);
    }
    changed_.notify_all();
    if (is_news) observer_.log(base::Level::kWarning, kPart, "node " + node.address.text() + " is not used: " + why);
  }

  void setUp(Node& node, const ProductVersion& found) {
    bool is_news = false;
    {
      const std::lock_guard lock(mutex_);
      is_news = node.state != NodeState::kUp || node.version != found.number;
      node.state = NodeState::kUp;
      node.why.clear();
      node.version = found.number;
      node.pause_ms = kFirstPauseMs;
      node.check_at = clock_.monotonicNanos() + options_.check_interval_ms * kNanosPerMs;
    }
    changed_.notify_all();
    if (is_news)
      observer_.log(
          base::Level::kInformation, kPart,
          "node " + node.address.text() + " is used: " + std::string(productName(found.product)) + " " + found.number);
  }

  Result<ProductVersion> look(Node& node) {
    HttpRequest request;
    request.target = "/";
    const std::int64_t allowed_ms = std::min(kCheckMs, options_.request_timeout_ms);
    GYRE_TRY_ASSIGN(const HttpResponse response,
                    ask(node, request, clock_.monotonicNanos() + allowed_ms * kNanosPerMs));
    if (response.status == 401 || response.status == 403)
      return Status(Code::kUnavailable, "credentials_refused",
                    "it refuses our credentials with " + std::to_string(response.status) +
                        " (search.username and search.password, or search.api_key)");
    if (response.status != 200)
      return Status(Code::kUnavailable, "unknown_search_engine",
                    "it answers GET / with " + std::to_string(response.status));
    GYRE_TRY_ASSIGN(ProductVersion found, readProduct(response.body));
    GYRE_TRY(checkProduct(options_.product, found));
    return found;
  }

  void check() {
    std::unique_lock lock(mutex_);
    while (!is_stopping_) {
      const auto due = std::min_element(nodes_.begin(), nodes_.end(),
                                        [](const auto& a, const auto& b) { return a->check_at < b->check_at; });
      Node& node = **due;
      const std::int64_t wait = node.check_at - clock_.monotonicNanos();
      if (wait > 0) {
        changed_.wait_for(lock, std::chrono::nanoseconds(wait));
        continue;
      }
      lock.unlock();
      const Result<ProductVersion> found = look(node);
      if (found.isOk()) {
        setUp(node, *found);
      } else {
        setDown(node, std::string(found.status().message()));
      }
      lock.lock();
    }
  }

  const ClusterOptions options_;
  const Poco::Net::Context::Ptr context_;
  const base::Clock& clock_;
  base::Observer& observer_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::size_t next_ = 0;
  bool is_stopping_ = false;

  base::ThreadPool writers_;
  std::thread checker_;
};

Cluster::Cluster(std::unique_ptr<Nodes> nodes) : nodes_(std::move(nodes)) {}
Cluster::~Cluster() = default;

Result<std::unique_ptr<Cluster>> Cluster::open(ClusterOptions options, const base::Clock& clock,
                                               base::Observer& observer, std::int64_t patience_ms) {
  if (options.nodes.empty()) return invalidArgument("search.urls: expected at least one address, found none");
  Poco::Net::Context::Ptr context;
  if (std::any_of(options.nodes.begin(), options.nodes.end(), [](const NodeAddress& node) { return node.is_secure; })) {
    GYRE_TRY_ASSIGN(context, makeTlsContext(options.tls));
  }
  std::unique_ptr<Cluster> cluster(
      new Cluster(std::make_unique<Nodes>(std::move(options), std::move(context), clock, observer)));
  cluster->nodes_->awaitFirstLook(patience_ms);
  return cluster;
}

Result<HttpResponse> Cluster::send(const HttpRequest& request, std::int64_t deadline_nanos) {
  return nodes_->send(request, deadline_nanos);
}
Status Cluster::health() const { return nodes_->health(); }
bool Cluster::awaitUp(std::int64_t patience_ms) const { return nodes_->awaitUp(patience_ms); }
std::vector<NodeFigures> Cluster::figures() const { return nodes_->figures(); }
const ClusterOptions& Cluster::options() const { return nodes_->options(); }
base::ThreadPool& Cluster::writers() { return nodes_->writers(); }

}  // namespace gyre::search
