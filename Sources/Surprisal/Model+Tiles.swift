import Detection
import Diffusion
import Files
import Foundation
import Images
import Tensors

// A model of tiles: its network looks at tiles of large images, and its verdicts are on the images.

extension Model {
  /// Side of tiles unless told otherwise.
  public static let tileSide = 64
  /// Images at most that a model of tiles is fitted to, evenly spread over those given: as all their tiles are looked at, each costs as
  /// much as thousands that are shrunk.
  static let mostTiledImages = 500
  /// Tiles that fit statistics: of an image, and in all.
  static let mostTiles = (ofImage: 256, all: 4000)

  /// What a model of tiles was fitted to.
  public struct TiledFit: Sendable {
    public let copies: CopyGroups
    /// Images that were taken, of so many.
    public let used: Int
    public let given: Int
    /// Tiles that fitted the statistics.
    public let tiles: Int
  }

  /// Images that a model of tiles is fitted to, with some tiles of each.
  fileprivate struct TiledPopulation {
    var sources: [ImageSource] = []
    var given = 0
    /// At a tile's size.
    var small: ImageBatch
    var tiles: ImageBatch
    /// Of each tile, the place of its image.
    var owners: [Int] = []
  }

  /// Fits the network to large images by their tiles: statistics to some tiles of each image, references to all tiles of whole images, each
  /// judged by what was fitted to others (`TileFit`).
  ///
  /// Images are read twice. Memory holds the tiles that fit statistics, and of no image more than some rows.
  ///
  /// - Parameters:
  ///   - paths: images known to belong.
  ///   - tiling: how they are cut; the model judges others so.
  ///   - shape: of tiles; squares of 64 unless it says otherwise.
  ///   - anew, reading, budget, examples: as `fit(to:)` has them. Not for `.auto`.
  /// - Throws: `CalibrationError` with too few, `EngineError`, `SurprisalError`.
  @discardableResult
  public mutating func fit(
    toTilesOf paths: [FilePath], tiling: Tiling = Tiling(), shape: FittedShape = FittedShape(),
    anew: Bool = true, reading: ImageReading = ImageReading(), budget: EvaluationBudget = .look,
    examples: Int = Model.standardExamples, compute: Compute = Compute(),
    unreadable: (String, String) -> Void = { _, _ in }, progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> TiledFit {
    if let refusal = tiling.refusal { throw SurprisalError.unsuitableOption(reason: refusal) }
    guard let evaluations = budget.count else { throw SurprisalError.tiles(refused: "auto evaluations") }
    let size = shape.size ?? (Self.tileSide, Self.tileSide)
    let wanted = ImageShape(
      height: size.height, width: size.width, channels: shape.channels ?? self.shape.channels)
    if let refusal = wanted.refusal { throw SurprisalError.unsuitableSize(reason: refusal) }
    var population = try Self.population(of: paths, tiling, wanted, reading, unreadable)
    if shape.channels == nil { population.reduceChannels() }
    if anew || population.tiles.shape != self.shape {
      self = try emptied(for: population.tiles)
      if evaluations > 0 || control == nil { try survey(on: population.tiles, compute: compute) }
    }
    sight = nil
    calibrations = []
    adaptive = nil
    (self.tiling, alignment) = (tiling, nil)
    self.examples = Examples(examples, of: population.small)
    let copies = CopyGroups(of: population.small)
    learned.add(population.small, as: .calibrated)
    for evaluations in evaluations > 0 ? [evaluations, 0] : [0] {
      try calibrate(on: population, copies, evaluations, reading, compute, progress)
    }
    return TiledFit(
      copies: copies, used: population.small.count, given: population.given, tiles: population.tiles.count)
  }

  private mutating func calibrate(
    on population: TiledPopulation, _ copies: CopyGroups, _ evaluations: Int, _ reading: ImageReading,
    _ compute: Compute, _ progress: (Int, Int) -> Void
  ) throws {
    guard let tiling else { return }
    let scorer = try Scorer(self, evaluations: evaluations, compute: compute)
    let tiles = try scorer.estimate(population.tiles) { _, _ in }
    let fit = try TileFit(
      evaluations: evaluations, tiles: tiles,
      of: population.owners.map { copies.first[$0] },
      wholes: zip(population.small.indices, scorer.estimate(population.small) { _, _ in }).map {
        (copies.first[$0], $1)
      }, knowing: try Examination(population.tiles, seed: noise.seed)?.sensitivity(by: scorer, tiles))
    let images = copies.representatives
    let names = fit.names
    var scores: [StatisticName: [Double]] = [:]
    var bits: [Double] = []
    let sources = population.sources
    try TileScorer(scorer, tiling: tiling).score(
      images.count, by: names, reading.decoder, calibration: { fit.judging(images[$0]) },
      open: { index throws(ImageError) in try sources[images[index]].read(reading.decoder) },
      each: { index, found in
        // They could be read a moment ago.
        let image = try found.mapError {
          SurprisalError.unreadableImage(path: "\(sources[images[index]].path)", $0)
        }.get()
        for (place, name) in names.enumerated() {
          scores[name, default: []].append(image.score(place, by: name, fit.judging(images[index])))
        }
        if evaluations > 0 { bits.append(image.bitsPerDim) }
        progress(index + 1, images.count)
      })
    calibrations.append(try fit.calibration(references: scores, bits: bits))
    if evaluations > 0 {
      facts.validationImages = bits.count
      facts.validationBitsPerDim = bits.reduce(0, +) / Double(max(bits.count, 1))
    }
  }

  /// Reads the images, keeps some tiles of each.
  private static func population(
    of paths: [FilePath], _ tiling: Tiling, _ shape: ImageShape, _ reading: ImageReading,
    _ unreadable: (String, String) -> Void
  ) throws -> TiledPopulation {
    var population = TiledPopulation(small: ImageBatch(shape: shape), tiles: ImageBatch(shape: shape))
    let all = reading.sources(in: paths)
    population.given = all.count
    let taken = min(all.count, mostTiledImages)
    let sources = (0..<taken).map { all[$0 * all.count / taken] }
    let most = max(1, min(mostTiles.ofImage, mostTiles.all / max(sources.count, 1)))
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
          for tile in own {
            population.tiles.append(tile)
            population.owners.append(population.small.count)
          }
          population.small.append(decoded.bitmap)
          population.sources.append(sources[image])
          own = []
        case .end(let image, .failure(let error)):
          unreadable("\(sources[image].path)", error.description)
          own = []
        }
      }
    }
    guard !population.small.isEmpty else { throw SurprisalError.noReadableImages(purpose: "fit to") }
    return population
  }

  /// Refuses what a model that judges images by their tiles cannot do.
  /// - Throws: `SurprisalError.tiles`.
  func refuseTiles(_ what: String) throws(SurprisalError) {
    if tiling != nil { throw .tiles(refused: what) }
  }
}

extension Model.TiledPopulation {
  /// Gray, where all is.
  fileprivate mutating func reduceChannels() {
    let (gray, small) = (tiles.inFewestChannels, small.inFewestChannels)
    guard gray.shape == small.shape else { return }
    (tiles, self.small) = (gray, small)
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
