import Detection
import Diffusion
import Foundation
import Images
import Tensors

/// Judges images by a statistic, under a budget: what `Scan` and `Gate` go by. Use from one thread at a time.
public final class Judge {
  public let model: Model
  public let statistic: StatisticName
  /// One stage of judging: the only one, or one of the ladder's.
  private struct Stage {
    let scorer: Scorer
    let calibration: Calibration
  }
  private let stages: [Stage]
  private let rule: AdaptiveCalibration.Rule?
  /// Where the model looks at tiles.
  private let tiles: TileScorer?
  /// The rate where records depend on it: under `auto`.
  private let rateKey: String

  /// The calibration that every image is judged by; nil under `auto`.
  var onlyCalibration: Calibration? { rule == nil ? stages[0].calibration : nil }

  /// The budget: a number of evaluations, `auto`, or that there are none as an encoder looks.
  var evaluations: String {
    if stages[0].calibration.kind == .sight { return Self.byEncoder }
    return rule == nil ? "\(stages[0].calibration.evaluations)" : "\(EvaluationBudget.auto)"
  }
  static let byEncoder = "encoder"
  /// How it computes.
  var computing: String { stages[0].scorer.fingerprint }

  /// Tells scans apart whose records cannot be mixed: everything that a judgement depends on, the model and its
  /// references among it.
  var fingerprint: String {
    let evaluations = stages.map { "\($0.calibration.evaluations)" }.joined(separator: "-")
    return
      "\(statistic.rawValue) \(evaluations) \(rateKey) \(stages[0].scorer.fingerprint) \(model.digest)"
  }

  /// Of the images that it judges.
  public var shape: ImageShape { stages[0].scorer.shape }

  /// How these are read: measured, where what is judged by was fitted to measured ones.
  func reading(_ reading: ImageReading) -> ImageReading {
    stages[0].calibration.kind == .sight ? model.aligning(reading) : model.reading(reading)
  }

  /// Images to judge in one call for best use of the machine: enough that later stages, which few images reach, still
  /// fill their batches.
  public var batch: Int {
    // Files that wait whole, as they are read; the tiles of all fill the network's batches.
    if tiles != nil { return 4 }
    return stages.count > 1 ? 16 * stages[0].scorer.batch : stages[0].scorer.batch
  }

  /// Whether images are judged by their tiles (`judge(tilesOf:)`), and not decoded before.
  var isTiled: Bool { tiles != nil }

  /// Of the images that a stream is to decode; nil where they are judged by their tiles.
  var streamed: ImageShape? { isTiled ? nil : shape }

  /// Images that a stream may have ready.
  var ahead: Int { isTiled ? 2 * batch : batch + 64 }

  /// - Parameters:
  ///   - budget: nil for the model's own, that of its first calibration.
  ///   - statistic: nil for the standard one of that budget.
  ///   - rate: the error rate that its p-values are to support.
  /// - Throws: `SurprisalError` where the model is not calibrated for the budget, `CalibrationError` where its references
  ///   cannot support the rate, `EngineError`.
  public init(
    _ model: Model, budget: EvaluationBudget? = nil, statistic: StatisticName? = nil,
    rate: Double = FlaggingRule.standard.rate, compute: Compute = Compute()
  ) throws {
    self.model = model
    rateKey = budget == .auto ? "\(rate)" : "any"
    if let sight = model.sight, budget == nil, statistic?.isOfSight != false {
      let statistic = statistic ?? model.standardStatistic(under: nil)
      self.statistic = statistic
      rule = nil
      try sight.calibration.require(rate: rate, for: statistic)
      let scorer = try Scorer(model, by: sight, compute: compute)
      tiles = model.tiling.map { TileScorer(scorer, tiling: $0) }
      stages = [Stage(scorer: scorer, calibration: sight.calibration)]
      return
    }
    let calibrations: [Calibration]
    if budget == .auto {
      try model.refuseTiles("auto evaluations")
      let statistic = statistic ?? model.standardStatistic(under: budget)
      self.statistic = statistic
      guard let adaptive = model.adaptive else { throw SurprisalError.notCalibratedForAuto }
      rule = try adaptive.rule(rate: rate, for: statistic)
      calibrations = try adaptive.evaluations.map { try model.calibration(evaluations: $0) }
    } else {
      rule = nil
      calibrations = [try model.calibration(evaluations: budget?.count)]
      let statistic = statistic ?? model.standardStatistic(evaluations: budget?.count)
      self.statistic = statistic
      try calibrations[0].require(rate: rate, for: statistic)
    }
    let observations = Calibration.observations(for: self.statistic)
    let first = try Scorer(
      model, evaluations: calibrations[0].evaluations, observing: observations, compute: compute)
    stages = calibrations.enumerated().map { index, calibration in
      Stage(
        scorer: index == 0 ? first : first.with(evaluations: calibration.evaluations),
        calibration: calibration)
    }
    tiles = model.tiling.map { TileScorer(first, tiling: $0) }
  }

