import Files
import Foundation

/// Outliers already accepted: a file of paths, one a line.
public struct Baseline: Sendable, Equatable {
  public var paths: Set<String>

  public init(paths: some Sequence<String> = []) { self.paths = Set(paths) }

  /// - Throws: `SurprisalError.cannotRead`.
  public init(path: String) throws(SurprisalError) {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw .cannotRead(path: path, what: "the baseline")
    }
    self.init(paths: text.split(separator: "\n").map(String.init))
  }

  /// Writes in sorted order; the old file or the new one, never a part.
  /// - Throws: `SurprisalError.cannotWrite`.
  public func write(to path: String) throws(SurprisalError) {
    do { try write(to: try Destination(FilePath(path))) } catch {
      throw .cannotWrite(path: error.name, reason: error.reason)
    }
  }

  /// Writes in sorted order.
  public func write(to destination: Destination) throws(DestinationError) {
    try destination.write((paths.sorted() + [""]).joined(separator: "\n").utf8)
  }
}
