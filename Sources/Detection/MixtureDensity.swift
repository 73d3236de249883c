import Foundation
import Tensors

/// A Gaussian mixture over standardised features: one component where the images are alike or few, more where their
/// held-out likelihood grows.
///
/// Components' covariances are those of expectation and maximisation under an inverse-Wishart prior around the shrunk
/// correlation of all images, made smaller by components^(-2/features) (Fraley and Raftery 2007), so that a component
/// of few images stays regular.
struct MixtureDensity: Sendable, Equatable {
  /// Mean and standard deviation of each feature.
  let mean: [Double]
  let deviation: [Double]
  /// Share of each component.
  let weights: [Double]
  /// Components' centres, `[components, features]`, standardised.
  let centers: [Double]
  /// Packed lower Cholesky factors of the components' covariances, `[components, features (features + 1) / 2]`.
  let factors: [Double]
  /// ln weight - ln sqrt(det(2 pi C)) of each component.
  private let constants: [Double]

  init(mean: [Double], deviation: [Double], weights: [Double], centers: [Double], factors: [Double]) {
    // As a file keeps them: a model scores the same before it is written and after it is read.
    func rounded(_ values: [Double]) -> [Double] { values.map { Double(Float($0)) } }
    self.mean = rounded(mean)
    self.deviation = rounded(deviation)
    self.weights = rounded(weights)
    self.centers = rounded(centers)
    self.factors = rounded(factors)
    let n = mean.count
    let packed = n * (n + 1) / 2
    constants = self.weights.indices.map { [factors = self.factors, weights = self.weights] k in
      var total = log(max(weights[k], 1e-300)) - 0.5 * Double(n) * log(2 * Double.pi)
      for i in 0..<n { total -= log(factors[k * packed + i * (i + 3) / 2]) }
      return total
    }
  }

  /// Numbers of components tried, while each can have `imagesEach` images.
  static let candidates = [1, 2, 4, 8, 16]
  static let imagesEach = 60

  /// - Parameters:
  ///   - rows: features of the images, `[N, features]`.
  ///   - groups: for each image the number of its group, which the halves of the cross-validation do not part; nil where each is one.
  ///   - components: nil for the number with the best likelihood in two-fold cross-validation.
  ///   - startsAsScaled: whether images are near each other at first by their features as they are, for features of one unit, or
  ///     standardised.
  init(
    fitting rows: [[Double]], of groups: [Int]? = nil, components: Int? = nil, startsAsScaled: Bool = false
  ) {
    let (mean, deviation) = Correlation.moments(rows)
    let standard = rows.map { row in row.indices.map { (row[$0] - mean[$0]) / deviation[$0] } }
    let count = components ?? Self.bestCount(standard, groups ?? Array(rows.indices))
    let (weights, centers, factors) = Self.maximise(standard, count, startsAsScaled ? deviation : nil)
    self.init(mean: mean, deviation: deviation, weights: weights, centers: centers, factors: factors)
  }

  func standardised(_ features: [Double]) -> [Double] {
    features.indices.map { (features[$0] - mean[$0]) / deviation[$0] }
  }

  /// -ln of the density of standardised features.
  func surprise(_ z: [Double]) -> Double {
    let n = z.count
    let packed = n * (n + 1) / 2
    let logs = weights.indices.map { k in
      let x = (0..<n).map { z[$0] - centers[k * n + $0] }
      return constants[k] - 0.5 * Correlation.squareLength(x, factors, at: k * packed)
    }
    let most = logs.max() ?? 0
    return -most - log(logs.reduce(0) { $0 + exp($1 - most) })
  }

  private static func bestCount(_ rows: [[Double]], _ groups: [Int]) -> Int {
    let split = CrossFit(inTurn: groups, folds: 2)
    guard split.folds == 2 else { return 1 }
    let halves = split.parts.map { half in half.map { rows[$0] } }
    var best = (count: 1, surprise: Double.infinity)
    for count in candidates where count == 1 || count * imagesEach <= rows.count {
      var total = 0.0
      for half in 0..<2 {
        let (weights, centers, factors) = maximise(halves[half], count)
        let identity = [Double](repeating: 1, count: rows[0].count)
        let density = MixtureDensity(
          mean: identity.map { $0 - 1 }, deviation: identity, weights: weights, centers: centers,
          factors: factors)
        for row in halves[1 - half] { total += density.surprise(row) }
      }
      if total < best.surprise { best = (count, total) }
    }
    return best.count
  }

