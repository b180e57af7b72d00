/** PostgreSQL's number for a SQLSTATE: six bits per character, the first lowest (MAKE_SQLSTATE). */
export function sqlState(state: string): number {
  return [...state].reduceRight((number, character) => (number << 6) + character.charCodeAt(0) - 48, 0);
}

/**
 * Server codes of conditions that pass by themselves, from MongoDB's
 * src/mongo/base/error_codes.yml.
 */
export const UNAVAILABLE_CODES: ReadonlySet<number> = new Set([
  6, // HostUnreachable
  7, // HostNotFound
  13, // Unauthorized: a change of rights must not fail requests
  18, // AuthenticationFailed: nor must a change of passwords
  24, // LockTimeout
  43, // CursorNotFound: the server restarted between two batches of a cursor
  46, // LockBusy
  63, // StaleShardVersion
  64, // WriteConcernTimeout
  70, // ShardNotFound: the cluster is being reconfigured
  79, // UnknownReplWriteConcern
  83, // RemoteResultsUnavailable
  89, // NetworkTimeout
  90, // CallbackCanceled
  91, // ShutdownInProgress
  94, // NotYetInitialized
  95, // NotSecondary
  100, // UnsatisfiableWriteConcern: too few members at the moment
  107, // LockFailed
  112, // WriteConflict
  117, // ConflictingOperationInProgress
  133, // FailedToSatisfyReadPreference
  134, // ReadConcernMajorityNotAvailableYet
  135, // StaleTerm
  145, // PooledConnectionsDropped
  149, // NoConfigPrimary
  150, // StaleEpoch
  175, // QueryPlanKilled
  189, // PrimarySteppedDown
  199, // ReplicaSetMonitorRemoved
  202, // NetworkInterfaceExceededTimeLimit
  203, // ShardingStateNotInitialized
  208, // TooManyLocks
  209, // StaleClusterTime
  210, // CannotVerifyAndSignLogicalTime
  211, // KeyNotFound: after a start or an election the key that signs cluster times is missing
  214, // AuthenticationRestrictionUnmet: like 13
  215, // DatabaseDropPending
  216, // ElectionInProgress
  230, // DNSHostNotFound
  237, // CursorKilled
  239, // SnapshotTooOld
  246, // SnapshotUnavailable
  249, // StaleDbVersion
  250, // StaleChunkHistory
  259, // KeyedExecutorRetry
  261, // TooManyLogicalSessions
  262, // ExceededTimeLimit
  264, // TooManyFilesOpen
  267, // PreparedTransactionInProgress
  272, // MigrationConflict
  276, // IndexBuildAborted
  278, // UnsatisfiableCommitQuorum
  279, // ClientDisconnect
  281, // TransactionCoordinatorSteppingDown
  285, // IndexBuildAlreadyInProgress
  303, // SplitHorizonChange
  308, // CurrentConfigNotCommittedYet
  314, // ObjectIsBusy
  317, // ConnectionPoolExpired
  319, // MovePrimaryInProgress
  333, // ServiceExecutorInShutdown
  338, // ReshardCollectionInProgress
  342, // ReshardingCriticalSectionTimeout
  343, // ShardCannotRefreshDueToLocksHeld
  355, // InterruptedDueToStorageChange
  358, // InternalTransactionNotSupported
  363, // RetryableTransactionInProgress
  365, // TemporarilyUnavailable
  371, // UserWritesBlocked: while a cluster is synchronised or moved
  372, // CloseConnectionForShutdownCommand
  384, // ConnectionError
  391, // ReauthenticationRequired
  402, // ResourceExhausted
  404, // LDAPRoleAcquisitionError: as 18
  406, // MigrationBlockingOperationCoordinatorCleaningUp
  407, // PooledConnectionAcquisitionExceededTimeLimit
  412, // UpdatesStillPending
  414, // AddOrRemoveShardInProgress
  433, // AdmissionQueueOverflow
  449, // RateLimitExceeded
  450, // PooledConnectionAcquisitionRejected
  453, // InterruptedDueToReshardingCriticalSection
  462, // IngressRequestRateLimitExceeded
  9001, // SocketException
  10058, // LegacyNotPrimary
  10107, // NotWritablePrimary
  11600, // InterruptedAtShutdown
  11601, // Interrupted
  11602, // InterruptedDueToReplStateChange
  12586, // BackgroundOperationInProgressForDatabase
  12587, // BackgroundOperationInProgressForNamespace
  13388, // StaleConfig
  13435, // NotPrimaryNoSecondaryOk
  13436, // NotPrimaryOrSecondary
  14031, // OutOfDiskSpace
  16500, // TooManyRequests, of Azure Cosmos DB
  46841, // ClientMarkedKilled
  50915, // BackupCursorOpenConflictWithCheckpoint
  56846, // ConfigServerUnreachable
  91331, // RetriableRemoteCommandFailure
  10045600, // InterruptedDueToFCVChange
  // The DocumentDB engine passes PostgreSQL's codes on unchanged.
  sqlState('08000'), // connection_exception
  sqlState('08003'), // connection_does_not_exist
  sqlState('08006'), // connection_failure
  sqlState('25006'), // read_only_sql_transaction: a standby, before it takes over
  sqlState('40001'), // serialization_failure
  sqlState('40P01'), // deadlock_detected
  sqlState('53000'), // insufficient_resources
  sqlState('53100'), // disk_full
  sqlState('53200'), // out_of_memory
  sqlState('53300'), // too_many_connections
  sqlState('55006'), // object_in_use
  sqlState('55P03'), // lock_not_available
  sqlState('57P01'), // admin_shutdown
  sqlState('57P02'), // crash_shutdown
  sqlState('57P03'), // cannot_connect_now
  sqlState('57P05'), // idle_session_timeout
]);
