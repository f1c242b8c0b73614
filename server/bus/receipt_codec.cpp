#include "server/bus/receipt_codec.hpp"

#include <utility>

#include "base/bytes.hpp"

namespace gyre::bus {

namespace {

constexpr std::uint8_t kFormat = 1;
enum class Kind : std::uint8_t { kAccepted = 0, kRefused = 1 };

void appendText(std::string& out, std::string_view text) {
  base::appendVarint(out, text.size());
  out += text;
}

void appendReceipt(std::string& out, const CommandReceipt& receipt) {
  appendText(out, receipt.id);
  base::appendVarint(out, receipt.version);
  base::appendVarint(out, receipt.sequence);
  base::appendVarint(out, receipt.is_created ? 1 : 0);
  base::appendVarint(out, receipt.events.size());
  for (const auto& [type, sequence] : receipt.events) {
    appendText(out, type);
    base::appendVarint(out, sequence);
  }
}

void appendRefusal(std::string& out, const Status& refusal) {
  base::appendVarint(out, static_cast<std::uint64_t>(refusal.code()));
  appendText(out, refusal.reason());
  appendText(out, refusal.message());
  base::appendVarint(out, refusal.faults().size());
  for (const Fault& fault : refusal.faults()) {
    appendText(out, fault.pointer);
    appendText(out, fault.detail);
  }
}

CommandReceipt readReceipt(base::ByteReader& reader) {
  CommandReceipt receipt;
  receipt.id = reader.text();
  receipt.version = reader.varint();
  receipt.sequence = reader.varint();
  receipt.is_created = reader.varint() != 0;
  for (std::uint64_t left = reader.varint(); left > 0 && reader.isValid(); --left) {
    std::string type(reader.text());
    receipt.events.emplace_back(std::move(type), reader.varint());
  }
  return receipt;
}

// Nothing when the code is none of ours.
std::optional<Status> readRefusal(base::ByteReader& reader) {
  const std::uint64_t code = reader.varint();
  if (code == 0 || code > static_cast<std::uint64_t>(Code::kDeadlineExceeded)) return std::nullopt;
  std::string reason(reader.text());
  std::string message(reader.text());
  Status refusal(static_cast<Code>(code), std::move(reason), std::move(message));
  for (std::uint64_t left = reader.varint(); left > 0 && reader.isValid(); --left) {
    std::string pointer(reader.text());
    refusal.addFault(std::move(pointer), std::string(reader.text()));
  }
  return refusal;
}

}  // namespace

std::string writeAnswer(const Result<CommandReceipt>& answer) {
  std::string out;
  base::appendLittle(out, kFormat);
  base::appendLittle(out, answer.isOk() ? Kind::kAccepted : Kind::kRefused);
  if (answer.isOk()) {
    appendReceipt(out, *answer);
  } else {
    appendRefusal(out, answer.status());
  }
  return out;
}

Result<Result<CommandReceipt>> parseAnswer(std::string_view bytes) {
  base::ByteReader reader(base::asBytes(bytes));
  std::optional<Result<CommandReceipt>> answer;
  const auto format = reader.little<std::uint8_t>();
  const auto kind = reader.little<std::uint8_t>();
  if (format == kFormat && kind == static_cast<std::uint8_t>(Kind::kAccepted)) {
    answer = readReceipt(reader);
  } else if (format == kFormat && kind == static_cast<std::uint8_t>(Kind::kRefused)) {
    if (auto refusal = readRefusal(reader)) answer = *std::move(refusal);
  }
  if (!answer || !reader.isValid() || reader.remaining() != 0)
    return corruption("stored answer: " + std::to_string(bytes.size()) + " bytes that are no answer, near byte " +
                      std::to_string(reader.position()));
  return *std::move(answer);
}

}  // namespace gyre::bus
