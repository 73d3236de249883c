import Encoders
import Tensors

/// What computing may use, and how it computes.
public struct Compute: Sendable, Hashable {
  /// Nil for as many as there are processors that this process may run on, at most what its container has time for.
  public var threads: Int?
  /// Of the networks that score and sample; images scored at another precision are not comparable to the last digits.
  public var precision: Precision
  /// Where the encoder of a model that was fitted with one is, and what runs it.
  public var encoder: EncoderPlaces

  public init(
    threads: Int? = nil, precision: Precision = .fastest, encoder: EncoderPlaces = EncoderPlaces()
  ) {
    self.threads = threads
    self.precision = precision
    self.encoder = encoder
  }

  /// Version of oneDNN, which runs the networks, such as "2.6.3".
  public static var engineVersion: String { Engine.version }

  var threadCount: Int { threads ?? Engine.availableThreads }

  func engine() throws(EngineError) -> Engine { try Engine(threads: threadCount) }
}
