#include "engine/mapping/field_caps.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <string>

#include "gyre/json.hpp"

namespace gyre::engine {

class FieldCapsTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(FieldCapsTest);
  CPPUNIT_TEST(everyFieldSaysWhatItCan);
  CPPUNIT_TEST_SUITE_END();

 public:
  void everyFieldSaysWhatItCan() {
    const auto document = json::Document::parse(R"({"properties":{
        "ip":{"type":"ip"},"o":{"properties":{"x":{"type":"long","index":false}}},"empty":{"type":"object"},
        "t":{"type":"text","fielddata":true},"a":{"type":"alias","path":"k"},"k":{"type":"keyword","meta":{"unit":"ms"}},
        "mo":{"type":"match_only_text"},"w":{"type":"wildcard"},"y":{"type":"long","doc_values":false},
        "bin":{"type":"binary","doc_values":true}}})");
    const auto mapping = Mapping::parse(document->root());
    std::string found;
    for (const FieldCapability& each : fieldCapabilities(*mapping.value())) {
      if (each.path.starts_with('_')) continue;
      found += each.path + " " + std::string(each.type) + (each.is_searchable ? " s" : "") +
               (each.is_aggregatable ? " a" : "");
      for (const auto& [name, value] : each.meta) found += " " + name + "=" + value;
      found += "\n";
    }
    CPPUNIT_ASSERT_EQUAL(
        std::string("a keyword s a unit=ms\nbin binary a\nip ip s a\nk keyword s a unit=ms\nmo match_only_text s\n"
                    "o object\no.x long a\nt text s a\nw wildcard s\ny long s\n"),
        found);
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(FieldCapsTest);

}  // namespace gyre::engine
