import Files
import Foundation
import Images
import Synchronization

/// Counts the images of some paths on a thread of its own, so that a scan of them can say how far it is: by a second walk, that nothing
/// waits for.
public final class ImageCount: Sendable {
  private let state = Mutex<(all: Int?, isCancelled: Bool)>((nil, false))

  private struct Cancelled: Error {}

  /// - Parameter limit: as a scan's.
  public init(_ paths: [FilePath], reading: ImageReading = ImageReading(), limit: Int? = nil) {
    Thread.detachNewThread { [weak self] in
      var count = 0
      do {
        try reading.enumerator.forEach(in: paths) { _ in
          guard count < limit ?? .max, let self, !self.state.withLock({ $0.isCancelled }) else {
            throw Cancelled()
          }
          count += 1
        }
      } catch { if count < limit ?? .max { return } }
      self?.state.withLock { $0.all = count }
    }
  }

  /// Nil until all are counted.
  public var all: Int? { state.withLock { $0.all } }

  public func cancel() { state.withLock { $0.isCancelled = true } }
}
