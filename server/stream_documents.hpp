// How does the dialect write to a stream? Its documents go through the intake "document", and into the log.
//
// THREADS: any. OWNS: nothing; the stream outlives it.
#pragma once

#include <span>
#include <vector>

#include "base/clock.hpp"
#include "gyre/status.hpp"
#include "server/dialect/stream_writer.hpp"
#include "server/stream/stream_service.hpp"

namespace gyre {

class StreamDocuments final : public dialect::StreamWriter {
 public:
  StreamDocuments(stream::StreamService& stream, const base::Clock& clock) : stream_(stream), clock_(clock) {}
  std::vector<dialect::StreamOutcome> write(std::span<const dialect::StreamDocument> documents) override;
  Status makeSearchable(std::uint64_t sequence) override;
  Status makeAllSearchable() override;

 private:
  Result<stream::Taken> take(std::span<const dialect::StreamDocument> documents) const;

  stream::StreamService& stream_;
  const base::Clock& clock_;
};

}  // namespace gyre
