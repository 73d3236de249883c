import Cache
import Files
import Foundation
import Images
import Synchronization
import Tensors

/// An image as scoring takes it, or why there is none.
struct LoadedImage: Sendable {
  /// Where it came from: a path, or `FILE#index`.
  let file: FilePath
  var form: Form
  /// Among all images that were found, those of other shards too.
  var place = 0
  /// What its file is known by under each of its names (`Part.identity`), where that was asked for.
  var identity: String?

  enum Form: Sendable {
    case decoded(Bitmap)
    /// Read and not decoded: who takes it cuts it into tiles.
    case encoded(EncodedImage)
    case unreadable(ImageError)
    /// Not decoded: what was made of it before (`Recall`).
    case known(Data)
  }

  /// What it was in its file; nil where there is none.
  var origin: ImageOrigin?
  /// Damage that was let pass (`ImageDecoder.isLenient`).
  var warning: String?
  /// What was measured of it, where the decoder takes measures.
  var measures: Measures?
  /// What it is made of (`Recall.content`), where that was asked for.
  var content: Data?
  /// SHA-256 of that.
  var hash: String? { content.map(Recall.hash) }

  /// Whether the same content always comes to the same: not where memory was short.
  var isLasting: Bool {
    switch form {
    case .unreadable(let error): error.isLasting
    default: warning?.contains("memory") != true
    }
  }

  /// `file` as text.
  var name: String { "\(file)" }
}

/// Decodes images on other threads, a bounded number ahead of who takes them, in order. A file that comes under several
/// paths is one image: the paths after the first are `repeats`.
final class ImageStream: Sendable {
  private struct State {
    /// Those that are decoded and not taken, by their number in the order.
    var decoded: [Int: LoadedImage] = [:]
    /// Files that wait to be decoded.
    var files: [(index: Int, found: Found)] = []
    var found = 0
    var taken = 0
    var isCancelled = false
    /// Whether all have been found.
    var isComplete = false
    var skipped = 0
    var all = 0
    var repeats: [Repeat] = []
  }

  /// A path to an image that came before under another or the same.
  struct Repeat {
    let file: FilePath
    /// Where that stands in the order of those that are taken.
    let first: Int
    /// Of its own, among all paths.
    let place: Int
  }

  /// What is to be decoded.
  private struct Found {
    let source: ImageSource
    let stamp: FileStamp?
    let place: Int
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
    /// Nil where who takes images decodes them.
    let shape: ImageShape?
    let hashesContent: Bool
    let identifies: Bool
    let recall: Recall?

    func callAsFunction(_ found: Found) -> LoadedImage {
      let (source, stamp) = (found.source, found.stamp)
      var image = LoadedImage(file: source.path, form: .unreadable(.empty), place: found.place)
      if identifies, let stamp { image.identity = source.identity(stamp).text(stamp) }
      if let stamp, let known = recall?.find(source, stamp) {
        image.content = known.content
        if let value = known.value {
          image.form = .known(value)
          return image
        }
      }
      do throws(ImageError) {
        let encoded = try source.read(decoder)
        if recall != nil || hashesContent {
          let content = Recall.content(of: encoded)
          let isNews = content != image.content
          image.content = content
          recall?.note(source, encoded.stamp, holds: content)
          if isNews, let value = recall?.value(of: content) {
            image.form = .known(value)
            return image
          }
        }
        guard let shape else {
          image.form = .encoded(encoded)
          return image
        }
        let decoded = try encoded.decoded(decoder, as: shape)
        image.form = .decoded(decoded.bitmap)
        image.origin = decoded.origin
        image.warning = decoded.warning
        image.measures = decoded.measures
      } catch { image.form = .unreadable(error) }
      return image
    }
  }

  private struct Cancelled: Error {}

