// Runs a fuzz target over every file of the folders named, then over damaged copies of each: whole, cut at every byte,
// and with every byte changed once. Exit 0 when all ran, 1 when there was nothing to run; a fault aborts.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kDamagedUpTo = 4096;  // bytes; larger files are run whole

void run(const std::string& input) {
  // On the heap and exactly as long as the input, so that a read past its end is seen by the address sanitizer.
  const std::vector<std::uint8_t> exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

void runDamaged(const std::string& whole) {
  for (std::size_t size = 0; size < whole.size(); ++size) run(whole.substr(0, size));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char byte : {'\0', '"', '\\', '{', ']', '\xff'}) {
      std::string damaged = whole;
      damaged[at] = byte;
      run(damaged);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t count = 0;
  for (int i = 1; i < argc; ++i) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(argv[i], error)) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string input{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
      run(input);
      if (input.size() <= kDamagedUpTo) runDamaged(input);
      ++count;
    }
    if (error) std::cerr << argv[i] << ": " << error.message() << '\n';
  }
  std::cout << count << " inputs\n";
  return count > 0 ? 0 : 1;
}
