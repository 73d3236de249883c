import Tensors

/// What computing may use, and how it computes.
public struct Compute: Sendable, Hashable {
  /// Nil for as many as there are processors that this process may run on, at most what its container has time for.
  public var threads: Int?
  /// Of the networks that score and sample; images scored at another precision are not comparable to the last digits.
  public var precision: Precision

  public init(threads: Int? = nil, precision: Precision = .fastest) {
    self.threads = threads
    self.precision = precision
  }

  /// Version of oneDNN, which runs the networks, such as "2.6.3".
  public static var engineVersion: String { Engine.version }

  func engine() throws(EngineError) -> Engine { try Engine(threads: threads ?? Engine.availableThreads) }
}
