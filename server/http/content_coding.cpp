#include "server/http/content_coding.hpp"

#include <libdeflate.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "gyre/snappy.hpp"
#include "server/http/field_syntax.hpp"

namespace gyre::http {

namespace {

constexpr std::size_t kSmallestPacked = 1u << 10;  // below, the saving is less than a packet
// The fastest level: an answer is packed once and read once, and on a fast network more effort only adds latency.
constexpr int kLevel = 1;
constexpr std::size_t kDeflateRatio = 1032;  // the most that one byte of DEFLATE can become
constexpr std::size_t kGzipOverhead = 18;    // header and trailer of a member

struct FreeCompressor {
  void operator()(libdeflate_compressor* compressor) const { libdeflate_free_compressor(compressor); }
};
struct FreeDecompressor {
  void operator()(libdeflate_decompressor* decompressor) const { libdeflate_free_decompressor(decompressor); }
};

libdeflate_compressor* compressor() {
  thread_local const std::unique_ptr<libdeflate_compressor, FreeCompressor> kept(libdeflate_alloc_compressor(kLevel));
  return kept.get();
}

libdeflate_decompressor* decompressor() {
  thread_local const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> kept(libdeflate_alloc_decompressor());
  return kept.get();
}

// A gzip member ends with its plain size modulo 2^32. It is a hint only, the sender may lie; so no more is believed
// than the packed bytes could become.
std::size_t expectedSize(ContentCoding coding, std::string_view packed, std::size_t limit) {
  const std::size_t possible = std::min(limit, packed.size() * kDeflateRatio);
  std::size_t expected = packed.size() * 4 + 64;
  if (coding == ContentCoding::kGzip && packed.size() >= kGzipOverhead) {
    std::uint32_t size = 0;
    std::memcpy(&size, packed.data() + packed.size() - sizeof size, sizeof size);
    expected = size;
  }
  return std::max<std::size_t>(1, std::min(expected, possible));
}

// zlib's header: method 8 and a check of 31 over both bytes.
bool hasZlibHeader(std::string_view packed) {
  if (packed.size() < 2) return false;
  const auto first = static_cast<unsigned char>(packed[0]);
  const auto second = static_cast<unsigned char>(packed[1]);
  return (first & 0x0F) == 8 && (first * 256 + second) % 31 == 0;
}

struct Run {
  std::size_t taken = 0;
  std::size_t made = 0;
};

libdeflate_result unpackOne(ContentCoding coding, std::string_view packed, char* out, std::size_t space, Run& run) {
  libdeflate_decompressor* const state = decompressor();
  if (coding == ContentCoding::kGzip)
    return libdeflate_gzip_decompress_ex(state, packed.data(), packed.size(), out, space, &run.taken, &run.made);
  if (hasZlibHeader(packed))
    return libdeflate_zlib_decompress_ex(state, packed.data(), packed.size(), out, space, &run.taken, &run.made);
  return libdeflate_deflate_decompress_ex(state, packed.data(), packed.size(), out, space, &run.taken, &run.made);
}

// Fills `plain` from its front, one member after the other; where it stopped is in `done`.
libdeflate_result unpackAll(ContentCoding coding, std::string_view packed, std::string& plain, Run& done) {
  do {
    Run run;
    const libdeflate_result result =
        unpackOne(coding, packed.substr(done.taken), plain.data() + done.made, plain.size() - done.made, run);
    if (result != LIBDEFLATE_SUCCESS) return result;
    done.taken += run.taken;
    done.made += run.made;
  } while (coding == ContentCoding::kGzip && done.taken < packed.size());
  return done.taken == packed.size() ? LIBDEFLATE_SUCCESS : LIBDEFLATE_BAD_DATA;
}

// False when it is damaged, cut off, or larger than the limit.
bool unpackZstd(std::string_view packed, std::size_t limit, std::string& plain, bool& is_too_large) {
  const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> state(ZSTD_createDCtx(), &ZSTD_freeDCtx);
  // A window is memory that the sender chooses.
  if (state == nullptr || ZSTD_isError(ZSTD_DCtx_setParameter(state.get(), ZSTD_d_windowLogMax, 27)) != 0) return false;
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  std::size_t hint = 1;
  while (in.pos < in.size) {
    const std::size_t before = plain.size();
    plain.resize(std::min(limit + 1, before + std::max<std::size_t>(4 * packed.size(), 64u << 10)));
    ZSTD_outBuffer out{plain.data() + before, plain.size() - before, 0};
    hint = ZSTD_decompressStream(state.get(), &out, &in);
    plain.resize(before + out.pos);
    if (ZSTD_isError(hint) != 0) return false;
    is_too_large = plain.size() > limit;
    if (is_too_large) return false;
  }
  // What the decoder still holds back.
  while (hint != 0) {
    const std::size_t before = plain.size();
    plain.resize(std::min(limit + 1, before + (64u << 10)));
    ZSTD_outBuffer out{plain.data() + before, plain.size() - before, 0};
    hint = ZSTD_decompressStream(state.get(), &out, &in);
    plain.resize(before + out.pos);
    if (ZSTD_isError(hint) != 0) return false;
    is_too_large = plain.size() > limit;
    if (is_too_large || out.pos == 0) return false;
  }
  return true;
}

bool isTextual(std::string_view content_type) {
  const std::string_view type = trimBlanks(content_type.substr(0, content_type.find(';')));
  if (equalsIgnoringCase(type, "text/event-stream")) return false;
  if (equalsIgnoringCase(type.substr(0, 5), "text/")) return true;
  for (const std::string_view suffix : {"json", "+xml", "/xml", "javascript", "yaml", "openmetrics-text"})
    if (type.size() > suffix.size() && equalsIgnoringCase(type.substr(type.size() - suffix.size()), suffix))
      return true;
  return false;
}

bool hasHeader(const Response& response, std::string_view name) {
  return std::any_of(response.headers.begin(), response.headers.end(),
                     [&](const auto& header) { return equalsIgnoringCase(header.first, name); });
}

// A weight in thousandths ("0.5" is 500); -1 for anything that is not one, which then counts as a refusal.
int parseWeight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return -1;
  if (text.size() > 1 && text[1] != '.') return -1;
  int weight = (text[0] - '0') * 1000;
  int unit = 100;
  for (std::size_t i = 2; i < text.size(); ++i, unit /= 10) {
    if (text[i] < '0' || text[i] > '9') return -1;
    weight += (text[i] - '0') * unit;
  }
  return weight <= 1000 ? weight : -1;
}

// Splits "gzip;q=0.5" into the name, which stays in `element`, and its weight.
int takeWeight(std::string_view& element) {
  const std::size_t semicolon = element.find(';');
  if (semicolon == std::string_view::npos) return 1000;
  const std::string_view parameter = trimBlanks(element.substr(semicolon + 1));
  element = trimBlanks(element.substr(0, semicolon));
  if (parameter.size() < 2 || !equalsIgnoringCase(parameter.substr(0, 2), "q=")) return -1;
  return parseWeight(parameter.substr(2));
}

}  // namespace

