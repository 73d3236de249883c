import Detection
import Foundation
import Images

/// How many evaluations an image is judged by where none were asked for, and why.
///
/// Few, unless more tell images of the population that were altered (`Examination`) better from those as they are: by a hundredth of AUROC,
/// and by more than chance.
public struct EvaluationChoice: Sendable, Equatable, CustomStringConvertible {
  public let evaluations: Int
  /// AUROC of `combined` for altered images by few and by many; nil of too few images to try it on.
  public let areas: (few: Double, many: Double)?

  static let few = EvaluationBudget.ladder[0]
  static let many = EvaluationBudget.standardCount
  /// Less is not worth four times the time.
  private static let leastGain = 0.01

  /// - Parameter images: of which no two show the same.
  init(_ model: Model, on images: ImageBatch, compute: Compute) throws {
    guard let examination = Examination(images, seed: model.noise.seed) else {
      self.init(evaluations: Self.many, areas: nil)
      return
    }
    let scorer = try Scorer(model, evaluations: Self.few, compute: compute)
    func placements(_ scorer: Scorer) throws -> [Double] {
      try examination.sitting(by: scorer).placements()
    }
    let few = try placements(scorer)
    let many = try placements(scorer.with(evaluations: Self.many))
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(values.count, 1)) }
    let gain = PairedDifference(many, few)
    self.init(
      evaluations: gain.isPositive && gain.mean >= Self.leastGain ? Self.many : Self.few,
      areas: (mean(few), mean(many)))
  }

  private init(evaluations: Int, areas: (few: Double, many: Double)?) {
    self.evaluations = evaluations
    self.areas = areas
  }

  public var description: String {
    guard let areas else { return "\(evaluations) evaluations an image: too few images to try fewer on" }
    return String(
      format: "%d evaluations an image: altered images are told by an AUROC of %.3f by %d, %.3f by %d",
      evaluations, areas.few, Self.few, areas.many, Self.many)
  }

  public static func == (a: EvaluationChoice, b: EvaluationChoice) -> Bool {
    a.evaluations == b.evaluations && a.areas?.few == b.areas?.few && a.areas?.many == b.areas?.many
  }
}

extension Model {
  /// A budget that images can be judged by: where it is to be chosen, by these images.
  func settled(
    _ budget: EvaluationBudget, on images: ImageBatch, compute: Compute, told: (EvaluationChoice) -> Void
  ) throws -> EvaluationBudget {
    guard budget == .chosen else { return budget }
    let choice = try EvaluationChoice(self, on: images, compute: compute)
    told(choice)
    return .fixed(choice.evaluations)
  }
}
