#include "server/search/opensearch/tls.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/NetSSL.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace gyre::search {
namespace {

constexpr int kChainDepth = 9;  // OpenSSL's own default
constexpr const char* kCiphers = "HIGH:!aNULL:!MD5:!3DES:@STRENGTH";

Status checkReadable(const char* option, const std::string& file) {
  if (file.empty()) return {};
  std::ifstream stream(file, std::ios::binary);
  if (stream && stream.peek() != std::ifstream::traits_type::eof()) return {};
  return invalidArgument(std::string(option) + ": " + file + ": " +
                         (stream.is_open() ? "expected PEM, found nothing" : std::strerror(errno)));
}

}  // namespace

Result<Poco::Net::Context::Ptr> makeTlsContext(const TlsOptions& options) {
  GYRE_TRY(checkReadable("search.ca_file", options.ca_file));
  GYRE_TRY(checkReadable("search.certificate_file", options.certificate_file));
  GYRE_TRY(checkReadable("search.key_file", options.key_file));
  using Poco::Net::Context;
  try {
    Poco::Net::initializeSSL();  // counted; never taken back
    const std::string& key = options.key_file.empty() ? options.certificate_file : options.key_file;
    // Strict, since relaxed does not compare the host's name when the host is this machine.
    Context::Ptr context = new Context(Context::TLS_CLIENT_USE, key, options.certificate_file, options.ca_file,
                                       options.is_verified ? Context::VERIFY_STRICT : Context::VERIFY_NONE, kChainDepth,
                                       options.ca_file.empty(), kCiphers);
    context->requireMinimumProtocol(Context::PROTO_TLSV1_2);
    context->enableExtendedCertificateVerification(options.is_verified);
    return context;
  } catch (const Poco::Exception& error) {
    return invalidArgument("search.ca_file, search.certificate_file, search.key_file: " + error.displayText());
  }
}

}  // namespace gyre::search
