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

  /// Writes atomically, in sorted order.
  /// - Throws: `SurprisalError.cannotWrite`.
  public func write(to path: String) throws(SurprisalError) {
    let text = (paths.sorted() + [""]).joined(separator: "\n")
    do { try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
      throw .cannotWrite(path: path, reason: error.localizedDescription)
    }
  }
}
