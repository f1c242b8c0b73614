#include "server/search/embedded_engine.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "engine/directory/mmap_directory.hpp"
#include "engine/directory/ram_directory.hpp"

namespace gyre::search {
namespace {

constexpr std::string_view kPart = "search";

// The engine skips a version that is not above the one it holds, and a repair sends the version it holds already. So
// each of our versions owns a run of the engine's: a document is first written at the start of its run, each repair is
// one further, and the next event's run is above them all.
constexpr unsigned kRunBits = 16;
constexpr std::uint64_t kRunMask = (std::uint64_t{1} << kRunBits) - 1;
constexpr std::uint64_t kMaxVersion = ~std::uint64_t{0} >> (kRunBits + 1);  // the engine's stay within a signed integer

BulkItem itemFor(const engine::OperationOutcome& outcome) {
  // A missing document to delete and one that is newer already are what was asked for.
  if (outcome.verdict != engine::OperationOutcome::Verdict::kRefused) return {};
  return {BulkItem::Verdict::kRefuse,
          std::string(outcome.refusal.reason()) + ": " + std::string(outcome.refusal.message())};
}

class EmbeddedEngine final : public SearchEngine {
 public:
  EmbeddedEngine(std::unique_ptr<engine::Directory> directory, std::unique_ptr<engine::Index> index)
      : directory_(std::move(directory)), index_(std::move(index)) {}

  Result<std::vector<BulkItem>> bulk(std::span<const BulkOperation> operations, std::uint64_t sequence) override {
    std::vector<engine::Operation> sent;
    sent.reserve(operations.size());
    for (const BulkOperation& operation : operations) {
      GYRE_TRY_ASSIGN(const std::uint64_t version, engineVersion(operation));
      const bool is_delete = operation.kind == BulkOperation::Kind::kDelete;
      sent.push_back({is_delete ? engine::Operation::Kind::kDelete : engine::Operation::Kind::kIndex, operation.id,
                      version, is_delete ? std::string_view() : std::string_view(operation.source)});
    }
    GYRE_TRY_ASSIGN(std::vector<engine::OperationOutcome> outcomes, index_->apply(sent, sequence));
    for (std::size_t i = 0; i < outcomes.size(); ++i)
      if (operations[i].is_repair && outcomes[i].verdict == Verdict::kAlreadyNewer)
        GYRE_TRY(outliveDelete(sent[i], sequence, outcomes[i]));
    std::vector<BulkItem> items;
    items.reserve(outcomes.size());
    for (const engine::OperationOutcome& outcome : outcomes) items.push_back(itemFor(outcome));
    return items;
  }

  Status refresh() override { return index_->refresh(); }
  Status commit() override { return index_->commit(); }

  Result<SearchAnswer> search(std::string_view request, std::int64_t deadline_nanos) const override {
    GYRE_TRY_ASSIGN(engine::SearchAnswer answer, index_->search(request, deadline_nanos));
    return SearchAnswer{std::move(answer.body), answer.generation, answer.sequence};
  }

  Result<std::optional<IndexedDocument>> get(std::string_view id) const override {
    GYRE_TRY_ASSIGN(std::optional<engine::StoredDocument> held, index_->get(id));
    if (!held) return std::optional<IndexedDocument>();
    return std::optional<IndexedDocument>({std::move(held->source), held->version >> kRunBits});
  }

  Status scan(const std::function<bool(std::string_view, std::uint64_t, std::string_view)>& visit) const override {
    return index_->scan([&visit](std::string_view id, std::uint64_t version, std::string_view source) {
      return visit(id, version >> kRunBits, source);
    });
  }

  Progress progress() const override {
    const engine::Checkpoint checkpoint = index_->checkpoint();
    return {checkpoint.applied, checkpoint.searchable, checkpoint.durable, checkpoint.generation};
  }

  EngineStats stats() const override {
    const engine::IndexStats stats = index_->stats();
    return {stats.doc_count, stats.segment_count, stats.size_bytes, stats.buffer_bytes};
  }

  Status close() override { return index_->close(); }
  engine::Index* embedded() override { return index_.get(); }

 private:
  using Verdict = engine::OperationOutcome::Verdict;

  // A document that was deleted in its own run: the engine does not say how far that was, so we step over it.
  Status outliveDelete(engine::Operation operation, std::uint64_t sequence, engine::OperationOutcome& outcome) {
    const std::uint64_t run = operation.version & ~kRunMask;
    GYRE_TRY_ASSIGN(const std::optional<engine::StoredDocument> held, index_->get(operation.id));
    if (held || operation.kind == engine::Operation::Kind::kDelete) return {};
    for (std::uint64_t step = 1; step <= kRunMask + 1 && outcome.verdict == Verdict::kAlreadyNewer; step *= 2) {
      operation.version = run + std::min(step, kRunMask);
      GYRE_TRY_ASSIGN(std::vector<engine::OperationOutcome> outcomes, index_->apply({&operation, 1}, sequence));
      outcome = std::move(outcomes.front());
    }
    return {};
  }

