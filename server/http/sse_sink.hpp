// How does a follower read a stream? Server-sent events (text/event-stream; HTML Living Standard, 9.2).
//
//   id: 42
//   data: {"message":"hello"}
//
// The head goes out with the first thing that is said, or at once when the follower is accepted. A comment line says
// that the connection is alive. The last event is of type "end" and says why.
//
// THREADS: as stream::TailSink. OWNS: the right to answer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "gyre/json_writer.hpp"
#include "server/http/body_feed.hpp"
#include "server/http/http_server.hpp"
#include "server/stream/tail_hub.hpp"

namespace gyre::http {

class SseSink final : public stream::TailSink {
 public:
  // `after`: where the follower begins, which is told it first: it may resume there although nothing came.
  SseSink(Responder responder, std::uint64_t after) : responder_(std::move(responder)), after_(after) {}

  // Instead of all else.
  void refuse(Response response) { responder_.send(std::move(response)); }

  std::size_t pendingBytes() const override { return is_begun_ ? feed_->pendingBytes() : 0; }
  bool isAbandoned() const override { return is_begun_ ? feed_->isAbandoned() : responder_.isAbandoned(); }
  void show(std::uint64_t sequence, std::string_view json) override {
    text_.append("id: ").append(std::to_string(sequence)).append("\ndata: ");
    for (const char c : json) text_ += c == '\n' || c == '\r' ? ' ' : c;
    text_ += "\n\n";
  }
  void flush(bool is_alive_only) override {
    if (is_alive_only) text_ += ": alive\n\n";
    begin();
    feed_->send(std::exchange(text_, std::string()));
  }
  void end(std::string_view reason, std::string_view message) override {
    text_ += "event: end\ndata: ";
    JsonWriter(text_).beginObject().member("reason", reason).member("message", message).endObject();
    text_ += "\n\n";
    flush(false);
    feed_->end();
  }

 private:
  void begin() {
    if (std::exchange(is_begun_, true)) return;
    Response response;
    response.content_type = "text/event-stream";
    response.headers.emplace_back("Cache-Control", "no-store");
    response.headers.emplace_back("Gyre-Sequence", std::to_string(after_));
    response.feed = feed_;
    responder_.send(std::move(response));
  }

  Responder responder_;
  const std::uint64_t after_;
  const std::shared_ptr<BodyFeed> feed_ = std::make_shared<BodyFeed>();
  bool is_begun_ = false;
  std::string text_;
};

}  // namespace gyre::http
