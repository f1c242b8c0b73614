// OTLP metrics as protobuf. Source: opentelemetry-proto metrics/v1/metrics.proto, common/v1/common.proto; fields by
// their numbers.

#include <bit>

#include "otlp.hpp"
#include "wire_reader.hpp"

namespace gyre::metrics::otlp {
namespace {

using Reader = protozero::pbf_reader;

// An array within an array … of attributes: deeper ones are cut.
constexpr int kMaxDepth = 16;

std::string textOf(protozero::data_view view) { return {view.data(), view.size()}; }

std::string readAnyValue(Reader message, int depth);

std::pair<std::string, std::string> readKeyValue(Reader message, int depth) {
  std::pair<std::string, std::string> out;
  while (message.next()) {
    switch (message.tag()) {
      case 1: out.first = textOf(message.get_view()); break;
      case 2: out.second = readAnyValue(message.get_message(), depth); break;
      default: message.skip(); break;
    }
  }
  return out;
}

std::string readAnyValue(Reader message, int depth) {
  std::string out;
  if (depth > kMaxDepth) return out;
  while (message.next()) {
    switch (message.tag()) {
      case 1: out = textOf(message.get_view()); break;
      case 2: out = message.get_bool() ? "true" : "false"; break;
      case 3: out = std::to_string(message.get_int64()); break;
      case 4: out = valueText(message.get_double()); break;
      case 5: {  // a list, as JSON writes it but for quotes
        Reader list = message.get_message();
        out.assign(1, '[');
        while (list.next(1)) {
          if (out.size() > 1) out.append(1, ',');
          out.append(readAnyValue(list.get_message(), depth + 1));
        }
        out.append(1, ']');
        break;
      }
      default: message.skip(); break;
    }
  }
  return out;
}

Buckets readBuckets(Reader message) {
  Buckets buckets;
  while (message.next()) {
    switch (message.tag()) {
      case 1: buckets.offset = message.get_sint32(); break;
      case 2:
        if (message.wire_type() == protozero::pbf_wire_type::length_delimited)
          for (const std::uint64_t count : message.get_packed_uint64()) buckets.counts.push_back(count);
        else
          buckets.counts.push_back(message.get_uint64());
        break;
      default: message.skip(); break;
    }
  }
  return buckets;
}

Point readNumberPoint(Reader message) {
  Point point;
  while (message.next()) {
    switch (message.tag()) {
      case 7: point.attributes.push_back(readKeyValue(message.get_message(), 0)); break;
      case 3: point.time_nanos = message.get_fixed64(); break;
      case 4:
        point.value = message.get_double();
        point.has_value = true;
        break;
      case 6:
        point.value = static_cast<double>(message.get_sfixed64());
        point.has_value = true;
        break;
      case 8: point.flags = message.get_uint32(); break;
      default: message.skip(); break;
    }
  }
  return point;
}

Point readHistogramPoint(Reader message) {
  Point point;
  while (message.next()) {
    const bool is_packed = message.wire_type() == protozero::pbf_wire_type::length_delimited;
    switch (message.tag()) {
      case 9: point.attributes.push_back(readKeyValue(message.get_message(), 0)); break;
      case 3: point.time_nanos = message.get_fixed64(); break;
      case 4: point.count = message.get_fixed64(); break;
      case 5:
        point.sum = message.get_double();
        point.has_sum = true;
        break;
      case 6:
        if (is_packed)
          for (const std::uint64_t count : message.get_packed_fixed64()) point.counts.push_back(count);
        else
          point.counts.push_back(message.get_fixed64());
        break;
      case 7:
        if (is_packed)
          for (const double bound : message.get_packed_double()) point.bounds.push_back(bound);
        else
          point.bounds.push_back(message.get_double());
        break;
      case 10: point.flags = message.get_uint32(); break;
      default: message.skip(); break;
    }
  }
  return point;
}

Point readExponentialPoint(Reader message) {
  Point point;
  while (message.next()) {
    switch (message.tag()) {
      case 1: point.attributes.push_back(readKeyValue(message.get_message(), 0)); break;
      case 3: point.time_nanos = message.get_fixed64(); break;
      case 4: point.count = message.get_fixed64(); break;
      case 5:
        point.sum = message.get_double();
        point.has_sum = true;
        break;
      case 6: point.scale = message.get_sint32(); break;
      case 7: point.zero_count = message.get_fixed64(); break;
      case 8: point.positive = readBuckets(message.get_message()); break;
      case 9: point.negative = readBuckets(message.get_message()); break;
      case 10: point.flags = message.get_uint32(); break;
      case 14: point.zero_threshold = message.get_double(); break;
      default: message.skip(); break;
    }
  }
  return point;
}

Point readSummaryPoint(Reader message) {
  Point point;
  while (message.next()) {
    switch (message.tag()) {
      case 7: point.attributes.push_back(readKeyValue(message.get_message(), 0)); break;
      case 3: point.time_nanos = message.get_fixed64(); break;
      case 4: point.count = message.get_fixed64(); break;
      case 5:
        point.sum = message.get_double();
        point.has_sum = true;
        break;
      case 6: {
        Reader quantile = message.get_message();
        std::pair<double, double> value{0, 0};
        while (quantile.next()) {
          if (quantile.tag() == 1)
            value.first = quantile.get_double();
          else if (quantile.tag() == 2)
            value.second = quantile.get_double();
          else
            quantile.skip();
        }
        point.quantiles.push_back(value);
        break;
      }
      case 8: point.flags = message.get_uint32(); break;
      default: message.skip(); break;
    }
  }
  return point;
}

// `points`: how many were read, for who is told where a message is cut off.
void readData(Reader message, Point (*read)(Reader), Metric& metric, std::uint64_t& points) {
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        metric.points.push_back(read(message.get_message()));
        ++points;
        break;
      case 2: metric.temporality = message.get_enum(); break;
      case 3: metric.is_monotonic = message.get_bool(); break;
      default: message.skip(); break;
    }
  }
}

