// What happened, and whose fault was it? The one error type that host and plugins share.
//
// A Status is one pointer wide and null when all is well, so success costs nothing. A failure carries a protocol-free
// Code, a stable snake_case reason that clients may switch on, a message that says what, where, expected and found
// (lower case, no full stop), and any number of faults, each with the JSON pointer (RFC 6901) of what is wrong.
// Nothing here throws; nothing here is logged.
//
// THREADS: values; share them as you would a std::string.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace gyre {

// Numbers are part of the plugin ABI: append, never renumber.
enum class Code : std::int32_t {
  kOk = 0,
  kInvalidArgument = 1,     // the request itself is wrong; sending it again cannot help
  kUnauthenticated = 2,     // no valid credentials
  kPermissionDenied = 3,    // valid credentials, not for this
  kNotFound = 4,            // what was named does not exist
  kConflict = 5,            // it exists already, or its state forbids this
  kFailedPrecondition = 6,  // a stated precondition (If-Match) does not hold
  kUnprocessable = 7,       // understood, and contradicts what was said before (a reused idempotency key)
  kTooLarge = 8,            // beyond a size limit that the message names
  kResourceExhausted = 9,   // a queue or quota is full; later may work
  kInternal = 10,           // our bug
  kCorruption = 11,         // bytes on disk are not what was written; names file and offset
  kUnimplemented = 12,      // not offered
  kUnavailable = 13,        // not now: starting, stopping, or something we depend on is away
  kDeadlineExceeded = 14,   // the time allowed ran out
};

// The reason used when the maker of a Status gives none: "invalid_argument", "not_found", and so on.
constexpr std::string_view codeName(Code code) {
  switch (code) {
    case Code::kOk: return "ok";
    case Code::kInvalidArgument: return "invalid_argument";
    case Code::kUnauthenticated: return "unauthenticated";
    case Code::kPermissionDenied: return "permission_denied";
    case Code::kNotFound: return "not_found";
    case Code::kConflict: return "conflict";
    case Code::kFailedPrecondition: return "failed_precondition";
    case Code::kUnprocessable: return "unprocessable";
    case Code::kTooLarge: return "too_large";
    case Code::kResourceExhausted: return "resource_exhausted";
    case Code::kInternal: return "internal";
    case Code::kCorruption: return "corruption";
    case Code::kUnimplemented: return "unimplemented";
    case Code::kUnavailable: return "unavailable";
    case Code::kDeadlineExceeded: return "deadline_exceeded";
  }
  return "internal";
}

// One thing wrong with an input: where (a JSON pointer, "" for the whole) and what.
struct Fault {
  std::string pointer;
  std::string detail;
  bool operator==(const Fault&) const = default;
};

class [[nodiscard]] Status {
 public:
  Status() = default;  // success
  Status(Code code, std::string message) : Status(code, std::string(codeName(code)), std::move(message)) {}
  // REQUIRES: code is not kOk. `reason` is a stable snake_case identifier, for example "refund_exceeds_amount".
  Status(Code code, std::string reason, std::string message)
      : rep_(new Rep{code, std::move(reason), std::move(message), {}}) {}

  Status(const Status& other) : rep_(other.rep_ ? new Rep(*other.rep_) : nullptr) {}
  Status& operator=(const Status& other) {
    if (this != &other) rep_.reset(other.rep_ ? new Rep(*other.rep_) : nullptr);
    return *this;
  }
  Status(Status&&) noexcept = default;
  Status& operator=(Status&&) noexcept = default;
  ~Status() = default;

  bool isOk() const { return rep_ == nullptr; }
  Code code() const { return rep_ ? rep_->code : Code::kOk; }
  std::string_view reason() const { return rep_ ? std::string_view(rep_->reason) : codeName(Code::kOk); }
  std::string_view message() const { return rep_ ? std::string_view(rep_->message) : std::string_view(); }
  std::span<const Fault> faults() const& { return rep_ ? std::span<const Fault>(rep_->faults) : std::span<const Fault>(); }