  /// To compare patches takes longer than to see them: on all threads.
  private func judgeSeen(_ images: ImageBatch, _ stage: Stage) throws -> [Judgement] {
    let estimates = try stage.scorer.estimate(images)
    let (calibration, statistic) = (stage.calibration, statistic)
    let (form, quadrature) = (stage.scorer.form, stage.scorer.quadrature)
    return inParallel(estimates.count) { index in
      let score = calibration.score(estimates[index], by: statistic)
      return Judgement(
        estimates[index], by: statistic, score: score, pValue: calibration.pValue(score, by: statistic),
        evaluations: 0, order: (0, score.isNaN ? .infinity : score), calibration: calibration, form,
        quadrature)
    }
  }

  /// Judges images, each independent of the others.
  public func judge(_ images: ImageBatch) throws -> [Judgement] {
    if stages[0].calibration.kind == .sight { return try judgeSeen(images, stages[0]) }
    var found = [Judgement?](repeating: nil, count: images.count)
    var ladders = [[Double]](repeating: [], count: found.count)
    var spent = [Int](repeating: 0, count: found.count)
    var open = Array(found.indices)
    for stage in stages where !open.isEmpty {
      let calibration = stage.calibration
      var stillOpen: [Int] = []
      for (index, estimate) in zip(open, try stage.scorer.estimate(images[open])) {
        let score = calibration.imageScore(estimate, by: statistic)
        ladders[index].append(score)
        spent[index] += estimate.evaluations
        let pValue: Double
        let order: (Int, Double)
        if let rule {
          guard let position = rule.position(ladders[index]) else {
            stillOpen.append(index)
            continue
          }
          pValue = rule.pValue(position)
          order = position.order
        } else {
          pValue = calibration.pValue(score, by: statistic)
          order = (0, score.isNaN ? .infinity : score)
        }
        found[index] = Judgement(
          estimate, by: statistic, score: score, pValue: pValue, evaluations: spent[index], order: order,
          calibration: calibration, stage.scorer.form, stage.scorer.quadrature)
      }
      open = stillOpen
    }
    return found.compactMap { $0 }
  }

  /// An image that was judged by its tiles.
  struct Tiled {
    let judgement: Judgement
    /// At a tile's size, with what it is in its file.
    let decoded: DecodedImage
    /// Where it was asked for: how odd the image is at each place.
    let map: TileMap?
  }

  /// Judges images by their tiles, each independent of the others.
  /// - Parameter mapSide: longest side of the maps wanted; nil for none.
  /// - Precondition: `isTiled`.
  func judge(
    tilesOf images: [EncodedImage], _ decoder: ImageDecoder, mapSide: Int? = nil
  ) throws -> [Result<Tiled, ImageError>] {
    guard let tiles else { preconditionFailure("a model of tiles") }
    let (calibration, statistic) = (stages[0].calibration, statistic)
    var found: [Result<Tiled, ImageError>] = []
    tiles.mapSide = mapSide ?? TileMap.side
    try tiles.score(
      images.count, by: [statistic], maps: mapSide == nil ? [] : [.oddness], decoder,
      calibration: { _ in calibration },
      open: { index throws(ImageError) in images[index] },
      each: { _, result in
        found.append(
          result.map { image in
            Tiled(
              judgement: Judgement(
                image, by: statistic, calibration, tiles.scorer.form, tiles.scorer.quadrature),
              decoded: image.decoded, map: image.maps[.oddness])
          })
      })
    return found
  }
}
