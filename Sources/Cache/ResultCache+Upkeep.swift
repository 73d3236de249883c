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

  /// Takes in what another cache holds, such as one of another machine that did a share of the work. What both hold is as it is there;
  /// of more than the limit, what was used least lately goes.
  ///
  /// - Parameter other: its file, of this version, which stays as it is.
  /// - Returns: how many files and results it held.
  /// - Throws: `CacheError`, and then nothing is taken.
  public func add(_ other: FilePath) throws(CacheError) -> (files: Int, results: Int) {
    guard let identity = other.stamp?.identity else {
      throw .unusable(path: "\(other)", reason: "there is no such file")
    }
    guard identity != FilePath(path).stamp?.identity else {
      throw .unusable(path: "\(other)", reason: "is this cache itself")
    }
    let source = try CacheFile(path: "\(other)", wait: 5)
    return try use { file throws(CacheError) in
      var taken = (files: 0, results: 0)
      // What one of both cannot do is told by its own name.
      var failure: CacheError?
      do throws(CacheError) {
        try file.write { db in
          do throws(CacheError) {
            taken = try source.read { try file.add(source, $0, db) }
          } catch {
            failure = error
            throw error
          }
          try file.shrink(to: limit, db)
        }
      } catch { throw failure ?? error }
      return taken
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
