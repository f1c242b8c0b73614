// What does a file of measurements say: a CSV file of one or more columns over time, or JSON documents full of numbers?
//
// THREADS: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/stream.hpp"

namespace gyre::metrics {

// Name and labels of the series that a file's path stands for: "hosts/ec2_cpu_24ae8d.csv" is ec2_cpu with the labels
// folder="hosts" and instance="24ae8d"; the last part of a name counts as an instance when it has a digit.
struct PathSeries {
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;
};
PathSeries seriesOfPath(std::string_view path);

// A header, then a time and numbers a line. URL parameters: name, or path (seriesOfPath); all others become labels.
// One column of numbers is the metric itself; of several each has its name behind the metric's.
Status takeCsv(const IntakeCall& call, Records& records);

// A JSON document a line; every number and truth value in it becomes a sample, named by the members on the way to it. A
// member whose name is no identifier ("hg.nginx.org", "2xx") and the place in an array are labels, named as what they
// stand in. URL parameters: name goes before all names; all others become labels. "timestamp", "@timestamp" or "time"
// is the time.
Status takeJson(const IntakeCall& call, Records& records);

}  // namespace gyre::metrics
