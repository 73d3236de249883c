import Detection
import Diffusion
import Foundation
import Images
import Tensors

/// Scores images under a budget and gives their p-values: what `scan` and `gate` judge by.
public final class Judge {
  /// One image's judgement.
  struct Judgement {
    let estimate: SurprisalEstimate
    /// Statistics of the stage whose score it is.
    let calibration: Calibration
    let quadrature: Quadrature
    let score: Double
    let pValue: Double
    /// Network evaluations over all stages.
    let evaluations: Int
    /// Sorts images, oddest last.
    let order: (Int, Double)
  }

  public let model: Model
  public let statistic: StatisticName
  private let scorers: [Scorer]
  private let calibrations: [Calibration]
  private let rule: AdaptiveCalibration.Rule?
  /// The rate where records depend on it: under `auto`.
  private let rateKey: String

  /// The calibration that every image is judged by; nil under `auto`.
  var onlyCalibration: Calibration? { rule == nil ? calibrations[0] : nil }

  /// Tells scans apart whose records cannot be mixed: weights, noise, references, statistic and stages.
  var fingerprint: String {
    // FNV-1a (Fowler, Noll and Vo), over values in a fixed order.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ value: UInt64) { hash = (hash ^ value) &* 0x0000_0100_0000_01B3 }
    for (_, values) in model.weights.sorted(by: { $0.key < $1.key }) {
      for value in values { add(UInt64(value.bitPattern)) }
    }
    add(model.noise.seed)
    for sigma in model.control?.survey.sigmas ?? [] { add(sigma.bitPattern) }
    for multiple in model.control?.survey.multiples ?? [] { add(multiple.bitPattern) }
    for calibration in calibrations {
      for score in calibration.references[statistic]?.sorted ?? [] { add(score.bitPattern) }
    }
    let stages = calibrations.map { "\($0.evaluations)" }.joined(separator: "-")
    return
      "surprisal scan \(statistic.rawValue) \(stages) \(rateKey) \(scorers[0].precision.rawValue) \(String(hash, radix: 16))"
  }

  /// Images taken together: enough that later stages, which few images reach, still fill their batches.
  var chunk: Int { scorers.count > 1 ? 16 * scorers[0].batch : scorers[0].batch }

  /// - Parameter budget: nil for the model's own, that of its first calibration.
  /// - Throws: `UsageError` where the model is not calibrated for the budget, `CalibrationError` where its references
  ///   cannot support the rate, `EngineError`.
  public init(
    _ model: Model, budget: EvaluationBudget?, statistic: StatisticName, rate: Double,
    precision: Precision = .fastest, engine: Engine
  ) throws {
    self.model = model
    self.statistic = statistic
    rateKey = budget == .auto ? "\(rate)" : "any"
    switch budget {
    case .auto:
      guard let adaptive = model.adaptive else {
        throw UsageError(
          "the model has no reference scores for auto evaluations: run surprisal calibrate --evaluations auto"
        )
      }
      rule = try adaptive.rule(rate: rate, for: statistic)
      calibrations = try adaptive.evaluations.map { try model.calibration(evaluations: $0) }
    case .fixed(let count):
      rule = nil
      calibrations = [try model.calibration(evaluations: count)]
      try calibrations[0].require(rate: rate, for: statistic)
    case nil:
      rule = nil
      calibrations = [try model.calibration(evaluations: nil)]
      try calibrations[0].require(rate: rate, for: statistic)
    }
    let first = Scorer(
      model, evaluations: calibrations[0].evaluations, precision: precision, engine: engine)
    scorers = [first] + calibrations.dropFirst().map { first.with(evaluations: $0.evaluations) }
  }

  /// P-value and evaluations spent for each image.
  public func verdicts(on images: ImageBatch) throws -> [(pValue: Double, evaluations: Int)] {
    try images.parts(of: chunk).flatMap { try judge(images[$0]).map { ($0.pValue, $0.evaluations) } }
  }

  /// Judges images, each independent of the others.
  func judge(_ images: ImageBatch) throws -> [Judgement] {
    var found = [Judgement?](repeating: nil, count: images.count)
    var ladders = [[Double]](repeating: [], count: found.count)
    var spent = [Int](repeating: 0, count: found.count)
    var open = Array(found.indices)
    for (scorer, calibration) in zip(scorers, calibrations) where !open.isEmpty {
      var stillOpen: [Int] = []
      for (index, estimate) in zip(open, try scorer.estimate(images[open])) {
        let score = calibration.score(estimate, by: statistic)
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
          estimate: estimate, calibration: calibration, quadrature: scorer.formula.quadrature, score: score,
          pValue: pValue, evaluations: spent[index], order: order)
      }
      open = stillOpen
    }
    return found.compactMap { $0 }
  }
}
