#include "server/bus/job_runner.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include "gyre/json.hpp"

namespace gyre::bus {

namespace {

constexpr std::size_t kEndedKept = 200;
constexpr std::size_t kQueuedLimit = 100;

bool hasEnded(const Job& job) { return job.state != Job::State::kQueued && job.state != Job::State::kRunning; }

// Everything, for our own file.
void writeStored(const Job& job, JsonWriter& writer) {
  writer.beginObject()
      .member("id", job.id)
      .member("kind", job.kind)
      .member("domain", job.domain)
      .rawMember("parameters", job.parameters)
      .member("state", jobStateName(job.state))
      .member("done", job.done)
      .member("total", job.total)
      .member("created", job.created_millis)
      .member("started", job.started_millis)
      .member("ended", job.ended_millis);
  if (!job.result.empty()) writer.rawMember("result", job.result);
  writer.endObject();
}

Job readStored(json::Value value) {
  Job job;
  job.id = value["id"].string();
  job.kind = value["kind"].string();
  job.domain = value["domain"].string();
  job.parameters = value["parameters"].raw();
  job.done = value["done"].unsignedInteger().value_or(0);
  job.total = value["total"].unsignedInteger().value_or(0);
  job.created_millis = value["created"].integer().value_or(0);
  job.started_millis = value["started"].integer().value_or(0);
  job.ended_millis = value["ended"].integer().value_or(0);
  job.result = value["result"].raw();
  const std::string_view state = value["state"].string();
  for (const auto known : {Job::State::kCompleted, Job::State::kFailed, Job::State::kCancelled})
    if (state == jobStateName(known)) job.state = known;
  return job;  // queued and running both come back queued
}

// Temporary file, fsync, rename: a reader sees the old list or the new one.
Status replaceFile(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".new";
  const auto failed = [&](const char* step) {
    return unavailable(temporary + ": cannot " + step + ": " + std::strerror(errno));
  };
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return failed("create");
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t size = ::write(file, text.data() + written, text.size() - written);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      const Status status = failed("write");
      ::close(file);
      return status;
    }
    written += static_cast<std::size_t>(size);
  }
  const bool is_synced = ::fsync(file) == 0;
  if (::close(file) != 0 || !is_synced) return failed("sync");
  if (std::rename(temporary.c_str(), path.c_str()) != 0) return failed("rename");
  return {};
}

}  // namespace

std::string_view jobStateName(Job::State state) {
  switch (state) {
    case Job::State::kQueued: return "queued";
    case Job::State::kRunning: return "running";
    case Job::State::kCompleted: return "completed";
    case Job::State::kFailed: return "failed";
    case Job::State::kCancelled: return "cancelled";
  }
  return "failed";
}

std::string jobJson(const Job& job, std::int64_t now_millis) {
  const std::int64_t end = hasEnded(job) ? job.ended_millis : now_millis;
  const double seconds = job.started_millis == 0 ? 0 : static_cast<double>(std::max<std::int64_t>(end - job.started_millis, 1)) / 1000;
  const double rate = seconds == 0 ? 0 : static_cast<double>(job.done) / seconds;
  std::string text;
  JsonWriter writer(text);
  writer.beginObject()
      .member("id", job.id)
      .member("kind", job.kind)
      .member("domain", job.domain)
      .member("state", jobStateName(job.state))
      .member("done", job.done)
      .member("total", job.total)
      .member("rate", rate);
  writer.key("etaSeconds");
  if (job.state == Job::State::kRunning && rate > 0 && job.total >= job.done)
    writer.real(static_cast<double>(job.total - job.done) / rate);
  else
    writer.null();
  writer.rawMember("result", job.result.empty() ? std::string_view("null") : std::string_view(job.result)).endObject();
  return text;
}

JobRunner::JobRunner(std::string path, Work work, const base::Clock& clock, base::Observer& observer)
    : path_(std::move(path)), work_(std::move(work)), clock_(clock), observer_(observer) {
  load();
  thread_ = std::thread([this] { loop(); });
}

JobRunner::~JobRunner() { stop(); }

