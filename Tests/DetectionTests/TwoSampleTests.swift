import Foundation
import Tensors
import Testing

@testable import Detection

struct TwoSampleTests {
  @Test("The two-sample test is level under one distribution and sees another")
  func twoSample() {
    var rejected = 0
    for seed in 0..<400 {
      var random = RandomSource(seed: UInt64(seed), stream: 7)
      let (a, b) = (random.normal(80).map(Double.init), random.normal(120).map(Double.init))
      if TwoSample(a, b).pValue < 0.05 { rejected += 1 }
    }
    // 5 % of 400 is 20, standard deviation 4.4; the asymptotic test is a little conservative.
    #expect(rejected <= 34 && rejected >= 4, "\(rejected)")
    var random = RandomSource(seed: 1)
    let (a, b) = (random.normal(200).map(Double.init), random.normal(200).map { Double($0) + 0.8 })
    // The distributions are 0.31 apart at most; sampling moves that by some 0.07.
    #expect(TwoSample(a, b).pValue < 1e-4)
    #expect(TwoSample(a, a).pValue == 1 && TwoSample(a, a).distance == 0)
  }
}
