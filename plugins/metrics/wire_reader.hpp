// How is a protobuf message read that anybody may have sent?
//
// Which wire type a field has is up to its sender. protozero takes a wrong one for a mistake of the program and
// asserts, or, without assertions, reads on; here it throws, as everything else that is wrong with a message does.
// Include this, and never protozero's reader itself.
//
// THREADS: none of its own.
#pragma once

#include <protozero/exception.hpp>

namespace gyre::metrics {

struct WrongWireType final : protozero::exception {
  const char* what() const noexcept override { return "a field is not of the type it must be"; }
};

}  // namespace gyre::metrics

#ifdef PROTOZERO_PBF_READER_HPP
#error "protozero's reader was included before this"
#endif
#undef protozero_assert
#define protozero_assert(holds) ((holds) ? static_cast<void>(0) : throw ::gyre::metrics::WrongWireType())
#include <protozero/pbf_reader.hpp>
