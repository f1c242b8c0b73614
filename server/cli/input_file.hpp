// The bytes of a file, inflated when it is gzip.
//
// THREADS: one. OWNS: the open file.
#pragma once

#include <Poco/InflatingStream.h>

#include <fstream>
#include <istream>
#include <memory>
#include <string>

namespace gyre::cli {

class InputFile {
 public:
  explicit InputFile(const std::string& path) : file_(path, std::ios::binary) {
    const bool is_gzip = file_.get() == 0x1f && file_.get() == 0x8b;
    file_.clear();
    file_.seekg(0);
    if (is_gzip) inflated_ = std::make_unique<Poco::InflatingInputStream>(file_, Poco::InflatingStreamBuf::STREAM_GZIP);
  }
  bool isOpen() const { return file_.is_open(); }
  // Throws a Poco::Exception, while it is read, at damaged gzip.
  std::istream& stream() {
    if (inflated_) return *inflated_;
    return file_;
  }

 private:
  std::ifstream file_;
  std::unique_ptr<Poco::InflatingInputStream> inflated_;
};

}  // namespace gyre::cli
