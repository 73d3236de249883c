import Diffusion
import Foundation

/// What statistics see of images that were altered in ways that nothing is fitted to: by it the say of each is weighed where several are
/// joined (`CombinedStatistic`).
package struct Sensitivity: Sendable, Equatable {
  /// Of each statistic the AUROC of altered images, the mean over the ways of altering them.
  private let areas: [StatisticName: Double]
  /// The same of images that are spoiled in part; nil where images are too small for that.
  private let flaws: [StatisticName: Double]?
  /// What has no say of its own still counts where it is far out: this share of the loudest.
  private static let least = 0.01

  /// Whether it also counts that a score is higher than those that go with it (`ScoreLaw`).
  let contrasts: Bool

  package init(
    areas: [StatisticName: Double], flaws: [StatisticName: Double]? = nil, contrasts: Bool = true
  ) {
    self.areas = areas
    self.flaws = flaws
    self.contrasts = contrasts
  }

  /// Squared distances d' between altered images and those as they are, in deviations of normal scores of equal spread: of statistics that
  /// are independent, the powers of the likelihood ratio's terms. Where images are spoiled in part too, the product of both: what is altered
  /// as a whole says little of parts, and many that see a little of it drown one that sees them. The largest is 1.
  ///
  /// - Returns: nil where no statistic sees anything.
  func weights(of names: [StatisticName]) -> [Double]? {
    func square(_ area: Double?) -> Double {
      let distance = max(Normal.quantile(min(max(area ?? 0.5, 0.5), 0.9999)), 0)
      return distance * distance
    }
    let squares = names.map { name in
      square(areas[name]) * (flaws.map { square($0[name]) } ?? 1)
    }
    guard let most = squares.max(), most > 0 else { return nil }
    return squares.map { Double(Float(max($0 / most, Self.least))) }
  }
}
