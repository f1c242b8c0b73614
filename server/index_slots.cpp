#include "server/index_slots.hpp"

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/durable_file.hpp"

namespace gyre {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kFirst = "index";
constexpr const char* kCurrent = "/index.current";
constexpr const char* kBuilding = "/index.building";

// 0 for "index", 7 for "index.7"; nothing for another name.
std::optional<std::uint64_t> numberOf(std::string_view name) {
  if (name == kFirst) return 0;
  if (!name.starts_with(kFirst) || name.size() < kFirst.size() + 2 || name[kFirst.size()] != '.') return std::nullopt;
  const std::string_view digits = name.substr(kFirst.size() + 1);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number == 0) return std::nullopt;
  return number;
}

std::string nextOf(std::string_view name) {
  return std::string(kFirst) + "." + std::to_string(numberOf(name).value_or(0) + 1);
}

Status failure(const std::string& path, const char* what, int error) {
  return unavailable(path + ": cannot be " + what + ": " + std::generic_category().message(error));
}

// The name that a file holds; "" when there is no file.
Result<std::string> readName(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return std::string();
  std::ifstream in(path);
  std::string name;
  std::getline(in, name);
  if (!numberOf(name))
    return unavailable(path + ": expected \"index\" or \"index.NUMBER\", found \"" + name.substr(0, 60) + "\"");
  return name;
}

Status writeName(const std::string& folder, const char* file, std::string_view name) {
  return base::replaceFile(folder + file, std::string(name) + "\n");
}

}  // namespace

Result<std::string> IndexSlots::currentName() const {
  GYRE_TRY_ASSIGN(const std::string name, readName(folder_ + kCurrent));
  return name.empty() ? std::string(kFirst) : name;
}

Result<std::string> IndexSlots::current() const {
  GYRE_TRY_ASSIGN(const std::string name, currentName());
  return folder_ + "/" + name;
}

Result<std::string> IndexSlots::next() const {
  GYRE_TRY_ASSIGN(const std::string name, currentName());
  return folder_ + "/" + nextOf(name);
}

Status IndexSlots::beginBuilding() {
  GYRE_TRY_ASSIGN(const std::string current, currentName());
  const std::string next = nextOf(current);
  GYRE_TRY_ASSIGN(const std::string begun, readName(folder_ + kBuilding));
  std::error_code error;
  std::vector<fs::path> unused;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && numberOf(name) && name != current && (name != next || begun != next))
      unused.push_back(entry.path());
  }
  for (const fs::path& path : unused)
    if (!error) fs::remove_all(path, error);
  if (error) return failure(folder_, "emptied of unused indexes", error.value());
  return begun == next ? Status() : writeName(folder_, kBuilding, next);
}

Status IndexSlots::switchOver() {
  GYRE_TRY_ASSIGN(const std::string current, currentName());
  GYRE_TRY(writeName(folder_, kCurrent, nextOf(current)));
  std::error_code error;
  fs::remove(folder_ + kBuilding, error);
  return error ? failure(folder_ + kBuilding, "removed", error.value()) : base::syncFolder(folder_);
}

}  // namespace gyre
