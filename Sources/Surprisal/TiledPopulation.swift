import Detection
import Files
import Images

/// Large images that something is fitted to, with some tiles of each.
struct TiledPopulation {
  /// How many images and tiles are taken.
  struct Room {
    /// Evenly spread over those given: as all their tiles are looked at, each costs as much as thousands that are shrunk.
    var images = 500
    /// Of one image.
    var tilesOfImage = 256
    /// Of all.
    var tiles = 4000
  }

  private(set) var sources: [ImageSource] = []
  /// Images that there were.
  private(set) var given = 0
  /// The images at a tile's size.
  private(set) var small: ImageBatch
  private(set) var tiles: ImageBatch
  /// Of each tile, the place of its image.
  private(set) var owners: [Int] = []

  /// Reads images, and keeps some tiles of each: the same each time.
  ///
  /// Memory holds the tiles that are kept, and of no image more than some rows.
  ///
  /// - Parameters:
  ///   - shape: of tiles.
  ///   - purpose: what the images are for, where none can be read.
  ///   - unreadable: told the name of an image that cannot be had, and why.
  /// - Throws: `SurprisalError.noReadableImages`.
  init(
    of paths: [FilePath], _ tiling: Tiling, _ shape: ImageShape, _ reading: ImageReading, room: Room = Room(),
    purpose: String = "fit to", _ unreadable: (String, String) -> Void
  ) throws {
    (small, tiles) = (ImageBatch(shape: shape), ImageBatch(shape: shape))
    let all = reading.sources(in: paths)
    given = all.count
    let taken = min(all.count, room.images)
    let sources = (0..<taken).map { all[$0 * all.count / taken] }
    let most = max(1, min(room.tilesOfImage, room.tiles / max(sources.count, 1)))
    let feed = TileFeed(
      sources.count, shape: shape, tiling: tiling, decoder: reading.decoder, ahead: 128,
      wanted: { $0.spread(most) },
      open: { index throws(ImageError) in try sources[index].read(reading.decoder) })
    defer { feed.cancel() }
    // Of the image that has not ended: it may turn out to be damaged.
    var own: [Bitmap] = []
    while case let items = feed.next(128), !items.isEmpty {
      for item in items {
        switch item {
        case .tile(let tile): own.append(tile.bitmap)
        case .end(let image, .success(let decoded)):
          add(sources[image], decoded.bitmap, own)
          own = []
        case .end(let image, .failure(let error)):
          unreadable("\(sources[image].path)", error.description)
          own = []
        }
      }
    }
    guard !small.isEmpty else { throw SurprisalError.noReadableImages(purpose: purpose) }
  }

  private init(_ shape: ImageShape) { (small, tiles) = (ImageBatch(shape: shape), ImageBatch(shape: shape)) }

  private mutating func add(_ source: ImageSource, _ image: Bitmap, _ own: [Bitmap]) {
    for tile in own {
      tiles.append(tile)
      owners.append(small.count)
    }
    small.append(image)
    sources.append(source)
  }

  /// Some of the images, with their tiles.
  /// - Parameter places: ascending.
  subscript(places: [Int]) -> TiledPopulation {
    var result = TiledPopulation(small.shape)
    result.given = given
    let new = Dictionary(uniqueKeysWithValues: places.enumerated().map { ($1, $0) })
    let kept = owners.indices.filter { new[owners[$0]] != nil }
    result.sources = places.map { sources[$0] }
    (result.small, result.tiles) = (small[places], tiles[kept])
    result.owners = kept.map { new[owners[$0]] ?? 0 }
    return result
  }

  /// Gray, where all is.
  mutating func reduceChannels() {
    let (gray, small) = (tiles.inFewestChannels, small.inFewestChannels)
    guard gray.shape == small.shape else { return }
    (tiles, self.small) = (gray, small)
  }

  /// Tiles, and the images at a tile's size, as many of these as of those at most: both are what is judged.
  var views: ImageBatch {
    var all = tiles
    for _ in 0..<max(tiles.count / max(small.count, 1), 1) { all.append(contentsOf: small) }
    return all
  }
}

extension ImageReading {
  /// Every image in some paths, a file that has several once.
  func sources(in paths: [FilePath]) -> [ImageSource] {
    var sources: [ImageSource] = []
    var seen = Set<ImageSource.Identity>()
    enumerator.forEach(in: paths) { source in
      if let identity = source.stamp.map({ source.identity($0) }), !seen.insert(identity).inserted { return }
      sources.append(source)
    }
    return sources
  }
}
