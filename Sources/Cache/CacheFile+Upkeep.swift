import Files
import Foundation
import GRDB

extension CacheFile {
  /// Bytes that the file holds, room for more left out.
  func size(_ db: Database) throws -> Int {
    func number(_ name: String) throws -> Int { try Int.fetchOne(db, sql: "PRAGMA \(name)") ?? 0 }
    return try (number("page_count") - number("freelist_count")) * number("page_size")
  }

  func count(_ table: String, _ db: Database) throws -> Int {
    try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0
  }

  /// Drops what was used least lately until the file holds no more than so many bytes.
  /// - Returns: results dropped.
  @discardableResult
  func shrink(to most: Int, _ db: Database) throws -> Int {
    var all = 0
    // A page is free when all in it are gone: what rows come to is a guess.
    while case let over = try size(db) - most, over > 0 {
      let dropped = try drop(atLeast: over, db)
      guard dropped > 0 else { break }
      all += dropped
    }
    return all
  }

  /// Drops results of so many bytes.
  private func drop(atLeast over: Int, _ db: Database) throws -> Int {
    var freed = 0
    var dropped: [(fingerprint: Int64, content: Data, value: Int64)] = []
    var last: Int64 = 0
    // The oldest first; those of one hour in the order in which they came.
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT r.fingerprint, r.content, r.value, r.used, coalesce(length(b.value), 0) AS size
        FROM results r LEFT JOIN bytes b ON b.id = r.value ORDER BY r.used, r.value
        """)
    while freed < over, let row = try rows.next() {
      dropped.append((try row.number(0), try row.blob(1), try row.number(2)))
      last = try row.number(3)
      // And its places in both tables.
      freed += Int(try row.number(4)) + 128
    }
    for (fingerprint, content, value) in dropped {
      try db.cachedStatement(sql: "DELETE FROM results WHERE fingerprint = ? AND content = ?")
        .execute(arguments: [fingerprint, content])
      try drop(value: value, db)
    }
    // Files that were last met before: what their content was is of no use any more.
    try db.execute(sql: "DELETE FROM files WHERE used < ?", arguments: [last])
    try db.execute(
      sql: "DELETE FROM fingerprints WHERE id NOT IN (SELECT DISTINCT fingerprint FROM results)")
    return dropped.count
  }

  /// Drops files that are there no more.
  /// - Returns: how many.
  func dropGone(_ db: Database) throws -> Int {
    var gone: [Data] = []
    let rows = try Row.fetchCursor(db, sql: "SELECT path FROM files")
    var known: [FilePath: Bool] = [:]
    while let row = try rows.next() {
      let path = try row.blob(0)
      let file = FilePath(bytes: CacheKey.file(of: path))
      let isThere = known[file] ?? (file.stamp != nil)
      known[file] = isThere
      if !isThere { gone.append(path) }
    }
    for path in gone {
      try db.cachedStatement(sql: "DELETE FROM files WHERE path = ?").execute(arguments: [path])
    }
    return gone.count
  }

  /// Puts all rows of another file into this one, each as it was used there.
  func add(_ other: CacheFile, _ source: Database, _ db: Database) throws -> (files: Int, results: Int) {
    var added = (files: 0, results: 0)
    let files = try Row.fetchCursor(
      source,
      sql: "SELECT path, device, inode, size, modified, changed, content, used, checksum FROM files")
    while let row = try files.next() {
      let (path, content) = (try row.blob(0), try row.blob(6))
      let fields = try (1...5).map { try row.number($0) }
      guard try row.number(8) == Checksum.file(path, fields, content) else {
        throw other.damaged("a file's record")
      }
      try note(path, fields, content, used: try row.number(7), db)
      added.files += 1
    }
    let results = try Row.fetchCursor(
      source,
      sql: """
        SELECT f.text, r.content, b.value, b.checksum, r.used
        FROM results r JOIN fingerprints f ON f.id = r.fingerprint JOIN bytes b ON b.id = r.value
        """)
    while let row = try results.next() {
      guard let fingerprint = String.fromDatabaseValue(row[0]) else { throw Misfit() }
      let (content, value) = (try row.blob(1), try row.blob(2))
      guard try row.number(3) == Checksum.result(fingerprint, content, value) else {
        throw other.damaged("a result")
      }
      try keep(value, of: content, under: fingerprint, used: try row.number(4), db)
      added.results += 1
    }
    return added
  }

  func dropAll(_ db: Database) throws {
    for table in ["results", "bytes", "files", "fingerprints"] { try db.execute(sql: "DELETE FROM \(table)") }
  }

  /// Gives free room back to the disk.
  func compact() throws(CacheError) {
    try read { db in
      // A step of it is a row.
      let steps = try Row.fetchCursor(db, sql: "PRAGMA incremental_vacuum")
      while try steps.next() != nil {}
      _ = try Row.fetchAll(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
    }
  }
}
