// What did one call of a plugin answer? The sinks that it is given, and what they come to together.
//
// THREADS: one call's.
#pragma once

#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/abi.h"
#include "gyre/status.hpp"
#include "server/bus/handlers.hpp"

namespace gyre::plugin {

inline gyre_bytes bytes(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view view(gyre_bytes text) {
  return text.size == 0 || text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}

inline bool isUtf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

inline bool isReason(std::string_view reason) {
  return !reason.empty() && reason.size() <= 64 && std::all_of(reason.begin(), reason.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// Looks like an object from its ends; whether it is one is found when it is read, which for events is at once (evolve).
inline bool hasBraces(std::string_view text) { return text.size() >= 2 && text.front() == '{' && text.back() == '}'; }

// What one call answered. The sinks copy, since what they are given dies with the call; they are noexcept, since no
// exception may pass through a plugin's frames.
class Reply {
 public:
  // A function that takes events as they come, instead of gathering them; it must not throw.
  using TakeEvent = void (*)(void* taker, std::string_view type, std::string_view data) noexcept;
  explicit Reply(void* taker, TakeEvent take_event) : Reply() {
    taker_ = taker;
    take_event_ = take_event;
  }
  Reply() : table_{sizeof(gyre_reply), 0, this, &onText, &onEvent, &onAttribute, &onRefuse, &onFault} {}
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;

  const gyre_reply* table() const { return &table_; }

  // What the function's return and the sinks come to together. `where`: "payments: decide CreatePayment".
  Status outcome(std::int32_t returned, const std::string& where) {
    if (returned == 0 && !is_refused_)
      return isUtf8(text_) ? Status() : broken(where, "answered with text that is not UTF-8");
    if (!is_refused_) return broken(where, "returned " + std::to_string(returned) + " without refuse()");
    if (returned == 0) return broken(where, "called refuse() and returned 0");
    if (code_ <= static_cast<std::int32_t>(Code::kOk) || code_ > static_cast<std::int32_t>(Code::kDeadlineExceeded))
      return broken(where, "refused with the unknown code " + std::to_string(code_));
    if (!isUtf8(message_)) return broken(where, "refused with a message that is not UTF-8");
    const auto code = static_cast<Code>(code_);
    Status status(code, isReason(reason_) ? reason_ : std::string(codeName(code)), std::move(message_));
    for (Fault& fault : faults_)
      if (isUtf8(fault.pointer) && isUtf8(fault.detail))
        status.addFault(std::move(fault.pointer), std::move(fault.detail));
    return status;
  }

  const std::vector<std::pair<std::string, std::string>>& attributes() const { return attributes_; }
  std::string& text() { return text_; }
  std::vector<bus::DecidedEvent>& events() { return events_; }
  // Null when the plugin named no such attribute.
  const std::string* attribute(std::string_view name) const {
    for (const auto& [key, value] : attributes_)
      if (key == name) return &value;
    return nullptr;
  }

  // The attributes whose names begin with `name`: the rest of each name, and its value.
  std::vector<std::pair<std::string, std::string>> attributesBelow(std::string_view name) const {
    std::vector<std::pair<std::string, std::string>> found;
    for (const auto& [key, value] : attributes_)
      if (key.starts_with(name)) found.emplace_back(key.substr(name.size()), value);
    return found;
  }

  static Status broken(const std::string& where, const std::string& what) {
    return internalError(where + ": the plugin " + what);
  }

 private:
  static Reply& self(void* context) { return *static_cast<Reply*>(context); }
  static void onText(void* context, gyre_bytes text) noexcept { self(context).text_ += view(text); }
  static void onEvent(void* context, gyre_bytes type, gyre_bytes data) noexcept {
    Reply& reply = self(context);
    if (reply.take_event_ != nullptr) return reply.take_event_(reply.taker_, view(type), view(data));
    reply.events_.push_back({std::string(view(type)), std::string(view(data))});
  }
  static void onAttribute(void* context, gyre_bytes name, gyre_bytes value) noexcept {
    self(context).attributes_.emplace_back(view(name), view(value));
  }
  static void onRefuse(void* context, std::int32_t code, gyre_bytes reason, gyre_bytes message) noexcept {
    Reply& reply = self(context);
    reply.is_refused_ = true;
    reply.code_ = code;
    reply.reason_ = view(reason);
    reply.message_ = view(message);
  }
  static void onFault(void* context, gyre_bytes pointer, gyre_bytes detail) noexcept {
    self(context).faults_.push_back({std::string(view(pointer)), std::string(view(detail))});
  }

  gyre_reply table_;
  void* taker_ = nullptr;
  TakeEvent take_event_ = nullptr;
  std::string text_;
  std::vector<bus::DecidedEvent> events_;
  std::vector<std::pair<std::string, std::string>> attributes_;
  bool is_refused_ = false;
  std::int32_t code_ = 0;
  std::string reason_, message_;
  std::vector<Fault> faults_;
};

}  // namespace gyre::plugin
