import Detection
import Diffusion
import Foundation
import Images
import ScoreModel
import Tensors

extension Training {
  /// What a training came to, for people to look at.
  public struct Review: Sendable {
    /// A held-out image and what the model says of it.
    public struct Example: Sendable {
      public let image: Bitmap
      public let bitsPerDim: Double
      /// Share of the other held-out images that are as odd.
      public let pValue: Double
      /// What stands out in it.
      public let reason: String
    }

    /// P-values of some images by the scores of others: uniform where both are of one population.
    public struct Uniformity: Sendable {
      public enum Question: String, Sendable, CaseIterable {
        /// Every other held-out image by those between.
        case method
        /// The second half of the held-out images, in their order, by the first.
        case order
        /// Images trained on by those held out.
        case trained
      }

      public let question: Question
      /// Ascending.
      public let pValues: [Double]
      public let references: Int
      /// Kolmogorov and Smirnov's, that both are of one population.
      public let test: Double

      init(_ question: Question, _ scores: [Double], by known: [Double]) throws(CalibrationError) {
        let references = try ReferenceScores(known)
        self.question = question
        self.references = references.count
        pValues = scores.map(references.pValue).sorted()
        test = TwoSample(scores, known).pValue
      }
    }

    /// Mean bits/dim of held-out images along the way; of the network that was started from first, where it was not random.
    public let start: Checkpoint.Watch.Point?
    public let points: [Checkpoint.Watch.Point]
    /// Images that these were measured on.
    public let imagesScored: Int
    /// The step whose weights the model has.
    public let chosen: Int
    public let steps: (taken: Int, planned: Int)
    /// Training, all runs together, validations among it.
    public let seconds: Double
    public let heldOut: Int
    /// The model's own, over all of these.
    public let bitsPerDim: Double
    public let samples: ImageBatch
    public let statistic: StatisticName
    /// Held-out images, the most ordinary and the oddest, each from the end on.
    public let ordinary: [Example]
    public let oddest: [Example]
    public let uniformity: [Uniformity]
    /// What training brought beyond the network it started from.
    public let gain: Gain?

    public struct Gain: Sendable {
      public let before: Double
      public let after: Double
      public let standardError: Double
    }
  }

  /// Images trained on that fitted no statistic; all, where there are no such.
  private func unfitted(_ training: ImageBatch, _ isApart: Bool) -> [Int] {
    let others = Set(isApart ? training.places(spread: Self.mostFitted) : [])
    return others.count < training.count
      ? training.indices.filter { !others.contains($0) } : Array(training.indices)
  }

  /// Samples drawn for a review, in so many steps; examples on each side; images trained on that are scored again.
  static let reviewed = (samples: 24, steps: 40, examples: 12, trained: 100)

  /// - Parameters:
  ///   - calibrated: of `validation`, image by image.
  ///   - isApart: whether other images fitted the statistics.
  func review(
    _ model: Model, _ loop: TrainingLoop, _ training: ImageBatch, _ validation: ImageBatch,
    _ calibrated: Calibrated, isApart: Bool, gain: Review.Gain?, _ compute: Compute
  ) throws -> Review {
    let estimates = calibrated.estimates
    let evaluations = budget.count ?? EvaluationBudget.standardCount
    let calibration = try model.calibration(evaluations: evaluations)
    let statistic = model.standardStatistic(evaluations: evaluations)
    let scorer = try Scorer(model, evaluations: evaluations, compute: compute)
    let (scores, trained): ([Double], [Double])
    if let known = calibrated.scores {
      let others = known.others[statistic] ?? []
      let some = min(others.count, Self.reviewed.trained)
      (scores, trained) = (
        known.heldOut[statistic] ?? [], (0..<some).map { others[$0 * others.count / some] }
      )
    } else {
      scores =
        isApart
        ? estimates.map { calibration.score($0, by: statistic) }
        : try calibration.crossFitted(estimates)[statistic] ?? []
      trained = try scorer.estimate(training[unfitted(training, isApart)].spread(Self.reviewed.trained))
        .map { calibration.score($0, by: statistic) }
    }
    let order = scores.indices.sorted { scores[$0] < scores[$1] }
    let all = try ReferenceScores(scores)
    func example(_ index: Int) -> Review.Example {
      let others = Double(scores.count + 1) * all.pValue(scores[index]) - 1
      return Review.Example(
        image: validation[index], bitsPerDim: estimates[index].bitsPerDim,
        pValue: others / Double(scores.count),
        reason: calibration.words(estimates[index], by: statistic, scorer.form))
    }
    let half = scores.count / 2
    return Review(
      start: loop.watch.said.start, points: loop.watch.said.points, imagesScored: loop.validator.count,
      chosen: loop.watch.better?.step ?? loop.trainer.step,
      steps: (loop.trainer.step, loop.trainer.options.steps), seconds: loop.run.secondsSpent,
      heldOut: validation.count, bitsPerDim: model.facts.validationBitsPerDim,
      samples: try scorer.sample(
        Self.reviewed.samples, steps: Self.reviewed.steps, seed: loop.trainer.options.seed),
      statistic: statistic, ordinary: order.prefix(Self.reviewed.examples).map(example),
      oddest: order.reversed().prefix(Self.reviewed.examples).map(example),
      uniformity: [
        try .init(
          .method, stride(from: 1, to: scores.count, by: 2).map { scores[$0] },
          by: stride(from: 0, to: scores.count, by: 2).map { scores[$0] }),
        try .init(.order, Array(scores[half...]), by: Array(scores[..<half])),
        try .init(.trained, trained, by: scores),
      ], gain: gain)
  }
}
