// How does a handler report everything wrong with a body at once? What its table finds, and what only the domain knows.
//
//   Faults faults(command.body, kCreateTable);
//   if (const json::Value amount = faults.sound("amount"); !amount.isMissing() && …) faults.add("/amount", "…");
//   GYRE_TRY(faults.status());
//
// THREADS: a local value. OWNS: its faults; the body must outlive it.
#pragma once

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/json.hpp"
#include "gyre/schema.hpp"
#include "gyre/status.hpp"

namespace gyre {

class Faults {
 public:
  // Begins with what the table says.
  Faults(json::Value body, Table table, Arguments::Options options = {}) : body_(body) {
    const Status status = [&] {
      auto checked = Arguments::read(body, table, options);
      return checked.isOk() ? Status() : std::move(checked).status();
    }();
    if (status.isOk()) return;
    if (status.faults().empty()) unreadable_ = status;  // no object at all
    faults_.assign(status.faults().begin(), status.faults().end());
  }

  void add(std::string pointer, std::string detail) { faults_.push_back({std::move(pointer), std::move(detail)}); }

  // A member that is there, not null, and that nothing was found wrong with; else missing.
  json::Value sound(std::string_view name) const {
    const json::Value value = body_[name];
    const std::string pointer = jsonPointer(name);
    const auto is_there = [&](const Fault& fault) { return fault.pointer == pointer; };
    return value.isNull() || std::any_of(faults_.begin(), faults_.end(), is_there) ? json::Value() : value;
  }

  // Whether something was found wrong with a member, or with anything inside it.
  bool hasFaultAt(std::string_view name) const {
    const std::string pointer = jsonPointer(name);
    return std::any_of(faults_.begin(), faults_.end(), [&](const Fault& fault) {
      return fault.pointer.starts_with(pointer) &&
             (fault.pointer.size() == pointer.size() || fault.pointer[pointer.size()] == '/');
    });
  }

  // Which elements of a list of objects something was found wrong with, by position.
  std::vector<bool> unsoundElements(std::string_view list) const {
    const std::string below = jsonPointer(list) + "/";
    std::vector<bool> unsound(body_[list].size(), false);
    for (const Fault& fault : faults_) {
      if (!fault.pointer.starts_with(below)) continue;
      std::size_t position = 0;
      const char* const begin = fault.pointer.data() + below.size();
      std::from_chars(begin, fault.pointer.data() + fault.pointer.size(), position);
      if (position < unsound.size()) unsound[position] = true;
    }
    return unsound;
  }

  bool isEmpty() const { return faults_.empty() && unreadable_.isOk(); }

  // One invalid_argument with all of them, in the order found; success when there are none.
  Status status() const {
    if (!unreadable_.isOk() || faults_.empty()) return unreadable_;
    const Fault& first = faults_.front();
    std::string message = first.pointer.empty() ? first.detail : first.pointer.substr(1) + ": " + first.detail;
    if (faults_.size() > 1) message += " (and " + std::to_string(faults_.size() - 1) + " more)";
    Status all = invalidArgument(std::move(message));
    for (const Fault& fault : faults_) all.addFault(fault.pointer, fault.detail);
    return all;
  }

 private:
  json::Value body_;
  std::vector<Fault> faults_;
  Status unreadable_;
};

}  // namespace gyre
