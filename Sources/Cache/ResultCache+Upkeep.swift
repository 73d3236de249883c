import Files
import Foundation
import GRDB

extension ResultCache {
  /// What it holds.
  public struct Facts: Sendable, Equatable {
    /// Files, and images in files of many, that are known without being read.
    public let files: Int
    /// Results of contents.
    public let results: Int
    /// Bytes on disk.
    public let bytes: Int
  }

  /// - Throws: `CacheError`.
  public func facts() throws(CacheError) -> Facts {
    try use { file throws(CacheError) in
      try file.read { db in
        Facts(
          files: try file.count("files", db), results: try file.count("results", db), bytes: try file.size(db)
        )
      }
    }
  }

  /// Drops what is known of files that are gone, and what was used least lately until the rest fits.
  ///
  /// - Parameter most: bytes; nil for the limit.
  /// - Returns: how many files and results were dropped.
  /// - Throws: `CacheError`.
  public func prune(to most: Int? = nil) throws(CacheError) -> (files: Int, results: Int) {
    try use { file throws(CacheError) in
      var dropped = (files: 0, results: 0)
      try file.write { db in
        dropped.files = try file.dropGone(db)
        dropped.results = try file.shrink(to: most ?? limit, db)
      }
      try file.compact()
      return dropped
    }
  }

  /// Forgets all. A file of a newer version is removed, and so are damaged ones that were set aside.
  /// - Throws: `CacheError`.
  public static func clear(folder: FilePath) throws(CacheError) {
    do throws(CacheError) { try ResultCache(folder: folder).clear() } catch {
      guard case .newer(let path, _) = error else { throw error }
      for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
    }
    for suffix in ["", "-wal"] { unlink("\(folder)/\(fileName).damaged\(suffix)") }
  }

  private func clear() throws(CacheError) {
    try use { file throws(CacheError) in
      try file.write { db in try file.dropAll(db) }
      try file.compact()
    }
  }
}