Result<Job> JobRunner::submit(std::string_view kind, std::string_view domain, std::string parameters) {
  const std::lock_guard lock(mutex_);
  const auto queued = std::count_if(jobs_.begin(), jobs_.end(), [](const Job& job) { return !hasEnded(job); });
  if (static_cast<std::size_t>(queued) >= kQueuedLimit)
    return Status(Code::kResourceExhausted, "too_many_jobs", std::to_string(queued) + " jobs are waiting already");
  Job job;
  job.id = "job-" + std::to_string(next_number_++);
  job.kind = kind;
  job.domain = domain;
  job.parameters = std::move(parameters);
  job.created_millis = clock_.nowMillis();
  jobs_.push_back(job);
  save();
  changed_.notify_all();
  return job;
}

std::optional<Job> JobRunner::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto job = std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& j) { return j.id == id; });
  if (job == jobs_.end()) return std::nullopt;
  return *job;
}

std::vector<Job> JobRunner::list() const {
  const std::lock_guard lock(mutex_);
  return {jobs_.rbegin(), jobs_.rend()};
}

Result<Job> JobRunner::cancel(std::string_view id) {
  const std::lock_guard lock(mutex_);
  Job* const job = at(id);
  if (job == nullptr) return notFound("there is no job \"" + std::string(id) + "\"");
  if (hasEnded(*job)) return conflict("job " + job->id + " has ended: " + std::string(jobStateName(job->state)));
  if (job->state == Job::State::kRunning) {
    cancelled_ = job->id;
  } else {
    job->state = Job::State::kCancelled;
    job->ended_millis = clock_.nowMillis();
    save();
  }
  return *job;
}

void JobRunner::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Job* JobRunner::at(std::string_view id) {
  const auto job = std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& j) { return j.id == id; });
  return job == jobs_.end() ? nullptr : &*job;
}

void JobRunner::loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto next = [this] {
      return std::find_if(jobs_.begin(), jobs_.end(), [](const Job& j) { return j.state == Job::State::kQueued; });
    };
    changed_.wait(lock, [&] { return is_stopping_ || next() != jobs_.end(); });
    if (is_stopping_) return;
    Job& queued = *next();
    queued.state = Job::State::kRunning;
    queued.started_millis = clock_.nowMillis();
    save();
    const Job running = queued;

    lock.unlock();
    const Result<std::string> result = work_(running, [&](std::uint64_t done, std::uint64_t total) {
      const std::lock_guard progress_lock(mutex_);
      if (Job* const job = at(running.id)) {
        job->done = done;
        job->total = total;
      }
      return !is_stopping_ && cancelled_ != running.id;
    });
    lock.lock();

    Job* const job = at(running.id);
    if (job == nullptr || (is_stopping_ && !result.isOk())) return;  // stays "running" in the file
    job->ended_millis = clock_.nowMillis();
    if (result.isOk()) {
      job->state = Job::State::kCompleted;
      job->result = result.value();
    } else {
      job->state = cancelled_ == job->id ? Job::State::kCancelled : Job::State::kFailed;
      std::string text;
      JsonWriter(text).beginObject().member("code", result.status().reason()).member("detail", result.status().message()).endObject();
      job->result = std::move(text);
    }
    cancelled_.clear();
    save();
  }
}

void JobRunner::load() {
  std::ifstream file(path_, std::ios::binary);
  if (!file) return;
  std::stringstream text;
  text << file.rdbuf();
  const auto document = json::Document::parse(text.str());
  if (!document.isOk()) {
    observer_.log(base::Level::kError, "jobs", path_ + ": " + std::string(document.status().message()) + "; earlier jobs are forgotten");
    return;
  }
  next_number_ = document->root()["next"].unsignedInteger().value_or(1);
  for (const json::Value value : document->root()["jobs"]) jobs_.push_back(readStored(value));
}

void JobRunner::save() {
  auto ended = static_cast<std::size_t>(std::count_if(jobs_.begin(), jobs_.end(), hasEnded));
  for (auto job = jobs_.begin(); job != jobs_.end() && ended > kEndedKept;) {
    if (hasEnded(*job)) {
      job = jobs_.erase(job);
      --ended;
    } else {
      ++job;
    }
  }
  std::string text;
  JsonWriter writer(text);
  writer.beginObject().member("next", next_number_).key("jobs").beginArray();
  for (const Job& job : jobs_) writeStored(job, writer);
  writer.endArray().endObject();
  if (const Status status = replaceFile(path_, text); !status.isOk())
    observer_.log(base::Level::kError, "jobs", std::string(status.message()) + "; a restart will not know of newer jobs");
}

}  // namespace gyre::bus
