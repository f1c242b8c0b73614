// Which index does a call for one document go to, and may a write make it?
//
// THREADS: free functions.
#pragma once

#include <string>
#include <string_view>

#include "gyre/status.hpp"
#include "server/dialect/catalog.hpp"

namespace gyre::dialect {

// What require_alias asks for.
Status checkIsAlias(const CatalogState& state, std::string_view name);
// index_not_found_exception when there is no such index or alias, and action.auto_create_index forbids one.
Status checkAutoCreate(const CatalogState& state, std::string_view name);
// The index of that name, the alias' write index, or one that is made: unless action.auto_create_index forbids it, or
// `may_create` is false. index_not_found_exception then.
Result<IndexPtr> indexForWrite(Catalog& catalog, std::string_view name, bool may_create);
// The index of that name, or of an alias of one index. Without a routing it becomes the alias' own.
Result<IndexPtr> indexForRead(Catalog& catalog, std::string_view name, std::string& routing);

}  // namespace gyre::dialect
