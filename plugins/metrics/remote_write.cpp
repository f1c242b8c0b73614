// Prometheus remote write 1.0. Source: prompb/remote.proto and prompb/types.proto of Prometheus; fields by their
// numbers there.

#include "metrics.hpp"
#include "sample_sink.hpp"
#include "wire_reader.hpp"

namespace gyre::metrics {
namespace {

std::string_view viewOf(protozero::data_view view) { return {view.data(), view.size()}; }

Label readLabel(protozero::pbf_reader message) {
  Label label;
  while (message.next()) {
    switch (message.tag()) {
      case 1: label.name = viewOf(message.get_view()); break;
      case 2: label.value = viewOf(message.get_view()); break;
      default: message.skip(); break;
    }
  }
  return label;
}

struct Taken {
  std::int64_t time_millis = 0;
  double value = 0;
};

// `position` counts samples of the body; `labels` and `samples` are there for their memory.
void readSeries(protozero::pbf_reader message, std::uint64_t& position, std::vector<Label>& labels,
                std::vector<Taken>& samples, SampleSink& sink) {
  std::uint64_t histograms = 0;
  samples.clear();
  labels.clear();
  while (message.next()) {
    switch (message.tag()) {
      case 1: labels.push_back(readLabel(message.get_message())); break;
      case 2: {
        Taken taken;
        protozero::pbf_reader sample = message.get_message();
        while (sample.next()) {
          switch (sample.tag()) {
            case 1: taken.value = sample.get_double(); break;
            case 2: taken.time_millis = sample.get_int64(); break;
            default: sample.skip(); break;
          }
        }
        samples.push_back(taken);
        break;
      }
      case 4:
        ++histograms;
        message.skip();
        break;
      default: message.skip(); break;  // exemplars
    }
  }
  const auto number = sink.series(labels);
  const std::string reason = sink.reason();
  for (const Taken& taken : samples) {
    if (number)
      sink.sample(position, *number, taken.time_millis, taken.value);
    else
      sink.reject(position, reason);
    ++position;
  }
  for (; histograms > 0; --histograms)
    sink.reject(position++, "a native histogram: expected a float sample; send classic buckets");
}

void readMetadata(protozero::pbf_reader message, SampleSink& sink) {
  MetricDescription description;
  std::string_view family;
  while (message.next()) {
    switch (message.tag()) {
      case 1: {
        const std::int32_t type = message.get_enum();
        if (type >= 0 && type <= static_cast<std::int32_t>(MetricType::kStateset))
          description.type = static_cast<MetricType>(type);
        break;
      }
      case 2: family = viewOf(message.get_view()); break;
      case 4: description.help = viewOf(message.get_view()); break;
      case 5: description.unit = viewOf(message.get_view()); break;
      default: message.skip(); break;
    }
  }
  sink.describe(family, description);
}

}  // namespace

Status takeRemoteWrite(const IntakeCall& call, Records& records) {
  SampleSink sink(records, call.time_millis, call.organization_id);
  std::uint64_t position = 0;
  std::vector<Label> labels;
  std::vector<Taken> samples;
  try {
    protozero::pbf_reader request(call.body.data(), call.body.size());
    while (request.next()) {
      switch (request.tag()) {
        case 1: readSeries(request.get_message(), position, labels, samples, sink); break;
        case 3: readMetadata(request.get_message(), sink); break;
        case 4:
        case 5:  // its symbols and series, which have other numbers so that nobody takes one message for the other
          return invalidArgument(
              "remote write 2.0 is not taken: expected a prometheus.WriteRequest, found an "
              "io.prometheus.write.v2.Request");
        default: request.skip(); break;
      }
    }
  } catch (const protozero::exception& error) {
    return invalidArgument("remote write: the protobuf message is damaged or cut off after sample " +
                           std::to_string(position) + ": " + error.what());
  }
  sink.finish();
  return {};
}

}  // namespace gyre::metrics
