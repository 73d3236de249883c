import Foundation
import Tensors
import Testing

@testable import Detection

struct PrincipalComponentsTests {
  /// Rows of unit noise with deviations of 8, 5 and 3 along three directions, about a mean.
  static func table(_ rows: Int, seed: UInt64) -> FeatureTable {
    var random = RandomSource(seed: seed, stream: 65)
    return FeatureTable(
      (0..<rows).map { _ in
        let z = random.normal(27)
        return (0..<24).map { k in
          // Three orthonormal directions: every eighth feature of each.
          let planted: Float = [8, 5, 3][k % 3] * z[24 + k % 3] / Float(8).squareRoot()
          return z[k] + planted + Float(k)
        }
      })
  }

  @Test("Planted directions are found in order, with their variances and that of the rest")
  func directions() {
    let n = 4000
    let fitted = PrincipalComponents(fitting: Self.table(n, seed: 1), count: 3)
    for (k, deviation) in [8.0, 5.0, 3.0].enumerated() {
      let axis = Array(fitted.axes[24 * k..<24 * (k + 1)])
      let inside = (0..<24).filter { $0 % 3 == k }.reduce(0) { $0 + axis[$1] * axis[$1] }
      // Eigenvectors err by about (23 / n) lambda / (lambda - other)^2: some .002 here.
      #expect(inside > 0.98)
      // A variance of n draws errs by sqrt(2 / n) of itself.
      let variance = deviation * deviation + 1
      #expect(abs(Double(fitted.variances[k]) / variance - 1) < 5 * (2 / Double(n)).squareRoot())
    }
    #expect(abs(fitted.rest - 1) < 0.05)
  }

  @Test("The mean surprise of fresh images is the entropy of their law")
  func density() {
    let fitted = PrincipalComponents(fitting: Self.table(4000, seed: 2), count: 3)
    let scores = fitted.scores(Self.table(4000, seed: 3))
    let mean = scores.reduce(0, +) / 4000
    let volume: Double = log(65.0) + log(26.0) + log(10.0)
    let nats: Double = 0.5 * (24 * log(2 * Double.pi * M_E) + volume)
    // Standard deviation of a surprise: sqrt(24 / 2) nats. Some hundred parameters cost 100 / 2n nats more.
    let unit = 24 * log(2.0)
    #expect(abs(mean - nats / unit) < (5 * (12.0 / 4000).squareRoot() + 100.0 / 8000) / unit)
  }

  @Test("Lengths along and beside the directions are the whole")
  func lengths() {
    let table = Self.table(300, seed: 4)
    let fitted = PrincipalComponents(fitting: table, count: 5)
    let (inside, outside) = fitted.lengths(table[7])
    var (whole, captured, scaled) = (0.0, 0.0, 0.0)
    let x = table[7].enumerated().map { Double($1 - fitted.mean[$0]) }
    for value in x { whole += value * value }
    for k in 0..<5 {
      let along = (0..<24).reduce(0.0) { $0 + x[$1] * Double(fitted.axes[24 * k + $1]) }
      captured += along * along
      scaled += along * along / Double(fitted.variances[k])
    }
    #expect(abs(inside / scaled - 1) < 1e-4)
    #expect(abs(outside / (whole - captured) - 1) < 1e-3)
    #expect(fitted.score([Float](repeating: .nan, count: 24)[...]).isNaN)
  }

  @Test("Starting from all rows' directions, the others' are those found from nothing")
  func crossFit() {
    let table = Self.table(200, seed: 5)
    let split = CrossFit(rows: 200, folds: 4)
    let kept = (0..<200).map { $0 % 9 != 0 }
    let fast = PrincipalComponents.crossFitted(table, by: split, fittingOn: kept, count: 3)
    let plain = split.scores(fittingOn: kept) {
      PrincipalComponents(fitting: table, rows: $0, count: 3)
    } score: {
      $0.score(table[$1])
    }
    for (a, b) in zip(fast, plain) { #expect(abs(a - b) < 1e-2) }
  }

  @Test("Few rows, equal rows, one row: scores are numbers, and what is kept scores the same")
  func degenerate() throws {
    for rows in [1, 2, 5] {
      let table = Self.table(rows, seed: 6)
      let fitted = PrincipalComponents(fitting: table, count: 64)
      #expect(fitted.isRegular && fitted.variances.count == rows / 2)
      #expect(fitted.scores(table).allSatisfy { $0.isFinite })
    }
    let equal = FeatureTable([[Float]](repeating: [1, 2, 3, 4], count: 20))
    let fitted = PrincipalComponents(fitting: equal, count: 2)
    #expect(fitted.score([1, 2, 3, 5]) > fitted.score([1, 2, 3, 4]))
    let kept = fitted.tensors
    #expect(try PrincipalComponents(columns: 4) { name, _ in kept[name] ?? [] } == fitted)
  }
}
