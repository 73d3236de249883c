import Files
import Foundation
import GRDB

/// The database: which content files had, and what was made of each content.
///
/// Rows are narrow where they are looked for and changed, and wide (`bytes`) only where they are fetched. `used` counts hours, so that
/// what is used every minute is not written every minute.
final class CacheFile: Sendable {
  static let version = 1
  /// "Srpr": no other program's database has it.
  private static let application = 0x5372_7072

  let path: String
  let queue: DatabaseQueue
  /// Which file it is, whatever its name is by now.
  let identity: FileIdentity?

  /// Opens it, or makes it where there is none.
  ///
  /// - Parameter wait: seconds to wait for another process that writes.
  /// - Throws: `CacheError`.
  init(path: String, wait: Double) throws(CacheError) {
    self.path = path
    var configuration = Configuration()
    configuration.label = "surprisal.cache"
    configuration.busyMode = .timeout(wait)
    configuration.foreignKeysEnabled = false
    configuration.prepareDatabase { db in
      // Damaged pages are told by their cells; a database that was tampered with calls no functions.
      try db.execute(
        sql: "PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF; PRAGMA synchronous = NORMAL")
    }
    do {
      queue = try DatabaseQueue(path: path, configuration: configuration)
      try Self.prepare(queue, path, patience: wait)
    } catch { throw CacheError(error, path: path) }
    identity = FilePath(path).stamp?.identity
  }

  /// SQLite waits for a lock by itself, but not where the journal's mode is changed: of two that make the file at once, one
  /// would be turned away.
  private static func prepare(_ queue: DatabaseQueue, _ path: String, patience: Double) throws {
    let end = ContinuousClock.now + .seconds(patience)
    while true {
      do {
        return try prepare(queue, path)
      } catch let error as DatabaseError {
        guard error.resultCode == .SQLITE_BUSY, ContinuousClock.now < end else { throw error }
        usleep(10_000)
      }
    }
  }

  private static func prepare(_ queue: DatabaseQueue, _ path: String) throws {
    try queue.inDatabase { db in
      var found = try state(db)
      if found.isEmpty {
        // Before the first table, or never. A second process that does the same is waited for.
        try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
        _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
        try db.inTransaction(.immediate) {
          found = try state(db)
          if found.isEmpty {
            try db.execute(sql: schema)
            found = try state(db)
          }
          return .commit
        }
      }
      guard found.application == application else { throw CacheError.foreign(path: path) }
      guard found.version <= version else { throw CacheError.newer(path: path, version: found.version) }
      // Nothing older is out there; were it, it would be no loss.
      guard found.version == version else { throw CacheError.damaged(path: path, reason: "of no version") }
    }
  }

  private static func state(_ db: Database) throws -> (application: Int, version: Int, isEmpty: Bool) {
    let application = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
    return (application, version, application == 0 && version == 0 && tables == 0)
  }

  private static let schema = """
    CREATE TABLE fingerprints (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
    CREATE TABLE files (
      path BLOB NOT NULL PRIMARY KEY, device INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL,
      modified INTEGER NOT NULL, changed INTEGER NOT NULL, content BLOB NOT NULL, used INTEGER NOT NULL,
      checksum INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE results (
      fingerprint INTEGER NOT NULL, content BLOB NOT NULL, used INTEGER NOT NULL, value INTEGER NOT NULL,
      PRIMARY KEY (fingerprint, content)) WITHOUT ROWID;
    CREATE TABLE bytes (id INTEGER PRIMARY KEY, value BLOB NOT NULL, checksum INTEGER NOT NULL);
    PRAGMA application_id = \(application);
    PRAGMA user_version = \(version);
    """

  func read<T>(_ body: (Database) throws -> T) throws(CacheError) -> T {
    do { return try queue.inDatabase(body) } catch { throw CacheError(error, path: path) }
  }

  /// All of it, or nothing.
  func write(_ body: (Database) throws -> Void) throws(CacheError) {
    do {
      try queue.inDatabase { db in
        try db.inTransaction(.immediate) {
          try body(db)
          return .commit
        }
      }
    } catch { throw CacheError(error, path: path) }
  }