  /// Expectation and maximisation from a k-means++ start of fixed seed.
  /// - Parameter scales: of the features where images start out together; nil for 1.
  private static func maximise(
    _ rows: [[Double]], _ count: Int, _ scales: [Double]? = nil
  ) -> (weights: [Double], centers: [Double], factors: [Double]) {
    let n = rows.first?.count ?? 0
    let packed = n * (n + 1) / 2
    let prior = Correlation.shrunk(rows).map { $0 * pow(Double(count), -2 / Double(max(n, 1))) }
    let strength = Double(n + 2)
    var shares = start(
      scales.map { scales in rows.map { row in zip(row, scales).map { $0 * $1 } } } ?? rows, count)
    var density = MixtureDensity(mean: [], deviation: [], weights: [], centers: [], factors: [])
    var last = Double.infinity
    for _ in 0..<(count == 1 ? 1 : 60) {
      var weights: [Double] = []
      var centers: [Double] = []
      var factors: [Double] = []
      for k in 0..<count {
        var total = 0.0
        var center = [Double](repeating: 0, count: n)
        for (row, share) in zip(rows, shares) {
          total += share[k]
          for i in 0..<n { center[i] += share[k] * row[i] }
        }
        for i in 0..<n { center[i] /= max(total, 1e-12) }
        var scatter = [Double](repeating: 0, count: n * n)
        scatter.withUnsafeMutableBufferPointer { scatter in
          for (row, share) in zip(rows, shares) where share[k] > 1e-8 {
            withUnsafeTemporaryAllocation(of: Double.self, capacity: max(n, 1)) { x in
              for i in 0..<n { x[i] = row[i] - center[i] }
              for i in 0..<n {
                let scaled = share[k] * x[i]
                for j in 0...i { scatter[i * n + j] += scaled * x[j] }
              }
            }
          }
          for i in 0..<n {
            for j in 0...i {
              scatter[i * n + j] = (scatter[i * n + j] + strength * prior[i * n + j]) / (total + strength)
            }
          }
        }
        weights.append(total / Double(max(rows.count, 1)))
        centers += center
        factors += Correlation.cholesky(scatter, n)
      }
      let identity = [Double](repeating: 1, count: n)
      density = MixtureDensity(
        mean: identity.map { $0 - 1 }, deviation: identity, weights: weights, centers: centers,
        factors: factors)
      guard count > 1 else { break }
      var total = 0.0
      for (index, row) in rows.enumerated() {
        let logs = (0..<count).map { k in
          density.constants[k]
            - 0.5
            * Correlation.squareLength(
              (0..<n).map { row[$0] - density.centers[k * n + $0] }, density.factors, at: k * packed)
        }
        let most = logs.max() ?? 0
        let parts = logs.map { exp($0 - most) }
        let sum = parts.reduce(0, +)
        total -= most + log(sum)
        shares[index] = parts.map { $0 / sum }
      }
      if last - total < 1e-4 * Double(rows.count) { break }
      last = total
    }
    return (density.weights, density.centers, density.factors)
  }

  /// Membership after k-means++ (Arthur and Vassilvitskii 2007) and five rounds of Lloyd's.
  private static func start(_ rows: [[Double]], _ count: Int) -> [[Double]] {
    guard count > 1 else { return rows.map { _ in [1] } }
    func distance(_ a: [Double], _ b: [Double]) -> Double {
      zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    var random = RandomSource(seed: 0x4D49_5854, stream: UInt64(count))
    var centers = [rows[Int(random.uniform() * Double(rows.count))]]
    var nearest = rows.map { distance($0, centers[0]) }
    while centers.count < count {
      var left = random.uniform() * nearest.reduce(0, +)
      let next = nearest.firstIndex { distance in
        left -= distance
        return left < 0
      }
      let chosen = rows[next ?? rows.count - 1]
      centers.append(chosen)
      for index in rows.indices { nearest[index] = min(nearest[index], distance(rows[index], chosen)) }
    }
    var owner = [Int](repeating: 0, count: rows.count)
    for _ in 0..<5 {
      for (index, row) in rows.enumerated() {
        let distances = centers.map { distance(row, $0) }
        owner[index] = distances.indices.min { distances[$0] < distances[$1] } ?? 0
      }
      for k in centers.indices {
        let members = rows.indices.filter { owner[$0] == k }
        guard !members.isEmpty else { continue }
        for i in centers[k].indices {
          centers[k][i] = members.reduce(0) { $0 + rows[$1][i] } / Double(members.count)
        }
      }
    }
    return owner.map { own in (0..<count).map { $0 == own ? 1 : 0 } }
  }
}

extension MixtureDensity {
  /// Surprise in bits a feature.
  func score(_ features: [Double]) -> Double {
    features.isEmpty ? 0 : surprise(standardised(features)) / (log(2) * Double(features.count))
  }

  /// Why tensors from a file cannot judge so many features, or nil when they can.
  func refusal(of name: StatisticName, features n: Int) -> String? {
    if let refusal = refusedFeatures(of: name, found: mean.count, wanted: n, scales: deviation) {
      return refusal
    }
    guard !weights.isEmpty, weights.allSatisfy({ $0 >= 0 }) else {
      return "the statistic \(name.rawValue) has a component of negative weight, or none"
    }
    let packed = n * (n + 1) / 2
    let isRegular = weights.indices.allSatisfy {
      Correlation.isRegular(factors[$0 * packed..<($0 + 1) * packed], n)
    }
    return isRegular ? nil : "the statistic \(name.rawValue) has a covariance that is not positive"
  }

  var tensors: [String: [Double]] {
    [
      "feature.mean": mean, "feature.deviation": deviation, "mixture.weights": weights,
      "mixture.centers": centers, "mixture.factors": factors,
    ]
  }

  /// More features and components than any statistic has: their product then overflows nothing.
  private static let most = 1 << 16

  init(features n: Int, tensor: (String, Int?) throws -> [Double]) throws {
    let weights = try tensor("mixture.weights", nil)
    guard max(n, weights.count) <= Self.most else {
      throw CalibrationError.unsuitable("a mixture of \(weights.count) components and \(n) features")
    }
    self.init(
      mean: try tensor("feature.mean", n), deviation: try tensor("feature.deviation", n), weights: weights,
      centers: try tensor("mixture.centers", weights.count * n),
      factors: try tensor("mixture.factors", weights.count * n * (n + 1) / 2))
  }
}

/// Why features of this number and these scales, read from a file, cannot be standardised; nil when they can.
func refusedFeatures(of name: StatisticName, found: Int, wanted: Int, scales: [Double]) -> String? {
  guard found == wanted else { return "the statistic \(name.rawValue) has \(found) features, not \(wanted)" }
  guard scales.allSatisfy({ $0 > 0 }) else {
    return "the statistic \(name.rawValue) has a spread that is not above zero"
  }
  return nil
}
