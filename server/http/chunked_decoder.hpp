// Where does a chunked body end, and which bytes are its content?
//
// Decodes "Transfer-Encoding: chunked" (RFC 9112, 7.1) as bytes come. Chunk extensions are bounded and ignored, trailer
// fields are checked like header fields, bounded and dropped: no handler needs them, and merging them into the header
// lets a client change what was already decided.
//
// THREADS: one loop's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/http/http_server.hpp"
#include "server/http/refusal.hpp"

namespace gyre::http {

class ChunkedDecoder {
 public:
  enum class Progress { kMore, kComplete, kRefused };

  // OWNS: `limits` outlives the decoder.
  explicit ChunkedDecoder(const Limits& limits) : limits_(limits) {}

  // Takes bytes from the front of `input` and appends content to `body`.
  Progress decode(std::string_view& input, std::string& body);
  const Refusal& refusal() const { return refusal_; }
  void reset();

 private:
  enum class State { kSize, kExtension, kSizeLineFeed, kData, kDataReturn, kDataLineFeed, kTrailer, kDone };

  bool takeSizeByte(char c, std::size_t body_size);
  bool takeExtensionByte(char c);
  bool takeTrailerByte(char c);
  bool finishTrailerLine();
  bool expectByte(char found, char expected, State next, std::string_view where);
  bool refuse(int status, std::string_view reason, std::string detail);

  const Limits& limits_;
  State state_ = State::kSize;
  std::uint64_t size_ = 0;  // of this chunk, while kSize; what is left of it, while kData
  unsigned digits_ = 0;
  std::size_t extension_bytes_ = 0;  // of all chunks
  std::size_t trailer_bytes_ = 0;
  std::size_t trailer_count_ = 0;
  std::string trailer_line_;
  Refusal refusal_;
};

}  // namespace gyre::http
