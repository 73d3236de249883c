import Foundation
import Images
import Synchronization

/// Decodes images on another thread and cuts them into tiles, in order, a bounded number of tiles ahead of who takes them: however large
/// images are, memory holds so many tiles of them, and of the one that is being decoded as many rows as a tile is high.
final class TileFeed: Sendable {
  struct Tile: Sendable {
    let image: Int
    let grid: TileGrid
    /// In the grid.
    let index: Int
    let bitmap: Bitmap
  }

  enum Item: Sendable {
    case tile(Tile)
    /// All tiles of an image have come: the image at a tile's size, or why those that came are to be forgotten.
    case end(image: Int, Result<DecodedImage, ImageError>)
  }

  private struct State {
    var items: [Item] = []
    var held = 0
    var mostHeld = 0
    var isComplete = false
    var isCancelled = false
  }

  private let state = Mutex(State())
  /// Room for tiles. Made empty: a semaphore may not end below what it was made with.
  private let room = DispatchSemaphore(value: 0)
  private let news = DispatchSemaphore(value: 0)

  /// - Parameters:
  ///   - count: of images.
  ///   - shape: of tiles.
  ///   - ahead: tiles that wait at most.
  ///   - wanted: which tiles of an image are; nil for all.
  ///   - open: gives each image when its turn comes, on the feed's thread.
  init(
    _ count: Int, shape: ImageShape, tiling: Tiling, decoder: ImageDecoder, ahead: Int,
    wanted: (@Sendable (TileGrid) -> [Int])? = nil,
    open: @escaping @Sendable (Int) throws(ImageError) -> EncodedImage
  ) {
    for _ in 0..<max(ahead, 1) { room.signal() }
    Thread.detachNewThread { [self] in
      for image in 0..<count where !state.withLock({ $0.isCancelled }) {
        let cutter = TileCutter(tiling, tile: shape, wanted: wanted) { [self] grid, index, bitmap in
          put(Tile(image: image, grid: grid, index: index, bitmap: bitmap))
        }
        let decoded = Result { () throws(ImageError) in
          try open(image).decoded(decoder, as: shape, cutting: cutter)
        }
        state.withLock { $0.items.append(.end(image: image, decoded)) }
        news.signal()
      }
      state.withLock { $0.isComplete = true }
      news.signal()
    }
  }

  private func put(_ tile: Tile) {
    room.wait()
    let isWanted = state.withLock { state in
      guard !state.isCancelled else { return false }
      state.items.append(.tile(tile))
      state.held += 1
      state.mostHeld = max(state.mostHeld, state.held)
      return true
    }
    // Once cancelled, what is left of the image goes by without waiting.
    if isWanted { news.signal() } else { room.signal() }
  }

  /// What comes next, with so many tiles at most; fewer only at the end, and nothing after it.
  func next(_ most: Int) -> [Item] {
    var items: [Item] = []
    var tiles = 0
    while tiles < most {
      let (item, isEnd) = state.withLock { state -> (Item?, Bool) in
        guard !state.items.isEmpty else { return (nil, state.isComplete) }
        let item = state.items.removeFirst()
        if case .tile = item { state.held -= 1 }
        return (item, false)
      }
      if isEnd { return items }
      guard let item else {
        news.wait()
        continue
      }
      if case .tile = item {
        tiles += 1
        room.signal()
      }
      items.append(item)
    }
    return items
  }

  /// The most tiles that ever waited.
  var mostHeld: Int { state.withLock { $0.mostHeld } }

  /// Ends the decoding.
  func cancel() {
    state.withLock { $0.isCancelled = true }
    room.signal()
  }
}
