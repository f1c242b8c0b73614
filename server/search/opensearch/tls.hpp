// How does a node prove who it is, and how do we? Certificates for https addresses.
//
// THREADS: a context may be shared by connections on any thread.
#pragma once

#include <Poco/Net/Context.h>

#include <string>

#include "gyre/status.hpp"

namespace gyre::search {

struct TlsOptions {
  std::string ca_file;           // PEM; "" for the system's authorities
  std::string certificate_file;  // PEM, ours with its chain; "" for none
  std::string key_file;          // PEM, not encrypted; "" when certificate_file holds it too
  bool is_verified = true;       // false takes any certificate: for tests
};

// invalid_argument when a file cannot be read or is not what it should be, named by its option.
Result<Poco::Net::Context::Ptr> makeTlsContext(const TlsOptions& options);

}  // namespace gyre::search