  func damaged(_ what: String) -> CacheError {
    .damaged(path: path, reason: "\(what) that was not written so")
  }

  // MARK: Rows

  /// The number that a fingerprint goes by, given one where it has none. Another process may drop it at the end of the
  /// transaction.
  private func number(of fingerprint: String, _ db: Database) throws -> Int64 {
    let found = try Int64.fetchOne(
      try db.cachedStatement(sql: "SELECT id FROM fingerprints WHERE text = ?"), arguments: [fingerprint])
    if let found { return found }
    try db.execute(sql: "INSERT INTO fingerprints (text) VALUES (?)", arguments: [fingerprint])
    return db.lastInsertedRowID
  }

  /// The content of a file that is as it was, and when that was last asked for.
  func content(of path: Data, _ stamp: FileStamp, _ db: Database) throws -> (content: Data, used: Int64)? {
    let statement = try db.cachedStatement(
      sql: """
        SELECT content, checksum, used FROM files WHERE path = ? AND device = ? AND inode = ? AND size = ? AND modified = ? AND changed = ?
        """)
    let fields = stamp.fields
    let arguments: StatementArguments = [path, fields[0], fields[1], fields[2], fields[3], fields[4]]
    guard let row = try Row.fetchOne(statement, arguments: arguments) else { return nil }
    let content = try row.blob(0)
    guard try row.number(1) == Checksum.file(path, fields, content) else { throw damaged("a file's record") }
    return (content, try row.number(2))
  }

  /// What was made of a content, and when that was last asked for.
  func value(
    of content: Data, under fingerprint: String, _ db: Database
  ) throws -> (value: Data, used: Int64)? {
    let statement = try db.cachedStatement(
      sql: """
        SELECT b.value, b.checksum, r.used FROM fingerprints f JOIN results r ON r.fingerprint = f.id JOIN bytes b ON b.id = r.value
        WHERE f.text = ? AND r.content = ?
        """)
    guard let row = try Row.fetchOne(statement, arguments: [fingerprint, content]) else { return nil }
    let value = try row.blob(0)
    guard try row.number(1) == Checksum.result(fingerprint, content, value) else { throw damaged("a result") }
    return (value, try row.number(2))
  }

  func note(_ path: Data, _ stamp: FileStamp, _ content: Data, used: Int64, _ db: Database) throws {
    try note(path, stamp.fields, content, used: used, db)
  }

  /// - Parameter fields: of a stamp.
  func note(_ path: Data, _ fields: [Int64], _ content: Data, used: Int64, _ db: Database) throws {
    let arguments: StatementArguments = [
      path, fields[0], fields[1], fields[2], fields[3], fields[4], content, used,
      Checksum.file(path, fields, content),
    ]
    try db.cachedStatement(sql: "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .execute(arguments: arguments)
  }

  func keep(
    _ value: Data, of content: Data, under fingerprint: String, used: Int64, _ db: Database
  ) throws {
    let number = try number(of: fingerprint, db)
    let old = try Int64.fetchOne(
      try db.cachedStatement(sql: "SELECT value FROM results WHERE fingerprint = ? AND content = ?"),
      arguments: [number, content])
    if let old { try drop(value: old, db) }
    try db.cachedStatement(sql: "INSERT INTO bytes (value, checksum) VALUES (?, ?)")
      .execute(arguments: [value, Checksum.result(fingerprint, content, value)])
    try db.cachedStatement(sql: "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?)")
      .execute(arguments: [number, content, used, db.lastInsertedRowID])
  }

  func drop(value: Int64, _ db: Database) throws {
    try db.cachedStatement(sql: "DELETE FROM bytes WHERE id = ?").execute(arguments: [value])
  }

  func touch(file path: Data, used: Int64, _ db: Database) throws {
    try db.cachedStatement(sql: "UPDATE files SET used = ? WHERE path = ?").execute(arguments: [used, path])
  }

  func touch(_ content: Data, under fingerprint: String, used: Int64, _ db: Database) throws {
    try db.cachedStatement(
      sql: """
        UPDATE results SET used = ? WHERE content = ? AND fingerprint = (SELECT id FROM fingerprints WHERE text = ?)
        """
    ).execute(arguments: [used, content, fingerprint])
  }
}
