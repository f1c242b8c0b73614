// Any bytes as the body of each way in of the metrics domain: refused, or sample batches that are whole and no larger
// than the body explains.
#include <cstdint>
#include <string>
#include <string_view>

#include "gyre/sample_batch.hpp"
#include "gyre/stream.hpp"
#include "plugins/metrics/flat_files.hpp"
#include "plugins/metrics/metrics.hpp"
#include "tests/fuzz/require.hpp"

namespace gyre::metrics {

// The plugin's own stand in its entry point, which a fuzz target has no use for.
const Limits& limits() {
  static const Limits kLimits;
  return kLimits;
}

}  // namespace gyre::metrics

namespace {

using namespace gyre;
using fuzz::require;

struct Taken {
  std::size_t samples = 0;
};

gyre_reply replyTo(Taken& taken) {
  return {sizeof(gyre_reply),
          0,
          &taken,
          [](void*, gyre_bytes) {},
          [](void* context, gyre_bytes, gyre_bytes data) {
            const auto batch = SampleBatch::read(abi::view(data));
            require(batch.isOk(), "a record is a whole batch");
            static_cast<Taken*>(context)->samples += batch.value().sampleCount();
          },
          [](void*, gyre_bytes, gyre_bytes) {},
          [](void*, std::int32_t, gyre_bytes, gyre_bytes) {},
          [](void*, gyre_bytes, gyre_bytes) {}};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  static const auto kParameters = json::Document::parse(R"({"name":"m","job":"fuzz"})");
  Taken taken;
  const gyre_reply reply = replyTo(taken);
  Records records(&reply);
  IntakeCall call{body, "", kParameters.value().root(), "", "", 1'704'067'200'000};
  Status status;
  switch (data[0] % 8) {
    case 0: status = metrics::takeRemoteWrite(call, records); break;
    case 1: status = metrics::takeOtlp(call, records); break;
    case 2:
      call.media_type = "application/json";
      status = metrics::takeOtlp(call, records);
      break;
    case 3: status = metrics::takeExposition(call, records); break;
    case 4:
      call.media_type = "application/openmetrics-text";
      status = metrics::takeExposition(call, records);
      break;
    case 5: status = metrics::takeDocuments(call, records); break;
    case 6: status = metrics::takeCsv(call, records); break;
    default: status = metrics::takeJson(call, records); break;
  }
  require(status.isOk() || status.code() == Code::kInvalidArgument, "a refusal says that the body is wrong");
  require(status.isOk() || taken.samples == 0, "what is refused leaves nothing");
  // A sample takes a byte at least; a histogram's data point gives a few more than it has buckets.
  require(taken.samples <= size * 8, "no more samples than the body can have");
  return 0;
}
