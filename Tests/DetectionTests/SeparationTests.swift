import Foundation
import Tensors
import Testing

@testable import Detection

struct SeparationTests {
  @Test("AUROC is the chance of the right order, and its interval covers it")
  func auroc() {
    #expect(Separation(inliers: [1, 2], outliers: [3, 4]).auroc == 1)
    #expect(Separation(inliers: [1, 1], outliers: [1, 1]).auroc == 0.5)
    #expect(Separation(inliers: [2, 4], outliers: [1, 3]).auroc == 0.25)
    #expect(Separation(inliers: [1, 2, 3, 4], outliers: [3.5]).fprAt95 == 0.25)
    // What is no number is as odd as can be, on either side.
    let odd = Separation(inliers: [1, .nan], outliers: [.nan, 2])
    #expect(odd == Separation(inliers: [1, .infinity], outliers: [.infinity, 2]) && odd.auroc == 0.625)
    // Unit normals one deviation apart: AUROC = Phi(1/sqrt 2).
    let truth = 0.5 * erfc(-0.5)
    var held = 0
    for round in 0..<200 {
      var random = RandomSource(seed: UInt64(round), stream: 3)
      let result = Separation(
        inliers: random.normal(100).map(Double.init), outliers: random.normal(80).map { Double($0) + 1 })
      if result.aurocInterval[0] <= truth, truth <= result.aurocInterval[1] { held += 1 }
    }
    // 190 expected of 200, standard deviation 3.1; the normal approximation may cost two points.
    #expect(held >= 176)
  }
}
