import Foundation
import Images
import ScoreModel

/// An image as scoring takes it, or why there is none.
public struct LoadedImage: Sendable {
  public let name: String
  public let pixels: Result<[UInt8], ImageError>
  /// Damage that was let pass (`ImageDecoder.isLenient`).
  public var warning: String?
}

/// How paths become pixels: limits, leniency, links.
public struct ImageReading: Sendable {
  public var decoder = ImageDecoder()
  /// Whether links are followed out of the folders given.
  public var followsLinks = false

  public init() {}
}

/// Decodes images on another thread, a bounded number ahead of who takes them, in order.
///
/// `@unchecked Sendable`: all mutable state is read and written only while `condition` is locked.
final class ImageStream: @unchecked Sendable {
  private let condition = NSCondition()
  private var waiting: [LoadedImage] = []
  private var isFinished = false
  private var isCancelled = false
  private var skippedFiles = 0
  private let ahead: Int

  private struct Cancelled: Error {}

  init(
    _ paths: [String], shape: ImageShape, reading: ImageReading, limit: Int?, ahead: Int = 96,
    passingOver recorded: [String: Int] = [:]
  ) {
    self.ahead = ahead
    Thread.detachNewThread { [self] in
      var left = limit ?? Int.max
      var skipped = 0
      var recorded = recorded
      do {
        skipped = try ImageEnumerator(followsLinks: reading.followsLinks).forEach(in: paths) { source in
          guard left > 0 else { throw Cancelled() }
          left -= 1
          if let times = recorded[source.name], times > 0 {
            recorded[source.name] = times - 1
            return
          }
          var loaded: LoadedImage
          do throws(ImageError) {
            let image = try source.load(
              reading.decoder, width: shape.width, height: shape.height, channels: shape.channels)
            loaded = LoadedImage(name: source.name, pixels: .success(image.bitmap.pixels))
            loaded.warning = image.warning
          } catch { loaded = LoadedImage(name: source.name, pixels: .failure(error)) }
          try put(loaded)
        }
      } catch {}
      condition.lock()
      skippedFiles = skipped
      isFinished = true
      condition.broadcast()
      condition.unlock()
    }
  }

  private func put(_ image: LoadedImage) throws {
    condition.lock()
    defer { condition.unlock() }
    while waiting.count >= ahead && !isCancelled { condition.wait() }
    if isCancelled { throw Cancelled() }
    waiting.append(image)
    condition.broadcast()
  }

  /// The next images, at most `count` and at most as many as wait ahead; empty at the end.
  func next(_ count: Int) -> [LoadedImage] {
    condition.lock()
    defer { condition.unlock() }
    while waiting.count < min(count, ahead) && !isFinished { condition.wait() }
    let taken = Array(waiting.prefix(count))
    waiting.removeFirst(taken.count)
    condition.broadcast()
    return taken
  }

  /// Files in folders that were no images; known at the end.
  var skipped: Int {
    condition.lock()
    defer { condition.unlock() }
    return skippedFiles
  }

  func cancel() {
    condition.lock()
    isCancelled = true
    condition.broadcast()
    condition.unlock()
  }

  /// The pixels of every readable image, `[N, d]`; the others are told to `unreadable` with name and reason.
  static func pixels(
    of paths: [String], shape: ImageShape, reading: ImageReading, unreadable: (String, String) -> Void
  ) -> [UInt8] {
    let stream = ImageStream(paths, shape: shape, reading: reading, limit: nil)
    var pixels: [UInt8] = []
    while case let images = stream.next(256), !images.isEmpty {
      for image in images {
        switch image.pixels {
        case .success(let bytes): pixels += bytes
        case .failure(let error): unreadable(image.name, error.description)
        }
      }
    }
    return pixels
  }
}
