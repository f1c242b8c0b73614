// As tests/main.cpp, but without a node nothing is run, visibly.
#include <cstring>
#include <iostream>

#include "tests/search_node/search_node.hpp"

#define main runTests
#include "tests/main.cpp"
#undef main

int main(int argc, char** argv) {
  const bool is_listing = argc > 1 && std::strcmp(argv[1], "--list") == 0;
  if (!is_listing && !gyre::test::searchNode()) {
    std::cout << "SKIPPED: no search node: GYRE_SEARCH_NODE_FILE names none\n";
    return 0;
  }
  return runTests(argc, argv);
}
