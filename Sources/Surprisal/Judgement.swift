import Detection
import Diffusion
import Files
import Foundation
import Images
import Reports

/// What a model says of one image.
public struct Judgement: Sendable {
  public let statistic: StatisticName
  /// Nil where the image was only looked at.
  public let bitsPerDim: Double?
  /// Nil with a single replicate, which shows none.
  public let standardError: Double?
  /// By the statistic: higher is odder.
  public let score: Double
  /// Share of the population that is at least as odd, by the references (`ReferenceScores.pValue`).
  public let pValue: Double
  /// Probability by the fitted tail, where the score is beyond all references.
  public let tailPValue: Double?
  /// Network evaluations spent, over all stages, or all tiles.
  public let evaluations: Int
  /// What stands out, in words.
  public let reason: String
  /// What is wrong with it as its file holds it, where that was measured and the statistic looks at it.
  public let troubles: [Record.Trouble]?
  /// Tiles that it was judged by; nil where it was looked at whole.
  public let tiles: Int?
  /// The image's errors over noise levels, beside the population's; those of its oddest tile.
  public let profile: [Record.Level]
  /// Sorts judgements, oddest last: `AdaptiveCalibration.Position.order`, or 0 and the score.
  let order: (Int, Double)
}

extension Judgement {
  /// - Parameters:
  ///   - calibration: of the stage whose score it is.
  ///   - evaluations: over all stages.
  init(
    _ estimate: SurprisalEstimate, by statistic: StatisticName, score: Double, pValue: Double,
    evaluations: Int, order: (Int, Double), calibration: Calibration, _ form: EstimateForm,
    _ quadrature: Quadrature
  ) {
    self.statistic = statistic
    self.score = score
    self.pValue = pValue
    self.evaluations = evaluations
    self.order = order
    bitsPerDim = evaluations > 0 ? estimate.bitsPerDim : nil
    standardError = estimate.standardError
    tailPValue = calibration.tailPValue(score, by: statistic)
    troubles = calibration.troubles(estimate, by: statistic, form, isOdd: pValue <= 0.05)
    reason = calibration.words(estimate, by: statistic, form)
    profile = calibration.profile.levels(estimate, quadrature)
    tiles = calibration.tiles == nil ? nil : 1
  }

  /// Of an image's tiles: what stands out and the profile are of the oddest.
  init(
    _ image: TiledImage, by statistic: StatisticName, _ calibration: Calibration, _ form: EstimateForm,
    _ quadrature: Quadrature
  ) {
    self.statistic = statistic
    score = image.score(0, by: statistic, calibration)
    pValue = calibration.pValue(score, by: statistic)
    tailPValue = calibration.tailPValue(score, by: statistic)
    evaluations = image.evaluations
    order = (0, score.isNaN ? .infinity : score)
    bitsPerDim = evaluations > 0 ? image.bitsPerDim : nil
    standardError = evaluations > 0 ? image.standardError : nil
    troubles = nil
    reason = image.words(by: statistic, calibration, form)
    profile = calibration.profile.levels(image.oddest.estimate, quadrature)
    tiles = image.grid.count
  }
}

extension Calibration {
  /// What is wrong with an image as its file holds it; named is what its oddness is for.
  func troubles(
    _ estimate: SurprisalEstimate, by statistic: StatisticName, _ form: EstimateForm, isOdd: Bool
  ) -> [Record.Trouble]? {
    guard let appearance = self.statistic(statistic) as? AppearanceStatistic else { return nil }
    let verdict = appearance.verdict(estimate)
    let found = appearance.findings(verdict, estimate, form, threshold: isOdd ? verdict.pValue : -1)
    return found.isEmpty ? nil : found.map(Record.Trouble.init)
  }
}

extension Record.Trouble {
  init(_ finding: CrossJudgement.Finding) {
    self.init(
      name: finding.trouble.rawValue, pValue: finding.pValue, reason: finding.words, isNamed: finding.isReason
    )
  }
}

extension ErrorProfile {
  /// An image's errors at each node: their share of the bits, and how far they lie from the population's.
  func levels(_ estimate: SurprisalEstimate, _ quadrature: Quadrature) -> [Record.Level] {
    zip(quadrature.sigmas.indices, standardised(estimate)).map { k, z in
      Record.Level(
        sigma: quadrature.sigmas[k], bitsPerDim: quadrature.weights[k] * estimate.integrand[k] / log(2), z: z)
    }
  }
}

extension Record {
  /// A record of a judged image; whether it is an outlier is known when all p-values are.
  ///
  /// - Parameters:
  ///   - origin: what the image was in its file.
  ///   - warning: damage of the file that was let pass.
  public init(
    file: FilePath, _ judgement: Judgement, origin: ImageOrigin? = nil, warning: String? = nil
  ) {
    self.init(file: file)
    width = origin?.width
    height = origin?.height
    format = origin?.format
    bitsPerDim = judgement.bitsPerDim
    standardError = judgement.standardError
    evaluations = judgement.evaluations
    statistic = judgement.statistic.rawValue
    score = judgement.score
    pValue = judgement.pValue
    tailPValue = judgement.tailPValue
    reason = judgement.reason
    troubles = judgement.troubles
    profile = judgement.profile
    tiles = judgement.tiles
    self.warning = warning
  }
}
