import Diffusion
import Foundation
import Tensors
import Testing

@testable import Detection

struct SetVerdictTests {
  @Test(
    "A set verdict is level at any number of images, one and two among them", arguments: [1, 2, 5, 20, 200])
  func level(count: Int) throws {
    let levels = [0.05, 0.01, 0.001]
    var rejected = [0, 0, 0]
    let sets = count == 200 ? 500 : 2000
    var random = RandomSource(seed: UInt64(count), stream: 21)
    // Skewed and heavy in the tail, as bits/dim are.
    func draw(_ count: Int) -> [Double] { random.normal(count).map { exp(0.7 * Double($0)) } }
    for _ in 0..<sets {
      let verdict = try #require(
        SetVerdict(scores: draw(count), bits: draw(count), references: draw(300), known: draw(300)))
      for (k, level) in levels.enumerated() where verdict.pValue <= level { rejected[k] += 1 }
    }
    for (k, level) in levels.enumerated() {
      let error = (level * (1 - level) / Double(sets)).squareRoot()
      #expect(Double(rejected[k]) / Double(sets) <= level + 3 * error, "\(level): \(rejected[k]) of \(sets)")
    }
    // Where p-values can be as small, the level is used: scores and bits are independent here, so that doubling the
    // smaller p-value wastes little.
    if count > 1 { #expect(Double(rejected[0]) / Double(sets) > 0.025, "\(rejected)") }
  }

  @Test("A set verdict is level for the population, and sees a drift too small to flag any image")
  func setVerdict() throws {
    var rejected = 0
    var seen = 0
    let sets = 120
    for seed in 0..<sets {
      var random = RandomSource(seed: UInt64(seed), stream: 11)
      let calibration = try Calibration(
        evaluations: 8, fitting: (0..<67).map { _ in Synthetic.estimate(&random) },
        references: (0..<201).map { _ in Synthetic.estimate(&random) })
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
    // At most 5 % of 120, standard deviation 2.4, three of them above.
    #expect(rejected <= 13, "\(rejected)")
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