std::optional<ContentCoding> parseContentCoding(std::string_view value) {
  if (value.empty() || equalsIgnoringCase(value, "identity")) return ContentCoding::kIdentity;
  if (equalsIgnoringCase(value, "gzip") || equalsIgnoringCase(value, "x-gzip")) return ContentCoding::kGzip;
  if (equalsIgnoringCase(value, "deflate")) return ContentCoding::kDeflate;
  if (equalsIgnoringCase(value, "zstd")) return ContentCoding::kZstd;
  if (equalsIgnoringCase(value, "snappy")) return ContentCoding::kSnappy;
  return std::nullopt;
}

std::optional<Refusal> unpackBody(ContentCoding coding, std::size_t limit, std::string& body) {
  const auto tooLarge = [&] {
    return Refusal{413, "payload_too_large",
                   "expected an unpacked body of at most " + std::to_string(limit) + " bytes, found more"};
  };
  const auto damaged = [] {
    return Refusal{400, "malformed_request", "expected a body packed as Content-Encoding says, found damaged data"};
  };
  std::string plain;
  if (coding == ContentCoding::kZstd || coding == ContentCoding::kSnappy) {
    bool is_too_large = false;
    if (coding == ContentCoding::kZstd) {
      if (!unpackZstd(body, limit, plain, is_too_large)) return is_too_large ? tooLarge() : damaged();
    } else {
      const auto size = snappyPlainSize(body);
      if (!size) return damaged();
      if (*size > limit) return tooLarge();
      if (!unpackSnappy(body, plain)) return damaged();
    }
    body = std::move(plain);
    return std::nullopt;
  }
  for (std::size_t space = expectedSize(coding, body, limit);;) {
    plain.resize(space);
    Run done;
    const libdeflate_result result = unpackAll(coding, body, plain, done);
    if (result == LIBDEFLATE_SUCCESS) {
      plain.resize(done.made);
      body = std::move(plain);
      return std::nullopt;
    }
    if (result != LIBDEFLATE_INSUFFICIENT_SPACE) return damaged();
    if (space >= limit) return tooLarge();
    space = space > limit / 4 ? limit : space * 4;
    plain = std::string();  // first, so that old and new never stand side by side
  }
}

bool allowsGzip(std::string_view accept_encoding) {
  std::optional<int> gzip, identity, any;
  std::string_view element;
  while (nextListElement(accept_encoding, element)) {
    const int weight = takeWeight(element);
    if (equalsIgnoringCase(element, "gzip") || equalsIgnoringCase(element, "x-gzip")) gzip = weight;
    if (equalsIgnoringCase(element, "identity")) identity = weight;
    if (element == "*") any = weight;
  }
  const int weight = gzip.value_or(any.value_or(0));
  return weight > 0 && weight >= identity.value_or(0);
}

void packBody(Response& response, bool is_allowed) {
  if (response.body.size() < kSmallestPacked || !isTextual(response.content_type)) return;
  if (hasHeader(response, "Content-Encoding")) return;
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (!is_allowed || compressor() == nullptr) return;
  std::string packed(response.body.size() - 1, '\0');
  const std::size_t size =
      libdeflate_gzip_compress(compressor(), response.body.data(), response.body.size(), packed.data(), packed.size());
  if (size == 0) return;
  packed.resize(size);
  response.body = std::move(packed);
  response.headers.emplace_back("Content-Encoding", "gzip");
}

}  // namespace gyre::http
