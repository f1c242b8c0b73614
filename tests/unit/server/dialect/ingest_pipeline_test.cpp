#include "server/dialect/ingest_pipeline.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

#include "server/dialect/date_math_name.hpp"
#include "server/dialect/grok.hpp"

namespace gyre::dialect {

class IngestPipelineTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(IngestPipelineTest);
  CPPUNIT_TEST(processorsChangeTheDocument);
  CPPUNIT_TEST(failuresNameWhatIsWrong);
  CPPUNIT_TEST(definitionsAreChecked);
  CPPUNIT_TEST(failuresMayBeHandled);
  CPPUNIT_TEST(pipelinesRunOthersButNotThemselves);
  CPPUNIT_TEST(grokKnowsItsBank);
  CPPUNIT_TEST(namesWithDateMath);
  CPPUNIT_TEST_SUITE_END();

 private:
  CatalogState state_;

  // The source after one processor; "type: reason" when it fails, "dropped" when it is.
  std::string after(const std::string& processor, std::string_view source) {
    return afterPipeline(R"({"processors":[)" + processor + "]}", source);
  }
  std::string afterPipeline(const std::string& definition, std::string_view source) {
    const auto pipeline = Pipeline::parse("p", JsonTree::parse(definition).value());
    CPPUNIT_ASSERT_MESSAGE(std::string(pipeline.status().message()), pipeline.isOk());
    IngestDocument document(JsonTree::parse(source).value(), "i", "1");
    IngestRun run(state_, 0);
    const auto flow = run.runPipeline(*pipeline.value(), document);
    if (!flow.isOk()) return std::string(flow.status().reason()) + ": " + std::string(flow.status().message());
    return flow.value() == IngestFlow::kDropped ? "dropped" : document.source().json();
  }

