// How does a domain get a new version of its plugin while it is served? Handlers that pass every call on to those in
// use.
//
// Descriptions of earlier handlers stay valid: libraries are never unloaded, and their handlers live as long.
//
// THREADS: any. A call runs from beginning to end on one version; that no request spans two is for who switches to see
// to.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/bus/handlers.hpp"

namespace gyre::plugin {

class SwitchedHandlers final : public bus::DomainHandlers {
 public:
  explicit SwitchedHandlers(const bus::DomainHandlers& handlers) : current_(&handlers) {}
  void switchTo(const bus::DomainHandlers& handlers) { current_.store(&handlers, std::memory_order_release); }

  std::string_view name() const override { return now().name(); }
  std::string_view version() const override { return now().version(); }
  std::string_view help() const override { return now().help(); }
  std::string_view indexDefinition() const override { return now().indexDefinition(); }
  const std::vector<bus::CommandDescription>& commands() const override { return now().commands(); }
  const std::vector<bus::EventDescription>& events() const override { return now().events(); }
  const std::vector<bus::QueryDescription>& queries() const override { return now().queries(); }
  const std::vector<bus::SubscriptionDescription>& subscriptions() const override { return now().subscriptions(); }
  const std::vector<bus::ActivityDescription>& activities() const override { return now().activities(); }
  const stream::StreamHandlers* stream() const override { return now().stream() == nullptr ? nullptr : &stream_; }
  const bus::EndpointHandlers* endpoints() const override { return now().endpoints(); }
  Result<std::vector<bus::DecidedEvent>> decideCommand(std::size_t command,
                                                       const bus::DecideCall& call) const override {
    return now().decideCommand(command, call);
  }
  Result<std::vector<bus::DecidedEvent>> decideEvent(std::size_t event, const bus::DecideCall& call) const override {
    return now().decideEvent(event, call);
  }
  Result<bus::Evolved> evolve(std::string_view entity_id, std::string_view state, std::string_view type,
                              std::string_view data, std::int64_t time_millis) const override {
    return now().evolve(entity_id, state, type, data, time_millis);
  }
  Result<std::string> project(std::string_view entity_id, std::string_view state,
                              std::uint64_t version) const override {
    return now().project(entity_id, state, version);
  }
  Result<bus::PlannedQuery> plan(std::size_t query, const bus::QueryCall& call) const override {
    return now().plan(query, call);
  }
  Result<std::string> present(std::size_t query, const bus::QueryCall& call, std::string_view answer,
                              std::uint64_t version) const override {
    return now().present(query, call, answer, version);
  }
  Result<bus::PlannedReaction> react(std::size_t subscription, const bus::ForeignEventCall& event) const override {
    return now().react(subscription, event);
  }
  Result<bus::PresentedActivity> presentActivity(std::size_t activity, std::string_view document) const override {
    return now().presentActivity(activity, document);
  }

 private:
  // The stream's part, switched with the rest.
  class Stream final : public stream::StreamHandlers {
   public:
    explicit Stream(const SwitchedHandlers& owner) : owner_(owner) {}
    stream::Kind kind() const override { return now().kind(); }
    std::string_view timeField() const override { return now().timeField(); }
    const std::vector<stream::IntakeDescription>& intakes() const override { return now().intakes(); }
    const std::vector<stream::TailDescription>& tails() const override { return now().tails(); }
    Result<stream::Taken> take(std::size_t intake, const stream::TakeCall& call) const override {
      return now().take(intake, call);
    }
    Result<stream::RecordBatch> decide(std::size_t command, std::string_view body, std::string_view organization_id,
                                       std::int64_t time_millis) const override {
      return now().decide(command, body, organization_id, time_millis);
    }
    Result<std::vector<stream::ShownRecord>> match(std::size_t tail, const stream::FollowCall& call) const override {
      return now().match(tail, call);
    }

   private:
    const stream::StreamHandlers& now() const { return *owner_.now().stream(); }
    const SwitchedHandlers& owner_;
  };

  const bus::DomainHandlers& now() const { return *current_.load(std::memory_order_acquire); }
  std::atomic<const bus::DomainHandlers*> current_;
  const Stream stream_{*this};
};

}  // namespace gyre::plugin
