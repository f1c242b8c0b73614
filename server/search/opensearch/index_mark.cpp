#include "server/search/opensearch/index_mark.hpp"

#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "gyre/json_writer.hpp"
#include "server/search/opensearch/cluster_calls.hpp"
#include "server/search/opensearch/failure.hpp"

namespace gyre::search {

namespace {

constexpr int kAttempts = 5;  // while others write the same mark
constexpr std::string_view kOwner = "owner";
constexpr std::string_view kForeign = "foreign";

}  // namespace

IndexMark::IndexMark(std::string marks, std::string id, MarkOwner owner)
    : marks_(std::move(marks)), id_(std::move(id)), owner_(std::move(owner)) {}

Result<std::optional<json::Document>> IndexMark::read(Cluster& cluster) const { return readMark(cluster, marks_, id_); }

// `is_ours_now`: we have claimed it, so another is there who took it from us.
Status IndexMark::checkOwner(json::Value owner, bool is_ours_now) const {
  const std::string_view store = owner["store"].string();
  if (store.empty()) return {};
  const std::string who(owner["server"].string());
  const std::int64_t since = owner["since"].integer().value_or(0);
  if (store != owner_.store && (is_ours_now || !owner_.takes_over)) {
    std::string text = "the index ";
    text.append(id_).append(" is filled by another server, ").append(who).append(", from a store of its own (");
    text.append(store).append("; the one here is ").append(owner_.store);
    text.append("): give one of them another search.index_prefix");
    if (owner_.may_take_over)
      text.append(", or, when the other is gone for good, start this one with search.take_over: true");
    return {Code::kConflict, std::string(kIndexTaken), std::move(text)};
  }
  if (is_ours_now && store == owner_.store && since > owner_.since_millis) {
    std::string text = "the index ";
    text.append(id_).append(" was taken over by ").append(who).append(", which runs since ");
    text.append(base::formatTime(since)).append(" on a copy of the store here: only one of them may write");
    return {Code::kConflict, std::string(kIndexTaken), std::move(text)};
  }
  return {};
}

std::string IndexMark::bodyOf(const std::function<void(JsonWriter&)>& members) const {
  std::string body;
  JsonWriter writer(body);
  members(writer.beginObject());
  if (!owner_.store.empty())
    writer.key(kOwner)
        .beginObject()
        .member("store", owner_.store)
        .member("server", owner_.server)
        .member("since", owner_.since_millis)
        .endObject();
  writer.endObject();
  return body;
}

// What the mark says stays as it is, but for its owner.
Result<bool> IndexMark::claim(Cluster& cluster) {
  GYRE_TRY(makeMarks(cluster, marks_));
  if (owner_.store.empty()) return false;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    GYRE_TRY_ASSIGN(const auto found, read(cluster));
    const json::Value root = found ? found->root() : json::Value();
    const json::Value said = root["_source"];
    GYRE_TRY(checkOwner(said[kOwner], is_claimed_));
    // Whatever the clocks of two machines say: who claims it first by now came later.
    if (!is_claimed_ && said[kOwner]["store"].string() == owner_.store)
      owner_.since_millis = std::max(owner_.since_millis, said[kOwner]["since"].integer().value_or(0) + 1);
    setVersion(root);
    const std::string_view store = said[kOwner]["store"].string();
    // Until write() says what is ours: whoever stopped in between finds the other's words still.
    const bool is_foreign = (!store.empty() && store != owner_.store) || said[kForeign].boolean();
    const std::string body = bodyOf([&](JsonWriter& writer) {
      for (const json::Value member : said)
        if (member.key() != kOwner && member.key() != kForeign) writer.rawMember(member.key(), member.raw());
      if (is_foreign) writer.member(kForeign, true);
    });
    GYRE_TRY_ASSIGN(const bool is_written, put(cluster, body));
    if (!is_written) continue;
    is_claimed_ = true;
    return is_foreign;
  }
  return busy();
}

Status IndexMark::write(Cluster& cluster, const std::function<void(JsonWriter&)>& members) {
  const std::string body = bodyOf(members);
  if (owner_.store.empty()) return writeMark(cluster, marks_, id_, body);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    GYRE_TRY_ASSIGN(const bool is_written, put(cluster, body));
    if (is_written) return {};
    // By another; or by us, in a request that was taken for lost; or it was deleted.
    GYRE_TRY_ASSIGN(const auto found, read(cluster));
    if (found) GYRE_TRY(checkOwner(found->root()["_source"][kOwner], true));
    setVersion(found ? found->root() : json::Value());
  }
  return busy();
}

Status IndexMark::busy() const {
  return {Code::kUnavailable, "mark_busy", "the mark of " + id_ + " is being written by others"};
}

void IndexMark::setVersion(json::Value found) {
  version_.reset();
  if (const auto number = found["_seq_no"].integer())
    version_ = Version{*number, found["_primary_term"].integer().value_or(0)};
}

// False when it is not what we wrote or found last.
Result<bool> IndexMark::put(Cluster& cluster, const std::string& body) {
  std::string target = "/" + encodeSegment(marks_);
  if (version_) {
    target.append("/_doc/").append(encodeSegment(id_)).append("?if_seq_no=").append(std::to_string(version_->number));
    target.append("&if_primary_term=").append(std::to_string(version_->term));
  } else {
    target.append("/_create/").append(encodeSegment(id_));
  }
  GYRE_TRY_ASSIGN(const HttpResponse response, cluster.send(makeRequest("PUT", std::move(target), body)));
  if (response.status == 409) return false;
  if (!isSuccess(response)) return failureOf(response);
  GYRE_TRY_ASSIGN(const json::Document answer, json::Document::parse(response.body));
  setVersion(answer.root());
  if (version_) return true;
  return Status(Code::kUnavailable, "malformed_response", marks_ + ": expected the sequence number of a mark");
}

}  // namespace gyre::search
