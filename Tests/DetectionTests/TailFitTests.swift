import Foundation
import Tensors
import Testing

@testable import Detection

struct TailFitTests {
  @Test(
    "A tail fitted to references tells the probability of scores far beyond them",
    arguments: [0.0, 0.25])
  func tail(shape: Double) throws {
    // Generalised Pareto scores themselves: the excesses over any threshold are so too, with the same shape.
    func survival(_ x: Double) -> Double { shape == 0 ? exp(-x) : pow(1 + shape * x, -1 / shape) }
    let far = shape == 0 ? 9.2 : 36.0
    var logs: [Double] = []
    for seed in 0..<100 {
      var random = RandomSource(seed: UInt64(seed), stream: 21)
      let scores = try ReferenceScores(
        (0..<2000).map { _ in
          let u = 1 - random.uniform()
          return shape == 0 ? -log(u) : (pow(u, -shape) - 1) / shape
        })
      let fit = try #require(scores.tail)
      #expect(scores.tailPValue(0.5) == nil)
      logs.append(log(fit.probability(above: far)))
    }
    // At survival 1e-4, a hundredth of what 200 excesses show. Hosking and Wallis (1987, table 4) give the quantile
    // estimate there a relative standard deviation near 0.2: some 1 in the logarithm here, 0.1 for the mean of 100; the
    // exponential case has the shape bounded at 0, which adds an upward bias below 1.
    let mean = logs.reduce(0, +) / 100
    #expect(abs(mean - log(survival(far))) < 1.2, "\(mean) \(log(survival(far)))")
    #expect(TailFit((0..<100).map(Double.init)) == nil)
    #expect(TailFit([Double](repeating: 1, count: 1000)) == nil)
  }
}
