import Detection
import Diffusion
import Encoders
import Files
import Foundation
import Images
import Tensors

// A model of tiles: its network, or an encoder, looks at tiles of large images, and its verdicts are on the images.

extension Model {
  /// Side of tiles unless told otherwise.
  public static let tileSide = 64

  /// What a model of tiles was fitted to.
  public struct TiledFit: Sendable {
    public let copies: CopyGroups
    /// Images that were taken, of so many.
    public let used: Int
    public let given: Int
    /// Tiles that fitted the statistics.
    public let tiles: Int
  }

  /// Fits the network to large images by their tiles: statistics to some tiles of each image, references to all tiles of whole images, each
  /// judged by what was fitted to others (`TileFit`). Of images that show the same some fit and one is a reference (`CopyGroups.fitting`).
  ///
  /// Images are read twice. Memory holds the tiles that fit statistics, and of no image more than some rows.
  ///
  /// - Parameters:
  ///   - paths: images known to belong.
  ///   - tiling: how they are cut; the model judges others so.
  ///   - shape: of tiles; squares of 64 unless it says otherwise.
  ///   - anew, reading, examples: as `fit(to:)` has them.
  ///   - budget: likewise, not `.auto`; nil where only an encoder is to look (`fit(seeingTilesOf:)`).
  ///   - damage: what is learned from to mark damage, in tiles and in whole images; nil for nothing.
  /// - Throws: `CalibrationError` with too few, `EngineError`, `SurprisalError`.
  @discardableResult
  public mutating func fit(
    toTilesOf paths: [FilePath], tiling: Tiling = Tiling(), shape: FittedShape = FittedShape(),
    anew: Bool = true, reading: ImageReading = ImageReading(), budget: EvaluationBudget? = .look,
    examples: Int = Model.standardExamples, marking damage: DamageLesson? = nil, compute: Compute = Compute(),
    unreadable: (String, String) -> Void = { _, _ in }, progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> TiledFit {
    if let refusal = tiling.refusal { throw SurprisalError.unsuitableOption(reason: refusal) }
    let evaluations = try budget.map { budget in
      guard let count = budget.count else { throw SurprisalError.tiles(refused: "auto evaluations") }
      return count
    }
    let size = shape.size ?? (Self.tileSide, Self.tileSide)
    let wanted = ImageShape(
      height: size.height, width: size.width, channels: shape.channels ?? self.shape.channels)
    if let refusal = wanted.refusal { throw SurprisalError.unsuitableSize(reason: refusal) }
    var population = try TiledPopulation(of: paths, tiling, wanted, reading, unreadable)
    if shape.channels == nil { population.reduceChannels() }
    if anew || population.tiles.shape != self.shape {
      self = try emptied(for: population.tiles)
      if evaluations ?? 0 > 0 || control == nil { try survey(on: population.tiles, compute: compute) }
    }
    sight = nil
    calibrations = []
    adaptive = nil
    (self.tiling, alignment) = (tiling, nil)
    if let damage {
      let others = try TiledPopulation(
        of: damage.paths, tiling, self.shape, reading, purpose: DamageLesson.purpose, unreadable)
      try learnDamage(damage, from: others, besides: population, compute)
    }
    self.examples = Examples(examples, of: population.small)
    let copies = CopyGroups(of: population.small)
    learned.add(population.small, as: .calibrated)
    let (places, groups) = copies.fitting()
    let fitting = population[places]
    // The first is what images are judged by.
    for evaluations in evaluations.map({ $0 > 0 ? [$0, 0] : [0] }) ?? [] {
      let scorer = try Scorer(self, evaluations: evaluations, compute: compute)
      calibrations.append(try calibration(by: scorer, on: fitting, groups, tiling, reading, progress))
      know(calibrations[calibrations.count - 1])
    }
    return TiledFit(
      copies: copies, used: population.small.count, given: population.given, tiles: fitting.tiles.count)
  }

  /// Fits what an encoder sees of the tiles of images known to belong, and of the whole images, as `fit(toTilesOf:)` does what the network
  /// sees. Tiles are of the size that the encoder takes, cut as the model's are.
  ///
  /// - Parameter settings: over those in the file beside the encoder's (`Compute.encoder`).
  /// - Precondition: the model has a `tiling`.
  /// - Throws: `EncoderError`, `CalibrationError` with too few, `EngineError`, `SurprisalError`.
  @discardableResult
  public mutating func fit(
    seeingTilesOf paths: [FilePath], settings: EncoderSettings = EncoderSettings(),
    reading: ImageReading = ImageReading(), compute: Compute,
    unreadable: (String, String) -> Void = { _, _ in }, progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> TiledFit {
    guard let tiling else { preconditionFailure("a model of tiles") }
    let encoder = try ONNXEncoder(
      compute.encoder, settings: settings, readsBeside: true, threads: compute.threadCount)
    let population = try TiledPopulation(
      of: paths, tiling, encoder.shape, reading, room: Sight.tiledRoom(encoder.form), unreadable)
    let copies = CopyGroups(of: population.small)
    learned.add(population.small, as: .calibrated)
    let (places, groups) = copies.fitting()
    let fitting = population[places]
    let scorer = try Scorer(self, seeing: encoder, compute: compute)
    sight = Sight(
      path: URL(fileURLWithPath: encoder.path).path, hash: encoder.hash, settings: encoder.settings,
      shape: encoder.shape,
      calibration: try calibration(by: scorer, on: fitting, groups, tiling, reading, progress),
      features: encoder.form)
    return TiledFit(
      copies: copies, used: population.small.count, given: population.given, tiles: fitting.tiles.count)
  }

  /// - Parameters:
  ///   - population: images that fit.
  ///   - groups: which of them show the same: the first of each are references.
  private func calibration(
    by scorer: Scorer, on population: TiledPopulation, _ groups: CopyGroups, _ tiling: Tiling,
    _ reading: ImageReading, _ progress: (Int, Int) -> Void
  ) throws -> Calibration {
    let tiles = try scorer.estimate(population.tiles) { _, _ in }
    let fit = try TileFit(
      evaluations: scorer.evaluations, kind: scorer.kind, tiles: tiles,
      of: population.owners.map { groups.first[$0] },
      wholes: zip(population.small.indices, scorer.estimate(population.small) { _, _ in }).map {
        (groups.first[$0], $1)
      },
      knowing: scorer.evaluations == 0
        ? nil : try Examination(population.tiles, seed: noise.seed)?.sensitivity(by: scorer, tiles))
    let images = groups.representatives
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
        if scorer.evaluations > 0 { bits.append(image.bitsPerDim) }
        progress(index + 1, images.count)
      })
    return try fit.calibration(references: scores, bits: bits)
  }