  /// - Parameters:
  ///   - paths: asked for one after another, as there is room.
  ///   - shape: of the images; nil to leave them as they were read (`LoadedImage.Form.encoded`).
  ///   - shard: whose images alone are taken; nil: all are.
  ///   - findsRepeats: whether a file that comes again is told from a new one; where paths come without end none is.
  ///   - hashesContent: whether `LoadedImage.content` is wanted.
  ///   - identifies: whether `LoadedImage.identity` is wanted.
  ///   - recall: what need not be decoded; nil: everything is.
  init(
    _ paths: some Sequence<FilePath> & Sendable, shape: ImageShape?, reading: ImageReading, limit: Int?,
    shard: Shard? = nil, findsRepeats: Bool = true, ahead: Int = 96, hashesContent: Bool = false,
    identifies: Bool = false, recall: Recall? = nil, threads: Int = Engine.availableThreads
  ) {
    decoding = Decoding(
      decoder: reading.decoder, shape: shape, hashesContent: hashesContent, identifies: identifies,
      recall: recall)
    for _ in 0..<ahead { room.signal() }
    for _ in 0..<max(threads, 1) { Thread.detachNewThread { [self] in decodeFiles() } }
    Thread.detachNewThread { [self] in
      let most = limit ?? Int.max
      var skipped = 0
      var all = 0
      var taken = 0
      var seen: [ImageSource.Identity: Int] = [:]
      do {
        for path in paths {
          skipped += try reading.enumerator.forEach(in: [path]) { source in
            guard all < most else { throw Cancelled() }
            let place = all
            all += 1
            guard shard?.holds(source.path) ?? true else { return }
            let stamp = source.stamp
            if findsRepeats, let identity = stamp.map({ source.identity($0) }) {
              if let first = seen[identity] {
                let again = Repeat(file: source.path, first: first, place: place)
                return state.withLock { $0.repeats.append(again) }
              }
              seen[identity] = taken
            }
            taken += 1
            try put(Found(source: source, stamp: stamp, place: place))
          }
        }
      } catch {}
      state.withLock {
        $0.skipped = skipped
        $0.all = all
        $0.isComplete = true
      }
      work.signal()
      news.signal()
    }
  }

  /// Files go to the threads that decode; an image of an IDX file is taken at once, as these are best taken in their order.
  private func put(_ found: Found) throws(Cancelled) {
    room.wait()
    let index = try state.withLock { state throws(Cancelled) in
      if state.isCancelled { throw Cancelled() }
      defer { state.found += 1 }
      if case .file = found.source { state.files.append((state.found, found)) }
      return state.found
    }
    guard case .file = found.source else {
      let image = decoding(found)
      state.withLock { $0.decoded[index] = image }
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
      let image = decoding(file.found)
      state.withLock { $0.decoded[file.index] = image }
      news.signal()
    }
  }

  /// The next images, fewer than `count` only at the end.
  func next(_ count: Int) -> [LoadedImage] {
    var images: [LoadedImage] = []
    while images.count < count {
      switch poll() {
      case .image(let image): images.append(image)
      case .end: return images
      case .nothingYet: news.wait()
      }
    }
    return images
  }

  /// The images that are there, waiting for one where there is none; of none at the end, or once `shouldStop`.
  func nextAtHand(_ most: Int, shouldStop: () -> Bool) -> [LoadedImage] {
    var images: [LoadedImage] = []
    while images.count < most, !shouldStop() {
      switch poll() {
      case .image(let image): images.append(image)
      case .end: return images
      case .nothingYet:
        guard images.isEmpty else { return images }
        // A signal from outside wakes nobody who waits here.
        _ = news.wait(timeout: .now() + .milliseconds(100))
      }
    }
    return images
  }

  private enum Polled {
    case image(LoadedImage)
    case nothingYet, end
  }

  private func poll() -> Polled {
    let polled = state.withLock { state -> Polled in
      guard let image = state.decoded.removeValue(forKey: state.taken) else {
        return state.isCancelled || (state.isComplete && state.taken == state.found) ? .end : .nothingYet
      }
      state.taken += 1
      return .image(image)
    }
    if case .image = polled { room.signal() }
    return polled
  }

  /// Files in folders that were no images; known at the end.
  var skipped: Int { state.withLock { $0.skipped } }

  /// Paths to images that came before under another or the same; known at the end.
  var repeats: [Repeat] { state.withLock { $0.repeats } }

  /// Images that were found, those of other shards among them; known at the end.
  var all: Int { state.withLock { $0.all } }

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
        switch image.form {
        case .decoded(let bitmap): batch.append(bitmap, measures: image.measures)
        case .unreadable(let error): unreadable(image.name, error.description)
        // Nothing was looked up, nor left to others to decode.
        case .known, .encoded: break
        }
      }
    }
    return batch
  }
}
