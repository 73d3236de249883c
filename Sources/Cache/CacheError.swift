import Foundation
import GRDB

/// Why a cache cannot be had.
public enum CacheError: Error, Sendable, CustomStringConvertible {
  /// Written by a newer version of this tool; its file stays as it is.
  case newer(path: String, version: Int)
  /// A database of something else.
  case foreign(path: String)
  /// What the file holds is not what was written.
  case damaged(path: String, reason: String)
  /// - Parameter reason: the system's, such as a full disk or a missing right.
  case unusable(path: String, reason: String)

  public var description: String {
    switch self {
    case .newer(let path, let version):
      "\(path): of a newer version (format \(version)): name another folder in SURPRISAL_CACHE, or clear it"
    case .foreign(let path): "\(path): a database, but no cache of surprisal's"
    case .damaged(let path, let reason): "\(path): damaged: \(reason)"
    case .unusable(let path, let reason): "\(path): \(reason)"
    }
  }

  /// What a call of the database's came to.
  init(_ error: any Error, path: String) {
    switch error {
    case let error as CacheError: self = error
    case let error as DatabaseError:
      let reason = error.message ?? "\(error.resultCode)"
      self =
        [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode)
        ? .damaged(path: path, reason: reason) : .unusable(path: path, reason: reason)
    case is Misfit, is RowDecodingError: self = .damaged(path: path, reason: "values of another kind")
    default: self = .unusable(path: path, reason: "\(error)")
    }
  }
}
