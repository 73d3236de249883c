import Detection
import Diffusion
import Files
import Foundation
import Images
import Tensors

extension Model {
  /// Images that climb the whole ladder when calibrating for `auto`.
  static let ladderImages = 2000

  /// Sets the reference scores for a budget from images known to belong. Of images that show the same one is a
  /// reference; of few images, some of those that are not exactly the same fit (`CopyGroups.fitting`).
  ///
  /// Not for `.chosen`. For `.auto` that is 16 evaluations on all images, then every stage on the first 2000.
  ///
  /// - Parameter fitting: images that fit the statistics, such as those trained on, without those that `images` shows; nil
  ///   for `images` themselves (`Calibration`). Not for `.auto`.
  /// - Returns: which of `images`, with `fitting` after them, show the same.
  /// - Throws: `CalibrationError` with too few, `EngineError`, `SurprisalError`.
  @discardableResult
  public mutating func calibrate(
    on images: ImageBatch, fitting: ImageBatch? = nil, budget: EvaluationBudget = .standard,
    compute: Compute = Compute(), progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> CopyGroups {
    var all = images
    if let fitting { all.append(contentsOf: fitting) }
    let copies = CopyGroups(of: all)
    if fitting == nil, budget != .auto, copies.representatives.count < Calibration.many {
      try calibrate(onFew: FittingImages(images, copies), budget, compute: compute, progress: progress)
    } else if fitting == nil, budget == .look {
      try calibrate(lookingAt: images[copies.representatives], compute: compute, progress: progress)
    } else {
      // References come first, so that a group which straddles is theirs.
      try calibrate(
        onDistinct: all[copies.representatives.filter { $0 < images.count }],
        fitting: fitting == nil ? nil : all[copies.representatives.filter { $0 >= images.count }],
        budget: budget, compute: compute, progress: progress)
    }
    return copies
  }

  /// Few images all fit, near copies too, and those that show the same are one reference (`Calibration.crossFitting`).
  ///
  /// - Parameter budget: not `.auto`.
  /// - Returns: estimates of the images, and of each the scores by what it had no part in.
  @discardableResult
  mutating func calibrate(
    onFew population: FittingImages, _ budget: EvaluationBudget, compute: Compute,
    progress: (Int, Int) -> Void
  ) throws -> (estimates: [SurprisalEstimate], scores: [StatisticName: [Double]]) {
    try refuseTiles("references of images that were looked at whole")
    guard population.references.count >= Calibration.fewest else {
      throw CalibrationError.tooFewToFit(found: population.references.count, needed: Calibration.fewest)
    }
    learned.add(population.images, as: .calibrated)
    let evaluations = budget.count ?? EvaluationBudget.standardCount
    let scorer = try Scorer(self, evaluations: evaluations, compute: compute)
    let estimates = try scorer.estimate(population.images, progress: progress)
    let (references, others) = (population.references, population.others)
    let held = references.map { estimates[$0] }
    let sensitivity = try Examination(
      population.images[references], aligned: alignment, mostFitting: Examination.mostFitting,
      seed: noise.seed
    )?.sensitivity(by: scorer, held, fittedOn: others.isEmpty ? nil : others.map { estimates[$0] })
    let (calibration, scores) = try Calibration.crossFitting(
      evaluations: evaluations, GroupedEstimates(estimates, groups: population.groups),
      references: references, knowing: sensitivity)
    keep(calibration)
    know(held, evaluations)
    return (estimates, scores)
  }

  /// Of many images some fit; the others are looked at a part at a time, so that memory holds what is seen of those that fit (of an image
  /// up to half a megabyte, `damage`).
  ///
  /// - Parameter images: of which no two show the same, at least `Calibration.many`.
  private mutating func calibrate(
    lookingAt images: ImageBatch, compute: Compute, progress: (Int, Int) -> Void
  ) throws {
    try refuseTiles("references of images that were looked at whole")
    let scorer = try Scorer(self, evaluations: 0, compute: compute)
    learned.add(images, as: .calibrated)
    let every = images.indices.filter(Calibration.fits)
    let step = (every.count + Calibration.many - 1) / Calibration.many
    let chosen = Set(stride(from: 0, to: every.count, by: step).map { every[$0] })
    let held = images.indices.filter { !chosen.contains($0) }
    let all = images.count
    let fits = GroupedEstimates(
      try scorer.estimate(images[chosen.sorted()]) { done, _ in progress(done, all) })
    let fitted = try Calibration(evaluations: 0, fitting: fits)
    var scores: [StatisticName: [Double]] = [:]
    for start in stride(from: 0, to: held.count, by: Self.lookedAtOnce) {
      let part = images[Array(held[start..<min(start + Self.lookedAtOnce, held.count)])]
      let found = fitted.scores(
        try scorer.estimate(part) { done, _ in progress(fits.count + start + done, all) })
      for (name, own) in found { scores[name, default: []] += own }
    }
    keep(try fitted.with(references: scores))
    know([], 0)
  }

  /// Images that are looked at before their scores are taken.
  private static let lookedAtOnce = 256

  /// In the place of one of as many evaluations, or as the last: the first is what images are judged by unless asked otherwise.
  private mutating func keep(_ calibration: Calibration) {
    if let place = calibrations.firstIndex(where: { $0.evaluations == calibration.evaluations }) {
      calibrations[place] = calibration
    } else {
      calibrations.append(calibration)
    }
  }

  /// What references at so many evaluations say of the population; those that were generated are no more.
  private mutating func know(_ references: [SurprisalEstimate], _ evaluations: Int) {
    // The ladder's scores are by the statistics that go.
    if adaptive?.evaluations.contains(evaluations) == true { adaptive = nil }
    facts.generatedReferences?.removeAll { $0 == evaluations }
    guard evaluations > 0 else { return }
    facts.validationImages = references.count
    facts.validationBitsPerDim =
      references.reduce(0) { $0 + $1.bitsPerDim } / Double(max(references.count, 1))
  }

  /// - Parameters: images of which no two show the same.
  /// - Returns: estimates of the images at the budget's evaluations, 16 for `.auto`.
  @discardableResult
  mutating func calibrate(
    onDistinct images: ImageBatch, fitting: ImageBatch?, budget: EvaluationBudget, compute: Compute,
    progress: (Int, Int) -> Void
  ) throws -> [SurprisalEstimate] {
    try refuseTiles("references of images that were looked at whole")
    if fitting != nil, budget == .auto { throw SurprisalError.fittingUnderAuto }
    learned.add(images, as: .calibrated)
    if let fitting { learned.add(fitting, as: .calibrated) }
    let evaluations = budget.count ?? EvaluationBudget.standardCount
    let scorer = try Scorer(self, evaluations: evaluations, compute: compute)
    let estimates = try scorer.estimate(images, progress: progress)
    let others = try fitting.map { try scorer.estimate($0, progress: progress) }
    let sensitivity = try Examination(
      images, aligned: alignment, mostFitting: Examination.mostFitting, seed: noise.seed)?
      .sensitivity(by: scorer, estimates, fittedOn: others)
    if let others {
      keep(
        try Calibration(
          evaluations: evaluations, fitting: GroupedEstimates(others), references: estimates,
          knowing: sensitivity))
    } else {
      keep(try Calibration(evaluations: evaluations, estimates: estimates, knowing: sensitivity))
    }
    know(estimates, evaluations)
    guard budget == .auto else { return estimates }
    let first = images.prefix(Self.ladderImages)
    calibrations.removeAll {
      EvaluationBudget.ladder.contains($0.evaluations) && $0.evaluations != evaluations
    }
    var fitting: [StatisticName: [[Double]]] = [:]
    var references: [StatisticName: [[Double]]] = [:]
    for stage in EvaluationBudget.ladder {
      let some =
        stage == evaluations
        ? Array(estimates.prefix(Self.ladderImages))
        : try scorer.with(evaluations: stage).estimate(first, progress: progress)
      if stage != evaluations {
        let sensitivity = try Examination(
          first, aligned: alignment, mostFitting: Examination.mostFitting, seed: noise.seed)?.sensitivity(
            by: scorer.with(evaluations: stage), some)
        keep(try Calibration(evaluations: stage, estimates: some, knowing: sensitivity))
      }
      let statistics = try calibration(evaluations: stage)
      let crossFitted = try statistics.crossFitted(stage == evaluations ? estimates : some)
      for (statistic, scores) in crossFitted.mapValues({ $0.prefix(some.count) }) {
        let fits = scores.indices.filter(Calibration.fits).map { scores[$0] }
        let held = scores.indices.filter { !Calibration.fits($0) }.map { scores[$0] }
        let append = { (ladders: [[Double]]?, scores: [Double]) in
          ladders.map { zip($0, scores).map { $0 + [$1] } } ?? scores.map { [$0] }
        }
        fitting[statistic] = append(fitting[statistic], fits)
        references[statistic] = append(references[statistic], held)
      }
    }
    adaptive = AdaptiveCalibration(
      evaluations: EvaluationBudget.ladder, fitting: fitting, references: references)
    return estimates
  }

  /// How the scores of samples compare with those of the real references that the model held.
  public struct SampleComparison: Sendable, CustomStringConvertible {
    public let statistic: StatisticName
    public let test: TwoSample

    public var description: String {
      String(
        format: "%@: distance %.3f, p-value %.2g", statistic.rawValue as NSString, test.distance, test.pValue)
    }
  }

  /// Sets the reference scores from the model's own samples, unless their scores differ from real ones.
  ///
  /// Samples are scored by the statistics fitted on real images and compared with the real references, statistic by
  /// statistic; one p-value below 0.01 over their number (Bonferroni) refuses. Samples may score far from real
  /// images (MATH, "What the curve tells"), and thresholds from such would be wrong without a sign.
  ///
  /// - Parameters:
  ///   - stochasticity: s of the reverse family.
  ///   - insists: calibrates although the samples differ.
  /// - Returns: the comparisons; empty where the model held no real references.
  /// - Throws: `SurprisalError.samplesDiffer` when refused; `CalibrationError`, `EngineError`.
  public mutating func calibrate(
    onSamples count: Int, stochasticity: Double = Sampling.stochasticity, steps: Int = Sampling.steps,
    seed: UInt64 = Sampling.seed, evaluations: Int = EvaluationBudget.standardCount, insists: Bool = false,
    compute: Compute = Compute(), progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> [SampleComparison] {
    try refuseTiles("references of samples")
    let scorer = try Scorer(self, evaluations: evaluations, compute: compute)
    var images = ImageBatch(shape: shape)
    // In parts, each with a seed of its own: memory holds one part's noise.
    for (part, start) in stride(from: 0, to: count, by: 256).enumerated() {
      images.append(
        contentsOf: try scorer.sample(
          min(256, count - start), stochasticity: stochasticity, steps: steps,
          seed: seed &+ UInt64(part) &* 0x9E37_79B9))
      progress(min(start + 256, count), count)
    }
    let estimates = try scorer.estimate(images, progress: progress)
    let isReal = !(facts.generatedReferences ?? []).contains(evaluations)
    var comparisons: [SampleComparison] = []
    if isReal, let real = calibrations.first(where: { $0.evaluations == evaluations }) {
      comparisons = real.names.map { statistic in
        SampleComparison(
          statistic: statistic,
          test: TwoSample(
            estimates.map { real.score($0, by: statistic) }, real.references[statistic]?.sorted ?? []))
      }
      let limit = 0.01 / Double(comparisons.count)
      if !insists, comparisons.contains(where: { $0.test.pValue < limit }) {
        throw SurprisalError.samplesDiffer(comparisons)
      }
    }
    let calibration = try Calibration(evaluations: evaluations, estimates: estimates)
    keep(calibration)
    adaptive = nil
    facts.generatedReferences = Array(Set((facts.generatedReferences ?? []) + [evaluations])).sorted()
    return comparisons
  }

  /// Reads every image of `paths` at the model's size and calibrates on them, with the statistics fitted on those of
  /// `fitting` where given.
  @discardableResult
  public mutating func calibrate(
    on paths: [FilePath], fitting: [FilePath]? = nil, reading: ImageReading = ImageReading(),
    budget: EvaluationBudget = .standard, compute: Compute = Compute(),
    unreadable: (String, String) -> Void = { _, _ in },
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> CopyGroups {
    func images(_ paths: [FilePath]) -> ImageBatch {
      ImageStream.images(of: paths, shape: shape, reading: aligning(reading), unreadable: unreadable)
    }
    return try calibrate(
      on: images(paths), fitting: fitting.map(images), budget: budget, compute: compute, progress: progress)
  }
}
