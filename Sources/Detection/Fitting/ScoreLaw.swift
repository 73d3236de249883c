import Foundation

/// The law of a vector of scores over a population, and how far some of a vector's scores are too high.
///
/// Each score becomes a normal one by its quantiles over the population (`NormalScores`); the normal scores' correlations say how
/// scores go together. Two tests of such a vector z, each powerful where the other is not, become normal scores in their turn, of which
/// the larger is what counts (their sum takes more from the power of each where one alone sees something: docs/detection.md):
///
/// - whether many scores are high: minus the sum of the logarithms of their p-values (Fisher 1932), each weighed by its say (Good 1955),
///   whose law under dependence is read off the population;
/// - whether some are higher than those that go with them: the likelihood ratio of a normal vector of mean 0 against one of any mean
///   that is 0 or more in every coordinate (Kudo 1963; Perlman 1969), T = max over m >= 0 of z' P z - (z - m)' P (z - m), P the inverse of the
///   correlations.
///
/// Where the first is known to be the better alone, it is all that counts. Nothing in it is fitted to outliers that it is then tried on.
package struct ScoreLaw: Sendable, Equatable {
  /// Of each score.
  private let scales: [NormalScores]
  /// Inverse of the correlations of the normal scores, `[scores, scores]`.
  private let precision: [Double]
  /// Of each score, in the first test.
  private let weights: [Double]
  /// Of the tests that count, in their order.
  private let tests: [NormalScores]
  /// Whether the larger of both counts; of files from before that was settled, their sum.
  private let takesLarger: Bool

  /// Share of independence in the correlations, so that a difference of scores that always go together does not count without bound. With a
  /// tenth, odd members of the population hide far outliers, whose scores all are high (docs/detection.md).
  private static let shrinkage = 0.5

  /// - Parameters:
  ///   - scores: of each kind those of all images, of equal number; what is no number is left out. Each image's by what was
  ///     fitted on others.
  ///   - weights: of each kind its say, above 0; nil for equal ones.
  ///   - contrasts: whether the second test counts.
  package init(fitting scores: [[Double]], weights: [Double]? = nil, contrasts: Bool = true) {
    let count = scores.count
    let weights = weights ?? [Double](repeating: 1, count: count)
    let images = (0..<(scores.first?.count ?? 0)).filter { image in scores.allSatisfy { $0[image].isFinite } }
    let scales = scores.map { column in NormalScores(fitting: images.map { column[$0] }) }
    let normal = images.map { image in (0..<count).map { scales[$0](scores[$0][image]) } }
    var correlations = Correlation.shrunk(Self.standardised(normal, count))
    for i in 0..<count {
      for j in 0..<count where i != j { correlations[i * count + j] *= 1 - Self.shrinkage }
    }
    let precision = SymmetricInverse.of(correlations, count, least: 0.01)
      .map { Double(Float($0)) }
    let found = normal.map {
      [Self.height($0, weights)] + (contrasts ? [Self.contrast($0, precision)] : [])
    }
    self.init(
      scales, precision, weights,
      tests: (0..<(contrasts ? 2 : 1)).map { test in NormalScores(fitting: found.map { $0[test] }) })
  }

  private init(
    _ scales: [NormalScores], _ precision: [Double], _ weights: [Double], tests: [NormalScores],
    takesLarger: Bool = true
  ) {
    self.weights = weights
    self.takesLarger = takesLarger
    self.scales = scales
    self.precision = precision
    self.tests = tests
  }

  private static func standardised(_ rows: [[Double]], _ count: Int) -> [[Double]] {
    guard rows.count > 1 else { return [[Double](repeating: 0, count: count)] }
    let (mean, deviation) = Correlation.moments(rows)
    return rows.map { row in row.indices.map { (row[$0] - mean[$0]) / deviation[$0] } }
  }

  /// How far some scores are too high; not a number where one is none. And which of them is highest.
  package func shift(_ scores: [Double]) -> (size: Double, highest: Int) {
    guard !scores.contains(where: \.isNaN) else {
      return (.nan, scores.firstIndex(where: \.isNaN) ?? 0)
    }
    let z = scores.indices.map { scales[$0](scores[$0]) }
    var size = tests[0](Self.height(z, weights))
    if contrasts {
      let other = tests[1](Self.contrast(z, precision))
      size = takesLarger ? max(size, other) : size + other
    }
    return (size, z.indices.max { z[$0] < z[$1] } ?? 0)
  }

  /// Whether the second test counts.
  package var contrasts: Bool { tests.count > 1 }

  /// Fisher's sum, each term with its weight.
  private static func height(_ z: [Double], _ weights: [Double]) -> Double {
    zip(z, weights).reduce(0) { $0 + $1.1 * Normal.surprise($1.0) }
  }

  /// The square root of Kudo's T.
  private static func contrast(_ z: [Double], _ precision: [Double]) -> Double {
    let count = z.count
    let pull = (0..<count).map { i in (0..<count).reduce(0) { $0 + precision[i * count + $1] * z[$1] } }
    // The best mean, a coordinate at a time: the problem is convex, and each step its exact minimum along one.
    var mean = [Double](repeating: 0, count: count)
    for _ in 0..<rounds {
      var moved = 0.0
      for i in 0..<count {
        var rest = pull[i]
        for j in 0..<count where j != i { rest -= precision[i * count + j] * mean[j] }
        let best = max(0, rest / precision[i * count + i])
        moved = max(moved, abs(best - mean[i]))
        mean[i] = best
      }
      if moved <= 1e-9 * (1 + (mean.max() ?? 0)) { break }
    }
    return max(zip(mean, pull).reduce(0) { $0 + $1.0 * $1.1 }, 0).squareRoot()
  }

  private static let rounds = 1000

  // MARK: As a file keeps it

  package var tensors: [String: [Double]] {
    [
      "scales": scales.flatMap(\.tensor), "precision": precision, "tests": tests.flatMap(\.tensor),
    ]
  }

  /// - Parameters:
  ///   - weights: of each score.
  ///   - takesLarger: whether the larger of both tests counts, or their sum.
  ///   - tensor: a tensor by name, of a certain count where one is given.
  package init(
    weights: [Double], takesLarger: Bool = true, tensor: (String, Int?) throws -> [Double]
  ) throws {
    let count = weights.count
    func laws(_ name: String, _ count: Int?) throws -> [NormalScores] {
      let values = try tensor(name, count.map { $0 * NormalScores.size })
      guard values.count.isMultiple(of: NormalScores.size) else {
        throw CalibrationError.unsuitable("a law of normal scores is cut")
      }
      return (0..<values.count / NormalScores.size).map {
        NormalScores(tensor: values[$0 * NormalScores.size..<($0 + 1) * NormalScores.size])
      }
    }
    self.init(
      try laws("scales", count), try tensor("precision", count * count), weights,
      tests: try laws("tests", nil),
      takesLarger: takesLarger)
  }

  /// Whether it can judge: tensors of a file may hold anything.
  package var isRegular: Bool {
    (1...2).contains(tests.count) && (scales + tests).allSatisfy(\.isRegular)
      && scales.indices.allSatisfy { precision[$0 * scales.count + $0] > 0 }
  }
}
