#include "server/dialect/route_table.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <set>
#include <string>

namespace gyre::dialect {

class RouteTableTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(RouteTableTest);
  CPPUNIT_TEST(everyRouteFindsItself);
  CPPUNIT_TEST(literalsWinOverVariables);
  CPPUNIT_TEST(anUnderscoreIsNoIndex);
  CPPUNIT_TEST(aWrongMethodNamesTheRightOnes);
  CPPUNIT_TEST(unknownParametersAreNamed);
  CPPUNIT_TEST(flagsAndNumbersAreChecked);
  CPPUNIT_TEST_SUITE_END();

  static Request request(std::string method, std::string path) {
    Request made;
    made.method = std::move(method);
    made.path = path;
    for (std::size_t from = 1; from < path.size();) {
      const std::size_t slash = std::min(path.find('/', from), path.size());
      made.segments.push_back(path.substr(from, slash - from));
      from = slash + 1;
    }
    return made;
  }

  // No two routes answer the same method and path, whatever file they stand in.
  void everyRouteFindsItself() {
    std::set<std::string> seen;
    for (const Route& route : allRoutes()) {
      std::string_view methods = route.methods;
      while (!methods.empty()) {
        const std::size_t end = std::min(methods.find(' '), methods.size());
        const std::string method(methods.substr(0, end));
        methods.remove_prefix(std::min(end + 1, methods.size()));
        std::string path;
        bool is_in_variable = false;
        for (const char c : route.pattern) {
          if (c == '{') path += 'v';
          is_in_variable = c == '{' || (is_in_variable && c != '}');
          if (!is_in_variable && c != '}') path += c;
        }
        CPPUNIT_ASSERT_MESSAGE(method + " " + path + " is answered twice", seen.insert(method + " " + path).second);
        const Request made = request(method, path);
        const RouteMatch match = matchRoute(made);
        CPPUNIT_ASSERT_MESSAGE(method + " " + std::string(route.pattern), match.route == &route);
      }
    }
  }

  void literalsWinOverVariables() {
    const Request refresh = request("POST", "/things/_refresh");
    CPPUNIT_ASSERT_EQUAL(std::string("/{index}/_refresh"), std::string(matchRoute(refresh).route->pattern));
    const Request all = request("POST", "/_refresh");
    CPPUNIT_ASSERT_EQUAL(std::string("/_refresh"), std::string(matchRoute(all).route->pattern));
    const Request document = request("PUT", "/things/_doc/_refresh");
    const RouteMatch match = matchRoute(document);
    CPPUNIT_ASSERT(match.variables.size() == 2 && match.variables[0].second == "things" &&
                   match.variables[1].second == "_refresh");
  }

  void anUnderscoreIsNoIndex() {
    const Request made = request("PUT", "/_nothing");
    const RouteMatch match = matchRoute(made);
    CPPUNIT_ASSERT(match.route == nullptr && match.allowed.empty());
    const Request all = request("POST", "/_all/_refresh");
    CPPUNIT_ASSERT(matchRoute(all).route != nullptr);
  }

  void aWrongMethodNamesTheRightOnes() {
    const Request made = request("PUT", "/");
    const RouteMatch match = matchRoute(made);
    CPPUNIT_ASSERT(match.route == nullptr);
    CPPUNIT_ASSERT_EQUAL(std::string("GET, HEAD"), match.allowed);
  }

  void unknownParametersAreNamed() {
    Request made = request("GET", "/");
    made.parameters = {{"pretty", ""}, {"filter_path", "a"}};
    const Route& route = *matchRoute(made).route;
    CPPUNIT_ASSERT(checkParameters(made, route).isOk());
    made.parameters.emplace_back("prety", "");
    CPPUNIT_ASSERT_EQUAL(std::string("illegal_argument_exception"), std::string(checkParameters(made, route).reason()));
    CPPUNIT_ASSERT(checkParameters(made, route).message().find("unrecognized parameter: [prety]") !=
                   std::string_view::npos);
    made.parameters.emplace_back("x", "");
    CPPUNIT_ASSERT(checkParameters(made, route)
                       .message()
                       .find("unrecognized parameters: [prety] -> did you mean [pretty]?, [x]") !=
                   std::string_view::npos);
  }

  void flagsAndNumbersAreChecked() {
    Request made = request("GET", "/");
    made.parameters = {{"yes", ""}, {"no", "false"}, {"odd", "maybe"}, {"n", "12"}, {"m", "12x"}};
    const Call call(made, {});
    CPPUNIT_ASSERT(call.flag("yes").value());
    CPPUNIT_ASSERT(!call.flag("no", true).value());
    CPPUNIT_ASSERT(call.flag("absent", true).value());
    CPPUNIT_ASSERT(!call.flag("odd").isOk());
    CPPUNIT_ASSERT_EQUAL(std::int64_t{12}, call.whole("n", 0).value());
    CPPUNIT_ASSERT_EQUAL(std::int64_t{7}, call.whole("absent", 7).value());
    CPPUNIT_ASSERT(!call.whole("m", 0).isOk());
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(RouteTableTest);

}  // namespace gyre::dialect
