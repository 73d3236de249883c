import Detection
import Foundation
import Images

/// How many evaluations an image is judged by where none were asked for, by which statistic, and why.
///
/// Few, unless more tell images of the population that were altered (`Examination`) better from those as they are: by a hundredth of AUROC,
/// and by more than chance. `combined`, unless `damage` tells images that were spoiled in part better, by more than chance.
public struct EvaluationChoice: Sendable, Equatable, CustomStringConvertible {
  /// AUROC of changed images by one way of judging and by another.
  public struct Areas: Sendable, Equatable {
    public let one: Double
    public let other: Double
    /// Of the difference, over images: whether the other is better by more than chance.
    fileprivate let isOtherBetter: Bool

    fileprivate init(_ one: [Double], _ other: [Double]) {
      func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(values.count, 1)) }
      (self.one, self.other) = (mean(one), mean(other))
      isOtherBetter = PairedDifference(other, one).isPositive
    }
  }

  public let evaluations: Int
  public let statistic: StatisticName
  /// Of altered images, by `combined` at few evaluations and at many; nil of too few images to try it on.
  public let areas: Areas?
  /// Of images spoiled in part, by `combined` and by `damage`; nil where images are small, or nothing learned to mark damage.
  public let flaws: Areas?

  static let few = EvaluationBudget.ladder[0]
  static let many = EvaluationBudget.standardCount
  /// Less is not worth four times the time.
  private static let leastGain = 0.01

  /// - Parameters:
  ///   - images: of which no two show the same.
  ///   - others: that fit the statistics, none of them among the former; nil where half of these do.
  init(_ model: Model, on images: ImageBatch, fitting others: ImageBatch?, compute: Compute) throws {
    guard let examination = Examination(images, aligned: model.alignment, seed: model.noise.seed) else {
      self.init(few: nil, many: nil)
      return
    }
    let scorer = try Scorer(model, evaluations: Self.few, compute: compute)
    func told(_ scorer: Scorer) throws -> Examination.Sitting.Told {
      try examination.sitting(by: scorer, fittedOn: try others.map { try scorer.estimate($0) }).told()
    }
    self.init(few: try told(scorer), many: try told(scorer.with(evaluations: Self.many)))
  }

  /// By what was told at few evaluations and at many; nil where there was nothing to try it on.
  init(few: Examination.Sitting.Told?, many: Examination.Sitting.Told?) {
    guard let few, let many else {
      (evaluations, statistic, areas, flaws) = (Self.many, .combined, nil, nil)
      return
    }
    let areas = Areas(few.altered, many.altered)
    let isMany = areas.isOtherBetter && areas.other - areas.one >= Self.leastGain
    self.areas = areas
    evaluations = isMany ? Self.many : Self.few
    flaws = (isMany ? many : few).flawed.map { Areas($0.combined, $0.damage) }
    statistic = flaws?.isOtherBetter == true ? .damage : .combined
  }

  public var description: String {
    guard let areas else { return "\(evaluations) evaluations an image: too few images to try fewer on" }
    let altered = String(
      format: "%d evaluations an image: altered images are told by an AUROC of %.3f by %d, %.3f by %d",
      evaluations, areas.one, Self.few, areas.other, Self.many)
    guard let flaws else { return altered }
    return altered
      + String(
        format: "; judged by %@: made-up flaws are told by %.3f by combined, %.3f by damage",
        statistic.rawValue as NSString, flaws.one, flaws.other)
  }
}

extension Model {
  /// A budget that images can be judged by: where it is to be chosen, by these images, and the statistic with it.
  /// - Parameter others: that fit the statistics it is tried with; nil for half of the images.
  mutating func settle(
    _ budget: EvaluationBudget, on images: ImageBatch, fitting others: ImageBatch? = nil, compute: Compute,
    told: (EvaluationChoice) -> Void
  ) throws -> EvaluationBudget {
    guard budget == .chosen else { return budget }
    let choice = try EvaluationChoice(self, on: images, fitting: others, compute: compute)
    told(choice)
    facts.statistic = choice.statistic == .combined ? nil : choice.statistic
    return .fixed(choice.evaluations)
  }
}
