// The columns of every _cat table, as its help lists them.
#include "server/dialect/cat_columns.hpp"

#include <cstddef>
#include <deque>
#include <iterator>
#include <string>
#include <vector>

namespace gyre::dialect {

namespace {

constexpr CatColumn kIndexHead[] = {
    {"health", "h", "current health status", false, true},
    {"status", "s", "open/close status", false, true},
    {"index", "i,idx", "index name", false, true},
    {"uuid", "id,uuid", "index uuid", false, true},
    {"pri", "p,shards.primary,shardsPrimary", "number of primary shards", true, true},
    {"rep", "r,shards.replica,shardsReplica", "number of replica shards", true, true},
    {"docs.count", "dc,docsCount", "available docs", true, true},
    {"docs.deleted", "dd,docsDeleted", "deleted docs", true, true},
    {"creation.date", "cd", "index creation date (millisecond value)", false, false},
    {"creation.date.string", "cds", "index creation date (as string)", false, false},
    {"store.size", "ss,storeSize", "store size of primaries & replicas", true, true},
    {"pri.store.size", "", "store size of primaries", true, true},
};
// Each is followed by the same of the primaries.
constexpr CatColumn kIndexFigures[] = {
    {"completion.size", "cs,completionSize", "size of completion", true, false},
    {"fielddata.memory_size", "fm,fielddataMemory", "used fielddata cache", true, false},
    {"fielddata.evictions", "fe,fielddataEvictions", "fielddata evictions", true, false},
    {"query_cache.memory_size", "qcm,queryCacheMemory", "used query cache", true, false},
    {"query_cache.evictions", "qce,queryCacheEvictions", "query cache evictions", true, false},
    {"request_cache.memory_size", "rcm,requestCacheMemory", "used request cache", true, false},
    {"request_cache.evictions", "rce,requestCacheEvictions", "request cache evictions", true, false},
    {"request_cache.hit_count", "rchc,requestCacheHitCount", "request cache hit count", true, false},
    {"request_cache.miss_count", "rcmc,requestCacheMissCount", "request cache miss count", true, false},
    {"flush.total", "ft,flushTotal", "number of flushes", true, false},
    {"flush.total_time", "ftt,flushTotalTime", "time spent in flush", true, false},
    {"get.current", "gc,getCurrent", "number of current get ops", true, false},
    {"get.time", "gti,getTime", "time spent in get", true, false},
    {"get.total", "gto,getTotal", "number of get ops", true, false},
    {"get.exists_time", "geti,getExistsTime", "time spent in successful gets", true, false},
    {"get.exists_total", "geto,getExistsTotal", "number of successful gets", true, false},
    {"get.missing_time", "gmti,getMissingTime", "time spent in failed gets", true, false},
    {"get.missing_total", "gmto,getMissingTotal", "number of failed gets", true, false},
    {"indexing.delete_current", "idc,indexingDeleteCurrent", "number of current deletions", true, false},
    {"indexing.delete_time", "idti,indexingDeleteTime", "time spent in deletions", true, false},
    {"indexing.delete_total", "idto,indexingDeleteTotal", "number of delete ops", true, false},
    {"indexing.index_current", "iic,indexingIndexCurrent", "number of current indexing ops", true, false},
    {"indexing.index_time", "iiti,indexingIndexTime", "time spent in indexing", true, false},
    {"indexing.index_total", "iito,indexingIndexTotal", "number of indexing ops", true, false},
    {"indexing.index_failed", "iif,indexingIndexFailed", "number of failed indexing ops", true, false},
    {"merges.current", "mc,mergesCurrent", "number of current merges", true, false},
    {"merges.current_docs", "mcd,mergesCurrentDocs", "number of current merging docs", true, false},
    {"merges.current_size", "mcs,mergesCurrentSize", "size of current merges", true, false},
    {"merges.total", "mt,mergesTotal", "number of completed merge ops", true, false},
    {"merges.total_docs", "mtd,mergesTotalDocs", "docs merged", true, false},
    {"merges.total_size", "mts,mergesTotalSize", "size merged", true, false},
    {"merges.total_time", "mtt,mergesTotalTime", "time spent in merges", true, false},
    {"refresh.total", "rto,refreshTotal", "total refreshes", true, false},
    {"refresh.time", "rti,refreshTime", "time spent in refreshes", true, false},
    {"refresh.external_total", "rto,refreshTotal", "total external refreshes", true, false},
    {"refresh.external_time", "rti,refreshTime", "time spent in external refreshes", true, false},
    {"refresh.listeners", "rli,refreshListeners", "number of pending refresh listeners", true, false},
    {"search.fetch_current", "sfc,searchFetchCurrent", "current fetch phase ops", true, false},
    {"search.fetch_time", "sfti,searchFetchTime", "time spent in fetch phase", true, false},
    {"search.fetch_total", "sfto,searchFetchTotal", "total fetch ops", true, false},
    {"search.open_contexts", "so,searchOpenContexts", "open search contexts", true, false},
    {"search.query_current", "sqc,searchQueryCurrent", "current query phase ops", true, false},
    {"search.query_time", "sqti,searchQueryTime", "time spent in query phase", true, false},
    {"search.query_total", "sqto,searchQueryTotal", "total query phase ops", true, false},
    {"search.concurrent_query_current", "scqc,searchConcurrentQueryCurrent", "current concurrent query phase ops", true,
     false},
    {"search.concurrent_query_time", "scqti,searchConcurrentQueryTime", "time spent in concurrent query phase", true,
     false},
    {"search.concurrent_query_total", "scqto,searchConcurrentQueryTotal", "total query phase ops", true, false},
    {"search.concurrent_avg_slice_count", "casc,searchConcurrentAvgSliceCount", "average query concurrency", true,
     false},
    {"search.scroll_current", "scc,searchScrollCurrent", "open scroll contexts", true, false},
    {"search.scroll_time", "scti,searchScrollTime", "time scroll contexts held open", true, false},
    {"search.scroll_total", "scto,searchScrollTotal", "completed scroll contexts", true, false},
    {"search.point_in_time_current", "scc,searchPointInTimeCurrent", "open point in time contexts", true, false},
    {"search.point_in_time_time", "scti,searchPointInTimeTime", "time point in time contexts held open", true, false},
    {"search.point_in_time_total", "scto,searchPointInTimeTotal", "completed point in time contexts", true, false},
    {"segments.count", "sc,segmentsCount", "number of segments", true, false},
    {"segments.memory", "sm,segmentsMemory", "memory used by segments", true, false},
    {"segments.index_writer_memory", "siwm,segmentsIndexWriterMemory", "memory used by index writer", true, false},
    {"segments.version_map_memory", "svmm,segmentsVersionMapMemory", "memory used by version map", true, false},
    {"segments.fixed_bitset_memory", "sfbm,fixedBitsetMemory",
     "memory used by fixed bit sets for nested object field types and type filters for types referred in _parent "
     "fields",
     true, false},
    {"warmer.current", "wc,warmerCurrent", "current warmer ops", true, false},
    {"warmer.total", "wto,warmerTotal", "total warmer ops", true, false},
    {"warmer.total_time", "wtt,warmerTotalTime", "time spent in warmers", true, false},
    {"suggest.current", "suc,suggestCurrent", "number of current suggest ops", true, false},
    {"suggest.time", "suti,suggestTime", "time spend in suggest", true, false},
    {"suggest.total", "suto,suggestTotal", "number of suggest ops", true, false},
};
constexpr CatColumn kIndexTail[] = {
    {"memory.total", "tm,memoryTotal", "total used memory", true, false},
    {"pri.memory.total", "", "total user memory", true, false},
    {"search.throttled", "sth", "indicates if the index is search throttled", true, false},
};
constexpr CatColumn kHealth[] = {
    {"epoch", "t,time", "seconds since 1970-01-01 00:00:00", false, true},
    {"timestamp", "ts,hms,hhmmss", "time in HH:MM:SS", false, true},
    {"cluster", "cl", "cluster name", false, true},
    {"status", "st", "health status", false, true},
    {"node.total", "nt,nodeTotal", "total number of nodes", true, true},
    {"node.data", "nd,nodeData", "number of nodes that can store data", true, true},
    {"discovered_cluster_manager", "dcm,dm,discovered_master", "cluster manager is discovered or not", true, true},
    {"shards", "t,sh,shards.total,shardsTotal", "total number of shards", true, true},
    {"pri", "p,shards.primary,shardsPrimary", "number of primary shards", true, true},
    {"relo", "r,shards.relocating,shardsRelocating", "number of relocating nodes", true, true},
    {"init", "i,shards.initializing,shardsInitializing", "number of initializing nodes", true, true},
    {"unassign", "u,shards.unassigned,shardsUnassigned", "number of unassigned shards", true, true},
    {"pending_tasks", "pt,pendingTasks", "number of pending tasks", true, true},
    {"max_task_wait_time", "mtwt,maxTaskWaitTime", "wait time of longest task pending", true, true},
    {"active_shards_percent", "asp,activeShardsPercent", "active number of shards in percent", true, true},
};
constexpr CatColumn kAliases[] = {
    {"alias", "a", "alias name", false, true},
    {"index", "i,idx", "index alias points to", false, true},
    {"filter", "f,fi", "filter", false, true},
    {"routing.index", "ri,routingIndex", "index routing", false, true},
    {"routing.search", "rs,routingSearch", "search routing", false, true},
    {"is_write_index", "w,isWriteIndex", "write index", false, true},
};
constexpr CatColumn kShards[] = {
    {"index", "i,idx", "index name", false, true},
    {"shard", "s,sh", "shard name", false, true},
    {"prirep", "p,pr,primaryOrReplica", "primary or replica", false, true},
    {"state", "st", "shard state", false, true},
    {"docs", "d,dc", "number of docs in shard", true, true},
    {"store", "sto", "store size of shard (how much disk it uses)", true, true},
    {"ip", "", "ip of node where it lives", false, true},
    {"id", "", "unique id of node where it lives", false, false},
    {"node", "n", "name of node where it lives", false, true},
    {"sync_id", "sync_id", "sync id", false, false},
    {"unassigned.reason", "ur", "reason shard is unassigned", false, false},
    {"unassigned.at", "ua", "time shard became unassigned (UTC)", false, false},
    {"unassigned.for", "uf", "time has been unassigned", false, false},
    {"unassigned.details", "ud", "additional details as to why the shard became unassigned", false, false},
    {"recoverysource.type", "rs", "recovery source type", false, false},
    {"completion.size", "cs,completionSize", "size of completion", true, false},
    {"fielddata.memory_size", "fm,fielddataMemory", "used fielddata cache", true, false},
    {"fielddata.evictions", "fe,fielddataEvictions", "fielddata evictions", true, false},
    {"query_cache.memory_size", "qcm,queryCacheMemory", "used query cache", true, false},
    {"query_cache.evictions", "qce,queryCacheEvictions", "query cache evictions", true, false},
    {"flush.total", "ft,flushTotal", "number of flushes", true, false},
    {"flush.total_time", "ftt,flushTotalTime", "time spent in flush", true, false},
    {"get.current", "gc,getCurrent", "number of current get ops", true, false},
    {"get.time", "gti,getTime", "time spent in get", true, false},
    {"get.total", "gto,getTotal", "number of get ops", true, false},
    {"get.exists_time", "geti,getExistsTime", "time spent in successful gets", true, false},
    {"get.exists_total", "geto,getExistsTotal", "number of successful gets", true, false},
    {"get.missing_time", "gmti,getMissingTime", "time spent in failed gets", true, false},
    {"get.missing_total", "gmto,getMissingTotal", "number of failed gets", true, false},
    {"indexing.delete_current", "idc,indexingDeleteCurrent", "number of current deletions", true, false},
    {"indexing.delete_time", "idti,indexingDeleteTime", "time spent in deletions", true, false},
    {"indexing.delete_total", "idto,indexingDeleteTotal", "number of delete ops", true, false},
    {"indexing.index_current", "iic,indexingIndexCurrent", "number of current indexing ops", true, false},
    {"indexing.index_time", "iiti,indexingIndexTime", "time spent in indexing", true, false},
    {"indexing.index_total", "iito,indexingIndexTotal", "number of indexing ops", true, false},
    {"indexing.index_failed", "iif,indexingIndexFailed", "number of failed indexing ops", true, false},
    {"merges.current", "mc,mergesCurrent", "number of current merges", true, false},
    {"merges.current_docs", "mcd,mergesCurrentDocs", "number of current merging docs", true, false},
    {"merges.current_size", "mcs,mergesCurrentSize", "size of current merges", true, false},
    {"merges.total", "mt,mergesTotal", "number of completed merge ops", true, false},
    {"merges.total_docs", "mtd,mergesTotalDocs", "docs merged", true, false},
    {"merges.total_size", "mts,mergesTotalSize", "size merged", true, false},
    {"merges.total_time", "mtt,mergesTotalTime", "time spent in merges", true, false},
    {"refresh.total", "rto,refreshTotal", "total refreshes", true, false},
    {"refresh.time", "rti,refreshTime", "time spent in refreshes", true, false},
    {"refresh.external_total", "rto,refreshTotal", "total external refreshes", true, false},
    {"refresh.external_time", "rti,refreshTime", "time spent in external refreshes", true, false},
    {"refresh.listeners", "rli,refreshListeners", "number of pending refresh listeners", true, false},
    {"search.fetch_current", "sfc,searchFetchCurrent", "current fetch phase ops", true, false},
    {"search.fetch_time", "sfti,searchFetchTime", "time spent in fetch phase", true, false},
    {"search.fetch_total", "sfto,searchFetchTotal", "total fetch ops", true, false},
    {"search.open_contexts", "so,searchOpenContexts", "open search contexts", true, false},
    {"search.query_current", "sqc,searchQueryCurrent", "current query phase ops", true, false},
    {"search.query_time", "sqti,searchQueryTime", "time spent in query phase", true, false},
    {"search.query_total", "sqto,searchQueryTotal", "total query phase ops", true, false},
    {"search.concurrent_query_current", "scqc,searchConcurrentQueryCurrent", "current concurrent query phase ops", true,
     false},
    {"search.concurrent_query_time", "scqti,searchConcurrentQueryTime", "time spent in concurrent query phase", true,
     false},
    {"search.concurrent_query_total", "scqto,searchConcurrentQueryTotal", "total concurrent query phase ops", true,
     false},
    {"search.concurrent_avg_slice_count", "casc,searchConcurrentAvgSliceCount", "average query concurrency", true,
     false},
    {"search.scroll_current", "scc,searchScrollCurrent", "open scroll contexts", true, false},
    {"search.scroll_time", "scti,searchScrollTime", "time scroll contexts held open", true, false},
    {"search.scroll_total", "scto,searchScrollTotal", "completed scroll contexts", true, false},
    {"search.point_in_time_current", "spc,searchPointInTimeCurrent", "open point in time contexts", true, false},
    {"search.point_in_time_time", "spti,searchPointInTimeTime", "time point in time contexts held open", true, false},
    {"search.point_in_time_total", "spto,searchPointInTimeTotal", "completed point in time contexts", true, false},
    {"search.search_idle_reactivate_count_total", "ssirct,searchSearchIdleReactivateCountTotal",
     "number of times a shard reactivated", true, false},
    {"segments.count", "sc,segmentsCount", "number of segments", true, false},
    {"segments.memory", "sm,segmentsMemory", "memory used by segments", true, false},
    {"segments.index_writer_memory", "siwm,segmentsIndexWriterMemory", "memory used by index writer", true, false},
    {"segments.version_map_memory", "svmm,segmentsVersionMapMemory", "memory used by version map", true, false},
    {"segments.fixed_bitset_memory", "sfbm,fixedBitsetMemory",
     "memory used by fixed bit sets for nested object field types and type filters for types referred in _parent "
     "fields",
     true, false},
    {"seq_no.max", "sqm,maxSeqNo", "max sequence number", true, false},
    {"seq_no.local_checkpoint", "sql,localCheckpoint", "local checkpoint", true, false},
    {"seq_no.global_checkpoint", "sqg,globalCheckpoint", "global checkpoint", true, false},
    {"warmer.current", "wc,warmerCurrent", "current warmer ops", true, false},
    {"warmer.total", "wto,warmerTotal", "total warmer ops", true, false},
    {"warmer.total_time", "wtt,warmerTotalTime", "time spent in warmers", true, false},
    {"path.data", "pd,dataPath", "shard data path", false, false},
    {"path.state", "ps,statsPath", "shard state path", false, false},
    {"docs.deleted", "dd,docsDeleted", "number of deleted docs in shard", true, false},
};
constexpr CatColumn kSegments[] = {
    {"index", "i,idx", "index name", false, true},
    {"shard", "s,sh", "shard name", false, true},
    {"prirep", "p,pr,primaryOrReplica", "primary or replica", false, true},
    {"ip", "", "ip of node where it lives", false, true},
    {"id", "", "unique id of node where it lives", false, false},
    {"segment", "seg", "segment name", false, true},
    {"generation", "g,gen", "segment generation", true, true},
    {"docs.count", "dc,docsCount", "number of docs in segment", true, true},
    {"docs.deleted", "dd,docsDeleted", "number of deleted docs in segment", true, true},
    {"size", "si", "segment size in bytes", true, true},
    {"size.memory", "sm,sizeMemory", "segment memory in bytes", true, true},
    {"committed", "ic,isCommitted", "is segment committed", false, true},
    {"searchable", "is,isSearchable", "is segment searched", false, true},
    {"version", "v,ver", "version", false, true},
    {"compound", "ico,isCompound", "is segment compound", false, true},
};
constexpr CatColumn kTemplates[] = {
    {"name", "n", "template name", false, true},
    {"index_patterns", "t", "template index patterns", false, true},
    {"order", "o,p", "template application order/priority number", false, true},
    {"version", "v", "version", false, true},
    {"composed_of", "c", "component templates comprising index template", false, true},
};
constexpr CatColumn kNodes[] = {
    {"id", "id,nodeId", "unique node id", false, false},
    {"pid", "p", "process id", true, false},
    {"ip", "i", "ip address", false, true},
    {"port", "po", "bound transport port", false, false},
    {"http_address", "http", "bound http address", false, false},
    {"version", "v", "os version", false, false},
    {"type", "t", "os distribution type", false, false},
    {"build", "b", "os build hash", false, false},
    {"jdk", "j", "jdk version", false, false},
    {"disk.total", "dt,diskTotal", "total disk space", true, false},
    {"disk.used", "du,diskUsed", "used disk space", true, false},
    {"disk.avail", "d,da,disk,diskAvail", "available disk space", true, false},
    {"disk.used_percent", "dup,diskUsedPercent", "used disk space percentage", true, false},
    {"heap.current", "hc,heapCurrent", "used heap", true, false},
    {"heap.percent", "hp,heapPercent", "used heap ratio", true, true},
    {"heap.max", "hm,heapMax", "max configured heap", true, false},
    {"ram.current", "rc,ramCurrent", "used machine memory", true, false},
    {"ram.percent", "rp,ramPercent", "used machine memory ratio", true, true},
    {"ram.max", "rm,ramMax", "total machine memory", true, false},
    {"file_desc.current", "fdc,fileDescriptorCurrent", "used file descriptors", false, false},
    {"file_desc.percent", "fdp,fileDescriptorPercent", "used file descriptor ratio", true, false},
    {"file_desc.max", "fdm,fileDescriptorMax", "max file descriptors", true, false},
    {"cpu", "cpu", "recent cpu usage", true, true},
    {"load_1m", "l", "1m load avg", true, true},
    {"load_5m", "l", "5m load avg", true, true},
    {"load_15m", "l", "15m load avg", true, true},
    {"uptime", "u", "node uptime", false, false},
    {"node.role", "r,role,nodeRole", "m:master eligible node, d:data node, i:ingest node, -:coordinating node only",
     false, true},
    {"node.roles", "rs,all roles", "-:coordinating node only", false, true},
    {"cluster_manager", "cm,m,master", "*:current cluster manager", false, true},
    {"name", "n", "node name", false, true},
    {"completion.size", "cs,completionSize", "size of completion", true, false},
    {"fielddata.memory_size", "fm,fielddataMemory", "used fielddata cache", true, false},
    {"fielddata.evictions", "fe,fielddataEvictions", "fielddata evictions", true, false},
    {"query_cache.memory_size", "qcm,queryCacheMemory", "used query cache", true, false},
    {"query_cache.evictions", "qce,queryCacheEvictions", "query cache evictions", true, false},
    {"query_cache.hit_count", "qchc,queryCacheHitCount", "query cache hit counts", true, false},
    {"query_cache.miss_count", "qcmc,queryCacheMissCount", "query cache miss counts", true, false},
    {"request_cache.memory_size", "rcm,requestCacheMemory", "used request cache", true, false},
    {"request_cache.evictions", "rce,requestCacheEvictions", "request cache evictions", true, false},
    {"request_cache.hit_count", "rchc,requestCacheHitCount", "request cache hit counts", true, false},
    {"request_cache.miss_count", "rcmc,requestCacheMissCount", "request cache miss counts", true, false},
    {"flush.total", "ft,flushTotal", "number of flushes", true, false},
    {"flush.total_time", "ftt,flushTotalTime", "time spent in flush", true, false},
    {"get.current", "gc,getCurrent", "number of current get ops", true, false},
    {"get.time", "gti,getTime", "time spent in get", true, false},
    {"get.total", "gto,getTotal", "number of get ops", true, false},
    {"get.exists_time", "geti,getExistsTime", "time spent in successful gets", true, false},
    {"get.exists_total", "geto,getExistsTotal", "number of successful gets", true, false},
    {"get.missing_time", "gmti,getMissingTime", "time spent in failed gets", true, false},
    {"get.missing_total", "gmto,getMissingTotal", "number of failed gets", true, false},
    {"indexing.delete_current", "idc,indexingDeleteCurrent", "number of current deletions", true, false},
    {"indexing.delete_time", "idti,indexingDeleteTime", "time spent in deletions", true, false},
    {"indexing.delete_total", "idto,indexingDeleteTotal", "number of delete ops", true, false},
    {"indexing.index_current", "iic,indexingIndexCurrent", "number of current indexing ops", true, false},
    {"indexing.index_time", "iiti,indexingIndexTime", "time spent in indexing", true, false},
    {"indexing.index_total", "iito,indexingIndexTotal", "number of indexing ops", true, false},
    {"indexing.index_failed", "iif,indexingIndexFailed", "number of failed indexing ops", true, false},
    {"merges.current", "mc,mergesCurrent", "number of current merges", true, false},
    {"merges.current_docs", "mcd,mergesCurrentDocs", "number of current merging docs", true, false},
    {"merges.current_size", "mcs,mergesCurrentSize", "size of current merges", true, false},
    {"merges.total", "mt,mergesTotal", "number of completed merge ops", true, false},
    {"merges.total_docs", "mtd,mergesTotalDocs", "docs merged", true, false},
    {"merges.total_size", "mts,mergesTotalSize", "size merged", true, false},
    {"merges.total_time", "mtt,mergesTotalTime", "time spent in merges", true, false},
    {"refresh.total", "rto,refreshTotal", "total refreshes", true, false},
    {"refresh.time", "rti,refreshTime", "time spent in refreshes", true, false},
    {"refresh.external_total", "rto,refreshTotal", "total external refreshes", true, false},
    {"refresh.external_time", "rti,refreshTime", "time spent in external refreshes", true, false},
    {"refresh.listeners", "rli,refreshListeners", "number of pending refresh listeners", true, false},
    {"script.compilations", "scrcc,scriptCompilations", "script compilations", true, false},
    {"script.cache_evictions", "scrce,scriptCacheEvictions", "script cache evictions", true, false},
    {"script.compilation_limit_triggered", "scrclt,scriptCacheCompilationLimitTriggered",
     "script cache compilation limit triggered", true, false},
    {"search.fetch_current", "sfc,searchFetchCurrent", "current fetch phase ops", true, false},
    {"search.fetch_time", "sfti,searchFetchTime", "time spent in fetch phase", true, false},
    {"search.fetch_total", "sfto,searchFetchTotal", "total fetch ops", true, false},
    {"search.open_contexts", "so,searchOpenContexts", "open search contexts", true, false},
    {"search.query_current", "sqc,searchQueryCurrent", "current query phase ops", true, false},
    {"search.query_time", "sqti,searchQueryTime", "time spent in query phase", true, false},
    {"search.query_total", "sqto,searchQueryTotal", "total query phase ops", true, false},
    {"search.concurrent_query_current", "scqc,searchConcurrentQueryCurrent", "current concurrent query phase ops", true,
     false},
    {"search.concurrent_query_time", "scqti,searchConcurrentQueryTime", "time spent in concurrent query phase", true,
     false},
    {"search.concurrent_query_total", "scqto,searchConcurrentQueryTotal", "total concurrent query phase ops", true,
     false},
    {"search.concurrent_avg_slice_count", "casc,searchConcurrentAvgSliceCount", "average query concurrency", true,
     false},
    {"search.scroll_current", "scc,searchScrollCurrent", "open scroll contexts", true, false},
    {"search.scroll_time", "scti,searchScrollTime", "time scroll contexts held open", true, false},
    {"search.scroll_total", "scto,searchScrollTotal", "completed scroll contexts", true, false},
    {"search.point_in_time_current", "scc,searchPointInTimeCurrent", "open point in time contexts", true, false},
    {"search.point_in_time_time", "scti,searchPointInTimeTime", "time point in time contexts held open", true, false},
    {"search.point_in_time_total", "scto,searchPointInTimeTotal", "completed point in time contexts", true, false},
    {"segments.count", "sc,segmentsCount", "number of segments", true, false},
    {"segments.memory", "sm,segmentsMemory", "memory used by segments", true, false},
    {"segments.index_writer_memory", "siwm,segmentsIndexWriterMemory", "memory used by index writer", true, false},
    {"segments.version_map_memory", "svmm,segmentsVersionMapMemory", "memory used by version map", true, false},
    {"segments.fixed_bitset_memory", "sfbm,fixedBitsetMemory",
     "memory used by fixed bit sets for nested object field types and type filters for types referred in _parent "
     "fields",
     true, false},
    {"suggest.current", "suc,suggestCurrent", "number of current suggest ops", true, false},
    {"suggest.time", "suti,suggestTime", "time spend in suggest", true, false},
    {"suggest.total", "suto,suggestTotal", "number of suggest ops", true, false},
};
constexpr CatColumn kClusterManager[] = {
    {"id", "", "node id", false, true},
    {"host", "h", "host name", false, true},
    {"ip", "", "ip address", false, true},
    {"node", "n", "node name", false, true},
};
constexpr CatColumn kAllocation[] = {
    {"shards", "s", "number of shards on node", true, true},
    {"disk.indices", "di,diskIndices", "disk used by OpenSearch indices", true, true},
    {"disk.used", "du,diskUsed", "disk used (total, not just OpenSearch)", true, true},
    {"disk.avail", "da,diskAvail", "disk available", true, true},
    {"disk.total", "dt,diskTotal", "total capacity of all volumes", true, true},
    {"disk.percent", "dp,diskPercent", "percent disk used", true, true},
    {"host", "h", "host of node", false, true},
    {"ip", "", "ip of node", false, true},
    {"node", "n", "name of node", false, true},
};
constexpr CatColumn kPlugins[] = {
    {"id", "", "unique node id", false, false},           {"name", "n", "node name", false, true},
    {"component", "c", "component", false, true},         {"version", "v", "component version", false, true},
    {"description", "d", "plugin details", false, false},
};
constexpr CatColumn kTasks[] = {
    {"id", "", "id of the task with the node", false, false},
    {"action", "ac", "task action", false, true},
    {"task_id", "ti", "unique task id", false, true},
    {"parent_task_id", "pti", "parent task id", false, true},
    {"type", "ty", "task type", false, true},
    {"start_time", "start", "start time in ms", false, true},
    {"timestamp", "ts,hms,hhmmss", "start time in HH:MM:SS", false, true},
    {"running_time_ns", "time", "running time ns", false, false},
    {"running_time", "time", "running time", false, true},
    {"node_id", "ni", "unique node id", false, false},
    {"ip", "i", "ip address", false, true},
    {"port", "po", "bound transport port", false, false},
    {"node", "n", "node name", false, true},
    {"version", "v", "es version", false, false},
    {"x_opaque_id", "x", "X-Opaque-ID header", false, false},
};
constexpr CatColumn kPendingTasks[] = {
    {"insertOrder", "o", "task insertion order", true, true},
    {"timeInQueue", "t", "how long task has been in queue", true, true},
    {"priority", "p", "task priority", false, true},
    {"source", "s", "task source", false, true},
};
constexpr CatColumn kThreadPool[] = {
    {"node_name", "nn", "node name", false, true},
    {"node_id", "id", "persistent node id", false, false},
    {"ephemeral_node_id", "eid", "ephemeral node id", false, false},
    {"pid", "p", "process id", false, false},
    {"host", "h", "host name", false, false},
    {"ip", "i", "ip address", false, false},
    {"port", "po", "bound transport port", false, false},
    {"name", "n", "thread pool name", false, true},
    {"type", "t", "thread pool type", false, false},
    {"active", "a", "number of active threads", true, true},
    {"pool_size", "psz", "number of threads", true, false},
    {"queue", "q", "number of tasks currently in queue", true, true},
    {"queue_size", "qs", "maximum number of tasks permitted in queue", true, false},
    {"rejected", "r", "number of rejected tasks", true, true},
    {"largest", "l", "highest number of seen active threads", true, false},
    {"completed", "c", "number of completed tasks", true, false},
    {"total_wait_time", "twt", "total time tasks spent waiting in thread_pool queue", true, false},
    {"core", "cr", "core number of threads in a scaling thread pool", true, false},
    {"max", "mx", "maximum number of threads in a scaling thread pool", true, false},
    {"size", "sz", "number of threads in a fixed thread pool", true, false},
    {"keep_alive", "ka", "thread keep alive time", true, false},
};
constexpr CatColumn kCount[] = {
    {"epoch", "t,time", "seconds since 1970-01-01 00:00:00", false, true},
    {"timestamp", "ts,hms,hhmmss", "time in HH:MM:SS", false, true},
    {"count", "dc,docs.count,docsCount", "the document count", false, true},
};
constexpr CatColumn kNodeattrs[] = {
    {"node", "name", "node name", false, true},
    {"id", "id,nodeId", "unique node id", false, false},
    {"pid", "p", "process id", false, false},
    {"host", "h", "host name", false, true},
    {"ip", "i", "ip address", false, true},
    {"port", "po", "bound transport port", false, false},
    {"attr", "attr.name", "attribute description", false, true},
    {"value", "attr.value", "attribute value", false, true},
};
constexpr CatColumn kFielddata[] = {
    {"id", "", "node id", false, true},        {"host", "h", "host name", false, true},
    {"ip", "", "ip address", false, true},     {"node", "n", "node name", false, true},
    {"field", "f", "field name", false, true}, {"size", "s", "field data usage", false, true},
};
constexpr CatColumn kRecovery[] = {
    {"index", "i,idx", "index name", false, true},
    {"shard", "s,sh", "shard name", false, true},
    {"start_time", "start", "recovery start time", false, false},
    {"start_time_millis", "start_millis", "recovery start time in epoch milliseconds", false, false},
    {"stop_time", "stop", "recovery stop time", false, false},
    {"stop_time_millis", "stop_millis", "recovery stop time in epoch milliseconds", false, false},
    {"time", "t,ti", "recovery time", false, true},
    {"type", "ty", "recovery type", false, true},
    {"stage", "st", "recovery stage", false, true},
    {"source_host", "shost", "source host", false, true},
    {"source_node", "snode", "source node name", false, true},
    {"target_host", "thost", "target host", false, true},
    {"target_node", "tnode", "target node name", false, true},
    {"repository", "rep", "repository", false, true},
    {"snapshot", "snap", "snapshot", false, true},
    {"files", "f", "number of files to recover", false, true},
    {"files_recovered", "fr", "files recovered", false, true},
    {"files_percent", "fp", "percent of files recovered", false, true},
    {"files_total", "tf", "total number of files", false, true},
    {"bytes", "b", "number of bytes to recover", false, true},
    {"bytes_recovered", "br", "bytes recovered", false, true},
    {"bytes_percent", "bp", "percent of bytes recovered", false, true},
    {"bytes_total", "tb", "total number of bytes", false, true},
    {"translog_ops", "to", "number of translog ops to recover", false, true},
    {"translog_ops_recovered", "tor", "translog ops recovered", false, true},
    {"translog_ops_percent", "top", "percent of translog ops recovered", false, true},
};
constexpr CatColumn kRepositories[] = {
    {"id", "id,repoId", "unique repository id", false, true},
    {"type", "t,type", "repository type", false, true},
};

const std::vector<CatColumn>& indexColumns() {
  static const std::deque<std::string> kPrimaryNames = [] {
    std::deque<std::string> names;
    for (const CatColumn& figure : kIndexFigures) names.push_back("pri." + std::string(figure.name));
    return names;
  }();
  static const std::vector<CatColumn> kColumns = [] {
    std::vector<CatColumn> columns(std::begin(kIndexHead), std::end(kIndexHead));
    for (std::size_t i = 0; i < std::size(kIndexFigures); ++i) {
      const CatColumn& figure = kIndexFigures[i];
      columns.push_back(figure);
      columns.push_back({kPrimaryNames[i], "", figure.help, figure.is_right, figure.is_shown});
    }
    columns.insert(columns.end(), std::begin(kIndexTail), std::end(kIndexTail));
    return columns;
  }();
  return kColumns;
}

}  // namespace

std::span<const CatColumn> catColumns(CatTableKind kind) {
  switch (kind) {
    case CatTableKind::kIndices: return indexColumns();
    case CatTableKind::kHealth: return kHealth;
    case CatTableKind::kAliases: return kAliases;
    case CatTableKind::kShards: return kShards;
    case CatTableKind::kSegments: return kSegments;
    case CatTableKind::kTemplates: return kTemplates;
    case CatTableKind::kNodes: return kNodes;
    case CatTableKind::kClusterManager: return kClusterManager;
    case CatTableKind::kAllocation: return kAllocation;
    case CatTableKind::kPlugins: return kPlugins;
    case CatTableKind::kTasks: return kTasks;
    case CatTableKind::kPendingTasks: return kPendingTasks;
    case CatTableKind::kThreadPool: return kThreadPool;
    case CatTableKind::kCount: return kCount;
    case CatTableKind::kNodeattrs: return kNodeattrs;
    case CatTableKind::kFielddata: return kFielddata;
    case CatTableKind::kRecovery: return kRecovery;
    case CatTableKind::kRepositories: return kRepositories;
  }
  return {};
}

}  // namespace gyre::dialect
