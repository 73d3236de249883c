import Diffusion
import Foundation
import Tensors
import Testing

@testable import Detection

struct StatisticTests {
  @Test("A defect in one cell is seen by its place, where the sum over places hides it")
  func defect() throws {
    var random = RandomSource(seed: 2, stream: 12)
    let calibration = try Calibration(
      evaluations: 8, estimates: (0..<800).map { _ in Synthetic.estimate(&random) })
    func separation(_ name: StatisticName) -> Double {
      var (low, high): ([Double], [Double]) = ([], [])
      for _ in 0..<300 {
        low.append(calibration.score(Synthetic.estimate(&random), by: name))
        high.append(calibration.score(Synthetic.estimate(&random, defect: 1.5), by: name))
      }
      return Separation(inliers: low, outliers: high).auroc
    }
    // The defect leaves each level's sum, and so the profile's distribution, as they were: AUROC 0.5, standard
    // deviation 0.024 for 300 and 300.
    #expect(abs(separation(.profile) - 0.5) < 0.1)
    // Eight of 128 features are each some three standard deviations off.
    #expect(separation(.spatial) > 0.9)
    #expect(separation(.combined) > 0.75)
  }

  @Test("A spot stronger than the population's is seen, a weaker one is not odd")
  func spot() throws {
    var random = RandomSource(seed: 5, stream: 15)
    let calibration = try Calibration(
      evaluations: 8, estimates: (0..<800).map { _ in Synthetic.estimate(&random) })
    func auroc(spot: Double) -> Double {
      var (low, high): ([Double], [Double]) = ([], [])
      for _ in 0..<300 {
        low.append(calibration.score(Synthetic.estimate(&random), by: .local))
        high.append(calibration.score(Synthetic.estimate(&random, spot: spot), by: .local))
      }
      return Separation(inliers: low, outliers: high).auroc
    }
    // Five standard deviations of 0.2 in one of four features, above and below.
    #expect(auroc(spot: 1) > 0.95)
    // One feature in four is never above the mean, where half of a member's are.
    #expect(auroc(spot: -1) < 0.5)
  }
}