  /// What references by evaluations say of the population.
  private mutating func know(_ calibration: Calibration) {
    guard calibration.evaluations > 0, let bits = calibration.tiles?.bits else { return }
    facts.validationImages = bits.count
    facts.validationBitsPerDim = bits.reduce(0, +) / Double(max(bits.count, 1))
  }

  /// Learns to mark damage in tiles and in whole images at a tile's size, but for images that show what one of `others` shows.
  private mutating func learnDamage(
    _ lesson: DamageLesson, from images: TiledPopulation, besides others: TiledPopulation, _ compute: Compute
  ) throws {
    guard Damage.takes(shape) else { throw SurprisalError.unsuitableSize(reason: DamageLesson.sizes) }
    let own = images[try images.small.places(apartFrom: others.small, to: DamageLesson.purpose).own]
    _ = try learnDamage(
      lesson, from: own.views, heldOut: others.tiles, compute, shouldStop: { false }, report: lesson.report)
    learned.add(own.small, as: .trained)
  }

  /// Refuses what a model that judges images by their tiles cannot do.
  /// - Throws: `SurprisalError.tiles`.
  func refuseTiles(_ what: String) throws(SurprisalError) {
    if tiling != nil { throw .tiles(refused: what) }
  }
}

extension Sight {
  /// As many tiles as there is room for, and half as many whole images at most: of each image two tiles or more.
  static func tiledRoom(_ form: FeatureForm) -> TiledPopulation.Room {
    let (room, most) = (room(form), TiledPopulation.Room())
    return TiledPopulation.Room(
      images: min(room / 2, most.images), tilesOfImage: most.tilesOfImage, tiles: min(room, most.tiles))
  }
}
