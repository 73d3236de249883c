import Detection
import Foundation
import Images

/// How much a model's samples are like images: both are scored alike, and each statistic's scores are put to a two-sample
/// test. What no statistic tells apart may still differ where none of them looks.
public struct Likeness: Sendable {
  /// One statistic's scores of samples and of images.
  public struct Comparison: Sendable {
    public let statistic: StatisticName
    public let test: TwoSample
    /// Share of pairs of a sample and an image in which the sample scores higher, ties counting half: 0.5 where they are
    /// alike, towards 1 where samples are the odder, towards 0 where they are the plainer.
    public let samplesHigher: Double
  }

  public let samples: Int
  /// Different images; of those that show the same, one counts.
  public let images: Int
  /// Samples that show one of the images, exactly or nearly.
  public let copied: Int
  /// Images that the model learned from: it finds them more ordinary than new ones.
  public let known: Int
  public let comparisons: [Comparison]
  /// Means; nil without evaluations.
  public let sampleBitsPerDim: Double?
  public let imageBitsPerDim: Double?

  /// Chance that some statistic calls samples of the population different.
  public static let level = 0.01

  /// The smallest p-value times their number (Bonferroni).
  public var pValue: Double {
    min(1, (comparisons.map(\.test.pValue).min() ?? 1) * Double(comparisons.count))
  }

  /// Those whose p-values are so small by themselves, whatever number of others is looked at.
  public var differing: [Comparison] {
    comparisons.filter { $0.test.pValue * Double(comparisons.count) < Self.level }
  }

  /// - Parameters:
  ///   - samples: of the model.
  ///   - images: real ones, of the model's shape.
  ///   - evaluations: nil for those of the first calibration; a look is taken too, where the model is fitted to looks.
  ///   - progress: told how many scores of how many are done.
  /// - Throws: `SurprisalError.notCalibrated`, `.noReadableImages`; `EngineError`.
  public init(
    of samples: ImageBatch, to images: ImageBatch, under model: Model, evaluations: Int? = nil,
    compute: Compute = Compute(), progress: (Int, Int) -> Void = { _, _ in }
  ) throws {
    let calibrations = try Self.calibrations(of: model, evaluations: evaluations)
    guard !images.isEmpty, !samples.isEmpty else {
      throw SurprisalError.noReadableImages(purpose: "compare samples with")
    }
    // Images come first, so that a sample which shows one of them is its copy.
    var all = images
    all.append(contentsOf: samples)
    let groups = CopyGroups(of: all)
    let distinct = groups.representatives.filter { $0 < images.count }
    copied = (images.count..<all.count).count { groups.first[$0] < images.count }
    let real = images[distinct]
    (self.samples, self.images) = (samples.count, real.count)
    known = real.indices.count { model.learned.part(of: real[$0]) != nil }
    var comparisons: [Comparison] = []
    var bits: (Double, Double)?
    let count = (samples.count + real.count) * calibrations.count
    for (index, calibration) in calibrations.enumerated() {
      let scorer = try Scorer(model, evaluations: calibration.evaluations, compute: compute)
      let before = index * (samples.count + real.count)
      let drawn = try scorer.estimate(samples) { done, _ in progress(before + done, count) }
      let found = try scorer.estimate(real) { done, _ in progress(before + samples.count + done, count) }
      for name in calibration.names where !Self.needsFiles.contains(name) {
        let (own, others) = (
          drawn.map { calibration.score($0, by: name) }, found.map { calibration.score($0, by: name) }
        )
        comparisons.append(
          Comparison(
            statistic: name, test: TwoSample(own, others),
            samplesHigher: Separation(inliers: others, outliers: own).auroc))
      }
      if calibration.evaluations > 0 {
        bits = (
          PairedDifference.moments(drawn.map(\.bitsPerDim)).mean,
          PairedDifference.moments(found.map(\.bitsPerDim)).mean
        )
      }
    }
    self.comparisons = comparisons
    sampleBitsPerDim = bits?.0
    imageBitsPerDim = bits?.1
  }

  /// Statistics that look at an image's file, which samples do not have.
  private static let needsFiles: Set<StatisticName> = [.appearance]

  /// What is compared by: denoising errors at a number of evaluations, and looks.
  /// - Throws: `SurprisalError.notCalibrated`.
  public static func calibrations(
    of model: Model, evaluations: Int?
  ) throws(SurprisalError) -> [Calibration] {
    try model.refuseTiles("samples beside images")
    let looks = model.calibrations.filter { $0.evaluations == 0 }
    guard let evaluations else {
      let all = model.calibrations.filter { $0.evaluations > 0 }.prefix(1) + looks
      guard !all.isEmpty else { throw .notCalibrated(evaluations: nil) }
      return Array(all)
    }
    return evaluations == 0
      ? [try model.calibration(evaluations: 0)] : [try model.calibration(evaluations: evaluations)] + looks
  }
}
