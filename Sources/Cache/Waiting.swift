import Files
import Foundation
import GRDB

/// What is to be written next, at once.
struct Waiting {
  var files: [(key: CacheKey, stamp: FileStamp, content: Data)] = []
  var results: [(fingerprint: String, content: Data, value: Data)] = []
  var usedFiles: [CacheKey] = []
  var usedResults: [(fingerprint: String, content: Data)] = []
  /// When the first of them came.
  var since: Int64?

  var count: Int { files.count + results.count + usedFiles.count + usedResults.count }

  mutating func add(_ other: Waiting) {
    files += other.files
    results += other.results
    usedFiles += other.usedFiles
    usedResults += other.usedResults
  }

  func write(to file: CacheFile, _ db: Database, hour: Int64) throws {
    for key in usedFiles { try file.touch(file: key.bytes, used: hour, db) }
    for (fingerprint, content) in usedResults { try file.touch(content, under: fingerprint, used: hour, db) }
    for (key, stamp, content) in files { try file.note(key.bytes, stamp, content, used: hour, db) }
    for (fingerprint, content, value) in results {
      try file.keep(value, of: content, under: fingerprint, used: hour, db)
    }
  }
}
