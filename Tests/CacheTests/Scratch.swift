import Files
import Foundation
import Synchronization

@testable import Cache

/// A folder that is gone afterwards.
func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("surprisal-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: path) }
  return try body(path.path)
}

/// What a cache reported.
final class Reports: Sendable {
  private let all = Mutex<[String]>([])

  var sentences: [String] { all.withLock { $0 } }

  func add(_ sentence: String) { all.withLock { $0.append(sentence) } }
}

/// Seconds that go by when a test says so.
final class Clock: Sendable {
  private let seconds = Mutex<Int64>(1_000_000)

  var now: Int64 { seconds.withLock { $0 } }

  func advance(_ by: Int64) { seconds.withLock { $0 += by } }
}

extension ResultCache {
  static func scratch(
    _ folder: String, limit: Int = standardLimit, wait: Double = 0.05, clock: Clock = Clock(),
    reports: Reports = Reports()
  ) throws -> ResultCache {
    try ResultCache(
      folder: FilePath(folder), limit: limit, wait: wait, clock: { clock.now }, report: { reports.add($0) })
  }
}

/// The state of a file, long after it was written.
func settled(_ path: String) throws -> FileStamp {
  try FileStamp(taken: .max) { () throws(SystemError) in try FilePath(path).status() }
}

func content(_ number: Int) -> Data { Data("content \(number)".utf8) }

func write(_ text: String, to path: String) throws {
  try Data(text.utf8).write(to: URL(fileURLWithPath: path))
}
