import Foundation
import Tensors
import Testing

@testable import Detection

struct ShrunkGaussianTests {
  @Test("Without shrinkage the score is the logarithm of the squared Mahalanobis distance a feature")
  func distance() {
    // Of the four corners (+-1, +-2): mean 0, deviations 1 and 2, no correlation.
    let table = FeatureTable([[1, 2], [-1, 2], [1, -2], [-1, -2]])
    let fitted = ShrunkGaussian(fitting: table, shrinkage: 0)
    #expect(fitted.mean == [0, 0])
    // (3 / 1)^2 + (2 / 2)^2, over two features. Single precision.
    #expect(abs(fitted.score([3, 2]) - log(5)) < 1e-6)
    // A correlation of r: the distance of (1, 1) in deviations is 2 / (1 + r), by eigenvectors (1, 1) and (1, -1).
    let leaning = FeatureTable([
      [1, 1], [1, 1], [1, 1], [-1, -1], [-1, -1], [-1, -1], [1, -1], [-1, 1],
    ])
    #expect(abs(ShrunkGaussian(fitting: leaning, shrinkage: 0).score([1, 1]) - log(1 / 1.5)) < 1e-6)
    #expect(abs(ShrunkGaussian(fitting: leaning, shrinkage: 0.5).score([1, 1]) - log(1 / 1.25)) < 1e-6)
    #expect(abs(ShrunkGaussian(fitting: leaning, shrinkage: 1).score([1, 1])) < 1e-6)
  }

  @Test("Fresh draws of the law it was fitted on lie at the mean squared distance of theory")
  func freshDraws() {
    var random = RandomSource(seed: 1, stream: 60)
    let (n, width) = (4000, 8)
    func draw(_ count: Int) -> FeatureTable {
      // Mixed so that every two features are correlated.
      FeatureTable(
        (0..<count).map { _ in
          let z = random.normal(width)
          return (0..<width).map { k in 3 * z[k] + 2 * z[(k + 1) % width] + Float(k) }
        })
    }
    let fitted = ShrunkGaussian(fitting: draw(n), shrinkage: 0)
    let squares = fitted.scores(draw(4000)).map { exp($0) }
    let mean = squares.reduce(0, +) / Double(squares.count)
    // Chi-squared over its 8 degrees: 1, with a standard deviation of 1/2 a draw, and 8 / n more for the fit.
    #expect(abs(mean - 1) < 5 * 0.5 / 4000.0.squareRoot() + 2 * Double(width) / Double(n))
  }

  @Test("Units and origins of features do not matter")
  func units() {
    var random = RandomSource(seed: 2, stream: 60)
    let table = FeatureTable(columns: 12, values: random.normal(12 * 60))
    let scales = (0..<12).map { Float(1) + 0.5 * Float($0) }
    let other = FeatureTable(
      (0..<60).map { row in table[row].enumerated().map { scales[$0] * $1 + Float($0) } })
    let (a, b) = (ShrunkGaussian(fitting: table), ShrunkGaussian(fitting: other))
    #expect(abs(a.shrinkage - b.shrinkage) < 1e-5)
    for (x, y) in zip(a.scores(table), b.scores(other)) { #expect(abs(x - y) < 1e-4) }
  }

  @Test("Independent features are shrunk nearly all the way, copies of one feature hardly")
  func shrinkage() {
    var random = RandomSource(seed: 3, stream: 60)
    let independent = FeatureTable(columns: 40, values: random.normal(40 * 100))
    // Correlations are noise of variance 1 / n alone: the share is 1 up to its own error.
    #expect(ShrunkGaussian(fitting: independent).shrinkage > 0.9)
    let copies = FeatureTable((0..<100).map { _ in [Float](repeating: random.normal(1)[0], count: 40) })
    #expect(abs(ShrunkGaussian(fitting: copies).shrinkage - ShrunkGaussian.leastShrinkage) < 1e-6)
  }

  @Test("Fewer images than features, features that never differ, one image: scores are numbers")
  func degenerate() {
    var random = RandomSource(seed: 4, stream: 60)
    let few = FeatureTable((0..<5).map { _ in random.normal(30) + [7] })
    let fitted = ShrunkGaussian(fitting: few)
    #expect(fitted.scores(few).allSatisfy { $0.isFinite })
    #expect(fitted.isRegular)
    // What never differed tells of a difference.
    let odd = Array(few[0].dropLast()) + [8]
    #expect(fitted.score(odd[...]) > fitted.score(few[0]) + 1)
    #expect(ShrunkGaussian(fitting: few, rows: [2]).score(few[3]).isFinite)
    #expect(fitted.score([Float](repeating: .nan, count: 31)[...]).isNaN)
  }

  @Test("Sums over parts less one part's are the fit on the others")
  func crossFit() {
    var random = RandomSource(seed: 5, stream: 60)
    let table = FeatureTable(columns: 20, values: random.normal(20 * 53).map { 3 * $0 + 5 })
    let split = CrossFit(rows: 53, folds: 7)
    var kept = [Bool](repeating: true, count: 53)
    for row in stride(from: 0, to: 53, by: 6) { kept[row] = false }
    let fast = ShrunkGaussian.crossFitted(table, by: split, fittingOn: kept)
    let plain = split.scores(fittingOn: kept) {
      ShrunkGaussian(fitting: table, rows: $0)
    } score: {
      $0.score(table[$1])
    }
    // Single-precision sums in another order.
    for (x, y) in zip(fast, plain) { #expect(abs(x - y) < 1e-3) }
  }

  @Test("What a file keeps scores the same")
  func tensors() throws {
    var random = RandomSource(seed: 6, stream: 60)
    let table = FeatureTable(columns: 9, values: random.normal(9 * 40))
    let fitted = RobustGaussian.fit(table, by: CrossFit(rows: 40)).model
    let kept = fitted.tensors
    let read = try RobustGaussian(columns: 9) { name, _ in kept[name] ?? [] }
    #expect(read == fitted)
    #expect(read.isRegular)
  }
}