  void processorsChangeTheDocument() {
    struct Case {
      const char *processor, *before, *after;
    };
    const Case cases[] = {
        {R"({"set":{"field":"a.b","value":"{{c}}-x"}})", R"({"c":2})", R"({"c":2,"a":{"b":"2-x"}})"},
        {R"({"set":{"field":"l.0","value":1}})", R"({"l":[5,6]})", R"({"l":[1,6]})"},
        {R"({"set":{"field":"a","value":1,"override":false}})", R"({"a":2})", R"({"a":2})"},
        {R"({"append":{"field":"a","value":["x","y"]}})", R"({"a":"w"})", R"({"a":["w","x","y"]})"},
        {R"({"remove":{"field":["a","b"]}})", R"({"a":1,"b":2,"c":3})", R"({"c":3})"},
        {R"({"rename":{"field":"a","target_field":"o.b"}})", R"({"a":1})", R"({"o":{"b":1}})"},
        {R"({"copy":{"source_field":"a","target_field":"b"}})", R"({"a":1})", R"({"a":1,"b":1})"},
        {R"({"convert":{"field":"a","type":"integer"}})", R"({"a":["1","0x10"]})", R"({"a":[1,16]})"},
        {R"({"convert":{"field":"a","type":"auto"}})", R"({"a":"1.5"})", R"({"a":1.5})"},
        {R"({"convert":{"field":"a","type":"boolean"}})", R"({"a":"TRUE"})", R"({"a":true})"},
        {R"({"lowercase":{"field":"a"}})", R"({"a":"ÄB"})", R"({"a":"äb"})"},
        {R"({"uppercase":{"field":"a"}})", R"({"a":"äß"})", R"({"a":"ÄSS"})"},
        {R"({"trim":{"field":"a"}})", R"({"a":"  x "})", R"({"a":"x"})"},
        {R"({"split":{"field":"a","separator":","}})", R"({"a":"x,y,,"})", R"({"a":["x","y"]})"},
        {R"({"split":{"field":"a","separator":"\\s+"}})", R"({"a":"x  y"})", R"({"a":["x","y"]})"},
        {R"({"join":{"field":"a","separator":"-"}})", R"({"a":["x",1]})", R"({"a":"x-1"})"},
        {R"({"gsub":{"field":"a","pattern":"(l)+","replacement":"<$1>"}})", R"({"a":"hello"})", R"({"a":"he<l>o"})"},
        {R"({"kv":{"field":"a","field_split":" ","value_split":"="}})", R"({"a":"x=1 y=2 x=3"})",
         R"({"a":"x=1 y=2 x=3","x":["1","3"],"y":"2"})"},
        {R"({"json":{"field":"a","target_field":"b"}})", R"({"a":"{\"x\":1}"})", R"({"a":"{\"x\":1}","b":{"x":1}})"},
        {R"({"bytes":{"field":"a"}})", R"({"a":"2kb"})", R"({"a":2048})"},
        {R"({"sort":{"field":"a","order":"desc"}})", R"({"a":[3,10,2]})", R"({"a":[10,3,2]})"},
        {R"({"foreach":{"field":"a","processor":{"uppercase":{"field":"_ingest._value"}}}})", R"({"a":["x","y"]})",
         R"({"a":["X","Y"]})"},
        {R"({"dot_expander":{"field":"a.b"}})", R"({"a.b":1,"a":{"b":2}})", R"({"a":{"b":[2,1]}})"},
        {R"({"html_strip":{"field":"a"}})", R"({"a":"<b>x</b> &amp; y"})", R"({"a":"x & y"})"},
        {R"({"urldecode":{"field":"a"}})", R"({"a":"a%20b+c"})", R"({"a":"a b c"})"},
        {R"({"csv":{"field":"a","target_fields":["x","y","z"]}})", R"({"a":"1,\"2,\"\"3\",,"})",
         R"({"a":"1,\"2,\"\"3\",,","x":"1","y":"2,\"3"})"},
        {R"({"dissect":{"field":"a","pattern":"%{x} %{+x} [%{?skip}] %{*k}=%{&k}"}})", R"({"a":"1 2 [z] key=v"})",
         R"({"a":"1 2 [z] key=v","x":"12","key":"v"})"},
        {R"({"grok":{"field":"a","patterns":["%{IP:ip} %{NUMBER:n:int}"]}})", R"({"a":"10.0.0.1 55"})",
         R"({"a":"10.0.0.1 55","ip":"10.0.0.1","n":55})"},
        {R"({"date":{"field":"a","formats":["dd/MM/yyyy"],"target_field":"d"}})", R"({"a":"12/06/2010"})",
         R"({"a":"12/06/2010","d":"2010-06-12T00:00:00.000Z"})"},
        {R"({"date":{"field":"a","formats":["UNIX"],"target_field":"d"}})", R"({"a":"1.5"})",
         R"({"a":"1.5","d":"1970-01-01T00:00:01.500Z"})"},
        {R"({"drop":{}})", R"({"a":1})", "dropped"},
        {R"({"trim":{"field":"nope","ignore_missing":true}})", R"({"a":1})", R"({"a":1})"},
    };
    for (const Case& each : cases)
      CPPUNIT_ASSERT_EQUAL_MESSAGE(each.processor, std::string(each.after), after(each.processor, each.before));
  }

  void failuresNameWhatIsWrong() {
    struct Case {
      const char *processor, *message;
    };
    const Case cases[] = {
        {R"({"rename":{"field":"x","target_field":"y"}})", "illegal_argument_exception: field [x] doesn't exist"},
        {R"({"convert":{"field":"b","type":"integer"}})",
         "illegal_argument_exception: unable to convert [hello] to integer"},
        {R"({"lowercase":{"field":"n"}})", "illegal_argument_exception: field [n] is null, cannot process it."},
        {R"({"trim":{"field":"x.y"}})", "illegal_argument_exception: field [x] not present as part of path [x.y]"},
        {R"({"set":{"field":"b.c","value":1}})",
         "illegal_argument_exception: cannot set [c] with parent object of type [java.lang.String] as part of path "
         "[b.c]"},
        {R"({"fail":{"message":"oops {{b}}"}})", "fail_processor_exception: oops hello"},
        {R"({"kv":{"field":"b","field_split":" ","value_split":"="}})",
         "illegal_argument_exception: field [b] does not contain value_split [=]"},
        {R"({"grok":{"field":"b","patterns":["%{IP:ip}"]}})",
         "illegal_argument_exception: Provided Grok expressions do not match field value: [hello]"},
        {R"({"pipeline":{"name":"nope"}})",
         "illegal_state_exception: Pipeline processor configured for non-existent pipeline [nope]"},
    };
    for (const Case& each : cases)
      CPPUNIT_ASSERT_EQUAL(std::string(each.message), after(each.processor, R"({"b":"hello","n":null})"));
  }

  void definitionsAreChecked() {
    struct Case {
      const char *definition, *message;
    };
    const Case cases[] = {
        {R"({})", "[processors] required property is missing"},
        {R"({"processors":[{"foo":{}}]})", "No processor type exists with name [foo]"},
        {R"({"processors":[{"set":{"field":"a"}}]})", "[value] required property is missing"},
        {R"({"processors":[{"set":{"field":"a","value":1,"bar":2}}]})",
         "processor [set] doesn't support one or more provided configuration parameters [bar]"},
        {R"({"processors":[{"set":{"field":"a","value":1,"if":"true"}}]})",
         "[if] conditions are not served: there is no scripting language"},
        {R"({"processors":[{"convert":{"field":"a","type":"foo"}}]})",
         "[type] type [foo] not supported, cannot convert field."},
        {R"({"processors":[{"grok":{"field":"a","patterns":["%{FOO:x}"]}}]})",
         "[patterns] Invalid regex pattern found in: [%{FOO:x}]. Unable to find pattern [FOO] in Grok's pattern "
         "dictionary"},
    };
    for (const Case& each : cases)
      CPPUNIT_ASSERT_EQUAL(
          std::string(each.message),
          std::string(Pipeline::parse("p", JsonTree::parse(each.definition).value()).status().message()));
  }

  void failuresMayBeHandled() {
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"a":1,"e":"field [x] doesn't exist"})"),
                         after(R"({"rename":{"field":"x","target_field":"y","on_failure":[
                             {"set":{"field":"e","value":"{{_ingest.on_failure_message}}"}}]}})",
                               R"({"a":1})"));
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"a":1})"),
                         after(R"({"remove":{"field":"x","ignore_failure":true}})", R"({"a":1})"));
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"t":"fail"})"),
                         afterPipeline(R"({"processors":[{"fail":{"message":"m"}},{"set":{"field":"never","value":1}}],
                          "on_failure":[{"set":{"field":"t","value":"{{_ingest.on_failure_processor_type}}"}}]})",
                                       "{}"));
  }

  void pipelinesRunOthersButNotThemselves() {
    state_.pipelines["inner"] = R"({"processors":[{"set":{"field":"in","value":"{{_ingest.pipeline}}"}}]})";
    state_.pipelines["a"] = R"({"processors":[{"pipeline":{"name":"b"}}]})";
    state_.pipelines["b"] = R"({"processors":[{"pipeline":{"name":"a"}}]})";
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"in":"inner"})"), after(R"({"pipeline":{"name":"inner"}})", "{}"));
    CPPUNIT_ASSERT(after(R"({"pipeline":{"name":"a"}})", "{}").find("Cycle detected for pipeline: a") !=
                   std::string::npos);
  }

  // Every pattern of the bank compiles, and so does what it refers to.
  void grokKnowsItsBank() {
    for (const auto& [name, pattern] : Grok::bank())
      CPPUNIT_ASSERT_MESSAGE(name, Grok::parse("%{" + name + ":x}", {}).isOk());
    const auto grok = Grok::parse("%{COMBINEDAPACHELOG}", {});
    std::vector<Grok::Field> fields;
    CPPUNIT_ASSERT(grok.value()
                       .match(R"(127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif?x=1 HTTP/1.0" 200 2326 )"
                              R"("http://www.example.com/start.html" "Mozilla/4.08")",
                              fields)
                       .value());
    std::string found;
    for (const Grok::Field& field : fields)
      if (field.name == "request" || field.name == "response") found += field.value.text() + ";";
    CPPUNIT_ASSERT_EQUAL(std::string("/a.gif?x=1;200;"), found);
    CPPUNIT_ASSERT(!Grok::parse("%{A}", {{"A", "%{B}"}, {"B", "%{A}"}}).isOk());
  }

  void namesWithDateMath() {
    constexpr std::int64_t kNow = 1'795'534'590'904;  // 2026-11-24T15:36:30.904Z
    CPPUNIT_ASSERT_EQUAL(std::string("plain"), resolveDateMath("plain", kNow).value());
    CPPUNIT_ASSERT_EQUAL(std::string("logs-2026.11.24"), resolveDateMath("<logs-{now/d}>", kNow).value());
    CPPUNIT_ASSERT_EQUAL(std::string("logs-2026.11"), resolveDateMath("<logs-{now/M{yyyy.MM}}>", kNow).value());
    CPPUNIT_ASSERT_EQUAL(std::string("p-2026-11-01"),
                         resolveDateMath("<p-{2026-11-24||/M{yyyy-MM-dd|UTC}}>", kNow).value());
    CPPUNIT_ASSERT(!resolveDateMath("<logs-{now/d>", kNow).isOk());
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(IngestPipelineTest);

}  // namespace gyre::dialect
