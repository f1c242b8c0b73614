#include "server/search/opensearch/cluster.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "server/search/opensearch/gzip.hpp"
#include "tests/support/fake_node.hpp"

namespace gyre::search {

using test::FakeNode;

class ClusterTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ClusterTest);
  CPPUNIT_TEST(requestsGoRound);
  CPPUNIT_TEST(connectionsAreKept);
  CPPUNIT_TEST(aNodeThatIsGoneIsPassedOverAndComesBack);
  CPPUNIT_TEST(aConnectionThatTheNodeClosedIsReplaced);
  CPPUNIT_TEST(halfAnAnswerIsNone);
  CPPUNIT_TEST(aNodeThatNeverAnswersCostsItsTime);
  CPPUNIT_TEST(anotherProductIsNotUsed);
  CPPUNIT_TEST(refusedCredentialsAreNamed);
  CPPUNIT_TEST(credentialsAreSent);
  CPPUNIT_TEST(bodiesArePacked);
  CPPUNIT_TEST(anUnavailableNodeIsNotTheLastWord);
  CPPUNIT_TEST(anUnknownHostIsNamed);
  CPPUNIT_TEST(certificateFilesAreChecked);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override {}

 protected:
  std::unique_ptr<Cluster> open(std::vector<std::string> urls, ClusterOptions options = {}) {
    for (const std::string& url : urls) {
      auto address = parseNodeAddress(url);
      CPPUNIT_ASSERT_MESSAGE(url, address.isOk());
      options.nodes.push_back(std::move(address).value());
    }
    auto cluster = Cluster::open(std::move(options), clock_, observer_);
    CPPUNIT_ASSERT_MESSAGE(std::string(cluster.status().message()), cluster.isOk());
    return std::move(cluster).value();
  }
  static HttpRequest get(std::string target) {
    HttpRequest request;
    request.target = std::move(target);
    return request;
  }
  static int statusOf(Cluster& cluster, const std::string& target) {
    const auto response = cluster.send(get(target));
    CPPUNIT_ASSERT_MESSAGE(std::string(response.status().message()), response.isOk());
    return response->status;
  }
  static std::string whyNot(Cluster& cluster, const std::string& target = "/x") {
    return std::string(cluster.send(get(target)).status().message());
  }
  static void awaitUp(const Cluster& cluster) {
    CPPUNIT_ASSERT_MESSAGE(std::string(cluster.health().message()), cluster.awaitUp(20'000));
  }

  void requestsGoRound() {
    FakeNode one, two;
    const auto cluster = open({one.url(), two.url()});
    for (int i = 0; i < 10; ++i) CPPUNIT_ASSERT_EQUAL(200, statusOf(*cluster, "/x"));
    CPPUNIT_ASSERT_EQUAL(std::size_t{5}, one.requests("/x").size());
    CPPUNIT_ASSERT_EQUAL(std::size_t{5}, two.requests("/x").size());
  }

  void connectionsAreKept() {
    FakeNode node;
    const auto cluster = open({node.url()});
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i) statusOf(*cluster, "/x");
      });
    for (std::thread& thread : threads) thread.join();
    CPPUNIT_ASSERT_EQUAL(std::size_t{200}, node.requests("/x").size());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, cluster->figures()[0].failures);
  }

  void aNodeThatIsGoneIsPassedOverAndComesBack() {
    FakeNode one, two;
    const auto cluster = open({one.url(), two.url()});
    one.close();
    for (int i = 0; i < 6; ++i) CPPUNIT_ASSERT_EQUAL(200, statusOf(*cluster, "/x"));
    CPPUNIT_ASSERT_EQUAL(std::size_t{6}, two.requests("/x").size() + one.requests("/x").size());
    two.close();
    const std::string why = whyNot(*cluster);
    CPPUNIT_ASSERT_MESSAGE(why, why.find(one.url()) != std::string::npos && why.find(two.url()) != std::string::npos);
    CPPUNIT_ASSERT_EQUAL(std::string("search_engine_away"), std::string(cluster->health().reason()));
    two.reopen();
    awaitUp(*cluster);
    CPPUNIT_ASSERT_EQUAL(200, statusOf(*cluster, "/y"));
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, two.requests("/y").size());
  }

  void aConnectionThatTheNodeClosedIsReplaced() {
    FakeNode node([](const FakeNode::Request& request) {
      FakeNode::Reply reply;
      if (request.target == "/") reply.body = FakeNode::greeting();
      return reply;
    });
    const auto cluster = open({node.url()});
    CPPUNIT_ASSERT_EQUAL(200, statusOf(*cluster, "/x"));
    node.close();
    node.reopen();
    CPPUNIT_ASSERT_EQUAL(200, statusOf(*cluster, "/x"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, cluster->figures()[0].failures);
  }

  void halfAnAnswerIsNone() {
    for (const std::size_t cut : {std::size_t{0}, std::size_t{5}, std::size_t{40}, std::size_t{70}}) {
      FakeNode node;
      const auto cluster = open({node.url()});
      node.setScript([cut](const FakeNode::Request& request) {
        FakeNode::Reply reply;
        if (request.target == "/") reply.body = FakeNode::greeting();
        if (request.target != "/") reply.cut_at = cut;
        return reply;
      });
      const auto response = cluster->send(get("/x"));
      CPPUNIT_ASSERT_MESSAGE(std::to_string(cut), !response.isOk());
      CPPUNIT_ASSERT_EQUAL(std::string("search_engine_away"), std::string(response.status().reason()));
    }
  }

  void aNodeThatNeverAnswersCostsItsTime() {
    FakeNode node;
    ClusterOptions options;
    options.request_timeout_ms = 100;
    const auto cluster = open({node.url()}, options);
    node.setScript([](const FakeNode::Request& request) {
      FakeNode::Reply reply;
      if (request.target == "/") reply.body = FakeNode::greeting();
      reply.is_withheld = request.target != "/";
      return reply;
    });
    const auto response = cluster->send(get("/x"));
    CPPUNIT_ASSERT(response.status().code() == Code::kDeadlineExceeded);
    CPPUNIT_ASSERT(response.status().message().find(node.url()) != std::string_view::npos);
    awaitUp(*cluster);  // it answers the check, so it is used again
    node.release();
    CPPUNIT_ASSERT_EQUAL(200, statusOf(*cluster, "/y"));
  }

  void anotherProductIsNotUsed() {
    FakeNode elasticsearch([](const FakeNode::Request&) {
      return FakeNode::Reply{200, FakeNode::greeting("7.17.29", "")};
    });
    const auto cluster = open({elasticsearch.url()});
    const std::string why = whyNot(*cluster);
    CPPUNIT_ASSERT_MESSAGE(why,
                           why.find("expected OpenSearch 1 to 3, found Elasticsearch 7.17.29") != std::string::npos);
    FakeNode garbage([](const FakeNode::Request&) { return FakeNode::Reply{200, "<html>welcome</html>"}; });
    CPPUNIT_ASSERT(whyNot(*open({garbage.url()})).find("found no JSON") != std::string::npos);
    FakeNode good;
    CPPUNIT_ASSERT_EQUAL(200, statusOf(*open({elasticsearch.url(), good.url()}), "/x"));
  }

  void refusedCredentialsAreNamed() {
    FakeNode node([](const FakeNode::Request&) { return FakeNode::Reply{401, "Unauthorized"}; });
    CPPUNIT_ASSERT(whyNot(*open({node.url()})).find("refuses our credentials with 401") != std::string::npos);
  }

  void credentialsAreSent() {
    FakeNode node;
    ClusterOptions options;
    options.username = "user";
    options.password = std::string(100, 'p');
    statusOf(*open({node.url()}, options), "/basic");
    options.username.clear();
    options.api_key = "a2V5";
    statusOf(*open({node.url()}, options), "/key");
    CPPUNIT_ASSERT(node.requests("/basic")[0].head.find("Authorization: Basic dXNlcjpwcHBw") != std::string::npos);
    CPPUNIT_ASSERT(node.requests("/basic")[0].head.find("cHA=\r\n") != std::string::npos ||
                   node.requests("/basic")[0].head.find("cHBw\r\n") != std::string::npos ||
                   node.requests("/basic")[0].head.find("cA==\r\n") != std::string::npos);
    CPPUNIT_ASSERT(node.requests("/key")[0].head.find("Authorization: ApiKey a2V5\r\n") != std::string::npos);
  }

  void bodiesArePacked() {
    const std::string large(10'000, 'x');
    FakeNode node([&](const FakeNode::Request& request) {
      FakeNode::Reply reply;
      if (request.target == "/") {
        reply.body = FakeNode::greeting();
      } else {
        reply.body = packGzip(large);
        reply.fields = "Content-Encoding: gzip\r\n";
      }
      return reply;
    });
    ClusterOptions options;
    options.packs_bodies = true;
    const auto cluster = open({node.url()}, options);
    HttpRequest request = get("/x");
    request.method = "POST";
    request.body = large;
    const auto response = cluster->send(request);
    CPPUNIT_ASSERT(response.isOk() && response->body == large);
    const FakeNode::Request seen = node.requests("/x")[0];
    CPPUNIT_ASSERT(seen.head.find("Content-Encoding: gzip\r\n") != std::string::npos);
    CPPUNIT_ASSERT(seen.head.find("Accept-Encoding: gzip\r\n") != std::string::npos);
    const auto unpacked = unpackGzip(seen.body, large.size());
    CPPUNIT_ASSERT(unpacked.isOk() && *unpacked == large);
  }

  void anUnavailableNodeIsNotTheLastWord() {
    const auto busy = [](const FakeNode::Request& request) {
      return request.target == "/" ? FakeNode::Reply{200, FakeNode::greeting()}
                                   : FakeNode::Reply{503, R"({"error":"no manager"})"};
    };
    FakeNode one(busy), two;
    const auto cluster = open({one.url(), two.url()});
    for (int i = 0; i < 4; ++i) CPPUNIT_ASSERT_EQUAL(200, statusOf(*cluster, "/x"));
    two.setScript(busy);
    CPPUNIT_ASSERT_EQUAL(503, statusOf(*cluster, "/x"));
    CPPUNIT_ASSERT(cluster->health().isOk());
  }

  void anUnknownHostIsNamed() {
    const std::string why = whyNot(*open({"http://no-such-host.invalid:9200"}));
    CPPUNIT_ASSERT_MESSAGE(why, why.find("no-such-host.invalid") != std::string::npos);
  }

  void certificateFilesAreChecked() {
    ClusterOptions options;
    options.nodes.push_back(*parseNodeAddress("https://127.0.0.1:1"));
    options.tls.ca_file = "/nowhere/ca.pem";
    const auto cluster = Cluster::open(options, clock_, observer_);
    CPPUNIT_ASSERT(cluster.status().code() == Code::kInvalidArgument);
    CPPUNIT_ASSERT(cluster.status().message().find("search.ca_file: /nowhere/ca.pem") != std::string_view::npos);
  }

 private:
  base::SystemClock clock_;
  base::NullObserver observer_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(ClusterTest);

}  // namespace gyre::search
