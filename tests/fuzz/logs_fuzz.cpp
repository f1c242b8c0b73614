// Any bytes through every intake of the logs: each record is a JSON object with its time, and is taken again as a
// document.
#include <cstdint>
#include <string>
#include <string_view>

#include "gyre/json.hpp"
#include "gyre/stream.hpp"
#include "plugins/logs/document.hpp"
#include "plugins/logs/lines.hpp"
#include "plugins/logs/loki.hpp"
#include "plugins/logs/otlp.hpp"
#include "plugins/logs/syslog.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace gyre;

struct Seen {
  std::string body;
  std::uint64_t count = 0;
};

void see(void* context, gyre_bytes, gyre_bytes data) {
  const std::string_view record = abi::view(data);
  const auto document = json::Document::parse(record);
  fuzz::require(document.isOk(), "a record is JSON");
  fuzz::require(document->root()["@timestamp"].string().size() == 24, "a record has a time");
  auto& seen = *static_cast<Seen*>(context);
  seen.body.append(record).append(1, '\n');
  ++seen.count;
}

gyre_reply replyTo(Seen& seen) {
  return {sizeof(gyre_reply),
          0,
          &seen,
          [](void*, gyre_bytes) {},
          &see,
          [](void*, gyre_bytes, gyre_bytes) {},
          [](void*, std::int32_t, gyre_bytes, gyre_bytes) {},
          [](void*, gyre_bytes, gyre_bytes) {}};
}

using Take = Status (*)(const IntakeCall&, Records&);

void run(Take take, std::string_view body, Seen& seen) {
  static const auto parameters = json::Document::parse("{}");
  const gyre_reply reply = replyTo(seen);
  Records records(&reply);
  IntakeCall call;
  call.body = body;
  call.parameters = parameters->root();
  call.time_millis = 1'704'067'200'000;
  (void)take(call, records).isOk();
}

}  // namespace

// The first byte says which intake.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr Take kTakes[] = {&logs::takeDocuments,   &logs::takeOtlpJson,     &logs::takeOtlpProtobuf,
                             &logs::takeLokiJson,    &logs::takeLokiProtobuf, &logs::takeSyslog,
                             &logs::takeSyslogLines, &logs::takeAccessLines,  &logs::takeLog4jLines};
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  Seen first, again;
  run(kTakes[data[0] % std::size(kTakes)], body, first);
  run(&logs::takeDocuments, first.body, again);
  fuzz::require(again.count == first.count, "a record is taken as a document");
  return 0;
}
