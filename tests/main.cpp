// Runs CppUnit suites. `--list` prints every test as Suite::method; a name runs that one; no name runs all.
// Exit: 0 all passed, 1 a failure, 2 an unknown name, 3 nothing ran.
#include <cppunit/BriefTestProgressListener.h>
#include <cppunit/CompilerOutputter.h>
#include <cppunit/Test.h>
#include <cppunit/TestResult.h>
#include <cppunit/TestResultCollector.h>
#include <cppunit/TestRunner.h>
#include <cppunit/extensions/TestFactoryRegistry.h>

#include <cstring>
#include <functional>
#include <iostream>
#include <memory>
#include <string>

namespace {

void visitTests(CppUnit::Test* test, const std::function<void(CppUnit::Test*)>& visit) {
  if (test->getChildTestCount() == 0) {
    if (test->countTestCases() > 0) visit(test);
    return;
  }
  for (int i = 0; i < test->getChildTestCount(); ++i) visitTests(test->getChildTestAt(i), visit);
}

}  // namespace

int main(int argc, char** argv) {
  const std::unique_ptr<CppUnit::Test> all(CppUnit::TestFactoryRegistry::getRegistry().makeTest());
  if (argc > 1 && std::strcmp(argv[1], "--list") == 0) {
    visitTests(all.get(), [](CppUnit::Test* test) { std::cout << test->getName() << '\n'; });
    return 0;
  }
  CppUnit::TestResult controller;
  CppUnit::TestResultCollector collected;
  CppUnit::BriefTestProgressListener progress;
  controller.addListener(&collected);
  controller.addListener(&progress);
  int chosen = 0;
  visitTests(all.get(), [&](CppUnit::Test* test) {
    const std::string name = test->getName();
    if (argc > 1 && name != argv[1] && !name.starts_with(std::string(argv[1]) + "::")) return;
    ++chosen;
    test->run(&controller);
  });
  CppUnit::CompilerOutputter(&collected, std::cerr).write();
  if (chosen == 0) {
    std::cerr << (argc > 1 ? std::string("no test is called ") + argv[1] : std::string("there are no tests")) << '\n';
    return argc > 1 ? 2 : 3;
  }
  return collected.wasSuccessful() ? 0 : 1;
}
