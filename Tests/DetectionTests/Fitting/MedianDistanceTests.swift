import Foundation
import Tensors
import Testing

@testable import Detection

struct MedianDistanceTests {
  @Test("Medians and median deviations of odd and even numbers of rows", arguments: [7, 8, 1, 2])
  func medians(rows: Int) {
    var random = RandomSource(seed: 1, stream: 61)
    let table = FeatureTable(columns: 3, values: random.normal(3 * rows))
    let fitted = MedianDistance(fitting: table)
    func median(_ values: [Float]) -> Float {
      let sorted = values.sorted()
      return (sorted[(rows - 1) / 2] + sorted[rows / 2]) / 2
    }
    let spreads = (0..<3).map { column in
      let values = (0..<rows).map { table[$0][table[$0].startIndex + column] }
      let middle = median(values)
      #expect(abs(fitted.median[column] - middle) < 1e-6)
      return 1.4826 * median(values.map { abs($0 - middle) })
    }
    if rows > 1 { for (x, y) in zip(fitted.spread, spreads) { #expect(abs(x - y) < 1e-5) } }
  }

  @Test("Standard normal features have a mean square of 1")
  func normal() {
    var random = RandomSource(seed: 2, stream: 61)
    let table = FeatureTable(columns: 10, values: random.normal(10 * 2000))
    let squares = MedianDistance(fitting: table).scores(table).map { exp($0) }
    // The spreads err by 1.17 / sqrt(n) each (efficiency 37 %): twice that over the root of ten in the mean square.
    let mean = squares.reduce(0, +) / 2000
    #expect(abs(mean - 1) < 5 * (2 * 1.17 / (10 * 2000.0).squareRoot()))
  }

  @Test("A fifth of the rows, however far, moves nobody else's score by much")
  func contamination() {
    var random = RandomSource(seed: 3, stream: 61)
    let clean = FeatureTable(columns: 6, values: random.normal(6 * 400))
    var mixed = clean
    for _ in 0..<100 { mixed.append([Float](repeating: 1e6, count: 6)) }
    let (a, b) = (MedianDistance(fitting: clean), MedianDistance(fitting: mixed))
    // The median moves to the 62.5 % quantile, .32; the median deviation about it to 1.45 times itself at most.
    for k in 0..<6 {
      #expect(abs(a.median[k] - b.median[k]) < 0.6)
      #expect(b.spread[k] < 1.8 * a.spread[k])
    }
  }

  @Test("Cross-fitted scores are those of fits on the other parts")
  func crossFit() {
    var random = RandomSource(seed: 4, stream: 61)
    let table = FeatureTable(columns: 5, values: random.normal(5 * 37))
    let split = CrossFit(rows: 37, folds: 4)
    let usable = (0..<37).map { $0 != 11 }
    let fast = MedianDistance.crossFitted(table, by: split, fittingOn: usable)
    let plain = split.scores(fittingOn: usable) {
      MedianDistance(fitting: table, rows: $0)
    } score: {
      $0.score(table[$1])
    }
    #expect(fast == plain)
  }

  @Test("Features that never differ do not divide by zero")
  func constant() {
    let table = FeatureTable([[1, 2], [1, 3], [1, 4], [1, 5]])
    let fitted = MedianDistance(fitting: table)
    #expect(fitted.isRegular)
    #expect(fitted.score([1, 3]).isFinite)
    #expect(fitted.score([2, 3]) > fitted.score([1, 100]))
  }
}
