import Diffusion
import Foundation
import Tensors
import Testing

@testable import Detection

struct SetVerdictTests {
  @Test("A set verdict is level for the population, and sees a drift too small to flag any image")
  func setVerdict() throws {
    var rejected = 0
    var seen = 0
    let sets = 200
    for seed in 0..<sets {
      var random = RandomSource(seed: UInt64(seed), stream: 11)
      let calibration = try Calibration(
        evaluations: 8, estimates: (0..<268).map { _ in Synthetic.estimate(&random) })
      func verdict(_ shift: Double) throws -> Double {
        let set = (0..<150).map { _ in Synthetic.estimate(&random, shift: shift) }
        return try #require(
          SetVerdict(
            scores: set.map { calibration.score($0, by: .profile) }, bits: set.map(\.bitsPerDim),
            statistic: .profile, calibration: calibration)
        ).pValue
      }
      if try verdict(0) < 0.05 { rejected += 1 }
      if try verdict(0.12) < 0.05 { seen += 1 }
    }
    // At most 5 % of 200, standard deviation 3.1, three of them above.
    #expect(rejected <= 20, "\(rejected)")
    // 0.12 is some half of the standard deviation of log bits/dim; with 150 images its mean is 4 errors off.
    #expect(seen > sets * 9 / 10, "\(seen)")
    #expect(
      SetVerdict(
        scores: [], bits: [], statistic: .profile,
        calibration: try Calibration(
          evaluations: 8,
          estimates: {
            var random = RandomSource(seed: 1)
            return (0..<40).map { _ in Synthetic.estimate(&random) }
          }())) == nil)
  }
}
