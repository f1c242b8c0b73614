// What a FakeNode says when it is to look like a cluster: aliases, indices, marks, bulk requests with versions. As much
// of it as the engine uses, and no search.
//
// THREADS: any.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "server/search/opensearch/cluster.hpp"
#include "tests/support/fake_node.hpp"

namespace gyre::test {

class FakeSearchCluster {
 public:
  using Reply = FakeNode::Reply;
  using Request = FakeNode::Request;
  // Asked first; a reply with the status 0 lets the cluster answer.
  using Fault = std::function<Reply(const Request&)>;

  FakeNode::Script script() {
    return [this](const Request& request) { return answer(request); };
  }
  void setFault(Fault fault) {
    const std::lock_guard lock(mutex_);
    fault_ = std::move(fault);
  }
  static Reply noFault() {
    Reply reply;
    reply.status = 0;
    return reply;
  }
  void deleteIndices() {
    const std::lock_guard lock(mutex_);
    indices_.clear();
    aliases_.clear();
  }
  void deleteMarks() {
    const std::lock_guard lock(mutex_);
    marks_.clear();
  }
  // As a restore from an older copy does.
  void changeHistory() {
    const std::lock_guard lock(mutex_);
    ++history_;
  }
  std::string aliasTarget(const std::string& alias) const {
    const std::lock_guard lock(mutex_);
    const auto found = aliases_.find(alias);
    return found == aliases_.end() ? "" : found->second;
  }
  std::size_t indexCount() const {
    const std::lock_guard lock(mutex_);
    return indices_.size();
  }
  std::map<std::string, std::uint64_t> versions(const std::string& alias) const {
    const std::lock_guard lock(mutex_);
    const auto found = aliases_.find(alias);
    return found == aliases_.end() ? std::map<std::string, std::uint64_t>() : indices_.at(found->second).versions;
  }

 private:
  struct Index {
    std::string body;
    int uuid = 0;
    std::map<std::string, std::uint64_t> versions;
  };

  static Reply missing() {
    return {404, R"({"error":{"type":"index_not_found_exception","reason":"no such index"},"status":404})"};
  }

  Reply answer(const Request& request) {
    Fault fault;
    {
      const std::lock_guard lock(mutex_);
      fault = fault_;
    }
    if (fault)
      if (Reply reply = fault(request); reply.status != 0) return reply;
    const std::lock_guard lock(mutex_);
    if (request.target == "/") return {200, FakeNode::greeting()};
    const std::string path = request.target.substr(0, request.target.find('?'));
    if (path.starts_with("/_alias/")) return alias(path.substr(8));
    if (path == "/_aliases") return changeAliases(request.body);
    if (path.starts_with("/_index_template/")) return {};
    const std::size_t slash = path.find('/', 1);
    const std::string name = path.substr(1, slash - 1);
    const std::string rest = slash == std::string::npos ? "" : path.substr(slash);
    if (name == "gyre-marks") return marks(request, rest);
    if (rest == "/_settings/index.uuid") return names();
    if (rest == "/_mapping" && name.ends_with("-*")) return mappings();
    if (rest.empty() && request.method == "PUT") return make(name, request.body);
    return ofIndex(request, aliases_.contains(name) ? aliases_[name] : name, rest);
  }