  Result<std::uint64_t> engineVersion(const BulkOperation& operation) const {
    if (operation.version > kMaxVersion)
      return invalidArgument("version of \"" + operation.id + "\": expected at most " + std::to_string(kMaxVersion) +
                             ", found " + std::to_string(operation.version));
    const std::uint64_t run = operation.version << kRunBits;
    if (!operation.is_repair) return run;
    GYRE_TRY_ASSIGN(const std::optional<engine::StoredDocument> held, index_->get(operation.id));
    if (!held || held->version >> kRunBits != operation.version) return run;
    return run + std::min((held->version & kRunMask) + 1, kRunMask);
  }

  std::unique_ptr<engine::Directory> directory_;  // outlives the index; null when the caller owns it
  std::unique_ptr<engine::Index> index_;
};

Status fileFailure(std::string_view what, const std::filesystem::path& path, const std::error_code& error) {
  return unavailable(std::string(what) + " " + path.string() + ": " + error.message());
}

// Without this a crash could bring the old name back, with the new index's files missing from it.
Status syncFolder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool is_synced = descriptor >= 0 && ::fsync(descriptor) == 0;
  const std::error_code error(errno, std::generic_category());
  if (descriptor >= 0) ::close(descriptor);
  return is_synced ? Status() : fileFailure("cannot sync", folder, error);
}

// One index is kept aside a suffix: more would fill the disk with what can be rebuilt.
Status moveAside(const std::filesystem::path& folder, std::string_view suffix) {
  const std::filesystem::path aside = folder.string() + std::string(suffix);
  std::error_code error;
  std::filesystem::remove_all(aside, error);
  if (error) return fileFailure("cannot remove", aside, error);
  std::filesystem::rename(folder, aside, error);
  if (error) return fileFailure("cannot rename", folder, error);
  return syncFolder(aside.parent_path());
}

// Where to move an index that cannot be used as it is; "" when the failure is not the index's.
std::string_view asideSuffix(const Status& failure) {
  if (failure.reason() == "mapping_changed") return ".old";
  if (failure.code() == Code::kCorruption) return ".damaged";
  return {};
}

// A definition of which no index can be made must not cost the one that is there.
Status tryDefinition(std::string_view definition, base::Observer& observer) {
  engine::RamDirectory memory;
  engine::IndexOptions options;
  options.merge_in_background = false;
  options.default_dynamic = engine::Dynamic::kStrict;
  return engine::Index::open(memory, definition, options, observer).status();
}

Result<std::unique_ptr<SearchEngine>> openFolder(const std::filesystem::path& folder, const EmbeddedOptions& options,
                                                 base::Observer& observer) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fileFailure("cannot create", folder, error);
  GYRE_TRY_ASSIGN(std::unique_ptr<engine::Directory> directory, engine::MmapDirectory::open(folder.string()));
  GYRE_TRY_ASSIGN(std::unique_ptr<engine::Index> index,
                  engine::Index::open(*directory, options.definition, options.index, observer));
  return std::unique_ptr<SearchEngine>(std::make_unique<EmbeddedEngine>(std::move(directory), std::move(index)));
}

}  // namespace

// A domain says what its documents hold; a member that it does not name is a mistake.
Result<std::unique_ptr<SearchEngine>> openEmbeddedEngine(EmbeddedOptions options, base::Observer& observer) {
  options.index.default_dynamic = engine::Dynamic::kStrict;
  // A trailing slash would put the name aside inside the folder.
  std::filesystem::path folder = std::filesystem::path(options.folder).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  Result<std::unique_ptr<SearchEngine>> opened = openFolder(folder, options, observer);
  if (opened.isOk()) return opened;
  const std::string_view suffix = asideSuffix(opened.status());
  if (suffix.empty()) return opened;
  GYRE_TRY(tryDefinition(options.definition, observer));
  observer.log(base::Level::kWarning, kPart,
               folder.string() + ": " + std::string(opened.status().message()) + "; kept as " + folder.string() +
                   std::string(suffix) + ", and a new index is filled from the primary store");
  GYRE_TRY(moveAside(folder, suffix));
  return openFolder(folder, options, observer);
}

Result<std::unique_ptr<SearchEngine>> openEmbeddedEngine(engine::Directory& directory, std::string_view definition,
                                                         engine::IndexOptions options, base::Observer& observer) {
  options.default_dynamic = engine::Dynamic::kStrict;
  GYRE_TRY_ASSIGN(std::unique_ptr<engine::Index> index, engine::Index::open(directory, definition, options, observer));
  return std::unique_ptr<SearchEngine>(std::make_unique<EmbeddedEngine>(nullptr, std::move(index)));
}

}  // namespace gyre::search
