internal import Crypto
import Files
import Foundation
import Images
import Synchronization
import Tensors

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

/// Decodes images on other threads, a bounded number ahead of who takes them, in order. A file that comes under several
/// paths is one image: the paths after the first are `repeats`.
final class ImageStream: Sendable {
  private struct State {
    /// Those that are decoded and not taken, by their place in the order.
    var decoded: [Int: LoadedImage] = [:]
    /// Files that wait to be decoded.
    var files: [(place: Int, source: ImageSource)] = []
    var found = 0
    var taken = 0
    var isCancelled = false
    /// Whether all have been found.
    var isComplete = false
    var skipped = 0
    var repeats: [(file: FilePath, first: Int)] = []
  }

  private let state = Mutex(State())
  /// Room for images that are not taken yet. Made empty: a semaphore may not end below what it was made with.
  private let room = DispatchSemaphore(value: 0)
  /// Files to decode.
  private let work = DispatchSemaphore(value: 0)
  /// Something that who takes images may wait for.
  private let news = DispatchSemaphore(value: 0)
  private let decoding: Decoding

  /// What images are made into.
  private struct Decoding: Sendable {
    let decoder: ImageDecoder
    let shape: ImageShape
    let hashesContent: Bool

    func callAsFunction(_ source: ImageSource) -> LoadedImage {
      var loaded: LoadedImage
      var content: String?
      do throws(ImageError) {
        let image = try source.load(decoder, as: shape) { bytes in
          if hashesContent { content = SHA256.hash(data: bytes).hexadecimal }
        }
        loaded = LoadedImage(file: source.path, bitmap: .success(image.bitmap))
        loaded.origin = image.origin
        loaded.warning = image.warning
        loaded.measures = image.measures
      } catch { loaded = LoadedImage(file: source.path, bitmap: .failure(error)) }
      loaded.content = content
      return loaded
    }
  }

  private struct Cancelled: Error {}

  /// - Parameters:
  ///   - hashesContent: whether `LoadedImage.content` is wanted.
  ///   - recorded: where images under these paths stand in the order, that are there already and passed over; all numbers
  ///     from 0 on.
  init(
    _ paths: [FilePath], shape: ImageShape, reading: ImageReading, limit: Int?, ahead: Int = 96,
    hashesContent: Bool = false, passingOver recorded: [FilePath: [Int]] = [:],
    threads: Int = Engine.availableThreads
  ) {
    decoding = Decoding(decoder: reading.decoder, shape: shape, hashesContent: hashesContent)
    for _ in 0..<ahead { room.signal() }
    for _ in 0..<max(threads, 1) { Thread.detachNewThread { [self] in decodeFiles() } }
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
          try put(source)
        }
      } catch {}
      state.withLock {
        $0.skipped = skipped
        $0.isComplete = true
      }
      work.signal()
      news.signal()
    }
  }

  /// Files go to the threads that decode; an image of an IDX file is taken at once, as these are best taken in their order.
  private func put(_ source: ImageSource) throws(Cancelled) {
    room.wait()
    let place = try state.withLock { state throws(Cancelled) in
      if state.isCancelled { throw Cancelled() }
      defer { state.found += 1 }
      if case .file = source { state.files.append((state.found, source)) }
      return state.found
    }
    guard case .file = source else {
      let image = decoding(source)
      state.withLock { $0.decoded[place] = image }
      news.signal()
      return
    }
    work.signal()
  }

  /// Decodes files until there are no more.
  private func decodeFiles() {
    while true {
      work.wait()
      let file = state.withLock { $0.files.isEmpty || $0.isCancelled ? nil : $0.files.removeFirst() }
      guard let file else {
        // The end: left for the other threads.
        work.signal()
        return
      }
      let image = decoding(file.source)
      state.withLock { $0.decoded[file.place] = image }
      news.signal()
    }
  }

  /// The next images, fewer than `count` only at the end.
  func next(_ count: Int) -> [LoadedImage] {
    var images: [LoadedImage] = []
    while images.count < count {
      let (image, isEnd) = state.withLock { state -> (LoadedImage?, Bool) in
        guard let image = state.decoded.removeValue(forKey: state.taken) else {
          return (nil, state.isCancelled || (state.isComplete && state.taken == state.found))
        }
        state.taken += 1
        return (image, false)
      }
      if let image {
        room.signal()
        images.append(image)
      } else if isEnd {
        break
      } else {
        news.wait()
      }
    }
    return images
  }

  /// Files in folders that were no images; known at the end.
  var skipped: Int { state.withLock { $0.skipped } }

  /// Paths to images that came before under another or the same, and where these stand in the order; known at the end.
  var repeats: [(file: FilePath, first: Int)] { state.withLock { $0.repeats } }

  /// Ends the decoding.
  func cancel() {
    state.withLock { $0.isCancelled = true }
    room.signal()
    work.signal()
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
        case .success(let bitmap): batch.append(bitmap, measures: image.measures)
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