Metric readMetric(Reader message, std::uint64_t& points) {
  Metric metric;
  const auto data = [&](Kind kind, Point (*read)(Reader)) {
    metric.kind = kind;
    readData(message.get_message(), read, metric, points);
  };
  while (message.next()) {
    switch (message.tag()) {
      case 1: metric.name = textOf(message.get_view()); break;
      case 2: metric.description = textOf(message.get_view()); break;
      case 3: metric.unit = textOf(message.get_view()); break;
      case 5: data(Kind::kGauge, &readNumberPoint); break;
      case 7: data(Kind::kSum, &readNumberPoint); break;
      case 9: data(Kind::kHistogram, &readHistogramPoint); break;
      case 10: data(Kind::kExponentialHistogram, &readExponentialPoint); break;
      case 11: data(Kind::kSummary, &readSummaryPoint); break;
      default: message.skip(); break;
    }
  }
  return metric;
}

Scope readScope(Reader message, std::uint64_t& points) {
  Scope scope;
  while (message.next()) {
    if (message.tag() == 1) {
      Reader inner = message.get_message();
      while (inner.next()) {
        if (inner.tag() == 1)
          scope.name = textOf(inner.get_view());
        else if (inner.tag() == 2)
          scope.version = textOf(inner.get_view());
        else
          inner.skip();
      }
    } else if (message.tag() == 2) {
      scope.metrics.push_back(readMetric(message.get_message(), points));
    } else {
      message.skip();
    }
  }
  return scope;
}

Resource readResource(Reader message, std::uint64_t& points) {
  Resource resource;
  while (message.next()) {
    if (message.tag() == 1) {
      Reader inner = message.get_message();
      while (inner.next()) {
        if (inner.tag() == 1)
          resource.attributes.push_back(readKeyValue(inner.get_message(), 0));
        else
          inner.skip();
      }
    } else if (message.tag() == 2) {
      resource.scopes.push_back(readScope(message.get_message(), points));
    } else {
      message.skip();
    }
  }
  return resource;
}

}  // namespace

Result<Request> readProtobuf(std::string_view body) {
  std::uint64_t points = 0;
  try {
    Request request;
    Reader message(body.data(), body.size());
    while (message.next()) {
      if (message.tag() == 1)
        request.push_back(readResource(message.get_message(), points));
      else
        message.skip();
    }
    return request;
  } catch (const protozero::exception& error) {
    return invalidArgument("OTLP metrics: the protobuf message is damaged or cut off after data point " +
                           std::to_string(points) + ": " + error.what());
  }
}

}  // namespace gyre::metrics::otlp
