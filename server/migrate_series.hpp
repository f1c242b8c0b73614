// Where are a stream's samples, for `gyre migrate`? Opened as they lie, by nobody who would merge, roll up or retire
// them.
//
// THREADS: one.
#pragma once

#include <memory>
#include <string>

#include "gyre/json_writer.hpp"
#include "server/stream/sample_places.hpp"
#include "server/stream_setup.hpp"

namespace gyre {

// OWNS: the store, or the index.
class OpenSamples {
 public:
  virtual ~OpenSamples() = default;
  virtual stream::SamplePlace& place() = 0;
};

// `record_clock`: for what is moved to; null for what is moved from. unavailable ("index_ahead") when it holds more
// than the log; corruption. What the place names, and the clock, outlive it. REQUIRES: the stream is of samples.
Result<std::unique_ptr<OpenSamples>> openSamples(const config::Config& config, const config::DomainConfig& domain,
                                                 const bus::DomainHandlers& handlers, const StreamPlace& place,
                                                 stream::RecordClock* record_clock, base::Observer& observer);

// Members for what verify does not tell; and a line for a person about each thing that did not move.
void writeSamples(const stream::MovedSamples& moved, JsonWriter& writer);
std::string leftBehind(const stream::MovedSamples& moved);

}  // namespace gyre