  Reply alias(const std::string& name) const {
    const auto found = aliases_.find(name);
    if (found == aliases_.end()) return {404, R"({"error":"alias missing","status":404})"};
    return {200, "{\"" + found->second + R"(":{"aliases":{}}})"};
  }
  Reply changeAliases(const std::string& body) {
    const auto document = json::Document::parse(body);
    for (const json::Value action : document->root()["actions"]) {
      const json::Value added = action["add"];
      if (!added.isMissing()) aliases_[std::string(added["alias"].string())] = added["index"].string();
    }
    return {};
  }
  Reply names() const {
    std::string text;
    JsonWriter writer(text);
    writer.beginObject();
    for (const auto& [name, index] : indices_) writer.key(name).beginObject().endObject();
    writer.endObject();
    return {200, text};
  }
  Reply mappings() const {
    std::string text;
    JsonWriter writer(text);
    writer.beginObject();
    for (const auto& [name, index] : indices_) {
      const auto document = json::Document::parse(index.body);
      writer.key(name).beginObject().rawMember("mappings", document->root()["mappings"].raw()).endObject();
    }
    writer.endObject();
    return {200, text};
  }
  Reply make(const std::string& name, const std::string& body) {
    if (indices_.contains(name))
      return {400, R"({"error":{"type":"resource_already_exists_exception","reason":"exists"}})"};
    indices_[name] = {body, ++made_, {}};
    const auto document = json::Document::parse(body);
    for (const json::Value alias : document->root()["aliases"]) aliases_[std::string(alias.key())] = name;
    return {};
  }
  Reply marks(const Request& request, const std::string& rest) {
    if (rest.empty()) return {};
    const std::string id = rest.substr(rest.find('/', 1) + 1);
    const auto held = marks_.find(id);
    if (request.method == "PUT") {
      const bool is_other = held != marks_.end() ? rest.starts_with("/_create/") : false;
      const std::size_t wanted = request.target.find("if_seq_no=");
      const bool is_unlike =
          wanted != std::string::npos &&
          (held == marks_.end() || std::stoi(request.target.substr(wanted + 10)) != held->second.number);
      if (is_other || is_unlike) return {409, R"({"error":{"type":"version_conflict_engine_exception"}})"};
      marks_[id] = {request.body, ++marked_};
      return {201, "{\"_seq_no\":" + std::to_string(marked_) + ",\"_primary_term\":1}"};
    }
    if (request.method == "DELETE") marks_.erase(id);
    if (held == marks_.end()) return {404, R"({"found":false})"};
    return {200, R"({"found":true,"_seq_no":)" + std::to_string(held->second.number) +
                     R"(,"_primary_term":1,"_source":)" + held->second.body + "}"};
  }
  Reply ofIndex(const Request& request, const std::string& name, const std::string& rest) {
    const auto found = indices_.find(name);
    if (found == indices_.end()) return missing();
    Index& index = found->second;
    if (rest.empty() && request.method == "DELETE") {
      indices_.erase(found);
      return {};
    }
    if (rest == "/_mapping") {
      const auto document = json::Document::parse(index.body);
      return {200, "{\"" + name + R"(":{"mappings":)" + std::string(document->root()["mappings"].raw()) + "}}"};
    }
    if (rest == "/_stats/docs" || rest == "/_stats/docs,store")
      return {200, R"({"indices":{")" + name + R"(":{"uuid":"u)" + std::to_string(index.uuid) +
                       R"(","shards":{"0":[{"routing":{"primary":true},"commit":{"user_data":{"history_uuid":"h)" +
                       std::to_string(history_) + R"("}}}]}}}})"};
    if (rest == "/_refresh") return {200, R"({"_shards":{"total":1,"successful":1,"failed":0}})"};
    if (rest == "/_bulk") return bulk(request.body, index);
    if (rest.starts_with("/_doc/")) return {404, R"({"found":false})"};
    std::uint64_t last = 0;
    for (const auto& [id, version] : index.versions) last = std::max(last, version);
    if (request.body.find(R"("sort":[{"sequence":"desc"}])") != std::string::npos && last > 0)
      return {200, R"({"hits":{"hits":[{"_source":{"sequence":)" + std::to_string(last) + "}}]}}"};
    return {200, R"({"took":1,"timed_out":false,"hits":{"total":{"value":0}}})"};
  }
  static Reply bulk(const std::string& body, Index& index) {
    std::string text;
    JsonWriter writer(text);
    writer.beginObject().member("errors", true).key("items").beginArray();
    for (std::size_t at = 0; at < body.size();) {
      const std::size_t end = body.find('\n', at);
      const auto action = json::Document::parse(std::string_view(body).substr(at, end - at));
      at = end + 1;
      json::Value meta = action->root()["index"];
      if (meta.isMissing()) {
        meta = action->root()["delete"];
      } else {
        at = body.find('\n', at) + 1;
      }
      const std::string id(meta["_id"].string());
      const std::uint64_t version = meta["version"].unsignedInteger().value_or(0);
      const bool is_old = index.versions.contains(id) && index.versions[id] >= version;
      if (!is_old) index.versions[id] = version;
      writer.beginObject().key("index").beginObject().member("status", is_old ? 409 : 201).endObject().endObject();
    }
    writer.endArray().endObject();
    return {200, text};
  }

  mutable std::mutex mutex_;
  Fault fault_;
  std::map<std::string, Index> indices_;
  std::map<std::string, std::string> aliases_;
  struct Mark {
    std::string body;
    int number = 0;
  };
  std::map<std::string, Mark> marks_;
  int marked_ = 0;
  int made_ = 0;
  int history_ = 0;
};

// A cluster of this one node, with the defaults for all else.
inline std::unique_ptr<search::Cluster> clusterOf(const FakeNode& node, const base::Clock& clock,
                                                  base::Observer& observer) {
  search::ClusterOptions options;
  options.nodes.push_back(*search::parseNodeAddress(node.url()));
  return std::move(search::Cluster::open(std::move(options), clock, observer)).value();
}

}  // namespace gyre::test