  std::span<const Fault> faults() const&& = delete;  // would dangle
  // REQUIRES: !isOk(). Returns itself so that a refusal can be written in one expression.
  Status& addFault(std::string pointer, std::string detail) {
    rep_->faults.push_back({std::move(pointer), std::move(detail)});
    return *this;
  }
  // The same failure with "prefix: " before its message; for a caller that knows where.
  Status withPrefix(std::string_view prefix) const {
    Status copy = *this;
    if (copy.rep_) copy.rep_->message = std::string(prefix) + ": " + copy.rep_->message;
    return copy;
  }

 private:
  struct Rep {
    Code code;
    std::string reason;
    std::string message;
    std::vector<Fault> faults;
  };
  std::unique_ptr<Rep> rep_;
};

inline Status invalidArgument(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }
inline Status notFound(std::string message) { return {Code::kNotFound, std::move(message)}; }
inline Status conflict(std::string message) { return {Code::kConflict, std::move(message)}; }
inline Status internalError(std::string message) { return {Code::kInternal, std::move(message)}; }
inline Status corruption(std::string message) { return {Code::kCorruption, std::move(message)}; }
inline Status unavailable(std::string message) { return {Code::kUnavailable, std::move(message)}; }

// A value, or the Status that says why there is none. Not a std::variant: half of what there is to compile here returns
// one, and a variant took a fifth of all compiling.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : has_value_(true), value_(std::move(value)) {}                // NOLINT(google-explicit-constructor)
  Result(Status status) : has_value_(false), status_(std::move(status)) {}       // NOLINT(google-explicit-constructor)
  Result(const Result& other)
    requires std::is_copy_constructible_v<T>
      : has_value_(other.has_value_), status_(other.status_) {
    if (has_value_) std::construct_at(&value_, other.value_);
  }
  Result(Result&& other) noexcept : has_value_(other.has_value_), status_(std::move(other.status_)) {
    if (has_value_) std::construct_at(&value_, std::move(other.value_));
  }
  Result& operator=(Result other) noexcept {
    if (has_value_) std::destroy_at(&value_);
    has_value_ = other.has_value_;
    status_ = std::move(other.status_);
    if (has_value_) std::construct_at(&value_, std::move(other.value_));
    return *this;
  }
  ~Result() {
    if (has_value_) std::destroy_at(&value_);
  }

  bool isOk() const { return has_value_; }
  // The failure; success when there is a value. Borrowed from this Result.
  const Status& status() const& { return status_; }
  Status status() && { return std::move(status_); }
  // REQUIRES: isOk().
  T& value() & { return value_; }
  const T& value() const& { return value_; }
  T&& value() && { return std::move(value_); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  bool has_value_;
  Status status_;  // success when there is a value
  union {
    T value_;  // when there is one
  };
};

}  // namespace gyre

// Leaves the function with the failure of a Status expression, if it failed.
#define GYRE_TRY(expression)                                          \
  do {                                                                \
    if (::gyre::Status gyre_try_status = (expression); !gyre_try_status.isOk()) return gyre_try_status; \
  } while (false)

#define GYRE_CONCAT_INNER(a, b) a##b
#define GYRE_CONCAT(a, b) GYRE_CONCAT_INNER(a, b)
// `GYRE_TRY_ASSIGN(auto x, f());` binds the value of a Result, or leaves the function with its failure.
#define GYRE_TRY_ASSIGN(declaration, expression) GYRE_TRY_ASSIGN_AS(GYRE_CONCAT(gyre_try_result_, __LINE__), declaration, expression)
#define GYRE_TRY_ASSIGN_AS(name, declaration, expression) \
  auto name = (expression);                               \
  if (!name.isOk()) return name.status();                 \
  declaration = std::move(name).value()
