internal import Crypto
import Files
import Foundation
import Images
import Synchronization

/// An image as scoring takes it, or why there is none.
struct LoadedImage: Sendable {
  /// Where it came from: a path, or `FILE#index`.
  let file: FilePath
  let bitmap: Result<Bitmap, ImageError>
  /// What it was in its file; nil where there is none.
  var origin: ImageOrigin?
  /// Damage that was let pass (`ImageDecoder.isLenient`).
  var warning: String?
  /// What was measured of it, where the decoder takes measures.
  var measures: Measures?
  /// SHA-256 of what it was decoded from, where that was asked for.
  var content: String?

  /// `file` as text.
  var name: String { "\(file)" }
}

/// Decodes images on another thread, a bounded number ahead of who takes them, in order. A file that comes under several
/// paths is one image: the paths after the first are `repeats`.
final class ImageStream: Sendable {
  private struct State {
    var waiting: [LoadedImage] = []
    var isCancelled = false
    var skipped = 0
    var repeats: [(file: FilePath, first: Int)] = []
  }

  private let state = Mutex(State())
  /// Places for images that are not taken yet. Made empty: a semaphore may not end below what it was made with.
  private let places = DispatchSemaphore(value: 0)
  /// Images waiting, and one more at the end.
  private let arrivals = DispatchSemaphore(value: 0)

  private struct Cancelled: Error {}

  /// - Parameters:
  ///   - hashesContent: whether `LoadedImage.content` is wanted.
  ///   - recorded: where images under these paths stand in the order, that are there already and passed over; all numbers
  ///     from 0 on.
  init(
    _ paths: [FilePath], shape: ImageShape, reading: ImageReading, limit: Int?, ahead: Int = 96,
    hashesContent: Bool = false, passingOver recorded: [FilePath: [Int]] = [:]
  ) {
    for _ in 0..<ahead { places.signal() }
    Thread.detachNewThread { [self] in
      var left = limit ?? Int.max
      var skipped = 0
      var recorded = recorded
      var count = recorded.values.reduce(0) { $0 + $1.count }
      var seen: [ImageSource.Identity: Int] = [:]
      do {
        skipped = try reading.enumerator.forEach(in: paths) { source in
          guard left > 0 else { throw Cancelled() }
          left -= 1
          let identity = source.identity
          if let place = recorded[source.path]?.first {
            recorded[source.path]?.removeFirst()
            if let identity { seen[identity] = place }
            return
          }
          if let first = identity.flatMap({ seen[$0] }) {
            state.withLock { $0.repeats.append((source.path, first)) }
            return
          }
          if let identity { seen[identity] = count }
          count += 1
          var loaded: LoadedImage
          var content: String?
          do throws(ImageError) {
            let image = try source.load(reading.decoder, as: shape) { bytes in
              if hashesContent { content = SHA256.hash(data: bytes).hexadecimal }
            }
            loaded = LoadedImage(file: source.path, bitmap: .success(image.bitmap))
            loaded.origin = image.origin
            loaded.warning = image.warning
            loaded.measures = image.measures
          } catch { loaded = LoadedImage(file: source.path, bitmap: .failure(error)) }
          loaded.content = content
          try put(loaded)
        }
      } catch {}
      state.withLock { $0.skipped = skipped }
      arrivals.signal()
    }
  }

  private func put(_ image: LoadedImage) throws(Cancelled) {
    places.wait()
    try state.withLock { state throws(Cancelled) in
      if state.isCancelled { throw Cancelled() }
      state.waiting.append(image)
    }
    arrivals.signal()
  }

  /// The next images, fewer than `count` only at the end.
  func next(_ count: Int) -> [LoadedImage] {
    var taken: [LoadedImage] = []
    while taken.count < count {
      arrivals.wait()
      guard let image = state.withLock({ $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }) else {
        // The end: left for who asks again.
        arrivals.signal()
        break
      }
      places.signal()
      taken.append(image)
    }
    return taken
  }

  /// Files in folders that were no images; known at the end.
  var skipped: Int { state.withLock { $0.skipped } }

  /// Paths to images that came before under another or the same, and where these stand in the order; known at the end.
  var repeats: [(file: FilePath, first: Int)] { state.withLock { $0.repeats } }

  /// Ends the decoding; images that wait can still be taken.
  func cancel() {
    state.withLock { $0.isCancelled = true }
    places.signal()
  }

  /// Every readable image; the others are told to `unreadable` with name and reason.
  static func images(
    of paths: [FilePath], shape: ImageShape, reading: ImageReading, unreadable: (String, String) -> Void
  ) -> ImageBatch {
    let stream = ImageStream(paths, shape: shape, reading: reading, limit: nil)
    var batch = ImageBatch(shape: shape)
    while case let images = stream.next(256), !images.isEmpty {
      for image in images {
        switch image.bitmap {
        case .success(let bitmap): batch.append(bitmap)
        case .failure(let error): unreadable(image.name, error.description)
        }
      }
    }
    return batch
  }
}

extension SHA256.Digest {
  var hexadecimal: String { map { String(format: "%02x", $0) }.joined() }
}
