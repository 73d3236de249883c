import Foundation
import Tensors
import Testing

@testable import Detection

struct CombinationTests {
  @Test("One p-value is itself, equal ones are theirs, and a weight of nothing takes no part")
  func alone() {
    for p in [1e-200, 1e-9, 1e-4, 0.03, 0.5, 0.97] {
      #expect(abs(log(Combination.pValue([p]) / p)) < 1e-6)
      #expect(abs(log(Combination.pValue([p, p, p]) / p)) < 1e-6)
      #expect(abs(log(Combination.pValue([p, 1e-20], weights: [1, 0]) / p)) < 1e-6)
    }
    #expect(Combination.pValue([]) == 1)
    #expect(Combination.pValue([0, 1]) < 1e-300)
  }

  @Test("A small p-value among ordinary ones costs their number")
  func small() {
    #expect(abs(Combination.pValue([1e-8, 0.5, 0.5, 0.5]) / 4e-8 - 1) < 1e-4)
    #expect(abs(Combination.pValue([1e-8, 0.5], weights: [3, 1]) / (4e-8 / 3) - 1) < 1e-4)
  }

  @Test("In the tail the law holds for p-values that depend on each other", arguments: [Float(0), 0.5, 0.95])
  func dependent(correlation: Float) {
    var random = RandomSource(seed: 1, stream: 64)
    let draws = 20_000
    var low = 0
    for _ in 0..<draws {
      let z = random.normal(5)
      let p = (0..<4).map { k in
        0.5
          * erfc(
            Double(correlation.squareRoot() * z[4] + (1 - correlation).squareRoot() * z[k]) / 2.0.squareRoot()
          )
      }
      if Combination.pValue(p) <= 0.01 { low += 1 }
    }
    // Liu and Xie's limit is reached as the level falls: at .01 within a tenth, beside four standard errors.
    #expect(abs(Double(low) / Double(draws) - 0.01) < 0.1 * 0.01 + 4 * (0.01 / Double(draws)).squareRoot())
  }
}
