// What does a syslog message say? RFC 5424 as it stands, RFC 3164 as loosely as it is written.
//
// Nothing is refused: what follows neither is a message as a whole. Times without a zone are UTC; one without a year is
// of the year that puts it nearest to the arrival, and no further than a day after it. Facility, process id, message id
// and structured data ("ID.NAME") are attributes. Without a host name the host is the sender's address.
//
// THREADS: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "gyre/status.hpp"
#include "gyre/stream.hpp"
#include "named_record.hpp"

namespace gyre::logs {

// One message, its framing undone: the intake of the sockets.
Status takeSyslog(const IntakeCall& call, Records& records);
// A file: a message a line.
Status takeSyslogLines(const IntakeCall& call, Records& records);

// Into a cleared record.
void readSyslog(std::string_view message, std::int64_t arrival_millis, NamedRecord& record);

// "Jan  2 15:04:05", with a year behind the day or the clock, decimals, or a zone name: what was read is taken from the
// front of `text`. `arrival_millis` tells the year when it is not there.
std::optional<Instant> takeBsdTime(std::string_view& text, std::int64_t arrival_millis);

}  // namespace gyre::logs
