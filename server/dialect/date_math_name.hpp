// Which index does a name with date math mean? "<logs-{now/d}>" is logs-2026.11.24.
//
// THREADS: free functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gyre/status.hpp"

namespace gyre::dialect {

// The name itself unless it is in angle brackets. "{math}", "{math{format}}" or "{math{format|zone}}"; the format is
// yyyy.MM.dd unless it is given. parse_exception for what is no such name.
Result<std::string> resolveDateMath(std::string_view name, std::int64_t now_millis);

}  // namespace gyre::dialect
